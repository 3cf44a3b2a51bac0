//! What can be wrong with a file or with an edit.

use super::Path;
use super::position::{line_end, line_start, position_of};

/// Text that is not HCL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct SyntaxError {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line itself, to be shown.
    pub text: String,
    /// What is wrong there.
    pub message: String,
}

impl From<Box<SyntaxError>> for SyntaxError {
    fn from(error: Box<SyntaxError>) -> Self {
        *error
    }
}

impl From<Box<SyntaxError>> for EditError {
    fn from(error: Box<SyntaxError>) -> Self {
        Self::Syntax(*error)
    }
}

impl SyntaxError {
    /// `message` about the byte of `text` at `offset`.
    pub fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let Mark { line, column, text } = Mark::at(text, offset);
        Self { line, column, text, message: message.into() }
    }
}

/// A place in a text, with the line to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line itself.
    pub text: String,
}

impl Mark {
    /// The place of the byte of `text` at `offset`.
    pub fn at(text: &str, offset: usize) -> Self {
        let position = position_of(text, offset);
        let line = &text[line_start(text, offset)..line_end(text, offset)];
        let line = line.trim_start_matches('\u{feff}').trim_end().to_owned();
        Self { line: position.line, column: position.column, text: line }
    }
}

/// Why an edit was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The text is not HCL.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// The text holds no block, or more than one, where exactly one is to be edited.
    #[error("one block was expected, {found} found")]
    NotOneBlock {
        /// How many there are.
        found: usize,
    },
    /// The path goes into a value that is computed.
    #[error("'{path}' cannot be changed: {} is the expression {expression}", the(path, at))]
    Expression {
        /// The whole path.
        path: String,
        /// The part of the path whose value is the expression.
        at: String,
        /// Where the expression stands.
        mark: Box<Mark>,
        /// The expression, shortened.
        expression: String,
        /// The way from a `locals` block to what the path means, when the expression is just a local.
        local: Option<Path>,
    },
    /// The path goes into a value that has no keys.
    #[error("'{path}' cannot be changed: {} is {found}, not {wanted}", the(path, at))]
    NotA {
        /// The whole path.
        path: String,
        /// The part of the path whose value it is.
        at: String,
        /// Where it stands.
        mark: Box<Mark>,
        /// What stands there, shortened.
        found: String,
        /// What was wanted: `an object`, `a list`.
        wanted: &'static str,
    },
    /// The path ends at a nested block.
    #[error("'{path}' is a nested block: name an attribute in it")]
    IsBlock {
        /// The whole path.
        path: String,
        /// Where the block stands.
        mark: Box<Mark>,
    },
    /// The path ends at an item of a list, whose number is another one's when it is gone.
    #[error("'{path}' is an item of a list: name the list and the item, as in list=item")]
    IsItem {
        /// The whole path.
        path: String,
    },
    /// The path is `.`, and what is to be changed is no entry of a map.
    #[error("'.' is the whole block: name an attribute in it")]
    WholeBlock,
    /// The path names something that there is not and that cannot be added.
    #[error("there is no '{at}' for the path '{path}'")]
    NotFound {
        /// The whole path.
        path: String,
        /// The part of it that was not found.
        at: String,
        /// Where what should hold it begins.
        mark: Box<Mark>,
    },
    /// What something new is to stand beside is not there.
    #[error("there is no '{key}' that '{path}' could stand beside")]
    NoAnchor {
        /// The whole path.
        path: String,
        /// The key that is missing.
        key: String,
        /// Where what should hold it begins.
        mark: Box<Mark>,
    },
    /// Neither is it there nor is there a comment that would be it.
    #[error("there is no '{what}'{}, and no comment that holds it", of(path))]
    NoComment {
        /// The path.
        path: String,
        /// What was looked for.
        what: String,
        /// Where what should hold it begins.
        mark: Box<Mark>,
    },
    /// More than one comment would be it.
    #[error("'{what}' stands in two comments; the other one is on line {other}")]
    TwoComments {
        /// What was looked for.
        what: String,
        /// Where the first stands.
        mark: Box<Mark>,
        /// The line of the second, from 1.
        other: usize,
    },
    /// The same key or item stands there twice, or there are two nested blocks of the name and which one is not said.
    #[error("'{at}' stands there twice; the other one is on line {other}")]
    Ambiguous {
        /// The part of the path.
        at: String,
        /// Where the first stands.
        mark: Box<Mark>,
        /// The line of the second, from 1.
        other: usize,
    },
    /// It shares its lines with others, and cannot be made a comment there.
    #[error("'{path}' cannot be made a comment where it stands: put it on a line of its own")]
    SharedLine {
        /// The whole path.
        path: String,
        /// Where it stands.
        mark: Box<Mark>,
    },
    /// A heredoc ends with a line of its own, and something follows where it is to stand.
    #[error("'{path}' cannot become a heredoc: something follows it on its line")]
    SharedHeredoc {
        /// The whole path.
        path: String,
        /// Where it would stand.
        mark: Box<Mark>,
    },
    /// An error about a text whose lines are those of `place`.
    #[error("{}", placed(place, error))]
    In {
        /// A file, or what else has lines.
        place: String,
        /// What is wrong there.
        error: Box<EditError>,
    },
    /// An error about a block that stands nowhere yet.
    #[error("in the new block {error}")]
    InNewBlock {
        /// What is wrong there.
        error: Box<EditError>,
    },
    /// The text after the edit is not what was meant: a defect of this program. Nothing was written.
    #[error("the edit was checked and came out wrong: {what}")]
    Check {
        /// What was found.
        what: String,
    },
}

