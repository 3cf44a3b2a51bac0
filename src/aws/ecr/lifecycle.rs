//! Which images a repository's lifecycle policy is about to expire.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_ecr::operation::get_lifecycle_policy_preview::{
    GetLifecyclePolicyPreviewError, GetLifecyclePolicyPreviewOutput,
};
use aws_sdk_ecr::operation::start_lifecycle_policy_preview::StartLifecyclePolicyPreviewError;
use aws_sdk_ecr::types::LifecyclePolicyPreviewStatus as Status;
use futures_util::future::try_join_all;
use tokio::time::{Instant, sleep};

use super::{Ecr, ImageName, MOST_IDENTIFIERS, resource};
use crate::aws::AwsError;
use crate::pipeline::image::Digest;

const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

impl Ecr {
    /// Those of these images that the repository's lifecycle policy would expire now; none where there is no policy.
    /// A preview is made for that and waited for ("Creating a lifecycle policy preview in Amazon ECR"); it expires
    /// nothing.
    pub async fn expiring(&self, repository: &str, digests: &[Digest]) -> Result<BTreeSet<Digest>, AwsError> {
        if digests.is_empty() || !self.start_preview(repository).await? {
            return Ok(BTreeSet::new());
        }
        let parts = digests.chunks(MOST_IDENTIFIERS).map(|digests| self.preview(repository, digests));
        Ok(try_join_all(parts).await?.into_iter().flatten().collect())
    }

    /// Whether there is a policy to preview.
    async fn start_preview(&self, repository: &str) -> Result<bool, AwsError> {
        let call = self.client.start_lifecycle_policy_preview().set_registry_id(self.account_id.clone());
        let Err(error) = call.repository_name(repository).send().await else { return Ok(true) };
        match error.as_service_error() {
            Some(StartLifecyclePolicyPreviewError::LifecyclePolicyNotFoundException(_)) => Ok(false),
            // Somebody else asked just now: theirs is as good.
            Some(StartLifecyclePolicyPreviewError::LifecyclePolicyPreviewInProgressException(_)) => Ok(true),
            Some(StartLifecyclePolicyPreviewError::RepositoryNotFoundException(_)) => {
                Err(self.repository_not_found(repository))
            }
            _ => Err(self.place.error("StartLifecyclePolicyPreview", &resource(repository), &error)),
        }
    }

    async fn preview(&self, repository: &str, digests: &[Digest]) -> Result<BTreeSet<Digest>, AwsError> {
        let deadline = Instant::now() + self.place.time_limit;
        loop {
            let answer = self.look_at_preview(repository, digests).await?;
            match answer.as_ref().and_then(GetLifecyclePolicyPreviewOutput::status) {
                Some(Status::Complete) => {
                    let results = answer.and_then(|answer| answer.preview_results).unwrap_or_default();
                    let found = results.iter().filter_map(|result| result.image_digest()?.parse().ok());
                    return Ok(found.filter(|digest| digests.contains(digest)).collect());
                }
                Some(Status::Failed | Status::Expired) => return Err(self.no_preview(repository, "it failed")),
                _ if Instant::now() + BETWEEN_LOOKS >= deadline => {
                    return Err(self.no_preview(repository, "it took too long"));
                }
                _ => sleep(BETWEEN_LOOKS).await,
            }
        }
    }

    async fn look_at_preview(
        &self,
        repository: &str,
        digests: &[Digest],
    ) -> Result<Option<GetLifecyclePolicyPreviewOutput>, AwsError> {
        let names = digests.iter().map(|digest| ImageName::Digest(digest.clone()).identifier()).collect();
        let call = self.client.get_lifecycle_policy_preview().set_registry_id(self.account_id.clone());
        match call.repository_name(repository).set_image_ids(Some(names)).send().await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) => match error.as_service_error() {
                Some(GetLifecyclePolicyPreviewError::LifecyclePolicyPreviewNotFoundException(_)) => Ok(None),
                _ => Err(self.place.error("GetLifecyclePolicyPreview", &resource(repository), &error)),
            },
        }
    }

    fn no_preview(&self, repository: &str, message: &str) -> AwsError {
        AwsError::Other {
            operation: format!("{}:GetLifecyclePolicyPreview", self.place.service),
            resource: resource(repository),
            code: "NoPreview".to_owned(),
            message: message.to_owned(),
            request_id: None,
        }
    }
}
