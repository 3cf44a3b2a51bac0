//! What a command may do with tags, and which flags let it do more.

use std::fmt;

/// What a command does with tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// Makes those that are missing; those that exist stay: `new` and `tag`.
    Create,
    /// Also moves those that exist, to newer commits: `deploy`, `tag --move`, `retag`.
    Move,
    /// Moves them wherever it is told, older or newer: `rollback`.
    Restore,
}

/// The rules for one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// What it does.
    pub kind: PolicyKind,
    /// `--allow-unmerged`: commits that are not on the main branch may pass.
    pub allow_unmerged: bool,
    /// `--allow-unknown-commit`: images whose commit nobody can tell may pass.
    pub allow_unknown_commit: bool,
    /// `--if-newer`: a release that was overtaken by a newer one is no error.
    pub if_newer: bool,
}

impl Policy {
    /// The rules without any flag.
    pub fn new(kind: PolicyKind) -> Self {
        Self { kind, allow_unmerged: false, allow_unknown_commit: false, if_newer: false }
    }

    /// The same rules without the flags that let more pass: what git is asked for more about.
    #[must_use]
    pub fn strict(self) -> Self {
        Self { allow_unmerged: false, allow_unknown_commit: false, ..self }
    }

    /// Whether the flag was given.
    pub fn has(self, flag: Flag) -> bool {
        match flag {
            Flag::AllowUnmerged => self.allow_unmerged,
            Flag::AllowUnknownCommit => self.allow_unknown_commit,
        }
    }
}

/// A flag that overrides a guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    /// `--allow-unmerged`
    AllowUnmerged,
    /// `--allow-unknown-commit`
    AllowUnknownCommit,
}

impl fmt::Display for Flag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AllowUnmerged => "--allow-unmerged",
            Self::AllowUnknownCommit => "--allow-unknown-commit",
        })
    }
}

/// Whether an image was built from what the team has merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provenance {
    /// Its commit is on the main branch.
    OnMain,
    /// Its commit is not on the main branch.
    Unmerged,
    /// Git knows its commit, but not the main branch.
    MainUnknown,
    /// Git does not know its commit.
    CommitUnknown,
    /// It has no commit tag.
    NoCommitTag,
}

impl Provenance {
    /// The flag that lets it pass; none where it passes anyway.
    pub fn flag(self) -> Option<Flag> {
        match self {
            Self::OnMain => None,
            Self::Unmerged | Self::MainUnknown => Some(Flag::AllowUnmerged),
            Self::CommitUnknown | Self::NoCommitTag => Some(Flag::AllowUnknownCommit),
        }
    }
}
