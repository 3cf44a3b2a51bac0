//! What becomes of a pipeline's tag in every repository.

use std::collections::{BTreeMap, BTreeSet};

use super::policy::{Flag, Provenance};
use super::{Digest, Image, ReleaseImage, Repository};
use crate::pipeline::history::{BuiltFrom, Relation};

/// What is done about a pipeline's tag in one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagAction {
    /// It is made.
    Create,
    /// It is there, and will name another image.
    Move,
    /// It is there and stays what it is.
    Keep {
        /// What the source names, where that is another image.
        source: Option<Digest>,
    },
}

/// One line of a [`TagPlan`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagMove {
    /// Where.
    pub repository: Repository,
    /// The services that run its images.
    pub services: Vec<String>,
    /// What is done.
    pub action: TagAction,
    /// What the tag names before; none when it is created.
    pub before: Option<Image>,
    /// What that was built from.
    pub before_commit: Option<BuiltFrom>,
    /// What the tag names afterwards.
    pub after: ReleaseImage,
    /// What that was built from.
    pub after_commit: BuiltFrom,
    /// Where the new commit stands to the old one; only of a tag that moves.
    pub relation: Option<Relation>,
    /// Whether the new commit was merged; not judged of a tag that stays.
    pub provenance: Option<Provenance>,
    /// By how many commits the image is older than the commit that was asked for: there is no newer one up to it.
    pub before_asked: Option<usize>,
    /// The flags without which it would have been refused.
    pub allowed: BTreeSet<Flag>,
}

/// The pipeline's tag in every repository: what it will name, and what is done for that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagPlan {
    /// The pipeline's tag.
    pub tag: String,
    /// One for each repository, in the order given.
    pub moves: Vec<TagMove>,
}

impl TagMove {
    /// Whether something is changed.
    pub fn is_change(&self) -> bool {
        !matches!(self.action, TagAction::Keep { .. })
    }
}

impl TagPlan {
    /// Those that change something.
    pub fn changes(&self) -> impl Iterator<Item = &TagMove> {
        self.moves.iter().filter(|tag_move| tag_move.is_change())
    }

    /// Whether every tag names already what it shall.
    pub fn is_nothing(&self) -> bool {
        self.changes().next().is_none()
    }

    /// What every repository's tag names afterwards, moved or not.
    pub fn digests(&self) -> BTreeMap<Repository, Digest> {
        self.moves.iter().map(|item| (item.repository.clone(), item.after.image.digest.clone())).collect()
    }
}
