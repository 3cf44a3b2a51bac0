//! The pipeline whose place the new one takes: its block goes in the same edit, its resources in the same plan, and then
//! its tags, as `retire` takes them.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::common::former::former;
use super::super::common::protection::{self, Look};
use super::super::common::retired_tags::{self, Fate, RetiredTag, stays};
use super::super::common::stage::MayChange;
use super::super::common::{estate, release, running, target};
use super::Arguments;
use crate::context::Context;
use crate::failure::Failure;
use crate::layout::Layout;
use crate::operations::retire::{StandingTag, standing_tags};
use crate::operations::terraform_run::Planned;
use crate::pipeline::release::ImageSource;
use crate::pipeline::{Namespace, Pipeline};
use crate::releases::{Hold, Outcome, Permit, Record, Replaces};
use crate::terraform::{Address, Effect, Permits};
use crate::ui::{counted, paint};

/// A pipeline whose place another one takes.
#[derive(PartialEq)]
pub struct Replaced {
    /// Its name.
    pub namespace: Namespace,
    /// Its block, while it stands.
    pub pipeline: Option<Pipeline>,
}

/// All that goes with it, apart from the block.
#[derive(PartialEq)]
pub struct Leaving {
    /// Its name.
    pub namespace: Namespace,
    addresses: Vec<String>,
    tag: String,
    tags: Vec<StandingTag>,
    unfinished: Option<Record>,
    hold: Option<Hold>,
}

/// What became of it, in a report.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReplacedReport {
    /// The pipeline that goes.
    pub namespace: String,
    /// One for each repository; empty with `--edit-only`.
    pub tags: Vec<RetiredTag>,
}

/// The pipeline that `--replace` names: neither a live one nor a protected one.
pub fn asked_for(arguments: &Arguments, context: &Context) -> Result<Option<Namespace>, Failure> {
    let Some(word) = &arguments.replace else { return Ok(None) };
    let old = target::resolve(context, word)?;
    let look = if arguments.edit_only { Look::Files } else { Look::First { fetch: !arguments.no_fetch } };
    refuse_live(context, &old, look)?;
    Ok(Some(old))
}

/// Refuses to replace what is live or protected.
pub fn refuse_live(context: &Context, old: &Namespace, look: Look) -> Result<(), Failure> {
    protection::refuse(context, old, look).map_err(|failure| failure.hint("or make the new pipeline without --replace"))
}

impl ReplacedReport {
    /// What is known before AWS is asked.
    pub fn of(old: &Replaced) -> Self {
        Self { namespace: old.namespace.to_string(), tags: Vec::new() }
    }
}

impl Replaced {
    /// Refuses where both stand: nothing is put in the place of anything then.
    pub fn refuse_both(&self, new: &Pipeline) -> Result<(), Failure> {
        let Some(old) = &self.pipeline else { return Ok(()) };
        let namespace = &self.namespace;
        Err(Failure::usage(format!(
            "{} is there already ({}:{}), and so is {namespace} ({}:{}): nothing takes the place of anything",
            new.namespace, new.file, new.line, old.file, old.line
        ))
        .hint(format!("to take {namespace} away: pipelinectl retire {namespace}")))
    }
}

impl Leaving {
    /// Reads what it leaves behind. `begun` is the record of a `new` that did not end: once the block is gone, only that
    /// says for certain which addresses were its.
    pub fn observe(
        context: &Context,
        layout: &Layout,
        old: &Replaced,
        begun: Option<&Record>,
    ) -> Result<Self, Failure> {
        let (settings, namespace) = (&context.settings, &old.namespace);
        let recorded =
            begun.and_then(|record| record.replaces.as_ref()).filter(|it| it.namespace == namespace.as_str());
        let addresses = match (&old.pipeline, recorded) {
            (Some(pipeline), _) => pipeline.addresses(),
            (None, Some(recorded)) => recorded.addresses.clone(),
            (None, None) => match former(context, layout, namespace) {
                Some(pipeline) => pipeline.addresses(),
                None => layout.read(&estate::files(context)?)?.addresses_of(namespace),
            },
        };
        let tag = release::tag_of(settings, namespace, &ImageSource::Tag("latest".to_owned()))?;
        let progress = context.ui.reading();
        let reads = standing_tags(context.session()?, &settings.services, &settings.ecr, &tag, &*progress);
        let tags = context.wait(reads)??;
        let store = context.store()?;
        let (unfinished, hold) = (store.unfinished(namespace)?, store.hold(namespace)?);
        Ok(Self { namespace: namespace.clone(), addresses, tag, tags, unfinished, hold })
    }

    /// Whether nothing is left of it, as far as that can be known without terraform.
    pub fn is_nothing(&self) -> bool {
        self.changes() == 0 && self.unfinished.is_none() && self.hold.is_none()
    }

    /// How many of its tags go.
    pub fn changes(&self) -> usize {
        retired_tags::changes(&self.tags, false)
    }

    /// What may happen to it in the plan.
    pub fn may_change(&self) -> MayChange {
        MayChange {
            namespace: self.namespace.clone(),
            addresses: self.addresses.clone(),
            root: None,
            permits: Permits::Delete,
        }
    }

