//! The images of several repositories, by the commit that they were built from.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use super::image::{CommitScheme, Digest};
use super::service::Repository;

/// An image as its repository lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedImage {
    /// Its repository.
    pub repository: Repository,
    /// The services that run images of that repository.
    pub services: Vec<String>,
    /// The git repository of its commit, by its number among those of the services.
    pub git: usize,
    /// Its name by content.
    pub digest: Digest,
    /// All its tags, sorted.
    pub tags: Vec<String>,
    /// When it was pushed.
    pub pushed_at: Option<Timestamp>,
    /// In bytes; absent for an index.
    pub size: Option<u64>,
}

/// A commit that git knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCommit {
    /// All forty digits.
    pub id: String,
    /// The first line of its message.
    pub subject: String,
    /// The day of the commit, `2022-08-31`.
    pub date: String,
    /// How many commits of the main branch are newer or beside it; none where it is not on that branch.
    pub place: Option<usize>,
}

/// The commits that git knows, by the git repository and by the digits in a commit tag.
pub type KnownCommits = BTreeMap<(usize, String), KnownCommit>;

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A commit: all its digits where git knows it, else those in the tag.
    Commit(String),
    /// An image that no commit tag names.
    Image(Digest),
}

/// The images of one commit, or one image without a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is about.
    pub subject: Subject,
    /// The commit, where git knows it.
    pub commit: Option<KnownCommit>,
    /// Its images, one of each repository; of two in one repository the newer first.
    pub images: Vec<ListedImage>,
}

impl Entry {
    /// When the last of its images was pushed.
    pub fn pushed_at(&self) -> Option<Timestamp> {
        self.images.iter().filter_map(|image| image.pushed_at).max()
    }

    /// The bytes of all its images together; none where no size is known.
    pub fn size(&self) -> Option<u64> {
        let sizes: Vec<u64> = self.images.iter().filter_map(|image| image.size).collect();
        (!sizes.is_empty()).then(|| sizes.iter().sum())
    }

    /// How many of its images have this tag.
    pub fn tagged(&self, tag: &str) -> usize {
        self.images.iter().filter(|image| image.tags.iter().any(|known| known == tag)).count()
    }
}

/// Images by commit, the newest first: in the order of the main branch where git knows the commit to be on it, by the
/// time of the push else. An image with several commit tags stands at each of its commits.
pub fn by_commit(images: &[ListedImage], scheme: &CommitScheme, known: &KnownCommits) -> Vec<Entry> {
    let mut entries: BTreeMap<(usize, Subject), Entry> = BTreeMap::new();
    for image in images {
        let commits = scheme.commits_in(image.tags.iter().map(String::as_str));
        let mut subjects: Vec<(Subject, Option<KnownCommit>)> = Vec::new();
        for digits in commits {
            let commit = known.get(&(image.git, digits.clone())).cloned();
            let subject = Subject::Commit(commit.as_ref().map_or(digits, |commit| commit.id.clone()));
            // A long and a short tag of one commit.
            if !subjects.iter().any(|(other, _)| *other == subject) {
                subjects.push((subject, commit));
            }
        }
        if subjects.is_empty() {
            subjects.push((Subject::Image(image.digest.clone()), None));
        }
        for (subject, commit) in subjects {
            let new = || Entry { subject: subject.clone(), commit, images: Vec::new() };
            entries.entry((image.git, subject.clone())).or_insert_with(new).images.push(image.clone());
        }
    }
    in_order(entries)
}

