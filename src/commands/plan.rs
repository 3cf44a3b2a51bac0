//! `pipelinectl plan`

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::common::release;
use super::common::stage::{self, AllowArguments, MayChange, PlanReport};
use super::common::{estate, target};
use super::{End, Outcome};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::files;
use crate::layout::Reading;
use crate::layout::directories::is_left_behind;
use crate::operations::read_estate;
use crate::operations::terraform_run::Planned;
use crate::pipeline::{Estate, Namespace, Pipeline};
use crate::settings::file::Layout;
use crate::terraform::{Permits, PlanOptions};

/// Plan with terraform and refuse what touches anything else
///
/// With a pipeline, only that one may change; without, those whose blocks differ from where this branch left the main
/// branch. A plan that touches anything else is refused with exit code 3.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl plan 2022-10-14 --out plan.tfplan    then: pipelinectl apply plan.tfplan
  pipelinectl plan --no-lock --detailed-exitcode   for a pull request: 0 no changes, 2 changes, 3 refused")]
pub struct Arguments {
    /// The pipeline: its namespace, 'live', or the address of its block
    #[arg(value_name = "NS", add = target::completer())]
    pipeline: Option<String>,
    /// Compare the blocks with where this branch left this revision [default: the main branch]
    #[arg(long, value_name = "REV", conflicts_with = "pipeline")]
    base: Option<String>,
    /// Keep the plan in this file, and beside it FILE.json, which 'pipelinectl apply' needs
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Exit code 2 when the plan has changes; reads do not count
    #[arg(long)]
    detailed_exitcode: bool,
    /// Do not lock the state, for roles that may only read
    #[arg(long)]
    no_lock: bool,
    /// What may pass
    #[command(flatten)]
    allow: AllowArguments,
}

/// What `pipelinectl plan --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// The pipelines that may change.
    pub pipelines: Vec<String>,
    /// Whether there is anything to apply; reads do not count.
    pub has_changes: bool,
    /// The plan.
    pub plan: PlanReport,
    /// The file that it is kept in.
    pub out: Option<String>,
}

/// Finds out which pipelines may change, plans, shows, judges, keeps.
pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let ui = &context.ui;
    ui.say("Reading the estate …");
    let estate = estate::read(context)?;
    let changed = match &arguments.pipeline {
        Some(word) => vec![known(&estate, &target::resolve(context, word)?)?],
        None => changed(context, &estate, arguments.base.as_deref())?,
    };
    stage::check_account(context)?;
    let mut report = Report {
        pipelines: changed.iter().map(|one| one.namespace.to_string()).collect(),
        has_changes: false,
        plan: PlanReport::default(),
        out: None,
    };
    let roots = by_root(context, changed);
    if arguments.out.is_some() && roots.len() > 1 {
        return Err(Failure::usage("each of these pipelines has a plan of its own, and --out keeps one")
            .hint("name the pipeline: pipelinectl plan NS --out FILE"));
    }
    for changed in &roots {
        let planned = plan_one(arguments, context, &estate, changed)?;
        report.has_changes |= planned.has_changes();
        report.plan.add(PlanReport::of(&planned));
        if let Some(out) = arguments.out.as_ref().filter(|_| !context.dry_run) {
            keep(context, &planned, out, &estate, changed)?;
            report.out = Some(out.display().to_string());
        }
    }
    ui.report(&report, |_| String::new());
    Ok(if arguments.detailed_exitcode && report.has_changes { End::Changes } else { End::Done })
}

/// What is planned together: all of them in the estate's root, or each in its own.
fn by_root(context: &Context, changed: Vec<MayChange>) -> Vec<Vec<MayChange>> {
    match context.settings.layout {
        Layout::ModuleBlocks | Layout::MapEntries => vec![changed],
        Layout::Directories => changed.into_iter().map(|one| vec![one]).collect(),
    }
}

/// Plans one root, shows it and judges it.
fn plan_one(
    arguments: &Arguments,
    context: &Context,
    estate: &Estate,
    changed: &[MayChange],
) -> Result<Planned, Failure> {
    let ui = &context.ui;
    let rules = stage::rules(estate, changed, &arguments.allow.allows)?;
    let own = changed.first().and_then(|one| Some((one.root.as_deref()?, &one.namespace)));
    if let Some((root, namespace)) = own {
        stage::refuse_shared_state(context, namespace)?;
        ui.say(&format!("In {root}:"));
    }
    let program = stage::program_in(context, own.map(|(root, _)| root), own.map(|(_, namespace)| namespace))?;
    let options = PlanOptions { lock: !arguments.no_lock && !context.dry_run, ..PlanOptions::default() };
    let planned = stage::plan(context, &program, &options, &rules)?;
    let names: Vec<&str> = changed.iter().map(|one| one.namespace.as_str()).collect();
    let may = match names.as_slice() {
        [] => "no pipeline's block differs from the main branch, so nothing may change".to_owned(),
        names => format!("only {} may change", names.join(", ")),
    };
    if !planned.has_changes() {
        ui.say("No changes: what is there is what the configuration says.");
    }
    stage::guard(context, &planned, &may)?;
    Ok(planned)
}

