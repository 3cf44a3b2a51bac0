//! One verb a file: its arguments and the sentence observe → plan → show → confirm → act → report.

pub mod apply;
pub mod check;
pub mod common;
pub mod completions;
pub mod deploy;
pub mod doctor;
pub mod history;
pub mod hold;
pub mod images;
pub mod init;
pub mod list;
pub mod live;
pub mod man;
pub mod new;
pub mod notify;
pub mod plan;
pub mod retag;
pub mod retire;
pub mod rollback;
pub mod set;
pub mod show;
pub mod status;
pub mod tag;
pub mod tfvars;
pub mod unhold;

use crate::failure::Failure;

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Done, or nothing to do: 0.
    Done,
    /// It succeeded and found something to complain of: 1.
    Findings,
    /// With `--detailed-exitcode`: there are changes: 2.
    Changes,
}

impl End {
    /// The exit code of the process.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Findings => 1,
            Self::Changes => 2,
        }
    }
}

/// What every command gives.
pub type Outcome = Result<End, Failure>;
