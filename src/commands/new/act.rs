//! Makes what was shown: the edit, the tags, the plan, the apply.

use super::super::common::make_tags::make;
use super::super::common::service_records::service_records;
use super::super::common::stage::MayChange;
use super::super::common::{stage, verification};
use super::super::{End, Outcome};
use super::observe::NewPipeline;
use super::replaced::Leaving;
use super::{Arguments, Locks, report};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::layout::Edit;
use crate::operations::write_edits::write_edits;
use crate::pipeline::Pipeline;
use crate::releases::{Permit, Record};
use crate::terraform::{Permits, PlanOptions, Program};
use crate::ui::paint;

/// Terraform, found and new enough: before anything is changed. For the root of a pipeline, or for the estate's.
pub fn terraform(context: &Context, pipeline: Option<&Pipeline>) -> Result<Program, Failure> {
    let program = match pipeline {
        Some(pipeline) => stage::program_of(context, pipeline)?,
        None => stage::program(context)?,
    };
    program.version(&*context.ui.reading())?;
    Ok(program)
}

/// Acts on the plan, and reports. The caller has the lock.
pub fn act(arguments: &Arguments, context: &Context, program: &Program, plan: &NewPipeline, locks: &Locks) -> Outcome {
    let permit = locks.new.permit();
    // Only an apply that was begun leaves things half made; until then `new` creates, and no more.
    let half_made = plan.unfinished.as_ref().is_some_and(|record| record.applying);
    let permits = if half_made { Permits::Anything } else { Permits::Create };
    let mut record = record(arguments, context, plan);
    if !plan.is_nothing() {
        context.store()?.begin(&plan.namespace, &record)?;
        write(context, plan)?;
        make_tags(context, plan, &permit)?;
    }

    let own_root;
    let mut program = program;
    if plan.scaffold.pipeline.root().is_some() {
        stage::refuse_shared_state(context, &plan.namespace)?;
        own_root = stage::program_of(context, &plan.scaffold.pipeline)?;
        program = &own_root;
    }
    let mut changed = vec![MayChange::of(&plan.scaffold.pipeline, permits)];
    changed.extend(plan.leaving.iter().map(Leaving::may_change));
    let rules = stage::rules(&plan.scaffold.estate, &changed, &arguments.allow.allows)?;
    let planned = stage::plan(context, program, &PlanOptions::default(), &rules).map_err(|f| stands(plan, f, false))?;
    let may = match plan.scaffold.pipeline.root() {
        Some(folder) => format!("'new' may only create things in {folder}"),
        None => format!("'new' may only create things inside {}", plan.scaffold.pipeline.addresses().join(", ")),
    };
    let may = match &plan.leaving {
        Some(old) => format!("{may}, and destroy things inside {}", old.namespace),
        None => may,
    };
    stage::guard(context, &planned, &may).map_err(|failure| stands(plan, failure, true))?;
    if let Some(out) = &arguments.out {
        stage::keep(context, &planned, out, &changed, plan.release.named(context))?;
        context.ui.say("Nothing was applied.");
        if let Some(old) = plan.leaving.as_ref().filter(|old| old.changes() > 0) {
            let namespace = &old.namespace;
            let retire = format!("once the plan is applied, 'pipelinectl retire {namespace}' takes its tags away");
            context.ui.say(&format!("{}: {retire}", paint::hint("next")));
        }
        report::print(context, plan, Some(&planned), None, &[], None);
        return Ok(End::Done);
    }
    let nothing_leaves = plan.leaving.as_ref().is_none_or(Leaving::is_nothing);
    if !planned.has_changes() && plan.is_nothing() && plan.unfinished.is_none() && nothing_leaves {
        let rows = verification::verify(context, &plan.namespace, &plan.release.plan)?;
        return Ok(report::end(context, plan, &planned, None, &rows, None));
    }
    if let Some(old) = &plan.leaving {
        old.refuse_running(context, &planned).map_err(|failure| stands(plan, failure, true))?;
    }

    let (mut applied, mut leaves) = (None, None);
    if planned.has_changes() {
        plan.refuse_live(context)?;
        apply_is_wanted(context, plan).map_err(|failure| stands(plan, failure, true))?;
        record.applying = true;
        context.store()?.begin(&plan.namespace, &record)?;
        leaves = plan.leaving.as_ref().map(|old| old.begin(context, &plan.namespace)).transpose()?;
        applied = Some(stage::apply(context, program, &planned).map_err(|failure| to_give_up(plan, failure))?);
    } else if !plan.scaffold.edits.is_empty() {
        let sort = plan.scaffold.sort();
        context.ui.warn(&format!("terraform finds nothing to make for the {sort} in {}", plan.scaffold.place()));
    }
    let rows = verification::verify(context, &plan.namespace, &plan.release.plan)?;
    // Nothing but what it leaves behind was left to be done: that is no release of the new one.
    if applied.is_some() || !plan.is_nothing() || plan.unfinished.is_some() {
        record.finished = Some(context.clock.now());
        record.outcome = Some(verification::ending(&rows));
        context.store()?.finish(&plan.namespace, &record)?;
    }
    let (mut taken, mut failure) = (None, None);
    if let Some((old, lock)) = plan.leaving.as_ref().zip(locks.old.as_ref()) {
        let (rows, failed) = old.take_away(context, leaves, &plan.namespace, &lock.permit())?;
        (taken, failure) = (Some(rows), failed);
    }
    let end = report::end(context, plan, &planned, applied.as_ref(), &rows, taken.as_deref());
    failure.map_or(Ok(end), Err)
}

