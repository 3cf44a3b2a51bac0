//! Taking a value out of a body or an object.

use super::super::{EditError, Kind, Lexer, Span, Splice, line_end, line_start};
use super::container::{Container, Entry};

/// The replacement that removes `entry`.
pub(super) fn entry(text: &str, container: &Container, entry: &Entry) -> Result<Splice, EditError> {
    let entries = container.entries(text)?;
    if stands_alone(text, container, entry) {
        return Ok(lines(text, &entry.span()));
    }
    let index = entries.iter().position(|other| other == entry).unwrap_or(0);
    // On a line with others: the comma that parted them goes too.
    let span = match (entries.get(index + 1), index.checked_sub(1).and_then(|before| entries.get(before))) {
        (Some(next), _) => entry.key.start..next.key.start,
        (None, Some(previous)) => previous.value.end..entry.span().end,
        (None, None) => container.inside.clone(),
    };
    Ok(Splice::new(span, ""))
}

fn stands_alone(text: &str, container: &Container, entry: &Entry) -> bool {
    let span = entry.span();
    let start = line_start(text, span.start);
    let first = text[start..span.start].trim().is_empty();
    let rest: Span = span.end..container.inside.end;
    let next = Lexer::new(text, rest)
        .map_while(Result::ok)
        .find(|token| !matches!(token.kind, Kind::LineComment | Kind::BlockComment));
    first && next.is_some_and(|token| token.kind == Kind::Newline)
}

/// The replacement that removes the whole lines of `span`, the comment lines that belong to them alone, and one of the
/// blank lines around them.
pub(super) fn lines(text: &str, span: &Span) -> Splice {
    let mut start = line_start(text, span.start);
    let end = after_line(text, span.end);
    let next = text[end..].lines().next().unwrap_or("").trim();
    // A comment above a group of values is about all of them.
    let alone = next.is_empty() || next.starts_with(['#', '/', '}', ')', ']']);
    while alone && start > 0 {
        let above = line_start(text, start - 1);
        let line = text[above..start].trim();
        if !(line.starts_with('#') || line.starts_with("//")) {
            break;
        }
        start = above;
    }
    let above = text[..start].trim_end_matches(['\r', '\n', ' ', '\t']);
    let blank_above = text[above.len()..start].matches('\n').count() > 1;
    let opens = Lexer::new(text, 0..start)
        .map_while(Result::ok)
        .filter(|token| token.kind != Kind::Newline)
        .last()
        .is_some_and(|token| matches!(token.kind, Kind::OpenBrace | Kind::OpenBracket | Kind::OpenParenthesis));
    let closes = next.starts_with(['}', ')', ']']);
    if next.is_empty() && (blank_above || opens) && end < text.len() {
        return Splice::new(start..after_line(text, end), "");
    }
    if closes && blank_above {
        return Splice::new(line_start(text, start - 1)..end, "");
    }
    Splice::new(start..end, "")
}

fn after_line(text: &str, offset: usize) -> usize {
    let end = line_end(text, offset);
    text[end..].find('\n').map_or(text.len(), |newline| end + newline + 1)
}
