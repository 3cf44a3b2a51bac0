//! `pipelinectl apply`

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::common::lock::LockArguments;
use super::common::release;
use super::common::stage::{self, PlanReport};
use super::common::{
    estate,
    verification::{self, ServiceRow},
};
use super::{End, Outcome};
use crate::context::Context;
use crate::failure::Failure;
use crate::operations::fingerprint::fingerprint;
use crate::operations::terraform_run;
use crate::pipeline::Namespace;
use crate::pipeline::release::ImageSource;
use crate::releases::{Lock, Record};
use crate::terraform::{Allow, Permits, Review};

/// Apply exactly the plan that was reviewed
///
/// Refused without the FILE.json that was written beside it, from another commit, or when the pipeline's tags have moved
/// since. The plan is judged again; nothing is planned anew.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl new 2022-10-14 --plan-only --out plan.tfplan
  pipelinectl apply plan.tfplan")]
pub struct Arguments {
    /// The plan, as 'pipelinectl plan --out' or 'pipelinectl new --plan-only --out' kept it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How long to wait
    #[command(flatten)]
    lock: LockArguments,
}

/// What `pipelinectl apply --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// The pipeline that may change, where the plan was made for one.
    pub namespace: Option<String>,
    /// The plan.
    pub plan: PlanReport,
    /// Whether it was applied; false for a dry run and for a plan without changes.
    pub applied: bool,
    /// What runs afterwards, one for each target of a service.
    pub services: Vec<ServiceRow>,
}

/// Checks what was reviewed, shows it, asks, applies, verifies.
pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let ui = &context.ui;
    let path = context.environment.directory().join(&arguments.file);
    if !path.is_file() {
        return Err(Failure::usage(format!("there is no file {}", arguments.file.display()))
            .hint("make it with 'pipelinectl plan --out FILE'"));
    }
    let review = Review::read(&path)?;
    let namespace = review.namespace.as_deref().map(str::parse::<Namespace>).transpose()?;
    let mut lock = None;
    if ui.says_yes() && !context.dry_run {
        lock = take(arguments, context, namespace.as_ref())?;
    }
    refuse_other_commit(context, &review)?;
    let mut seen = observe(context, &review, namespace.as_ref())?;

    let estate = estate::read(context)?;
    let allows: Vec<Allow> = review.allows.iter().filter_map(|text| text.parse().ok()).collect();
    let changed: Vec<_> = namespace.iter().map(|namespace| (namespace.clone(), Permits::Anything)).collect();
    let rules = stage::rules(&estate, &changed, &allows)?;
    stage::check_account(context)?;
    let program = stage::program(context)?;
    program.version(&*ui.reading())?;
    let planned = terraform_run::reviewed(&program, &path, &review, &rules, &*ui.progress())?;
    stage::show(context, &planned);
    let may = namespace.as_ref().map_or("no pipeline may change".to_owned(), |ns| format!("only {ns} may change"));
    stage::guard(&planned, &may)?;

    let mut report = Report {
        namespace: review.namespace.clone(),
        plan: PlanReport::of(&planned),
        applied: false,
        services: Vec::new(),
    };
    if context.dry_run {
        ui.say("\nDry run: nothing was changed.");
        ui.report(&report, |_| String::new());
        return Ok(End::Done);
    }
    if planned.has_changes() {
        if !ui.can_ask() {
            return Err(Failure::failed("nobody is there to say yes; nothing was applied")
                .hint("use --yes to apply unattended"));
        }
        if !ui.confirm("Apply this plan?") {
            return Err(Failure::failed("answered no; nothing was applied"));
        }
        if lock.is_none() {
            lock = take(arguments, context, namespace.as_ref())?;
            refuse_other_commit(context, &review)?;
            seen = observe(context, &review, namespace.as_ref())?;
        }
        stage::apply(context, &program, &planned)?;
        report.applied = true;
    }
    let mut failed = false;
    if let (Some(namespace), Some(seen)) = (&namespace, &seen) {
        let rows = verification::verify(context, namespace, &seen.plan)?;
        failed = rows.iter().any(|row| row.verdict.is_failure());
        report.services = rows.iter().map(ServiceRow::of).collect();
        ui.show(&verification::table(&rows));
        finish(context, namespace, verification::ending(&rows))?;
    }
    drop(lock);
    ui.report(&report, |_| String::new());
    if failed {
        ui.fail("the plan is applied, but not every service runs what its tag names", &[]);
        return Ok(End::Findings);
    }
    ui.say(if report.applied { "\nApplied." } else { "\nNothing to do: the plan has no changes." });
    Ok(End::Done)
}

fn take(arguments: &Arguments, context: &Context, namespace: Option<&Namespace>) -> Result<Option<Lock>, Failure> {
    namespace.map(|namespace| context.lock(namespace, "apply", arguments.lock.wait_lock)).transpose()
}

/// A plan is applied where it was made: at its commit, or, when its block was committed after the plan, where the
/// Terraform files are the same.
fn refuse_other_commit(context: &Context, review: &Review) -> Result<(), Failure> {
    let Some(reviewed) = &review.commit else { return Ok(()) };
    if fingerprint(&context.settings.root())? != review.files_sha256 {
        let folder = context.settings.terraform_dir.display();
        return Err(Failure::refused(format!("the files of {folder} are not those that the plan was made from"))
            .hint(format!("it was made at the commit {}", short(reviewed)))
            .hint("plan again here and review that plan, or check out what it was made from"));
    }
    let head = context.git().head()?;
    if head == *reviewed || review.uncommitted {
        return Ok(());
    }
    Err(Failure::refused(format!("the plan was made from the commit {}, this is {}", short(reviewed), short(&head)))
        .hint(format!("plan again here and review that plan, or check out {}", short(reviewed))))
}

fn short(commit: &str) -> &str {
    &commit[..commit.len().min(8)]
}

/// Reads the pipeline's tags, and refuses if they are not what they were.
fn observe(
    context: &Context,
    review: &Review,
    namespace: Option<&Namespace>,
) -> Result<Option<release::Release>, Failure> {
    let Some(namespace) = namespace else { return Ok(None) };
    if context.settings.services.is_empty() {
        return Ok(None);
    }
    let tag = context.settings.images.pipeline_tag.replace("{namespace}", namespace.as_str());
    let seen = release::observe(context, &tag, &ImageSource::Tag(tag.clone()), &BTreeMap::new())?;
    let moved: Vec<String> = seen
        .digests()
        .into_iter()
        .filter(|(repository, digest)| review.digests.get(repository).is_some_and(|then| *then != digest.as_str()))
        .map(|(repository, _)| repository)
        .collect();
    if moved.is_empty() {
        return Ok(Some(seen));
    }
    Err(Failure::refused(format!("the tag {tag} has moved since the plan was made: {}", moved.join(", ")))
        .hint("plan again and review the new plan"))
}

/// Completes the record of the `new` that stopped before its apply.
fn finish(context: &Context, namespace: &Namespace, outcome: crate::releases::Outcome) -> Result<(), Failure> {
    let store = context.store()?;
    if let Some(record) = store.unfinished(namespace)? {
        let record = Record { finished: Some(context.clock.now()), outcome: Some(outcome), ..record };
        store.finish(namespace, &record)?;
    }
    Ok(())
}
