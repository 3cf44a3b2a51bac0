//! Takes away what was shown: the resources, the block, the tags.

use super::super::common::{retired_tags as tags, stage};
use super::super::{End, Outcome};
use super::observe::Retirement;
use super::{Arguments, known, report};
use crate::context::Context;
use crate::failure::Failure;
use crate::operations::terraform_run::Planned;
use crate::operations::write_edits::write_edits;
use crate::pipeline::Namespace;
use crate::releases::{self, Lock, Record};
use crate::terraform::Program;

/// Acts on the plan, and reports.
pub fn act(
    arguments: &Arguments,
    context: &Context,
    program: &Program,
    seen: &Retirement,
    planned: &Planned,
    lock: &Lock,
) -> Outcome {
    let namespace = &seen.namespace;
    let permit = lock.permit();
    let mut record = record(arguments, context, seen, planned);
    let store = context.store()?;
    permit.check()?;
    store.begin(namespace, &record)?;
    if planned.has_changes() {
        stage::apply(context, program, planned).map_err(|failure| {
            failure.hint("to go on, run the same command again: it destroys what is left, then removes block and tags")
        })?;
    }
    // A root of its own goes last: without it, the same command could not go on.
    let has_root = seen.block.root.is_some();
    let take_out = || {
        write(context, seen).map_err(|failure| failure.hint("its resources are destroyed; run the same command again"))
    };
    if !has_root {
        take_out()?;
    }
    let (rows, failure) = tags::remove(context, &seen.tag, &seen.tags, arguments.delete_images, &permit)?;
    record.services = tags::services(&seen.tags, Some(&rows), &record.services);
    if let Some(failure) = failure {
        store.begin(namespace, &record)?;
        report::print(arguments, context, seen, Some(planned), Some(&rows));
        return Err(failure);
    }
    if has_root {
        // From here on nothing can be half destroyed: should the folder be gone next time, nothing is lost with it.
        record.applying = false;
        store.begin(namespace, &record)?;
        take_out()?;
    }
    record.finished = Some(context.clock.now());
    record.outcome = Some(releases::Outcome::Done);
    store.finish(namespace, &record)?;
    lift_hold(context, namespace)?;
    Ok(report::end(arguments, context, seen, planned, &rows))
}

/// There is nothing left to take away. The record of a `retire` that ended just before it was completed is completed.
pub fn nothing(arguments: &Arguments, context: &Context, seen: &Retirement, planned: Option<&Planned>) -> Outcome {
    let namespace = &seen.namespace;
    if let Some(record) = seen.begun() {
        let (finished, outcome) = (Some(context.clock.now()), Some(releases::Outcome::Done));
        context.store()?.finish(namespace, &Record { finished, outcome, ..record.clone() })?;
        lift_hold(context, namespace)?;
    }
    report::print(arguments, context, seen, planned, None);
    let staying = report::staying(seen, arguments);
    context.ui.say(&match staying {
        Some(staying) => format!("\nNothing to do: {namespace} has neither block nor resources. {staying}"),
        None => format!("\nNothing to do: there is nothing of {namespace}.{}", known(&seen.block.estate)),
    });
    Ok(End::Done)
}

fn lift_hold(context: &Context, namespace: &Namespace) -> Result<(), Failure> {
    if let Some(hold) = context.store()?.remove_hold(namespace)? {
        context.ui.say(&format!("The hold of {} ({}) is lifted with it.", hold.by, hold.reason));
    }
    Ok(())
}

fn write(context: &Context, seen: &Retirement) -> Result<(), Failure> {
    if seen.block.edits.is_empty() {
        return Ok(());
    }
    write_edits(&context.settings.directory, &seen.block.edits)?;
    context.ui.say(&seen.block.removed(context));
    Ok(())
}

fn record(arguments: &Arguments, context: &Context, seen: &Retirement, planned: &Planned) -> Record {
    let mut allowed: Vec<String> = planned.verdict.allowed.iter().map(ToString::to_string).collect();
    for (given, flag) in [
        (arguments.delete_images, "--delete-images"),
        (arguments.no_refresh, "--no-refresh"),
        (arguments.allow_behind, "--allow-behind"),
    ] {
        if given {
            allowed.push(flag.to_owned());
        }
    }
    let begun = seen.begun().cloned().unwrap_or_else(|| context.new_record("retire", &seen.namespace));
    // The tags of then: by now some may be gone.
    let services = tags::services(&seen.tags, None, &begun.services);
    Record { allowed, services, applying: true, ..begun }
}
