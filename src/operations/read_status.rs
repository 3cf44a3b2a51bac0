//! Reads what the tags of pipelines name and what runs, in a few round trips however many services there are.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream;
use tokio::time::timeout;

use super::resolve_images::{AT_ONCE, repositories};
use super::verify_images::{Verification, VerifyRequest, verify_images};
use crate::aws::ecr::{Details, ImageName};
use crate::aws::{AwsError, Session};
use crate::pipeline::Namespace;
use crate::pipeline::image::Digest;
use crate::pipeline::service::{Registry, Repository, Service};
use crate::progress::Progress;

/// How long the preview of a lifecycle policy is waited for: it takes longer the more images there are, and is only a
/// warning here.
const PREVIEW: Duration = Duration::from_secs(10);

/// What is to be read.
#[derive(Debug, Clone, Copy)]
pub struct StatusRequest<'a> {
    /// The services of every pipeline.
    pub services: &'a [Service],
    /// Where repositories are that say nothing themselves: `[aws.ecr]`.
    pub registry: &'a Registry,
    /// The pipelines, each with its tag.
    pub pipelines: &'a [(Namespace, String)],
}

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The image that each tag names.
    pub tagged: BTreeMap<(Repository, String), Digest>,
    /// What the repositories know of these images, and of those that [`look_closer`] was asked about.
    pub images: BTreeMap<(Repository, Digest), Details>,
    /// What the targets of each pipeline run, in the order of the request.
    pub targets: Vec<Vec<Verification>>,
    /// The repositories that could not be read.
    pub failures: BTreeMap<Repository, AwsError>,
    /// The images that a lifecycle policy is about to expire.
    pub expiring: BTreeSet<(Repository, Digest)>,
    /// Why that is not known for some.
    pub expiry_unknown: Option<String>,
}

/// Reads all tags of each repository in two calls, then asks every target once. An error would be the same for every
/// repository; those of single repositories and targets are among what was seen.
pub async fn read_status(
    session: &Session,
    request: &StatusRequest<'_>,
    progress: &dyn Progress,
) -> Result<Seen, AwsError> {
    let mut seen = Seen::default();
    let names: Vec<ImageName> = request.pipelines.iter().map(|(_, tag)| ImageName::Tag(tag.clone())).collect();
    let reads = repositories(request.services, request.registry).into_iter().map(|(repository, _)| {
        let names = &names;
        async move { (read_tags(session, &repository, names).await, repository) }
    });
    let mut reads = stream::iter(reads).buffered(AT_ONCE);
    while let Some((read, repository)) = reads.next().await {
        match read {
            Ok((tagged, details)) => {
                let digests = request.pipelines.iter().zip(tagged);
                let digests = digests.filter_map(|((_, tag), digest)| Some((tag.clone(), digest?)));
                seen.tagged.extend(digests.map(|(tag, digest)| ((repository.clone(), tag), digest)));
                seen.add(&repository, details);
            }
            Err(error) if error.concerns_every_call() => return Err(error),
            Err(error) => {
                seen.failures.insert(repository, error);
            }
        }
    }
    let nothing = BTreeMap::new();
    let looks = request.pipelines.iter().map(|(namespace, tag)| {
        let of_tag = seen.tagged.iter().filter(|((_, known), _)| known == tag);
        let digests: BTreeMap<Repository, Digest> =
            of_tag.map(|((repository, _), digest)| (repository.clone(), digest.clone())).collect();
        let nothing = &nothing;
        async move {
            let (services, registry) = (request.services, request.registry);
            let verify = VerifyRequest {
                namespace,
                services,
                registry,
                tag,
                digests: &digests,
                moved: nothing,
                wait: Duration::ZERO,
            };
            verify_images(session, &verify, progress).await
        }
    });
    let targets = join_all(looks).await;
    seen.targets = targets;
    Ok(seen)
}

/// Reads what is known of further images, and which of the `running` ones a lifecycle policy is about to expire.
pub async fn look_closer(
    session: &Session,
    seen: &mut Seen,
    further: &BTreeSet<(Repository, Digest)>,
    running: &BTreeSet<(Repository, Digest)>,
) {
    let further: BTreeSet<_> = further.iter().filter(|image| !seen.images.contains_key(*image)).cloned().collect();
    let describe = by_repository(&further).into_iter().map(|(repository, digests)| async move {
        let names: Vec<ImageName> = digests.into_iter().map(ImageName::Digest).collect();
        // Only to tell the commit of an image: without it the digest is told.
        let found = session.ecr(&repository.registry).details(&repository.name, &names).await.unwrap_or_default();
        (repository, found.into_iter().flatten().collect::<Vec<_>>())
    });
    let expire = by_repository(running).into_iter().map(|(repository, digests)| async move {
        let ecr = session.ecr(&repository.registry);
        let expiring = match timeout(PREVIEW, ecr.expiring(&repository.name, &digests)).await {
            Ok(expiring) => expiring.map_err(|error| error.to_string()),
            Err(_) => Err(format!("the preview of {} takes longer than {} s", repository.name, PREVIEW.as_secs())),
        };
        (expiring, repository)
    });
    let (described, expiring) = tokio::join!(
        stream::iter(describe).buffered(AT_ONCE).collect::<Vec<_>>(),
        stream::iter(expire).buffered(AT_ONCE).collect::<Vec<_>>()
    );
    for (repository, details) in described {
        seen.add(&repository, details);
    }
    for (expiring, repository) in expiring {
        match expiring {
            Ok(digests) => seen.expiring.extend(digests.into_iter().map(|digest| (repository.clone(), digest))),
            Err(error) => {
                seen.expiry_unknown.get_or_insert(error);
            }
        }
    }
}

impl Seen {
    fn add(&mut self, repository: &Repository, details: Vec<Details>) {
        let named = details.into_iter().map(|details| ((repository.clone(), details.digest.clone()), details));
        self.images.extend(named);
    }
}

async fn read_tags(
    session: &Session,
    repository: &Repository,
    names: &[ImageName],
) -> Result<(Vec<Option<Digest>>, Vec<Details>), AwsError> {
    let ecr = session.ecr(&repository.registry);
    let images = ecr.images(&repository.name, names).await?;
    let tagged: Vec<Option<Digest>> = images.into_iter().map(|image| image.map(|image| image.digest)).collect();
    let digests: BTreeSet<&Digest> = tagged.iter().flatten().collect();
    let digests: Vec<ImageName> = digests.into_iter().cloned().map(ImageName::Digest).collect();
    let details = if digests.is_empty() { Vec::new() } else { ecr.details(&repository.name, &digests).await? };
    Ok((tagged, details.into_iter().flatten().collect()))
}

fn by_repository(images: &BTreeSet<(Repository, Digest)>) -> BTreeMap<Repository, Vec<Digest>> {
    let mut grouped: BTreeMap<Repository, Vec<Digest>> = BTreeMap::new();
    for (repository, digest) in images {
        grouped.entry(repository.clone()).or_default().push(digest.clone());
    }
    grouped
}
