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
use crate::aws::dynamodb::{Change, Condition, Item, Table};
use crate::clock::Clock;
use crate::pipeline::Namespace;

/// The field that holds a record or hold as JSON.
const BODY: &str = "body";

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
        let mut changes = vec![Change::Put(self.item(unfinished_key(namespace.as_str()), record)?)];
        if let Some(before) = self.unfinished(namespace)?
            && before.id != record.id
        {
            changes.extend(self.kept(&abandoned(before, record))?);
        }
        Ok(self.runtime.block_on(self.table.change(&self.project, &changes))?)
    }

    pub(super) fn finish(&self, namespace: &Namespace, record: &Record) -> Result<(), ReleaseError> {
        let mut changes = self.kept(record)?;
        changes.push(Change::Delete(unfinished_key(namespace.as_str())));
        Ok(self.runtime.block_on(self.table.change(&self.project, &changes))?)
    }

    pub(super) fn keep(&self, _: &Namespace, record: &Record) -> Result<(), ReleaseError> {
        let changes = self.kept(record)?;
        Ok(self.runtime.block_on(self.table.change(&self.project, &changes))?)
    }

    /// What keeps a record for good.
    fn kept(&self, record: &Record) -> Result<Vec<Change>, ReleaseError> {
        let keys = [format!("release#{}", record.id), format!("history#{}#{}", record.namespace, record.id)];
        keys.into_iter().map(|key| Ok(Change::Put(self.item(key, record)?))).collect()
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
        let place = format!("the item {key} of {} in {}", self.project, self.place());
        ReleaseError::Record { place, reason: error.to_string() }
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

fn hold_key(namespace: &Namespace) -> String {
    format!("hold#{namespace}")
}
