//! `pipelinectl doctor`

use std::collections::BTreeMap;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::common::{estate, stage};
use super::{End, Outcome};
use crate::aws::AwsError;
use crate::context::Context;
use crate::failure::Failure;
use crate::operations::resolve_images::{ImageRequest, resolve_images};
use crate::pipeline::release::{ImageSource, Source};
use crate::settings::ReleaseStore;
use crate::ui::{counted, paint};

/// Look for what keeps pipelinectl from working here
///
/// Versions, configuration, credentials, account, region, repositories, git: each with what to do. Changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl doctor
  pipelinectl doctor --profile team")]
pub struct Arguments {}

/// What `pipelinectl doctor --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// Everything that was looked at.
    pub checks: Vec<Row>,
}

/// One thing that was looked at.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Row {
    /// What was looked at.
    pub name: String,
    /// Whether it will do.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub hints: Vec<String>,
}

/// Whether something will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It will.
    Good,
    /// It will, but the user should know.
    Note,
    /// It keeps commands from working.
    Bad,
}

fn good(name: &str, found: impl Into<String>) -> Row {
    Row { name: name.to_owned(), state: State::Good, found: found.into(), hints: Vec::new() }
}

fn note(name: &str, found: impl Into<String>, hint: &str) -> Row {
    Row { name: name.to_owned(), state: State::Note, found: found.into(), hints: vec![hint.to_owned()] }
}

fn bad(name: &str, failure: impl Into<Failure>) -> Row {
    let failure = failure.into();
    Row { name: name.to_owned(), state: State::Bad, found: failure.message, hints: failure.hints }
}

/// Looks at everything, and prints it.
pub fn run(_arguments: &Arguments, context: &Context) -> Outcome {
    context.ui.say("Looking around …");
    let mut checks = vec![good("pipelinectl", env!("CARGO_PKG_VERSION"))];
    checks.push(configuration(context));
    checks.extend(estate_checks(context));
    checks.push(git(context));
    checks.extend(terraform(context));
    let of_aws = aws(context);
    let aws_is_bad = of_aws.iter().any(|row| row.state == State::Bad && ["AWS", "credentials"].contains(&&*row.name));
    checks.extend(of_aws);
    checks.push(records(context, aws_is_bad));
    let report = Report { checks };
    context.ui.report(&report, text);
    let any_bad = report.checks.iter().any(|row| row.state == State::Bad);
    Ok(if any_bad { End::Findings } else { End::Done })
}

fn configuration(context: &Context) -> Row {
    match context.settings.require_file() {
        Ok(()) => {
            let services = context.settings.services.len();
            let file = context.settings.file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
            if services == 0 {
                return note(
                    "configuration",
                    file,
                    "name each [[service]] and its repository there: 'new', 'tag' and 'deploy' need them",
                );
            }
            good("configuration", format!("{file}, {}", counted(services, "service")))
        }
        Err(error) => bad("configuration", error),
    }
}

fn estate_checks(context: &Context) -> Vec<Row> {
    let estate = match estate::read(context) {
        Ok(estate) => estate,
        Err(failure) => return vec![bad("estate", failure)],
    };
    let folder = context.settings.terraform_dir.display();
    let mut rows = vec![good("estate", format!("{folder}, {}", counted(estate.pipelines.len(), "pipeline")))];
    if !estate.unclear.is_empty() {
        let found = match estate.unclear.len() {
            1 => "a module does not say which pipeline it is".to_owned(),
            count => format!("{count} modules do not say which pipeline they are"),
        };
        rows.push(note("modules", found, "pipelinectl list names them"));
    }
    rows.push(match estate::live_text(&context.settings) {
        Ok(None) if context.settings.live.is_some() => good("live pipeline", "every pipeline".to_owned()),
        Ok(None) => note("live pipeline", "not configured", "configure [live] in pipelinectl.toml"),
        Ok(Some(live)) if estate.pipelines.iter().any(|pipeline| pipeline.namespace.as_str() == live.text) => {
            good("live pipeline", live.text)
        }
        Ok(Some(live)) => note(
            "live pipeline",
            format!("{}, which is not in the estate", live.text),
            "mend the file that [live] names",
        ),
        Err(failure) => bad("live pipeline", failure),
    });
    rows
}

fn git(context: &Context) -> Row {
    let git = context.git();
    let version = match git.version() {
        Ok(version) => version,
        Err(error) => return bad("git", error),
    };
    match git.head() {
        Err(error) => bad("git", error),
        Ok(head) => {
            let main = &context.settings.images.main_branch;
            let short = head.get(..8).unwrap_or(&head);
            match context.images_git().commit(main) {
                Ok(_) => good("git", format!("{version}, at {short}, {main} is known")),
                Err(error) => {
                    let failure = Failure::from(error);
                    note(
                        "git",
                        format!("{version}, at {short}; {}", failure.message),
                        "fetch it, or mend main_branch below [images]",
                    )
                }
            }
        }
    }
}

