//! Looks, after an apply, whether every service runs what its pipeline's tag names.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::time::{Instant, sleep};

use crate::aws::lambda::{Function, Lambda, Readiness};
use crate::aws::{AwsError, Session};
use crate::pipeline::Namespace;
use crate::pipeline::image::Digest;
use crate::pipeline::service::{Registry, Repository, Service, Target};
use crate::progress::{Outcome, Progress};

/// `GetFunction` is allowed a hundred times a second ("Lambda quotas").
const AT_ONCE: usize = 32;
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// What is to be verified.
#[derive(Debug, Clone, Copy)]
pub struct VerifyRequest<'a> {
    /// The pipeline.
    pub namespace: &'a Namespace,
    /// Its services.
    pub services: &'a [Service],
    /// Where repositories are that say nothing themselves: `[aws.ecr]`.
    pub registry: &'a Registry,
    /// What the pipeline's tag names in each repository.
    pub digests: &'a BTreeMap<Repository, Digest>,
    /// How long a function that is still changing is waited for.
    pub wait: Duration,
}

/// What was found about one target of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The service's name.
    pub service: String,
    /// What runs it; a service without targets has none.
    pub target: Option<Target>,
    /// What the pipeline's tag names.
    pub wanted: Option<Digest>,
    /// What was found.
    pub verdict: Verdict,
}

/// Whether a target runs what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Verified,
    /// It runs another image.
    RunsOther(Digest),
    /// It runs no image: its code is a ZIP file.
    RunsNoImage,
    /// It was still changing when the time was over.
    StillChanging,
    /// Its creation or last update failed.
    Failed {
        /// The reason code.
        code: String,
        /// What AWS said.
        reason: String,
    },
    /// There is no such function, and there should be.
    Absent,
    /// There is no such function, and there need not be.
    AbsentOptional,
    /// The service has no target, so there is nothing to look at.
    TagOnly,
    /// Not looked at, and why.
    NotVerified(&'static str),
    /// AWS could not be asked.
    Error(AwsError),
}

impl Verdict {
    /// Whether it speaks against the release: anything that should run the image and does not, or is not known to.
    pub fn is_failure(&self) -> bool {
        !matches!(self, Self::Verified | Self::AbsentOptional | Self::TagOnly | Self::NotVerified(_))
    }
}

/// Looks at every target, all at once; one's failure does not keep the others from being looked at.
pub async fn verify_images(
    session: &Session,
    request: &VerifyRequest<'_>,
    progress: &dyn Progress,
) -> Vec<Verification> {
    let lambda = session.lambda();
    let deadline = Instant::now() + request.wait;
    let looks =
        request.services.iter().flat_map(|service| targets(service, request.namespace)).map(|(service, target)| {
            let lambda = &lambda;
            async move {
                let wanted = request.digests.get(&service.repository_in(request.registry)).cloned();
                let verdict = match &target {
                    None => Verdict::TagOnly,
                    Some(Target::Ecs(_)) => Verdict::NotVerified("ECS services are verified by deploy"),
                    Some(Target::Lambda(name)) => {
                        progress.started(name, "verifying");
                        let verdict = look(lambda, name, service.optional, wanted.as_ref(), deadline).await;
                        let outcome = if verdict.is_failure() { Outcome::Failed } else { Outcome::Done };
                        progress.finished(name, outcome, said(&verdict));
                        verdict
                    }
                };
                Verification { service: service.name.clone(), target, wanted, verdict }
            }
        });
    stream::iter(looks).buffered(AT_ONCE).collect().await
}

fn targets<'a>(service: &'a Service, namespace: &Namespace) -> Vec<(&'a Service, Option<Target>)> {
    let targets: Vec<_> = service.targets_of(namespace).into_iter().map(|target| (service, Some(target))).collect();
    if targets.is_empty() { vec![(service, None)] } else { targets }
}

async fn look(lambda: &Lambda, name: &str, optional: bool, wanted: Option<&Digest>, deadline: Instant) -> Verdict {
    loop {
        match lambda.function(name).await {
            Err(error) => return Verdict::Error(error),
            Ok(None) if optional => return Verdict::AbsentOptional,
            Ok(None) => return Verdict::Absent,
            Ok(Some(function)) => match judge(function, wanted) {
                Verdict::StillChanging if Instant::now() + BETWEEN_LOOKS < deadline => sleep(BETWEEN_LOOKS).await,
                verdict => return verdict,
            },
        }
    }
}

fn judge(function: Function, wanted: Option<&Digest>) -> Verdict {
    match (function.readiness, function.digest) {
        (Readiness::Failed { code, reason }, _) => Verdict::Failed { code, reason },
        (Readiness::Changing, _) => Verdict::StillChanging,
        (Readiness::Ready, None) => Verdict::RunsNoImage,
        (Readiness::Ready, Some(running)) if Some(&running) == wanted => Verdict::Verified,
        (Readiness::Ready, Some(running)) => Verdict::RunsOther(running),
    }
}

fn said(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Verified => "verified",
        Verdict::RunsOther(_) => "runs another image",
        Verdict::RunsNoImage => "runs no image",
        Verdict::StillChanging => "is still changing",
        Verdict::Failed { .. } => "failed",
        Verdict::Absent | Verdict::AbsentOptional => "does not exist",
        Verdict::TagOnly | Verdict::NotVerified(_) => "not looked at",
        Verdict::Error(_) => "could not be asked about",
    }
}
