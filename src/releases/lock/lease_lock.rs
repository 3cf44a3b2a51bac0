//! A lock that is an item of a table, and a lease that its holder renews.
//!
//! No clock of another machine is believed. A waiter takes the lock over when the item stood unchanged for a whole lease
//! on its own clock; the holder counts its lease from before it asked for it. So the holder knows first.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::super::ReleaseError;
use super::permit::{Lease, Until};
use super::{Holder, Permit, Request, Waiting};
use crate::aws::AwsError;
use crate::aws::dynamodb::{Condition, Item, Table, Written};
use crate::clock::Clock;
use crate::pipeline::Namespace;

/// How long giving a lock back may take. Later, its lease ends it.
const GIVING_BACK: Duration = Duration::from_secs(5);

/// The times of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// How long a holder that died keeps others out.
    pub lease: Duration,
    /// How often a holder renews.
    pub renew_every: Duration,
    /// How much of the lease must be left for a write.
    pub margin: Duration,
    /// How often a waiter looks again.
    pub look_every: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(60),
            renew_every: Duration::from_secs(20),
            margin: Duration::from_secs(15),
            look_every: Duration::from_secs(1),
        }
    }
}

/// Where the lock of a pipeline is.
#[derive(Clone)]
pub(in super::super) struct Claim {
    pub table: Table,
    pub runtime: Handle,
    pub clock: Arc<dyn Clock>,
    pub project: String,
    pub namespace: Namespace,
    pub times: Times,
}

/// A lock that is held, and renewed in the background, until it is dropped.
#[derive(Debug)]
pub(in super::super) struct LeaseLock {
    held: Arc<Held>,
}

#[derive(Debug)]
struct Held {
    claim: Claim,
    token: String,
    /// Whether a parent process has it, which gives it back itself.
    is_parents: bool,
    lease: Arc<Lease>,
    renewal: JoinHandle<()>,
    is_given_back: AtomicBool,
}

/// The item of a lock as it was last seen.
struct Seen {
    fields: BTreeMap<String, String>,
    since: Instant,
    /// Whether it was seen to be renewed.
    is_alive: bool,
}

/// What a waiter does next.
enum Next {
    Create,
    Look,
    TakeOver,
}

impl LeaseLock {
    /// Takes the lock. `waiting` is told who has it.
    pub fn take(claim: Claim, request: &Request<'_>, waiting: &dyn Fn(&Holder)) -> Result<Self, ReleaseError> {
        let runtime = claim.runtime.clone();
        runtime.block_on(claim.take(request, waiting))
    }

    pub fn permit(&self) -> Permit {
        Permit::of(Arc::clone(&self.held.lease))
    }

    /// What gives it back when the process is ended by a signal. It does nothing once the lock is dropped.
    pub fn giver_back(&self) -> impl Fn() + Send + use<> {
        let held = Arc::downgrade(&self.held);
        move || {
            if let Some(held) = held.upgrade() {
                held.give_back();
            }
        }
    }
}

impl Drop for LeaseLock {
    fn drop(&mut self) {
        self.held.give_back();
    }
}

impl Held {
    fn give_back(&self) {
        self.renewal.abort();
        self.lease.lose();
        if self.is_parents || self.is_given_back.swap(true, Ordering::SeqCst) {
            return;
        }
        let (claim, token) = (self.claim.clone(), self.token.clone());
        let give_back = async move {
            let (key, condition) = (claim.key(), [("token", token.as_str())]);
            let delete = claim.table.delete(&claim.project, &key, Condition::Has(&condition));
            // What goes wrong here ends with the lease.
            drop(tokio::time::timeout(GIVING_BACK, delete).await);
        };
        if Handle::try_current().is_ok() {
            self.claim.runtime.spawn(give_back);
        } else {
            self.claim.runtime.block_on(give_back);
        }
    }
}

impl Claim {
    /// Who has the lock now; nobody where its lease seems to have ended.
    pub async fn holder(&self) -> Result<Option<Holder>, ReleaseError> {
        let item = self.table.get(&self.project, &self.key()).await?;
        Ok(item.filter(|item| !self.seems_dead(&item.fields)).map(|item| holder_in(&item.fields)))
    }

