//! What a record keeps of every service's images.

use crate::pipeline::history::BuiltFrom;
use crate::pipeline::release::TagPlan;
use crate::releases::ServiceRecord;

/// Every service of a release, moved or not, with what its tag names before and afterwards. What runs it is not known yet.
pub fn service_records(plan: &TagPlan) -> Vec<ServiceRecord> {
    let commit = |built_from: &BuiltFrom| built_from.id().map(str::to_owned);
    let mut records = Vec::new();
    for item in &plan.moves {
        records.extend(item.services.iter().map(|service| ServiceRecord {
            service: service.clone(),
            repository: item.repository.clone(),
            commit_before: item.before_commit.as_ref().and_then(commit),
            commit_after: commit(&item.after_commit),
            digest_before: item.before.as_ref().map(|image| image.digest.clone()),
            digest_after: Some(item.after.image.digest.clone()),
            targets: Vec::new(),
        }));
    }
    records
}
