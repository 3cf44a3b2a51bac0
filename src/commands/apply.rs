//! `pipelinectl apply`

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::common::lock::LockArguments;
use super::common::release;
use super::common::stage::{self, MayChange, PlanReport};
use super::common::{
    estate,
    verification::{self, ServiceRow},
};
use super::{End, Outcome};
use crate::context::Context;
use crate::failure::Failure;
use crate::operations::fingerprint::fingerprint;
use crate::operations::terraform_run;
use crate::pipeline::{Estate, Namespace};
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
    /// The pipelines that may change.
    pub pipelines: Vec<String>,
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
    if !Review::path(&path).is_file() {
        let file = arguments.file.display();
        return Err(Failure::refused(format!("there is no {file}.json beside {file}: nobody knows what was reviewed"))
            .hint("make both with 'pipelinectl plan --out FILE' or 'pipelinectl new --plan-only --out FILE'"));
    }
    let review = Review::read(&path)?;
    let changed = pipelines(&review)?;
    let mut locks = Vec::new();
    if ui.says_yes() && !context.dry_run {
        locks = take(arguments, context, &changed)?;
    }
    refuse_other_commit(context, &review)?;
    let estate = estate::read(context)?;
    for one in changed.iter().filter(|one| estate.find(&one.namespace).is_none()) {
        estate::refuse_to_lose(context, &one.namespace)?;
    }
    let mut seen = observe(context, &review, &changed, &estate)?;

    let allows: Vec<Allow> = review.allows.iter().filter_map(|text| text.parse().ok()).collect();
    let rules = stage::rules(&estate, &changed, &allows)?;
    stage::check_account(context)?;
    let own_root = changed.iter().find_map(|one| Some((one.root.as_deref()?, &one.namespace)));
    if let Some((_, namespace)) = own_root {
        stage::refuse_shared_state(context, namespace)?;
    }
    let program = stage::program_in(context, own_root.map(|(root, _)| root), own_root.map(|(_, of)| of))?;
    program.version(&*ui.reading())?;
    let planned = terraform_run::reviewed(&program, &path, &review, &rules, &*ui.reading())?;
    stage::show(context, &planned);
    let names: Vec<&str> = changed.iter().map(|one| one.namespace.as_str()).collect();
    let may = if names.is_empty() {
        "no pipeline may change".to_owned()
    } else {
        format!("only {} may change", names.join(", "))
    };
    stage::guard(context, &planned, &may)?;

    let mut report = Report {
        pipelines: names.iter().map(ToString::to_string).collect(),
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
        if !ui.says_yes() {
            locks = take(arguments, context, &changed)?;
            refuse_other_commit(context, &review)?;
            seen = observe(context, &review, &changed, &estate)?;
        }
        for one in &changed {
            applying(context, &one.namespace)?;
        }
        stage::apply(context, &program, &planned)?;
        report.applied = true;
    } else if !ui.says_yes() {
        locks = take(arguments, context, &changed)?;
    }
    let mut failed = false;
    for (namespace, release) in &seen {
        let rows = verification::verify(context, namespace, &release.plan)?;
        failed |= rows.iter().any(|row| row.verdict.is_failure());
        report.services.extend(rows.iter().map(ServiceRow::of));
        ui.show(&verification::table(&rows));
        finish(context, namespace, verification::ending(&rows))?;
    }
    drop(locks);
    ui.report(&report, |_| String::new());
    if failed {
        ui.fail("the plan is applied, but not every service runs what its tag names", &[]);
        return Ok(End::Findings);
    }
    ui.say(if report.applied { "\nApplied." } else { "\nNothing to do: the plan has no changes." });
    for one in changed.iter().filter(|one| estate.find(&one.namespace).is_none()) {
        let retire = format!("'pipelinectl retire {}' takes away what is left of it: its tags", one.namespace);
        ui.next(&retire);
    }
    if report.applied && review.uncommitted && context.git().has_changes().unwrap_or(false) {
        ui.next("commit what was planned from, and open a pull request");
    }
    Ok(End::Done)
}

