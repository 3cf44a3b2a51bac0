//! Records of what was done to a pipeline, and the lock that keeps two from doing it at once.

pub mod file_store;
pub mod lock;
pub mod record;

pub use file_store::FileStore;
pub use lock::{Holder, Lock};
pub use record::{Outcome, Record};

use std::path::PathBuf;

use crate::files::FileError;

/// What can go wrong with records and locks.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// A file of the store cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A record cannot be understood.
    #[error("the record {} cannot be read: {reason}", path.display())]
    Record {
        /// The record's file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Somebody else works on this pipeline.
    #[error("the pipeline {namespace} is locked by {holder}")]
    Held {
        /// The pipeline.
        namespace: String,
        /// Who has the lock.
        holder: Holder,
    },
    /// The state folder is nowhere: neither `XDG_STATE_HOME` nor `HOME` is set.
    #[error("there is no place for records: neither XDG_STATE_HOME nor HOME is set")]
    NoFolder,
    /// The system refused the lock for another reason than a holder.
    #[error("cannot lock {}: {reason}", path.display())]
    Lock {
        /// The lock's file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
}