    async fn take(self, request: &Request<'_>, waiting: &dyn Fn(&Holder)) -> Result<LeaseLock, ReleaseError> {
        let begun = Instant::now();
        let mut waiting = Waiting::new(waiting);
        let mut seen: Option<Seen> = None;
        let mut next = Next::Create;
        let patience_with =
            |seen: &Option<Seen>| seen.as_ref().map_or(request.patience, |seen| self.patience(request, seen));
        loop {
            let until = Until::after(&*self.clock, self.times.lease);
            let fields = self.fields(request.holder);
            let found = match (&next, &seen) {
                (Next::Create, _) => self.write(&fields, Condition::Absent).await,
                (Next::TakeOver, Some(seen)) => self.write(&fields, Condition::Has(&unchanged(&seen.fields))).await,
                (Next::Look | Next::TakeOver, _) => {
                    self.table.get(&self.project, &self.key()).await.map(Written::Refused)
                }
            };
            match found {
                Ok(Written::Done) => return Ok(self.hold(fields, false, until)),
                Ok(Written::Refused(None)) => {
                    // Given back between two looks, or an answer without the item.
                    next = if matches!(next, Next::Create) { Next::Look } else { Next::Create };
                    seen = None;
                    continue;
                }
                Ok(Written::Refused(Some(item))) => {
                    let token = item.fields.get("token").cloned().unwrap_or_default();
                    // Ours: the answer to our own write was lost on the way.
                    let is_ours = token == request.holder.token;
                    if (is_ours || request.is_parent(&token))
                        && let Some(lock) = self.join(&item.fields, &token, !is_ours).await?
                    {
                        return Ok(lock);
                    }
                    let now = see(seen.take(), item.fields);
                    next = if now.since.elapsed() >= self.lease_in(&now.fields) { Next::TakeOver } else { Next::Look };
                    let holder = holder_in(&now.fields);
                    if begun.elapsed() >= self.patience(request, &now) && matches!(next, Next::Look) {
                        let namespace = self.namespace.to_string();
                        return Err(ReleaseError::Held { namespace, holder: Box::new(holder) });
                    }
                    waiting.on(&holder);
                    seen = Some(now);
                    if matches!(next, Next::TakeOver) {
                        continue;
                    }
                }
                // Who waits anyway can wait for the table as well.
                Err(error) if begun.elapsed() < patience_with(&seen) && may_pass(&error) => {}
                Err(error) => return Err(error.into()),
            }
            tokio::time::sleep(self.times.look_every).await;
        }
    }

    /// Renews a lock that is ours or a parent's, and holds it from then on; none where it is gone by now.
    async fn join(
        &self,
        fields: &BTreeMap<String, String>,
        token: &str,
        is_parents: bool,
    ) -> Result<Option<LeaseLock>, ReleaseError> {
        let until = Until::after(&*self.clock, self.times.lease);
        let fields = self.renewed(fields, 0);
        Ok(match self.write(&fields, Condition::Has(&[("token", token)])).await? {
            Written::Done => Some(self.clone().hold(fields, is_parents, until)),
            Written::Refused(_) => None,
        })
    }

    fn hold(self, fields: BTreeMap<String, String>, is_parents: bool, until: Until) -> LeaseLock {
        let lease = Lease::new(self.namespace.as_str(), self.times.margin, Arc::clone(&self.clock), until);
        let lease = Arc::new(lease);
        let token = fields.get("token").cloned().unwrap_or_default();
        let renewal = self.runtime.spawn(self.clone().keep(fields, token.clone(), Arc::clone(&lease)));
        let is_given_back = AtomicBool::new(false);
        let held = Held { claim: self, token, is_parents, lease, renewal, is_given_back };
        LeaseLock { held: Arc::new(held) }
    }