impl EditError {
    /// Where in the text it is, if it is about a place.
    pub fn mark(&self) -> Option<Mark> {
        match self {
            Self::Syntax(SyntaxError { line, column, text, .. }) => {
                Some(Mark { line: *line, column: *column, text: text.clone() })
            }
            Self::Expression { mark, .. }
            | Self::NotA { mark, .. }
            | Self::IsBlock { mark, .. }
            | Self::TwoComments { mark, .. }
            | Self::Ambiguous { mark, .. }
            | Self::NotFound { mark, .. }
            | Self::NoAnchor { mark, .. }
            | Self::NoComment { mark, .. }
            | Self::SharedLine { mark, .. }
            | Self::SharedHeredoc { mark, .. } => Some((**mark).clone()),
            Self::In { error, .. } => error.mark(),
            Self::NotOneBlock { .. }
            | Self::IsItem { .. }
            | Self::WholeBlock
            | Self::InNewBlock { .. }
            | Self::Check { .. } => None,
        }
    }

    /// The same about a text that begins `lines` lines further up.
    pub(crate) fn moved(mut self, lines: usize) -> Self {
        self.places_mut(&mut |line| *line += lines, &mut |_| ());
        self
    }

    /// Changes each line and each path that it speaks of.
    pub(crate) fn places_mut(&mut self, line: &mut dyn FnMut(&mut usize), path: &mut dyn FnMut(&mut String)) {
        match self {
            Self::Syntax(error) => line(&mut error.line),
            Self::Expression { mark, path: whole, at, .. }
            | Self::NotA { mark, path: whole, at, .. }
            | Self::NotFound { mark, path: whole, at } => {
                line(&mut mark.line);
                path(whole);
                path(at);
            }
            Self::IsBlock { mark, path: whole }
            | Self::SharedLine { mark, path: whole }
            | Self::SharedHeredoc { mark, path: whole }
            | Self::NoAnchor { mark, path: whole, .. }
            | Self::NoComment { mark, path: whole, .. } => {
                line(&mut mark.line);
                path(whole);
            }
            Self::Ambiguous { mark, other, at: named } | Self::TwoComments { mark, other, what: named } => {
                line(&mut mark.line);
                line(other);
                path(named);
            }
            Self::IsItem { path: whole } => path(whole),
            Self::In { error, .. } | Self::InNewBlock { error } => error.places_mut(line, path),
            Self::NotOneBlock { .. } | Self::WholeBlock | Self::Check { .. } => {}
        }
    }
}

fn the(path: &str, at: &str) -> String {
    if path == at { "its present value".to_owned() } else { format!("'{at}'") }
}

fn of(path: &str) -> String {
    if path == "." { String::new() } else { format!(" in '{path}'") }
}

fn placed(place: &str, error: &EditError) -> String {
    match (error, error.mark()) {
        (EditError::Syntax(SyntaxError { line, column, message, .. }), _) => {
            format!("{place}:{line}:{column}: {message}")
        }
        (_, Some(mark)) => format!("{place}:{}:{}: {error}", mark.line, mark.column),
        (_, None) => format!("{place}: {error}"),
    }
}
