//! Whether every service runs what its pipeline's tag names.

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
    /// The Lambda function, or cluster/service of ECS.
    pub target: Option<String>,
    /// The digest that the pipeline's tag names.
    pub digest: Option<String>,
    /// `verified`, or what is wrong.
    pub verdict: String,
    /// Whether that speaks against the release.
    pub failed: bool,
}

impl ServiceRow {
    /// The row of a verification.
    pub fn of(verification: &Verification) -> Self {
        Self {
            service: verification.service.clone(),
            target: verification.target.as_ref().map(ToString::to_string),
            digest: verification.wanted.as_ref().map(ToString::to_string),
            verdict: verdict(&verification.verdict),
            failed: verification.verdict.is_failure(),
        }
    }
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Verified => "verified".to_owned(),
        Verdict::RunsOther(digest) => format!("runs another image, {}", digest.short()),
        Verdict::RunsNoImage => "runs no image".to_owned(),
        Verdict::StillChanging => "is still changing".to_owned(),
        Verdict::Failed { code, reason } => format!("failed, {code}: {reason}"),
        Verdict::Absent => "is not there".to_owned(),
        Verdict::AbsentOptional => "is not there, which is allowed".to_owned(),
        Verdict::TagOnly => "has a tag only".to_owned(),
        Verdict::NotVerified(why) => format!("not verified: {why}"),
        Verdict::Error(error) => format!("not verified: {error}"),
    }
}

/// Asks every target of every service what it runs.
pub fn verify(context: &Context, namespace: &Namespace, plan: &TagPlan) -> Result<Vec<Verification>, Failure> {
    let digests = plan.digests();
    let request = VerifyRequest {
        namespace,
        services: &context.settings.services,
        registry: &context.settings.ecr,
        digests: &digests,
        wait: WAIT,
    };
    let progress = context.ui.reading();
    context.wait(verify_images(context.session()?, &request, &*progress))
}

/// What a record says of such an end.
pub fn ending(rows: &[Verification]) -> Outcome {
    if rows.iter().any(|row| row.verdict.is_failure()) {
        Outcome::Failed
    } else if rows.iter().any(|row| matches!(row.verdict, Verdict::NotVerified(_))) {
        Outcome::Done
    } else {
        Outcome::Verified
    }
}

/// The table of what runs.
pub fn table(rows: &[Verification]) -> String {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|verification| {
            let row = ServiceRow::of(verification);
            let verdict = if row.failed { paint::bad(&row.verdict) } else { paint::good(&row.verdict) };
            let digest = verification.wanted.as_ref().map(|digest| digest.short().to_owned());
            vec![row.service, row.target.unwrap_or_default(), digest.unwrap_or_default(), verdict]
        })
        .collect();
    format!("\n{}", table::table(&["SERVICE", "RUNS AS", "DIGEST", "STATE"], &cells))
}
