//! Reads everything that a release depends on, before anything moves.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::super::estate;
use super::super::release::{self, Observed as ObservedRelease, Release, ReleaseRequest};
use super::{Request, respect_hold, unfinished};
use crate::context::Context;
use crate::failure::Failure;
use crate::operations::expiring_images::{Expiring, expiring_images};
use crate::operations::resolve_images::{ImageRequest, resolve_images};
use crate::operations::rollout::moved_since;
use crate::operations::verify_images::{Verdict, Verification, VerifyRequest, verify_images};
use crate::pipeline::image::Digest;
use crate::pipeline::release::{ImageSource, PolicyKind, Superseded, TagAction, TagState};
use crate::pipeline::service::{Repository, Service};
use crate::releases::{Record, ServiceRecord};

/// How many records are looked through for the last move of a tag.
const RECORDS: usize = 50;

/// What was found.
pub enum Observed {
    /// A release that can go.
    Deployment(Deployment),
    /// One that was overtaken by a newer one; `--if-newer` makes that no failure.
    Superseded(Superseded),
}

/// A release that can go to a pipeline.
pub struct Deployment {
    /// The tags.
    pub release: Release,
    /// Every target of the services, with what it runs now, judged by what the tags will name.
    pub targets: Vec<Verification>,
    /// What the tag names for every other service, as a record says it.
    pub others: Vec<ServiceRecord>,
    /// The record of the same release, begun earlier and not ended.
    pub begun: Option<Record>,
    /// Which of the images a lifecycle policy is about to expire. Only a rollback asks: images that are new are kept.
    pub expiring: Expiring,
}

impl Deployment {
    /// The targets that do not run what their tag will name.
    pub fn restarts(&self) -> impl Iterator<Item = &Verification> {
        self.targets.iter().filter(|target| target.verdict.needs_restart())
    }

    /// How many targets are changing just now, so that nobody knows yet what they will run.
    pub fn changing(&self) -> usize {
        self.targets.iter().filter(|target| target.verdict.is_changing()).count()
    }

    /// Whether there is nothing to do.
    pub fn is_nothing(&self, request: &Request) -> bool {
        let puts_hold = matches!(request.hold, super::HoldRule::Put(_));
        let restarts = request.restarts && (self.restarts().next().is_some() || self.changing() > 0);
        self.release.plan.is_nothing() && !restarts && !puts_hold && self.begun.is_none()
    }
}

/// Reads repositories, git, and what runs; images that are `pinned` are taken by digest. Refused, with nothing changed, when something speaks against the release.
pub fn observe(
    context: &Context,
    request: &Request,
    pinned: &BTreeMap<Repository, Digest>,
    locked: bool,
) -> Result<Observed, Failure> {
    release::require_services(&context.settings)?;
    respect_hold(context, request)?;
    let begun = unfinished(context, request, locked)?;
    let mut pinned = pinned.clone();
    if let Some(record) = &begun {
        // What `latest` named then is what the release is, whatever it names now.
        pinned.extend(release::recorded(&context.settings, record));
    }
    let wanted = ReleaseRequest {
        namespace: &request.namespace,
        tag: &request.tag,
        source: &request.source,
        services: &request.services,
        pinned: &pinned,
        policy: request.policy,
        fetch: request.fetch,
        exact: request.exact,
    };
    let release = match release::observe(context, &wanted)? {
        ObservedRelease::Release(release) => release,
        ObservedRelease::Superseded(superseded) => return Ok(Observed::Superseded(superseded)),
    };
    require_pipeline(context, request, &release)?;
    let targets = if request.restarts { look(context, request, &release)? } else { Vec::new() };
    refuse_hopeless(request, &targets)?;
    let others = others(context, request)?;
    let expiring = if request.policy.kind == PolicyKind::Restore {
        context.wait(expiring_images(context.session()?, &release.digests()))?
    } else {
        Expiring::default()
    };
    Ok(Observed::Deployment(Deployment { release, targets, others, begun, expiring }))
}

