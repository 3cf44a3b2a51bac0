//! Release records as `history` and `show` tell them.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::commits;
use crate::context::Context;
use crate::failure::Failure;
use crate::git::Commit;
use crate::pipeline::Namespace;
use crate::releases::{Origin, Outcome, Record, ServiceRecord, TargetRecord};
use crate::ui::paint;

/// A release.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ReleaseRow {
    /// Its name.
    pub id: String,
    /// The command, `deploy`.
    pub command: String,
    /// The pipeline.
    pub namespace: String,
    /// When it was begun.
    pub started: String,
    /// When it ended.
    pub finished: Option<String>,
    /// Who began it, on which machine or in which build.
    pub by: String,
    /// The build that it ran in.
    pub origin: Option<Origin>,
    /// The commit of the estate that was checked out.
    pub estate_commit: Option<String>,
    /// Which images were asked for.
    pub source: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The `--allow` flags and other overrides that were given.
    pub allowed: Vec<String>,
    /// How it ended; null where it has not.
    pub outcome: Option<Outcome>,
    /// Whether it is under way right now.
    pub running: bool,
    /// How many commits the services of the pipeline were on afterwards, as far as the records tell.
    pub commits: usize,
    /// What became of each service.
    pub services: Vec<ServiceRow>,
}

/// What became of a service.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ServiceRow {
    /// Its name.
    pub service: String,
    /// The repository of its images.
    pub repository: String,
    /// Whether its tag names another image than before.
    pub moved: bool,
    /// The image before; null where there was no tag.
    pub before: Option<ImageRow>,
    /// The image afterwards.
    pub after: Option<ImageRow>,
    /// What runs it, and how that ended.
    pub targets: Vec<TargetRecord>,
}

/// An image of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ImageRow {
    /// Its name by content.
    pub digest: String,
    /// The commit that it was built from, where it is known.
    pub commit: Option<String>,
    /// The first line of the commit's message, where git knows it.
    pub subject: Option<String>,
    /// The day of the commit.
    pub date: Option<String>,
}

impl ImageRow {
    /// Its commit for people: first digits, day and subject, as far as they are known.
    pub fn built_from(&self) -> String {
        let Some(commit) = &self.commit else { return paint::faint("no commit tag") };
        match (&self.date, &self.subject) {
            (Some(date), Some(subject)) => format!("{} {date} {subject}", commits::short(commit)),
            _ => commits::short(commit).to_owned(),
        }
    }
}

/// Tells these records, which are given newest first, with what git knows of their commits.
pub fn rows(context: &Context, records: &[Record]) -> Result<Vec<ReleaseRow>, Failure> {
    let named = records.iter().flat_map(|record| &record.services);
    let named = named.flat_map(|service| [&service.commit_before, &service.commit_after]).flatten().cloned();
    let known = commits::describe(context, named.collect());
    let running = running(context, records)?;
    let after = commits_after(records);
    let row = |(record, commits): (&Record, usize)| ReleaseRow {
        id: record.id.clone(),
        command: record.command.clone(),
        namespace: record.namespace.clone(),
        started: record.started.to_string(),
        finished: record.finished.map(|at| at.to_string()),
        by: record.by.clone(),
        origin: record.origin.clone(),
        estate_commit: record.commit.clone(),
        source: record.source.clone(),
        reason: record.reason.clone(),
        allowed: record.allowed.clone(),
        outcome: record.outcome,
        running: record.is_unfinished() && running.contains(&record.namespace),
        commits,
        services: record.services.iter().map(|service| service_row(service, &known)).collect(),
    };
    Ok(records.iter().zip(after).map(row).collect())
}

/// The pipelines that somebody works on right now, of those with an unfinished release.
fn running(context: &Context, records: &[Record]) -> Result<BTreeSet<String>, Failure> {
    let unfinished: BTreeSet<&String> =
        records.iter().filter(|record| record.is_unfinished()).map(|record| &record.namespace).collect();
    let mut running = BTreeSet::new();
    for name in unfinished {
        if let Ok(namespace) = name.parse::<Namespace>()
            && context.store()?.holder(&namespace)?.is_some()
        {
            running.insert(name.clone());
        }
    }
    Ok(running)
}

