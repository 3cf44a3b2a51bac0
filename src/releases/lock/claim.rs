//! The item of a table that is the lock of a pipeline, and what is written into it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;

use super::super::ReleaseError;
use super::Holder;
use crate::aws::AwsError;
use crate::aws::dynamodb::{Condition, Item, Table, Written};
use crate::clock::Clock;
use crate::pipeline::Namespace;

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
pub struct Claim {
    pub table: Table,
    pub runtime: Handle,
    pub clock: Arc<dyn Clock>,
    pub project: String,
    pub namespace: Namespace,
    pub times: Times,
}

impl Claim {
    /// Who has the lock now; nobody where its lease seems to have ended.
    pub async fn holder(&self) -> Result<Option<Holder>, ReleaseError> {
        let item = self.table.get(&self.project, &self.key()).await?;
        Ok(item.filter(|item| !self.seems_dead(&item.fields)).map(|item| holder_in(&item.fields)))
    }

    pub(super) async fn write(
        &self,
        fields: &BTreeMap<String, String>,
        condition: Condition<'_>,
    ) -> Result<Written, AwsError> {
        let item = Item { key: self.key(), fields: fields.clone() };
        self.table.put(&self.project, &item, condition).await
    }

    pub(super) fn key(&self) -> String {
        format!("lock#{}", self.namespace)
    }

    pub(super) fn fields(&self, holder: &Holder) -> BTreeMap<String, String> {
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
    pub(super) fn renewed(&self, fields: &BTreeMap<String, String>, number: u64) -> BTreeMap<String, String> {
        let mut fields = fields.clone();
        fields.insert("renewed".to_owned(), self.clock.now().to_string());
        fields.insert("sequence".to_owned(), format!("{}-{number}", std::process::id()));
        fields
    }

    pub(super) fn lease_in(&self, fields: &BTreeMap<String, String>) -> Duration {
        let lease = fields.get("lease_ms").and_then(|text| text.parse().ok());
        lease.map_or(self.times.lease, Duration::from_millis)
    }

    /// Whether the holder should have renewed long ago. That compares clocks of two machines: good enough to decide how
    /// long to wait, and for nothing else.
    pub(super) fn seems_dead(&self, fields: &BTreeMap<String, String>) -> bool {
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

pub(super) fn holder_in(fields: &BTreeMap<String, String>) -> Holder {
    let holder = fields.get("holder").and_then(|text| serde_json::from_str(text).ok());
    holder.unwrap_or_else(|| Holder {
        by: "somebody".to_owned(),
        process: 0,
        command: "unknown".to_owned(),
        since: Timestamp::UNIX_EPOCH,
        token: fields.get("token").cloned().unwrap_or_default(),
    })
}
