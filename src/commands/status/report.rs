//! What `status` tells, as values.

use schemars::JsonSchema;
use serde::Serialize;

use crate::releases::{Hold, Outcome};

/// What `pipelinectl status --format json` prints.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Report {
    /// The pipelines, the newest first.
    pub pipelines: Vec<PipelineRow>,
}

/// One pipeline.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PipelineRow {
    /// Its name.
    pub namespace: String,
    /// Its tag.
    pub tag: String,
    /// Whether it is the live pipeline.
    pub live: bool,
    /// What keeps deployments away from it.
    pub hold: Option<Hold>,
    /// The release that was begun and has not ended.
    pub unfinished: Option<String>,
    /// The last release that ended.
    pub last_release: Option<LastRelease>,
    /// On how many commits its services are.
    pub commits: usize,
    /// Whether something is not as its tags say, or its services are on several commits where they should not.
    pub skew: bool,
    /// Its services, in the order of the configuration.
    pub services: Vec<ServiceRow>,
}

/// A release, in short.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LastRelease {
    /// Its name, for `show`.
    pub id: String,
    /// The command.
    pub command: String,
    /// When it was begun.
    pub started: String,
    /// Who began it.
    pub by: String,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

/// One service of a pipeline.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ServiceRow {
    /// Its name.
    pub service: String,
    /// The repository of its images.
    pub repository: String,
    /// The image that the pipeline's tag names; null where there is no tag.
    pub tagged: Option<ImageRow>,
    /// How many commits the main branch has that the image lacks.
    pub behind: Option<usize>,
    /// When a release moved its tag last, as far as records tell.
    pub deployed: Option<String>,
    /// Whether a lifecycle policy is about to expire what it runs.
    pub expiring: bool,
    /// Why its repository could not be read.
    pub error: Option<String>,
    /// What runs it.
    pub targets: Vec<TargetRow>,
}

/// A Lambda function or an ECS service.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TargetRow {
    /// The function, or cluster/service of ECS.
    pub target: String,
    /// Whether it runs what the tag names; null where that is not known, or it need not be there.
    pub same: Option<bool>,
    /// In words: `verified`, or what is wrong.
    pub verdict: String,
    /// In a word or two, for a table.
    #[serde(skip)]
    pub short: String,
    /// Whether AWS could not be asked.
    pub error: bool,
    /// What it runs, where that is known.
    pub running: Option<ImageRow>,
    /// What Terraform applied last; null where its state does not tell.
    pub applied: Option<AppliedRow>,
}

/// What Terraform applied last.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AppliedRow {
    /// The image as the resource names it.
    pub image: String,
    /// Whether that is what the pipeline's tag names, or the tag itself.
    pub same: bool,
    /// In a word or two, for a table.
    #[serde(skip)]
    pub short: String,
    /// The image, where the resource names a digest that the repository knows.
    pub built_from: Option<ImageRow>,
}

/// An image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ImageRow {
    /// Its name by content.
    pub digest: String,
    /// The commit that it was built from, in full where git knows it.
    pub commit: Option<String>,
    /// The first line of the commit's message, where git knows it.
    pub subject: Option<String>,
    /// The day of the commit.
    pub date: Option<String>,
    /// Whether the commit is on the main branch; null where git does not know it.
    pub on_main: Option<bool>,
}

impl ImageRow {
    /// The first digits of its commit; of the image itself where it has none.
    pub fn short(&self) -> String {
        match &self.commit {
            Some(commit) => commit.get(..8).unwrap_or(commit).to_owned(),
            None => self.digest.trim_start_matches("sha256:").chars().take(12).collect(),
        }
    }
}
