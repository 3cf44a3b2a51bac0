//! `pipelinectl hold`

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::common::{estate, target};
use super::{End, Outcome};
use crate::context::Context;
use crate::failure::Failure;
use crate::releases::Hold;
use crate::settings::ReleaseStore;

/// Keep deployments away from a pipeline
///
/// Until 'unhold', 'deploy' refuses the pipeline and says who holds it and why. It takes effect at once, also while
/// a deployment waits for its turn; one that has begun to move tags goes on.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl hold live --reason 'the new parser loses authors'
  pipelinectl unhold live")]
pub struct Arguments {
    /// The pipeline: its namespace, 'live', or the address of its block
    #[arg(value_name = "NS", add = target::completer())]
    pipeline: String,
    /// Why; whoever is refused reads it
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// What `pipelinectl hold --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// The pipeline.
    pub namespace: String,
    /// Whether something was changed; false for a dry run.
    pub changed: bool,
    /// What keeps deployments away from it.
    pub hold: Hold,
    /// The hold that was there before.
    pub before: Option<Hold>,
    /// Who works on the pipeline right now, and is not stopped by the hold.
    pub at_work: Option<String>,
}

/// Observes the pipeline and its hold, shows what is put on, puts it on.
///
/// It asks nothing and takes no lock. A hold is one write, whole or not at all. Whoever sees a bad deployment under way
/// must be able to keep the next one away, and that one may be waiting for the lock already; it looks for a hold when
/// it has got it.
pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let ui = &context.ui;
    let namespace = target::resolve(context, &arguments.pipeline)?;
    let reason = arguments.reason.trim();
    if reason.is_empty() {
        return Err(Failure::usage("a hold needs a reason").hint("tell it with --reason TEXT"));
    }
    // A hold on a name that was mistyped would keep nobody away.
    estate::require(context, &namespace)?;
    let store = context.store()?;
    let before = store.hold(&namespace)?;
    let at_work = store.holder(&namespace)?.map(|holder| holder.to_string());

    let hold = match &before {
        Some(before) if before.reason == reason => before.clone(),
        _ => Hold {
            by: context.who(),
            since: context.clock.now(),
            reason: reason.to_owned(),
            release: before.as_ref().and_then(|before| before.release.clone()),
        },
    };
    if let Some(before) = &before {
        ui.say(&format!("{namespace} is held already, {}", described(before)));
    }
    if context.settings.store == ReleaseStore::Unset {
        ui.warn("[releases] store is not set: the hold keeps away the deployments of this machine only");
    }
    let nothing = before.as_ref() == Some(&hold);
    let changed = !nothing && !context.dry_run;
    if changed {
        store.set_hold(&namespace, &hold)?;
    }
    let report = Report { namespace: namespace.to_string(), changed, hold, before, at_work };
    ui.report(&report, |report| {
        if nothing || context.dry_run {
            return String::new();
        }
        format!("{} is held, {}\n", report.namespace, described(&report.hold))
    });
    if let Some(at_work) = &report.at_work {
        ui.say(&format!("{at_work} is at work on it, and is not stopped."));
    }
    ui.say(&match (nothing, context.dry_run) {
        (true, _) => "Nothing to do.".to_owned(),
        (false, true) => format!("Dry run: {namespace} would be held, {}", described(&report.hold)),
        (false, false) => format!("To let deployments in again: pipelinectl unhold {namespace}"),
    });
    Ok(End::Done)
}

/// Who holds a pipeline, since when and why.
pub(super) fn described(hold: &Hold) -> String {
    let since = hold.since.strftime("%F %T UTC");
    format!("by {} since {since}: {}", hold.by, hold.reason)
}
