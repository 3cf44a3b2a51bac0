//! One lock for each pipeline.

mod claim;
mod file_lock;
mod lease_lock;
mod permit;
mod taking;

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) use claim::Claim;
pub use claim::Times;
pub(super) use file_lock::{FileLock, holder_of};
pub(super) use lease_lock::LeaseLock;
pub use permit::Permit;

/// Who has a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// User and machine, or user and build.
    pub by: String,
    /// The process.
    pub process: u32,
    /// The command, `new 2022-10-14`.
    pub command: String,
    /// Since when.
    pub since: Timestamp,
    /// Tells this holder from every other, and lets the holder's own children in.
    pub token: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} (process {}, '{}', since {})",
            self.by,
            self.process,
            self.command,
            self.since.strftime("%F %T UTC")
        )
    }
}

/// What a process brings along that wants a lock.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Who it is.
    pub holder: &'a Holder,
    /// The tokens that its parents handed down, with commas between them: a lock that one of them has counts as ours.
    pub inherited: Option<&'a str>,
    /// How long it waits for another holder.
    pub patience: Duration,
}

impl Request<'_> {
    /// Whether that holder is a parent of this process.
    fn is_parent(&self, token: &str) -> bool {
        self.inherited.is_some_and(|inherited| inherited.split(',').any(|one| one == token))
    }
}

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    File { _lock: FileLock },
    Lease(LeaseLock),
}

impl From<FileLock> for Lock {
    fn from(lock: FileLock) -> Self {
        Self { kind: Kind::File { _lock: lock } }
    }
}

impl From<LeaseLock> for Lock {
    fn from(lock: LeaseLock) -> Self {
        Self { kind: Kind::Lease(lock) }
    }
}

impl Lock {
    /// What gives it back when a signal ends the process; none where the operating system does that itself.
    pub fn giver_back(&self) -> Option<impl Fn() + Send + use<>> {
        match &self.kind {
            Kind::File { .. } => None,
            Kind::Lease(lock) => Some(lock.giver_back()),
        }
    }

    /// What is to be asked before each write.
    pub fn permit(&self) -> Permit {
        match &self.kind {
            Kind::File { .. } => Permit::always(),
            Kind::Lease(lock) => lock.permit(),
        }
    }
}

/// Tells of each holder that is waited for, once.
struct Waiting<'a> {
    tell: &'a dyn Fn(&Holder),
    told: Option<String>,
}

impl<'a> Waiting<'a> {
    fn new(tell: &'a dyn Fn(&Holder)) -> Self {
        Self { tell, told: None }
    }

    fn on(&mut self, holder: &Holder) {
        if self.told.as_ref() != Some(&holder.token) {
            (self.tell)(holder);
            self.told = Some(holder.token.clone());
        }
    }
}
