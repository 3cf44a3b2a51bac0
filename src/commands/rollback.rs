//! `pipelinectl rollback`

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;

use super::Outcome;
use super::common::deployment::{self, HoldRule, Request, Turn};
use super::common::lock::parse_time;
use super::common::release::{self, FetchArguments, GuardArguments};
use super::common::selection::SelectionArguments;
use super::common::target;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::pipeline::Namespace;
use crate::pipeline::image::{Digest, is_commit};
use crate::pipeline::release::{ImageSource, Policy, PolicyKind};
use crate::pipeline::rollback::{Snapshot, Target, target_of};
use crate::pipeline::service::{Repository, Service};
use crate::releases::{Record, ReleaseError, ServiceRecord};

/// How many records are looked through for a good release.
const LOOKED_AT: usize = 200;

/// Take a pipeline back to its last good release
///
/// Without --to, that is the newest release that ended well and is another one than what the tags name now. Its images must
/// still exist. The pipeline is put on hold, so that the next merge does not undo it; a rollback is a release like any
/// other, and can be rolled back itself.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pipelinectl rollback live --dry-run              where it would go
  pipelinectl rollback live
  pipelinectl rollback live --to 89ab12c           the images of a commit
  pipelinectl rollback live concepts_aggregator    one service only
  pipelinectl unhold live                          let deployments in again")]
pub struct Arguments {
    /// The pipeline: its namespace, 'live', or the address of its block
    #[arg(value_name = "NS", add = target::completer())]
    pipeline: String,
    /// Which services
    #[command(flatten)]
    selection: SelectionArguments,
    /// A release, as 'pipelinectl history' names it, or a commit
    #[arg(long, value_name = "RELEASE|COMMIT")]
    to: Option<String>,
    /// Do not put the pipeline on hold
    #[arg(long)]
    no_hold: bool,
    /// Why, for the hold and the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// What may pass
    #[command(flatten)]
    guard: GuardArguments,
    /// Whether git may fetch
    #[command(flatten)]
    fetch: FetchArguments,
    /// Wait this long for the services: 90s, 15m
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = parse_time)]
    timeout: Duration,
    /// Wait this long for another command that works on the same pipeline
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse_time)]
    wait_lock: Duration,
}

/// Where a rollback goes.
struct Goal {
    source: ImageSource,
    asked: String,
    pinned: BTreeMap<Repository, Digest>,
    policy: Policy,
    /// Services without an image in it: they stay as they are.
    unknown: Vec<String>,
}

/// Finds out where to go, and puts the request together; see [`deployment::run`].
pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let namespace = target::resolve(context, &arguments.pipeline)?;
    let services = arguments.selection.services(context)?;
    let turn = Turn { command: "rollback", namespace: &namespace, patience: arguments.wait_lock };
    deployment::run(context, &turn, &|| request(arguments, context, &namespace, &services))
}

fn request(
    arguments: &Arguments,
    context: &Context,
    namespace: &Namespace,
    services: &[Service],
) -> Result<Request, Failure> {
    let tag = context.settings.images.pipeline_tag.replace("{namespace}", namespace.as_str());
    let goal = goal(arguments, context, namespace, &tag, services)?;
    for name in &goal.unknown {
        context.ui.warn(&format!("{} knows no image of {name}: it stays as it is", goal.asked));
    }
    let services = services.iter().filter(|service| !goal.unknown.contains(&service.name)).cloned().collect();
    let reason = arguments.reason.clone().unwrap_or_else(|| format!("rolled back to {}", goal.asked));
    Ok(Request {
        command: "rollback",
        namespace: namespace.clone(),
        tag,
        services,
        source: goal.source,
        asked: goal.asked,
        pinned: goal.pinned,
        policy: goal.policy,
        fetch: !arguments.fetch.no_fetch,
        exact: false,
        restarts: true,
        hold: if arguments.no_hold { HoldRule::Ignore } else { HoldRule::Put(reason) },
        timeout: arguments.timeout,
        reason: arguments.reason.clone(),
    })
}

