//! Where records, holds and locks are kept.

use std::collections::BTreeMap;
use std::time::Duration;

use super::lock::Request;
use super::{FileStore, Hold, Holder, Lock, Outcome, Record, ReleaseError, TableStore};
use crate::pipeline::Namespace;

/// A store of one project. Its methods block: none may be called inside async code.
#[derive(Debug, Clone)]
pub enum Store {
    /// The user's state folder, shared by the clones on this machine.
    File(FileStore),
    /// A table of DynamoDB, shared by a team and its CI.
    DynamoDb(TableStore),
}

/// What is marked in a list of pipelines, by namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// The holds.
    pub held: BTreeMap<String, Hold>,
    /// What was begun and has not ended.
    pub unfinished: BTreeMap<String, Record>,
}

macro_rules! either {
    ($self:ident.$method:ident($($argument:expr),*)) => {
        match $self {
            Store::File(store) => store.$method($($argument),*),
            Store::DynamoDb(store) => store.$method($($argument),*),
        }
    };
}

impl Store {
    /// Where it is, for people: a folder, or a table and its region.
    pub fn place(&self) -> String {
        either!(self.place())
    }

    /// Takes the lock of a pipeline, waiting for at most `patience`; `waiting` is told who has it, once for each holder.
    /// A holder that seems to be dead is waited for until its lease has ended, whatever `patience` says.
    ///
    /// `inherited` are the tokens that parent processes handed down, with commas between them: a lock that one of them
    /// has counts as ours.
    pub fn lock(
        &self,
        namespace: &Namespace,
        holder: &Holder,
        inherited: Option<&str>,
        patience: Duration,
        waiting: impl Fn(&Holder),
    ) -> Result<Lock, ReleaseError> {
        let request = Request { holder, inherited, patience };
        either!(self.lock(namespace, &request, &waiting))
    }

    /// Who has the lock of a pipeline right now.
    pub fn holder(&self, namespace: &Namespace) -> Result<Option<Holder>, ReleaseError> {
        either!(self.holder(namespace))
    }

    /// The record of a command that was begun and has not ended.
    pub fn unfinished(&self, namespace: &Namespace) -> Result<Option<Record>, ReleaseError> {
        either!(self.unfinished(namespace))
    }

    /// Writes the record of a command that begins, or more of one that was begun. Another one that had not ended goes to
    /// the history as abandoned. An error where ours went there already, because another command took over.
    pub fn begin(&self, namespace: &Namespace, record: &Record) -> Result<(), ReleaseError> {
        either!(self.begin(namespace, record))
    }

    /// Completes the record of a command that has ended. What another command has begun meanwhile stays unfinished.
    pub fn finish(&self, namespace: &Namespace, record: &Record) -> Result<(), ReleaseError> {
        either!(self.finish(namespace, record))
    }

    /// Keeps the record of a command that had nothing to begin. What is unfinished stays so.
    pub fn keep(&self, namespace: &Namespace, record: &Record) -> Result<(), ReleaseError> {
        either!(self.keep(namespace, record))
    }

    /// The records of a pipeline, or of all, the newest first, unfinished ones included.
    pub fn history(&self, namespace: Option<&Namespace>, limit: usize) -> Result<Vec<Record>, ReleaseError> {
        either!(self.history(namespace, limit))
    }

    /// The record with this name, or the only one whose name begins so.
    pub fn find(&self, text: &str) -> Result<Option<Record>, ReleaseError> {
        either!(self.find(text))
    }

    /// What keeps deployments away from a pipeline.
    pub fn hold(&self, namespace: &Namespace) -> Result<Option<Hold>, ReleaseError> {
        either!(self.hold(namespace))
    }

    /// Puts a hold on a pipeline, in the place of one that is there.
    pub fn set_hold(&self, namespace: &Namespace, hold: &Hold) -> Result<(), ReleaseError> {
        either!(self.set_hold(namespace, hold))
    }

    /// Lifts the hold of a pipeline; gives the one that was there.
    pub fn remove_hold(&self, namespace: &Namespace) -> Result<Option<Hold>, ReleaseError> {
        either!(self.remove_hold(namespace))
    }

    /// Lifts the hold of a pipeline if it still is this one; says whether it was. Somebody else's stays.
    pub fn take_back_hold(&self, namespace: &Namespace, hold: &Hold) -> Result<bool, ReleaseError> {
        either!(self.take_back_hold(namespace, hold))
    }

    /// An error where a hold keeps deployments away from a pipeline.
    pub fn refuse_held(&self, namespace: &Namespace) -> Result<(), ReleaseError> {
        match self.hold(namespace)? {
            Some(hold) => Err(ReleaseError::OnHold { namespace: namespace.to_string(), hold: Box::new(hold) }),
            None => Ok(()),
        }
    }

    /// The holds and the unfinished records of all pipelines.
    pub fn marks(&self) -> Result<Marks, ReleaseError> {
        either!(self.marks())
    }
}

/// How many records are looked at where several have the same beginning.
pub(super) const MANY: usize = 10;

/// A record that had not ended when the next one was begun.
pub(super) fn abandoned(record: Record, next: &Record) -> Record {
    Record { outcome: Some(Outcome::Abandoned), finished: Some(next.started), ..record }
}

/// Sorts records by their names, which begin with a time. Of two with the same name, the one that has ended is kept: its
/// command was killed between the two steps of ending it.
pub(super) fn newest_first(mut records: Vec<Record>, limit: usize) -> Vec<Record> {
    records.sort_by(|a, b| b.id.cmp(&a.id).then(a.is_unfinished().cmp(&b.is_unfinished())));
    records.dedup_by(|second, first| second.id == first.id);
    records.truncate(limit);
    records
}

/// The only one of the records, all of whose names begin with `text`, or the one that is called exactly so.
pub(super) fn the_one(text: &str, records: Vec<Record>) -> Result<Option<Record>, ReleaseError> {
    let mut records = newest_first(records, usize::MAX);
    if let Some(index) = records.iter().position(|record| record.id == text) {
        return Ok(Some(records.swap_remove(index)));
    }
    if records.len() > 1 {
        let ids = records.into_iter().take(MANY).map(|record| record.id).collect();
        return Err(ReleaseError::Ambiguous { text: text.to_owned(), ids });
    }
    Ok(records.pop())
}
