//! Why a tag cannot be given, or may not.

use std::collections::BTreeSet;
use std::fmt;

use super::policy::Flag;
use super::{Digest, ManifestKind, Repository};
use crate::pipeline::history::{BuiltFrom, Commit, short};

/// Why a tag cannot be given. One is enough to move none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No image under the source's name.
    #[error("the repository {repository} has no image {asked}")]
    ImageMissing {
        /// Where.
        repository: Repository,
        /// The tag or digest that was asked for.
        asked: String,
        /// The tags there that look most like it.
        nearest: Vec<String>,
    },
    /// No image of a commit, and none of one before it.
    #[error("the repository {repository} has no image of commit {} or of one before it", short(commit))]
    NoneUpTo {
        /// Where.
        repository: Repository,
        /// The commit that was asked for.
        commit: String,
    },
    /// An abbreviated commit that fits several images.
    #[error("in the repository {repository} the commit {asked} stands for several images: {}", candidates.join(", "))]
    CommitAmbiguous {
        /// Where.
        repository: Repository,
        /// The commit as given.
        asked: String,
        /// The tags that begin with it.
        candidates: Vec<String>,
    },
    /// A repository that does not exist.
    #[error("there is no repository {repository}")]
    RepositoryMissing {
        /// Which one.
        repository: Repository,
        /// The names there that look most like it.
        nearest: Vec<String>,
    },
    /// Lambda runs no image that is an index.
    #[error("Lambda does not run the image {} in {repository}: it is an index of several images ({kind})", digest.short())]
    IndexForLambda {
        /// Where.
        repository: Repository,
        /// The services that would run it.
        services: Vec<String>,
        /// Which image.
        digest: Digest,
        /// Docker's or OCI's.
        kind: ManifestKind,
    },
    /// The tag could be given, and may not.
    #[error("{repository}: {guard}")]
    Guarded {
        /// Where.
        repository: Repository,
        /// What speaks against it.
        guard: Guard,
    },
}

/// What speaks against giving a tag to an image. Commits stand in lines of their own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Guard {
    /// The tag would go back.
    #[error("the tag would go back by {}\n    from {before}\n    to   {after}", counted(*commits))]
    Older {
        /// What it names.
        before: BuiltFrom,
        /// What it would name.
        after: BuiltFrom,
        /// By how many commits.
        commits: usize,
    },
    /// Neither commit follows on the other.
    #[error("neither commit follows on the other: the new one lacks {} of the old one, and has {} of its own\n    from {before}\n    to   {after}", counted(*behind), counted(*ahead))]
    Diverged {
        /// What it names.
        before: BuiltFrom,
        /// What it would name.
        after: BuiltFrom,
        /// The commits that only the new one has.
        ahead: usize,
        /// The commits that only the old one has.
        behind: usize,
        /// The flag that lets it pass, where there is one.
        flag: Option<Flag>,
    },
    /// Git cannot tell which is newer.
    #[error("nobody can tell whether the new image is newer than the old one\n    from {before}\n    to   {after}")]
    OrderUnknown {
        /// What it names.
        before: BuiltFrom,
        /// What it would name.
        after: BuiltFrom,
        /// The flag that lets it pass, where there is one.
        flag: Option<Flag>,
    },
    /// The commit is not on the main branch.
    #[error("the image was built from a commit that is not on {main_branch}\n    {commit}")]
    Unmerged {
        /// Its commit.
        commit: Commit,
        /// The main branch.
        main_branch: String,
    },
    /// Git does not know the main branch.
    #[error("git knows no branch {main_branch}, so nobody can tell whether the image's commit is merged\n    {commit}")]
    MainUnknown {
        /// The image's commit.
        commit: Commit,
        /// The main branch.
        main_branch: String,
    },
    /// Git does not know the commit.
    #[error("the image was built from commit {commit}, which git does not know")]
    CommitUnknown {
        /// Its commit, as the tag has it.
        commit: String,
    },
    /// There is no commit tag.
    #[error("the image {} has no commit tag, so nobody can tell what it was built from (its tags: {})", digest.short(), tags.join(", "))]
    NoCommitTag {
        /// Which image.
        digest: Digest,
        /// The tags it has.
        tags: Vec<String>,
    },
}

fn counted(commits: usize) -> String {
    if commits == 1 { "1 commit".to_owned() } else { format!("{commits} commits") }
}

impl Guard {
    /// Whether it might pass if git knew more.
    fn may_pass_after_fetch(&self) -> bool {
        match self {
            Self::Older { .. } | Self::NoCommitTag { .. } => false,
            Self::OrderUnknown { before, after, .. } => {
                !matches!((before, after), (BuiltFrom::Untagged, _) | (_, BuiltFrom::Untagged))
            }
            Self::Diverged { .. } | Self::Unmerged { .. } | Self::MainUnknown { .. } | Self::CommitUnknown { .. } => {
                true
            }
        }
    }
}

/// Why no tag moves at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.heading())]
pub struct Refusal {
    /// The pipeline.
    pub namespace: String,
    /// The pipeline's tag.
    pub tag: String,
    /// How many repositories were looked at.
    pub repositories: usize,
    /// At least one for each repository where it cannot be done.
    pub problems: Vec<Problem>,
    /// Why git does not know more, a sentence each.
    pub limits: Vec<String>,
}

impl Refusal {
    /// The repositories with a problem that might be none if git knew more of their commits.
    pub fn to_fetch(&self) -> BTreeSet<&Repository> {
        let mut places = BTreeSet::new();
        for problem in &self.problems {
            match problem {
                Problem::Guarded { repository, guard } if guard.may_pass_after_fetch() => places.insert(repository),
                _ => false,
            };
        }
        places
    }

    fn heading(&self) -> String {
        match self.repositories {
            1 => format!("the tag {} cannot be given", self.tag),
            all => format!("{} of {all} repositories cannot be tagged {}", self.places().len(), self.tag),
        }
    }

    fn places(&self) -> BTreeSet<&Repository> {
        self.problems.iter().map(Problem::repository).collect()
    }
}

impl Problem {
    /// Where it is.
    pub fn repository(&self) -> &Repository {
        match self {
            Self::ImageMissing { repository, .. }
            | Self::NoneUpTo { repository, .. }
            | Self::CommitAmbiguous { repository, .. }
            | Self::RepositoryMissing { repository, .. }
            | Self::IndexForLambda { repository, .. }
            | Self::Guarded { repository, .. } => repository,
        }
    }
}

/// A release that a newer one has overtaken: `--if-newer` lets it end without a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Superseded {
    /// The pipeline's tag.
    pub tag: String,
    /// The repositories where it names something newer.
    pub overtaken: Vec<Overtaken>,
}

/// A tag that names something newer than what it was to be moved to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overtaken {
    /// Where.
    pub repository: Repository,
    /// What it names.
    pub before: BuiltFrom,
    /// What it was to name.
    pub after: BuiltFrom,
    /// By how many commits that is older.
    pub commits: usize,
}

impl fmt::Display for Superseded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<&str> = self.overtaken.iter().map(|item| item.repository.name.as_str()).collect();
        let more = names.len().saturating_sub(3);
        names.truncate(3);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        write!(formatter, "{} already names something newer in {}{more}", self.tag, names.join(", "))?;
        let Some(newest) = self.overtaken.iter().max_by_key(|item| item.commits) else { return Ok(()) };
        write!(formatter, ": {}, {} ahead of {}", newest.before, newest.commits, newest.after)
    }
}