fn record(arguments: &Arguments, context: &Context, plan: &NewPipeline) -> Record {
    let allowed = arguments.allow.allows.iter().map(ToString::to_string);
    let allowed = allowed.chain(plan.release.allowed().iter().map(ToString::to_string)).collect();
    match &plan.unfinished {
        Some(record) => Record { allowed, ..record.clone() },
        None => Record {
            digests: plan.release.digests(),
            services: service_records(&plan.release.plan),
            allowed,
            block_added: !plan.scaffold.edits.is_empty(),
            replaces: plan.leaving.as_ref().map(Leaving::recorded),
            ..context.new_record("new", &plan.namespace)
        },
    }
}

fn write(context: &Context, plan: &NewPipeline) -> Result<(), Failure> {
    let edits: Vec<Edit> = plan.scaffold.edits.iter().chain(&plan.variables).cloned().collect();
    write_edits(&context.settings.directory, &edits)?;
    if !plan.scaffold.edits.is_empty() {
        context.ui.say(&plan.scaffold.written());
    }
    if let Some(variables) = &plan.variables {
        context.ui.say(&format!("Wrote {}.", variables.path()));
    }
    Ok(())
}

fn make_tags(context: &Context, plan: &NewPipeline, permit: &Permit) -> Result<(), Failure> {
    make(context, &plan.release.plan, permit)?.ending.map_err(|failure| {
        if failure.kind == Kind::Interrupted {
            return stands(plan, failure, true);
        }
        failure.hint(match plan.scaffold.pipeline.root() {
            Some(folder) => format!("the folder {folder} stays"),
            None => format!("the {} stays in {}", plan.scaffold.thing(), plan.scaffold.place()),
        })
    })
}

fn apply_is_wanted(context: &Context, plan: &NewPipeline) -> Result<(), Failure> {
    if !context.ui.can_ask() {
        return Err(
            Failure::failed("nobody is there to say yes; nothing was applied").hint("use --yes to go on unattended")
        );
    }
    let away = plan.leaving.as_ref().and_then(Leaving::in_words);
    let question = away.map_or_else(|| "Apply this plan?".to_owned(), |away| format!("Apply this plan, then {away}?"));
    if context.ui.confirm(&question) {
        return Ok(());
    }
    Err(Failure::failed("answered no; nothing was applied"))
}

/// Adds to the failure of an apply how to go on, and how to take away what was made. Nobody is told to take away a
/// pipeline that was there before.
fn to_give_up(plan: &NewPipeline, failure: Failure) -> Failure {
    let failure = failure.hint("to go on, run the same command again: it makes what is missing");
    if !plan.is_ours() {
        return failure;
    }
    if let Some(old) = &plan.leaving {
        let namespace = &old.namespace;
        return failure.hint(format!("what was destroyed of {namespace} does not come back"));
    }
    failure.hint(to_retire(plan))
}

/// `retire` destroys what is there of it, and takes block and tags away.
fn to_retire(plan: &NewPipeline) -> String {
    format!("to give up: pipelinectl retire {}", plan.namespace)
}

/// Adds to a failure what stands already and how to go on or take it away. `planned`: terraform could plan.
fn stands(plan: &NewPipeline, failure: Failure, planned: bool) -> Failure {
    if !plan.is_ours() {
        return failure;
    }
    let repositories = match plan.release.plan.moves.len() {
        1 => "1 repository".to_owned(),
        count => format!("{count} repositories"),
    };
    let (scaffold, tag, namespace) = (&plan.scaffold, &plan.tag, &plan.namespace);
    let (stands, away) = match scaffold.pipeline.root() {
        Some(folder) => (format!("the folder {folder}"), format!("to give up, take {folder} and the tag away")),
        None => (
            format!("{} in {}", scaffold.pipeline.address(), scaffold.place()),
            format!(
                "to give up, take the {} out of {} (git checkout); 'pipelinectl retire {namespace}' then takes the tag away",
                scaffold.sort(),
                scaffold.pipeline.file
            ),
        ),
    };
    let failure = failure.hint(format!("what stands: {stands}, and the tag {tag} in {repositories}"));
    let failure = failure.hint("to go on, run the same command again");
    // What a replacement took out comes back with git only.
    failure.hint(if planned && scaffold.replaced.is_none() { to_retire(plan) } else { away })
}
