//! Making code a comment.

use super::super::{
    Around, EditError, Mark, Path, Segment, Span, Splice, Value, line_end, line_of, line_start, splice_aligned,
};
use super::container::{Container, Member, Shape};
use super::same::same_tokens;
use super::style::{Style, style};
use super::uncomment::found;
use super::walk::{Found, walk};
use super::{list, remove};

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

/// The error where the way to a path is not there.
pub(super) fn no_way(text: &str, path: &Path, around: &Around<'_>) -> EditError {
    let start = walk(text, path, around).map_or(0, |walk| walk.last().inside.start);
    EditError::NotFound { path: path.to_string(), at: path.to_string(), mark: Box::new(Mark::at(text, start)) }
}

pub(super) fn parent(path: &Path) -> Path {
    let segments = path.segments();
    Path::of(segments[..segments.len().saturating_sub(1)].to_vec())
}

/// What a comment has to hold.
pub(super) enum Wanted<'a> {
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

pub(super) struct Place<'a> {
    pub container: Container,
    pub member: Option<Member>,
    pub wanted: Wanted<'a>,
}

/// Where the path or the item is, or would be; `None` where the way to it is not there.
pub(super) fn place<'a>(
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
