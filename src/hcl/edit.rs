//! Setting and removing one value of a block: text to text.

mod add;
mod container;
mod remove;

use ::hcl::expr::Expression;

use container::{Container, Entry, Found};

use super::evaluate::shortened;
use super::{
    Block, EditError, Item, Kind, Lexer, Path, Span, Splice, Value, items, line_of, line_start, splice, splice_aligned,
};

/// What happens to a value that is an expression, `local.x` or `var.x` or a call, when it is to be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expressions {
    /// It is replaced: in a block that is only just made.
    Replace,
    /// It is an error: the user should change what it refers to.
    Refuse,
}

/// Sets the value at `path` in the one block that `lines` holds (whole lines, with the block's comments).
///
/// A value that is there is replaced in its place; what is not there is added after the last attribute, and a one-line
/// object or block opens up for it. The text comes back as it was when it says the same already.
pub fn set(lines: &str, path: &Path, value: &Value, expressions: Expressions) -> Result<String, EditError> {
    let mut text = lines.to_owned();
    for _ in 0..=path.segments().len() {
        match set_step(&text, path, value, expressions)? {
            Step::Opened(opened) => text = opened,
            Step::Done(done) => {
                check(lines, &done, path, Some(value))?;
                return Ok(done);
            }
        }
    }
    Err(EditError::Check { what: format!("no place was found for '{path}'") })
}

/// Removes the value at `path` from the one block that `lines` holds, with the comments that belong to it alone.
/// The text comes back as it was when there is no such value.
pub fn unset(lines: &str, path: &Path) -> Result<String, EditError> {
    let (container, found) = walk(lines, path)?;
    let removed = match found {
        Found::Nothing { .. } => return Ok(lines.to_owned()),
        Found::Block(block) => remove::lines(lines, &block.span()),
        Found::Entry(entry) => remove::entry(lines, &container, &entry)?,
    };
    let done = splice_aligned(lines, &[removed])?;
    check(lines, &done, path, None)?;
    Ok(done)
}

/// Runs `change` on the lines of `block` alone and puts the result in their place, so that the cost does not grow with
/// the file. Gives the new text and the range that the lines have in it; lines in errors are those of `text`.
pub fn in_block(
    text: &str,
    block: &Block,
    change: impl FnOnce(&str) -> Result<String, EditError>,
) -> Result<(String, Span), EditError> {
    let span = block.span();
    let start = line_start(text, span.start);
    let end = super::line_end(text, span.end);
    // Block comments may begin before the line does: then only the block itself is taken.
    let lines = if items(&text[start..end]).is_ok_and(|items| items.len() == 1) { start..end } else { span };
    let skipped = line_of(text, lines.start) - 1;
    let changed = change(&text[lines.clone()]).map_err(|error| error.moved(skipped))?;
    let range = lines.start..lines.start + changed.len();
    Ok((splice(text, &[Splice::new(lines, changed)]), range))
}

enum Step {
    Opened(String),
    Done(String),
}

fn set_step(text: &str, path: &Path, value: &Value, expressions: Expressions) -> Result<Step, EditError> {
    let (container, found) = walk(text, path)?;
    match found {
        Found::Block(block) => {
            Err(EditError::IsBlock { path: path.to_string(), line: line_of(text, block.kind.start) })
        }
        Found::Entry(entry) => {
            let present = &text[entry.value.clone()];
            if same_tokens(present, value.as_str()) {
                return Ok(Step::Done(text.to_owned()));
            }
            if expressions == Expressions::Refuse && !is_literal(present) {
                return Err(EditError::Expression {
                    path: path.to_string(),
                    at: path.to_string(),
                    line: line_of(text, entry.value.start),
                    expression: shortened(present),
                });
            }
            let value = add::value_at(text, entry.key.start, value.as_str())?;
            Ok(Step::Done(splice_aligned(text, &[Splice::new(entry.value, value)])?))
        }
        Found::Nothing { depth, one_line } => match one_line {
            Some(one_line) => Ok(Step::Opened(add::open_up(text, &one_line)?)),
            None => Ok(Step::Done(add::entry(text, &container, path, depth, value)?)),
        },
    }
}