/// Tags that are nowhere yet may be those of a name that was mistyped: then the estate has to know the pipeline.
fn require_pipeline(context: &Context, request: &Request, release: &Release) -> Result<(), Failure> {
    if release.plan.moves.iter().all(|item| item.action == TagAction::Create) {
        estate::require(context, &request.namespace)?;
    }
    Ok(())
}

/// What the tag names for the services that the request is not about: a record is a snapshot of all.
fn others(context: &Context, request: &Request) -> Result<Vec<ServiceRecord>, Failure> {
    let settings = &context.settings;
    let is_other = |service: &&Service| !request.services.iter().any(|chosen| chosen.name == service.name);
    let services: Vec<Service> = settings.services.iter().filter(is_other).cloned().collect();
    if services.is_empty() {
        return Ok(Vec::new());
    }
    let states = named_now(context, &request.tag, &services)?;
    let record = |service: &Service| {
        let repository = service.repository_in(&settings.ecr);
        let current = states.iter().find(|state| state.repository == repository)?.current.clone()?;
        let (commit, digest) = (current.commits.first().cloned(), current.image.digest);
        Some(ServiceRecord {
            service: service.name.clone(),
            repository,
            commit_before: commit.clone(),
            commit_after: commit,
            digest_before: Some(digest.clone()),
            digest_after: Some(digest),
            targets: Vec::new(),
        })
    };
    Ok(services.iter().filter_map(record).collect())
}

/// What the pipeline's tag names now in these services' repositories.
pub fn named_now(context: &Context, tag: &str, services: &[Service]) -> Result<Vec<TagState>, Failure> {
    let source = ImageSource::Tag(tag.to_owned());
    let images = ImageRequest {
        services,
        registry: &context.settings.ecr,
        pipeline_tag: tag,
        source: &source,
        commits: &context.settings.commit_scheme,
        pinned: &BTreeMap::new(),
        lineages: &BTreeMap::new(),
        existing_stay: true,
    };
    Ok(context.wait(resolve_images(context.session()?, &images, &*context.ui.reading()))??)
}

fn look(context: &Context, request: &Request, release: &Release) -> Result<Vec<Verification>, Failure> {
    let digests = release.plan.digests();
    let verify = VerifyRequest {
        namespace: &request.namespace,
        services: &request.services,
        registry: &context.settings.ecr,
        tag: &request.tag,
        digests: &digests,
        moved: &moved(context, request, release)?,
        wait: Duration::ZERO,
    };
    context.wait(verify_images(context.session()?, &verify, &*context.ui.reading()))
}

/// Since when the tags name their images, where that is known: a deployment of ECS that is older has the image before.
/// Only ECS services need it.
pub fn moved(
    context: &Context,
    request: &Request,
    release: &Release,
) -> Result<BTreeMap<Repository, Timestamp>, Failure> {
    if request.services.iter().all(|service| service.ecs.is_empty()) {
        return Ok(BTreeMap::new());
    }
    let records = context.store()?.history(Some(&request.namespace), RECORDS)?;
    let mut since = moved_since(&records, &release.plan.digests());
    let now = context.clock.now();
    since.extend(release.plan.changes().map(|item| (item.repository.clone(), now)));
    Ok(since)
}

/// What a restart cannot mend is said before the first tag moves.
fn refuse_hopeless(request: &Request, targets: &[Verification]) -> Result<(), Failure> {
    let hopeless: Vec<Verification> = targets.iter().filter(|target| is_hopeless(&target.verdict)).cloned().collect();
    match Failure::hopeless(request.namespace.as_str(), &hopeless, targets) {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

fn is_hopeless(verdict: &Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Absent
            | Verdict::NamesOtherTag { .. }
            | Verdict::NamesDigest { .. }
            | Verdict::OtherRepository { .. }
            | Verdict::OtherController { .. }
            | Verdict::RunsNoImage
            | Verdict::Error(_)
    )
}
