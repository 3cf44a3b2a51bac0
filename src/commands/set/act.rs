//! `set --apply`: plans, guards, applies.

use super::super::common::stage::{self, MayChange, PlanReport};
use super::super::common::upstream;
use super::super::{End, Outcome};
use super::observe::Setting;
use super::{Arguments, Report};
use crate::context::Context;
use crate::failure::Failure;
use crate::pipeline::{Estate, Pipeline};
use crate::releases::{self, Lock, Record};
use crate::terraform::{Permits, PlanOptions, Program};

/// What an apply needs, found before anything is changed.
pub struct Ready {
    pipeline: Pipeline,
    estate: Estate,
    program: Program,
    lock: Option<Lock>,
    /// The record of a `set` that did not end.
    begun: Option<Record>,
}

/// Finds the pipeline and terraform.
pub fn ready(arguments: &Arguments, context: &Context, setting: &Setting) -> Result<Ready, Failure> {
    let Some(pipeline) = setting.pipeline.clone() else {
        return Err(Failure::usage(format!("--apply needs a pipeline: {} is none", setting.name))
            .hint("write the change without --apply, then look at it with 'pipelinectl plan'"));
    };
    if !arguments.allow_behind {
        upstream::refuse_behind(context, !arguments.no_fetch)?;
    }
    stage::check_account(context)?;
    let program = stage::program_of(context, &pipeline)?;
    program.version(&*context.ui.reading())?;
    let mut ready = Ready { pipeline, estate: setting.estate.clone(), program, lock: None, begun: None };
    // Answered beforehand, nothing can change between the question and the lock.
    if context.ui.says_yes() && !context.dry_run {
        ready.lock(arguments, context)?;
    }
    Ok(ready)
}

impl Ready {
    /// Takes the pipeline's lock, if it is not taken.
    pub fn lock(&mut self, arguments: &Arguments, context: &Context) -> Result<(), Failure> {
        if self.lock.is_some() {
            return Ok(());
        }
        let namespace = &self.pipeline.namespace;
        self.lock = Some(context.lock(namespace, "set", arguments.lock.wait_lock)?);
        match context.store()?.unfinished(namespace)? {
            Some(record) if record.command != "set" => {
                Err(Failure::failed(format!("'{}' of {namespace} did not end; {} began it", record.command, record.by))
                    .hint(format!("run 'pipelinectl {} {namespace}' again first", record.command)))
            }
            begun => {
                self.begun = begun;
                Ok(())
            }
        }
    }
}

/// Plans what the files say now, and applies it when it changes nothing but this pipeline.
pub fn apply(arguments: &Arguments, context: &Context, mut ready: Ready, mut report: Report) -> Outcome {
    ready.lock(arguments, context)?;
    let (ui, pipeline) = (&context.ui, ready.pipeline);
    if pipeline.root().is_some() {
        stage::refuse_shared_state(context, &pipeline.namespace)?;
    }
    let changed = [MayChange::of(&pipeline, Permits::CreateAndUpdate)];
    let rules = stage::rules(&ready.estate, &changed, &arguments.allow.allows)?;
    let written = report.written.then(|| format!("what was written to {} stays", report.files.join(", ")));
    let stands = |failure: Failure| match &written {
        Some(written) => failure.hint(written.clone()).hint("to go on, run the same command again"),
        None => failure,
    };
    let planned = stage::plan(context, &ready.program, &PlanOptions::default(), &rules).map_err(stands)?;
    let may = format!("'set --apply' may only make and change things inside {}", pipeline.address());
    stage::guard(context, &planned, &may).map_err(stands)?;
    report.plan = Some(PlanReport::of(&planned));
    let store = context.store()?;
    let done = |record: Record| {
        let (finished, outcome) = (Some(context.clock.now()), Some(releases::Outcome::Done));
        store.finish(&pipeline.namespace, &Record { finished, outcome, ..record })
    };
    if planned.has_changes() {
        if !ui.can_ask() {
            return Err(stands(Failure::failed("nobody is there to say yes; nothing was applied"))
                .hint("use --yes to go on unattended"));
        }
        if !ui.confirm("Apply this plan?") {
            return Err(stands(Failure::failed("answered no; nothing was applied")));
        }
        let allowed = arguments.allow.allows.iter().map(ToString::to_string).collect();
        let begun = ready.begun.unwrap_or_else(|| context.new_record("set", &pipeline.namespace));
        let record = Record { allowed, applying: true, ..begun };
        store.begin(&pipeline.namespace, &record)?;
        stage::apply(context, &ready.program, &planned)
            .map_err(|failure| failure.hint("to go on, run the same command again"))?;
        done(record)?;
        report.applied = true;
        ui.say("\nApplied.");
    } else {
        // Of one that was stopped after its apply, only the record is left to be completed.
        if let Some(record) = ready.begun {
            done(record)?;
        }
        ui.say("No changes: what is there is what the configuration says.");
    }
    ui.report(&report, |_| String::new());
    if report.written {
        ui.next(&format!("commit {} and open a pull request", report.files.join(", ")));
    }
    Ok(End::Done)
}
