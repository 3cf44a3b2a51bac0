//! The record of one command on one pipeline.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::repository_key;
use crate::pipeline::image::Digest;
use crate::pipeline::service::{Registry, Repository};

/// What a command set out to do, and how it ended. Written before the first tag moves, completed afterwards. What later
/// versions added may be absent: records of earlier ones are read too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Names the record: the time it was begun, and chance. Records sort by it.
    pub id: String,
    /// The command, `new`.
    pub command: String,
    /// The pipeline.
    pub namespace: String,
    /// When it was begun.
    pub started: Timestamp,
    /// Who began it, on which machine or in which build.
    pub by: String,
    /// The build that it ran in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The commit of the estate that was checked out, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Which images were asked for: `latest`, `commit abc`, `pipeline 2022-08-31`, `release 2026…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Why, where somebody said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The digest that each repository's tag shall name. A rerun of an unfinished command takes them.
    #[serde(with = "repository_key::digests")]
    pub digests: BTreeMap<Repository, Digest>,
    /// Every service, moved or not: what the pipeline runs afterwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceRecord>,
    /// The `--allow` flags and other overrides that were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// Whether it put the block of the pipeline into its file: one that was there before is nobody's to take out.
    #[serde(default)]
    pub block_added: bool,
    /// The pipeline whose place it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Replaces>,
    /// Whether its apply was begun: from then on resources may be half made.
    #[serde(default)]
    pub applying: bool,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// How it ended; none while it is unfinished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// A pipeline whose place another one takes: its block goes first, and then nothing else says what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaces {
    /// The pipeline.
    pub namespace: String,
    /// The addresses that were it: `module.concepts_pipeline_2022-08-31`.
    pub addresses: Vec<String>,
}

/// A build of a build system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// For people: `Buildkite concepts #12`.
    pub name: String,
    /// Its page.
    pub url: String,
}

/// What a command did to one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRecord {
    /// Its name.
    pub service: String,
    /// Where its images are.
    #[serde(with = "repository_key::one")]
    pub repository: Repository,
    /// The commit of the image that the pipeline's tag named before, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_before: Option<String>,
    /// The commit of the image that the tag names afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_after: Option<String>,
    /// The image that the tag named before; none where there was no tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest_before: Option<Digest>,
    /// The image that the tag names afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest_after: Option<Digest>,
    /// What runs it, and how that ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetRecord>,
}

/// How it ended for one Lambda function or ECS service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetRecord {
    /// The function, or cluster/service of ECS.
    pub target: String,
    /// How it ended.
    pub ending: TargetEnding,
    /// What is to be said about that: the reason of a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// How it ended for one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TargetEnding {
    /// Its turn did not come.
    NotTried,
    /// It runs the image, and that was looked at.
    Verified,
    /// No task is wanted, so nothing runs.
    Idle,
    /// It is not there, which is allowed.
    Absent,
    /// It does not run the image.
    Failed,
    /// Nobody could look.
    NotVerified,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything was done and what runs was verified.
    Verified,
    /// Everything was done; something could not be verified.
    Done,
    /// Something failed after the tags had been made.
    Failed,
    /// A newer release was there already, and nothing was moved.
    Superseded,
    /// It stopped before its end, and another command took its place.
    Abandoned,
}

impl Record {
    /// Whether everything was done that it set out to do: what a rollback may go back to.
    pub fn ended_well(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Verified | Outcome::Done))
    }

    /// Whether it is under way, or stopped before its end.
    pub fn is_unfinished(&self) -> bool {
        self.outcome.is_none()
    }

    /// The digests of these repositories. A record of the earlier format knows a repository by its name only.
    pub fn digests_of(&self, repositories: &[Repository]) -> BTreeMap<Repository, Digest> {
        let digest = |repository: &Repository| {
            let unplaced = Repository { registry: Registry::default(), name: repository.name.clone() };
            self.digests.get(repository).or_else(|| self.digests.get(&unplaced)).cloned()
        };
        repositories.iter().filter_map(|repository| Some((repository.clone(), digest(repository)?))).collect()
    }

    /// The image of each service afterwards, by the service's name: what a rollback to this record restores.
    pub fn snapshot(&self) -> BTreeMap<String, Digest> {
        let digest = |service: &ServiceRecord| service.digest_after.clone().or_else(|| service.digest_before.clone());
        self.services.iter().filter_map(|service| Some((service.service.clone(), digest(service)?))).collect()
    }
}

impl ServiceRecord {
    /// Whether the tag names another image than before.
    pub fn moved(&self) -> bool {
        self.digest_after.is_some() && self.digest_after != self.digest_before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the version before this one wrote it.
    const EARLIER: &str = r#"{
      "id": "20260102T030405Z-7",
      "command": "new",
      "namespace": "2022-10-14",
      "started": "2026-01-02T03:04:05Z",
      "by": "alex@host",
      "digests": { "weco/a": "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" },
      "block_added": true,
      "applying": false
    }"#;

    #[test]
    fn a_record_of_the_earlier_format_is_read() {
        let record: Record = serde_json::from_str(EARLIER).expect("a record");
        assert!(record.is_unfinished() && !record.ended_well() && record.services.is_empty());
        let registry = Registry { account_id: Some("123456789012".to_owned()), region: None };
        let repository = Repository { registry, name: "weco/a".to_owned() };
        let other = Repository { registry: Registry::default(), name: "weco/b".to_owned() };
        let digests = record.digests_of(&[repository.clone(), other]);
        assert_eq!(digests.keys().collect::<Vec<_>>(), [&repository]);
    }

    #[test]
    fn two_registries_may_have_a_repository_of_the_same_name() {
        let mut record: Record = serde_json::from_str(EARLIER).expect("a record");
        let at = |account: &str| Repository {
            registry: Registry { account_id: Some(account.to_owned()), region: None },
            name: "weco/a".to_owned(),
        };
        record.digests =
            [(at("111111111111"), Digest::of_manifest("one")), (at("222222222222"), Digest::of_manifest("two"))].into();
        let text = serde_json::to_string(&record).expect("JSON");
        let again: Record = serde_json::from_str(&text).expect("a record");
        assert_eq!(again, record);
        assert_eq!(again.digests_of(&[at("222222222222")])[&at("222222222222")], Digest::of_manifest("two"));
    }

    #[test]
    fn a_snapshot_has_every_service_moved_or_not() {
        let mut record: Record = serde_json::from_str(EARLIER).expect("a record");
        let repository = Repository { registry: Registry::default(), name: "weco/a".to_owned() };
        let service = |name: &str, before: Option<&str>, after: Option<&str>| ServiceRecord {
            service: name.to_owned(),
            repository: repository.clone(),
            commit_before: None,
            commit_after: None,
            digest_before: before.map(Digest::of_manifest),
            digest_after: after.map(Digest::of_manifest),
            targets: Vec::new(),
        };
        record.services = vec![
            service("moved", Some("one"), Some("two")),
            service("kept", Some("one"), Some("one")),
            service("not reached", Some("one"), None),
            service("absent", None, None),
        ];
        let moved: Vec<bool> = record.services.iter().map(ServiceRecord::moved).collect();
        assert_eq!(moved, [true, false, false, false]);
        let (one, two) = (Digest::of_manifest("one"), Digest::of_manifest("two"));
        let expected = [("kept", &one), ("moved", &two), ("not reached", &one)];
        let snapshot = record.snapshot();
        assert_eq!(snapshot.iter().map(|(name, digest)| (name.as_str(), digest)).collect::<Vec<_>>(), expected);
    }
}
