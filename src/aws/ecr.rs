//! ECR repositories: manifests, tags, and giving an image one more tag.

use std::fmt;
use std::sync::Arc;

use aws_sdk_ecr::config::Config;
use aws_sdk_ecr::operation::batch_get_image::BatchGetImageError;
use aws_sdk_ecr::types::{ImageFailure, ImageFailureCode, ImageIdentifier};
use futures_util::future::try_join_all;

use super::error::AwsError;
use super::limiter::Limiter;
use super::place::Place;
use super::write::{self, Write};
use crate::pipeline::image::{Digest, Image, ManifestKind};

mod details;
mod lifecycle;
mod lists;
mod put;

pub use details::Details;
pub use put::{Put, PutError};

/// `BatchGetImage`, `BatchDeleteImage` and `DescribeImages` take no more identifiers ("Amazon ECR API Reference").
const MOST_IDENTIFIERS: usize = 100;
/// PutImage, per account and region ("Amazon ECR service quotas").
const PUTS_A_SECOND: u32 = 10;

/// The repositories of one account and region.
#[derive(Debug, Clone)]
pub struct Ecr {
    client: aws_sdk_ecr::Client,
    place: Place,
    account_id: Option<String>,
    limiter: Arc<Limiter>,
}

/// How an image is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ImageName {
    /// By a tag that it has.
    Tag(String),
    /// By its digest.
    Digest(Digest),
}

impl ImageName {
    fn identifier(&self) -> ImageIdentifier {
        match self {
            Self::Tag(tag) => ImageIdentifier::builder().image_tag(tag).build(),
            Self::Digest(digest) => ImageIdentifier::builder().image_digest(digest.as_str()).build(),
        }
    }

    fn is(&self, id: &ImageIdentifier) -> bool {
        match self {
            Self::Tag(tag) => id.image_tag() == Some(tag),
            Self::Digest(digest) => id.image_digest() == Some(digest.as_str()),
        }
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => formatter.write_str(tag),
            Self::Digest(digest) => formatter.write_str(digest.as_str()),
        }
    }
}

impl Ecr {
    pub(super) fn new(client: aws_sdk_ecr::Client, place: Place, account_id: Option<String>) -> Self {
        Self { client, place, account_id, limiter: Arc::new(Limiter::new(PUTS_A_SECOND)) }
    }

    /// The images with these names, in their order; none where there is no such image. The manifests are as they were
    /// pushed: all four kinds are accepted, so that none is converted.
    pub async fn images(&self, repository: &str, names: &[ImageName]) -> Result<Vec<Option<Image>>, AwsError> {
        let calls = names.chunks(MOST_IDENTIFIERS).map(|names| self.batch_get(repository, names));
        Ok(try_join_all(calls).await?.into_iter().flatten().collect())
    }

    /// The image with this name.
    pub async fn image(&self, repository: &str, name: &ImageName) -> Result<Option<Image>, AwsError> {
        Ok(self.images(repository, std::slice::from_ref(name)).await?.pop().flatten())
    }

    async fn batch_get(&self, repository: &str, names: &[ImageName]) -> Result<Vec<Option<Image>>, AwsError> {
        let call = self
            .client
            .batch_get_image()
            .set_registry_id(self.account_id.clone())
            .repository_name(repository)
            .set_image_ids(Some(names.iter().map(ImageName::identifier).collect()))
            .set_accepted_media_types(Some(ManifestKind::ALL.map(|kind| kind.media_type().to_owned()).into()));
        let answer = call.send().await.map_err(|error| {
            if error.as_service_error().is_some_and(BatchGetImageError::is_repository_not_found_exception) {
                return self.repository_not_found(repository);
            }
            self.place.error("BatchGetImage", &resource(repository), &error)
        })?;
        for failure in answer.failures() {
            self.check_missing("BatchGetImage", repository, failure)?;
        }
        let find = |name: &ImageName| {
            let found = answer.images().iter().find(|given| given.image_id().is_some_and(|id| name.is(id)));
            found.map(|given| read(repository, name, given)).transpose()
        };
        names.iter().map(find).collect()
    }

    /// Takes a tag away. Taking its last tag from an image deletes the image ("`BatchDeleteImage`"): see to it before.
    /// A tag that is not there is fine. Only while `may` says so, which is asked before each attempt; false where nothing
    /// was sent.
    pub async fn delete_tag_while(
        &self,
        repository: &str,
        tag: &str,
        may: &(dyn Fn() -> bool + Sync),
    ) -> Result<bool, AwsError> {
        let call = || {
            let call = self.client.batch_delete_image().set_registry_id(self.account_id.clone());
            let call = call.repository_name(repository);
            let call = call.image_ids(ImageIdentifier::builder().image_tag(tag).build()).customize();
            let once = Config::builder().retry_config(write::once()).timeout_config(write::timeouts());
            call.config_override(once).send()
        };
        let write = Write { limiter: None, may, time_limit: self.place.time_limit };
        let Some(sent) = write.send(call).await else { return Ok(false) };
        let resource = format!("the tag {tag} of {}", resource(repository));
        let answer = sent.result.map_err(|error| self.place.error("BatchDeleteImage", &resource, &error))?;
        let mut failures = answer.failures().iter();
        failures.try_for_each(|failure| self.check_missing("BatchDeleteImage", repository, failure))?;
        Ok(true)
    }

    /// An identifier may fail because there is no such image; anything else is an error.
    fn check_missing(&self, operation: &str, repository: &str, failure: &ImageFailure) -> Result<(), AwsError> {
        match failure.failure_code() {
            None | Some(ImageFailureCode::ImageNotFound) => Ok(()),
            Some(code) => Err(AwsError::Other {
                operation: format!("{}:{operation}", self.place.service),
                resource: resource(repository),
                code: code.as_str().to_owned(),
                message: failure.failure_reason().unwrap_or("no reason was given").to_owned(),
                request_id: None,
            }),
        }
    }

    fn repository_not_found(&self, repository: &str) -> AwsError {
        AwsError::RepositoryNotFound { repository: repository.to_owned(), registry: self.registry() }
    }

    fn registry(&self) -> String {
        match &self.account_id {
            Some(account) => format!("the registry {account} in {}", self.place.region),
            None => format!("the registry in {}", self.place.region),
        }
    }
}

fn resource(repository: &str) -> String {
    format!("the repository {repository}")
}

/// The image in an answer, if its bytes are what its digest says.
fn read(repository: &str, name: &ImageName, given: &aws_sdk_ecr::types::Image) -> Result<Image, AwsError> {
    let manifest = given.image_manifest().unwrap_or_default();
    let found = Digest::of_manifest(manifest);
    let expected = given.image_id().and_then(|id| id.image_digest()).unwrap_or_default();
    if found.as_str() != expected {
        return Err(AwsError::DigestMismatch {
            repository: repository.to_owned(),
            image: name.to_string(),
            expected: expected.to_owned(),
            found: found.to_string(),
        });
    }
    let media_type = given.image_manifest_media_type().map(str::to_owned).or_else(|| media_type_in(manifest));
    let media_type = media_type.unwrap_or_else(|| "unknown".to_owned());
    let Some(kind) = ManifestKind::from_media_type(&media_type) else {
        let (repository, image) = (repository.to_owned(), name.to_string());
        return Err(AwsError::UnknownMediaType { repository, image, media_type });
    };
    Ok(Image { digest: found, kind, manifest: manifest.into() })
}

fn media_type_in(manifest: &str) -> Option<String> {
    let manifest: serde_json::Value = serde_json::from_str(manifest).ok()?;
    manifest.get("mediaType")?.as_str().map(str::to_owned)
}
