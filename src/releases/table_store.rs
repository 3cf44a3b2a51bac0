//! Records, holds and locks in a table of DynamoDB.
//!
//! The hash key `project` is the project's name. The range key `item` is one of
//!
//! | item | what |
//! |---|---|
//! | `lock#<namespace>` | who works on the pipeline |
//! | `hold#<namespace>` | what keeps deployments away from it |
//! | `unfinished#<namespace>` | the record of what was begun |
//! | `release#<id>` | a record that is complete |
//! | `history#<namespace>#<id>` | the same, to be read for one pipeline; a namespace has no `#` |
//!
//! Ids begin with a time, so a query backwards gives the newest first and reads no more than it was asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;

use super::lock::{Claim, LeaseLock, Request};
use super::store::{MANY, abandoned, newest_first, the_one};
use super::{Hold, Holder, Lock, Marks, Record, ReleaseError, Times};
use crate::aws::dynamodb::{Change, Condition, Item, Table, Written};
use crate::clock::Clock;
use crate::pipeline::Namespace;

/// The field that holds a record or hold as JSON.
const BODY: &str = "body";
/// How often an item is looked at that others change. Only two commands that both think they have the lock do.
const ATTEMPTS: usize = 5;

/// What becomes of an item that was looked at.
enum Next {
    Put(Item),
    Delete,
    Leave,
}

/// The store of one project in a table.
#[derive(Clone)]
pub struct TableStore {
    table: Table,
    project: String,
    runtime: Handle,
    clock: Arc<dyn Clock>,
    times: Times,
}

impl TableStore {
    /// The store of a project. Nothing is asked for it.
    pub fn new(table: Table, project: &str, runtime: Handle, clock: Arc<dyn Clock>) -> Self {
        Self { table, project: project.to_owned(), runtime, clock, times: Times::default() }
    }

    /// The same with other times of its leases.
    #[must_use]
    pub fn with_times(self, times: Times) -> Self {
        Self { times, ..self }
    }

    pub(super) fn place(&self) -> String {
        format!("the table {} in {}", self.table.name(), self.table.region())
    }

    pub(super) fn lock(
        &self,
        namespace: &Namespace,
        request: &Request<'_>,
        waiting: &dyn Fn(&Holder),
    ) -> Result<Lock, ReleaseError> {
        LeaseLock::take(self.claim(namespace), request, waiting).map(Lock::from)
    }

    pub(super) fn holder(&self, namespace: &Namespace) -> Result<Option<Holder>, ReleaseError> {
        self.runtime.block_on(self.claim(namespace).holder())
    }

    fn claim(&self, namespace: &Namespace) -> Claim {
        Claim {
            table: self.table.clone(),
            runtime: self.runtime.clone(),
            clock: Arc::clone(&self.clock),
            project: self.project.clone(),
            namespace: namespace.clone(),
            times: self.times,
        }
    }

    pub(super) fn unfinished(&self, namespace: &Namespace) -> Result<Option<Record>, ReleaseError> {
        self.read(&unfinished_key(namespace.as_str()))
    }

    pub(super) fn begin(&self, namespace: &Namespace, record: &Record) -> Result<(), ReleaseError> {
        let key = unfinished_key(namespace.as_str());
        let new = self.item(key.clone(), record)?;
        self.change_unfinished(&key, |seen| {
            let before = seen.map(|item| self.parse::<Record>(item)).transpose()?;
            let Some(before) = before.filter(|before| before.id != record.id) else {
                return Ok((Next::Put(new.clone()), Vec::new()));
            };
            // Ours is in the history: a command that works now has taken it for abandoned.
            if self.read::<Record>(&release_key(&record.id))?.is_some() {
                return Err(ReleaseError::LeaseLost { namespace: namespace.to_string() });
            }
            Ok((Next::Put(new.clone()), self.kept(&abandoned(before, record))?))
        })
    }

    pub(super) fn finish(&self, namespace: &Namespace, record: &Record) -> Result<(), ReleaseError> {
        self.change_unfinished(&unfinished_key(namespace.as_str()), |seen| {
            // After a lease was lost, it may be the record of another command.
            let ours = seen.and_then(|item| self.parse::<Record>(item).ok()).is_some_and(|seen| seen.id == record.id);
            Ok((if ours { Next::Delete } else { Next::Leave }, self.kept(record)?))
        })
    }

    /// Changes an item that must still be what `next` has seen, together with others; looks again where it is not.
    fn change_unfinished(
        &self,
        key: &str,
        next: impl Fn(Option<&Item>) -> Result<(Next, Vec<Item>), ReleaseError>,
    ) -> Result<(), ReleaseError> {
        for _ in 0..ATTEMPTS {
            let seen = self.runtime.block_on(self.table.get(&self.project, key))?;
            let fields = seen.as_ref().map(fields_of);
            let as_seen = fields.as_ref().map_or(Condition::Absent, |fields| Condition::Has(fields));
            let (next, kept) = next(seen.as_ref())?;
            let mut changes: Vec<Change> = kept.into_iter().map(|item| Change::Put(item, Condition::Always)).collect();
            match next {
                Next::Put(new) => changes.push(Change::Put(new, as_seen)),
                Next::Delete => changes.push(Change::Delete(key.to_owned(), as_seen)),
                Next::Leave => {}
            }
            if self.runtime.block_on(self.table.change(&self.project, &changes))? == Written::Done {
                return Ok(());
            }
        }
        let reason = "it is changed by others all the time".to_owned();
        Err(ReleaseError::Record { place: self.place_of(key), reason })
    }

    pub(super) fn keep(&self, _: &Namespace, record: &Record) -> Result<(), ReleaseError> {
        let changes: Vec<Change> =
            self.kept(record)?.into_iter().map(|item| Change::Put(item, Condition::Always)).collect();
        self.runtime.block_on(self.table.change(&self.project, &changes))?;
        Ok(())
    }

