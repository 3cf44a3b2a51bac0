//! Commits and how they follow on each other, as git told it. Nothing is run here.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use super::service::Repository;

/// What a commit says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// All forty digits.
    pub id: String,
    /// The first line of its message.
    pub subject: String,
    /// The day of the commit, `2022-08-31`.
    pub date: String,
}

impl Commit {
    /// Its first digits: enough to find it by.
    pub fn short(&self) -> &str {
        short(&self.id)
    }
}

/// The first digits of a commit.
pub fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

impl fmt::Display for Commit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {}", self.short(), self.date, self.subject)
    }
}

/// The commit that an image was built from, as far as it can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuiltFrom {
    /// A commit that git knows.
    Commit(Commit),
    /// A commit that git does not know, by the digits in the image's tag.
    Unknown(String),
    /// The image has no commit tag.
    Untagged,
}

impl BuiltFrom {
    /// The digits of the commit.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Commit(commit) => Some(&commit.id),
            Self::Unknown(id) => Some(id),
            Self::Untagged => None,
        }
    }

    /// The commit, where git knows it.
    pub fn commit(&self) -> Option<&Commit> {
        match self {
            Self::Commit(commit) => Some(commit),
            Self::Unknown(_) | Self::Untagged => None,
        }
    }
}

impl fmt::Display for BuiltFrom {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commit(commit) => commit.fmt(formatter),
            Self::Unknown(id) => write!(formatter, "{} (git does not know it)", short(id)),
            Self::Untagged => formatter.write_str("an image without a commit tag"),
        }
    }
}

/// Where a commit stands to one that was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// They are one commit.
    Same,
    /// It is newer by so many commits.
    Ahead(usize),
    /// It is older by so many commits.
    Behind(usize),
    /// Each has commits that the other lacks.
    Diverged {
        /// Those that only the new one has.
        ahead: usize,
        /// Those that only the old one has.
        behind: usize,
    },
    /// Git cannot tell.
    Unknown,
}

impl fmt::Display for Relation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => formatter.write_str("same commit"),
            Self::Ahead(commits) => write!(formatter, "{commits} ahead"),
            Self::Behind(commits) => write!(formatter, "{commits} behind"),
            Self::Diverged { ahead, behind } => write!(formatter, "{ahead} ahead, {behind} behind"),
            Self::Unknown => formatter.write_str("order unknown"),
        }
    }
}

/// Commits and their parents, without those that all commits asked about have in common.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// The parents of each commit, by their places here, the newest first: no commit stands before one that follows on it.
    parents: Vec<Vec<usize>>,
    places: HashMap<String, usize>,
    /// The newest commit that all have in common: before everything else here.
    common: Option<String>,
    shallow: bool,
}

impl Graph {
    /// Reads `git rev-list --topo-order --parents`, from which what is reachable from `common` was left out. In a
    /// `shallow` clone, a commit that does not seem to follow on another one may do so all the same.
    pub fn new(listed: &str, common: Option<String>, shallow: bool) -> Self {
        let names: Vec<Vec<&str>> = listed.lines().map(|line| line.split_ascii_whitespace().collect()).collect();
        let places: HashMap<String, usize> =
            names.iter().enumerate().filter_map(|(place, names)| Some(((*names.first()?).to_owned(), place))).collect();
        let parents = names
            .iter()
            .map(|names| names.iter().skip(1).filter_map(|name| places.get(*name).copied()).collect())
            .collect();
        Self { parents, places, common, shallow }
    }

    /// Whether older commits are missing.
    pub fn is_shallow(&self) -> bool {
        self.shallow
    }

    /// Where `to` stands to `from`, both in full.
    pub fn relation(&self, from: &str, to: &str) -> Relation {
        if from == to {
            return Relation::Same;
        }
        let (Some(from), Some(to)) = (self.reach(from), self.reach(to)) else { return Relation::Unknown };
        let count = |ours: &[bool], theirs: &[bool]| ours.iter().zip(theirs).filter(|(a, b)| **a && !**b).count();
        match (count(&to, &from), count(&from, &to)) {
            (0, 0) => Relation::Unknown,
            (ahead, 0) => Relation::Ahead(ahead),
            (0, behind) => Relation::Behind(behind),
            _ if self.shallow => Relation::Unknown,
            (ahead, behind) => Relation::Diverged { ahead, behind },
        }
    }

    /// Whether `commit` is `tip` or before it.
    fn leads_to(&self, commit: &str, tip: &str) -> bool {
        matches!(self.relation(commit, tip), Relation::Same | Relation::Ahead(_))
    }