/// The pipelines that were to change when the plan was reviewed.
fn pipelines(review: &Review) -> Result<Vec<MayChange>, Failure> {
    let mut changed: BTreeMap<&String, MayChange> = BTreeMap::new();
    for namespace in review.pipelines.values().chain(review.roots.values()) {
        let addresses = review.pipelines.iter().filter(|(_, of)| *of == namespace).map(|(it, _)| it.clone()).collect();
        let root = review.roots.iter().find(|(_, of)| *of == namespace).map(|(root, _)| root.clone());
        let one = MayChange { namespace: namespace.parse()?, addresses, root, permits: Permits::Anything };
        changed.insert(namespace, one);
    }
    Ok(changed.into_values().collect())
}

/// In the order of their names, so that two who want the same ones do not wait for each other.
fn take(arguments: &Arguments, context: &Context, changed: &[MayChange]) -> Result<Vec<Lock>, Failure> {
    let names: BTreeSet<&Namespace> = changed.iter().map(|one| &one.namespace).collect();
    names.into_iter().map(|namespace| context.lock(namespace, "apply", arguments.lock.wait_lock)).collect()
}

/// A plan is applied where it was made: at its commit, or, when its block was committed after the plan, where the
/// Terraform files are the same.
fn refuse_other_commit(context: &Context, review: &Review) -> Result<(), Failure> {
    if fingerprint(&context.settings.root())? != review.files_sha256 {
        let folder = context.settings.terraform_dir.display();
        let failure = Failure::refused(format!("the files of {folder} are not those that the plan was made from"))
            .hint("plan again here and review that plan, or check out what it was made from");
        return Err(match &review.commit {
            Some(commit) => failure.hint(format!("it was made at the commit {}", short(commit))),
            None => failure,
        });
    }
    let Some(reviewed) = &review.commit else { return Ok(()) };
    let head = context.git().head()?;
    if head == *reviewed || review.uncommitted {
        return Ok(());
    }
    Err(Failure::refused(format!("the plan was made from the commit {}, this is {}", short(reviewed), short(&head)))
        .hint(format!("plan again here and review that plan, or check out {}", short(reviewed))))
}

fn short(commit: &str) -> &str {
    commit.get(..8).unwrap_or(commit)
}

/// Reads the pipelines' tags, and refuses if they are not what they were.
fn observe(
    context: &Context,
    review: &Review,
    changed: &[MayChange],
    estate: &Estate,
) -> Result<Vec<(Namespace, release::Release)>, Failure> {
    let mut seen = Vec::new();
    if context.settings.services.is_empty() {
        return Ok(seen);
    }
    for one in changed.iter().filter(|one| estate.find(&one.namespace).is_some()) {
        let tag = context.settings.images.pipeline_tag.replace("{namespace}", one.namespace.as_str());
        if !review.digests.keys().any(|name| name.ends_with(&format!(":{tag}"))) {
            continue;
        }
        let release = release::standing(context, &one.namespace)?;
        let named = release.named(context);
        let moved: Vec<&str> = named
            .iter()
            .filter(|(tag, digest)| review.digests.get(*tag).is_some_and(|then| then != *digest))
            .map(|(tag, _)| tag.as_str())
            .collect();
        if !moved.is_empty() {
            return Err(Failure::refused(format!("tags have moved since the plan was made: {}", moved.join(", ")))
                .hint("plan again and review the new plan"));
        }
        seen.push((one.namespace.clone(), release));
    }
    Ok(seen)
}

/// Notes in the record of the `new` that stopped before its apply that it is begun now.
fn applying(context: &Context, namespace: &Namespace) -> Result<(), Failure> {
    let store = context.store()?;
    if let Some(record) = store.unfinished(namespace)?.filter(|record| record.command == "new") {
        store.begin(namespace, &Record { applying: true, ..record })?;
    }
    Ok(())
}

/// Completes the record of the `new` that stopped before its apply.
fn finish(context: &Context, namespace: &Namespace, outcome: crate::releases::Outcome) -> Result<(), Failure> {
    let store = context.store()?;
    if let Some(record) = store.unfinished(namespace)?.filter(|record| record.command == "new") {
        let record = Record { finished: Some(context.clock.now()), outcome: Some(outcome), ..record };
        store.finish(namespace, &record)?;
    }
    Ok(())
}
