//! `pipelinectl notify`

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;

use super::Outcome;
use super::common::deployment::{self, HoldRule, Request, Turn};
use super::common::lock::parse_time;
use super::common::selection::SelectionArguments;
use super::common::target;
use crate::context::Context;
use crate::pipeline::release::{ImageSource, Policy, PolicyKind};

/// Make services run what the pipeline's tags name
///
/// No tag is moved. Every service that runs another image than its tag names is restarted and waited for; the others are
/// left alone.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pipelinectl notify 2022-08-31 --dry-run          which services do not run what their tags name
  pipelinectl notify 2022-08-31                    restart those
  pipelinectl notify live concepts_aggregator      one service only")]
pub struct Arguments {
    /// The pipeline: its namespace, 'live', or the address of its block
    #[arg(value_name = "NS", add = target::completer())]
    pipeline: String,
    /// Which services
    #[command(flatten)]
    selection: SelectionArguments,
    /// Wait this long for the services: 90s, 15m
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = parse_time)]
    timeout: Duration,
    /// Wait this long for another command that works on the same pipeline
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse_time)]
    wait_lock: Duration,
}

/// Puts the request together; see [`deployment::run`].
pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let namespace = target::resolve(context, &arguments.pipeline)?;
    let tag = context.settings.images.pipeline_tag.replace("{namespace}", namespace.as_str());
    let services = arguments.selection.services(context)?;
    let turn = Turn { command: "notify", namespace: &namespace, patience: arguments.wait_lock };
    let request = || Request {
        command: "notify",
        services: services.clone(),
        source: ImageSource::Tag(tag.clone()),
        asked: tag.clone(),
        namespace: namespace.clone(),
        tag: tag.clone(),
        pinned: BTreeMap::new(),
        policy: Policy::new(PolicyKind::Create),
        fetch: false,
        exact: false,
        restarts: true,
        hold: HoldRule::Ignore,
        timeout: arguments.timeout,
        reason: None,
    };
    deployment::run(context, &turn, &|| Ok(request()))
}