/// On how many commits the services of its pipeline were after each release. A release of some services leaves the others
/// where earlier ones put them.
fn commits_after(records: &[Record]) -> Vec<usize> {
    let mut state: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let mut counts: Vec<usize> = Vec::new();
    for record in records.iter().rev() {
        for service in &record.services {
            if let Some(commit) = service.commit_after.as_ref().or(service.commit_before.as_ref()) {
                state.insert((&record.namespace, &service.service), commit);
            }
        }
        let of_pipeline = state.iter().filter(|((namespace, _), _)| *namespace == record.namespace);
        counts.push(of_pipeline.map(|(_, commit)| commit).collect::<BTreeSet<_>>().len());
    }
    counts.reverse();
    counts
}

fn service_row(service: &ServiceRecord, known: &BTreeMap<String, Commit>) -> ServiceRow {
    let image = |digest: &Option<crate::pipeline::image::Digest>, commit: &Option<String>| {
        let known = commit.as_ref().and_then(|commit| known.get(commit));
        digest.as_ref().map(|digest| ImageRow {
            digest: digest.to_string(),
            commit: known.map(|known| known.id.clone()).or_else(|| commit.clone()),
            subject: known.map(|known| known.subject.clone()),
            date: known.map(|known| known.date.clone()),
        })
    };
    ServiceRow {
        service: service.service.clone(),
        repository: service.repository.name.clone(),
        moved: service.moved(),
        before: image(&service.digest_before, &service.commit_before),
        after: image(&service.digest_after, &service.commit_after),
        targets: service.targets.clone(),
    }
}

/// How it ended, in a word.
pub fn ending(row: &ReleaseRow) -> String {
    match row.outcome {
        Some(Outcome::Verified) => paint::good("verified"),
        Some(Outcome::Done) => paint::good("done"),
        Some(Outcome::Failed) => paint::bad("failed"),
        Some(Outcome::Superseded) => paint::faint("superseded"),
        Some(Outcome::Abandoned) => paint::changed("abandoned"),
        None if row.running => paint::changed("running"),
        None => paint::changed("unfinished"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::image::Digest;
    use crate::pipeline::service::{Registry, Repository};

    fn record(namespace: &str, services: &[(&str, &str)]) -> Record {
        let service = |(name, commit): &(&str, &str)| ServiceRecord {
            service: (*name).to_owned(),
            repository: Repository { registry: Registry::default(), name: format!("weco/{name}") },
            commit_before: None,
            commit_after: Some((*commit).to_owned()),
            digest_before: None,
            digest_after: Some(Digest::of_manifest(commit)),
            targets: Vec::new(),
        };
        Record {
            id: "20260102T030405.000Z-00000001".to_owned(),
            command: "deploy".to_owned(),
            namespace: namespace.to_owned(),
            started: "2026-01-02T03:04:05Z".parse().expect("a time"),
            by: "alex@host".to_owned(),
            origin: None,
            commit: None,
            source: None,
            reason: None,
            digests: BTreeMap::new(),
            services: services.iter().map(service).collect(),
            allowed: Vec::new(),
            block_added: false,
            replaces: None,
            applying: false,
            finished: None,
            outcome: None,
        }
    }

    #[test]
    fn a_release_of_one_service_leaves_the_others_behind() {
        let newest_first = [
            record("2022-08-31", &[("b", "two")]),
            record("2022-10-14", &[("a", "one")]),
            record("2022-08-31", &[("a", "two")]),
            record("2022-08-31", &[("a", "one"), ("b", "one")]),
        ];
        assert_eq!(commits_after(&newest_first), [1, 1, 2, 1]);
    }
}