fn terraform(context: &Context) -> Vec<Row> {
    let progress = context.ui.reading();
    // Where each pipeline has a root of its own, that of the newest one is looked at.
    let newest = estate::read(context).ok().and_then(|estate| estate.newest().cloned());
    let program = match newest {
        Some(newest) => stage::program_of(context, &newest),
        None => stage::program(context),
    };
    let program = match program {
        Ok(program) => program,
        Err(failure) => return vec![bad("terraform", failure)],
    };
    let found = match program.version(&*progress) {
        Ok(version) => {
            good("terraform", format!("{} {version}, workspace {}", program.path().display(), program.workspace()))
        }
        Err(error) => return vec![bad("terraform", error)],
    };
    let state = match program.read_state(&*progress) {
        Ok(()) => good("backend", "the state can be read"),
        Err(error) if error.asks_for_init() => good("backend", "not initialized here yet: the first plan does that"),
        Err(error) => bad("backend", stage::placed(context, &program, error)),
    };
    vec![found, state]
}

fn aws(context: &Context) -> Vec<Row> {
    let session = match context.session() {
        Ok(session) => session,
        Err(failure) => return vec![bad("AWS", failure)],
    };
    let from = context.settings.region.as_ref().map(|region| format!(" ({})", region.origin)).unwrap_or_default();
    let mut rows = vec![good("region", format!("{}{from}", session.region()))];
    let sts = session.sts();
    match context.wait(sts.check()) {
        Err(failure) => rows.push(bad("credentials", failure)),
        Ok(Err(error)) => {
            rows.push(bad("credentials", error));
            return rows;
        }
        Ok(Ok(identity)) => rows.push(match context.settings.account_id {
            Some(_) => good("credentials", format!("{}, account {}", identity.arn, identity.account_id)),
            None => note(
                "credentials",
                format!("{}, account {}", identity.arn, identity.account_id),
                "set account_id below [aws], so that credentials of another account are refused",
            ),
        }),
    }
    if !context.settings.services.is_empty() {
        rows.extend(repositories(context));
    }
    rows
}

fn repositories(context: &Context) -> Vec<Row> {
    let settings = &context.settings;
    let source = ImageSource::Tag("latest".to_owned());
    let request = ImageRequest {
        services: &settings.services,
        registry: &settings.ecr,
        pipeline_tag: "latest",
        source: &source,
        commits: &settings.commit_scheme,
        pinned: &BTreeMap::new(),
        lineages: &BTreeMap::new(),
        existing_stay: true,
    };
    let progress = context.ui.reading();
    let states = match context.session().and_then(|session| context.wait(resolve_images(session, &request, &*progress)))
    {
        Err(failure) => return vec![bad("repositories", failure)],
        Ok(Err(error)) => return vec![bad("repositories", error)],
        Ok(Ok(states)) => states,
    };
    let mut rows = Vec::new();
    let mut fine = 0;
    for state in &states {
        let name = &state.repository.name;
        match &state.source {
            Source::NoRepository { nearest } => {
                let aws = AwsError::NotFound { resource: format!("the repository {name}") };
                let mut row = bad("repositories", aws);
                if !nearest.is_empty() {
                    row.hints.insert(0, format!("there are: {}", nearest.join(", ")));
                }
                rows.push(row);
            }
            Source::Missing { .. } => {
                rows.push(note(
                    "repositories",
                    format!("{name} has no image latest"),
                    "push one, or use --source-tag or --ref",
                ));
            }
            Source::Found(found) if found.commits.is_empty() => {
                let hint = "tag each image with its commit, as commit_tag below [images] says";
                rows.push(note("repositories", format!("{name}: latest has no commit tag"), hint));
            }
            Source::Found(_) | Source::Ambiguous { .. } | Source::NoneUpTo { .. } => fine += 1,
        }
    }
    if fine > 0 {
        rows.insert(
            0,
            good("repositories", format!("{fine} of {} have an image latest with a commit tag", states.len())),
        );
    }
    rows
}

fn records(context: &Context, aws_is_bad: bool) -> Row {
    let is_table = matches!(context.settings.store, ReleaseStore::DynamoDb { .. });
    if is_table && aws_is_bad {
        return note("records", "not looked at", "the table needs AWS");
    }
    let store = match context.store() {
        Ok(store) => store,
        Err(failure) => return bad("records", failure),
    };
    match store.marks() {
        Err(error) => bad("records", error),
        Ok(_) if context.environment.get("CI").is_some() && context.settings.store == ReleaseStore::Unset => note(
            "records",
            store.place(),
            "set store below [releases]: in CI neither lock nor records are shared otherwise",
        ),
        Ok(marks) if marks.held.is_empty() => good("records", store.place()),
        Ok(marks) => good("records", format!("{}, {} held", store.place(), counted(marks.held.len(), "pipeline"))),
    }
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    for row in &report.checks {
        let mark = match row.state {
            State::Good => paint::good("✓"),
            State::Note => paint::changed("!"),
            State::Bad => paint::bad("✗"),
        };
        text.push_str(&format!("{mark} {:<14} {}\n", row.name, row.found.replace('\n', "\n                 ")));
        for hint in &row.hints {
            text.push_str(&format!("  {:<14} {}: {hint}\n", "", paint::hint("hint")));
        }
    }
    text
}
