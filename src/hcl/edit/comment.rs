//! Making code a comment, and code of a comment.

use ::hcl::expr::Expression;

use super::super::{
    Around, EditError, Item, Kind, Lexer, Mark, Path, Segment, Span, Splice, Value, elements, indentation, items,
    line_end, line_of, line_start, list_items, object_inside, splice::splice_kept, splice_aligned,
};
use super::container::{Container, Member, Shape, names};
use super::style::{Style, read, style};
use super::walk::{Found, walk};
use super::{indent, list, remove, same_tokens};

/// The longest text, in bytes, that is tried as one commented value.
const LONGEST: usize = 100_000;

/// Makes what is at the path, or the item of the list there, a comment.
pub(super) fn out(text: &str, path: &Path, item: Option<&Value>, around: &Around<'_>) -> Result<String, EditError> {
    super::refuse_item(path)?;
    let Some(Place { container, member, wanted }) = place(text, path, item, around)? else {
        return Err(no_way(text, path, around));
    };
    let members = container.members(text)?;
    let Some(member) = member else {
        return match found(text, &container, &wanted, (path, around)) {
            // Two comments that hold it are no trouble here.
            Ok(Some(_)) | Err(EditError::TwoComments { .. }) => Ok(text.to_owned()),
            Ok(None) => Err(EditError::NotFound {
                path: path.to_string(),
                at: wanted.to_string(),
                mark: Box::new(Mark::at(text, container.inside.start)),
            }),
            Err(error) => Err(error),
        };
    };
    super::refuse_any_of_several(text, path, &container, &members, &member)?;
    if let Wanted::Item(value) = wanted {
        let is_it = |other: &&Member| same_tokens(&text[other.value.clone()], value.as_str());
        if let Some(other) = members.iter().filter(is_it).nth(1) {
            return Err(EditError::Ambiguous {
                at: value.as_str().to_owned(),
                mark: Box::new(Mark::at(text, member.key.start)),
                other: line_of(text, other.key.start),
            });
        }
    }
    let shared = || EditError::SharedLine { path: path.to_string(), mark: Box::new(Mark::at(text, member.key.start)) };
    let span = member.span();
    if remove::stands_alone(text, &container, &span) {
        let lines = line_start(text, span.start)..super::spot::end_of_code(text, span.end);
        return Ok(splice_aligned(text, &marked(text, &lines, &span, style(text, around.file)))?);
    }
    if container.shape == Shape::Body && members.len() > 1 || text[span.clone()].contains("*/") {
        return Err(shared());
    }
    let padded = !matches!(style(text, around.file), Style::Block(false));
    let (open, close) = if padded { ("/* ", " */") } else { ("/*", "*/") };
    Ok(splice_aligned(text, &[Splice::new(span.start..span.start, open), Splice::new(span.end..span.end, close)])?)
}

/// The replacements that make the whole lines of `span` a comment.
fn marked(text: &str, lines: &Span, span: &Span, style: Style) -> Vec<Splice> {
    let rows = rows(text, lines);
    let mark = match style {
        Style::Block(padded) if rows.len() == 1 && !text[lines.clone()].contains("*/") => {
            let space = if padded { " " } else { "" };
            let rest = text[span.end..lines.end].trim();
            let end = if rest.is_empty() { span.end } else { span.end + text[span.end..lines.end].trim_end().len() };
            return vec![
                Splice::new(span.start..span.start, format!("/*{space}")),
                Splice::new(end..end, format!("{space}*/")),
            ];
        }
        Style::Block(_) => "# ",
        style @ Style::Line(..) => style.open(),
    };
    let indent = |row: &Span| row.len() - text[row.clone()].trim_start_matches([' ', '\t']).len();
    let filled = || rows.iter().filter(|row| !text[(*row).clone()].trim().is_empty());
    let own = rows.first().map_or(0, indent);
    let indentation = &text[lines.start..lines.start + own];
    if filled().any(|row| !text[row.clone()].starts_with(indentation)) {
        // Of a heredoc: each line keeps its own white space behind the mark.
        let mark = format!("{indentation}{mark}");
        return filled().map(|row| Splice::new(row.start..row.start, mark.as_str())).collect();
    }
    filled().map(|row| Splice::new(row.start + own..row.start + own, mark)).collect()
}

