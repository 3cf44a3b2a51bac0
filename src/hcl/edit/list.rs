//! Adding an item to a list, and taking one out.

use super::super::{
    Anchor, Around, EditError, Mark, Path, Value, indentation, newline_at, object_inside, splice_aligned,
};
use super::add;
use super::container::{Container, Member, Shape};
use super::same::same_tokens;
use super::spot::{self, Newcomer};
use super::walk::{Found, Walk, enter, refusal, walk};
use super::{put, remove};

/// The walk into the list at the path; `None` where there is nothing at the path.
pub(super) fn walk_into(text: &str, path: &Path, around: &Around<'_>) -> Result<Option<Walk>, EditError> {
    let mut walked = walk(text, path, around)?;
    let Found::Member(member) = &walked.found else { return Ok(None) };
    if let Some(block) = &member.block {
        return Err(EditError::IsBlock { path: path.to_string(), mark: Box::new(Mark::at(text, block.kind.start)) });
    }
    let Some(list) = enter(text, member, true) else {
        return Err(refusal(text, path, path.to_string(), &member.value, "a list", &Path::root()));
    };
    walked.containers.push(list);
    walked.depths.push(path.segments().len());
    Ok(Some(walked))
}

/// Adds the item where it is not there, and the list with it where that is not there.
pub(super) fn add_item(
    text: &str,
    path: &Path,
    (value, anchor): (&Value, Option<&Anchor>),
    around: &Around<'_>,
) -> Result<String, EditError> {
    let Some(walk) = walk_into(text, path, around)? else {
        let list = Value::list(value);
        return super::set_in_steps(text, path, (&list, None), around);
    };
    let list = walk.last().clone();
    let members = list.members(text)?;
    let is_it = |present: &str| same_tokens(present, value.as_str());
    if members.iter().any(|item| is_it(&text[item.value.clone()])) {
        return Ok(text.to_owned());
    }
    let opened = opened(text, &list, &members, value.as_str());
    let value = opened.as_deref().unwrap_or(value.as_str());
    let written = |newline: &str, indent: &str| add::spaced(text, newline, indent, value);
    let newcomer = Newcomer { is_it: &is_it, multi_line: value.contains('\n'), is_provider: false, anchor, path };
    let spot = spot::choose(text, &walk, &members, &newcomer, around)?;
    if list.is_one_line(text) {
        let start = list.inside.start;
        let written = written(newline_at(text, start), indentation(text, start))?;
        return put::on_line(text, &list, &members, spot, &written);
    }
    put::put(text, &list, &members, spot, &written)
}

/// An object that was given on one line, on several where those of the list stand on several.
fn opened(text: &str, list: &Container, members: &[Member], value: &str) -> Option<String> {
    let inside = object_inside(value, &(0..value.len()))?;
    let is_open = |member: &Member| {
        let is_object = object_inside(text, &member.value).is_some();
        is_object && member.is_multi_line(text) && spot::begins_line(text, &member.key)
    };
    if value.contains('\n') || list.is_one_line(text) || members.is_empty() || !members.iter().all(is_open) {
        return None;
    }
    let entries = Container::new(Shape::Object, inside).members(value).ok().filter(|entries| !entries.is_empty())?;
    let entries: Vec<&str> = entries.iter().map(|entry| &value[entry.bare()]).collect();
    Some(format!("{{\n{}\n}}", entries.join("\n")))
}

/// Takes the item out where it is there, each time it is there.
pub(super) fn remove_item(text: &str, path: &Path, value: &Value, around: &Around<'_>) -> Result<String, EditError> {
    let mut text = text.to_owned();
    while let Some(walk) = walk_into(&text, path, around)? {
        let members = walk.last().members(&text)?;
        let Some(item) = members.iter().rfind(|item| same_tokens(&text[item.value.clone()], value.as_str())) else {
            break;
        };
        text = splice_aligned(&text, &remove::member(&text, walk.last(), &members, item))?;
    }
    Ok(text)
}