/// Merges the order of each main branch with that of the pushes.
fn in_order(entries: BTreeMap<(usize, Subject), Entry>) -> Vec<Entry> {
    let mut on_main: BTreeMap<usize, Vec<(usize, Entry)>> = BTreeMap::new();
    let mut others = Vec::new();
    for ((git, _), entry) in entries {
        match entry.commit.as_ref().and_then(|commit| commit.place) {
            Some(place) => on_main.entry(git).or_default().push((place, entry)),
            None => others.push(entry),
        }
    }
    others.sort_by_key(|entry| std::cmp::Reverse(entry.pushed_at()));
    let mut queues: Vec<VecDeque<Entry>> = Vec::new();
    for mut entries in on_main.into_values() {
        entries.sort_by_key(|(place, _)| *place);
        queues.push(entries.into_iter().map(|(_, entry)| entry).collect());
    }
    queues.push(others.into());
    let mut merged = Vec::new();
    // The last of equal ones would win: the pushes come first, so that a main branch wins.
    while let Some(queue) = queues
        .iter_mut()
        .rev()
        .filter(|queue| !queue.is_empty())
        .max_by_key(|queue| queue.front().and_then(Entry::pushed_at))
    {
        merged.extend(queue.pop_front());
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::service::Registry;

    fn image(name: &str, tags: &[&str], pushed_at: i64) -> ListedImage {
        ListedImage {
            repository: Repository { registry: Registry::default(), name: "weco/a".to_owned() },
            services: vec!["a".to_owned()],
            git: 0,
            digest: Digest::of_manifest(name),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            pushed_at: Timestamp::from_second(pushed_at).ok(),
            size: Some(7),
        }
    }

    fn known(commits: &[(&str, Option<usize>)]) -> KnownCommits {
        let commit = |(id, place): &(&str, Option<usize>)| {
            let known = KnownCommit {
                id: id.repeat(40),
                subject: (*id).to_owned(),
                date: "2022-08-31".to_owned(),
                place: *place,
            };
            ((0, id.repeat(8)), known)
        };
        commits.iter().map(commit).collect()
    }

    fn subjects(entries: &[Entry]) -> Vec<String> {
        let name = |entry: &Entry| match &entry.subject {
            Subject::Commit(id) => id[..1].to_owned(),
            Subject::Image(digest) => digest.short().to_owned(),
        };
        entries.iter().map(name).collect()
    }

    #[test]
    fn git_orders_what_it_knows_and_the_push_the_rest() {
        let images = [
            image("1", &["ref.aaaaaaaa"], 10),
            // Built again later, but an older commit.
            image("2", &["ref.bbbbbbbb"], 99),
            image("3", &["ref.cccccccc", "latest"], 20),
            image("4", &["ref.dddddddd"], 15),
            image("5", &["by-hand"], 12),
        ];
        let known = known(&[("c", Some(0)), ("a", Some(3)), ("b", Some(5)), ("d", None)]);
        let entries = by_commit(&images, &CommitScheme::default(), &known);
        assert_eq!(subjects(&entries), ["c", "d", Digest::of_manifest("5").short(), "a", "b"]);
        assert!(entries[1].commit.as_ref().is_some_and(|commit| commit.place.is_none()));
        assert_eq!((entries[0].tagged("latest"), entries[0].size()), (1, Some(7)));
    }

    #[test]
    fn an_image_stands_at_each_of_its_commits_once() {
        let long = "a".repeat(40);
        let images = [image("1", &["ref.aaaaaaaa", &format!("ref.{long}"), "ref.bbbbbbbb"], 10)];
        let mut known = known(&[("a", Some(1)), ("b", Some(0))]);
        let same = known[&(0, "a".repeat(8))].clone();
        known.insert((0, long), same);
        let entries = by_commit(&images, &CommitScheme::default(), &known);
        assert_eq!(subjects(&entries), ["b", "a"]);
    }

    #[test]
    fn images_of_one_commit_in_several_repositories_are_one_entry() {
        let mut other = image("2", &["ref.eeeeeeee"], 20);
        other.repository.name = "weco/b".to_owned();
        let images = [image("1", &["ref.eeeeeeee"], 10), other];
        let entries = by_commit(&images, &CommitScheme::default(), &KnownCommits::new());
        assert_eq!((entries.len(), entries[0].images.len(), entries[0].size()), (1, 2, Some(14)));
        assert_eq!(entries[0].pushed_at(), Timestamp::from_second(20).ok());
    }
}
