//! What a repository knows of an image besides its manifest.

use aws_sdk_ecr::error::SdkError;
use aws_sdk_ecr::operation::describe_images::DescribeImagesError;
use aws_sdk_ecr::types::ImageDetail;
use futures_util::future::try_join_all;

use super::{Ecr, ImageName, MOST_IDENTIFIERS, resource};
use crate::aws::AwsError;
use crate::pipeline::image::Digest;

/// `DescribeImages` gives no more than this in a page.
const PAGE: i32 = 1000;

/// What a repository knows of an image besides its manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// Its name by content.
    pub digest: Digest,
    /// All its tags, sorted.
    pub tags: Vec<String>,
    /// When it was pushed.
    pub pushed_at: Option<jiff::Timestamp>,
    /// In bytes; absent for an index.
    pub size: Option<u64>,
}

impl Ecr {
    /// Tags, time and size of the images with these names, in their order; none where there is no such image.
    pub async fn details(&self, repository: &str, names: &[ImageName]) -> Result<Vec<Option<Details>>, AwsError> {
        let calls = names.chunks(MOST_IDENTIFIERS).map(|names| async move {
            match self.describe(repository, names).await {
                // DescribeImages fails as a whole when one of several is missing.
                Err(AwsError::NotFound { .. }) if names.len() > 1 => {
                    let calls = names.iter().map(|name| self.describe_one(repository, name));
                    try_join_all(calls).await
                }
                Err(AwsError::NotFound { .. }) => Ok(vec![None]),
                other => other,
            }
        });
        Ok(try_join_all(calls).await?.into_iter().flatten().collect())
    }

    /// Tags, time and size of every image of a repository, the newest first: a call for each thousand images.
    pub async fn all_details(&self, repository: &str) -> Result<Vec<Details>, AwsError> {
        let call = self.client.describe_images().set_registry_id(self.account_id.clone()).repository_name(repository);
        let mut pages = call.into_paginator().page_size(PAGE).send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.describe_error(repository, &error))?;
            all.extend(page.image_details().iter().filter_map(read));
        }
        all.sort_by(|a, b| b.pushed_at.cmp(&a.pushed_at).then_with(|| a.digest.cmp(&b.digest)));
        Ok(all)
    }

    async fn describe_one(&self, repository: &str, name: &ImageName) -> Result<Option<Details>, AwsError> {
        match self.describe(repository, std::slice::from_ref(name)).await {
            Ok(mut found) => Ok(found.pop().flatten()),
            Err(AwsError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn describe(&self, repository: &str, names: &[ImageName]) -> Result<Vec<Option<Details>>, AwsError> {
        let call = self
            .client
            .describe_images()
            .set_registry_id(self.account_id.clone())
            .repository_name(repository)
            .set_image_ids(Some(names.iter().map(ImageName::identifier).collect()));
        let answer = call.send().await.map_err(|error| self.describe_error(repository, &error))?;
        let mut found: Vec<Option<Details>> = vec![None; names.len()];
        for given in answer.image_details() {
            let Some(details) = read(given) else { continue };
            for (name, found) in names.iter().zip(&mut found) {
                let same = match name {
                    ImageName::Tag(tag) => details.tags.contains(tag),
                    ImageName::Digest(digest) => details.digest == *digest,
                };
                if same {
                    *found = Some(details.clone());
                }
            }
        }
        Ok(found)
    }
    fn describe_error(&self, repository: &str, error: &SdkError<DescribeImagesError>) -> AwsError {
        if error.as_service_error().is_some_and(DescribeImagesError::is_repository_not_found_exception) {
            return self.repository_not_found(repository);
        }
        self.place.error("DescribeImages", &resource(repository), error)
    }
}

fn read(given: &ImageDetail) -> Option<Details> {
    let digest = given.image_digest()?.parse().ok()?;
    let mut tags = given.image_tags().to_vec();
    tags.sort_unstable();
    let pushed_at = given.image_pushed_at().and_then(|at| jiff::Timestamp::from_second(at.secs()).ok());
    let size = given.image_size_in_bytes().and_then(|size| u64::try_from(size).ok()).filter(|size| *size > 0);
    Some(Details { digest, tags, pushed_at, size })
}
