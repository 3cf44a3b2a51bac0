//! Changing one block: text to text.

mod add;
mod check;
mod comment;
mod container;
mod expression;
mod indent;
mod list;
mod nest;
mod put;
mod remove;
mod same;
mod spot;
mod style;
mod uncomment;
mod walk;

use check::{check, has_item};
use container::{Container, Member, Shape};
use expression::is_literal;
use same::same_tokens;
use walk::{Found, walk};

use super::format::keep_indents;
use super::{
    Anchor, Around, Block, Change, EditError, Mark, Path, Segment, Span, Splice, Value, items, line_end, line_of,
    line_start, splice, splice_aligned,
};

/// What happens to a value that is an expression, `local.x` or `var.x` or a call, when it is to be replaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Expressions {
    /// It is replaced: in a block that is only just made.
    Replace,
    /// It is an error, unless another expression is to stand there: the user should change what it refers to.
    #[default]
    Refuse,
}

/// Makes `change` in the one block that `lines` holds (whole lines, with or without the block's comments).
///
/// A value that is there is replaced in its place; what is not there is added, and a one-line object or block opens up
/// for it. The text comes back as it was when it says the same already.
pub fn change(lines: &str, change: &Change, around: &Around<'_>) -> Result<String, EditError> {
    let change = &meant(lines, change);
    let done = match change {
        Change::Set { path, value, anchor } => set_in_steps(lines, path, (value, anchor.as_ref()), around)?,
        Change::Unset { path } => without(lines, path, around)?,
        Change::AddItem { path, value, anchor } => list::add_item(lines, path, (value, anchor.as_ref()), around)?,
        Change::RemoveItem { path, value } => list::remove_item(lines, path, value, around)?,
        Change::CommentOut { path, item: None } => comment::out(lines, path, None, around)?,
        Change::CommentOut { path, item: Some(item) } => {
            // Each time that it is there.
            let mut done = comment::out(lines, path, Some(item), around)?;
            while has_item(&done, path, item, around)? == Some(true) {
                done = comment::out(&done, path, Some(item), around)?;
            }
            done
        }
        Change::Uncomment { path, item } => uncomment::back(lines, path, item.as_ref(), around)?,
    };
    let done = keep_indents(lines, done)?;
    check(lines, &done, change, around)?;
    Ok(done)
}

/// Where bare words are the names of types, providers or attributes, they are no strings ("Type Constraints", "The Module
/// providers Meta-Argument", "The lifecycle Meta-Argument" and the like in Terraform's documentation).
fn meant(lines: &str, change: &Change) -> Change {
    let path = change.path();
    let name = |index: usize| match path.segments().get(index) {
        Some(Segment::Name { name, .. }) => name.as_str(),
        _ => "",
    };
    let kind = || walk::only_block(lines).map(|block| lines[block.kind].to_owned()).unwrap_or_default();
    let is_name = match name(0) {
        "providers" => kind() == "module",
        "provider" => ["resource", "data", "ephemeral"].contains(&kind().as_str()),
        "depends_on" => ["module", "resource", "data", "ephemeral", "output"].contains(&kind().as_str()),
        "lifecycle" => ["ignore_changes", "replace_triggered_by"].contains(&name(1)) && kind() == "resource",
        "required_providers" => name(2) == "configuration_aliases" && kind() == "terraform",
        "type" => kind() == "variable",
        _ => false,
    };
    let mut change = change.clone();
    if kind() == "module" {
        change = change.at(with_alias(path));
    }
    if is_name && let Some(value) = change.value_mut() {
        *value = value.as_name();
    }
    change
}

/// A provider has one name, also with a dot in it: `providers.aws.catalogue`.
fn with_alias(path: &Path) -> Path {
    match path.segments() {
        [
            first @ Segment::Name { name: providers, .. },
            Segment::Name { name, .. },
            Segment::Name { name: alias, .. },
        ] if providers == "providers" => {
            Path::of(vec![first.clone(), Segment::Name { name: format!("{name}.{alias}"), number: None }])
        }
        _ => path.clone(),
    }
}

/// Whether the change puts something there that is not there yet.
pub fn adds(lines: &str, change: &Change, around: &Around<'_>) -> bool {
    match change {
        Change::Set { path, .. } => {
            walk(lines, path, around).is_ok_and(|walked| matches!(walked.found, Found::Nothing { .. }))
        }
        Change::AddItem { path, value, .. } => has_item(lines, path, value, around).is_ok_and(|has| has == Some(false)),
        _ => false,
    }
}

/// Sets the value at `path` in the one block that `lines` holds, as [`change`] does.
pub fn set(lines: &str, path: &Path, value: &Value, expressions: Expressions) -> Result<String, EditError> {
    let set = Change::Set { path: path.clone(), value: value.clone(), anchor: None };
    change(lines, &set, &Around { file: lines, expressions, ..Around::default() })
}

/// Removes the value at `path` from the one block that `lines` holds, with the comments that belong to it alone.
/// The text comes back as it was when there is no such value.
pub fn unset(lines: &str, path: &Path) -> Result<String, EditError> {
    change(lines, &Change::Unset { path: path.clone() }, &Around { file: lines, ..Around::default() })
}