/// Keeps the plan with the digests that the pipelines' tags name.
fn keep(
    context: &Context,
    planned: &Planned,
    out: &Path,
    estate: &Estate,
    changed: &[MayChange],
) -> Result<(), Failure> {
    let mut digests = BTreeMap::new();
    for one in changed.iter().filter(|one| estate.find(&one.namespace).is_some()) {
        match release::digests(context, &one.namespace) {
            Ok(found) => digests.extend(found),
            // A service that came later than the pipeline has no tag there; the plan does not need it.
            Err(failure) if failure.kind == Kind::Refused => {
                context.ui.warn(&format!("{}; 'apply' will not compare them", failure.message));
            }
            Err(failure) => return Err(failure),
        }
    }
    stage::keep(context, planned, out, changed, digests)
}

fn known(estate: &Estate, namespace: &Namespace) -> Result<MayChange, Failure> {
    if let Some(pipeline) = estate.find(namespace) {
        return Ok(MayChange::of(pipeline, Permits::Anything));
    }
    let names: Vec<&str> =
        estate.newest_first().into_iter().take(5).map(|pipeline| pipeline.namespace.as_str()).collect();
    Err(Failure::usage(format!("there is no pipeline {namespace} in the estate"))
        .hint(format!("there are: {}", names.join(", "))))
}

/// The pipelines whose blocks are not what they were where this branch left the base.
fn changed(context: &Context, estate: &Estate, base: Option<&str>) -> Result<Vec<MayChange>, Failure> {
    let root = files::real_path(&context.settings.root())?;
    let git = context.git();
    let revision = base.unwrap_or(&context.settings.images.main_branch);
    let Some(merge_base) = git.merge_base(revision)? else {
        return Err(Failure::usage(format!("this branch and {revision} have no commit in common"))
            .hint("name another one with --base, or fetch the whole history"));
    };
    let top = files::real_path(&git.top()?)?;
    let Ok(below) = root.strip_prefix(&top) else {
        return Err(Failure::usage(format!(
            "{} is not below {}, where its repository is",
            root.display(),
            top.display()
        ))
        .hint("name the pipeline that may change: pipelinectl plan NS"));
    };
    let layout = estate::layout(&context.settings)?;
    let files = estate::files(context)?;
    let now = texts(&layout.read(&files)?);
    let old_files = estate::files_at(&context.settings, &layout, &git, &merge_base, below)?;
    let old = layout.read(&old_files).map_err(|error| {
        let failure = Failure::from(error);
        Failure { message: format!("at {merge_base}: {}", failure.message), ..failure }
    })?;
    let then = texts(&old);
    // One that was taken out is still in the state, at the address that it had.
    let gone: Vec<&Pipeline> =
        old.estate().pipelines.iter().filter(|pipeline| !now.contains_key(&pipeline.address())).collect();
    for pipeline in &gone {
        estate::refuse_to_lose(context, &pipeline.namespace)?;
    }
    let (gone, lost): (Vec<&Pipeline>, Vec<&Pipeline>) =
        gone.into_iter().partition(|pipeline| pipeline.root().is_none());
    for pipeline in lost {
        context.ui.warn(&format!("{} is gone: nothing can be planned there", pipeline.address()));
    }
    let folders = changed_folders(context, estate, &merge_base)?;
    let mut changed: Vec<MayChange> = estate
        .pipelines
        .iter()
        .chain(gone)
        .filter(|pipeline| {
            let address = pipeline.address();
            now.get(&address) != then.get(&address) || folders.contains(&address)
        })
        .map(|pipeline| MayChange::of(pipeline, Permits::Anything))
        .collect();
    changed.sort_by(|one, other| one.namespace.cmp(&other.namespace));
    let names: Vec<&str> = changed.iter().map(|one| one.namespace.as_str()).collect();
    let short = merge_base.get(..8).unwrap_or(&merge_base);
    context.ui.say(&match names.as_slice() {
        [] => format!("No pipeline's block differs from {short} ({revision})."),
        names => format!("Differing from {short} ({revision}): {}", names.join(", ")),
    });
    Ok(changed)
}

/// The folders of pipelines in which any file differs: variables, arguments of the backend, templates.
fn changed_folders(context: &Context, estate: &Estate, commit: &str) -> Result<BTreeSet<String>, Failure> {
    let roots: Vec<&str> = estate.pipelines.iter().filter_map(Pipeline::root).collect();
    if roots.is_empty() {
        return Ok(BTreeSet::new());
    }
    let paths = context.git().changed_since(commit)?;
    let paths: Vec<String> =
        paths.iter().map(|path| read_estate::below(&context.settings.terraform_dir, path)).collect();
    let is_changed = |folder: &&str| {
        let inside =
            |path: &String| path.strip_prefix(*folder).and_then(|rest| rest.strip_prefix('/')).map(str::to_owned);
        paths.iter().filter_map(inside).any(|path| !is_left_behind(&path))
    };
    Ok(roots.into_iter().filter(is_changed).map(str::to_owned).collect())
}

/// What the files say of each pipeline, by its address.
fn texts(reading: &Reading<'_>) -> BTreeMap<String, String> {
    let text = |pipeline: &Pipeline| Some((pipeline.address(), reading.text_of(pipeline)?));
    reading.estate().pipelines.iter().filter_map(text).collect()
}
