//! The tags of a pipeline that goes: what they name, and taking them away.

use std::collections::BTreeSet;

use futures_util::StreamExt as _;
use futures_util::stream;

use crate::aws::ecr::{Details, ImageName};
use crate::aws::{AwsError, Session};
use crate::pipeline::image::Digest;
use crate::pipeline::service::{Registry, Repository, Service};
use crate::progress::{Outcome, Progress};
use crate::releases::Permit;

/// How many repositories are asked at once.
const AT_ONCE: usize = 10;

/// A pipeline's tag in one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingTag {
    /// Which one.
    pub repository: Repository,
    /// The services whose images it has.
    pub services: Vec<String>,
    /// What the tag names; nothing where there is no such tag, or no such repository.
    pub image: Option<TaggedImage>,
}

/// An image that a pipeline's tag names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaggedImage {
    /// The image.
    pub digest: Digest,
    /// Its other tags, sorted.
    pub others: Vec<String>,
}

/// What becomes of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagFate {
    /// There is none.
    Absent,
    /// It is taken away; the image has other tags.
    Removed,
    /// It is taken away, and its image with it.
    Deleted,
    /// It stays: it is the image's only tag, and without it the image would be gone.
    Stays,
}

/// How it ended for one tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// As it was meant.
    As(TagFate),
    /// It names another image by now, and was left alone.
    Moved(Digest),
    /// It could not be taken away.
    Failed(AwsError),
    /// It was not tried: the pipeline's lock is no longer ours.
    LockLost(String),
}

impl StandingTag {
    /// What becomes of it. `delete_images`: an image whose only tag it is goes with it.
    pub fn fate(&self, delete_images: bool) -> TagFate {
        match &self.image {
            None => TagFate::Absent,
            Some(image) if !image.others.is_empty() => TagFate::Removed,
            Some(_) if delete_images => TagFate::Deleted,
            Some(_) => TagFate::Stays,
        }
    }
}

/// Reads what the tag names in every repository of these services, all at once.
pub async fn standing_tags(
    session: &Session,
    services: &[Service],
    registry: &Registry,
    tag: &str,
    progress: &dyn Progress,
) -> Result<Vec<StandingTag>, AwsError> {
    let mut seen = BTreeSet::new();
    let repositories = services.iter().map(|service| service.repository_in(registry));
    let reads = repositories.filter(|repository| seen.insert(repository.clone())).map(|repository| async move {
        let of_it = services.iter().filter(|service| service.repository_in(registry) == repository);
        let services = of_it.map(|service| service.name.clone()).collect();
        progress.started(&repository.name, "reading");
        let image = tagged(session, &repository, tag).await;
        match &image {
            Ok(_) => progress.finished(&repository.name, Outcome::Done, "read"),
            Err(error) => progress.finished(&repository.name, Outcome::Failed, &error.to_string()),
        }
        Ok(StandingTag { image: image?, repository, services })
    });
    let read: Vec<Result<StandingTag, AwsError>> = stream::iter(reads).buffered(AT_ONCE).collect().await;
    read.into_iter().collect()
}

async fn tagged(session: &Session, repository: &Repository, tag: &str) -> Result<Option<TaggedImage>, AwsError> {
    let ecr = session.ecr(&repository.registry);
    let details = match ecr.details(&repository.name, &[ImageName::Tag(tag.to_owned())]).await {
        Ok(mut details) => details.pop().flatten(),
        Err(AwsError::RepositoryNotFound { .. }) => None,
        Err(error) => return Err(error),
    };
    Ok(details.map(|Details { digest, mut tags, .. }| {
        tags.retain(|other| other != tag);
        TaggedImage { digest, others: tags }
    }))
}

/// Takes the tags away, each as its fate is. Just before, each is read again: a tag that names another image by now is
/// left alone, and so is one that has become its image's last. One's failure does not stop the others.
pub async fn remove_tags(
    session: &Session,
    tag: &str,
    tags: &[StandingTag],
    delete_images: bool,
    permit: &Permit,
    progress: &dyn Progress,
) -> Vec<Removal> {
    let removals = tags.iter().map(|standing| async move {
        let name = &standing.repository.name;
        if !matches!(standing.fate(delete_images), TagFate::Removed | TagFate::Deleted) {
            return Removal::As(standing.fate(delete_images));
        }
        progress.started(name, "taking the tag away");
        let removal = remove(session, tag, standing, delete_images, permit).await;
        let (outcome, text) = match &removal {
            Removal::As(TagFate::Removed | TagFate::Absent) => (Outcome::Done, format!("{tag} is taken away")),
            Removal::As(TagFate::Deleted) => (Outcome::Done, format!("{tag} is taken away, and its image deleted")),
            Removal::As(TagFate::Stays) => (Outcome::Skipped, format!("{tag} stays, it is the image's only tag")),
            Removal::Moved(_) => (Outcome::Skipped, format!("{tag} stays, somebody else moved it")),
            Removal::Failed(error) => (Outcome::Failed, error.to_string()),
            Removal::LockLost(reason) => (Outcome::Failed, reason.clone()),
        };
        progress.finished(name, outcome, &text);
        removal
    });
    stream::iter(removals).buffered(AT_ONCE).collect().await
}

async fn remove(session: &Session, tag: &str, standing: &StandingTag, delete_images: bool, permit: &Permit) -> Removal {
    let now = match tagged(session, &standing.repository, tag).await {
        Ok(image) => StandingTag { image, ..standing.clone() },
        Err(error) => return Removal::Failed(error),
    };
    let digest = |standing: &StandingTag| standing.image.as_ref().map(|image| image.digest.clone());
    if let Some(other) = digest(&now).filter(|other| Some(other) != digest(standing).as_ref()) {
        return Removal::Moved(other);
    }
    // An image that was not shown to go does not go.
    let fate = now.fate(delete_images && standing.fate(delete_images) == TagFate::Deleted);
    if !matches!(fate, TagFate::Removed | TagFate::Deleted) {
        return Removal::As(fate);
    }
    let ecr = session.ecr(&standing.repository.registry);
    let may = || permit.check().is_ok();
    match ecr.delete_tag_while(&standing.repository.name, tag, &may).await {
        Ok(true) => Removal::As(fate),
        Ok(false) => Removal::LockLost(
            permit.check().err().map_or_else(|| "the lock was about to end".to_owned(), |error| error.to_string()),
        ),
        Err(error) => Removal::Failed(error),
    }
}
