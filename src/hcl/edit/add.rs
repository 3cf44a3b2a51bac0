//! Putting something new into a body, an object or a list.

use super::super::{
    Anchor, Around, EditError, Kind, Lexer, Mark, Path, Splice, Value, indentation, line_end, line_start, newline_at,
    object_inside, splice_aligned,
};
use super::container::{Container, Member, Shape, key_text};
use super::spot::{self, Newcomer, Spot, after_line, comments_above, ends_group};
use super::walk::{Walk, descend};
use super::{indent, nest};

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
        return on_line(text, container, &members, spot, &written);
    }
    put(text, container, &members, spot, &written)
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

/// Adds to what stands on one line.
pub(super) fn on_line(
    text: &str,
    container: &Container,
    members: &[Member],
    spot: Spot,
    written: &str,
) -> Result<String, EditError> {
    let comments = !text[container.inside.clone()].trim().is_empty();
    let added = match (spot, members.last()) {
        (Spot::Before { member, .. }, _) => {
            let start = members[member].key.start;
            Splice::new(start..start, format!("{written}, "))
        }
        (Spot::After { member, .. }, Some(last)) => {
            let beside = &members[member];
            let end = beside.span().end;
            match (beside.comma, beside == last) {
                (None, _) => Splice::new(end..end, format!(", {written}")),
                (Some(_), true) => {
                    let rest = end..container.inside.end;
                    let is_blank = container.shape == Shape::List && text[rest.clone()].trim().is_empty();
                    Splice::new(if is_blank { rest } else { end..end }, format!(" {written}"))
                }
                (Some(_), false) => Splice::new(end..end, format!(" {written},")),
            }
        }
        _ if comments => {
            let start = container.inside.start;
            Splice::new(start..start, format!(" {written}"))
        }
        _ if container.shape == Shape::List => Splice::new(container.inside.clone(), written),
        _ => Splice::new(container.inside.clone(), format!(" {written} ")),
    };
    Ok(splice_aligned(text, &[added])?)
}

/// What is written, given how its lines end and how they are indented.
pub(super) type Written<'a> = &'a dyn Fn(&str, &str) -> Result<String, EditError>;

/// Puts `written` at the spot.
pub(super) fn put(
    text: &str,
    container: &Container,
    members: &[Member],
    spot: Spot,
    written: Written<'_>,
) -> Result<String, EditError> {
    let (index, apart, is_after) = match spot {
        Spot::First => return first(text, container, written),
        Spot::After { member, apart } => (member, apart, true),
        Spot::Before { member, apart, .. } => (member, apart, false),
    };
    let beside = &members[index];
    let indent = indentation(text, beside.key.start);
    let newline = newline_at(text, if is_after { beside.span().end } else { beside.key.start });
    let written = aligned(text, container, members, index, &written(newline, indent)?);
    let is_last = index + 1 == members.len();
    let style = Commas::of(container, members);
    let parted = |comma: bool| comma_after(text, container, indent, &written, comma);
    if let Some(inline) = in_line(text, container, members, spot, &written) {
        return Ok(splice_aligned(text, &[inline])?);
    }
    let mut splices = Vec::new();
    if is_after {
        let mut comma = beside.comma.is_some();
        if beside.comma.is_none() && style != Commas::None {
            // What stood last gets its comma now that something follows.
            let own = comma_after(text, container, indent, &text[beside.bare()], true);
            splices.push(Splice::new(beside.bare().end..beside.bare().end, own));
            comma = style == Commas::All || !is_last;
        }
        let comma = parted(comma);
        match end_of_line(text, beside.span().end, container.inside.end)? {
            // As the first item stands on the line of the opening bracket: `[{ … }, { … }]`.
            None if container.shape == Shape::List
                && !text[container.inside.start..members[0].key.start].contains('\n') =>
            {
                splices.push(Splice::new(beside.span().end..beside.span().end, format!(" {written}")));
            }
            // The closing brace stands on the line of the last one.
            None => {
                let before = if container.shape == Shape::Object && splices.is_empty() && beside.comma.is_none() {
                    ","
                } else {
                    ""
                };
                let line = format!("{before}{newline}{indent}{written}");
                splices.push(Splice::new(beside.span().end..beside.span().end, line));
            }
            Some(end) => {
                let above = if apart { newline } else { "" };
                let below = if apart && !ends_group(text, after_line(text, end)) { newline } else { "" };
                let line = format!("{above}{newline}{indent}{written}{comma}{below}");
                splices.push(Splice::new(end..end, line));
            }
        }
    } else {
        let comma = parted(style != Commas::None);
        let start = line_start(text, beside.key.start);
        let above = comments_above(text, container.inside.start, start);
        let below_comment = matches!(spot, Spot::Before { below_comment: true, .. });
        let at = if below_comment { start } else { above.max(line_start(text, container.inside.start)) };
        let below = if apart { newline } else { "" };
        splices.push(Splice::new(at..at, format!("{indent}{written}{comma}{newline}{below}")));
    }
    splices.sort_by_key(|splice| splice.span.start);
    Ok(splice_aligned(text, &splices)?)
}

/// The comma after what was `written`, where one is `wanted`. The line that ends a heredoc has none: in an object its end
/// parts it from the next entry, in a list the comma stands on a line of its own.
fn comma_after(text: &str, container: &Container, indent: &str, written: &str, wanted: bool) -> String {
    let is_heredoc = ends_with_heredoc(written);
    match (wanted, container.shape) {
        (false, _) => String::new(),
        (true, Shape::List) if is_heredoc => format!("{}{indent},", newline_at(text, container.inside.start)),
        (true, Shape::Object) if is_heredoc => String::new(),
        (true, _) => ",".to_owned(),
    }
}

