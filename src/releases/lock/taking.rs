//! Taking a lock that is an item of a table, and waiting for it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::super::ReleaseError;
use super::claim::{Claim, holder_in};
use super::lease_lock::LeaseLock;
use super::permit::Until;
use super::{Holder, Request, Waiting};
use crate::aws::AwsError;
use crate::aws::dynamodb::{Condition, Written};

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

impl Claim {
    /// Takes the lock. `waiting` is told who has it.
    pub(super) async fn take(
        self,
        request: &Request<'_>,
        waiting: &dyn Fn(&Holder),
    ) -> Result<LeaseLock, ReleaseError> {
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

    /// Somebody who seems to be dead is waited for until that is certain: otherwise nobody would ever get past it without
    /// waiting for longer than a lease.
    fn patience(&self, request: &Request<'_>, seen: &Seen) -> Duration {
        if seen.is_alive || !self.seems_dead(&seen.fields) {
            return request.patience;
        }
        request.patience.max(self.lease_in(&seen.fields) * 2)
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

fn may_pass(error: &AwsError) -> bool {
    matches!(
        error,
        AwsError::Throttled { .. } | AwsError::TimedOut { .. } | AwsError::Unreachable { .. } | AwsError::Other { .. }
    )
}
