//! `pipelinectl status`

mod observe;
mod report;
mod show;

pub use report::Report;

use clap::Args;

use super::common::{release, target};
use super::{End, Outcome};
use crate::context::Context;

/// What the tags of a pipeline name, what runs, and what Terraform applied last
///
/// For each service: the commit of its tag, whether that runs and is what Terraform applied last, how many commits the
/// main branch is ahead, and when it was deployed. Without NS, a line for each pipeline of the estate.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl status                           every pipeline, a line each
  pipelinectl status live                      every service of one
  pipelinectl status live --detailed-exitcode  for a script: 2 where something differs")]
pub struct Arguments {
    /// The pipeline: its namespace, 'live', or the address of its block [default: all]
    #[arg(value_name = "NS", add = target::completer())]
    pipeline: Option<String>,
    /// End with 2 where something runs, or was applied, that the tags do not name, or services are on several commits
    #[arg(long)]
    detailed_exitcode: bool,
}

/// Reads AWS, the state, git and the records, and prints what they say of each other.
pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let ui = &context.ui;
    release::require_services(&context.settings)?;
    let namespace = arguments.pipeline.as_deref().map(|word| target::resolve(context, word)).transpose()?;
    let observed = observe::observe(context, namespace.as_ref())?;
    let report = observed.report;
    let every_commit = context.settings.images.every_commit;
    ui.report(&report, |report| match namespace {
        Some(_) => report.pipelines.iter().map(|row| show::pipeline(row, ui.width())).collect(),
        None => show::summary(&report.pipelines, ui.width()),
    });
    for row in &report.pipelines {
        show::warnings(context, row, every_commit, namespace.is_none());
    }
    if report.pipelines.is_empty() {
        ui.say("There is no pipeline yet. Make one: pipelinectl new 2022-08-31");
    }
    for note in &observed.notes {
        ui.say(note);
    }
    if let Some(failure) = observed.failure {
        return Err(failure);
    }
    let skew = report.pipelines.iter().any(|row| row.skew);
    Ok(if skew && arguments.detailed_exitcode { End::Changes } else { End::Done })
}
