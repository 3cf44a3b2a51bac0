//! The tags of a release, as a table.

use super::paint;
use super::table::table;
use crate::pipeline::history::{BuiltFrom, Relation, short};
use crate::pipeline::release::{TagAction, TagMove, TagPlan};

/// The characters of a commit's subject that are shown at the least.
const SUBJECT: usize = 16;

/// What is done about each tag: `+` made, `~` moved, `=` left as it is. Subjects are cut so that rows fit into `width`
/// columns.
pub fn tags(plan: &TagPlan, width: usize) -> String {
    let moved = plan.moves.iter().any(|item| item.action == TagAction::Move);
    let text = if moved { moving(plan, width) } else { making(plan, width) };
    let older: Vec<&TagMove> = plan.moves.iter().filter(|item| item.before_asked.is_some()).collect();
    if older.is_empty() {
        return text;
    }
    let longest = longest(older.iter().copied());
    let line = |item: &&TagMove| {
        let commits = super::counted(item.before_asked.unwrap_or_default(), "commit");
        format!(
            "  {:longest$}  {commits} older than the one asked for: it has no image of a newer one\n",
            item.repository.name
        )
    };
    text + "\n" + &older.iter().map(line).collect::<String>()
}

/// A release in which no tag moves: one commit a row.
fn making(plan: &TagPlan, width: usize) -> String {
    // Mark, short commit, tag and its words, and what stands between them; then the digest and the day, which go first
    // where the terminal is narrow.
    let others = 2 + longest(&plan.moves) + 2 + 8 + 1 + 2 + plan.tag.len() + 9;
    let (digest, day) = (12 + 2, 10 + 1);
    let room = |more: usize| width.checked_sub(others + more).filter(|room| *room >= SUBJECT);
    let (has_digest, has_day, room) = match (room(digest + day), room(day), room(0)) {
        (Some(room), ..) => (true, true, room),
        (None, Some(room), _) => (false, true, room),
        (None, None, room) => (false, false, room.unwrap_or(SUBJECT)),
    };
    let rows: Vec<Vec<String>> = plan
        .moves
        .iter()
        .map(|item| {
            let what = match &item.action {
                TagAction::Create | TagAction::Move => format!("→ {}", plan.tag),
                TagAction::Keep { source: None } => format!("{} is there", plan.tag),
                TagAction::Keep { source: Some(_) } => format!("{} stays", plan.tag),
            };
            let commit = if has_day { commit(&item.after_commit, room) } else { undated(&item.after_commit, room) };
            let mut row = vec![marked(item)];
            row.extend(has_digest.then(|| item.after.image.digest.short().to_owned()));
            row.extend([commit, what]);
            row
        })
        .collect();
    if has_digest {
        table(&["  REPOSITORY", "DIGEST", "COMMIT", "TAG"], &rows)
    } else {
        table(&["  REPOSITORY", "COMMIT", "TAG"], &rows)
    }
}

/// A release in which tags move: from which commit to which, and where they stand to each other.
fn moving(plan: &TagPlan, width: usize) -> String {
    let widest = plan.moves.iter().map(|item| order(item).chars().count()).max().unwrap_or_default();
    // Mark, both short commits, the arrow, the order, and what stands between them.
    let others = 2 + longest(&plan.moves) + 2 + 2 * (8 + 1 + 2) + 2 + widest;
    let room = width.saturating_sub(others) / 2;
    // Rather none than a few letters.
    let room = if room < SUBJECT / 2 { 0 } else { room };
    let rows: Vec<Vec<String>> = plan
        .moves
        .iter()
        .map(|item| {
            let before = item.before_commit.as_ref().map(|before| undated(before, room));
            let before = before.unwrap_or_else(|| paint::faint("no tag"));
            let after = item.is_change().then(|| format!("→ {}", undated(&item.after_commit, room)));
            let order = match item.relation {
                None | Some(Relation::Same | Relation::Ahead(_)) => order(item),
                Some(Relation::Behind(_) | Relation::Diverged { .. } | Relation::Unknown) => {
                    paint::warning(&order(item))
                }
            };
            vec![marked(item), before, after.unwrap_or_default(), order]
        })
        .collect();
    table(&["  REPOSITORY", "FROM", "  TO", "ORDER"], &rows)
}

fn order(item: &TagMove) -> String {
    match (&item.action, item.relation) {
        (TagAction::Create, _) => "new tag".to_owned(),
        (TagAction::Move, Some(relation)) => relation.to_string(),
        (TagAction::Move, None) => String::new(),
        (TagAction::Keep { .. }, _) => "stays".to_owned(),
    }
}

fn marked(item: &TagMove) -> String {
    let mark = match &item.action {
        TagAction::Create => paint::good("+"),
        TagAction::Move => paint::warning("~"),
        TagAction::Keep { .. } => paint::faint("="),
    };
    format!("{mark} {}", item.repository.name)
}

fn longest<'a>(moves: impl IntoIterator<Item = &'a TagMove>) -> usize {
    moves.into_iter().map(|item| item.repository.name.chars().count()).max().unwrap_or_default()
}

/// The commit of an image: its first digits, its day and its subject, as far as they are known.
fn commit(built_from: &BuiltFrom, room: usize) -> String {
    match built_from {
        BuiltFrom::Commit(commit) => format!("{} {} {}", commit.short(), commit.date, cut(&commit.subject, room)),
        BuiltFrom::Unknown(_) | BuiltFrom::Untagged => undated(built_from, room),
    }
}

/// The same without the day.
fn undated(built_from: &BuiltFrom, room: usize) -> String {
    match built_from {
        BuiltFrom::Commit(commit) => format!("{} {}", commit.short(), cut(&commit.subject, room)),
        BuiltFrom::Unknown(id) => short(id).to_owned(),
        BuiltFrom::Untagged => paint::faint("no commit tag"),
    }
}

fn cut(text: &str, length: usize) -> String {
    if length == 0 {
        return String::new();
    }
    if text.chars().count() <= length {
        return text.to_owned();
    }
    let start: String = text.chars().take(length - 1).collect();
    format!("{}…", start.trim_end())
}