/// Goes along the path as far as it is there. Gives the last container entered and what is in it.
fn walk(text: &str, path: &Path) -> Result<(Container, Found), EditError> {
    let mut container = Container::of(&only_block(text)?);
    let mut one_line = None;
    let last = path.segments().len() - 1;
    for (depth, segment) in path.segments().iter().enumerate() {
        if one_line.is_none() && container.is_one_line(text) {
            one_line = Some(container.clone());
        }
        let found = container.find(text, segment)?;
        let next = match &found {
            None => {
                // Only the block's own values may be added to what stands on one line: an object stays on it
                // where its comments would be lost.
                return Ok((container, Found::Nothing { depth, one_line: one_line.filter(|it| it.can_open(text)) }));
            }
            Some(Found::Entry(entry)) if depth < last => inside(text, path, depth, entry)?,
            Some(Found::Block(block)) if depth < last => Container::of(block),
            Some(_) => container.clone(),
        };
        if depth == last
            && let Some(found) = found
        {
            return Ok((container, found));
        }
        container = next;
    }
    Err(EditError::Check { what: format!("'{path}' has no end") })
}

fn inside(text: &str, path: &Path, depth: usize, entry: &Entry) -> Result<Container, EditError> {
    if let Some(inside) = super::object_inside(text, &entry.value) {
        return Ok(Container::object(inside));
    }
    let at = path.start(depth + 1);
    let line = line_of(text, entry.value.start);
    let value = &text[entry.value.clone()];
    let found = shortened(value);
    if is_literal(value) {
        return Err(EditError::NotAnObject { path: path.to_string(), at, line, found });
    }
    Err(EditError::Expression { path: path.to_string(), at, line, expression: found })
}

fn only_block(text: &str) -> Result<Block, EditError> {
    let items = items(text)?;
    let found = items.len();
    match items.into_iter().next() {
        Some(Item::Block(block)) if found == 1 => Ok(block),
        _ => Err(EditError::NotOneBlock { found }),
    }
}

/// Whether it says what it is without referring to anything.
fn is_literal(value: &str) -> bool {
    match format!("{value}\n").trim_start().parse::<Expression>().or_else(|_| value.parse()) {
        Ok(expression) => match expression {
            Expression::TemplateExpr(_) => !has_template(value),
            Expression::Operation(operation) => matches!(
                *operation,
                ::hcl::expr::Operation::Unary(ref unary) if matches!(unary.expr, Expression::Number(_))
            ),
            Expression::Null
            | Expression::Bool(_)
            | Expression::Number(_)
            | Expression::String(_)
            | Expression::Array(_)
            | Expression::Object(_) => true,
            _ => false,
        },
        Err(_) => value.starts_with(['{', '[', '"']),
    }
}

fn has_template(value: &str) -> bool {
    Lexer::new(value, 0..value.len())
        .any(|token| token.is_ok_and(|token| matches!(token.kind, Kind::Interpolation | Kind::Directive)))
}

/// Whether two values have the same tokens, however they are spaced.
fn same_tokens(one: &str, other: &str) -> bool {
    fn words(text: &str) -> Option<Vec<&str>> {
        let mut words = Vec::new();
        for token in Lexer::new(text, 0..text.len()) {
            let token = token.ok()?;
            if token.kind != Kind::Newline {
                words.push(text[token.span()].trim_end_matches('\r'));
            }
        }
        Some(words)
    }
    let (one, other) = (format!("{one}\n"), format!("{other}\n"));
    matches!((words(&one), words(&other)), (Some(one), Some(other)) if one == other)
}

fn check(before: &str, after: &str, path: &Path, wanted: Option<&Value>) -> Result<(), EditError> {
    if before == after {
        return Ok(());
    }
    let wrong = |what: String| EditError::Check { what };
    let (_, found) = walk(after, path).map_err(|error| wrong(error.to_string()))?;
    let right = match (&found, wanted) {
        (Found::Entry(entry), Some(value)) => same_tokens(&after[entry.value.clone()], value.as_str()),
        // Where a block is, the next of that name has moved up.
        (Found::Nothing { .. } | Found::Block(_), None) => true,
        _ => false,
    };
    if !right {
        return Err(wrong(format!("'{path}' is not what was asked for")));
    }
    match hcl_edit::parser::parse_body(after) {
        Err(error) if hcl_edit::parser::parse_body(before).is_ok() => Err(wrong(error.to_string())),
        _ => Ok(()),
    }
}

impl EditError {
    /// The same about a text that begins `lines` lines further up.
    pub(crate) fn moved(mut self, lines: usize) -> Self {
        match &mut self {
            Self::Syntax(error) => error.line += lines,
            Self::Expression { line, .. } | Self::NotAnObject { line, .. } | Self::IsBlock { line, .. } => {
                *line += lines;
            }
            Self::Ambiguous { first, second, .. } => {
                *first += lines;
                *second += lines;
            }
            Self::In { error, .. } => **error = (**error).clone().moved(lines),
            Self::NotOneBlock { .. } | Self::NotFound { .. } | Self::Check { .. } => {}
        }
        self
    }
}

#[cfg(test)]
mod tests;
