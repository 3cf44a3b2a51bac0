//! Making code of a comment.

use super::super::{
    Around, EditError, Item, Kind, Lexer, Mark, Path, Segment, Span, Splice, Value, elements, indentation, items,
    line_of, line_start, list_items, splice::splice_kept,
};
use super::comment::{Place, Wanted, no_way, parent, place};
use super::container::{Container, Shape, names};
use super::expression::{is_body, is_expression};
use super::indent;
use super::same::same_tokens;
use super::style::{Style, read};

/// The longest text, in bytes, that is tried as one commented value.
const LONGEST: usize = 100_000;

/// Makes code again of the comment that holds the path, or the item of the list there.
pub(super) fn back(text: &str, path: &Path, item: Option<&Value>, around: &Around<'_>) -> Result<String, EditError> {
    let Some(Place { container, member, wanted }) = place(text, path, item, around)? else {
        return Err(no_way(text, path, around));
    };
    if member.is_some() {
        return Ok(text.to_owned());
    }
    let Some(Code { mut splices, end, comma, .. }) = found(text, &container, &wanted, (path, around))? else {
        let path = if item.is_some() { path.to_string() } else { parent(path).to_string() };
        let mark = Box::new(Mark::at(text, container.inside.start));
        return Err(EditError::NoComment { path, what: wanted.to_string(), mark });
    };
    if container.shape == Shape::List || container.shape == Shape::Object && container.is_one_line(text) {
        let start = splices[0].span.start;
        let members = container.members(text)?;
        let previous = members.iter().rfind(|member| member.bare().end <= start);
        if let Some(previous) = previous.filter(|previous| previous.comma.is_none()) {
            splices.push(Splice::new(previous.bare().end..previous.bare().end, ","));
        }
        if !comma && members.iter().any(|member| member.key.start >= end) {
            splices.push(Splice::new(end..end, ","));
        }
        splices.sort_by_key(|splice| splice.span.start);
    }
    Ok(splice_kept(text, &splices)?)
}

/// What a comment holds.
pub(super) struct Code {
    /// The replacements that make code of it.
    splices: Vec<Splice>,
    /// How many comments those are, one below the other.
    taken: usize,
    /// Where the value ends, and whether it has a comma.
    end: usize,
    comma: bool,
}