    /// What the record of the new one keeps of it.
    pub fn recorded(&self) -> Replaces {
        Replaces { namespace: self.namespace.to_string(), addresses: self.addresses.clone() }
    }

    /// Shows which of its tags go.
    pub fn show(&self, context: &Context) {
        let (ui, namespace) = (&context.ui, &self.namespace);
        if let Some(record) = self.unfinished.as_ref().filter(|record| record.command != "retire") {
            let began = record.started.strftime("%F %T UTC");
            ui.warn(&format!(
                "'{} {namespace}' that {} began {began} has not ended; replacing gives it up",
                record.command, record.by
            ));
        }
        if let Some(hold) = &self.hold {
            let since = hold.since.strftime("%F %T UTC");
            ui.warn(&format!("{} holds {namespace} since {since}: {}", hold.by, hold.reason));
        }
        if self.tags.iter().any(|tag| tag.image.is_some()) {
            ui.show(&format!("\n{}", paint::strong(&format!("Tags {}, which goes\n", self.tag))));
            ui.show(&retired_tags::shown(&self.tag, &self.tags, &context.settings.commit_scheme, false));
        }
    }

    /// Refuses to take the tags of something that runs where the plan destroys nothing of it.
    pub fn refuse_running(&self, context: &Context, planned: &Planned) -> Result<(), Failure> {
        let modules: Vec<Address> = self.addresses.iter().filter_map(|address| address.parse().ok()).collect();
        let destroys =
            planned.summary.lines.iter().any(|line| {
                line.effect == Effect::Delete && modules.iter().any(|module| line.address.is_inside(module))
            });
        if destroys { Ok(()) } else { running::refuse(context, &self.namespace, &self.tag, &self.tags) }
    }

    /// Writes down that it goes, before terraform destroys it.
    pub fn begin(&self, context: &Context, by: &Namespace) -> Result<Record, Failure> {
        let record = self.record(context, by);
        context.store()?.begin(&self.namespace, &record)?;
        Ok(record)
    }

    fn record(&self, context: &Context, by: &Namespace) -> Record {
        let begun = self.unfinished.clone().filter(|record| record.command == "retire");
        let begun = begun.unwrap_or_else(|| Record {
            source: Some(format!("replaced by {by}")),
            ..context.new_record("retire", &self.namespace)
        });
        let services = retired_tags::services(&self.tags, None, &begun.services);
        Record { services, applying: true, ..begun }
    }

    /// Takes its tags away, and completes its record: the one that was begun, or one of its own where only tags are left.
    /// One that failed fails the command, after all else is done.
    pub fn take_away(
        &self,
        context: &Context,
        record: Option<Record>,
        by: &Namespace,
        permit: &Permit,
    ) -> Result<(Vec<RetiredTag>, Option<Failure>), Failure> {
        let record = match record {
            None if self.is_nothing() => return Ok((self.rows(), None)),
            None => self.begin(context, by)?,
            Some(record) => record,
        };
        let store = context.store()?;
        let (rows, failure) = retired_tags::remove(context, &self.tag, &self.tags, false, permit)?;
        let services = retired_tags::services(&self.tags, Some(&rows), &record.services);
        let record = Record { services, ..record };
        if failure.is_some() {
            store.begin(&self.namespace, &record)?;
            return Ok((rows, failure));
        }
        let (finished, outcome) = (Some(context.clock.now()), Some(Outcome::Done));
        store.finish(&self.namespace, &Record { finished, outcome, ..record })?;
        if let Some(hold) = store.remove_hold(&self.namespace)? {
            context.ui.say(&format!("The hold of {} ({}) is lifted with it.", hold.by, hold.reason));
        }
        Ok((rows, None))
    }

    /// What becomes of its tags, before anything does.
    pub fn rows(&self) -> Vec<RetiredTag> {
        self.tags.iter().map(|tag| RetiredTag::of(tag, tag.fate(false).into())).collect()
    }

    /// Says what became of it.
    pub fn say_end(&self, context: &Context, planned: &Planned, rows: &[RetiredTag]) {
        let (ui, namespace) = (&context.ui, &self.namespace);
        let with = |fate: Fate| rows.iter().filter(|row| row.fate == fate).count();
        let (destroyed, removed) = (planned.summary.counts.delete, with(Fate::Removed));
        let mut parts = Vec::new();
        if destroyed > 0 {
            parts.push(format!("{} destroyed", counted(destroyed, "resource")));
        }
        if removed > 0 {
            parts.push(format!("{} taken away", counted(removed, "tag")));
        }
        if !parts.is_empty() {
            ui.say(&format!("{namespace} is gone: {}.", parts.join(", ")));
        }
        let staying = with(Fate::OnlyTag);
        if staying > 0 {
            let delete = format!("'pipelinectl retire {namespace} --delete-images'");
            ui.say(&stays(&self.tag, staying, &delete));
        }
    }

    /// How many of its tags go, in words; none where none does.
    pub fn in_words(&self) -> Option<String> {
        let tags = self.changes();
        (tags > 0).then(|| format!("take {} of {} away", counted(tags, "tag"), self.namespace))
    }
}
