//! What an edit is not about stays as it is, byte for byte.

use super::leaves::{Leaf, contents};
use crate::hcl::{Block, Change, Item, Kind, Lexer, Path, Segment, format, items};

/// The one block of a text.
pub fn only_block(text: &str) -> Option<Block> {
    match items(text).ok()?.as_slice() {
        [Item::Block(block)] => Some(block.clone()),
        _ => None,
    }
}

/// What is wrong with `after`: what else than `change` tells it differs from.
pub fn violation(before: &str, after: &str, change: &Change) -> Option<String> {
    if before == after {
        return None;
    }
    other_values(before, after, change)
        .or_else(|| comments(before, after, change))
        .or_else(|| lines(before, after, change))
}

/// The computed key that the laws know, and what it is.
pub fn known(key: &str) -> &str {
    if key == "local.date" { "d" } else { key }
}

fn steps(path: &Path) -> Vec<String> {
    let step = |segment: &Segment| match segment {
        Segment::Name { name, .. } | Segment::Key(name) | Segment::Computed(name) => known(name).to_owned(),
        Segment::Index(_) => "[]".to_owned(),
    };
    path.segments().iter().map(step).collect()
}

/// Whether the path leads to the leaf, or the leaf is empty and stands on its way.
fn leads_to(steps: &[String], leaf: &Leaf) -> bool {
    let mut left = steps.iter().peekable();
    for step in &leaf.way {
        if left.peek().is_some_and(|wanted| *wanted == known(step)) {
            left.next();
        }
    }
    left.peek().is_none() || leaf.value == "{}"
}

fn other_values(before: &str, after: &str, change: &Change) -> Option<String> {
    let leaves = |text: &str| only_block(text).and_then(|block| contents(text, &block).ok()).map(|found| found.leaves);
    let (old, Some(new)) = (leaves(before)?, leaves(after)) else { return Some("it does not read".to_owned()) };
    if matches!(change, Change::RemoveItem { .. }) {
        // It goes each time that it is there.
        let steps = steps(change.path());
        let others =
            |leaves: &[Leaf]| -> Vec<Leaf> { leaves.iter().filter(|leaf| !leads_to(&steps, leaf)).cloned().collect() };
        return (others(&old) != others(&new)).then(|| "other values differ".to_owned());
    }
    let start = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let rest = rest.min(old.len().min(new.len()) - start);
    let steps = steps(change.path());
    let mut differing = old[start..old.len() - rest].iter().chain(&new[start..new.len() - rest]);
    let wrong = differing.find(|leaf| !leads_to(&steps, leaf));
    wrong.map(|leaf| format!("another value differs: {leaf:?}"))
}

fn all_comments(text: &str) -> Vec<&str> {
    let is_comment = |kind| matches!(kind, Kind::LineComment | Kind::BlockComment);
    let tokens = Lexer::new(text, 0..text.len()).map_while(Result::ok);
    tokens.filter(|token| is_comment(token.kind)).map(|token| text[token.span()].trim_end()).collect()
}

/// Comments go with what they are about, and at no other time.
fn comments(before: &str, after: &str, change: &Change) -> Option<String> {
    let (old, new) = (all_comments(before), all_comments(after));
    if matches!(change, Change::CommentOut { .. } | Change::Uncomment { .. }) {
        let bare = |text: &str| -> String { text.chars().filter(|it| !" \t\r\n#/*,".contains(*it)).collect() };
        return (bare(before) != bare(after)).then(|| "more than marks differs".to_owned());
    }
    let (few, many) = (&new, &old);
    let given = match change {
        Change::Set { value, .. } | Change::AddItem { value, .. } => all_comments(value.as_str()).len(),
        _ => 0,
    };
    if given > 0 {
        return None;
    }
    let start = many.iter().zip(few).take_while(|(many, few)| many == few).count();
    let rest = many.iter().rev().zip(few.iter().rev()).take_while(|(many, few)| many == few).count();
    let repeated = matches!(change, Change::RemoveItem { .. });
    (start + rest < few.len() && !repeated).then(|| format!("comments differ: {old:?} and {new:?}"))
}

fn squeezed(line: &str) -> String {
    line.chars().filter(|character| !character.is_whitespace()).collect()
}

/// A line that only has other white space was aligned before.
fn lines(before: &str, after: &str, change: &Change) -> Option<String> {
    let plain = before.replace("\r\n", "\n");
    let formatted = format(&plain, 0).ok()?;
    let formatted: Vec<&str> = formatted.split('\n').collect();
    let (old, new): (Vec<&str>, Vec<&str>) = (before.split('\n').collect(), after.split('\n').collect());
    let same = |(old, new): &(&&str, &&str)| squeezed(old) == squeezed(new);
    let start = old.iter().zip(&new).take_while(same).count();
    let rest = old.iter().rev().zip(new.iter().rev()).take_while(same).count().min(old.len().min(new.len()) - start);
    if let (Change::Set { .. }, true) = (change, old.len() == start + rest && old.len() == new.len()) {
        return None;
    }
    let given = match change {
        Change::Set { value, .. } | Change::AddItem { value, .. } => value.as_str(),
        _ => "",
    };
    let pairs = (0..start).map(|at| (at, at)).chain((1..=rest).map(|back| (old.len() - back, new.len() - back)));
    for (at, to) in pairs {
        if old[at].trim_end() == new[to].trim_end() || given.lines().any(|line| line.trim() == new[to].trim()) {
            continue;
        }
        let was = old[at].trim_end_matches('\r');
        let column = |line: &str, part: usize| {
            let line = line.trim_start_matches('\u{feff}').trim_start();
            let value = line.find('=').unwrap_or(line.len());
            let comment = line.find(['#', '/']).unwrap_or(line.len());
            if part == 0 { line[..value].to_owned() } else { line[value.min(comment)..].to_owned() }
        };
        // A comment that stands below another was aligned with it, whatever else is odd.
        let is_combining = |it: &char| ('\u{300}'..='\u{36f}').contains(it);
        let columns = |text: &str| text.chars().filter(|it| !is_combining(it)).count();
        let comment_at = |line: &str| line.find(['#', '/']).map(|at| columns(&line[..at]));
        let beside = [at.checked_sub(1), Some(at + 1)].into_iter().flatten().filter_map(|near| old.get(near));
        let below_another = beside.filter_map(|line| comment_at(line)).any(|near| Some(near) == comment_at(was));
        // A comment one space behind its code was where it belongs, however the code is spaced.
        let parts =
            |line: &str| line.find(['#', '/']).map(|at| (line[..at].trim_end().to_owned(), line[at..].to_owned()));
        let is_near = |line: &str| line.find(['#', '/']).is_some_and(|at| line[..at].trim_end().len() + 1 == at);
        if is_near(was) && is_near(formatted[at]) && parts(was) == parts(new[to].trim_end_matches('\r')) {
            continue;
        }
        let right = |part| column(was, part) == column(formatted[at], part) || below_another;
        let changed = |part| column(was, part) != column(new[to].trim_end_matches('\r'), part);
        if (0..2).any(|part| changed(part) && !right(part)) {
            return Some(format!(
                "line {} has other white space, and was not aligned: {was:?}, now {:?}",
                at + 1,
                new[to]
            ));
        }
    }
    None
}
