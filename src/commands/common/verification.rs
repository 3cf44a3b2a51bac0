//! Whether every service runs what its pipeline's tag names.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::operations::rollout::{RolloutRequest, rollout};
use crate::operations::verify_images::{Verdict, Verification, VerifyRequest, verify_images};
use crate::pipeline::Namespace;
use crate::pipeline::image::Digest;
use crate::pipeline::release::TagPlan;
use crate::pipeline::service::{Repository, Service};
use crate::releases::{Outcome, Permit, TargetEnding, TargetRecord};
use crate::terraform::Interrupts;
use crate::ui::{paint, table};

/// How long a function that is still changing is waited for.
const WAIT: Duration = Duration::from_secs(15 * 60);

/// What runs a service, in a report.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ServiceRow {
    /// The service.
    pub service: String,
    /// The repository of its images.
    pub repository: String,
    /// The Lambda function, or cluster/service of ECS.
    pub target: Option<String>,
    /// The digest that the pipeline's tag names.
    pub digest: Option<String>,
    /// The digest that runs, where that is known.
    pub running: Option<String>,
    /// `verified`, `idle`, or what is wrong.
    pub verdict: String,
    /// Whether that speaks against the release.
    pub failed: bool,
    /// Whether it was restarted.
    pub restarted: bool,
    /// Why tasks stopped and what ECS told last, where a deployment failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
}

impl ServiceRow {
    /// The row of a verification.
    pub fn of(verification: &Verification) -> Self {
        Self {
            service: verification.service.clone(),
            repository: verification.repository.name.clone(),
            target: verification.target.as_ref().map(ToString::to_string),
            digest: verification.wanted.as_ref().map(ToString::to_string),
            running: verification.running.as_ref().map(ToString::to_string),
            verdict: verification.verdict.text(),
            failed: verification.verdict.is_failure(),
            restarted: verification.restarted,
            details: verification.details.clone(),
        }
    }
}

/// Asks every target of every service what it runs.
pub fn verify(context: &Context, namespace: &Namespace, plan: &TagPlan) -> Result<Vec<Verification>, Failure> {
    let digests = plan.digests();
    let request = VerifyRequest {
        namespace,
        services: &context.settings.services,
        registry: &context.settings.ecr,
        tag: &plan.tag,
        digests: &digests,
        moved: &BTreeMap::new(),
        wait: WAIT,
    };
    let progress = context.ui.reading();
    context.wait(verify_images(context.session()?, &request, &*progress))
}

/// What is to be restarted where it does not run what its tag names.
pub struct Restart<'a> {
    /// The pipeline.
    pub namespace: &'a Namespace,
    /// Its services, or those that were chosen.
    pub services: &'a [Service],
    /// The pipeline's tag.
    pub tag: &'a str,
    /// What it names.
    pub digests: &'a BTreeMap<Repository, Digest>,
    /// Since when, where it is known.
    pub moved: &'a BTreeMap<Repository, Timestamp>,
    /// When the waiting ends.
    pub timeout: Duration,
    /// Of the lock that is held.
    pub permit: Permit,
}

/// Restarts what must be, all at once, and waits for it. Ctrl-C ends the waiting; what was restarted goes on.
pub fn restart(context: &Context, restart: &Restart<'_>) -> Result<Vec<Verification>, Failure> {
    let interrupts = Interrupts::of_process()
        .map_err(|error| Failure::failed(format!("the signals of this process cannot be watched: {error}")))?;
    let _watch = interrupts.watch();
    let request = RolloutRequest {
        namespace: restart.namespace,
        services: restart.services,
        registry: &context.settings.ecr,
        tag: restart.tag,
        digests: restart.digests,
        moved: restart.moved,
        timeout: restart.timeout,
        permit: restart.permit.clone(),
        stop: &|| interrupts.pressed(),
    };
    let progress = context.ui.progress();
    context.wait(rollout(context.session()?, &request, &*progress))
}

/// How it ended for each target of a service, for a record.
pub fn target_records(rows: &[Verification], service: &str) -> Vec<TargetRecord> {
    let record = |row: &Verification| {
        let ending = match &row.verdict {
            Verdict::Verified => TargetEnding::Verified,
            Verdict::Idle { .. } => TargetEnding::Idle,
            Verdict::AbsentOptional => TargetEnding::Absent,
            Verdict::Interrupted | Verdict::NotTried(_) => TargetEnding::NotTried,
            Verdict::NotAwaited | Verdict::TagOnly => TargetEnding::NotVerified,
            _ => TargetEnding::Failed,
        };
        let detail = row.verdict.is_failure().then(|| row.verdict.text());
        Some(TargetRecord { target: row.target.as_ref()?.to_string(), ending, detail })
    };
    rows.iter().filter(|row| row.service == service).filter_map(record).collect()
}

/// What a record says of such an end.
pub fn ending(rows: &[Verification]) -> Outcome {
    if rows.iter().any(|row| row.verdict.is_failure()) {
        Outcome::Failed
    } else if rows.iter().any(|row| matches!(row.verdict, Verdict::Idle { .. })) {
        Outcome::Done
    } else {
        Outcome::Verified
    }
}

fn state(verification: &Verification) -> String {
    let text = verification.text();
    match verification.verdict {
        Verdict::Idle { .. } | Verdict::AbsentOptional | Verdict::TagOnly => text,
        Verdict::Verified => paint::good(&text),
        _ => paint::bad(&text),
    }
}

/// The table of what runs.
pub fn table(rows: &[Verification]) -> String {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|verification| {
            let row = ServiceRow::of(verification);
            let verdict = state(verification);
            let digest = verification.wanted.as_ref().map(|digest| digest.short().to_owned());
            vec![row.service, row.target.unwrap_or_default(), digest.unwrap_or_default(), verdict]
        })
        .collect();
    format!("\n{}", table::table(&["SERVICE", "RUNS AS", "DIGEST", "STATE"], &cells))
}
