//! What can be wrong with a file that names the live pipeline, and where.

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {problem}")]
pub struct LivePointerError {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The line's text.
    pub text: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The file is no YAML.
    #[error("this is no YAML: {0}")]
    Syntax(String),
    /// A key is not there.
    #[error("there is no '{key}' in it")]
    NoKey {
        /// The keys down to the one that is missing, with dots between them.
        key: String,
    },
    /// The value is something else than one word on one line.
    #[error("the value of '{key}' is {what}, not one word")]
    NotOneWord {
        /// The keys, with dots between them.
        key: String,
        /// What it is.
        what: &'static str,
    },
    /// A key on the way is no mapping in block form.
    #[error("'{key}' is {what}; only mappings with a key a line are read")]
    NotBlockMapping {
        /// The keys so far, with dots between them.
        key: String,
        /// What it is.
        what: &'static str,
    },
    /// The same key stands twice.
    #[error("'{key}' stands there a second time")]
    Twice {
        /// The keys, with dots between them.
        key: String,
    },
    /// The pattern fits nowhere.
    #[error("the pattern {pattern} fits nothing in it")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// The pattern fits more than once.
    #[error("the pattern {pattern} fits here a second time")]
    SecondMatch {
        /// The pattern.
        pattern: String,
    },
    /// The new value would not be read back.
    #[error("with '{value}' there, the file would not be read as meant")]
    NotAsMeant {
        /// The new value.
        value: String,
    },
}

impl LivePointerError {
    /// What is wrong at a byte of the file.
    pub fn new(file: &str, text: &str, offset: usize, problem: Problem) -> Self {
        let (line, column) = place(text, offset);
        let text = text.lines().nth(line - 1).unwrap_or_default().trim_start_matches('\u{feff}').to_owned();
        Self { file: file.to_owned(), line, column, text, problem }
    }
}

/// Line and column, both from 1, of a byte. A byte-order mark takes no column.
pub fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    (line, before[start..].trim_start_matches('\u{feff}').chars().count() + 1)
}