/// The lines of `span`, without their ends.
fn rows(text: &str, span: &Span) -> Vec<Span> {
    let mut rows = Vec::new();
    let mut start = span.start;
    while start <= span.end {
        let end = line_end(text, start).min(span.end);
        rows.push(start..end);
        match text[end..].find('\n') {
            Some(newline) => start = end + newline + 1,
            None => break,
        }
    }
    rows
}

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

/// The error where the way to a path is not there.
fn no_way(text: &str, path: &Path, around: &Around<'_>) -> EditError {
    let start = walk(text, path, around).map_or(0, |walk| walk.last().inside.start);
    EditError::NotFound { path: path.to_string(), at: path.to_string(), mark: Box::new(Mark::at(text, start)) }
}

fn parent(path: &Path) -> Path {
    let segments = path.segments();
    Path::of(segments[..segments.len().saturating_sub(1)].to_vec())
}

/// What a comment has to hold.
enum Wanted<'a> {
    Key(&'a Segment),
    Item(&'a Value),
}

impl std::fmt::Display for Wanted<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Key(Segment::Key(key)) => formatter.write_str(key),
            Self::Key(segment) => write!(formatter, "{}", Path::of(vec![(*segment).clone()])),
            Self::Item(value) => formatter.write_str(value.as_str()),
        }
    }
}

struct Place<'a> {
    container: Container,
    member: Option<Member>,
    wanted: Wanted<'a>,
}

/// Where the path or the item is, or would be; `None` where the way to it is not there.
fn place<'a>(
    text: &str,
    path: &'a Path,
    item: Option<&'a Value>,
    around: &Around<'_>,
) -> Result<Option<Place<'a>>, EditError> {
    if let Some(value) = item {
        let Some(walk) = list::walk_into(text, path, around)? else { return Ok(None) };
        let container = walk.last().clone();
        let member =
            container.members(text)?.into_iter().find(|item| same_tokens(&text[item.value.clone()], value.as_str()));
        return Ok(Some(Place { container, member, wanted: Wanted::Item(value) }));
    }
    let walk = walk(text, path, around)?;
    let container = walk.last().clone();
    let (member, depth) = match walk.found {
        Found::Member(member) => (Some(member), path.segments().len()),
        Found::Nothing { depth } => (None, depth + 1),
    };
    let last = path.segments().last().filter(|_| depth == path.segments().len());
    Ok(last.map(|last| Place { container, member, wanted: Wanted::Key(last) }))
}

/// What a comment holds.
struct Code {
    /// The replacements that make code of it.
    splices: Vec<Splice>,
    /// How many comments those are, one below the other.
    taken: usize,
    /// Where the value ends, and whether it has a comma.
    end: usize,
    comma: bool,
}

/// The one comment in the container that holds what is wanted.
fn found(
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
                names(key, &code[block.kind.clone()], around).then(|| ends(block.span().end, None))
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

/// Whether hcl-rs reads it.
pub(super) fn is_parsed(value: &str) -> bool {
    value.parse::<Expression>().is_ok() || format!("{value}\n").parse::<Expression>().is_ok()
}

/// Whether it is a value, and not words after an `=`. Terraform takes some that hcl-rs does not: a key that stands twice,
/// an object made by `for` on several lines.
fn is_expression(value: &str) -> bool {
    if is_parsed(value) {
        return true;
    }
    let entries = object_inside(value, &(0..value.len())).map(|inside| elements(value, inside));
    matches!(entries, Some(Ok(entries)) if entries.iter().all(|entry| is_expression(&value[entry.value.clone()])))
        || is_made_by_for(value)
}

/// Whether it is made by `for`: in brackets that are closed at the end, maybe behind the name of a function.
fn is_made_by_for(value: &str) -> bool {
    let mut lexer = Lexer::new(value, 0..value.len());
    let (mut opened, mut is_for) = (false, false);
    while let Some(token) = lexer.next() {
        let Ok(token) = token else { return false };
        match (opened, lexer.depth()) {
            (false, 0) if token.kind != Kind::Identifier || token.start > 0 => return false,
            (false, 0) => {}
            (false, _) => opened = true,
            (true, 0) => return is_for && value[token.end..].trim().is_empty(),
            (true, _) => is_for |= &value[token.span()] == "for",
        }
    }
    false
}
