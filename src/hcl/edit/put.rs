//! Where and how the lines of something new go in.

use super::super::{EditError, Kind, Lexer, Splice, indentation, line_end, line_start, newline_at, splice_aligned};
use super::container::{Container, Member, Shape};
use super::indent;
use super::spot::{self, Spot, after_line, comments_above, ends_group};

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