pub(super) fn ends_with_heredoc(text: &str) -> bool {
    let text = format!("{text}\n");
    let tokens = Lexer::new(&text, 0..text.len()).map_while(Result::ok);
    tokens.filter(|token| token.kind != Kind::Newline).last().is_some_and(|token| token.kind == Kind::CloseHeredoc)
}

/// The replacement where the members beside the spot share their line.
fn in_line(text: &str, container: &Container, members: &[Member], spot: Spot, written: &str) -> Option<Splice> {
    if container.shape == Shape::Body {
        return None;
    }
    match spot {
        Spot::First => None,
        Spot::After { member, .. } => {
            let end = members[member].span().end;
            let next = members.get(member + 1)?;
            let shares = !text[end..next.key.start].contains('\n');
            shares.then(|| Splice::new(end..end, format!(" {written},")))
        }
        Spot::Before { member, .. } => {
            let start = members[member].key.start;
            (!spot::begins_line(text, &(start..start))).then(|| Splice::new(start..start, format!("{written}, ")))
        }
    }
}

/// How the members of an object or a list are parted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Commas {
    /// By the ends of lines.
    None,
    /// Each has a comma after it.
    All,
    /// Each but the last.
    Between,
}

impl Commas {
    fn of(container: &Container, members: &[Member]) -> Self {
        let Some((last, others)) = members.split_last() else { return Self::None };
        let rest_have = !others.is_empty() && others.iter().all(|member| member.comma.is_some());
        match (container.shape, last.comma.is_some()) {
            (Shape::Body, _) => Self::None,
            (Shape::List, true) => Self::All,
            (Shape::List, false) => Self::Between,
            (Shape::Object, true) if rest_have || others.is_empty() => Self::All,
            (Shape::Object, false) if rest_have => Self::Between,
            (Shape::Object, _) => Self::None,
        }
    }
}

/// Adds the first member: after the opening bracket.
fn first(text: &str, container: &Container, written: Written<'_>) -> Result<String, EditError> {
    let newline = newline_at(text, container.inside.start);
    let outer = indentation(text, container.inside.start);
    let indent = format!("{outer}{}", indent::step(text));
    let written = written(newline, &indent)?;
    let Some(open) = end_of_line(text, container.inside.start, container.inside.end)? else {
        return Err(EditError::Check { what: format!("there is no line for '{written}'") });
    };
    if text[container.inside.clone()].trim().is_empty() {
        let closing = &text[line_start(text, container.inside.end)..container.inside.end];
        let comma = if container.shape == Shape::List { "," } else { "" };
        let inside = format!("{newline}{indent}{written}{comma}{newline}{closing}");
        return Ok(splice_aligned(text, &[Splice::new(container.inside.clone(), inside)])?);
    }
    // Comments stay above it.
    let last = line_start(text, container.inside.end);
    let at = line_end(text, line_start(text, last.saturating_sub(1))).max(open);
    let comma = comma_after(text, container, &indent, &written, container.shape == Shape::List);
    Ok(splice_aligned(text, &[Splice::new(at..at, format!("{newline}{indent}{written}{comma}"))])?)
}

/// Where the lines beside the newcomer all have their `=` in one column, wider than they must, it keeps to it.
fn aligned(text: &str, container: &Container, members: &[Member], beside: usize, written: &str) -> String {
    let column = |member: &Member| {
        let is_one = container.shape != Shape::List && member.block.is_none() && !member.is_multi_line(text);
        let gap = text.get(member.key.end..member.value.start).filter(|gap| is_one && gap.trim() == "=")?;
        Some(member.key.len() + gap.find('=')?)
    };
    let Some(wanted) = column(&members[beside]) else { return written.to_owned() };
    let follows = |index: usize| {
        let gap = &text[members[index].span().end..members[index + 1].key.start];
        gap.matches('\n').count() == 1
    };
    let mut run = beside..beside + 1;
    while run.start > 0 && follows(run.start - 1) && column(&members[run.start - 1]).is_some() {
        run.start -= 1;
    }
    while run.end < members.len() && follows(run.end - 1) && column(&members[run.end]).is_some() {
        run.end += 1;
    }
    let same = run.len() > 1 && members[run].iter().all(|member| column(member) == Some(wanted));
    match written.split_once(" = ") {
        Some((name, value)) if same && name.len() < wanted && !value.contains('\n') => {
            format!("{name:<wanted$}= {value}")
        }
        _ => written.to_owned(),
    }
}

fn separator(text: &str, container: &Container, members: &[Member]) -> &'static str {
    let like = members.iter().rev().find(|member| member.block.is_none());
    let between = like.map_or("", |like| text[like.key.end..like.value.start].trim_start());
    if container.shape == Shape::Object && between.starts_with(':') { " : " } else { " = " }
}

/// Where the line ends on which `offset` is the end of a member; `None` when `limit` stands on it.
fn end_of_line(text: &str, offset: usize, limit: usize) -> Result<Option<usize>, EditError> {
    for token in Lexer::new(text, offset..limit) {
        let token = token?;
        if token.kind == Kind::Newline {
            return Ok(Some(token.start));
        }
    }
    Ok(None)
}