/// Runs `change` on the lines of `block` alone and puts the result in their place, so that the cost does not grow with
/// the file. Gives the new text and the range that the lines have in it; lines in errors are those of `text`.
pub fn in_block(
    text: &str,
    block: &Block,
    change: impl FnOnce(&str) -> Result<String, EditError>,
) -> Result<(String, Span), EditError> {
    let lines = lines_of(text, block);
    let skipped = line_of(text, lines.start) - 1;
    let changed = change(&text[lines.clone()]).map_err(|error| error.moved(skipped))?;
    let range = lines.start..lines.start + changed.len();
    Ok((splice(text, &[Splice::new(lines, changed)]), range))
}

/// The whole lines of a block.
pub fn lines_of(text: &str, block: &Block) -> Span {
    let span = block.span();
    let start = line_start(text, span.start);
    let end = line_end(text, span.end);
    // Block comments may begin before the line does: then only the block itself is taken.
    if items(&text[start..end]).is_ok_and(|items| items.len() == 1) { start..end } else { span }
}

fn set_in_steps(
    lines: &str,
    path: &Path,
    new: (&Value, Option<&Anchor>),
    around: &Around<'_>,
) -> Result<String, EditError> {
    let mut text = lines.to_owned();
    for _ in 0..=path.segments().len() {
        match set_step(&text, path, new, around)? {
            Step::Opened(opened) => text = opened,
            Step::Done(done) => return Ok(done),
        }
    }
    Err(EditError::Check { what: format!("no place was found for '{path}'") })
}

/// An item is named by its value: once it is gone, its number is that of the next one.
fn refuse_item(path: &Path) -> Result<(), EditError> {
    match path.segments().last() {
        Some(Segment::Index(_)) => Err(EditError::IsItem { path: path.to_string() }),
        _ => Ok(()),
    }
}

/// Of several nested blocks of one name it must be said which one goes: when it is gone, the next one has its number.
fn refuse_any_of_several(
    text: &str,
    path: &Path,
    container: &Container,
    members: &[Member],
    member: &Member,
) -> Result<(), EditError> {
    let Some(Segment::Name { name, number: None }) = path.segments().last() else { return Ok(()) };
    if member.block.is_none() || container.shape != Shape::Body {
        return Ok(());
    }
    let is_alike = |other: &&Member| other.block.is_some() && text[other.key.clone()] == *name;
    match members.iter().filter(is_alike).find(|other| *other != member) {
        Some(other) => Err(EditError::Ambiguous {
            at: path.to_string(),
            mark: Box::new(Mark::at(text, member.key.start)),
            other: line_of(text, other.key.start),
        }),
        None => Ok(()),
    }
}

enum Step {
    Opened(String),
    Done(String),
}

fn set_step(
    text: &str,
    path: &Path,
    (value, anchor): (&Value, Option<&Anchor>),
    around: &Around<'_>,
) -> Result<Step, EditError> {
    let walked = walk(text, path, around)?;
    let depth = match &walked.found {
        Found::Member(member) => {
            if let Some(block) = &member.block {
                return Err(EditError::IsBlock {
                    path: path.to_string(),
                    mark: Box::new(Mark::at(text, block.kind.start)),
                });
            }
            let present = &text[member.value.clone()];
            if same_tokens(present, value.as_str()) {
                return Ok(Step::Done(text.to_owned()));
            }
            let computed = !is_literal(present) && is_literal(value.as_str());
            if around.expressions == Expressions::Refuse && computed {
                let at = path.to_string();
                return Err(walk::refusal(text, path, at, &member.value, "a value", &Path::root()));
            }
            let mut span = member.value.clone();
            if value.as_str().starts_with("<<") {
                let rest = &text[span.end..line_end(text, span.end)];
                if !rest.trim().is_empty() || span.end == text.len() {
                    let mark = Box::new(Mark::at(text, span.start));
                    return Err(EditError::SharedHeredoc { path: path.to_string(), mark });
                }
                span.end += rest.len();
            }
            let value = add::value_at(text, member.key.start, value.as_str())?;
            return Ok(Step::Done(splice_aligned(text, &[Splice::new(span, value)])?));
        }
        Found::Nothing { depth } => *depth,
    };
    if let Some(one_line) = walked.one_line(text) {
        let parent = walked.containers.len().checked_sub(2).map(|parent| walked.containers[parent].members(text));
        let parent = parent.transpose()?.unwrap_or_default();
        let is_first = one_line == walked.last() && one_line.members(text)?.is_empty();
        let stays = is_first && depth + 1 == path.segments().len() && nest::stays_on_line(text, &parent, one_line);
        if !stays {
            return Ok(Step::Opened(nest::open_up(text, one_line)?));
        }
    }
    Ok(Step::Done(add::entry(text, &walked, path, depth, (value, anchor), around)?))
}

fn without(lines: &str, path: &Path, around: &Around<'_>) -> Result<String, EditError> {
    refuse_item(path)?;
    let walked = walk(lines, path, around)?;
    let Found::Member(member) = &walked.found else { return Ok(lines.to_owned()) };
    let container = walked.last();
    let members = container.members(lines)?;
    refuse_any_of_several(lines, path, container, &members, member)?;
    Ok(splice_aligned(lines, &remove::member(lines, container, &members, member))?)
}

#[cfg(test)]
mod tests;
