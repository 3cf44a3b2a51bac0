//! Reads, in every repository at once, what a pipeline's tag names and what it is to name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;

use crate::aws::ecr::{Details, Ecr, ImageName};
use crate::aws::{AwsError, Session};
use crate::pipeline::history::Lineage;
use crate::pipeline::image::{CommitScheme, Digest, Image};
use crate::pipeline::release::{ImageSource, ReleaseImage, Source, TagState, similar};
use crate::pipeline::service::{Registry, Repository, Service};
use crate::progress::{Outcome, Progress};

/// How many repositories are read at once. ECR allows thousands of reads a second; this bounds the connections.
pub(super) const AT_ONCE: usize = 64;
/// How many similar names are suggested.
const SUGGESTIONS: usize = 3;

/// What is to be found out.
#[derive(Debug, Clone, Copy)]
pub struct ImageRequest<'a> {
    /// The services of the pipeline; those that share a repository are read once.
    pub services: &'a [Service],
    /// Where repositories are that say nothing themselves: `[aws.ecr]`.
    pub registry: &'a Registry,
    /// The pipeline's tag.
    pub pipeline_tag: &'a str,
    /// Which images the pipeline is to run.
    pub source: &'a ImageSource,
    /// How commit tags are made.
    pub commits: &'a CommitScheme,
    /// The digests of an unfinished command's record, which win over the source.
    pub pinned: &'a BTreeMap<Repository, Digest>,
    /// Where not every commit builds every image: the commits up to the one that was asked for. The newest of them that
    /// has an image in the repository is taken.
    pub lineages: &'a BTreeMap<Repository, Arc<Lineage>>,
    /// Whether a tag that exists stays: then nothing needs to be found for it.
    pub existing_stay: bool,
}

/// Why the images could not be read. That an image or a repository is missing is no such error but a [`Source`].
#[derive(Debug, Clone, thiserror::Error)]
pub enum ResolveError {
    /// It would be the same for every repository.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// These repositories could not be read.
    #[error("{} repositories cannot be read: {}", .0.len(), .0.iter().map(|(_, error)| error.to_string()).collect::<Vec<_>>().join("; "))]
    Repositories(Vec<(Repository, AwsError)>),
}

/// Reads every repository, all at once: one round trip for a new pipeline, a second where its tag exists already.
/// The states are in the order in which the services name their repositories.
pub async fn resolve_images(
    session: &Session,
    request: &ImageRequest<'_>,
    progress: &dyn Progress,
) -> Result<Vec<TagState>, ResolveError> {
    let repositories = repositories(request.services, request.registry);
    let reads = repositories.into_iter().map(|(repository, services)| async move {
        progress.started(&repository.name, "reading");
        let state = read(&session.ecr(&repository.registry), request, &repository, &services).await;
        match &state {
            Ok(_) => progress.finished(&repository.name, Outcome::Done, "read"),
            Err(error) => progress.finished(&repository.name, Outcome::Failed, &error.to_string()),
        }
        state.map_err(|error| (repository, error))
    });
    let mut states = Vec::new();
    let mut failures = Vec::new();
    let mut reads = stream::iter(reads).buffered(AT_ONCE);
    while let Some(read) = reads.next().await {
        match read {
            Ok(state) => states.push(state),
            Err((_, error)) if error.concerns_every_call() => return Err(error.into()),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(states) } else { Err(ResolveError::Repositories(failures)) }
}

/// Every repository once, with the services that run its images, in the order of the services.
pub(super) fn repositories<'a>(services: &'a [Service], registry: &Registry) -> Vec<(Repository, Vec<&'a Service>)> {
    let mut repositories: Vec<(Repository, Vec<&Service>)> = Vec::new();
    for service in services {
        let repository = service.repository_in(registry);
        match repositories.iter_mut().find(|(known, _)| *known == repository) {
            Some((_, services)) => services.push(service),
            None => repositories.push((repository, vec![service])),
        }
    }
    repositories
}

async fn read(
    ecr: &Ecr,
    request: &ImageRequest<'_>,
    repository: &Repository,
    services: &[&Service],
) -> Result<TagState, AwsError> {
    let state = |current, source| TagState {
        repository: repository.clone(),
        services: services.iter().map(|service| service.name.clone()).collect(),
        feeds_lambda: services.iter().any(|service| !service.lambda.is_empty()),
        current,
        source,
    };
    let wanted = match request.pinned.get(repository) {
        Some(digest) => ImageName::Digest(digest.clone()),
        None => ImageName::Tag(request.source.tag(request.commits)),
    };
    let tag = ImageName::Tag(request.pipeline_tag.to_owned());
    let same = wanted == tag;
    let names = if same { vec![tag] } else { vec![wanted.clone(), tag] };
    let describe = ecr.details(&repository.name, std::slice::from_ref(&wanted));
    let (images, details) = match tokio::try_join!(ecr.images(&repository.name, &names), describe) {
        Ok((images, mut details)) => (images, details.pop().flatten()),
        Err(AwsError::RepositoryNotFound { .. }) => {
            let known = ecr.repositories().await.unwrap_or_default();
            let nearest = similar(&repository.name, known.iter().map(String::as_str), SUGGESTIONS);
            return Ok(state(None, Source::NoRepository { nearest }));
        }
        Err(error) => return Err(error),
    };
    let mut images = images.into_iter();
    let source = images.next().flatten();
    let current = if same { source.clone() } else { images.next().flatten() };
    let known: Vec<Details> = details.into_iter().collect();
    let current = with_details(ecr, request, &repository.name, current, &known).await?;
    let source = match with_details(ecr, request, &repository.name, source, &known).await? {
        Some(image) => Source::Found(image),
        // The tag stays what it is, so nothing needs to be found or suggested.
        None if current.is_some() && request.existing_stay => {
            Source::Missing { asked: wanted.to_string(), nearest: Vec::new() }
        }
        None => match request.lineages.get(repository).zip(as_commit(request.source, &wanted)) {
            Some((lineage, commit)) => newest_up_to(ecr, request, &repository.name, lineage, commit).await?,
            None => other_source(ecr, request, &repository.name, &wanted).await?,
        },
    };
    Ok(state(current, source))
}

