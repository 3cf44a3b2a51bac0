//! PutImage: one more tag for an image that is there, at the rate that AWS allows.

use aws_sdk_ecr::config::Config;
use aws_sdk_ecr::error::SdkError;
use aws_sdk_ecr::operation::put_image::{PutImageError, PutImageOutput};

use super::{Ecr, resource};
use crate::aws::AwsError;
use crate::aws::write::{self, Sent, Write};
use crate::pipeline::image::{Digest, Image};

/// What [`Ecr::put_tag`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The tag did not name the image before and does now.
    Made,
    /// The tag named this image already.
    AlreadyThere,
    /// `may` said no before anything was sent.
    Stopped,
}

/// Why [`Ecr::put_tag`] did not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutError {
    /// What the last attempt was answered.
    pub error: AwsError,
    /// Whether the answer to an attempt was lost: the tag may name the image all the same.
    pub answer_lost: bool,
}

impl From<AwsError> for PutError {
    fn from(error: AwsError) -> Self {
        Self { error, answer_lost: false }
    }
}

impl From<PutError> for AwsError {
    fn from(failure: PutError) -> Self {
        failure.error
    }
}

impl Ecr {
    /// Gives `image` the tag, whatever the tag named before. The manifest's bytes go as they came, with their media
    /// type and digest ("Retagging an image in Amazon ECR").
    ///
    /// It has its own retries, instead of the SDK's, because each attempt counts against the rate limit. Before each of
    /// them `may` is asked: where it says no, nothing more is sent.
    pub async fn put_tag(
        &self,
        repository: &str,
        tag: &str,
        image: &Image,
        may: &(dyn Fn() -> bool + Sync),
    ) -> Result<Put, PutError> {
        if !image.is_intact() {
            return Err(mismatch(repository, tag, image, Digest::of_manifest(&image.manifest).as_str()).into());
        }
        let write = Write { limiter: Some(&self.limiter), may, time_limit: self.place.time_limit };
        let Some(Sent { result, answer_lost }) = write.send(|| self.put_once(repository, tag, image)).await else {
            return Ok(Put::Stopped);
        };
        let error = match result {
            Ok(answer) => return Ok(check_answer(repository, tag, image, &answer)?),
            Err(error) => error,
        };
        let settled = self.settled(repository, tag, answer_lost, &error).unwrap_or_else(|| {
            let resource = format!("the tag {tag} of {}", resource(repository));
            Err(self.place.error("PutImage", &resource, &error))
        });
        settled.map_err(|error| PutError { answer_lost: answer_lost || leaves_doubt(&error), error })
    }

    async fn put_once(
        &self,
        repository: &str,
        tag: &str,
        image: &Image,
    ) -> Result<PutImageOutput, SdkError<PutImageError>> {
        self.client
            .put_image()
            .set_registry_id(self.account_id.clone())
            .repository_name(repository)
            .image_manifest(image.manifest.as_ref())
            .image_manifest_media_type(image.kind.media_type())
            .image_digest(image.digest.as_str())
            .image_tag(tag)
            .customize()
            .config_override(Config::builder().retry_config(write::once()).timeout_config(write::timeouts()))
            .send()
            .await
    }

    /// The answers that need no further attempt and are not simply an error of AWS.
    fn settled(
        &self,
        repository: &str,
        tag: &str,
        answer_lost: bool,
        error: &SdkError<PutImageError>,
    ) -> Option<Result<Put, AwsError>> {
        match error.as_service_error()? {
            // After an attempt whose answer was lost, it is that attempt which made the tag.
            PutImageError::ImageAlreadyExistsException(_) if answer_lost => Some(Ok(Put::Made)),
            PutImageError::ImageAlreadyExistsException(_) => Some(Ok(Put::AlreadyThere)),
            PutImageError::ImageTagAlreadyExistsException(_) => {
                Some(Err(AwsError::ImmutableTag { repository: repository.to_owned(), tag: tag.to_owned() }))
            }
            PutImageError::RepositoryNotFoundException(_) => Some(Err(self.repository_not_found(repository))),
            _ => None,
        }
    }
}

/// Whether the attempt that ended so may have done its work.
fn leaves_doubt(error: &AwsError) -> bool {
    matches!(error, AwsError::TimedOut { .. } | AwsError::Unreachable { .. } | AwsError::Other { .. })
}

fn check_answer(repository: &str, tag: &str, image: &Image, answer: &PutImageOutput) -> Result<Put, AwsError> {
    let digest = answer.image().and_then(|image| image.image_id()).and_then(|id| id.image_digest());
    match digest {
        Some(digest) if digest == image.digest.as_str() => Ok(Put::Made),
        other => Err(mismatch(repository, tag, image, other.unwrap_or("none"))),
    }
}

fn mismatch(repository: &str, tag: &str, image: &Image, found: &str) -> AwsError {
    AwsError::DigestMismatch {
        repository: repository.to_owned(),
        image: tag.to_owned(),
        expected: image.digest.to_string(),
        found: found.to_owned(),
    }
}
