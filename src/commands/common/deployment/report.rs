//! What a release command says at its end.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::super::{End, Outcome};
use super::super::tag_rows::TagRow;
use super::super::verification::{self, ServiceRow};
use super::{Deployment, HoldRule, Request};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::operations::verify_images::{Verdict, Verification};
use crate::pipeline::Namespace;
use crate::pipeline::release::Superseded;
use crate::releases::{self, Record};

/// What `deploy`, `rollback`, `notify` and `retag` print with `--format json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeploymentReport {
    /// The pipeline; none for a tag of no pipeline, which only `retag` gives.
    pub namespace: Option<String>,
    /// The tag.
    pub tag: String,
    /// The record of it, for `show` and `rollback --to`; none where nothing was done.
    pub release: Option<String>,
    /// Whether something was changed; false for a dry run.
    pub changed: bool,
    /// How it ended; none where nothing was done.
    pub outcome: Option<releases::Outcome>,
    /// Why nothing was done, if a newer release had overtaken this one.
    pub superseded: Option<String>,
    /// One for each repository.
    pub tags: Vec<TagRow>,
    /// One for each target of each service; for a dry run, as it is now.
    pub services: Vec<ServiceRow>,
}

impl DeploymentReport {
    fn of(request: &Request) -> Self {
        Self::of_tag(Some(&request.namespace), &request.tag)
    }

    /// A report of nothing yet about a tag.
    pub fn of_tag(namespace: Option<&Namespace>, tag: &str) -> Self {
        Self {
            namespace: namespace.map(ToString::to_string),
            tag: tag.to_owned(),
            release: None,
            changed: false,
            outcome: None,
            superseded: None,
            tags: Vec::new(),
            services: Vec::new(),
        }
    }
}

/// The end of a release that a newer one had overtaken: nothing moves, and that is no failure.
pub fn superseded(context: &Context, request: &Request, superseded: &Superseded, recorded: bool) -> Outcome {
    let mut report = DeploymentReport::of(request);
    if recorded {
        let record = Record {
            source: Some(request.asked.clone()),
            outcome: Some(releases::Outcome::Superseded),
            finished: Some(context.clock.now()),
            ..context.new_record(request.command, &request.namespace)
        };
        context.store()?.keep(&request.namespace, &record)?;
        report.release = Some(record.id);
        report.outcome = record.outcome;
    }
    report.superseded = Some(superseded.to_string());
    context.ui.report(&report, |_| format!("Superseded: {superseded}. Nothing was changed.\n"));
    Ok(End::Done)
}

/// The end of a request that has nothing to do, or that is a dry run.
pub fn nothing(context: &Context, request: &Request, deployment: &Deployment) -> Outcome {
    let is_nothing = deployment.is_nothing(request);
    let report = DeploymentReport {
        tags: deployment.release.rows(),
        services: deployment.targets.iter().map(ServiceRow::of).collect(),
        ..DeploymentReport::of(request)
    };
    // A target that will not come right by itself is no "nothing to do".
    let failure = if is_nothing { Failure::not_running(request.namespace.as_str(), &deployment.targets) } else { None };
    context.ui.report(&report, |_| match (&failure, is_nothing) {
        (Some(_), _) => verification::table(&deployment.targets),
        (None, true) => "Nothing to do: the tags name these images, and every service runs them.\n".to_owned(),
        (None, false) => String::new(),
    });
    if !is_nothing {
        context.ui.say("Dry run: nothing was changed.");
    }
    failure.map_or(Ok(End::Done), Err)
}

/// What is to be done about targets that do not run the release.
fn advised(request: &Request, mut failure: Failure) -> Failure {
    let again = match failure.kind {
        Kind::Interrupted => "run the same command again: it goes on from here",
        _ => "when the reason is gone, run the same command again: it restarts only what does not run its image yet",
    };
    let namespace = &request.namespace;
    let other = match request.command {
        "rollback" => Some("--to takes another release or commit".to_owned()),
        "deploy" => Some(format!("to go back: pipelinectl rollback {namespace}")),
        _ => None,
    };
    // The advice for each target says the same in more words.
    let is_said = |hint: &String| hint.contains("pipelinectl notify") || hint.contains("pipelinectl rollback");
    failure.hints.retain(|hint| hint.contains("--timeout") || !is_said(hint));
    failure.hints.extend([again.to_owned()].into_iter().chain(other));
    failure
}

/// The end of a release that went.
pub fn done(
    context: &Context,
    request: &Request,
    deployment: &Deployment,
    record: &Record,
    rows: &[Verification],
) -> Outcome {
    let report = DeploymentReport {
        release: Some(record.id.clone()),
        changed: true,
        outcome: record.outcome,
        tags: deployment.release.rows(),
        services: rows.iter().map(ServiceRow::of).collect(),
        ..DeploymentReport::of(request)
    };
    context.ui.report(&report, |_| if rows.is_empty() { String::new() } else { verification::table(rows) });
    if let Some(failure) = Failure::not_running(request.namespace.as_str(), rows) {
        return Err(advised(request, failure));
    }
    let ui = &context.ui;
    let idle = rows.iter().filter(|row| matches!(row.verdict, Verdict::Idle { .. })).count();
    ui.say(&match (request.restarts, idle) {
        (false, _) => format!(
            "{} names this image. No service was restarted; to make them run it: pipelinectl notify {}",
            request.tag, request.namespace
        ),
        (true, 0) => format!("{} runs this release: {}.", request.namespace, record.id),
        (true, 1) => format!(
            "{} has this release: {}. One of its services wants no tasks and runs nothing.",
            request.namespace, record.id
        ),
        (true, idle) => format!(
            "{} has this release: {}. {idle} of its services want no tasks and run nothing.",
            request.namespace, record.id
        ),
    });
    if let HoldRule::Put(_) = request.hold {
        ui.say(&format!(
            "It is on hold, so that the next merge does not undo this. Lift it with: pipelinectl unhold {}",
            request.namespace
        ));
    }
    Ok(End::Done)
}