/// The one comment in the container that holds what is wanted.
pub(super) fn found(
    text: &str,
    container: &Container,
    wanted: &Wanted<'_>,
    (path, around): (&Path, &Around<'_>),
) -> Result<Option<Code>, EditError> {
    let comments = comments(text, container);
    let indent = wanted_indentation(text, container);
    let mut candidates: Vec<Code> = Vec::new();
    let mut index = 0;
    while index < comments.len() {
        match code_from(text, (container, &indent), &comments[index..], wanted, around) {
            Some(code) => {
                index += code.taken;
                candidates.push(code);
            }
            None => index += 1,
        }
    }
    let mut candidates = candidates.into_iter();
    let Some(first) = candidates.next() else { return Ok(None) };
    match candidates.next() {
        None => Ok(Some(first)),
        Some(second) => Err(EditError::TwoComments {
            what: match wanted {
                Wanted::Key(_) => path.to_string(),
                Wanted::Item(value) => value.as_str().to_owned(),
            },
            mark: Box::new(Mark::at(text, first.splices[0].span.start)),
            other: line_of(text, second.splices[0].span.start),
        }),
    }
}

/// The comments that stand directly in the container.
fn comments(text: &str, container: &Container) -> Vec<(Kind, Span)> {
    let mut lexer = Lexer::new(text, container.inside.clone());
    let mut comments = Vec::new();
    while let Some(Ok(token)) = lexer.next() {
        if lexer.depth() == 0 && matches!(token.kind, Kind::LineComment | Kind::BlockComment) {
            comments.push((token.kind, token.span()));
        }
    }
    comments
}

/// What the first of the comments holds, with as many of the following ones as it takes to be whole.
fn code_from(
    text: &str,
    (container, indent): (&Container, &str),
    comments: &[(Kind, Span)],
    wanted: &Wanted<'_>,
    around: &Around<'_>,
) -> Option<Code> {
    let (kind, span) = comments.first()?;
    if *kind == Kind::BlockComment {
        let inside = text[span.clone()].strip_prefix("/*")?.strip_suffix("*/")?;
        let code = inside.trim();
        let start = span.start + 2 + inside.find(code)?;
        let Read { end, comma } = read_member(code, container, wanted, around)?;
        let splices = vec![Splice::new(span.start..start, ""), Splice::new(start + code.len()..span.end, "")];
        return Some(Code { splices, taken: 1, end: start + end, comma });
    }
    if !super::spot::begins_line(text, span) {
        return None;
    }
    let (Style::Line(mark, spaced), first) = read(*kind, &text[span.clone()])? else { return None };
    let begins = first.trim_start();
    let may_begin = match wanted {
        Wanted::Key(Segment::Name { name: key, .. } | Segment::Key(key) | Segment::Computed(key)) => {
            let begins = begins.trim_start_matches(['"', '(', '$', '{']);
            let computed = around.keys.and_then(|evaluate| evaluate(key));
            let is_computed = computed.is_some_and(|computed| begins.starts_with(&computed));
            begins.starts_with(key) || is_computed || (around.keys.is_some() && begins.starts_with("local."))
        }
        Wanted::Key(Segment::Index(_)) => false,
        Wanted::Item(_) => !begins.is_empty(),
    };
    if !may_begin {
        return None;
    }
    let column = span.start - line_start(text, span.start);
    let depth = first.len() - begins.len();
    let wanted_depth = indent.len();
    // Behind the mark stand whole lines, with the white space that they begin with.
    let whole = column > 0 && wanted_depth > 1 && (depth == wanted_depth || (spaced && depth == wanted_depth + 1));
    // A mark without a space after it, before a line that is indented.
    let spaced = spaced && if whole { depth > wanted_depth } else { column + depth != wanted_depth };
    // What an editor marked where the line begins, and nothing says how it was indented.
    let indent = if column == 0 && depth == usize::from(spaced) { indent } else { "" };
    let mut splices = Vec::new();
    let mut code = String::new();
    for (taken, (kind, span)) in comments.iter().enumerate() {
        let own = span.start - line_start(text, span.start);
        let between = taken.checked_sub(1).map_or("", |above| &text[comments[above].1.end..span.start]);
        let (gap, blank) = (between.matches('\n').count(), between.trim().is_empty());
        if *kind != Kind::LineComment || own != column || !text[span.clone()].starts_with(mark) || !blank {
            return None;
        }
        let content = &text[span.start + mark.len()..span.end];
        let space = usize::from(spaced && content.starts_with(' '));
        if gap > 1 {
            code.push_str(&"\n".repeat(gap - 1));
        }
        let own = code.len();
        code.push_str(&content[space..]);
        code.push('\n');
        let start = if whole { line_start(text, span.start) } else { span.start };
        splices.push(Splice::new(start..span.start + mark.len() + space, indent));
        if let Some(Read { end, comma }) = read_member(&code, container, wanted, around) {
            let end = span.start + mark.len() + space + end.saturating_sub(own);
            return Some(Code { splices, taken: taken + 1, end, comma });
        }
        // Whole, and something else; or words that happen to begin with the key, which never become code.
        if is_whole(&code) || code.len() > LONGEST {
            return None;
        }
    }
    None
}

/// How the members of the container are indented.
fn wanted_indentation(text: &str, container: &Container) -> String {
    let members = container.members(text).unwrap_or_default();
    members.first().map_or_else(
        || format!("{}{}", indentation(text, container.inside.start), indent::step(text)),
        |member| indentation(text, member.key.start).to_owned(),
    )
}

/// Whether every bracket, string and heredoc in it is closed.
fn is_whole(code: &str) -> bool {
    let mut lexer = Lexer::new(code, 0..code.len());
    let mut is_code = false;
    for token in lexer.by_ref() {
        let Ok(token) = token else { return false };
        is_code |= !matches!(token.kind, Kind::Newline | Kind::LineComment | Kind::BlockComment);
    }
    is_code && lexer.depth() == 0
}

/// Where the value of a member ends in its code, and whether a comma follows.
struct Read {
    end: usize,
    comma: bool,
}

/// Reads `code` when it is one member, and the wanted one.
fn read_member(code: &str, container: &Container, wanted: &Wanted<'_>, around: &Around<'_>) -> Option<Read> {
    let code = format!("{}\n", code.trim_end());
    let ends = |end: usize, comma: Option<usize>| Read { end, comma: comma.is_some() };
    let is_it = |key: &Segment, name: &Span, value: &Span| {
        names(key, &code[name.clone()], around) && is_expression(&code[value.clone()])
    };
    match (container.shape, wanted) {
        (Shape::Body, Wanted::Key(key)) => match items(&code).as_deref() {
            Ok([Item::Attribute(attribute)]) => {
                is_it(key, &attribute.name, &attribute.value).then(|| ends(attribute.value.end, None))
            }
            Ok([Item::Block(block)]) => {
                let is_it =
                    names(key, &code[block.kind.clone()], around) && is_body(&code[Container::of(block).inside]);
                is_it.then(|| ends(block.span().end, None))
            }
            _ => None,
        },
        (Shape::Object, Wanted::Key(key)) => match elements(&code, 0..code.len()).as_deref() {
            Ok([entry]) => is_it(key, &entry.key, &entry.value).then(|| ends(entry.value.end, entry.comma)),
            _ => None,
        },
        (Shape::List, Wanted::Item(value)) => match list_items(&code, 0..code.len()).as_deref() {
            Ok([item]) => {
                same_tokens(&code[item.value.clone()], value.as_str()).then(|| ends(item.value.end, item.comma))
            }
            _ => None,
        },
        _ => None,
    }
}
