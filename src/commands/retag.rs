//! `pipelinectl retag`

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;

use super::common::deployment::{self, DeploymentReport, HoldRule, Request, Turn};
use super::common::lock::parse_time;
use super::common::release::{self, FetchArguments, GuardArguments, Observed, ReleaseRequest};
use super::common::{estate, make_tags};
use super::{End, Outcome};
use crate::context::Context;
use crate::failure::Failure;
use crate::pipeline::Namespace;
use crate::pipeline::release::{ImageSource, Policy, PolicyKind};
use crate::pipeline::service::{Registry, Service};
use crate::releases::Permit;

/// Give an image one more tag
///
/// Onto the tag of a pipeline it is guarded as 'deploy' is: the image's commit must be on the main branch and not older than
/// the one that the tag names. No service is restarted: that is what 'notify' does. Tags of commits never move.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pipelinectl retag weco/concepts_ingestor ref.89ab12c 2022-08-31   then: pipelinectl notify 2022-08-31
  pipelinectl retag weco/concepts_ingestor ref.89ab12c candidate    a tag of no pipeline")]
pub struct Arguments {
    /// The repository, without the registry
    #[arg(value_name = "REPOSITORY")]
    repository: String,
    /// The tag that the image has
    #[arg(value_name = "EXISTING_TAG")]
    existing: String,
    /// The tag that it gets too
    #[arg(value_name = "NEW_TAG")]
    new: String,
    /// What may pass
    #[command(flatten)]
    guard: GuardArguments,
    /// Whether git may fetch
    #[command(flatten)]
    fetch: FetchArguments,
    /// Wait this long for another command that works on the same pipeline
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_time)]
    wait_lock: Duration,
}

/// A tag of a pipeline goes the way of every release; another one is just given.
pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let services = services(arguments, context);
    let source = ImageSource::Tag(arguments.existing.clone());
    match namespace_of(context, &arguments.new)? {
        Some(namespace) => {
            let tag = release::tag_of(&context.settings, &namespace, &source)?;
            let turn = Turn { command: "retag", namespace: &namespace, patience: arguments.wait_lock };
            let request = || Request {
                command: "retag",
                tag: tag.clone(),
                namespace: namespace.clone(),
                services: services.clone(),
                asked: arguments.existing.clone(),
                source: source.clone(),
                pinned: BTreeMap::new(),
                policy: arguments.guard.policy(PolicyKind::Move),
                fetch: !arguments.fetch.no_fetch,
                exact: false,
                restarts: false,
                hold: HoldRule::Respect,
                timeout: Duration::ZERO,
                reason: None,
            };
            deployment::run(context, &turn, &|| Ok(request()))
        }
        None => plain(arguments, context, &services, &source),
    }
}

/// The configured services that run images of the repository; one that nobody configured is a repository all the same.
fn services(arguments: &Arguments, context: &Context) -> Vec<Service> {
    let configured = context.settings.services.iter().filter(|service| service.repository == arguments.repository);
    let services: Vec<Service> = configured.cloned().collect();
    if !services.is_empty() {
        return services;
    }
    vec![Service {
        name: arguments.repository.clone(),
        repository: arguments.repository.clone(),
        ecr: Registry::default(),
        lambda: Vec::new(),
        ecs: Vec::new(),
        group: None,
        optional: false,
        git: None,
    }]
}

/// The pipeline that a tag belongs to, whether its block is there or not.
fn namespace_of(context: &Context, tag: &str) -> Result<Option<Namespace>, Failure> {
    let settings = &context.settings;
    let Some((before, after)) = settings.images.pipeline_tag.split_once("{namespace}") else { return Ok(None) };
    let Some(word) = tag.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)) else { return Ok(None) };
    let Ok(namespace) = word.parse::<Namespace>() else { return Ok(None) };
    if settings.file.is_none() {
        return Ok(None);
    }
    let patterned = settings.pipeline.namespace_pattern.is_some() || !before.is_empty() || !after.is_empty();
    if patterned && estate::rules(settings)?.namespace(word).is_ok() {
        return Ok(Some(namespace));
    }
    let known = estate::read(context)?.pipelines.iter().any(|pipeline| pipeline.namespace == namespace);
    Ok(known.then_some(namespace))
}

/// A tag that says which commit an image was built from would lie on another image.
fn of_a_build(context: &Context, tag: &str, commit: &str) -> Failure {
    let commits = context.images_git().describe(&[commit.to_owned()]).unwrap_or_default();
    let about = commits.get(commit).map_or_else(String::new, |commit| format!("\n    {commit}"));
    Failure::refused(format!("'{tag}' says which commit an image was built from: no other image may get it{about}"))
        .hint("push the image that was built from that commit, or choose another tag")
}

/// A tag that no pipeline runs: shown, asked about, given.
fn plain(arguments: &Arguments, context: &Context, services: &[Service], source: &ImageSource) -> Outcome {
    let ui = &context.ui;
    if let Some(commit) = context.settings.commit_scheme.commit_in(&arguments.new) {
        return Err(of_a_build(context, &arguments.new, commit));
    }
    let policy = Policy { allow_unmerged: true, allow_unknown_commit: true, ..Policy::new(PolicyKind::Restore) };
    let nowhere: Namespace = "0".parse()?;
    let request = ReleaseRequest {
        namespace: &nowhere,
        tag: &arguments.new,
        source,
        services,
        pinned: &BTreeMap::new(),
        policy,
        fetch: false,
        exact: false,
    };
    let Observed::Release(seen) = release::observe(context, &request)? else { return Ok(End::Done) };
    release::show(context, &seen);
    let nothing = seen.plan.is_nothing();
    if nothing {
        ui.say("Nothing to do: the tag names this image.");
    } else if context.dry_run {
        ui.say("Dry run: nothing was changed.");
    } else {
        if !ui.can_ask() {
            return Err(Failure::failed("nobody is there to say yes").hint("use --yes to go on unattended"));
        }
        if !ui.confirm(&format!("Give {} to this image?", arguments.new)) {
            return Err(Failure::failed("answered no; nothing was changed"));
        }
        make_tags::make(context, &seen.plan, &Permit::always())?.ending?;
    }
    let changed = !nothing && !context.dry_run;
    let report = DeploymentReport { changed, tags: seen.rows(), ..DeploymentReport::of_tag(None, &arguments.new) };
    ui.report(&report, |_| String::new());
    Ok(End::Done)
}
