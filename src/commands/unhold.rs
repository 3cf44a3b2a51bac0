//! `pipelinectl unhold`

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::common::target;
use super::hold::described;
use super::{End, Outcome};
use crate::context::Context;
use crate::releases::Hold;

/// Let deployments in again that a hold keeps away
///
/// Lifts the hold that 'hold' or a rollback put on the pipeline, and says which one that was.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl unhold 2022-08-31 --dry-run   who holds it, and why
  pipelinectl unhold 2022-08-31")]
pub struct Arguments {
    /// The pipeline: its namespace, 'live', or the address of its block
    #[arg(value_name = "NS", add = target::completer())]
    pipeline: String,
}

/// What `pipelinectl unhold --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// The pipeline.
    pub namespace: String,
    /// Whether something was changed; false for a dry run, and where there was no hold.
    pub changed: bool,
    /// The hold that was there.
    pub hold: Option<Hold>,
}

/// Observes the hold, lifts it, says which one it was. It takes no lock, as `hold` does not. The pipeline need not be in
/// the estate any more: its hold can be lifted all the same.
pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let ui = &context.ui;
    let namespace = target::resolve(context, &arguments.pipeline)?;
    let store = context.store()?;
    let hold = if context.dry_run { store.hold(&namespace)? } else { store.remove_hold(&namespace)? };
    let report = Report { namespace: namespace.to_string(), changed: hold.is_some() && !context.dry_run, hold };
    ui.report(&report, |report| match &report.hold {
        Some(hold) if report.changed => format!("{namespace} is no longer held; it was, {}\n", described(hold)),
        _ => String::new(),
    });
    match &report.hold {
        None => ui.say(&format!("Nothing to do: {namespace} is not held.")),
        Some(hold) if context.dry_run => {
            ui.say(&format!("Dry run: a hold would be lifted: {namespace} is held, {}", described(hold)));
        }
        Some(_) => {}
    }
    Ok(End::Done)
}
