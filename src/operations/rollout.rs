//! Restarts what does not run the image that its pipeline's tag names, and waits until it does.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::verify_images::{AT_ONCE, Verdict, Verification, VerifyRequest, after, in_order, rows};
use crate::aws::Session;
use crate::pipeline::Namespace;
use crate::pipeline::image::Digest;
use crate::pipeline::service::{Registry, Repository, Service};
use crate::progress::Progress;
use crate::releases::{Permit, Record};

mod ecs;
mod function;
mod trouble;

/// Between looks: short at first, so that what is quick is seen quickly, then longer.
const FIRST_PAUSE: Duration = Duration::from_millis(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long after Ctrl-C the waiting ends at the latest.
const NAP: Duration = Duration::from_millis(100);
/// How long the last look may take, and the reading of what went wrong.
const LAST_LOOK: Duration = Duration::from_secs(5);

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
    let run = Run { session, request, deadline: after(request.timeout), progress };
    let run = &run;
    let functions = rows.iter().filter_map(|row| Some((row, row.function()?)));
    let functions = functions.map(|(row, name)| async move { (row.index, function::roll(run, row, name).await) });
    let functions = stream::iter(functions).buffer_unordered(AT_ONCE.max(rows.len())).collect::<Vec<_>>();
    let (functions, services) = tokio::join!(functions, ecs::roll(run, &rows));
    let mut found: BTreeMap<usize, Verification> = functions.into_iter().chain(services).collect();
    in_order(&rows, &mut found)
}

/// Since when each tag names what it names: the newest release that moved it there. Nothing where no release did.
pub fn moved_since(records: &[Record], digests: &BTreeMap<Repository, Digest>) -> BTreeMap<Repository, Timestamp> {
    let mut since: BTreeMap<Repository, Timestamp> = BTreeMap::new();
    for record in records {
        for service in record.services.iter().filter(|service| service.moved()) {
            if service.digest_after.is_some() && digests.get(&service.repository) == service.digest_after.as_ref() {
                let newest = since.entry(service.repository.clone()).or_insert(record.started);
                *newest = record.started.max(*newest);
            }
        }
    }
    since
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

    /// The same, where it has just been forbidden.
    fn why_forbidden(&self) -> Verdict {
        // A lease that was renewed in between is no reason to write after all.
        self.forbidden().unwrap_or_else(|| Verdict::NotTried("the lock was about to end".to_owned()))
    }

    /// Reads something, but no longer than until the user wants to stop, or until a little after the time is over: a
    /// call with all its attempts may take a minute.
    async fn until_stopped<T>(&self, read: impl Future<Output = T>) -> Option<T> {
        let mut read = pin!(read);
        loop {
            match tokio::time::timeout(NAP, &mut read).await {
                Ok(done) => return Some(done),
                Err(_) if (self.request.stop)() || Instant::now() >= self.deadline + LAST_LOOK => return None,
                Err(_) => {}
            }
        }
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

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn no_timeout_is_too_long_for_the_clock() {
        assert!(after(Duration::MAX) + LAST_LOOK > Instant::now() + Duration::from_secs(3600));
    }

    #[test]
    fn a_tag_names_its_image_since_the_newest_release_that_moved_it_there() {
        let digest = |seed: &str| Digest::of_manifest(seed);
        let record = |day: u8, moves: &[(&str, &str, &str)]| -> Record {
            let service = |(name, before, after): &(&str, &str, &str)| {
                json!({ "service": name, "repository": format!("weco/{name}"),
                        "digest_before": digest(before), "digest_after": digest(after) })
            };
            from_value(json!({
                "id": day.to_string(), "command": "deploy", "namespace": "n", "by": "a", "digests": {},
                "started": format!("2026-01-{day:02}T00:00:00Z"), "services": moves.iter().map(service).collect::<Vec<_>>(),
            }))
            .expect("a record")
        };
        let records = [
            record(4, &[("a", "3", "3"), ("b", "1", "2")]),
            record(3, &[("a", "1", "3")]),
            record(2, &[("a", "2", "1")]),
            record(1, &[("a", "1", "3"), ("c", "1", "2")]),
        ];
        let repository = |name: &str| Repository { registry: Registry::default(), name: format!("weco/{name}") };
        let digests = [("a", "3"), ("b", "2"), ("c", "9")].map(|(name, seed)| (repository(name), digest(seed)));
        let since = moved_since(&records, &digests.into());
        let days: Vec<_> = since.iter().map(|(repository, at)| (repository.name.as_str(), at.to_string())).collect();
        assert_eq!(
            days,
            [("weco/a", "2026-01-03T00:00:00Z".to_owned()), ("weco/b", "2026-01-04T00:00:00Z".to_owned())],
            "somebody else moved the third"
        );
    }
}