    /// Where a commit stands in the list, the newest first; none where it is not known here.
    fn place(&self, commit: &str) -> Option<usize> {
        let common = || (self.common.as_deref() == Some(commit)).then_some(self.parents.len());
        self.places.get(commit).copied().or_else(common)
    }

    /// Which commits of the list are at or before this one.
    fn reach(&self, commit: &str) -> Option<Vec<bool>> {
        let mut reached = vec![false; self.parents.len()];
        let mut next = vec![self.place(commit)?];
        while let Some(place) = next.pop() {
            if place < reached.len() && !reached[place] {
                reached[place] = true;
                next.extend(&self.parents[place]);
            }
        }
        Some(reached)
    }
}

/// All commits at or before one of them.
#[derive(Debug, Clone, Default)]
pub struct Lineage {
    /// Sorted by the commit, with its place in the list, the newest first.
    places: Vec<(String, usize)>,
}

impl Lineage {
    /// Reads `git rev-list --topo-order`.
    pub fn new<'line>(listed: impl Iterator<Item = &'line str>) -> Self {
        let mut places: Vec<_> = listed.enumerate().map(|(place, commit)| (commit.trim().to_owned(), place)).collect();
        places.sort_unstable();
        Self { places }
    }

    /// The newest of these commits, which may be abbreviated, that is in the list.
    pub fn newest<'tag>(&self, commits: impl IntoIterator<Item = &'tag str>) -> Option<&'tag str> {
        let placed = commits.into_iter().filter_map(|commit| Some((self.place(commit)?, commit)));
        placed.min_by_key(|(place, _)| *place).map(|(_, commit)| commit)
    }

    fn place(&self, commit: &str) -> Option<usize> {
        let from = self.places.partition_point(|(known, _)| known.as_str() < commit);
        let mut found = self.places[from..].iter().take_while(|(known, _)| known.starts_with(commit));
        match (found.next(), found.next()) {
            (Some((_, place)), None) => Some(*place),
            _ => None,
        }
    }
}

/// What one git repository says of the commits of a release.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The main branch, `origin/main`.
    pub main_branch: String,
    /// Its newest commit; none where git knows no such branch.
    pub main: Option<String>,
    /// The commits, by the digits they were asked by.
    pub known: BTreeMap<String, Commit>,
    /// How they and the main branch follow on each other; empty where nothing is judged.
    pub graph: Graph,
    /// Why git does not know more, a sentence each.
    pub limits: Vec<String>,
}

impl History {
    /// The commit that an image with these commit tags was built from. Where it has several it counts as its newest on
    /// the main branch; where none is there, as its newest.
    pub fn built_from(&self, commits: &[String]) -> BuiltFrom {
        let known = || commits.iter().filter_map(|commit| self.known.get(commit));
        let newest = |commits: &mut dyn Iterator<Item = &Commit>| {
            commits.min_by_key(|commit| self.graph.place(&commit.id).unwrap_or(usize::MAX)).cloned()
        };
        let on_main = newest(&mut known().filter(|commit| self.is_on_main(&commit.id)));
        match (on_main.or_else(|| newest(&mut known())), commits.first()) {
            (Some(commit), _) => BuiltFrom::Commit(commit),
            (None, Some(id)) => BuiltFrom::Unknown(id.clone()),
            (None, None) => BuiltFrom::Untagged,
        }
    }

    /// Where the commit of one image stands to that of another.
    pub fn relation(&self, before: &BuiltFrom, after: &BuiltFrom) -> Relation {
        match (before, after) {
            (BuiltFrom::Commit(before), BuiltFrom::Commit(after)) => self.graph.relation(&before.id, &after.id),
            // The digits of one and the same build, whatever git knows.
            (BuiltFrom::Unknown(before), BuiltFrom::Unknown(after)) if before == after => Relation::Same,
            _ => Relation::Unknown,
        }
    }

    /// Whether this commit, in full, is on the main branch, as far as git knows.
    pub fn is_on_main(&self, commit: &str) -> bool {
        self.main.as_ref().is_some_and(|main| self.graph.leads_to(commit, main))
    }
}

/// What git says of the commits of every repository of images.
#[derive(Debug, Clone, Default)]
pub struct Histories {
    of: BTreeMap<Repository, Arc<History>>,
    none: History,
}

impl Histories {
    /// Notes what is known of the commits of these repositories' images.
    pub fn insert(&mut self, repositories: impl IntoIterator<Item = Repository>, history: History) {
        let history = Arc::new(history);
        self.of.extend(repositories.into_iter().map(|repository| (repository, history.clone())));
    }

    /// What is known of the commits of this repository's images.
    pub fn of(&self, repository: &Repository) -> &History {
        self.of.get(repository).map_or(&self.none, |history| history)
    }
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
