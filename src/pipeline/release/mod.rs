//! A pipeline's tags as one release: what was found in every repository, and which tags follow from it.

mod decide;
mod name;
mod plan;
mod policy;
mod problem;

use std::fmt;

use super::image::{CommitScheme, Digest, Image, ManifestKind};
use super::service::Repository;

pub use decide::{Decision, Goal, moves};
pub use name::{LONGEST_TAG, TagError, pipeline_tag, similar};
pub use plan::{TagAction, TagMove, TagPlan};
pub use policy::{Flag, Policy, PolicyKind, Provenance};
pub use problem::{Guard, Overtaken, Problem, Refusal, Superseded};

/// Which images a pipeline is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageSource {
    /// Those with this tag: `latest`, or the tag of another pipeline.
    Tag(String),
    /// Those built from this commit, which may be abbreviated.
    Commit(String),
}

impl ImageSource {
    /// The tag to ask for.
    pub fn tag(&self, scheme: &CommitScheme) -> String {
        match self {
            Self::Tag(tag) => tag.clone(),
            Self::Commit(commit) => scheme.tag_of(commit),
        }
    }
}

impl fmt::Display for ImageSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => formatter.write_str(tag),
            Self::Commit(commit) => write!(formatter, "commit {commit}"),
        }
    }
}

/// An image of a release, with what its repository knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseImage {
    /// Digest, kind and manifest.
    pub image: Image,
    /// All tags that it has, sorted.
    pub tags: Vec<String>,
    /// The commits that its tags name; none when it has no commit tag.
    pub commits: Vec<String>,
    /// When it was pushed.
    pub pushed_at: Option<jiff::Timestamp>,
    /// Its size in the registry, in bytes; absent for an index.
    pub size: Option<u64>,
}

/// What was found in one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagState {
    /// Which one.
    pub repository: Repository,
    /// The services that run its images.
    pub services: Vec<String>,
    /// Whether one of them is a Lambda function.
    pub feeds_lambda: bool,
    /// What the pipeline's tag names, if it exists.
    pub current: Option<ReleaseImage>,
    /// What the pipeline is to run.
    pub source: Source,
}

/// What was found under the source's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// An image.
    Found(ReleaseImage),
    /// Nothing.
    Missing {
        /// The tag or the digest that was asked for.
        asked: String,
        /// The tags there that look most like it.
        nearest: Vec<String>,
    },
    /// Neither an image of this commit nor one of a commit before it.
    NoneUpTo {
        /// The commit that was asked for, in full.
        commit: String,
    },
    /// The abbreviated commit stands for several images.
    Ambiguous {
        /// The commit as given.
        asked: String,
        /// The tags that begin with it.
        candidates: Vec<String>,
    },
    /// No such repository.
    NoRepository {
        /// The names there that look most like it.
        nearest: Vec<String>,
    },
}

#[cfg(test)]
mod tests;
