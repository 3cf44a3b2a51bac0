//! What can go wrong with records, holds and locks.

use std::path::PathBuf;

use super::{Hold, Holder};
use crate::aws::AwsError;
use crate::files::FileError;

/// What can go wrong with records, holds and locks.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// A file of the store cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The table cannot be read or written.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// A record or hold cannot be understood.
    #[error("{place} cannot be read: {reason}")]
    Record {
        /// The file, or the item of the table.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// Somebody else works on this pipeline.
    #[error("the pipeline {namespace} is locked by {holder}")]
    Held {
        /// The pipeline.
        namespace: String,
        /// Who has the lock.
        holder: Box<Holder>,
    },
    /// A hold keeps deployments away from this pipeline.
    #[error("the pipeline {namespace} is held by {} since {}: {}", hold.by, hold.since.strftime("%F %T UTC"), hold.reason)]
    OnHold {
        /// The pipeline.
        namespace: String,
        /// Who put it on, when and why.
        hold: Box<Hold>,
    },
    /// So little of the lease is left that a write might come after its end.
    #[error("the lock of {namespace} could not be renewed in time: nothing more is written")]
    LeaseShort {
        /// The pipeline.
        namespace: String,
    },
    /// The lock is somebody else's by now.
    #[error("the lock of {namespace} was lost: nothing more is written")]
    LeaseLost {
        /// The pipeline.
        namespace: String,
    },
    /// The beginning of several records' names.
    #[error("'{text}' is the beginning of several releases: {}", ids.join(", "))]
    Ambiguous {
        /// As it was given.
        text: String,
        /// The first of the records.
        ids: Vec<String>,
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
