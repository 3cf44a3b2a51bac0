//! Moves the tags and makes the services follow, as one release with one record.

use super::super::super::Outcome;
use super::super::make_tags;
use super::super::service_records::service_records;
use super::super::verification::{self, Restart};
use super::{Deployment, HoldRule, Request, observe, report, respect_hold};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::operations::move_tags::{MoveOutcome, MoveReport};
use crate::operations::verify_images::{Verdict, Verification};
use crate::releases::{self, Hold, Lock, Permit, Record, ServiceRecord};

/// Acts on what was shown. The caller has the lock.
pub fn act(context: &Context, request: &Request, deployment: &Deployment, lock: &Lock) -> Outcome {
    let store = context.store()?;
    let permit = lock.permit();
    let mut record = record(context, request, deployment);
    store.begin(&request.namespace, &record)?;
    // Reading took its time, and a hold needs no lock: it may have been put on in between.
    if let Err(held) = respect_hold(context, request) {
        finish(context, request, &mut unmoved(record), releases::Outcome::Failed)?;
        return Err(held);
    }
    let placed = put_hold(context, request, &record)?;
    let made = make_tags::make(context, &deployment.release.plan, &permit)?;
    if let Err(failure) = made.ending {
        if failure.kind == Kind::Interrupted {
            // The record stays unfinished: the next run goes on with it.
            return Err(failure.hint("run the same command again: it goes on from here"));
        }
        // Where everything was put back there is no new release, and nothing to keep others away from.
        let all_back = made.report.left_standing().next().is_none() && permit.check().is_ok();
        if let Some(placed) = placed.filter(|_| all_back) {
            // One that somebody put in its place stays.
            store.take_back_hold(&request.namespace, &placed)?;
        }
        note_tags(&mut record, &made.report);
        finish(context, request, &mut record, releases::Outcome::Failed)?;
        return Err(failure.hint(format!("pipelinectl show {} tells what was recorded", record.id)));
    }
    let rows = match roll_out(context, request, deployment, permit) {
        Ok(rows) => rows,
        Err(failure) => {
            finish(context, request, &mut record, releases::Outcome::Failed)?;
            return Err(failure);
        }
    };
    note_targets(&mut record, &rows);
    let stopped = rows.iter().any(|row| matches!(row.verdict, Verdict::NotAwaited | Verdict::Interrupted));
    let recorded = if stopped {
        // The next run goes on with it.
        Ok(store.begin(&request.namespace, &record)?)
    } else {
        // Without restarts nobody looked at what runs.
        let outcome = if request.restarts { verification::ending(&rows) } else { releases::Outcome::Done };
        finish(context, request, &mut record, outcome)
    };
    // What was done is said even where it cannot be recorded.
    let end = report::done(context, request, deployment, &record, &rows)?;
    recorded.map(|()| end)
}

/// The record of a release of which no tag was moved.
fn unmoved(mut record: Record) -> Record {
    record.services.iter_mut().for_each(as_before);
    record
}

/// What became of the tags, where not all could be moved.
fn note_tags(record: &mut Record, report: &MoveReport) {
    for row in &report.rows {
        let stands = matches!(
            row.outcome,
            MoveOutcome::Made | MoveOutcome::AlreadyThere | MoveOutcome::Stays(_) | MoveOutcome::FailedAndStays(..)
        );
        if !stands {
            record.services.iter_mut().filter(|service| service.repository == row.repository).for_each(as_before);
        }
    }
}

fn as_before(service: &mut ServiceRecord) {
    service.digest_after.clone_from(&service.digest_before);
    service.commit_after.clone_from(&service.commit_before);
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

/// Puts the pipeline on hold, and gives the hold. One that is there already, with somebody's reason, protects as well.
fn put_hold(context: &Context, request: &Request, record: &Record) -> Result<Option<Hold>, Failure> {
    let HoldRule::Put(reason) = &request.hold else { return Ok(None) };
    let store = context.store()?;
    if let Some(there) = store.hold(&request.namespace)? {
        // An earlier run of this very release may have put it on.
        return Ok(Some(there).filter(|there| there.release.as_ref() == Some(&record.id)));
    }
    let hold = Hold {
        by: record.by.clone(),
        since: context.clock.now(),
        reason: reason.clone(),
        release: Some(record.id.clone()),
    };
    store.set_hold(&request.namespace, &hold)?;
    Ok(Some(hold))
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
