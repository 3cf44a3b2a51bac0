//! Restarts what does not run the image that its pipeline's tag names, and waits until it does.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::verify_images::{AT_ONCE, Verdict, Verification, VerifyRequest, in_order, rows};
use crate::aws::Session;
use crate::pipeline::Namespace;
use crate::pipeline::image::Digest;
use crate::pipeline::service::{Registry, Repository, Service};
use crate::progress::Progress;
use crate::releases::Permit;

mod ecs;
mod function;
mod trouble;

/// Between looks: short at first, so that what is quick is seen quickly, then longer.
const FIRST_PAUSE: Duration = Duration::from_millis(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long after Ctrl-C the waiting ends at the latest.
const NAP: Duration = Duration::from_millis(100);

/// What is to be restarted, if it must be.
#[derive(Clone)]
pub struct RolloutRequest<'a> {
    /// The pipeline.
    pub namespace: &'a Namespace,
    /// Those of its services that are looked at.
    pub services: &'a [Service],
    /// Where repositories are that say nothing themselves: `[aws.ecr]`.
    pub registry: &'a Registry,
    /// The pipeline's tag.
    pub tag: &'a str,
    /// What the tag names in each repository.
    pub digests: &'a BTreeMap<Repository, Digest>,
    /// Since when the tag names that, where it is known: see [`VerifyRequest::moved`].
    pub moved: &'a BTreeMap<Repository, Timestamp>,
    /// When the waiting ends, all targets together.
    pub timeout: Duration,
    /// Asked before each restart.
    pub permit: Permit,
    /// Whether the user wants to stop: then nothing more is restarted or waited for.
    pub stop: &'a (dyn Fn() -> bool + Send + Sync),
}

/// Restarts every target that does not run what it should, all at once, and waits for each until it runs or has failed.
/// One's failure does not stop the others. What runs already is left alone, so that a second run finds nothing to do.
pub async fn rollout(session: &Session, request: &RolloutRequest<'_>, progress: &dyn Progress) -> Vec<Verification> {
    let rows = rows(&VerifyRequest {
        namespace: request.namespace,
        services: request.services,
        registry: request.registry,
        tag: request.tag,
        digests: request.digests,
        moved: request.moved,
        wait: request.timeout,
    });
    let run = Run { session, request, deadline: Instant::now() + request.timeout, progress };
    let run = &run;
    let functions = rows.iter().filter_map(|row| Some((row, row.function()?)));
    let functions = functions.map(|(row, name)| async move { (row.index, function::roll(run, row, name).await) });
    let functions = stream::iter(functions).buffer_unordered(AT_ONCE.max(rows.len())).collect::<Vec<_>>();
    let (functions, services) = tokio::join!(functions, ecs::roll(run, &rows));
    let mut found: BTreeMap<usize, Verification> = functions.into_iter().chain(services).collect();
    in_order(&rows, &mut found)
}

/// One rollout.
struct Run<'a> {
    session: &'a Session,
    request: &'a RolloutRequest<'a>,
    deadline: Instant,
    progress: &'a dyn Progress,
}

impl Run<'_> {
    /// Why nothing may be restarted any more, if so.
    fn forbidden(&self) -> Option<Verdict> {
        if (self.request.stop)() {
            return Some(Verdict::Interrupted);
        }
        self.request.permit.check().err().map(|error| Verdict::NotTried(error.to_string()))
    }
}

/// Paces the looks at something that changes.
struct Pace {
    pause: Duration,
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waited {
    /// It is time to look again.
    Look,
    /// The time is over.
    Over,
    /// The user wants to stop.
    Stopped,
}

impl Pace {
    fn new() -> Self {
        Self { pause: FIRST_PAUSE }
    }

    /// Waits until the next look. At the deadline there is one last look.
    async fn wait(&mut self, run: &Run<'_>) -> Waited {
        let now = Instant::now();
        if now >= run.deadline {
            return Waited::Over;
        }
        let until = (now + self.pause).min(run.deadline);
        self.pause = (self.pause * 5 / 4).min(LONGEST_PAUSE);
        while Instant::now() < until {
            if (run.request.stop)() {
                return Waited::Stopped;
            }
            sleep(NAP.min(until - Instant::now().min(until))).await;
        }
        Waited::Look
    }
}
