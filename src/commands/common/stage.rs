//! The terraform stage: find the program, plan, show, guard, apply.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::estate;
use crate::context::{Context, LOCK_TOKEN};
use crate::failure::{Failure, Kind};
use crate::layout::LayoutError;
use crate::operations::fingerprint::fingerprint;
use crate::operations::read_estate;
use crate::operations::terraform_run::{self, Planned};
use crate::pipeline::{Estate, Namespace, Pipeline};
use crate::settings::{Origin, Variable};
use crate::terraform::{
    Address, Allow, Applied, Diagnostic, Ending, Error, Interrupts, LOCK_TIMEOUT, Permits, PlanOptions, Program,
    ProgramSettings, Review, Rules, Scope, Step, Value,
};
use crate::ui::{plan as shown, refusals};

/// What the user lets pass although the guard would refuse it.
#[derive(Debug, Clone, Args)]
pub struct AllowArguments {
    /// Let one change pass that the guard would refuse: create, update, delete, replace, move, import, forget
    #[arg(long = "allow", value_name = "ADDRESS=ACTION")]
    pub allows: Vec<Allow>,
}

/// Whose credentials they are is known before terraform runs; without a configured account there is nothing to check.
pub fn check_account(context: &Context) -> Result<(), Failure> {
    if context.settings.account_id.is_some() {
        let sts = context.session()?.sts();
        context.wait(sts.check())??;
    }
    Ok(())
}

/// Finds terraform for the estate's root and fetches the secrets that it gets. Nothing is run.
pub fn program(context: &Context) -> Result<Program, Failure> {
    program_in(context, None, None)
}

/// The same for the root of one pipeline: its own where it has one.
pub fn program_of(context: &Context, pipeline: &Pipeline) -> Result<Program, Failure> {
    program_in(context, pipeline.root(), Some(&pipeline.namespace))
}

/// The same for a root of a pipeline's own, relative to the project's folder; without one, for that of the estate.
pub fn program_in(context: &Context, root: Option<&str>, namespace: Option<&Namespace>) -> Result<Program, Failure> {
    let settings = &context.settings;
    let root = root.map_or_else(|| settings.root(), |root| settings.directory.join(root));
    let mut additions = BTreeMap::new();
    for (name, variable) in &settings.terraform_env {
        let value = match variable {
            Variable::Plain(text) => Value::Plain(text.clone()),
            Variable::Secret(secret) => Value::Secret(context.secret(&secret.secret, || {
                check_account(context)?;
                let secrets = context.session()?.secrets();
                context.wait(secrets.text(&secret.secret))?.map_err(|error| {
                    Failure::from(error).hint(format!("it is wanted for {name} below [terraform] env"))
                })
            })?),
        };
        additions.insert(name.clone(), value);
    }
    // The account was checked with these credentials, so terraform gets them too.
    if let Some(profile) = &settings.profile {
        additions.entry("AWS_PROFILE".to_owned()).or_insert_with(|| Value::Plain(profile.value.clone()));
    }
    additions.insert(LOCK_TOKEN.to_owned(), Value::Plain(context.lock_token().to_owned()));
    // What stands in the configuration is relative to the root; what was typed, to where it was typed.
    let base = match settings.terraform.origin {
        Origin::File | Origin::Default => root.clone(),
        Origin::Flag(_) | Origin::Environment(_) => context.environment.directory().to_owned(),
    };
    let program = settings.terraform.value.clone();
    let program = match program.strip_prefix("./") {
        Some(rest) => base.join(rest).display().to_string(),
        None => program,
    };
    let interrupts = Interrupts::of_process()
        .map_err(|error| Failure::failed(format!("the signals of this process cannot be watched: {error}")))?;
    let program = Program::find(ProgramSettings {
        program,
        base,
        root,
        environment: context.environment.variables().clone(),
        additions,
        workspace: settings.workspace.clone(),
        init_args: settings.init_args.iter().map(|argument| named(argument, namespace)).collect(),
        lock_timeout: LOCK_TIMEOUT,
        interrupts,
    })?;
    if let Some(file) = program.log_file() {
        context.ui.say(&format!("TF_LOG is set: terraform's log goes to {}", file.display()));
    }
    Ok(program)
}

/// Where each pipeline has a root of its own, `{namespace}` stands for it.
fn named(argument: &str, namespace: Option<&Namespace>) -> String {
    match namespace {
        Some(namespace) => argument.replace("{namespace}", namespace.as_str()),
        None => argument.to_owned(),
    }
}

/// A pipeline that a command may change.
#[derive(Debug, Clone)]
pub struct MayChange {
    /// The pipeline.
    pub namespace: Namespace,
    /// The addresses that are it: `module.concepts_pipeline_2022-08-31`. None where it is a whole root.
    pub addresses: Vec<String>,
    /// The folder of its own root, relative to the project's.
    pub root: Option<String>,
    /// What may happen in it.
    pub permits: Permits,
}

impl MayChange {
    /// A pipeline of the estate.
    pub fn of(pipeline: &Pipeline, permits: Permits) -> Self {
        Self {
            namespace: pipeline.namespace.clone(),
            addresses: pipeline.addresses(),
            root: pipeline.root().map(str::to_owned),
            permits,
        }
    }

