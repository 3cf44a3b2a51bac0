//! A lock that is an item of a table, and a lease that its holder renews.
//!
//! No clock of another machine is believed. A waiter takes the lock over when the item stood unchanged for a whole lease
//! on its own clock; the holder counts its lease from before it asked for it. So the holder knows first.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::super::ReleaseError;
use super::claim::Claim;
use super::permit::{Lease, Until};
use super::{Holder, Permit, Request};
use crate::aws::dynamodb::{Condition, Written};

/// How long giving a lock back may take. Later, its lease ends it.
const GIVING_BACK: Duration = Duration::from_secs(5);

/// A lock that is held, and renewed in the background, until it is dropped.
#[derive(Debug)]
pub struct LeaseLock {
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
    /// Renews a lock that is ours or a parent's, and holds it from then on; none where it is gone by now.
    pub(super) async fn join(
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

    pub(super) fn hold(self, fields: BTreeMap<String, String>, is_parents: bool, until: Until) -> LeaseLock {
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
}
