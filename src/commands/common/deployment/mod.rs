//! One release going to one pipeline: what `deploy`, `rollback`, `notify` and `retag` have in common.
//!
//! Each of them is a [`Request`]: which images, which services, and what may stand in the way. What was observed for it
//! is a [`Deployment`], a plain value; acting on it moves the tags and makes the services follow.

mod act;
mod observe;
mod report;
mod show;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::{End, Outcome};
use crate::context::Context;
use crate::failure::Failure;
use crate::pipeline::Namespace;
use crate::pipeline::image::Digest;
use crate::pipeline::release::{ImageSource, Policy};
use crate::pipeline::service::{Repository, Service};
use crate::releases::{self, Lock};

pub use observe::{Deployment, Observed, named_now};
pub use report::DeploymentReport;

/// What a command wants of a pipeline.
pub struct Request {
    /// The command, as records name it.
    pub command: &'static str,
    /// The pipeline.
    pub namespace: Namespace,
    /// The pipeline's tag.
    pub tag: String,
    /// The services that it is about.
    pub services: Vec<Service>,
    /// Which images.
    pub source: ImageSource,
    /// What was asked for, as a record says it: `latest`, `commit 89ab…`.
    pub asked: String,
    /// Images that are known by digest and win over the source.
    pub pinned: BTreeMap<Repository, Digest>,
    /// What a tag may be moved to.
    pub policy: Policy,
    /// Whether git may fetch to learn of commits.
    pub fetch: bool,
    /// Whether images of other commits than the one asked for are out of the question.
    pub exact: bool,
    /// Whether services are restarted; otherwise only tags move.
    pub restarts: bool,
    /// What a hold on the pipeline means for it, and whether it puts one there.
    pub hold: HoldRule,
    /// How long the services are waited for.
    pub timeout: Duration,
    /// Why, as the record shall say.
    pub reason: Option<String>,
}

/// What a hold means for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldRule {
    /// A pipeline on hold is left alone: refused.
    Respect,
    /// It changes nothing that a hold protects.
    Ignore,
    /// The pipeline is put on hold, for this reason.
    Put(String),
}

/// Whose turn it is: what the lock needs to know.
pub struct Turn<'a> {
    /// The command, as the lock names it.
    pub command: &'static str,
    /// The pipeline.
    pub namespace: &'a Namespace,
    /// How long the lock is waited for.
    pub patience: Duration,
}

/// Runs the whole sentence for what `wanted` says. It is asked again under the lock: where a rollback goes depends on what
/// others did in the meantime.
pub fn run(context: &Context, turn: &Turn<'_>, wanted: &dyn Fn() -> Result<Request, Failure>) -> Outcome {
    let ui = &context.ui;
    let acts = !context.dry_run;
    if acts && !ui.can_ask() {
        return Err(Failure::failed("nobody is there to say yes").hint("use --yes to go on unattended"));
    }
    // Answered beforehand, nothing can change between the question and the lock: one reading is enough.
    let lock = if acts && ui.says_yes() { Some(locked(context, turn)?) } else { None };
    let request = wanted()?;
    let deployment = match observe::observe(context, &request, &request.pinned, lock.is_some())? {
        Observed::Deployment(deployment) => deployment,
        Observed::Superseded(superseded) => return report::superseded(context, &request, &superseded, lock.is_some()),
    };
    show::show(context, &request, &deployment);
    if deployment.is_nothing(&request) || !acts {
        return report::nothing(context, &request, &deployment);
    }
    if !ui.confirm(&show::question(&request, &deployment)) {
        return Err(Failure::failed("answered no; nothing was changed"));
    }
    if let Some(lock) = lock {
        return act::act(context, &request, &deployment, &lock);
    }
    let lock = locked(context, turn)?;
    match again(context, &request, wanted()?, &deployment)? {
        Again::Go(request, now) => act::act(context, &request, &now, &lock),
        Again::Stop(end) => Ok(end),
    }
}

#[allow(clippy::large_enum_variant, reason = "there is one of it in a run")]
enum Again {
    Go(Request, Deployment),
    Stop(End),
}

/// Reads everything again under the lock; what is other than it was is shown and asked about. The images are those that
/// were shown, whatever `latest` names by now.
fn again(context: &Context, before: &Request, request: Request, shown: &Deployment) -> Result<Again, Failure> {
    let same = request.asked == before.asked;
    let pinned = if same { shown.release.digests() } else { request.pinned.clone() };
    let now = match observe::observe(context, &request, &pinned, true)? {
        Observed::Deployment(now) => now,
        Observed::Superseded(superseded) => {
            return report::superseded(context, &request, &superseded, true).map(Again::Stop);
        }
    };
    if !same || now.release.plan != shown.release.plan || now.restarts().ne(shown.restarts()) {
        context.ui.warn("something was changed in the meantime; this is how it is now:");
        show::show(context, &request, &now);
        if now.is_nothing(&request) {
            return report::nothing(context, &request, &now).map(Again::Stop);
        }
        if !context.ui.confirm("Go on?") {
            return Err(Failure::failed("answered no; nothing was changed"));
        }
    }
    Ok(Again::Go(request, now))
}

fn locked(context: &Context, turn: &Turn<'_>) -> Result<Lock, Failure> {
    context.lock(turn.namespace, turn.command, turn.patience)
}

/// Refuses a pipeline that is on hold.
fn respect_hold(context: &Context, request: &Request) -> Result<(), Failure> {
    if request.hold == HoldRule::Respect {
        context.store()?.refuse_held(&request.namespace)?;
    }
    Ok(())
}

/// The record of what an earlier run of the same request began and did not end, if there is one. Without the lock, it may be
/// that of a command which is at work just now: then it is not ours to go on with.
fn unfinished(context: &Context, request: &Request, locked: bool) -> Result<Option<releases::Record>, Failure> {
    let store = context.store()?;
    let Some(record) = store.unfinished(&request.namespace)? else { return Ok(None) };
    if !locked && let Some(holder) = store.holder(&request.namespace)? {
        context.ui.warn(&format!("{holder} is at work on {}", request.namespace));
        return Ok(None);
    }
    if record.command == "new" || record.command == "retire" {
        return Err(Failure::refused(format!(
            "'{} {}' was begun by {} and has not ended: its pipeline is not whole",
            record.command, request.namespace, record.by
        ))
        .hint(format!("finish it first: pipelinectl {} {}", record.command, request.namespace)));
    }
    let registry = &context.settings.ecr;
    let repositories: BTreeSet<Repository> =
        request.services.iter().map(|service| service.repository_in(registry)).collect();
    // What was begun for other services is another release.
    let same = record.command == request.command
        && record.source.as_deref() == Some(&request.asked)
        && record.digests.keys().eq(&repositories);
    Ok(same.then_some(record))
}
