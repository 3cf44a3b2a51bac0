//! Objects within objects: how new ones are written, and how old ones open up.

use super::super::{EditError, Segment, Splice, indentation, newline_at, object_inside, quote, splice_aligned};
use super::container::{Container, Member, Shape};
use super::indent;

/// `value` below the keys of `missing` but the first: `{ b = { c = value } }`. Each object stands on one line or on
/// several as `model`, a member like the one that is made, has it.
pub(super) fn value(
    text: &str,
    missing: &[Segment],
    value: &str,
    model: Option<&Member>,
) -> Result<String, Option<Segment>> {
    let Some(next) = missing.get(1) else { return Ok(value.to_owned()) };
    let inside = model.and_then(|model| object_inside(text, &model.value));
    let members = inside.as_ref().and_then(|inside| Container::new(Shape::Object, inside.clone()).members(text).ok());
    let members = members.unwrap_or_default();
    let named = |member: &&Member| super::container::key_text(&text[member.key.clone()]) == plain(next);
    let is_object =
        |member: &&Member| object_inside(text, &member.value).is_some_and(|inside| !text[inside].trim().is_empty());
    let like = members.iter().find(named).filter(is_object).or_else(|| members.iter().rev().find(is_object));
    let nested = self::value(text, &missing[1..], value, like)?;
    let keys = members.iter().map(|member| &text[member.key.clone()]);
    let name = name(next, Shape::Object, are_quoted(keys, next)).ok_or_else(|| Some(next.clone()))?;
    let one_line = inside.is_some_and(|inside| !text[inside.clone()].trim().is_empty() && !text[inside].contains('\n'));
    Ok(if one_line && !nested.contains('\n') {
        format!("{{ {name} = {nested} }}")
    } else {
        format!("{{\n{name} = {nested}\n}}")
    })
}

fn plain(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Name { name, .. } | Segment::Key(name) => Some(name),
        Segment::Computed(_) | Segment::Index(_) => None,
    }
}

/// Whether a new key beside `keys` is written in quotes: as they are, and where there are none as the user wrote it.
pub(super) fn are_quoted<'a>(keys: impl Iterator<Item = &'a str>, new: &Segment) -> bool {
    let mut keys = keys.filter(|key| !key.starts_with('(')).peekable();
    match keys.peek() {
        Some(_) => keys.all(|key| key.starts_with('"')),
        None => matches!(new, Segment::Key(_)),
    }
}

/// A key as it is written in a file.
pub(super) fn name(segment: &Segment, shape: Shape, quoted: bool) -> Option<String> {
    let in_object = shape == Shape::Object;
    let text = match segment {
        Segment::Name { name, number: None | Some(1) } => name,
        Segment::Key(key) => key,
        Segment::Computed(expression) if in_object => return Some(format!("({expression})")),
        Segment::Name { .. } | Segment::Index(_) | Segment::Computed(_) => return None,
    };
    // Of a provider the name has a dot.
    let of_provider = matches!(segment, Segment::Name { .. });
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || (of_provider && c == '.');
    let is_name = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(is_part);
    match (is_name, in_object) {
        (true, _) if !(quoted && in_object) => Some(text.clone()),
        (_, true) => Some(quote(text)),
        (_, false) => None,
    }
}

/// Puts each member of a container that stands on one line on a line of its own.
pub(super) fn open_up(text: &str, container: &Container) -> Result<String, EditError> {
    let indent = indentation(text, container.inside.start);
    let newline = newline_at(text, container.inside.start);
    let mut lines = String::from("{\n");
    if container.shape == Shape::Object {
        for member in container.members(text)? {
            lines.push_str(&text[member.bare()]);
            lines.push('\n');
        }
    } else {
        lines.push_str(text[container.inside.clone()].trim());
        lines.push('\n');
    }
    lines.push('}');
    let lines = indent::formatted(&lines.replace("{\n\n}", "{\n}"), indent, indent::step(text))?.replace('\n', newline);
    let lines = lines.strip_suffix('}').unwrap_or(&lines);
    let with_brace = container.inside.start - 1..container.inside.end;
    Ok(splice_aligned(text, &[Splice::new(with_brace, lines)])?)
}

/// Whether an empty object stays on its line when the first key arrives: where the objects beside it that have keys
/// stand on one line each.
pub(super) fn stays_on_line(text: &str, parent: &[Member], container: &Container) -> bool {
    let mut objects = parent
        .iter()
        .filter_map(|member| object_inside(text, &member.value))
        .filter(|inside| *inside != container.inside && !text[inside.clone()].trim().is_empty())
        .peekable();
    objects.peek().is_some() && objects.all(|inside| !text[inside].contains('\n'))
}
