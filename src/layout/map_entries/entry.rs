//! One entry of the map as lines: with the comments that touch it.

use crate::hcl::{
    EditError, Element, Item, Kind, Lexer, Span, Splice, elements, indentation, items, line_end, line_start, splice,
};

/// The name that the entry has while its value is changed as that of an attribute.
pub(in crate::layout) const NAME: &str = "entry";

/// The lines of the entry `index`: with the comments that touch it, without the end of its last line.
pub(super) fn extent(text: &str, inside: &Span, elements: &[Element], index: usize) -> Span {
    let element = &elements[index];
    let floor = match index.checked_sub(1) {
        Some(before) => (end_of(text, inside, &elements[before]) + 1).min(element.key.start),
        None => (line_end(text, inside.start) + 1).min(element.key.start),
    };
    let start = line_start(text, element.key.start).max(floor);
    start_of_comments(text, floor, start)..end_of(text, inside, element)
}

/// The end of the last line of an entry: of its comma and of the comments, too, that begin on it.
pub(super) fn end_of(text: &str, inside: &Span, element: &Element) -> usize {
    let end = element.comma.map_or(element.value.end, |comma| comma + 1);
    let comments = Lexer::new(text, end..inside.end)
        .map_while(Result::ok)
        .take_while(|token| matches!(token.kind, Kind::LineComment | Kind::BlockComment));
    line_end(text, comments.last().map_or(end, |comment| comment.end))
}

/// Whether an entry has lines of its own.
pub(super) fn is_alone(text: &str, inside: &Span, elements: &[Element], index: usize) -> bool {
    let element = &elements[index];
    let end = end_of(text, inside, element);
    text[line_start(text, element.key.start).max(inside.start)..element.key.start].trim().is_empty()
        && line_start(text, element.key.start) >= inside.start
        && end < elements.get(index + 1).map_or(inside.end, |next| next.key.start)
}

/// Whether each entry has lines of its own, and both braces of the map have, too.
pub(super) fn has_lines(text: &str, inside: &Span, elements: &[Element]) -> bool {
    let opens = Lexer::new(text, inside.clone())
        .map_while(Result::ok)
        .find(|token| !matches!(token.kind, Kind::LineComment | Kind::BlockComment))
        .is_some_and(|token| token.kind == Kind::Newline);
    let closes = text[line_start(text, inside.end)..inside.end].trim().is_empty();
    let alone = |element: &Element| {
        text[line_start(text, element.key.start)..element.key.start].trim().is_empty()
            && end_of(text, inside, element) < inside.end
    };
    let apart = |pair: &[Element]| end_of(text, inside, &pair[0]) < pair[1].key.start;
    opens && closes && elements.iter().all(alone) && elements.windows(2).all(apart)
}

/// Where the comments begin that stand directly above `start`.
fn start_of_comments(text: &str, floor: usize, start: usize) -> usize {
    let mut first = start;
    while first > floor {
        let above = line_start(text, first - 1).max(floor);
        let line = text[above..first].trim();
        if line.starts_with('#') || line.starts_with("//") {
            first = above;
        } else if line.ends_with("*/")
            && let Some(open) = text[floor..first].rfind("/*")
            && text[line_start(text, floor + open).max(floor)..floor + open].trim().is_empty()
        {
            first = line_start(text, floor + open).max(floor);
        } else {
            break;
        }
    }
    first + end_of_former(&text[first..start])
}

/// Where an entry ends that someone made a comment of: it is no comment of the entry below it.
fn end_of_former(comments: &str) -> usize {
    let (mut end, mut offset, mut depth) = (0, 0, 0_isize);
    for line in comments.split_inclusive('\n') {
        offset += line.len();
        let code = line.trim_start().trim_start_matches(['#', '/']).trim();
        let opens = code.split_once('=').is_some_and(|(_, value)| value.trim_start().starts_with('{'));
        if depth > 0 || opens {
            depth += code.matches('{').count().cast_signed() - code.matches('}').count().cast_signed();
            if depth <= 0 {
                end = offset;
            }
        }
    }
    if depth > 0 { comments.len() } else { end }
}

/// The one entry that the lines hold.
pub(super) fn only(lines: &str) -> Option<Element> {
    let mut elements = elements(lines, 0..lines.len()).ok()?.into_iter();
    elements.next().filter(|_| elements.next().is_none())
}

