//! Making code a comment, and code of a comment.

use ::hcl::expr::Expression;

use super::super::{
    Around, EditError, Item, Kind, Lexer, Mark, Path, Segment, Span, Splice, Value, elements, indentation, items,
    line_end, line_of, line_start, list_items, object_inside, splice::splice_kept, splice_aligned,
};
use super::container::{Container, Member, Shape, names};
use super::style::{Style, read, style};
use super::walk::{Found, walk};
use super::{list, remove, same_tokens};

/// Makes what is at the path, or the item of the list there, a comment.
pub(super) fn out(text: &str, path: &Path, item: Option<&Value>, around: &Around<'_>) -> Result<String, EditError> {
    super::refuse_item(path)?;
    let Some(Place { container, member, wanted }) = place(text, path, item, around)? else {
        return Err(EditError::NotFound { path: path.to_string(), at: path.to_string() });
    };
    let members = container.members(text)?;
    let Some(member) = member else {
        return match found(text, &container, &wanted, (path, around)) {
            // Two comments that hold it are no trouble here.
            Ok(Some(_)) | Err(EditError::TwoComments { .. }) => Ok(text.to_owned()),
            Ok(None) => Err(EditError::NotFound { path: path.to_string(), at: wanted.to_string() }),
            Err(error) => Err(error),
        };
    };
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
    let column = filled().map(indent).min().unwrap_or(0);
    if column < own {
        // Of a heredoc: each line keeps its own white space behind the mark.
        let mark = format!("{}{mark}", &text[lines.start..lines.start + own]);
        return filled().map(|row| Splice::new(row.start..row.start, mark.as_str())).collect();
    }
    filled().map(|row| Splice::new(row.start + column..row.start + column, mark)).collect()
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
        return Err(EditError::NotFound { path: path.to_string(), at: path.to_string() });
    };
    if member.is_some() {
        return Ok(text.to_owned());
    }
    let Some(mut splices) = found(text, &container, &wanted, (path, around))? else {
        let path = if item.is_some() { path.to_string() } else { parent(path).to_string() };
        return Err(EditError::NoComment { path, what: wanted.to_string() });
    };
    let (start, end) = (splices[0].span.start, splices[splices.len() - 1].span.end);
    if container.shape != Shape::Body {
        splices.extend(commas(text, &container, &(start..end))?);
        splices.sort_by_key(|splice| splice.span.start);
    }
    Ok(splice_kept(text, &splices)?)
}

