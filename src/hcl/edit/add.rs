//! Putting a new value into a body or an object.

use super::super::{
    EditError, Kind, Lexer, Path, Segment, Span, Splice, Value, format, indentation, line_start, newline_of, quote,
    splice_aligned,
};
use super::container::{Container, Entry, key_text};

/// Inputs of a module that have a meaning of their own and stand last ("Module Blocks" in Terraform's documentation).
const STAND_LAST: [&str; 2] = ["depends_on", "providers"];

/// `value` spaced and indented to stand right of the key at `offset`, in the newlines of `text`.
pub(super) fn value_at(text: &str, offset: usize, value: &str) -> Result<String, EditError> {
    spaced(text, indentation(text, offset), value)
}

fn spaced(text: &str, indent: &str, value: &str) -> Result<String, EditError> {
    let source = format!("x = {}\n", value.replace("\r\n", "\n"));
    let formatted = format(&source, indent.chars().count())?;
    let value = formatted["x = ".len()..].trim_end();
    Ok(value.replace('\n', newline_of(text)))
}

/// Adds to `container`, which stands on several lines (or is an object with comments on one), what is missing of the
/// path from the step number `depth` on.
pub(super) fn entry(
    text: &str,
    container: &Container,
    path: &Path,
    depth: usize,
    value: &Value,
) -> Result<String, EditError> {
    let missing = &path.segments()[depth..];
    let not_found = || EditError::NotFound { path: path.to_string(), at: path.start(depth + 1) };
    let mut nested = value.as_str().to_owned();
    for segment in missing[1..].iter().rev() {
        nested = format!("{{\n{} = {nested}\n}}", name(segment, true, false).ok_or_else(not_found)?);
    }
    let entries = container.entries(text)?;
    let quoted = !entries.is_empty() && entries.iter().all(|entry| text[entry.key.clone()].starts_with('"'));
    let name = name(&missing[0], container.is_object, quoted).ok_or_else(not_found)?;

    let newline = newline_of(text);
    let Some(last) = last_in_group(text, container, &entries) else {
        return first(text, container, &name, &nested);
    };
    let indent = indentation(text, last.key.start);
    let equal = separator(text, container, last);
    if container.is_one_line(text) {
        let comma = if last.comma.is_some() { " " } else { ", " };
        let added = format!("{comma}{name}{equal}{}", spaced(text, indent, &nested)?);
        return Ok(splice_aligned(text, &[Splice::new(last.span().end..last.span().end, added)])?);
    }
    let line = format!("{newline}{indent}{name}{equal}{}", spaced(text, indent, &nested)?);
    let end = end_of_line(text, last.span().end, container.inside.end)?;
    let added = match (end, last.comma) {
        // The closing brace stands on the line of the last entry.
        (None, comma) => {
            let comma = if container.is_object && comma.is_none() { "," } else { "" };
            Splice::new(last.span().end..last.span().end, format!("{comma}{line}"))
        }
        (Some(end), Some(_)) => Splice::new(end..end, format!("{line},")),
        (Some(end), None) => Splice::new(end..end, line),
    };
    Ok(splice_aligned(text, &[added])?)
}

/// Adds the first entry: after the opening brace.
fn first(text: &str, container: &Container, name: &str, value: &str) -> Result<String, EditError> {
    let newline = newline_of(text);
    let indent = format!("{}  ", indentation(text, container.inside.start));
    let Some(open) = end_of_line(text, container.inside.start, container.inside.end)? else {
        return Err(EditError::Check { what: format!("there is no line for '{name}'") });
    };
    // Comments stay above it, nested blocks below.
    let blocks = container.blocks(text)?;
    let (at, blank) = match blocks.first() {
        Some(_) => (open, newline),
        None => (line_start(text, container.inside.end).saturating_sub(newline.len()).max(open), ""),
    };
    let line = format!("{newline}{indent}{name} = {}{blank}", spaced(text, &indent, value)?);
    Ok(splice_aligned(text, &[Splice::new(at..at, line)])?)
}

/// Puts each entry of a container that stands on one line on a line of its own.
pub(super) fn open_up(text: &str, container: &Container) -> Result<String, EditError> {
    let indent = indentation(text, container.inside.start);
    let newline = newline_of(text);
    let mut lines = String::from("{\n");
    if container.is_object {
        for entry in container.entries(text)? {
            lines.push_str(&text[entry.key.start..entry.value.end]);
            lines.push('\n');
        }
    } else {
        lines.push_str(text[container.inside.clone()].trim());
        lines.push('\n');
    }
    lines.push('}');
    let lines = format(&lines.replace("{\n\n}", "{\n}"), indent.chars().count())?.replace('\n', newline);
    let lines = lines.strip_suffix('}').unwrap_or(&lines);
    let with_brace = container.inside.start - 1..container.inside.end;
    Ok(splice_aligned(text, &[Splice::new(with_brace, lines)])?)
}

fn name(segment: &Segment, in_object: bool, quoted: bool) -> Option<String> {
    let text = match segment {
        Segment::Name { name, number: 1 } => name,
        Segment::Key(key) => key,
        Segment::Name { .. } | Segment::Index(_) => return None,
    };
    let is_name = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    match (is_name, in_object) {
        (true, _) if !(quoted && in_object) => Some(text.clone()),
        (_, true) => Some(quote(text)),
        (_, false) => None,
    }
}

fn last_in_group<'a>(text: &str, container: &Container, entries: &'a [Entry]) -> Option<&'a Entry> {
    let stands_last = |entry: &&Entry| key_text(&text[entry.key.clone()]).is_some_and(|key| STAND_LAST.contains(&key));
    if container.is_object {
        return entries.last();
    }
    entries.iter().rev().find(|entry| !stands_last(entry)).or(entries.last())
}

fn separator(text: &str, container: &Container, like: &Entry) -> &'static str {
    let between = &text[like.key.end..like.value.start];
    if container.is_object && between.trim_start().starts_with(':') { " : " } else { " = " }
}

/// Where the line ends on which `offset` is the end of an entry; `None` when `limit` stands on it.
fn end_of_line(text: &str, offset: usize, limit: usize) -> Result<Option<usize>, EditError> {
    let span: Span = offset..limit;
    for token in Lexer::new(text, span) {
        let token = token?;
        if token.kind == Kind::Newline {
            return Ok(Some(token.start));
        }
    }
    Ok(None)
}