/// The lines with the comma of their entry taken out or put in.
pub(super) fn with_comma(lines: &str, wanted: bool) -> String {
    let Some(element) = only(lines) else { return lines.to_owned() };
    match (element.comma, wanted) {
        (Some(comma), false) => splice(lines, &[Splice::new(comma..comma + 1, "")]),
        (None, true) => splice(lines, &[Splice::new(element.value.end..element.value.end, ",")]),
        _ => lines.to_owned(),
    }
}

/// Changes the value of the one entry of `lines`: `change` gets a block in which the entry is an attribute, which is
/// called [`NAME`].
pub(in crate::layout) fn changed(
    lines: &str,
    change: impl FnOnce(&str) -> Result<String, EditError>,
) -> Result<String, EditError> {
    let gone = || EditError::Check { what: "the lines hold more than one entry".to_owned() };
    let element = only(lines).ok_or_else(gone)?;
    let key = &lines[element.key.clone()];
    let lines = with_comma(lines, false);
    let (before, after) = (&lines[..element.key.start], &lines[element.key.end..]);
    let newline = if lines.contains("\r\n") { "\r\n" } else { "\n" };
    // The map stands one step to the right of the file's margin, its entries two.
    let own = indentation(&lines, element.key.start);
    let outer = own.get(..own.len() / 2).unwrap_or_default();
    let block = format!("{outer}of {{{newline}{before}{NAME}{after}{newline}{outer}}}{newline}");
    let changed = change(&block).map_err(of_entry)?;
    let start = changed.find('\n').map_or(0, |newline| newline + 1);
    let end = changed.trim_end().strip_suffix('}').ok_or_else(gone)?.len();
    let inside = changed[start..end].trim_end_matches([' ', '\t']).trim_end_matches(['\r', '\n']);
    let found = items(inside)?.into_iter().find_map(|item| match item {
        Item::Attribute(attribute) if &inside[attribute.name.clone()] == NAME => Some(attribute),
        _ => None,
    });
    let name = found.ok_or_else(gone)?.name;
    let lines = splice(inside, &[Splice::new(name, key)]);
    Ok(with_comma(&lines, element.comma.is_some()))
}

/// The error about the entry itself: without [`NAME`] before its paths, and without the line of the block around it.
fn of_entry(mut error: EditError) -> EditError {
    let cut = |text: &mut String| {
        if let Some(rest) = text.strip_prefix(NAME) {
            let rest = rest.strip_prefix('.').unwrap_or(rest);
            *text = if rest.is_empty() { "the entry".to_owned() } else { rest.to_owned() };
        }
    };
    error.places_mut(&mut |line| *line = line.saturating_sub(1).max(1), &mut |path| cut(path));
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hcl::{Expressions, object_inside, set};

    fn extents(text: &str) -> Vec<String> {
        let inside = object_inside(text, &(0..text.len())).expect("an object");
        let elements = elements(text, inside.clone()).expect("entries");
        (0..elements.len()).map(|index| text[extent(text, &inside, &elements, index)].to_owned()).collect()
    }

    #[test]
    fn takes_the_comments_that_touch() {
        let text = "{ # of the map\n\n  # one\n  a = 1, # two\n  # apart\n\n  /* three\n  */\n  b = {\n  } // four\n}";
        assert_eq!(extents(text), ["  # one\n  a = 1, # two", "  /* three\n  */\n  b = {\n  } // four"]);
    }

    #[test]
    fn leaves_former_entries() {
        let text = "{\n  # a = {\n  #   x = 1\n  # },\n  # own\n  b = 1\n  # \"c\" = { x = 1 }\n  d = 2\n}";
        assert_eq!(extents(text), ["  # own\n  b = 1", "  d = 2"]);
    }

    #[test]
    fn changes_a_value() {
        let lines = "    # why\n    (local.x) = {\n      a = 1\n    }, # end";
        let set = |path: &str, value: &str| {
            let (path, value) = (path.parse().expect(path), value.parse().expect(value));
            changed(lines, |block| set(block, &path, &value, Expressions::Refuse))
        };
        assert_eq!(
            set("entry.b", "2").as_deref(),
            Ok("    # why\n    (local.x) = {\n      a = 1\n      b = 2\n    }, # end")
        );
        let error = set("entry.a.b", "2").expect_err("no object");
        assert_eq!(error.to_string(), "'a.b' cannot be changed: 'a' is 1, not an object");
    }
}