fn goal(
    arguments: &Arguments,
    context: &Context,
    namespace: &Namespace,
    tag: &str,
    services: &[Service],
) -> Result<Goal, Failure> {
    let policy = arguments.guard.policy(PolicyKind::Restore);
    let Some(to) = &arguments.to else {
        let present = present(context, tag, services)?;
        let records = context.store()?.history(Some(namespace), LOOKED_AT)?;
        let found = target_of(&records.iter().map(snapshot).collect::<Vec<_>>(), &present);
        return match found {
            Some(Target { name, digests }) => Ok(of_release(context, services, name, &digests, policy)),
            None => Err(Failure::failed(format!(
                "no earlier release of {namespace} is known that ended well and is another one than what its tags name"
            ))
            .hint("choose one yourself: pipelinectl images shows the commits, and --to takes one")),
        };
    };
    match context.store()?.find(to) {
        Ok(Some(record)) if record.namespace == namespace.as_str() => {
            let digests = record.snapshot();
            if digests.is_empty() {
                return Err(Failure::usage(format!(
                    "the release {} moved nothing: there is nothing to go back to",
                    record.id
                ))
                .hint(format!("'pipelinectl history {namespace}' lists the releases")));
            }
            if !record.ended_well() {
                context.ui.warn(&format!("the release {} did not end well", record.id));
            }
            Ok(of_release(context, services, format!("release {}", record.id), &digests, policy))
        }
        Ok(Some(record)) => Err(Failure::usage(format!(
            "the release {} is of the pipeline {}, not of {namespace}",
            record.id, record.namespace
        ))
        .hint(format!(
            "take another pipeline's images with: pipelinectl deploy {namespace} --from {}",
            record.namespace
        ))),
        Err(error @ ReleaseError::Ambiguous { .. }) if !is_commit(to) => Err(error.into()),
        Ok(None) | Err(ReleaseError::Ambiguous { .. }) => {
            let source = release::revision(context, to).map_err(|failure| neither(failure, namespace, to))?;
            let asked = source.to_string();
            Ok(Goal { source, asked, pinned: BTreeMap::new(), policy, unknown: Vec::new() })
        }
        Err(error) => Err(error.into()),
    }
}

/// What is neither a release nor a commit.
fn neither(failure: Failure, namespace: &Namespace, to: &str) -> Failure {
    if failure.kind != Kind::Usage {
        return failure;
    }
    Failure::usage(format!("'{to}' is neither a release of {namespace} nor a commit that git knows"))
        .hint(format!("'pipelinectl history {namespace}' lists the releases, 'pipelinectl images' the commits"))
}

/// A release was judged when it went out: what it restores needs no leave again.
fn of_release(
    context: &Context,
    services: &[Service],
    asked: String,
    digests: &BTreeMap<String, Digest>,
    policy: Policy,
) -> Goal {
    let repository = |service: &Service| service.repository_in(&context.settings.ecr);
    let pin = |service: &Service| Some((repository(service), digests.get(&service.name)?.clone()));
    let pinned: BTreeMap<Repository, Digest> = services.iter().filter_map(pin).collect();
    // A service that came later runs the image of its repository like every other.
    let is_unknown = |service: &&Service| !pinned.contains_key(&repository(service));
    let unknown = services.iter().filter(is_unknown).map(|service| service.name.clone()).collect();
    let policy = Policy { allow_unmerged: true, allow_unknown_commit: true, ..policy };
    Goal { source: ImageSource::Tag(asked.clone()), asked, pinned, policy, unknown }
}

/// What the pipeline's tags name now, by service.
fn present(context: &Context, tag: &str, services: &[Service]) -> Result<BTreeMap<String, Digest>, Failure> {
    release::require_services(&context.settings)?;
    let states = deployment::named_now(context, tag, services)?;
    let named = |service: &Service| {
        let repository = service.repository_in(&context.settings.ecr);
        let current = states.iter().find(|state| state.repository == repository)?.current.as_ref()?;
        Some((service.name.clone(), current.image.digest.clone()))
    };
    Ok(services.iter().filter_map(named).collect())
}

/// A record as a state of the pipeline.
fn snapshot(record: &Record) -> Snapshot {
    let before = |service: &ServiceRecord| Some((service.service.clone(), service.digest_before.clone()?));
    Snapshot {
        release: record.id.clone(),
        // What only moved tags, changed the configuration or took a pipeline away never showed that it runs.
        ended_well: record.ended_well() && !["retag", "tag", "set", "retire"].contains(&record.command.as_str()),
        back_to: record.source.clone().filter(|_| record.command == "rollback"),
        before: record.services.iter().filter_map(before).collect(),
        after: record.snapshot(),
    }
}