    fn scopes(&self) -> Result<Vec<Scope>, Failure> {
        let scope = |module| Scope { module, namespace: Some(self.namespace.clone()), permits: self.permits };
        if self.root.is_some() {
            return Ok(vec![scope(Address::root())]);
        }
        if self.addresses.is_empty() {
            return Err(Failure::usage(format!("nothing says what the entry {} makes", self.namespace))
                .hint("name it below [pipeline]: addresses = ['module.LABEL[\"{namespace}\"]']"));
        }
        let parsed = self.addresses.iter().map(|address| match address.parse() {
            Ok(address) => Ok(scope(address)),
            Err(error) => Err(Failure::usage(format!("{address}: {error}"))
                .hint("give the module another label, or mend addresses below [pipeline]")),
        });
        parsed.collect()
    }
}

/// The rules for a command that may change these pipelines.
pub fn rules(estate: &Estate, changed: &[MayChange], allows: &[Allow]) -> Result<Rules, Failure> {
    let mut scopes = Vec::new();
    for one in changed {
        scopes.extend(one.scopes()?);
    }
    let known = estate.pipelines.iter().map(|pipeline| pipeline.namespace.clone());
    Ok(Rules { scopes, allows: allows.to_vec(), namespaces: known.collect(), targeted_destroy: false })
}

/// Refuses a pipeline whose root would keep its state where another one does: its plan would destroy that. Checked before
/// `init`, which would already take that state for its own.
pub fn refuse_shared_state(context: &Context, namespace: &Namespace) -> Result<(), Failure> {
    let files = estate::files(context)?;
    let layout = estate::layout(&context.settings)?;
    match layout.read(&files)?.shares_state(namespace) {
        None => Ok(()),
        Some((other, path, line)) => {
            Err(LayoutError::SameState { namespace: namespace.clone(), other, path, line }.into())
        }
    }
}

/// Plans, and shows the plan with what is worth a second look. The guard's refusal is for the caller to ask for.
pub fn plan(context: &Context, program: &Program, options: &PlanOptions, rules: &Rules) -> Result<Planned, Failure> {
    attempt(context, program, options, rules).map_err(|error| placed(context, program, error))
}

/// The same, for callers that have more to say of an error.
pub fn attempt(context: &Context, program: &Program, options: &PlanOptions, rules: &Rules) -> Result<Planned, Error> {
    let name = Path::new(program.name());
    let name = name.strip_prefix(&context.settings.directory).unwrap_or(name).display();
    context.ui.say(&format!("Planning with {name} …"));
    let planned = terraform_run::plan(program, options, rules, &*context.ui.reading())?;
    show(context, &planned);
    Ok(planned)
}

/// An error of terraform, with places relative to the project's folder.
pub fn placed(context: &Context, program: &Program, mut error: Error) -> Failure {
    let root = program.root().strip_prefix(&context.settings.directory).unwrap_or(&context.settings.terraform_dir);
    for diagnostic in error.diagnostics_mut() {
        if let Some(place) = &mut diagnostic.place {
            place.file = read_estate::below(root, &place.file);
        }
    }
    error.into()
}

/// Shows a plan and what is worth a second look.
pub fn show(context: &Context, planned: &Planned) {
    let ui = &context.ui;
    if planned.has_changes() {
        ui.show(&format!("\n{}", shown::summary(&planned.summary, ui.is_verbose())));
    }
    for diagnostic in &planned.saved.warnings {
        ui.say(&format!("terraform warns: {diagnostic}"));
    }
    for check in &planned.plan.checks {
        ui.warn(&format!("{} does not pass ({})", check.address, check.status));
    }
    for note in shown::notes(&planned.verdict) {
        ui.warn(&note);
    }
}

/// The guard's refusal, if it refuses.
pub fn guard(context: &Context, planned: &Planned, may: &str) -> Result<(), Failure> {
    if planned.verdict.passes() {
        return Ok(());
    }
    let message =
        format!("the plan is refused: {may}{}", refusals::refusals(&planned.verdict, context.ui.is_verbose()));
    let mut failure = Failure::refused(message).hint("nothing was applied; find out why terraform wants that");
    if !planned.verdict.strangers.is_empty() {
        failure = failure.hint(shown::strangers(&planned.verdict.strangers));
    }
    if planned.verdict.refusals.iter().any(|refusal| refusal.allow.is_some()) {
        failure = failure.hint("with the --allow that stands below a change, it would pass nevertheless");
    }
    Err(failure)
}

