//! Moves the tags and makes the services follow, as one release with one record.

use super::super::super::Outcome;
use super::super::make_tags;
use super::super::service_records::service_records;
use super::super::verification::{self, Restart};
use super::{Deployment, HoldRule, Request, observe, report};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::operations::verify_images::{Verdict, Verification};
use crate::releases::{self, Hold, Lock, Permit, Record};

/// Acts on what was shown. The caller has the lock.
pub fn act(context: &Context, request: &Request, deployment: &Deployment, lock: &Lock) -> Outcome {
    let store = context.store()?;
    let mut record = record(context, request, deployment);
    store.begin(&request.namespace, &record)?;
    let placed = put_hold(context, request, &record)?;
    let made = make_tags::make(context, &deployment.release.plan, &lock.permit())?;
    if let Err(failure) = made.ending {
        if failure.kind == Kind::Interrupted {
            // The record stays unfinished: the next run goes on with it.
            return Err(failure.hint("run the same command again: it goes on from here"));
        }
        // A tag stage that failed was put back: with no new release there is nothing to keep others away from.
        if let Some(placed) = placed {
            placed.take_back(context, request)?;
        }
        finish(context, request, &mut record, releases::Outcome::Failed)?;
        return Err(failure.hint(format!("pipelinectl show {} tells what was recorded", record.id)));
    }
    let rows = match roll_out(context, request, deployment, lock.permit()) {
        Ok(rows) => rows,
        Err(failure) => {
            finish(context, request, &mut record, releases::Outcome::Failed)?;
            return Err(failure);
        }
    };
    note_targets(&mut record, &rows);
    let stopped = rows.iter().any(|row| matches!(row.verdict, Verdict::NotAwaited | Verdict::Interrupted));
    if stopped {
        // The next run goes on with it.
        store.begin(&request.namespace, &record)?;
    } else {
        finish(context, request, &mut record, verification::ending(&rows))?;
    }
    report::done(context, request, deployment, &record, &rows)
}

fn roll_out(
    context: &Context,
    request: &Request,
    deployment: &Deployment,
    permit: Permit,
) -> Result<Vec<Verification>, Failure> {
    if !request.restarts {
        return Ok(Vec::new());
    }
    let restart = Restart {
        namespace: &request.namespace,
        services: &request.services,
        tag: &request.tag,
        digests: &deployment.release.plan.digests(),
        moved: &observe::moved(context, request, &deployment.release)?,
        timeout: request.timeout,
        permit,
    };
    verification::restart(context, &restart)
}

/// A hold that was put on, and the one in whose place.
struct Placed {
    before: Option<Hold>,
}

impl Placed {
    fn take_back(self, context: &Context, request: &Request) -> Result<(), Failure> {
        let store = context.store()?;
        match self.before {
            Some(before) => store.set_hold(&request.namespace, &before)?,
            None => drop(store.remove_hold(&request.namespace)?),
        }
        Ok(())
    }
}

fn put_hold(context: &Context, request: &Request, record: &Record) -> Result<Option<Placed>, Failure> {
    let HoldRule::Put(reason) = &request.hold else { return Ok(None) };
    let before = context.store()?.hold(&request.namespace)?;
    if before.as_ref().is_some_and(|before| before.release.as_ref() == Some(&record.id)) {
        // An earlier run of this release put it on.
        return Ok(Some(Placed { before: None }));
    }
    let hold = Hold {
        by: record.by.clone(),
        since: context.clock.now(),
        reason: reason.clone(),
        release: Some(record.id.clone()),
    };
    context.store()?.set_hold(&request.namespace, &hold)?;
    Ok(Some(Placed { before }))
}

fn record(context: &Context, request: &Request, deployment: &Deployment) -> Record {
    let fresh = || Record {
        source: Some(request.asked.clone()),
        reason: request.reason.clone(),
        ..context.new_record(request.command, &request.namespace)
    };
    let base = deployment.begun.clone().unwrap_or_else(fresh);
    let mut services = service_records(&deployment.release.plan);
    services.retain(|service| request.services.iter().any(|wanted| wanted.name == service.service));
    for service in &mut services {
        // A rerun finds tags that the first run had moved: what they named before that run is what it recorded.
        let earlier = base.services.iter().find(|earlier| earlier.service == service.service);
        if let Some(earlier) = earlier.filter(|earlier| earlier.digest_after == service.digest_before) {
            service.digest_before.clone_from(&earlier.digest_before);
            service.commit_before.clone_from(&earlier.commit_before);
        }
    }
    services.extend(deployment.others.iter().cloned());
    let allowed = deployment.release.allowed().iter().map(ToString::to_string).collect();
    Record { digests: deployment.release.digests(), services, allowed, ..base }
}

fn note_targets(record: &mut Record, rows: &[Verification]) {
    for service in &mut record.services {
        service.targets = verification::target_records(rows, &service.service);
    }
}

fn finish(
    context: &Context,
    request: &Request,
    record: &mut Record,
    outcome: releases::Outcome,
) -> Result<(), Failure> {
    record.finished = Some(context.clock.now());
    record.outcome = Some(outcome);
    Ok(context.store()?.finish(&request.namespace, record)?)
}
