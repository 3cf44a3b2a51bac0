//! Putting something new into a body, an object or a list.

use super::super::{Anchor, Around, EditError, Mark, Path, Value, indentation, newline_at, object_inside};
use super::container::{Container, Member, Shape, key_text};
use super::spot::{self, Newcomer};
use super::walk::{Walk, descend};
use super::{indent, nest, put};

/// `value` spaced and indented to stand right of the key at `offset`, in the newlines of `text`.
pub(super) fn value_at(text: &str, offset: usize, value: &str) -> Result<String, EditError> {
    spaced(text, newline_at(text, offset), indentation(text, offset), value)
}

/// `value` as it stands in the block `text` behind a key whose line is indented by `indent`, with the line ends `newline`.
pub(super) fn spaced(text: &str, newline: &str, indent: &str, value: &str) -> Result<String, EditError> {
    let source = format!("x = {}\n", value.replace("\r\n", "\n"));
    let formatted = indent::formatted(&source, indent, indent::step(text))?;
    let value = formatted["x = ".len()..].trim_end();
    Ok(value.replace('\n', newline))
}

/// Adds to the last container of the walk, which stands on several lines (or holds comments on one), what is missing of
/// the path from the step number `depth` on.
pub(super) fn entry(
    text: &str,
    walk: &Walk,
    path: &Path,
    depth: usize,
    (value, anchor): (&Value, Option<&Anchor>),
    around: &Around<'_>,
) -> Result<String, EditError> {
    let container = walk.last();
    let members = container.members(text)?;
    let missing = &path.segments()[depth..];
    let not_found = || EditError::NotFound {
        path: path.to_string(),
        at: path.start(depth + 1),
        mark: Box::new(Mark::at(text, container.inside.start)),
    };
    if container.shape == Shape::List {
        return Err(not_found());
    }
    let keys = members.iter().map(|member| &text[member.key.clone()]);
    let name = nest::name(&missing[0], container.shape, nest::are_quoted(keys, &missing[0])).ok_or_else(not_found)?;
    let as_block = missing.len() > 1
        && container.shape == Shape::Body
        && (siblings_have_block(walk, path, &name, around) || beside_has_block(text, walk, path, &name, around));
    let is_filled = |entry: &&Member| object_inside(text, &entry.value).is_some_and(|it| !text[it].trim().is_empty());
    let nested = if as_block {
        let inner = nest::value(text, &missing[1..], value.as_str(), None);
        let inner_name = nest::name(&missing[1], Shape::Body, false).ok_or_else(not_found)?;
        format!("{{\n{inner_name} = {}\n}}", inner.map_err(|_| not_found())?)
    } else {
        let model = members.iter().rev().find(is_filled);
        match as_sibling(walk, path, &name, around) {
            Some((lines, model)) => nest::value(lines, missing, value.as_str(), Some(&model)),
            None => nest::value(text, missing, value.as_str(), model),
        }
        .map_err(|_| not_found())?
    };
    let is_provider = path.start(depth) == "required_providers";
    let is_it = |text: &str| text == name || Some(text) == key_text(&name);
    let newcomer = Newcomer {
        is_it: &is_it,
        multi_line: nested.contains('\n') && !nested.starts_with("<<"),
        is_provider,
        anchor,
        path,
    };
    let equal = if as_block { " " } else { separator(text, container, &members) };
    let written = |newline: &str, indent: &str| {
        Ok::<_, EditError>(format!("{name}{equal}{}", spaced(text, newline, indent, &nested)?))
    };
    let spot = spot::choose(text, walk, &members, &newcomer, around)?;
    if container.is_one_line(text) {
        let start = container.inside.start;
        let written = written(newline_at(text, start), indentation(text, start))?;
        return put::on_line(text, container, &members, spot, &written);
    }
    put::put(text, container, &members, spot, &written)
}

/// Whether a sibling block has a nested block of this name where the path leads.
fn siblings_have_block(walk: &Walk, path: &Path, name: &str, around: &Around<'_>) -> bool {
    if walk.last().shape != Shape::Body {
        return false;
    }
    let steps = &path.segments()[..walk.depths[walk.depths.len() - 1]];
    around.siblings.iter().any(|lines| {
        let Ok(block) = super::walk::only_block(lines) else { return false };
        let container = descend(lines, &Container::of(&block), steps, false, around);
        let members = container.and_then(|container| container.members(lines).ok()).unwrap_or_default();
        members.iter().any(|member| member.block.as_ref().is_some_and(|block| &lines[block.kind.clone()] == name))
    })
}

/// Whether a block of the same kind beside the one that the path leads into has a nested block of this name.
fn beside_has_block(text: &str, walk: &Walk, path: &Path, name: &str, around: &Around<'_>) -> bool {
    let Some(parent) = walk.containers.len().checked_sub(2) else { return false };
    let way = &path.segments()[walk.depths[parent]..];
    let parent = &walk.containers[parent];
    let Ok(Some((own, _))) = parent.find(text, way, around) else { return false };
    let kind = |member: &Member| member.block.as_ref().map(|block| text[block.kind.clone()].to_owned());
    let beside = parent.members(text).unwrap_or_default().into_iter().filter(|other| kind(other) == kind(&own));
    let inside = beside.filter_map(|other| other.block.map(|block| Container::of(&block)));
    inside
        .flat_map(|inside| inside.members(text).unwrap_or_default())
        .any(|member| kind(&member).as_deref() == Some(name))
}

/// The member of this name that the nearest sibling block has where the path leads, with the sibling's lines.
fn as_sibling<'a>(walk: &Walk, path: &Path, name: &str, around: &Around<'a>) -> Option<(&'a str, Member)> {
    let steps = &path.segments()[..walk.depths[walk.depths.len() - 1]];
    around.siblings.iter().find_map(|lines| {
        let block = super::walk::only_block(lines).ok()?;
        let container = descend(lines, &Container::of(&block), steps, false, around)?;
        let member = container.members(lines).ok()?.into_iter().find(|member| {
            let key = &lines[member.key.clone()];
            member.block.is_none() && (key == name || key_text(key) == Some(name))
        })?;
        object_inside(lines, &member.value).filter(|inside| !lines[inside.clone()].trim().is_empty())?;
        Some((*lines, member))
    })
}

fn separator(text: &str, container: &Container, members: &[Member]) -> &'static str {
    let like = members.iter().rev().find(|member| member.block.is_none());
    let between = like.map_or("", |like| text[like.key.end..like.value.start].trim_start());
    if container.shape == Shape::Object && between.starts_with(':') { " : " } else { " = " }
}
