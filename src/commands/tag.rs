//! `pipelinectl tag`

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::common::release::{self, SourceArguments, TagRow};
use super::common::{lock::LockArguments, target};
use super::{End, Outcome};
use crate::context::Context;
use crate::failure::Failure;
use crate::pipeline::release::ImageSource;
use crate::ui::counted;
use crate::ui::tags::tags;

/// Make the image tags of a pipeline exist in every repository
///
/// Tags that are missing are made, all or none; a tag that exists is never moved, and no service is touched.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl tag 2022-10-14                     from the images tagged latest
  pipelinectl tag 2022-10-14 --from 2022-08-31   what another pipeline runs")]
pub struct Arguments {
    /// The pipeline: its namespace, 'live', or the address of its block
    #[arg(value_name = "NS", add = target::completer())]
    pipeline: String,
    /// Which images
    #[command(flatten)]
    source: SourceArguments,
    /// Take the images that another pipeline runs
    #[arg(long, value_name = "NS", conflicts_with_all = ["source_tag", "commit"], add = target::completer())]
    from: Option<String>,
    /// How long to wait
    #[command(flatten)]
    lock: LockArguments,
}

/// What `pipelinectl tag --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// The pipeline.
    pub namespace: String,
    /// The tag.
    pub tag: String,
    /// Whether something was changed; false for a dry run.
    pub changed: bool,
    /// One for each repository.
    pub tags: Vec<TagRow>,
}

/// Observes the repositories, shows the tags, makes them.
pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let ui = &context.ui;
    let namespace = target::resolve(context, &arguments.pipeline)?;
    let source = match &arguments.from {
        None => arguments.source.source(context)?,
        Some(other) => {
            let other = target::resolve(context, other)?;
            ImageSource::Tag(context.settings.images.pipeline_tag.replace("{namespace}", other.as_str()))
        }
    };
    let tag = release::tag_of(&context.settings, &namespace, &source)?;
    release::require_services(&context.settings)?;
    ui.say(&format!("Reading {} services' repositories …", context.settings.services.len()));
    // Answered beforehand, nothing can change between the question and the lock: one reading is enough.
    let mut lock = None;
    if ui.says_yes() && !context.dry_run {
        lock = Some(context.lock(&namespace, "tag", arguments.lock.wait_lock)?);
    }
    // What an unfinished `new` set out to give the pipeline is still its release.
    let unfinished = context.store()?.unfinished(&namespace)?;
    let pinned = unfinished.map(|record| record.digests_by_name()).unwrap_or_default();
    let mut seen = release::observe(context, &tag, &source, &pinned)?;

    ui.show(&tags(&seen.plan, &seen.commits, ui.width()));
    let nothing = seen.plan.is_nothing();
    if nothing {
        ui.say("Nothing to do: every repository has the tag.");
    } else if context.dry_run {
        ui.say("Dry run: nothing was changed.");
    } else {
        if !ui.can_ask() {
            return Err(Failure::failed("nobody is there to say yes").hint("use --yes to make the tags unattended"));
        }
        if !ui.confirm(&format!("Make {} {tag}?", counted(seen.plan.changes().count(), "tag"))) {
            return Err(Failure::failed("answered no; nothing was changed"));
        }
        if lock.is_none() {
            lock = Some(context.lock(&namespace, "tag", arguments.lock.wait_lock)?);
            // Everything is read again; the digests that were shown are the ones that are tagged.
            let again = release::observe(context, &tag, &source, &seen.digests())?;
            if again.plan != seen.plan {
                ui.warn("something was changed in the meantime; this is how it is now:");
                ui.show(&tags(&again.plan, &again.commits, ui.width()));
                if !ui.confirm("Go on?") {
                    return Err(Failure::failed("answered no; nothing was changed"));
                }
            }
            seen = again;
        }
        release::make(context, &seen.plan)?;
    }
    drop(lock);
    let changed = !nothing && !context.dry_run;
    let report = Report { namespace: namespace.to_string(), tag, changed, tags: seen.rows() };
    ui.report(&report, |_| String::new());
    Ok(End::Done)
}
