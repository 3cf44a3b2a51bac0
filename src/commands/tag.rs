//! `pipelinectl tag`

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use std::collections::BTreeMap;

use super::common::make_tags::make;
use super::common::release::{
    self, FetchArguments, GuardArguments, Release, ReleaseRequest, SourceArguments, recorded,
};
use super::common::service_records::service_records;
use super::common::tag_rows::TagRow;
use super::common::{lock::LockArguments, target};
use super::{End, Outcome};
use crate::context::Context;
use crate::failure::Failure;
use crate::pipeline::Namespace;
use crate::pipeline::image::Digest;
use crate::pipeline::release::{ImageSource, PolicyKind, TagAction};
use crate::pipeline::service::Repository;
use crate::releases::{self, Lock, Permit, Record};
use crate::ui::counted;

/// Make the image tags of a pipeline exist in every repository
///
/// Tags that are missing are made, all or none; no service is touched. A tag that exists stays, unless --move lets it go
/// to a newer commit.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl tag 2022-10-14                     from the images tagged latest
  pipelinectl tag 2022-10-14 --from 2022-08-31   what another pipeline runs
  pipelinectl tag 2022-10-14 --move --dry-run    what would move to the newest images")]
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
    /// Also move tags that exist, to newer commits
    #[arg(long = "move")]
    move_existing: bool,
    /// What may pass
    #[command(flatten)]
    guard: GuardArguments,
    /// Whether git may fetch
    #[command(flatten)]
    fetch: FetchArguments,
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
    let wanted = Wanted::new(arguments, context)?;
    release::require_services(&context.settings)?;
    ui.say(&format!("Reading {} services' repositories …", context.settings.services.len()));
    // Answered beforehand, nothing can change between the question and the lock: one reading is enough.
    let mut lock = None;
    if ui.says_yes() && !context.dry_run {
        lock = Some(wanted.lock(context)?);
    }
    wanted.refuse_held(context)?;
    let mut unfinished = wanted.unfinished(context)?;
    let pinned = unfinished.as_ref().map(|record| recorded(&context.settings, record)).unwrap_or_default();
    let mut seen = wanted.observe(context, &pinned)?;

    release::show(context, &seen);
    let nothing = seen.plan.is_nothing();
    if nothing {
        ui.say(if arguments.move_existing {
            "Nothing to do: every tag names that image already."
        } else {
            "Nothing to do: every repository has the tag."
        });
    } else if context.dry_run {
        ui.say("Dry run: nothing was changed.");
    } else {
        if !ui.can_ask() {
            return Err(Failure::failed("nobody is there to say yes").hint("use --yes to make the tags unattended"));
        }
        if !ui.confirm(&question(&seen)) {
            return Err(Failure::failed("answered no; nothing was changed"));
        }
        if lock.is_none() {
            lock = Some(wanted.lock(context)?);
            wanted.refuse_held(context)?;
            unfinished = wanted.unfinished(context)?;
            // Everything is read again; the digests that were shown are the ones that are tagged.
            let again = wanted.observe(context, &seen.digests())?;
            if again.plan != seen.plan {
                ui.warn("something was changed in the meantime; this is how it is now:");
                release::show(context, &again);
                if !ui.confirm("Go on?") {
                    return Err(Failure::failed("answered no; nothing was changed"));
                }
            }
            seen = again;
        }
        let permit = lock.as_ref().map_or_else(Permit::always, Lock::permit);
        act(&wanted, context, &seen, unfinished, &permit)?;
    }
    drop(lock);
    let changed = !nothing && !context.dry_run;
    let (namespace, tag) = (wanted.namespace.to_string(), wanted.tag.clone());
    ui.report(&Report { namespace, tag, changed, tags: seen.rows() }, |_| String::new());
    Ok(End::Done)
}