/// Keeps a plan in a file, and beside it what `apply` wants to know. `digests` are those of the tags, as `release::digests`
/// names them.
pub fn keep(
    context: &Context,
    planned: &Planned,
    out: &Path,
    changed: &[MayChange],
    digests: BTreeMap<String, String>,
) -> Result<(), Failure> {
    let path = context.environment.directory().join(out);
    let mut review = Review::of(&planned.saved, planned.verdict.passes());
    review.commit = context.git().head().ok();
    review.uncommitted = context.git().has_changes().unwrap_or(false);
    review.files_sha256 = fingerprint(&context.settings.root())?;
    let addresses = |one: &MayChange| one.addresses.iter().map(|it| (it.clone(), one.namespace.to_string())).collect();
    let own_root = |one: &MayChange| one.root.clone().map(|root| (root, one.namespace.to_string()));
    review.pipelines = changed.iter().flat_map(|one| -> Vec<_> { addresses(one) }).collect();
    review.roots = changed.iter().filter_map(own_root).collect();
    review.namespace = if let [one] = changed { Some(one.namespace.to_string()) } else { None };
    review.digests = digests;
    review.allows = planned.verdict.allowed.iter().map(ToString::to_string).collect();
    planned.saved.save_as(&path)?;
    review.write(&path)?;
    context.ui.say(&format!("\nKept the plan in {0}, and what was reviewed in {0}.json.", out.display()));
    Ok(())
}

/// Applies exactly the plan that was shown and judged.
pub fn apply(context: &Context, program: &Program, planned: &Planned) -> Result<Applied, Failure> {
    context.ui.say("\nApplying …");
    let lines = &planned.summary.lines;
    let modules: BTreeSet<_> = lines.iter().map(|line| line.module.as_ref()).collect();
    let prefix = match modules.iter().next() {
        Some(Some(module)) if modules.len() == 1 => format!("{module}."),
        _ => String::new(),
    };
    let longest = lines.iter().map(|line| line.address.as_str().len() - prefix.len()).max().unwrap_or_default();
    let progress = context.ui.progress_within(&prefix, longest);
    let applied = terraform_run::apply(program, planned, &*progress)?;
    for diagnostic in &applied.warnings {
        context.ui.say(&format!("terraform warns: {diagnostic}"));
    }
    let (kind, what) = match applied.ending {
        Ending::Complete => return Ok(applied),
        Ending::Failed if applied.status.starts_with("signal") => {
            (Kind::Failed, format!("terraform apply was ended from outside ({})", applied.status))
        }
        Ending::Failed => (Kind::Failed, "terraform apply failed".to_owned()),
        Ending::Interrupted => (Kind::Interrupted, "terraform apply was interrupted; the state is saved".to_owned()),
    };
    let mut message = what;
    let mut told: Vec<&Diagnostic> = Vec::new();
    for diagnostic in &applied.errors {
        if told.contains(&diagnostic) {
            continue;
        }
        told.push(diagnostic);
        message.push_str(&format!("\n  {diagnostic}"));
        for line in diagnostic.detail.lines().filter(|line| !line.trim().is_empty()) {
            message.push_str(&format!("\n    {line}"));
        }
    }
    message.push_str(&format!("\n  done: {}", applied.done.len()));
    for (what, steps) in [("not finished", &applied.broken), ("not begun", &applied.not_begun)] {
        if !steps.is_empty() {
            message.push_str(&format!("\n  {what}: {}", addresses(steps)));
        }
    }
    let failure = Failure::new(kind, message);
    if applied.status.starts_with("signal") {
        return Err(failure.hint("what it made last may be missing from the state, and the state's lock may be left"));
    }
    Err(failure)
}

fn addresses(steps: &[Step]) -> String {
    const SHOWN: usize = 8;
    let names: Vec<&str> = steps.iter().take(SHOWN).map(|step| step.address.as_str()).collect();
    let more = steps.len().saturating_sub(SHOWN);
    if more == 0 { names.join(", ") } else { format!("{} and {more} more", names.join(", ")) }
}

/// A plan in a report.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct PlanReport {
    /// Resources made.
    pub create: usize,
    /// Resources changed in place.
    pub update: usize,
    /// Resources destroyed.
    pub delete: usize,
    /// Resources destroyed and made anew.
    pub replace: usize,
    /// Every change, what destroys first.
    pub changes: Vec<ChangeReport>,
    /// The `--allow` flags without which it would have been refused.
    pub allowed: Vec<String>,
}

/// A change of a resource in a report.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangeReport {
    /// The resource's address.
    pub address: String,
    /// `create`, `update`, `delete`, `replace`, `replace-create-first`, `forget`, …
    pub action: String,
}

impl PlanReport {
    /// Takes in the plan of another root.
    pub fn add(&mut self, other: Self) {
        self.create += other.create;
        self.update += other.update;
        self.delete += other.delete;
        self.replace += other.replace;
        self.changes.extend(other.changes);
        self.allowed.extend(other.allowed);
    }

    /// The plan as a report shows it.
    pub fn of(planned: &Planned) -> Self {
        let counts = planned.summary.counts;
        let action = |effect: &crate::terraform::Effect| {
            serde_json::to_value(effect).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
        };
        Self {
            create: counts.create,
            update: counts.update,
            delete: counts.delete,
            replace: counts.replace,
            changes: planned
                .summary
                .lines
                .iter()
                .map(|line| ChangeReport { address: line.address.to_string(), action: action(&line.effect) })
                .collect(),
            allowed: planned.verdict.allowed.iter().map(ToString::to_string).collect(),
        }
    }
}
