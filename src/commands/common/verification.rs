//! Whether every service runs what its pipeline's tag names.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::operations::verify_images::{Verdict, Verification, VerifyRequest, verify_images};
use crate::pipeline::Namespace;
use crate::pipeline::release::TagPlan;
use crate::releases::Outcome;
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
    let text = verification.verdict.text();
    match verification.verdict {
        Verdict::Idle { .. } | Verdict::AbsentOptional | Verdict::TagOnly => text,
        Verdict::Verified if verification.restarted => paint::good(&format!("{text}, restarted")),
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
