//! What can be wrong with a file or with an edit.

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
        let position = position_of(text, offset);
        let line = &text[line_start(text, offset)..line_end(text, offset)];
        let line = line.trim_start_matches('\u{feff}').trim_end().to_owned();
        Self { line: position.line, column: position.column, text: line, message: message.into() }
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
    #[error("'{path}' cannot be changed: '{at}' on line {line} is the expression {expression}")]
    Expression {
        /// The whole path.
        path: String,
        /// The part of the path whose value is the expression.
        at: String,
        /// The line of the expression, from 1.
        line: usize,
        /// The expression, shortened.
        expression: String,
    },
    /// The path goes into a value that has no keys.
    #[error("'{path}' cannot be changed: '{at}' on line {line} is {found}, not an object")]
    NotAnObject {
        /// The whole path.
        path: String,
        /// The part of the path whose value it is.
        at: String,
        /// Its line, from 1.
        line: usize,
        /// What stands there, shortened.
        found: String,
    },
    /// The path ends at a nested block.
    #[error("'{path}' is a nested block on line {line}: name an attribute in it")]
    IsBlock {
        /// The whole path.
        path: String,
        /// The line of the block, from 1.
        line: usize,
    },
    /// The path names something that there is not and that cannot be added.
    #[error("there is no '{at}' for the path '{path}'")]
    NotFound {
        /// The whole path.
        path: String,
        /// The part of it that was not found.
        at: String,
    },
    /// The same key stands there twice.
    #[error("'{at}' stands there twice, on lines {first} and {second}")]
    Ambiguous {
        /// The part of the path.
        at: String,
        /// The first line, from 1.
        first: usize,
        /// The second line, from 1.
        second: usize,
    },
    /// An error whose lines are those of `place`.
    #[error("{place}: {error}")]
    In {
        /// A file, or what else has lines.
        place: String,
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
