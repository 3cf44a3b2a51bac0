//! `pipelinectl set`

mod act;
mod observe;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::common::changes::Changes;
use super::common::lock::LockArguments;
use super::common::stage::{AllowArguments, PlanReport};
use super::common::target;
use super::{End, Outcome};
use crate::context::Context;
use crate::failure::Failure;
use crate::layout::Edit;
use crate::operations::write_edits::write_edits;
use observe::Setting;

/// Change what is configured of a pipeline, or any block
///
/// A pipeline is named by its namespace or 'live'; any block by its address: module.pipeline, locals, output.name,
/// module.x#2 for the second of that label. Only what is asked for changes; what is there already is left alone. A path
/// goes from the block inward: scale.tasks, index_config["2025-06-17"].works, queue#2.size for the second nested block;
/// '.' is the whole value of a pipeline that is an entry of a map. Values are HCL; a bare word is a string.
#[derive(Debug, Args)]
#[allow(clippy::doc_markdown, clippy::doc_link_with_quotes, reason = "the comment is the help")]
#[command(after_help = "\
Example:
  pipelinectl set 2022-10-14 scale.tasks=4 enabled=true
  pipelinectl set 2022-10-14 --unset legacy --add-item topics=local.more_topic_arn
  pipelinectl set 2022-10-14 --insert-after release_label max_capacity=12
  pipelinectl set locals live_date=2022-10-14       any block by its address
  pipelinectl set live scale.tasks=12 --apply       edit, plan, and apply what the plan may change")]
pub struct Arguments {
    /// The pipeline: its namespace or 'live'; or the address of a block
    #[arg(value_name = "NS|ADDRESS", add = target::completer())]
    target: String,
    /// What is changed
    #[command(flatten)]
    changes: Changes,
    /// The file of the block, where it is not clear
    #[arg(long, value_name = "FILE")]
    file: Option<String>,
    /// Plan and apply it: the plan may make and change things in this pipeline, and nothing else
    #[arg(long)]
    apply: bool,
    /// What may pass
    #[command(flatten)]
    allow: AllowArguments,
    /// Apply although the upstream branch has commits for the estate that this checkout lacks
    #[arg(long, requires = "apply")]
    allow_behind: bool,
    /// Do not fetch the upstream branch; compare with what was fetched last
    #[arg(long, requires = "apply")]
    no_fetch: bool,
    /// How long to wait
    #[command(flatten)]
    lock: LockArguments,
}

/// What `pipelinectl set --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// What was named: the pipeline, or the address of the block.
    pub target: String,
    /// The files that differ from what they were, relative to the project's folder.
    pub files: Vec<String>,
    /// Whether they were written; false for a dry run, and where everything was as asked.
    pub written: bool,
    /// What to look at.
    pub notes: Vec<String>,
    /// The plan, with `--apply`.
    pub plan: Option<PlanReport>,
    /// Whether it was applied.
    pub applied: bool,
}

/// Observes, plans, shows, asks, acts, reports.
pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let ui = &context.ui;
    if arguments.changes.0.is_empty() {
        return Err(Failure::usage("nothing is to be changed: name a path and a value")
            .hint("for instance: pipelinectl set 2022-10-14 scale.tasks=4"));
    }
    let mut setting = observe::observe(arguments, context)?;
    let mut ready = if arguments.apply { Some(act::ready(arguments, context, &setting)?) } else { None };
    setting.show(context);
    let mut report = setting.report();
    if setting.changed.edits.is_empty() {
        ui.say(&format!("Nothing to do: {} is as it was asked for.", setting.name));
    } else if context.dry_run {
        ui.say("\nDry run: nothing was changed.");
    } else {
        confirm(context, &setting)?;
        if let Some(ready) = &mut ready {
            ready.lock(arguments, context)?;
            let again = observe::observe(arguments, context)?;
            if again != setting {
                ui.warn("something was changed in the meantime; this is how it is now:");
                again.show(context);
                confirm(context, &again)?;
                setting = again;
            }
        }
        write_edits(&context.settings.directory, &setting.changed.edits)?;
        ui.say(&format!("Wrote {}.", report.files.join(", ")));
        report.written = true;
    }
    if let Some(ready) = ready.filter(|_| !context.dry_run) {
        return act::apply(arguments, context, ready, report);
    }
    ui.report(&report, |_| String::new());
    if report.written {
        let plan = match &setting.pipeline {
            Some(pipeline) => format!("pipelinectl plan {}", pipeline.namespace),
            None => "pipelinectl plan".to_owned(),
        };
        ui.next(&format!("see what it does with '{plan}'; commit it and open a pull request"));
    }
    Ok(End::Done)
}

fn confirm(context: &Context, setting: &Setting) -> Result<(), Failure> {
    if !context.ui.can_ask() {
        return Err(Failure::failed("nobody is there to say yes; nothing was changed")
            .hint("use --yes to go on unattended, or --dry-run to look only"));
    }
    let files: Vec<&str> = setting.changed.edits.iter().map(Edit::path).collect();
    if context.ui.confirm(&format!("Write {}?", files.join(", "))) {
        return Ok(());
    }
    Err(Failure::failed("answered no; nothing was changed"))
}
