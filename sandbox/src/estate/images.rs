//! The images of an estate's services, built from its commits.

use super::history::Commit;
use super::shape::Service;
use crate::{Error, Estate, Image, LocalAws, Result};

impl Estate {
    /// Pushes an image of this commit for every service, with the commit's tag and no other.
    pub fn build(&self, commit: &Commit) -> Result<Vec<Image>> {
        let services: Vec<_> = self.services.iter().map(String::as_str).collect();
        self.build_some(commit, &services)
    }

    /// [`Self::build`] for these services only; the others have no image of this commit.
    pub fn build_some(&self, commit: &Commit, services: &[&str]) -> Result<Vec<Image>> {
        let (aws, tag) = (self.local_aws()?, commit.tag());
        let chosen = |service: &&Service| services.contains(&service.name.as_str());
        let repositories = self.shape.repositories();
        let built = repositories.iter().enumerate().filter(|(_, service)| chosen(service));
        built.map(|(place, service)| self.push(aws, service, place, commit, &[tag.as_str()])).collect()
    }

    /// What a merge to main does: [`Self::build`], and `latest` on each image.
    pub fn publish(&self, commit: &Commit) -> Result<Vec<Image>> {
        let images = self.build(commit)?;
        self.tag(commit, "latest")?;
        Ok(images)
    }

    /// Gives the images of this commit another tag, in each repository that has one; past `PutImage` and its log.
    pub fn tag(&self, commit: &Commit, tag: &str) -> Result<()> {
        let aws = self.local_aws()?;
        for repository in self.repositories() {
            if let Some(image) = aws.tagged(&repository, &commit.tag())? {
                aws.tag_image(&repository, &image.digest, tag)?;
            }
        }
        Ok(())
    }

    /// Makes the repositories, and images of all commits but the first.
    pub(super) fn seed(&self, aws: &LocalAws) -> Result<()> {
        for (number, service) in self.shape.repositories().into_iter().enumerate() {
            aws.create_repository(&service.repository)?;
            for (age, commit) in self.history[1..].iter().rev().enumerate() {
                let mut tags = vec![commit.tag()];
                match age {
                    0 => tags.push("latest".to_owned()),
                    1 => tags.extend(self.shape.pipelines.iter().map(|namespace| self.shape.pipeline_tag(namespace))),
                    _ => {}
                }
                let tags: Vec<_> = tags.iter().map(String::as_str).collect();
                self.push(aws, service, number + age, commit, &tags)?;
            }
        }
        Ok(())
    }

    /// `place` decides which kind of manifest it is.
    fn push(&self, aws: &LocalAws, service: &Service, place: usize, commit: &Commit, tags: &[&str]) -> Result<Image> {
        // A repository that feeds several services holds what each of them can run.
        let feeds = |other: &&Service| other.repository == service.repository;
        let kinds = self.shape.services.iter().filter(feeds).map(Service::kinds).min_by_key(|kinds| kinds.len());
        let kinds = kinds.unwrap_or(service.kinds());
        let seed = format!("{} {}", service.repository, commit.subject);
        aws.seed_image_at(&service.repository, &seed, kinds[place % kinds.len()], tags, commit.date)
    }

    pub(super) fn local_aws(&self) -> Result<&LocalAws> {
        self.aws.as_ref().ok_or_else(|| Error::Missing {
            what: "this estate has no local AWS".into(),
            advice: "Give its builder one: `.aws(&aws)`.".into(),
        })
    }
}
