//! Looks whether every service runs what its pipeline's tag names.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use crate::aws::Session;
use crate::pipeline::Namespace;
use crate::pipeline::image::Digest;
use crate::pipeline::service::{Registry, Repository, Service, Target};
use crate::progress::{Outcome, Progress};

mod children;
pub(super) mod ecs;
pub(super) mod function;
mod verdict;

pub use verdict::Verdict;

pub(super) use children::Children;

/// How many functions are asked at once; the rate limit of `GetFunction` rules before this does.
pub(super) const AT_ONCE: usize = 64;
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 24 * 3600);

/// What is to be verified.
#[derive(Debug, Clone, Copy)]
pub struct VerifyRequest<'a> {
    /// The pipeline.
    pub namespace: &'a Namespace,
    /// Its services.
    pub services: &'a [Service],
    /// Where repositories are that say nothing themselves: `[aws.ecr]`.
    pub registry: &'a Registry,
    /// The pipeline's tag.
    pub tag: &'a str,
    /// What the pipeline's tag names in each repository, or will name.
    pub digests: &'a BTreeMap<Repository, Digest>,
    /// Since when the tag names that, where it is known. It tells of ECS services without tasks whether they would start
    /// the image: ECS fixes it when a deployment begins.
    pub moved: &'a BTreeMap<Repository, Timestamp>,
    /// How long a target that is still changing is waited for; zero to look once.
    pub wait: Duration,
}

/// What was found about one target of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The service's name.
    pub service: String,
    /// The repository of its images.
    pub repository: Repository,
    /// What runs it; a service without targets has none.
    pub target: Option<Target>,
    /// What the pipeline's tag names.
    pub wanted: Option<Digest>,
    /// What it runs, if that is known.
    pub running: Option<Digest>,
    /// What was found.
    pub verdict: Verdict,
    /// Whether a rollout has restarted it.
    pub restarted: bool,
    /// Why tasks stopped and what ECS told last, a line each, where a deployment failed.
    pub details: Vec<String>,
}

/// Looks at every target, all at once; one's failure does not keep the others from being looked at. Functions cost a
/// call each; ECS services a call for ten, a call each for tasks and task definition, and a call for a hundred tasks.
pub async fn verify_images(
    session: &Session,
    request: &VerifyRequest<'_>,
    progress: &dyn Progress,
) -> Vec<Verification> {
    let rows = rows(request);
    let deadline = after(request.wait);
    let functions = rows.iter().filter_map(|row| Some((row, row.function()?))).map(|(row, name)| async move {
        progress.started(name, "verifying");
        let found = loop {
            let (found, _) = function::look(&session.lambda(), row, name).await;
            if !found.verdict.is_changing() || Instant::now() + BETWEEN_LOOKS >= deadline {
                break found;
            }
            sleep(BETWEEN_LOOKS).await;
        };
        finished(progress, name, &found);
        (row.index, found)
    });
    let functions = stream::iter(functions).buffer_unordered(AT_ONCE).collect::<Vec<_>>();
    let services = verify_services(session, &rows, deadline, progress);
    let (functions, services) = tokio::join!(functions, services);
    let mut found: BTreeMap<usize, Verification> = functions.into_iter().chain(services).collect();
    in_order(&rows, &mut found)
}

/// When a wait ends: after a year at the latest, since the clock cannot tell every time.
pub(super) fn after(wait: Duration) -> Instant {
    Instant::now() + wait.min(LONGEST_WAIT)
}

async fn verify_services(
    session: &Session,
    rows: &[Row<'_>],
    deadline: Instant,
    progress: &dyn Progress,
) -> Vec<(usize, Verification)> {
    let mut left: Vec<&Row> = rows.iter().filter(|row| row.ecs().is_some()).collect();
    for row in &left {
        progress.started(&row.name(), "verifying");
    }
    let mut children = Children::default();
    let mut done = Vec::new();
    while !left.is_empty() {
        let found = ecs::look(session, &left, &mut children).await;
        let over = Instant::now() + BETWEEN_LOOKS >= deadline;
        let mut again = Vec::new();
        for (row, seen) in left.into_iter().zip(found) {
            if seen.found.verdict.is_changing() && !over {
                again.push(row);
            } else {
                finished(progress, &row.name(), &seen.found);
                done.push((row.index, seen.found));
            }
        }
        left = again;
        if !left.is_empty() {
            sleep(BETWEEN_LOOKS).await;
        }
    }
    done
}

impl Verification {
    /// For a table: `verified`, or what is wrong.
    pub fn text(&self) -> String {
        match &self.verdict {
            Verdict::Verified if self.restarted => "restarted, verified".to_owned(),
            verdict => verdict.text(),
        }
    }
}

/// Tells how it ended for a target.
pub(super) fn finished(progress: &dyn Progress, name: &str, found: &Verification) {
    let outcome = match &found.verdict {
        verdict if verdict.is_failure() => Outcome::Failed,
        Verdict::Verified => Outcome::Done,
        _ => Outcome::Skipped,
    };
    progress.finished(name, outcome, &found.text());
}

/// One target of a service, and what it is to run.
#[derive(Debug, Clone)]
pub(super) struct Row<'a> {
    /// Its place in the result.
    pub index: usize,
    pub service: &'a Service,
    pub repository: Repository,
    pub target: Option<Target>,
    pub tag: &'a str,
    pub wanted: Option<Digest>,
    pub moved: Option<Timestamp>,
}

impl Row<'_> {
    pub fn function(&self) -> Option<&str> {
        match &self.target {
            Some(Target::Lambda(name)) => Some(name),
            _ => None,
        }
    }

    pub fn ecs(&self) -> Option<&crate::pipeline::service::EcsTarget> {
        match &self.target {
            Some(Target::Ecs(target)) => Some(target),
            _ => None,
        }
    }

    pub fn name(&self) -> String {
        self.target.as_ref().map_or_else(|| self.service.name.clone(), ToString::to_string)
    }

    pub fn found(&self, verdict: Verdict, running: Option<Digest>) -> Verification {
        Verification {
            service: self.service.name.clone(),
            repository: self.repository.clone(),
            target: self.target.clone(),
            wanted: self.wanted.clone(),
            running,
            verdict,
            restarted: false,
            details: Vec::new(),
        }
    }

    pub fn absent(&self) -> Verification {
        self.found(if self.service.optional { Verdict::AbsentOptional } else { Verdict::Absent }, None)
    }
}

/// Every target of every service, in their order.
pub(super) fn rows<'a>(request: &VerifyRequest<'a>) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for service in request.services {
        let targets: Vec<_> = service.targets_of(request.namespace).into_iter().map(Some).collect();
        for target in if targets.is_empty() { vec![None] } else { targets } {
            let repository = service.repository_in(request.registry);
            let wanted = request.digests.get(&repository).cloned();
            let moved = request.moved.get(&repository).copied();
            rows.push(Row { index: rows.len(), service, repository, target, tag: request.tag, wanted, moved });
        }
    }
    rows
}

/// What was found, in the order of the rows; services without targets are added.
pub(super) fn in_order(rows: &[Row<'_>], found: &mut BTreeMap<usize, Verification>) -> Vec<Verification> {
    rows.iter().map(|row| found.remove(&row.index).unwrap_or_else(|| row.found(Verdict::TagOnly, None))).collect()
}