/// The commit that is asked for, unless a digest is.
fn as_commit<'a>(source: &'a ImageSource, wanted: &ImageName) -> Option<&'a str> {
    match (source, wanted) {
        (ImageSource::Commit(commit), ImageName::Tag(_)) => Some(commit),
        _ => None,
    }
}

/// There is no image of this very commit: the newest one of a commit before it.
async fn newest_up_to(
    ecr: &Ecr,
    request: &ImageRequest<'_>,
    repository: &str,
    lineage: &Lineage,
    commit: &str,
) -> Result<Source, AwsError> {
    let tags = ecr.every_tag(repository).await?;
    let built = tags.keys().filter_map(|tag| request.commits.commit_in(tag));
    if let Some(newest) = lineage.newest(built) {
        let name = ImageName::Tag(request.commits.tag_of(newest));
        let image = ecr.image(repository, &name).await?;
        if let Some(image) = with_details(ecr, request, repository, image, &[]).await? {
            return Ok(Source::Found(image));
        }
    }
    Ok(Source::NoneUpTo { commit: commit.to_owned() })
}

/// Adds tags and time. They come from what is known already, if it is about this very image: between two calls a tag
/// may have moved.
async fn with_details(
    ecr: &Ecr,
    request: &ImageRequest<'_>,
    repository: &str,
    image: Option<Image>,
    known: &[Details],
) -> Result<Option<ReleaseImage>, AwsError> {
    let Some(image) = image else {
        return Ok(None);
    };
    let details = match known.iter().find(|details| details.digest == image.digest) {
        Some(details) => Some(details.clone()),
        None => ecr.details(repository, &[ImageName::Digest(image.digest.clone())]).await?.pop().flatten(),
    };
    let (tags, pushed_at, size) =
        details.map(|details| (details.tags, details.pushed_at, details.size)).unwrap_or_default();
    let commits = request.commits.commits_in(tags.iter().map(String::as_str));
    Ok(Some(ReleaseImage { image, tags, commits, pushed_at, size }))
}

/// There is no image with this very name: an abbreviated commit may still stand for one, and else similar tags help.
async fn other_source(
    ecr: &Ecr,
    request: &ImageRequest<'_>,
    repository: &str,
    wanted: &ImageName,
) -> Result<Source, AwsError> {
    let asked = wanted.to_string();
    // Only a help: without the permission to list there is none.
    let tags = match as_commit(request.source, wanted) {
        Some(_) => ecr.every_tag(repository).await,
        None => ecr.tags(repository).await,
    };
    let tags = tags.unwrap_or_default();
    if let Some(commit) = as_commit(request.source, wanted) {
        // Either of them may be abbreviated.
        let alike = |other: &str| other.starts_with(commit) || commit.starts_with(other);
        let names_it = |tag: &&String| request.commits.commit_in(tag).is_some_and(alike);
        let candidates: Vec<&String> = tags.keys().filter(names_it).collect();
        let images: BTreeSet<_> = candidates.iter().map(|tag| &tags[*tag]).collect();
        match (images.len(), candidates.first()) {
            (1, Some(tag)) => {
                let name = ImageName::Tag((*tag).clone());
                let image = ecr.image(repository, &name).await?;
                if let Some(image) = with_details(ecr, request, repository, image, &[]).await? {
                    return Ok(Source::Found(image));
                }
            }
            (0, _) => {}
            _ => {
                let candidates = candidates.into_iter().cloned().collect();
                return Ok(Source::Ambiguous { asked: commit.to_owned(), candidates });
            }
        }
    }
    // Which commits are spelled alike says nothing to somebody who asked for another sort of tag.
    let of_a_commit = |tag: &&str| request.commits.commit_in(tag).is_some();
    let alike: Vec<&str> = match request.commits.commit_in(&asked) {
        Some(_) => tags.keys().map(String::as_str).filter(of_a_commit).collect(),
        None => tags.keys().map(String::as_str).filter(|tag| !of_a_commit(tag)).collect(),
    };
    let known = if alike.is_empty() { tags.keys().map(String::as_str).collect() } else { alike };
    Ok(Source::Missing { nearest: similar(&asked, known, SUGGESTIONS), asked })
}
