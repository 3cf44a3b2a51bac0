//! PutImage: one more tag for an image that is there, at the rate that AWS allows.

use aws_sdk_ecr::config::Config;
use aws_sdk_ecr::config::retry::RetryConfig;
use aws_sdk_ecr::error::SdkError;
use aws_sdk_ecr::operation::put_image::{PutImageError, PutImageOutput};
use tokio::time::{Instant, sleep};

use super::{Ecr, resource};
use crate::aws::AwsError;
use crate::aws::retry::{ATTEMPTS, Kind, pause};
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
    ) -> Result<Put, AwsError> {
        if !image.is_intact() {
            return Err(mismatch(repository, tag, image, Digest::of_manifest(&image.manifest).as_str()));
        }
        self.limiter.wait_while(may).await;
        if !may() {
            return Ok(Put::Stopped);
        }
        let deadline = Instant::now() + self.place.time_limit;
        let mut attempt = 1;
        let mut answer_lost = false;
        loop {
            let error = match self.put_once(repository, tag, image).await {
                Ok(answer) => {
                    self.limiter.succeeded();
                    return check_answer(repository, tag, image, &answer);
                }
                Err(error) => error,
            };
            if let Some(result) = self.settled(repository, tag, answer_lost, &error) {
                return result;
            }
            let kind = Kind::of_error(&error);
            if kind == Kind::Throttled {
                self.limiter.throttled();
            }
            let pause = pause(attempt);
            let again = matches!(kind, Kind::Throttled | Kind::Transient);
            if !again || attempt == ATTEMPTS || Instant::now() + pause >= deadline {
                let resource = format!("the tag {tag} of {}", resource(repository));
                return Err(self.place.error("PutImage", &resource, &error));
            }
            sleep(pause).await;
            self.limiter.wait_while(may).await;
            if !may() {
                let resource = format!("the tag {tag} of {}", resource(repository));
                return Err(self.place.error("PutImage", &resource, &error));
            }
            attempt += 1;
            answer_lost |= kind == Kind::Transient;
        }
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
            .config_override(Config::builder().retry_config(RetryConfig::disabled()))
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
