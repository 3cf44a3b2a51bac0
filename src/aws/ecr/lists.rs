//! Lists, to suggest a name for one that is not there.

use std::collections::BTreeMap;

use aws_sdk_ecr::types::{ListImagesFilter, TagStatus};

use super::{Ecr, resource};
use crate::aws::AwsError;

/// `ListImages` and `DescribeRepositories` give no more than this in a page.
const PAGE: i32 = 1000;
/// Tags and repositories are listed to suggest one; more pages would cost more than they help.
const MOST_PAGES: usize = 10;

impl Ecr {
    /// The tags of a repository and what they name; of a very big one the first ten thousand.
    pub async fn tags(&self, repository: &str) -> Result<BTreeMap<String, String>, AwsError> {
        self.tags_of_pages(repository, MOST_PAGES).await
    }

    /// All tags of a repository and what they name, however many there are.
    pub async fn every_tag(&self, repository: &str) -> Result<BTreeMap<String, String>, AwsError> {
        self.tags_of_pages(repository, usize::MAX).await
    }

    async fn tags_of_pages(&self, repository: &str, most: usize) -> Result<BTreeMap<String, String>, AwsError> {
        let filter = ListImagesFilter::builder().tag_status(TagStatus::Tagged).build();
        let call = self.client.list_images().set_registry_id(self.account_id.clone());
        let call = call.repository_name(repository).filter(filter);
        let mut pages = call.into_paginator().page_size(PAGE).send();
        let mut tags = BTreeMap::new();
        for _ in 0..most {
            let Some(page) = pages.next().await else { break };
            let page = page.map_err(|error| self.place.error("ListImages", &resource(repository), &error))?;
            let ids = page.image_ids.unwrap_or_default().into_iter();
            tags.extend(ids.filter_map(|id| id.image_tag.zip(id.image_digest)));
        }
        Ok(tags)
    }

    /// The names of the repositories; of very many the first ten thousand.
    pub async fn repositories(&self) -> Result<Vec<String>, AwsError> {
        let call = self.client.describe_repositories().set_registry_id(self.account_id.clone());
        let mut pages = call.into_paginator().page_size(PAGE).send();
        let mut names = Vec::new();
        for _ in 0..MOST_PAGES {
            let Some(page) = pages.next().await else { break };
            let page = page.map_err(|error| self.place.error("DescribeRepositories", &self.registry(), &error))?;
            let repositories = page.repositories.unwrap_or_default().into_iter();
            names.extend(repositories.filter_map(|repository| repository.repository_name));
        }
        Ok(names)
    }
}
