//! The policies of docs/iam allow each command what it does, and nothing that it never does.
//!
//! Each command runs with everything denied that its policy does not allow, in as many ways as it takes until every
//! permission was needed once.

mod policy;
mod runs;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use clap::CommandFactory as _;
use pipelinectl::cli::Cli;
use sandbox::{Call, Estate, Fault, LocalAws, Switches};

use crate::reference::same_or_written;
use crate::support::{Run, run};
use policy::{Policy, accesses, commands, folder};

/// Commands that ask nothing of AWS, whatever is configured.
const WITHOUT_CALLS: [&str; 5] = ["check", "completions", "init", "live", "man"];
const DENIED: &str = "AccessDeniedException";

/// Runs commands with what their policies allow, and remembers what they called.
struct Guarded<'a> {
    aws: &'a LocalAws,
    called: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> Guarded<'a> {
    fn new(aws: &'a LocalAws) -> Self {
        Self { aws, called: BTreeMap::new() }
    }

    /// Runs the command with its policy.
    #[track_caller]
    fn run(&mut self, estate: &Estate, arguments: &[&str]) -> Run {
        self.run_with(estate, arguments, Vec::new())
    }

    /// The same, while calls fail for other reasons as well.
    #[track_caller]
    fn run_with(&mut self, estate: &Estate, arguments: &[&str], mut faults: Vec<Fault>) -> Run {
        let command = arguments[0];
        let policy = Policy::of(command);
        faults.extend(denials(&policy.actions()));
        let (run, calls) = self.watched(estate, arguments, faults);
        for call in &calls {
            for access in accesses(call) {
                assert!(policy.allows(&access), "docs/iam/{command}.json lacks {access:?}\n{arguments:?}\n{}", run.err);
                self.called.entry(command.to_owned()).or_default().insert(access.action);
            }
        }
        run
    }

    /// Runs the command without what it can do without.
    #[track_caller]
    fn run_with_little(&self, estate: &Estate, arguments: &[&str]) -> Run {
        self.run_with_little_and(estate, arguments, Vec::new())
    }

    #[track_caller]
    fn run_with_little_and(&self, estate: &Estate, arguments: &[&str], mut faults: Vec<Fault>) -> Run {
        faults.extend(denials(&Policy::of(arguments[0]).needed()));
        self.watched(estate, arguments, faults).0
    }

    #[track_caller]
    fn watched(&self, estate: &Estate, arguments: &[&str], faults: Vec<Fault>) -> (Run, Vec<Call>) {
        let before = self.aws.calls().expect("a call log").len();
        self.aws.set(&Switches::new().faults(faults)).expect("faults");
        let run = run(estate, arguments);
        self.aws.set(&Switches::new().faults(Vec::new())).expect("no faults");
        (run, self.aws.calls().expect("a call log").split_off(before))
    }

    /// Fails unless each of these commands has called everything that its policy allows.
    #[track_caller]
    fn all_was_needed(&self, commands: &[&str]) {
        let mut unused = Vec::new();
        for command in commands {
            let called = self.called.get(*command).cloned().unwrap_or_default();
            let actions = Policy::of(command).actions();
            unused.extend(actions.difference(&called).map(|action| format!("docs/iam/{command}.json: {action}")));
        }
        assert!(unused.is_empty(), "never called:\n{}", unused.join("\n"));
        let ran: Vec<&str> = self.called.keys().map(String::as_str).collect();
        assert_eq!(ran, commands, "in the order of the alphabet");
    }
}

/// Everything that any command may do, but these actions, is denied.
fn denials(allowed: &BTreeSet<String>) -> Vec<Fault> {
    let mut every: BTreeSet<String> = commands().iter().flat_map(|command| Policy::of(command).actions()).collect();
    every.retain(|action| !allowed.contains(action));
    let mut operations: BTreeSet<&str> = every.iter().filter_map(|action| Some(action.split_once(':')?.1)).collect();
    if operations.contains("PutItem") {
        operations.insert("TransactWriteItems");
    }
    operations.into_iter().map(|operation| Fault::always(operation, DENIED)).collect()
}

#[test]
fn every_command_has_a_policy_or_needs_none() {
    let all: BTreeSet<String> = Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let mut known = commands();
    known.extend(WITHOUT_CALLS.map(str::to_owned));
    assert_eq!(known, all);
}

#[test]
fn commands_without_a_policy_call_nothing() {
    let aws = LocalAws::shared().expect("a local AWS");
    let estate = runs::deployed(&aws);
    aws.forget().expect("an empty log");
    let ran: [&[&str]; 6] = [
        &["check"],
        &["completions", "bash"],
        &["live"],
        &["live", "2022-10-01", "--yes"],
        &["man"],
        &["set", "2022-10-01", "reindexing_state.index=spare", "--yes"],
    ];
    for arguments in ran {
        assert!(WITHOUT_CALLS.contains(&arguments[0]) || arguments[0] == "set");
        run(&estate, arguments).ends_with(0);
    }
    std::fs::remove_file(estate.file("pipelinectl.toml")).expect("removed");
    run(&estate, &["init", "--yes"]).ends_with(0);
    assert!(aws.calls().expect("a call log").is_empty());
}

/// The table between the marks in docs/iam/README.md.
#[test]
fn the_table_of_the_policies_is_current() {
    const MARKS: [&str; 2] = ["<!-- permissions: written by a test -->\n", "<!-- end of permissions -->\n"];
    let text = fs::read_to_string(folder().join("README.md")).expect("a document");
    let (before, rest) = text.split_once(MARKS[0]).expect("the first mark");
    let (_, after) = rest.split_once(MARKS[1]).expect("the second mark");
    let written = format!("{before}{}{}{}{after}", MARKS[0], table(), MARKS[1]);
    same_or_written("docs/iam/README.md", &written);
}

fn table() -> String {
    let mut text = "\n| command | permissions | it can do without |\n|---|---|---|\n".to_owned();
    let cell = |actions: &BTreeSet<String>| -> String {
        let mut services: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (service, action) in actions.iter().filter_map(|action| action.split_once(':')) {
            services.entry(service).or_default().push(action);
        }
        let line = |(service, actions): (&str, Vec<&str>)| format!("{service}: {}", actions.join(", "));
        services.into_iter().map(line).collect::<Vec<_>>().join("<br>")
    };
    let rows = Cli::command();
    for command in rows.get_subcommands().map(clap::Command::get_name) {
        if WITHOUT_CALLS.contains(&command) {
            text.push_str(&format!("| `{command}` | none | |\n"));
            continue;
        }
        let policy = Policy::of(command);
        let (all, needed) = (policy.actions(), policy.needed());
        let optional = all.difference(&needed).cloned().collect();
        text.push_str(&format!("| [`{command}`]({command}.json) | {} | {} |\n", cell(&needed), cell(&optional)));
    }
    text.push('\n');
    text
}
