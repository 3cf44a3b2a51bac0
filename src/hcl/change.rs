//! Changes of one block, as values.

use std::fmt;
use std::str::FromStr;

use super::{Assignment, AssignmentError, Expressions, Path, Value};

/// One change of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The value at the path is this one. What is not there is added; an item of a list must be there.
    Set {
        /// Where.
        path: Path,
        /// What.
        value: Value,
        /// Beside what it goes when it is added.
        anchor: Option<Anchor>,
    },
    /// There is nothing at the path.
    Unset {
        /// Where.
        path: Path,
    },
    /// The list at the path has the item.
    AddItem {
        /// The list.
        path: Path,
        /// The item.
        value: Value,
        /// Beside which item it goes when it is added.
        anchor: Option<Anchor>,
    },
    /// The list at the path does not have the item.
    RemoveItem {
        /// The list.
        path: Path,
        /// The item.
        value: Value,
    },
    /// What is at the path, or the item of the list there, is a comment.
    CommentOut {
        /// Where.
        path: Path,
        /// The item, when the path is a list.
        item: Option<Value>,
    },
    /// What a comment holds, in which the path or an item of the list there is written, is no comment any more.
    Uncomment {
        /// Where.
        path: Path,
        /// The item, when the path is a list.
        item: Option<Value>,
    },
}

/// Beside what something new goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anchor {
    /// Below this key or item.
    After(String),
    /// Above it.
    Before(String),
}

/// What an expression is that stands for a key; none where only Terraform knows.
pub type Keys<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What a change of a block may look at beside the block.
#[derive(Clone, Copy, Default)]
pub struct Around<'a> {
    /// The lines of blocks like it, the nearest first: something new goes where they have it.
    pub siblings: &'a [&'a str],
    /// The whole file, for the way in which its comments are written.
    pub file: &'a str,
    /// What happens to a value that is computed.
    pub expressions: Expressions,
    /// What a computed key, such as `local.date`, is.
    pub keys: Option<Keys<'a>>,
    /// Changes of the same block, made just before, that put something new there: the next new thing goes below it.
    pub added: &'a [Change],
}

impl fmt::Debug for Around<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Around").field("siblings", &self.siblings.len()).finish_non_exhaustive()
    }
}

impl Change {
    /// Where it is made.
    pub fn path(&self) -> &Path {
        match self {
            Self::Set { path, .. }
            | Self::Unset { path }
            | Self::AddItem { path, .. }
            | Self::RemoveItem { path, .. }
            | Self::CommentOut { path, .. }
            | Self::Uncomment { path, .. } => path,
        }
    }

    /// The value or the item that it is about.
    pub(super) fn value_mut(&mut self) -> Option<&mut Value> {
        match self {
            Self::Set { value, .. } | Self::AddItem { value, .. } | Self::RemoveItem { value, .. } => Some(value),
            Self::CommentOut { item, .. } | Self::Uncomment { item, .. } => item.as_mut(),
            Self::Unset { .. } => None,
        }
    }

    /// The same change at another path.
    #[must_use]
    pub fn at(mut self, new: Path) -> Self {
        match &mut self {
            Self::Set { path, .. }
            | Self::Unset { path }
            | Self::AddItem { path, .. }
            | Self::RemoveItem { path, .. }
            | Self::CommentOut { path, .. }
            | Self::Uncomment { path, .. } => *path = new,
        }
        self
    }

    /// The same change where `prefix` leads to what its path goes from: an entry of a map.
    #[must_use]
    pub fn below(self, prefix: &Path) -> Self {
        let path = prefix.join(self.path());
        self.at(path)
    }

    /// `path=value` without a place.
    pub fn set(assignment: &Assignment) -> Self {
        Self::Set { path: assignment.path.clone(), value: assignment.value.clone(), anchor: None }
    }
}

impl fmt::Display for Change {
    /// As it is typed, without the quotes of a shell.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let item = |item: &Option<Value>| item.as_ref().map_or_else(String::new, |item| format!("={}", item.as_str()));
        match self {
            Self::Set { path, value, .. } => write!(formatter, "{path}={}", value.as_str()),
            Self::Unset { path } => write!(formatter, "--unset {path}"),
            Self::AddItem { path, value, .. } => write!(formatter, "--add-item {path}={}", value.as_str()),
            Self::RemoveItem { path, value } => write!(formatter, "--remove-item {path}={}", value.as_str()),
            Self::CommentOut { path, item: value } => write!(formatter, "--comment-out {path}{}", item(value)),
            Self::Uncomment { path, item: value } => write!(formatter, "--uncomment {path}{}", item(value)),
        }
    }
}

/// `path` or `path=item`, as `--comment-out` takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathOrItem {
    /// The path.
    pub path: Path,
    /// The item of the list at the path.
    pub item: Option<Value>,
}

impl FromStr for PathOrItem {
    type Err = AssignmentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse::<Assignment>() {
            Ok(Assignment { path, value }) => Ok(Self { path, item: Some(value) }),
            Err(AssignmentError::NoEqual { .. }) => Ok(Self { path: text.parse()?, item: None }),
            Err(error) => Err(error),
        }
    }
}
