//! What can go wrong while a sandbox is made.

use std::fmt;
use std::path::{Path, PathBuf};

/// Shorthand for a result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a sandbox could not be made or asked. The text says what to do.
#[derive(Debug)]
pub enum Error {
    /// A program or file is not there and cannot be had: what, and what to do about it.
    Missing {
        /// What is missing.
        what: String,
        /// What to do.
        advice: String,
    },
    /// A program ended badly.
    Process {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// Both of its streams.
        output: String,
    },
    /// A file or folder could not be read or written.
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The local AWS answered with something else than expected, or not at all.
    Answer {
        /// What was asked.
        asked: String,
        /// What came back.
        answer: String,
    },
}

impl Error {
    /// Turns an input or output error of `path` into an [`Error`], for `map_err`.
    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    /// For `map_err` on a request to the local AWS.
    pub(crate) fn answer(asked: impl Into<String>, answer: impl fmt::Display) -> Self {
        Self::Answer { asked: asked.into(), answer: answer.to_string() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { what, advice } => write!(formatter, "{what}\n{advice}"),
            Self::Process { command, status, output } => {
                write!(formatter, "`{command}` ended with {status}:\n{output}")
            }
            Self::File { path, source } => write!(formatter, "{}: {source}", path.display()),
            Self::Answer { asked, answer } => write!(formatter, "the local AWS, asked for {asked}, answered: {answer}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            _ => None,
        }
    }
}
