//! The tags of a release, as a table.

use std::collections::BTreeMap;

use super::paint;
use super::table::table;
use crate::git::Commit;
use crate::pipeline::release::{ReleaseImage, TagAction, TagPlan};

/// The characters of a commit's subject that are shown at the least.
const SUBJECT: usize = 16;

/// What is done about each tag: `+` created, `=` there already. Subjects are cut so that rows fit into `width` columns.
pub fn tags(plan: &TagPlan, subjects: &BTreeMap<String, Commit>, width: usize) -> String {
    let longest = plan.moves.iter().map(|item| item.repository.name.chars().count()).max().unwrap_or_default();
    // Mark, digest, short commit, day, tag and its words, and what stands between them.
    let others = 2 + longest + 2 + 12 + 2 + 8 + 1 + 10 + 1 + 2 + plan.tag.len() + 9;
    let room = width.saturating_sub(others).max(SUBJECT);
    let rows: Vec<Vec<String>> = plan
        .moves
        .iter()
        .map(|item| {
            let (mark, what) = match &item.action {
                TagAction::Create => (paint::good("+"), format!("→ {}", plan.tag)),
                TagAction::Keep { source: None } => (paint::faint("="), format!("{} is there", plan.tag)),
                TagAction::Keep { source: Some(_) } => (paint::faint("="), format!("{} stays", plan.tag)),
            };
            vec![
                format!("{mark} {}", item.repository.name),
                item.after.image.digest.short().to_owned(),
                commit(&item.after, subjects, room),
                what,
            ]
        })
        .collect();
    table(&["  REPOSITORY", "DIGEST", "COMMIT", "TAG"], &rows)
}

/// The commit of an image: its first digits, its day and its subject, as far as they are known.
fn commit(image: &ReleaseImage, subjects: &BTreeMap<String, Commit>, room: usize) -> String {
    let Some(id) = image.commits.first() else { return paint::faint("no commit tag") };
    let short = id.get(..8).unwrap_or(id);
    match subjects.get(id) {
        Some(known) => format!("{short} {} {}", known.date, cut(&known.subject, room)),
        None => short.to_owned(),
    }
}

fn cut(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    let start: String = text.chars().take(length - 1).collect();
    format!("{}…", start.trim_end())
}
