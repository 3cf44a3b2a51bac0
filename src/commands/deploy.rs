//! `pipelinectl deploy`

use std::time::Duration;

use clap::Args;

use super::common::deployment::{self, HoldRule, Request, Turn};
use super::common::live::live_namespaces;
use super::common::lock::parse_time;
use super::common::release::{self, FetchArguments, GuardArguments};
use super::common::selection::SelectionArguments;
use super::common::target;
use super::{End, Outcome};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::pipeline::Namespace;
use crate::pipeline::release::{ImageSource, Policy, PolicyKind};
use crate::ui::counted;

/// Move a pipeline's tags to other images, and make its services run them
///
/// All images are found and judged before the first tag moves: their commits must be on the main branch, and none older
/// than the one that the pipeline has. Then the tags move, the services are restarted, and what they run is compared with
/// what their tags name.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pipelinectl deploy live --dry-run                what would move, and what would restart
  pipelinectl deploy live                          the images tagged latest
  pipelinectl deploy live --ref 89ab12c --if-newer in CI: the images of this commit, unless newer ones are there
  pipelinectl deploy 2022-10-14 --from 2022-08-31  what another pipeline runs
  pipelinectl deploy live concepts_aggregator      one service only")]
pub struct Arguments {
    /// The pipeline: its namespace, 'live', or the address of its block
    #[arg(value_name = "NS", add = target::completer())]
    pipeline: String,
    /// Which services
    #[command(flatten)]
    selection: SelectionArguments,
    /// Take the images that were built from this commit
    #[arg(long = "ref", value_name = "COMMIT", conflicts_with_all = ["tag", "from"])]
    commit: Option<String>,
    /// Take the images that have this tag
    #[arg(long, value_name = "TAG", default_value = "latest", conflicts_with = "from")]
    tag: String,
    /// Take the images that another pipeline runs
    #[arg(long, value_name = "NS", add = target::completer())]
    from: Option<String>,
    /// With --ref: only images of exactly this commit, even where not every commit builds every image
    #[arg(long, requires = "commit")]
    exact_ref: bool,
    /// Where a newer release is there already, end well and change nothing
    #[arg(long)]
    if_newer: bool,
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

/// Puts the request together; see [`deployment::run`]. Where every pipeline is live, `live` means each of them in turn.
pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if arguments.pipeline != "live" {
        return to_one(arguments, context, &target::resolve(context, &arguments.pipeline)?);
    }
    let mut namespaces = live_namespaces(context)?;
    match namespaces.len() {
        0 => Err(Failure::usage("there is no pipeline yet that could be live")),
        1 => to_one(arguments, context, &namespaces.remove(0)),
        _ => to_each(arguments, context, namespaces),
    }
}

/// One pipeline that cannot be deployed to does not keep the others from their images.
fn to_each(arguments: &Arguments, context: &Context, namespaces: Vec<Namespace>) -> Outcome {
    if context.ui.wants_json() {
        return Err(Failure::usage(format!(
            "{} are live, and JSON is one document",
            counted(namespaces.len(), "pipeline")
        ))
        .hint("deploy to each by its name"));
    }
    let all = namespaces.len();
    let mut failures: Vec<(Namespace, Failure)> = Vec::new();
    for namespace in namespaces {
        context.ui.say(&format!("\n{namespace}:"));
        if let Err(failure) = to_one(arguments, context, &namespace) {
            if failure.kind == Kind::Interrupted {
                return Err(failure);
            }
            context.ui.fail(&failure.message, &failure.hints);
            failures.push((namespace, failure));
        }
    }
    // What was refused counts for more than what did not work.
    let Some(kind) = failures.iter().map(|(_, failure)| failure.kind).max_by_key(|kind| *kind == Kind::Refused) else {
        return Ok(End::Done);
    };
    let names: Vec<&str> = failures.iter().map(|(namespace, _)| namespace.as_str()).collect();
    Err(Failure::new(kind, format!("{} of {all} pipelines were not deployed to: {}", names.len(), names.join(", ")))
        .hint("the reasons are above"))
}

fn to_one(arguments: &Arguments, context: &Context, namespace: &Namespace) -> Outcome {
    let (source, asked) = source(arguments, context)?;
    let tag = release::tag_of(&context.settings, namespace, &source)?;
    let policy = Policy { if_newer: arguments.if_newer, ..arguments.guard.policy(PolicyKind::Move) };
    let services = arguments.selection.services(context)?;
    let turn = Turn { command: "deploy", namespace, patience: arguments.wait_lock };
    let request = || Request {
        command: "deploy",
        services: services.clone(),
        namespace: namespace.clone(),
        tag: tag.clone(),
        source: source.clone(),
        asked: asked.clone(),
        pinned: std::collections::BTreeMap::new(),
        policy,
        fetch: !arguments.fetch.no_fetch,
        exact: arguments.exact_ref,
        restarts: true,
        hold: HoldRule::Respect,
        timeout: arguments.timeout,
        reason: None,
    };
    deployment::run(context, &turn, &|| Ok(request()))
}

fn source(arguments: &Arguments, context: &Context) -> Result<(ImageSource, String), Failure> {
    if let Some(revision) = &arguments.commit {
        let source = release::revision(context, revision)?;
        let asked = source.to_string();
        return Ok((source, asked));
    }
    if let Some(other) = &arguments.from {
        let other = target::resolve(context, other)?;
        let tag = context.settings.images.pipeline_tag.replace("{namespace}", other.as_str());
        return Ok((ImageSource::Tag(tag), format!("pipeline {other}")));
    }
    Ok((ImageSource::Tag(arguments.tag.clone()), arguments.tag.clone()))
}