    /// Renews the lease until it is lost.
    async fn keep(self, fields: BTreeMap<String, String>, token: String, lease: Arc<Lease>) {
        for number in 1.. {
            tokio::time::sleep(self.times.renew_every).await;
            loop {
                let until = Until::after(&*self.clock, self.times.lease);
                let condition = [("token", token.as_str())];
                match self.write(&self.renewed(&fields, number), Condition::Has(&condition)).await {
                    Ok(Written::Done) => break lease.extend(until),
                    Ok(Written::Refused(_)) => return lease.lose(),
                    // The permit says when it is too late.
                    Err(_) => tokio::time::sleep(self.times.look_every).await,
                }
            }
        }
    }

    async fn write(&self, fields: &BTreeMap<String, String>, condition: Condition<'_>) -> Result<Written, AwsError> {
        let item = Item { key: self.key(), fields: fields.clone() };
        self.table.put(&self.project, &item, condition).await
    }

    fn key(&self) -> String {
        format!("lock#{}", self.namespace)
    }

    fn fields(&self, holder: &Holder) -> BTreeMap<String, String> {
        let text = |name: &str, value: String| (name.to_owned(), value);
        let fields = [
            text("token", holder.token.clone()),
            text("holder", serde_json::to_string(holder).unwrap_or_default()),
            text("lease_ms", self.times.lease.as_millis().to_string()),
        ];
        self.renewed(&fields.into(), 0)
    }

    /// The fields with what makes each renewal another one: also for waiters whose clocks stand still, and for a parent
    /// and a child that both renew.
    fn renewed(&self, fields: &BTreeMap<String, String>, number: u64) -> BTreeMap<String, String> {
        let mut fields = fields.clone();
        fields.insert("renewed".to_owned(), self.clock.now().to_string());
        fields.insert("sequence".to_owned(), format!("{}-{number}", std::process::id()));
        fields
    }

    fn lease_in(&self, fields: &BTreeMap<String, String>) -> Duration {
        let lease = fields.get("lease_ms").and_then(|text| text.parse().ok());
        lease.map_or(self.times.lease, Duration::from_millis)
    }

    /// Somebody who seems to be dead is waited for until that is certain: otherwise nobody would ever get past it without
    /// waiting for longer than a lease.
    fn patience(&self, request: &Request<'_>, seen: &Seen) -> Duration {
        if seen.is_alive || !self.seems_dead(&seen.fields) {
            return request.patience;
        }
        request.patience.max(self.lease_in(&seen.fields) * 2)
    }

    /// Whether the holder should have renewed long ago. That compares clocks of two machines: good enough to decide how
    /// long to wait, and for nothing else.
    fn seems_dead(&self, fields: &BTreeMap<String, String>) -> bool {
        let renewed = fields.get("renewed").and_then(|text| text.parse::<Timestamp>().ok());
        let Some(renewed) = renewed else { return true };
        Duration::try_from(self.clock.now().duration_since(renewed)).is_ok_and(|since| since > self.lease_in(fields))
    }
}

impl std::fmt::Debug for Claim {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Claim")
            .field("table", &self.table.name())
            .field("key", &self.key())
            .finish_non_exhaustive()
    }
}

/// What was seen before, while it is the same; else the item as it is now, from now on.
fn see(before: Option<Seen>, fields: BTreeMap<String, String>) -> Seen {
    match before {
        Some(seen) if seen.fields == fields => seen,
        Some(_) => Seen { fields, since: Instant::now(), is_alive: true },
        None => Seen { fields, since: Instant::now(), is_alive: false },
    }
}

fn unchanged(fields: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn holder_in(fields: &BTreeMap<String, String>) -> Holder {
    let holder = fields.get("holder").and_then(|text| serde_json::from_str(text).ok());
    holder.unwrap_or_else(|| Holder {
        by: "somebody".to_owned(),
        process: 0,
        command: "unknown".to_owned(),
        since: Timestamp::UNIX_EPOCH,
        token: fields.get("token").cloned().unwrap_or_default(),
    })
}

fn may_pass(error: &AwsError) -> bool {
    matches!(
        error,
        AwsError::Throttled { .. } | AwsError::TimedOut { .. } | AwsError::Unreachable { .. } | AwsError::Other { .. }
    )
}