/// The commas that a list or an object needs when the comment at `span` is code again.
fn commas(text: &str, container: &Container, span: &Span) -> Result<Vec<Splice>, EditError> {
    let members = container.members(text)?;
    let previous = members.iter().rfind(|member| member.bare().end <= span.start);
    let one_line = container.is_one_line(text);
    let needed = container.shape == Shape::List || one_line;
    let mut splices = Vec::new();
    if let Some(previous) = previous.filter(|previous| needed && previous.comma.is_none()) {
        splices.push(Splice::new(previous.bare().end..previous.bare().end, ","));
    }
    Ok(splices)
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

/// The replacements that make code of the one comment in the container that holds what is wanted.
fn found(
    text: &str,
    container: &Container,
    wanted: &Wanted<'_>,
    (path, around): (&Path, &Around<'_>),
) -> Result<Option<Vec<Splice>>, EditError> {
    let comments = comments(text, container);
    let mut candidates: Vec<Vec<Splice>> = Vec::new();
    let mut index = 0;
    while index < comments.len() {
        match code_from(text, container, &comments[index..], wanted, around) {
            Some((splices, taken)) => {
                candidates.push(splices);
                index += taken;
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
            mark: Box::new(Mark::at(text, first[0].span.start)),
            other: line_of(text, second[0].span.start),
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

/// The replacements that make code of the first of the comments, with as many of the following ones as it takes to be
/// whole, and how many those are.
fn code_from(
    text: &str,
    container: &Container,
    comments: &[(Kind, Span)],
    wanted: &Wanted<'_>,
    around: &Around<'_>,
) -> Option<(Vec<Splice>, usize)> {
    let (kind, span) = comments.first()?;
    if *kind == Kind::BlockComment {
        let inside = text[span.clone()].strip_prefix("/*")?.strip_suffix("*/")?;
        let code = inside.trim();
        let start = span.start + 2 + inside.find(code)?;
        return is_wanted(code, container, wanted, around).then(|| {
            let splices = vec![Splice::new(span.start..start, ""), Splice::new(start + code.len()..span.end, "")];
            (splices, 1)
        });
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
    let (depth, wanted_depth) = (first.len() - begins.len(), wanted_indentation(text, container));
    // Behind the mark stand whole lines, with the white space that they begin with.
    let whole = column > 0 && wanted_depth > 1 && (depth == wanted_depth || (spaced && depth == wanted_depth + 1));
    // A mark without a space after it, before a line that is indented.
    let spaced = spaced && if whole { depth > wanted_depth } else { column + depth != wanted_depth };
    let mut splices = Vec::new();
    let mut code = String::new();
    let mut line = line_of(text, span.start);
    for (taken, (kind, span)) in comments.iter().enumerate() {
        let own = span.start - line_start(text, span.start);
        let between = line_of(text, span.start);
        let gap = between - line;
        let blank = taken == 0 || text[comments[taken - 1].1.end..span.start].trim().is_empty();
        if *kind != Kind::LineComment || own != column || !text[span.clone()].starts_with(mark) || !blank {
            return None;
        }
        line = between;
        let content = &text[span.start + mark.len()..span.end];
        let space = usize::from(spaced && content.starts_with(' '));
        if gap > 1 {
            code.push_str(&"\n".repeat(gap - 1));
        }
        code.push_str(&content[space..]);
        code.push('\n');
        let start = if whole { line_start(text, span.start) } else { span.start };
        splices.push(Splice::new(start..span.start + mark.len() + space, ""));
        if is_wanted(&code, container, wanted, around) {
            return Some((splices, taken + 1));
        }
        // Words that happen to begin with the key never become code.
        if taken > 0 && code.len() > 100_000 {
            return None;
        }
    }
    None
}

/// How far the members of the container are indented.
fn wanted_indentation(text: &str, container: &Container) -> usize {
    match container.members(text).ok().and_then(|members| members.first().map(|member| member.key.start)) {
        Some(start) => indentation(text, start).len(),
        None => indentation(text, container.inside.start).len() + 2,
    }
}

/// Whether `code` is one member, and the wanted one.
fn is_wanted(code: &str, container: &Container, wanted: &Wanted<'_>, around: &Around<'_>) -> bool {
    let code = code.replace('\r', "");
    let code = format!("{}\n", code.trim_end());
    match (container.shape, wanted) {
        (Shape::Body, Wanted::Key(key)) => match items(&code).as_deref() {
            Ok([Item::Attribute(attribute)]) => {
                names(key, &code[attribute.name.clone()], around) && is_expression(&code[attribute.value.clone()])
            }
            Ok([Item::Block(block)]) => names(key, &code[block.kind.clone()], around),
            _ => false,
        },
        (Shape::Object, Wanted::Key(key)) => match elements(&code, 0..code.len()).as_deref() {
            Ok([element]) => {
                names(key, &code[element.key.clone()], around) && is_expression(&code[element.value.clone()])
            }
            _ => false,
        },
        (Shape::List, Wanted::Item(value)) => match list_items(&code, 0..code.len()).as_deref() {
            Ok([item]) => same_tokens(&code[item.value.clone()], value.as_str()),
            _ => false,
        },
        _ => false,
    }
}

/// Whether it is a value, and not words after an `=`. Terraform takes some that hcl-rs does not: a key that stands twice,
/// an object made by `for` on several lines.
fn is_expression(value: &str) -> bool {
    if value.parse::<Expression>().is_ok() || format!("{value}\n").parse::<Expression>().is_ok() {
        return true;
    }
    let entries = object_inside(value, &(0..value.len())).map(|inside| elements(value, inside));
    matches!(entries, Some(Ok(entries)) if entries.iter().all(|entry| is_expression(&value[entry.value.clone()])))
        || value.contains('\n') && is_in_brackets(value)
}

/// Whether the first bracket is closed at the end; before it there may be the name of a function.
fn is_in_brackets(value: &str) -> bool {
    let mut lexer = Lexer::new(value, 0..value.len());
    let mut opened = false;
    while let Some(token) = lexer.next() {
        let Ok(token) = token else { return false };
        match (opened, lexer.depth()) {
            (false, 0) if token.kind != Kind::Identifier || token.start > 0 => return false,
            (false, 0) => {}
            (false, _) => opened = true,
            (true, 0) => return value[token.end..].trim().is_empty(),
            (true, _) => {}
        }
    }
    false
}
