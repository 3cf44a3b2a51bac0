//! How a file indents.

use super::super::{Kind, Lexer, Span, Splice, SyntaxError, Token, format, indentation, splice};
use super::container::Container;
use super::walk::only_block;

/// What `terraform fmt` indents by.
const SPACES: &str = "  ";

/// By what the members of the one block that `lines` holds are indented: a tab or four spaces where they are, else the two
/// spaces of `terraform fmt`.
pub(super) fn step(lines: &str) -> &'static str {
    let Ok(block) = only_block(lines) else { return SPACES };
    let inside = Container::of(&block).inside;
    // The text may begin with the block, and not with the white space before it.
    let own = indentation(lines, inside.end);
    let first = first_on_its_line(lines, &inside).map(|start| indentation(lines, start));
    match first.and_then(|indent| indent.strip_prefix(own)) {
        Some("    ") => "    ",
        Some(indent) if indent.starts_with('\t') => "\t",
        _ => SPACES,
    }
}

/// Where the first line of a body begins that holds code, else that holds anything.
fn first_on_its_line(text: &str, inside: &Span) -> Option<usize> {
    let mut tokens = Lexer::new(text, inside.clone()).map_while(Result::ok);
    tokens.by_ref().find(|token| token.kind == Kind::Newline)?;
    let mut rest = tokens.filter(|token| token.kind != Kind::Newline);
    let first = rest.next()?;
    let is_comment = |token: &Token| matches!(token.kind, Kind::LineComment | Kind::BlockComment);
    let code = if is_comment(&first) { rest.find(|token| !is_comment(token)) } else { None };
    Some(code.unwrap_or(first).start)
}

/// `source` spaced as `terraform fmt` does, each line but the first indented by `indent` and by a `step` for what is open.
/// The lines of a heredoc stay as they are.
pub(super) fn formatted(source: &str, indent: &str, step: &str) -> Result<String, SyntaxError> {
    if step == SPACES && !indent.contains('\t') {
        return format(source, indent.chars().count());
    }
    let formatted = format(source, 0)?;
    let mut splices = Vec::new();
    for token in Lexer::new(&formatted, 0..formatted.len()) {
        let token = token?;
        let rest = &formatted[token.end..];
        let spaces = rest.len() - rest.trim_start_matches(' ').len();
        if token.kind == Kind::Newline && !rest[spaces..].is_empty() && !rest[spaces..].starts_with('\n') {
            let steps = spaces / SPACES.len();
            splices.push(Splice::new(token.end..token.end + spaces, format!("{indent}{}", step.repeat(steps))));
        }
    }
    Ok(splice(&formatted, &splices))
}
