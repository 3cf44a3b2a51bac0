//! Images by commit, as a table.

use super::paint;
use super::table::{cut, table, width};
use crate::pipeline::catalogue::{Entry, Subject};
use crate::pipeline::image::CommitScheme;

/// The characters of a subject that are shown at the least.
const SUBJECT: usize = 16;

/// How the entries are shown.
pub struct Manner<'a> {
    /// How commit tags are made: they are not repeated among the tags.
    pub commits: &'a CommitScheme,
    /// The pipelines, each with its tag, the newest first.
    pub pipelines: &'a [(String, String)],
    /// How many repositories were listed.
    pub repositories: usize,
    /// Columns of the terminal.
    pub width: usize,
}

/// How much a row tells. Where the terminal is narrow, the time of day goes first, then the size.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Detail {
    Least,
    Size,
    Time,
}

/// A line for each commit. Subjects are cut so that rows fit into the terminal; nothing else is cut.
pub fn catalogue(entries: &[Entry], manner: &Manner<'_>) -> String {
    let (headings, mut rows) = [Detail::Time, Detail::Size, Detail::Least]
        .map(|detail| cells(entries, manner, detail))
        .into_iter()
        .reduce(|wider, narrower| if width(&wider.0, &wider.1) + SUBJECT > manner.width { narrower } else { wider })
        .unwrap_or_default();
    let room = manner.width.saturating_sub(width(&headings, &rows)).max(SUBJECT);
    for (row, entry) in rows.iter_mut().zip(entries) {
        row.push(subject(entry, room));
    }
    table(&[headings, vec!["SUBJECT"]].concat(), &rows)
}

type Cells = (Vec<&'static str>, Vec<Vec<String>>);

/// All columns but the subject.
fn cells(entries: &[Entry], manner: &Manner<'_>, detail: Detail) -> Cells {
    let mut headings = vec!["COMMIT", if detail == Detail::Time { "PUSHED (UTC)" } else { "PUSHED" }];
    headings.extend((detail >= Detail::Size).then_some("SIZE"));
    headings.extend((manner.repositories > 1).then_some("IMAGES"));
    headings.extend(["RUN BY", "TAGS"]);
    (headings, entries.iter().map(|entry| row(entry, manner, detail)).collect())
}

fn row(entry: &Entry, manner: &Manner<'_>, detail: Detail) -> Vec<String> {
    let commit = match &entry.subject {
        Subject::Commit(id) => id.get(..8).unwrap_or(id).to_owned(),
        Subject::Image(_) => paint::faint("-"),
    };
    let time = if detail == Detail::Time { "%F %H:%M" } else { "%F" };
    let nothing = || "-".to_owned();
    let mut row = vec![commit, entry.pushed_at().map_or_else(nothing, |at| at.strftime(time).to_string())];
    if detail >= Detail::Size {
        row.push(entry.size().map_or_else(nothing, size));
    }
    if manner.repositories > 1 {
        let count = format!("{} of {}", entry.images.len(), manner.repositories);
        row.push(if entry.images.len() < manner.repositories { paint::changed(&count) } else { count });
    }
    let pipelines = manner.pipelines.iter().filter_map(|(name, tag)| counted(entry, name, tag));
    row.push(paint::good(&pipelines.collect::<Vec<_>>().join(", ")));
    let is_pipeline = |tag: &str| manner.pipelines.iter().any(|(_, known)| known == tag);
    let mut tags: Vec<&str> = entry.images.iter().flat_map(|image| &image.tags).map(String::as_str).collect();
    tags.sort_unstable();
    tags.dedup();
    tags.retain(|tag| manner.commits.commit_in(tag).is_none() && !is_pipeline(tag));
    row.push(tags.into_iter().filter_map(|tag| counted(entry, tag, tag)).collect::<Vec<_>>().join(", "));
    row
}

/// The name, with how many of the images have the tag where not all have it; none where none has.
fn counted(entry: &Entry, name: &str, tag: &str) -> Option<String> {
    match entry.tagged(tag) {
        0 => None,
        all if all == entry.images.len() => Some(name.to_owned()),
        some => Some(format!("{name} ({some} of {})", entry.images.len())),
    }
}

fn subject(entry: &Entry, room: usize) -> String {
    let Some(image) = entry.images.first() else { return String::new() };
    match (&entry.commit, &entry.subject) {
        (Some(commit), _) if commit.place.is_none() => {
            format!("{} {}", paint::changed("(unmerged)"), cut(&commit.subject, room.saturating_sub(11)))
        }
        (Some(commit), _) => cut(&commit.subject, room),
        (None, Subject::Commit(_)) => paint::faint("(git does not know it)"),
        (None, Subject::Image(digest)) => {
            paint::faint(&format!("(no commit tag) {}@{}", image.repository.name, digest.short()))
        }
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", (bytes + 500) / 1_000),
        1_000_000..1_000_000_000 => format!("{} MB", (bytes + 500_000) / 1_000_000),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes % 1_000_000_000 / 100_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::catalogue::{KnownCommit, ListedImage};
    use crate::pipeline::image::Digest;
    use crate::pipeline::service::{Registry, Repository};

    fn entries() -> Vec<Entry> {
        let image = |name: &str, tags: &[&str]| ListedImage {
            repository: Repository { registry: Registry::default(), name: format!("weco/{name}") },
            services: vec![name.to_owned()],
            git: 0,
            digest: Digest::of_manifest(name),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            pushed_at: "2022-09-01T12:03:04Z".parse().ok(),
            size: Some(123_456_789),
        };
        let commit = KnownCommit {
            id: "a1b2c3d4".repeat(5),
            subject: "Aggregate concepts by identifier, not by label".to_owned(),
            date: "2022-09-01".to_owned(),
            place: Some(0),
        };
        let subject = Subject::Commit(commit.id.clone());
        let images = vec![image("a", &["2022-08-31", "2022-10-14", "latest"]), image("b", &["2022-08-31"])];
        vec![Entry { subject, commit: Some(commit), images }]
    }

    #[test]
    fn rows_fit_into_the_terminal() {
        let pipelines = ["2022-10-14", "2022-08-31"].map(|name| (name.to_owned(), name.to_owned()));
        let shown = |width: usize| {
            let commits = CommitScheme::default();
            let manner = Manner { commits: &commits, pipelines: &pipelines, repositories: 2, width };
            anstream::adapter::strip_str(&catalogue(&entries(), &manner)).to_string()
        };
        for width in [100, 110, 120, 200] {
            assert!(shown(width).lines().all(|line| line.chars().count() <= width), "{}", shown(width));
        }
        insta::assert_snapshot!(shown(120), @r"
        COMMIT    PUSHED (UTC)      SIZE    IMAGES  RUN BY                           TAGS             SUBJECT
        a1b2c3d4  2022-09-01 12:03  247 MB  2 of 2  2022-10-14 (1 of 2), 2022-08-31  latest (1 of 2)  Aggregate concepts by ide…
        ");
        insta::assert_snapshot!(shown(80), @r"
        COMMIT    PUSHED      IMAGES  RUN BY                           TAGS             SUBJECT
        a1b2c3d4  2022-09-01  2 of 2  2022-10-14 (1 of 2), 2022-08-31  latest (1 of 2)  Aggregate conce…
        ");
    }

    #[test]
    fn sizes_are_short() {
        let sizes = [999, 1_499, 123_456_789, 1_250_000_000].map(size);
        assert_eq!(sizes, ["999 B", "1 kB", "123 MB", "1.2 GB"]);
    }
}