    /// What keeps a record for good.
    fn kept(&self, record: &Record) -> Result<Vec<Item>, ReleaseError> {
        let keys = [release_key(&record.id), format!("history#{}#{}", record.namespace, record.id)];
        keys.into_iter().map(|key| self.item(key, record)).collect()
    }

    pub(super) fn history(&self, namespace: Option<&Namespace>, limit: usize) -> Result<Vec<Record>, ReleaseError> {
        let prefix = namespace.map_or_else(|| "release#".to_owned(), |namespace| format!("history#{namespace}#"));
        let unfinished = async {
            match namespace {
                Some(namespace) => {
                    let item = self.table.get(&self.project, &unfinished_key(namespace.as_str())).await?;
                    Ok(item.into_iter().collect())
                }
                None => self.table.query(&self.project, "unfinished#", usize::MAX, false).await,
            }
        };
        let ended = self.table.query(&self.project, &prefix, limit, true);
        let (unfinished, ended) = self.runtime.block_on(async { tokio::try_join!(unfinished, ended) })?;
        let records = unfinished.iter().chain(&ended).map(|item| self.parse(item));
        Ok(newest_first(records.collect::<Result<_, _>>()?, limit))
    }

    pub(super) fn find(&self, text: &str) -> Result<Option<Record>, ReleaseError> {
        let prefix = format!("release#{text}");
        let ended = self.table.query(&self.project, &prefix, MANY, false);
        let unfinished = self.table.query(&self.project, "unfinished#", usize::MAX, false);
        let (unfinished, ended) = self.runtime.block_on(async { tokio::try_join!(unfinished, ended) })?;
        let records: Vec<Record> =
            unfinished.iter().chain(&ended).map(|item| self.parse(item)).collect::<Result<_, _>>()?;
        the_one(text, records.into_iter().filter(|record| record.id.starts_with(text)).collect())
    }

    pub(super) fn hold(&self, namespace: &Namespace) -> Result<Option<Hold>, ReleaseError> {
        self.read(&hold_key(namespace))
    }

    pub(super) fn set_hold(&self, namespace: &Namespace, hold: &Hold) -> Result<(), ReleaseError> {
        let item = self.item(hold_key(namespace), hold)?;
        self.runtime.block_on(self.table.put(&self.project, &item, Condition::Always))?;
        Ok(())
    }

    pub(super) fn remove_hold(&self, namespace: &Namespace) -> Result<Option<Hold>, ReleaseError> {
        let key = hold_key(namespace);
        let (_, item) = self.runtime.block_on(self.table.delete(&self.project, &key, Condition::Always))?;
        item.map(|item| self.parse(&item)).transpose()
    }

    pub(super) fn take_back_hold(&self, namespace: &Namespace, hold: &Hold) -> Result<bool, ReleaseError> {
        let key = hold_key(namespace);
        let Some(seen) = self.runtime.block_on(self.table.get(&self.project, &key))? else { return Ok(false) };
        if self.parse::<Hold>(&seen)? != *hold {
            return Ok(false);
        }
        let fields = fields_of(&seen);
        let delete = self.table.delete(&self.project, &key, Condition::Has(&fields));
        Ok(self.runtime.block_on(delete)?.0 == Written::Done)
    }

    pub(super) fn marks(&self) -> Result<Marks, ReleaseError> {
        let holds = self.table.query(&self.project, "hold#", usize::MAX, false);
        let unfinished = self.table.query(&self.project, "unfinished#", usize::MAX, false);
        let (holds, unfinished) = self.runtime.block_on(async { tokio::try_join!(holds, unfinished) })?;
        Ok(Marks { held: self.by_namespace(&holds)?, unfinished: self.by_namespace(&unfinished)? })
    }

    fn by_namespace<T: DeserializeOwned>(&self, items: &[Item]) -> Result<BTreeMap<String, T>, ReleaseError> {
        let namespace = |item: &Item| item.key.split_once('#').map_or_else(String::new, |(_, name)| name.to_owned());
        items.iter().map(|item| Ok((namespace(item), self.parse(item)?))).collect()
    }

    fn read<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, ReleaseError> {
        let item = self.runtime.block_on(self.table.get(&self.project, key))?;
        item.map(|item| self.parse(&item)).transpose()
    }

    fn parse<T: DeserializeOwned>(&self, item: &Item) -> Result<T, ReleaseError> {
        let body = item.fields.get(BODY).map_or("", String::as_str);
        serde_json::from_str(body).map_err(|error| self.unreadable(&item.key, &error))
    }

    fn item(&self, key: String, content: &impl Serialize) -> Result<Item, ReleaseError> {
        let body = serde_json::to_string(content).map_err(|error| self.unreadable(&key, &error))?;
        Ok(Item { key, fields: [(BODY.to_owned(), body)].into() })
    }

    fn unreadable(&self, key: &str, error: &serde_json::Error) -> ReleaseError {
        ReleaseError::Record { place: self.place_of(key), reason: error.to_string() }
    }

    fn place_of(&self, key: &str) -> String {
        format!("the item {key} of {} in {}", self.project, self.place())
    }
}

impl std::fmt::Debug for TableStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("TableStore");
        shown.field("table", &self.table.name()).field("project", &self.project).finish_non_exhaustive()
    }
}

fn unfinished_key(namespace: &str) -> String {
    format!("unfinished#{namespace}")
}

/// What an item must still have to be as it was seen.
fn fields_of(item: &Item) -> Vec<(&str, &str)> {
    item.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn release_key(id: &str) -> String {
    format!("release#{id}")
}

fn hold_key(namespace: &Namespace) -> String {
    format!("hold#{namespace}")
}
