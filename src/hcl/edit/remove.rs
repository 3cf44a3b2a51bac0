//! Taking a member out of a body, an object or a list.

use super::super::{Kind, Lexer, Span, Splice, Token, line_end, line_start};
use super::container::{Container, Member, Shape};
use super::put::ends_with_heredoc;
use super::spot::{after_line, begins_line, comments_above};
use super::style::{is_code, read};

/// The replacements, in order, that remove `member`.
pub(super) fn member(text: &str, container: &Container, members: &[Member], member: &Member) -> Vec<Splice> {
    let index = members.iter().position(|other| other == member).unwrap_or(0);
    let previous = index.checked_sub(1).and_then(|before| members.get(before));
    if stands_alone(text, container, &member.span()) {
        let lines = lines(text, container, &member.span());
        if members.len() == 1
            && text[container.inside.start..lines.span.start].trim().is_empty()
            && text[lines.span.end..container.inside.end].trim().is_empty()
        {
            // Nothing is left of it but its brackets.
            return vec![Splice::new(container.inside.clone(), "")];
        }
        // What stands last from now on has no comma, where the last had none.
        let comma = previous
            .and_then(|previous| previous.comma)
            .filter(|_| container.shape != Shape::Body && member.comma.is_none() && index + 1 == members.len());
        let is_heredoc = container.shape == Shape::Object && ends_with_heredoc(&text[member.value.clone()]);
        let was_style = !is_heredoc && members[..index].iter().all(|member| member.comma.is_some());
        return comma
            .filter(|_| was_style)
            .map(|comma| {
                // After a heredoc it has a line of its own.
                let alone = begins_line(text, &(comma..comma + 1)) && line_end(text, comma) == comma + 1;
                let start = if alone { line_start(text, comma) } else { comma };
                Splice::new(start..if alone { after_line(text, comma + 1) } else { comma + 1 }, "")
            })
            .into_iter()
            .chain([lines])
            .collect();
    }
    vec![Splice::new(on_line(text, container, (previous, members.get(index + 1)), member), "")]
}

/// What goes of a line that the member shares with others, or with a comment before it: the comma that parted them, too.
fn on_line(
    text: &str,
    container: &Container,
    (previous, next): (Option<&Member>, Option<&Member>),
    member: &Member,
) -> Span {
    let span = member.span();
    let touch = |from: usize, to: usize| text[from..to].chars().all(|between| between == ' ' || between == '\t');
    let next_here = next.filter(|next| touch(span.end, next.key.start));
    let previous_here = previous.filter(|previous| {
        let between = &text[previous.span().end..span.start];
        between.trim().is_empty() && !between.contains('\n')
    });
    match (next_here, previous_here) {
        (Some(next), _) => span.start..next.key.start,
        (None, Some(previous)) if member.comma.is_none() => previous.bare().end..span.end,
        (None, Some(previous)) => previous.span().end..span.end,
        (None, None) => {
            let inside = container.inside.clone();
            let rest = (&text[inside.start..span.start], &text[span.end..inside.end]);
            if rest.0.trim().is_empty() && rest.1.trim().is_empty() {
                return inside;
            }
            // White space at the end of a line, or two spaces, are left by nobody.
            let before = text[..span.start].trim_end_matches([' ', '\t']).len();
            if begins_line(text, &span) { span } else { before.max(inside.start)..span.end }
        }
    }
}

/// Whether nothing else stands on the lines of `span`, comments apart.
pub(super) fn stands_alone(text: &str, container: &Container, span: &Span) -> bool {
    let rest: Span = span.end..container.inside.end;
    let next = Lexer::new(text, rest)
        .map_while(Result::ok)
        .find(|token| !matches!(token.kind, Kind::LineComment | Kind::BlockComment));
    begins_line(text, span) && next.is_some_and(|token| token.kind == Kind::Newline)
}

/// Where the comments begin that are about what stands at `start`: below the last one that is code itself.
fn prose_above(text: &str, first: usize, start: usize) -> usize {
    let comments = Lexer::new(text, first..start).map_while(Result::ok);
    let comments: Vec<Token> = comments.filter(|token| token.kind != Kind::Newline).collect();
    let codes =
        comments.iter().filter_map(|token| read(token.kind, &text[token.span()]).map(|(_, code)| (token, code)));
    let codes: Vec<(&Token, &str)> = codes.collect();
    let mut prose = first;
    let mut from = 0;
    while from < codes.len() {
        let whole = (from + 1..=codes.len()).rev().find(|to| {
            let code: Vec<&str> = codes[from..*to].iter().map(|(_, code)| *code).collect();
            is_code(&code.join("\n"))
        });
        if let Some(to) = whole {
            prose = after_line(text, codes[to - 1].0.end);
        }
        from = whole.unwrap_or(from + 1);
    }
    prose
}

/// The replacement that removes the whole lines of `span`, the comment lines that belong to them alone, and one of the
/// blank lines around them.
fn lines(text: &str, container: &Container, span: &Span) -> Splice {
    let mut start = line_start(text, span.start);
    let end = after_line(text, span.end);
    let next = text[end..].lines().next().unwrap_or("").trim();
    let closes = next.starts_with(['}', ')', ']']);
    // A comment above a group of values is about all of them.
    if next.is_empty() || closes || next.starts_with(['#', '/']) {
        let floor = after_line(text, container.inside.start).min(start);
        start = prose_above(text, comments_above(text, container.inside.start, start).max(floor), start);
    }
    let above = text[..start].trim_end_matches(['\r', '\n', ' ', '\t']);
    let blank_above = text[above.len()..start].matches('\n').count() > 1;
    let opens = above.len() <= line_end(text, container.inside.start);
    if next.is_empty() && (blank_above || opens) && end < text.len() {
        return Splice::new(start..after_line(text, end), "");
    }
    if closes && blank_above {
        return Splice::new(line_start(text, start - 1)..end, "");
    }
    Splice::new(start..end, "")
}