/// Makes and moves the tags. What moves them is a release, with a record of its own.
fn act(
    wanted: &Wanted<'_>,
    context: &Context,
    seen: &Release,
    unfinished: Option<Record>,
    permit: &Permit,
) -> Result<(), Failure> {
    // What a `new` began, it will end.
    let of_new = unfinished.as_ref().is_some_and(|record| record.command == "new");
    if !wanted.arguments.move_existing || of_new {
        return make(context, &seen.plan, permit)?.ending;
    }
    let namespace = &wanted.namespace;
    let mut record = unfinished.unwrap_or_else(|| Record {
        source: Some(wanted.source_in_words()),
        digests: seen.digests(),
        services: service_records(&seen.plan),
        ..context.new_record("tag", namespace)
    });
    record.allowed = seen.allowed().iter().map(ToString::to_string).collect();
    let store = context.store()?;
    store.begin(namespace, &record)?;
    let made = make(context, &seen.plan, permit)?;
    record.finished = Some(context.clock.now());
    record.outcome = Some(if made.report.is_done() { releases::Outcome::Done } else { releases::Outcome::Failed });
    store.finish(namespace, &record)?;
    made.ending
}

fn question(seen: &Release) -> String {
    let tag = &seen.plan.tag;
    let count = |action: &TagAction| seen.plan.moves.iter().filter(|item| item.action == *action).count();
    match (count(&TagAction::Create), count(&TagAction::Move)) {
        (made, 0) => format!("Make {} {tag}?", counted(made, "tag")),
        (0, moved) => format!("Move {} {tag}?", counted(moved, "tag")),
        (made, moved) => format!("Make {} {tag} and move {moved}?", counted(made, "tag")),
    }
}

/// What the arguments ask for.
struct Wanted<'a> {
    arguments: &'a Arguments,
    namespace: Namespace,
    tag: String,
    source: ImageSource,
    from: Option<Namespace>,
}

impl<'a> Wanted<'a> {
    fn new(arguments: &'a Arguments, context: &Context) -> Result<Self, Failure> {
        let namespace = target::resolve(context, &arguments.pipeline)?;
        let from = arguments.from.as_deref().map(|other| target::resolve(context, other)).transpose()?;
        let source = match &from {
            None => arguments.source.source(context)?,
            Some(other) => {
                ImageSource::Tag(context.settings.images.pipeline_tag.replace("{namespace}", other.as_str()))
            }
        };
        let tag = release::tag_of(&context.settings, &namespace, &source)?;
        Ok(Self { arguments, namespace, tag, source, from })
    }

    fn lock(&self, context: &Context) -> Result<Lock, Failure> {
        context.lock(&self.namespace, "tag", self.arguments.lock.wait_lock)
    }

    /// What a hold keeps where it is, no tag leaves.
    fn refuse_held(&self, context: &Context) -> Result<(), Failure> {
        if self.arguments.move_existing {
            context.store()?.refuse_held(&self.namespace)?;
        }
        Ok(())
    }

    /// The record of what this goes on with: what an unfinished command set out to give the pipeline is still its release.
    /// Whoever moves tags and asks for other images wants those.
    fn unfinished(&self, context: &Context) -> Result<Option<Record>, Failure> {
        let unfinished = context.store()?.unfinished(&self.namespace)?;
        if let Some(record) = unfinished.as_ref().filter(|record| record.command == "retire") {
            let message = format!("'retire {}' was begun by {} and has not ended", self.namespace, record.by);
            return Err(
                Failure::refused(message).hint(format!("finish it first: pipelinectl retire {}", self.namespace))
            );
        }
        let unfinished = unfinished.filter(|record| record.command != "set");
        let is_this =
            |record: &Record| record.command == "tag" && record.source.as_ref() == Some(&self.source_in_words());
        let goes_on = |record: &Record| !self.arguments.move_existing || record.command == "new" || is_this(record);
        Ok(unfinished.filter(goes_on))
    }

    fn source_in_words(&self) -> String {
        self.from.as_ref().map_or_else(|| self.source.to_string(), |from| format!("pipeline {from}"))
    }

    fn observe(&self, context: &Context, pinned: &BTreeMap<Repository, Digest>) -> Result<Release, Failure> {
        let kind = if self.arguments.move_existing { PolicyKind::Move } else { PolicyKind::Create };
        let request = ReleaseRequest {
            namespace: &self.namespace,
            tag: &self.tag,
            source: &self.source,
            services: &context.settings.services,
            pinned,
            policy: self.arguments.guard.policy(kind),
            fetch: !self.arguments.fetch.no_fetch,
            exact: self.arguments.source.exact_ref,
        };
        release::observe(context, &request)?.release()
    }
}
