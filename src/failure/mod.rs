//! What the user is told when something does not work: a text, what to do next, and the exit code.

mod aws;
mod edit;
mod rollout;
mod tags;
mod terraform;

use crate::ci::live_pointer::{LivePointerError, Problem};
use crate::files::FileError;
use crate::git::GitError;
use crate::pipeline::NamespaceError;
use crate::releases::ReleaseError;
use crate::settings::{FILE_NAME, SettingsError};

/// What sort of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something did not work: 1.
    Failed,
    /// The tool protected something: 3.
    Refused,
    /// The command line, the configuration or a file is wrong: 64.
    Usage,
    /// The user interrupted it: 130.
    Interrupted,
}

impl Kind {
    /// The exit code of the process.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Refused => 3,
            Self::Usage => 64,
            Self::Interrupted => 130,
        }
    }
}

/// Why a command did not do what it should.
#[derive(Debug)]
pub struct Failure {
    /// What sort of failure it is.
    pub kind: Kind,
    /// What went wrong and where.
    pub message: String,
    /// What to do next, a line each.
    pub hints: Vec<String>,
}

impl Failure {
    /// A failure of that kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new() }
    }

    /// Something did not work.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// Something is protected.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// The command line or a file is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// The same failure where the user did not answer no, but pressed Ctrl-C at the question.
    #[must_use]
    pub fn interrupted(self) -> Self {
        let message = match self.message.strip_prefix("answered no") {
            Some(rest) => format!("interrupted{rest}"),
            None => self.message,
        };
        Self { kind: Kind::Interrupted, message, hints: self.hints }
    }

    /// The same failure with one more line of advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

/// The characters of a line that are shown.
const SHOWN: usize = 100;

/// A message followed by the line of the file that it is about, with a mark below the column. Of a long line, the part
/// around the column is shown.
fn with_line(message: &str, line: usize, column: usize, text: &str) -> String {
    let first = column.saturating_sub(SHOWN * 3 / 4);
    let text: String = text.replace('\t', " ").chars().skip(first).take(SHOWN).collect();
    let number = line.to_string();
    let gap = " ".repeat(number.len());
    let before = " ".repeat(column.saturating_sub(1 + first));
    format!("{message}\n{gap} |\n{number} | {text}\n{gap} | {before}^")
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let message = error.to_string();
        match error {
            FileError::Changed { .. } => Self::failed(message).hint("run the same command again"),
            FileError::NotText { .. } => Self::usage(message).hint("save it as UTF-8"),
            FileError::Read { .. } | FileError::Write { .. } | FileError::Exists { .. } => Self::failed(message),
        }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        let message = error.to_string();
        match error {
            SettingsError::File(error) => error.into(),
            SettingsError::Configuration(error) => {
                let failure = Self::usage(with_line(&message, error.line, error.column, &error.text));
                match error.nearest {
                    Some(nearest) => failure.hint(format!("did you mean '{nearest}'?")),
                    None => failure,
                }
            }
            SettingsError::NoDirectory { .. } => Self::usage(message).hint("name an existing folder with --directory"),
            SettingsError::NoConfiguration { .. } => Self::usage(message).hint("name an existing file with --config"),
            SettingsError::Missing { .. } => Self::usage(message)
                .hint("make one from what is there: pipelinectl init")
                .hint("or run it in the project's folder, or name that with --directory"),
        }
    }
}

impl From<NamespaceError> for Failure {
    fn from(error: NamespaceError) -> Self {
        let failure = Self::usage(error.to_string());
        match error {
            NamespaceError::NoSuchDate { .. } => failure.hint("namespaces are dates such as 2022-08-31"),
            NamespaceError::Reserved { .. } => failure.hint("choose another name, such as a date"),
            NamespaceError::TooLong { .. } => failure.hint("choose a shorter one"),
            NamespaceError::Empty | NamespaceError::Character { .. } => {
                failure.hint("allowed are letters, digits, '_', '.' and '-', with a letter or digit first")
            }
        }
    }
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        let message = error.to_string();
        match error {
            GitError::NotFound => Self::failed(message).hint("install git, or see that it is on PATH"),
            GitError::NoFolder { .. } => {
                Self::usage(message).hint(format!("see [images] git and the services' git in {FILE_NAME}"))
            }
            GitError::NoRepository { .. } => Self::failed(message).hint("run it in a clone of the estate's repository"),
            GitError::UnknownRevision { .. } => {
                Self::usage(message).hint("fetch it first, or name a commit that is there")
            }
            GitError::Failed { .. } => Self::failed(message),
        }
    }
}

impl From<ReleaseError> for Failure {
    fn from(error: ReleaseError) -> Self {
        let message = error.to_string();
        match error {
            ReleaseError::File(error) => error.into(),
            ReleaseError::Aws(error) => {
                Self::from(error).hint(format!("it is wanted for locks and records: see [releases] in {FILE_NAME}"))
            }
            ReleaseError::Held { .. } => {
                Self::failed(message).hint("run it again when that is done, or wait for it with --wait-lock 10m")
            }
            ReleaseError::OnHold { namespace, .. } => Self::refused(message)
                .hint(format!("when the reason is gone, lift the hold: pipelinectl unhold {namespace}")),
            ReleaseError::LeaseShort { .. } => Self::failed(message).hint(
                "see whether DynamoDB can be reached; then run the same command again: it goes on where it stopped",
            ),
            ReleaseError::LeaseLost { .. } => Self::failed(message)
                .hint("'pipelinectl history' tells who has it now")
                .hint("run the same command again: it reads everything anew"),
            ReleaseError::Ambiguous { .. } => Self::usage(message).hint("give more of its name"),
            ReleaseError::Record { place, .. } => {
                Self::failed(message).hint(format!("mend {place} or take it away, then run the command again"))
            }
            ReleaseError::NoFolder => Self::failed(message).hint("set HOME or XDG_STATE_HOME"),
            ReleaseError::Lock { .. } => Self::failed(message),
        }
    }
}

impl From<LivePointerError> for Failure {
    fn from(error: LivePointerError) -> Self {
        let failure = Self::usage(with_line(&error.to_string(), error.line, error.column, &error.text));
        match error.problem {
            Problem::Syntax(_) => failure.hint("mend the file; nothing was changed"),
            Problem::NotOneWord { .. } => failure.hint("write the name of the pipeline there, in quotes"),
            Problem::NotAsMeant { .. } => failure.hint("change it by hand; nothing was changed"),
            Problem::SecondMatch { .. } => {
                failure.hint(format!("make the pattern below [live] in {FILE_NAME} longer, so that it fits once"))
            }
            Problem::NoKey { .. }
            | Problem::NotBlockMapping { .. }
            | Problem::Twice { .. }
            | Problem::NoMatch { .. } => failure.hint(format!("see [live] in {FILE_NAME}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_line_and_the_column() {
        assert_eq!(
            with_line("main.tf:12:3: wrong", 12, 3, "  x = }"),
            "main.tf:12:3: wrong\n   |\n12 |   x = }\n   |   ^"
        );
    }

    #[test]
    fn shows_the_part_of_a_long_line_that_it_is_about() {
        let text = with_line("wrong", 1, 500, &"x".repeat(1000));
        assert!(text.lines().all(|line| line.chars().count() <= SHOWN + 4), "{text}");
        assert!(text.ends_with('^'));
    }

    #[test]
    fn each_kind_has_its_exit_code() {
        let codes = [Kind::Failed, Kind::Refused, Kind::Usage, Kind::Interrupted].map(Kind::exit_code);
        assert_eq!(codes, [1, 3, 64, 130]);
    }
}
