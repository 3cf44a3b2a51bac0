//! What is there of a pipeline that goes.

use super::super::common::{edits, release, retired_tags as tags, stage};
use super::Arguments;
use super::block::BlockRemoval;
use crate::context::Context;
use crate::failure::Failure;
use crate::operations::retire::{StandingTag, TagFate, standing_tags};
use crate::operations::terraform_run::Planned;
use crate::pipeline::Namespace;
use crate::pipeline::release::ImageSource;
use crate::releases::{Hold, Record};
use crate::ui::{counted, paint};

/// All that `retire` would take away, before terraform says what else.
#[derive(Debug)]
pub struct Retirement {
    /// The pipeline.
    pub namespace: Namespace,
    /// Its tag.
    pub tag: String,
    /// Its block.
    pub block: BlockRemoval,
    /// The address of its module.
    pub address: String,
    /// What its tag names in each repository.
    pub tags: Vec<StandingTag>,
    /// The record of an earlier command that did not end.
    pub unfinished: Option<Record>,
    /// What keeps deployments away.
    pub hold: Option<Hold>,
}

/// Reads the estate, the record and every repository.
pub fn observe(arguments: &Arguments, context: &Context, namespace: &Namespace) -> Result<Retirement, Failure> {
    let settings = &context.settings;
    // Where it could be confused with the tag of builds, nobody may take it away.
    let tag = release::tag_of(settings, namespace, &ImageSource::Tag("latest".to_owned()))?;
    let block = BlockRemoval::find(context, namespace, None)?;
    let store = context.store()?;
    let (unfinished, hold) = (store.unfinished(namespace)?, store.hold(namespace)?);
    let tags = if settings.services.is_empty() {
        stage::check_account(context)?;
        Vec::new()
    } else {
        let session = context.session()?;
        let (sts, progress) = (session.sts(), context.ui.reading());
        let reads = standing_tags(session, &settings.services, &settings.ecr, &tag, &*progress);
        let (identity, tags) = context.wait(async { tokio::join!(sts.check(), reads) })?;
        // The account first: tags that seem to be missing may just be those of another account.
        identity?;
        tags?
    };
    let seen =
        Retirement { namespace: namespace.clone(), tag, address: block.address.clone(), block, tags, unfinished, hold };
    seen.refuse_stranger(arguments, context)?;
    Ok(seen)
}

impl Retirement {
    /// Any word could be the tag of something else than a pipeline. Where neither a block nor a record nor the form of
    /// the name says that there was such a pipeline, its tags are nobody's to take away.
    fn refuse_stranger(&self, arguments: &Arguments, context: &Context) -> Result<(), Failure> {
        let has_form = self.namespace.date().is_some() || context.settings.pipeline.namespace_pattern.is_some();
        if has_form
            || self.block.is_known
            || self.begun().is_some()
            || tags::changes(&self.tags, arguments.delete_images) == 0
        {
            return Ok(());
        }
        let place = self.tags.iter().find(|tag| tag.image.is_some()).map(|tag| tag.repository.name.as_str());
        Err(Failure::refused(format!(
            "nothing says that {} is or was a pipeline: the tag {} (in {}) may be something else",
            self.namespace,
            self.tag,
            place.unwrap_or_default()
        ))
        .hint("look again which pipeline is meant; or say with namespace_pattern below [pipeline] what their names look like"))
    }

    /// The record of a `retire` that did not end.
    pub fn begun(&self) -> Option<&Record> {
        self.unfinished.as_ref().filter(|record| record.command == "retire")
    }

    /// Whether neither a file nor a tag would change.
    pub fn is_nothing(&self, arguments: &Arguments) -> bool {
        self.block.edits.is_empty() && tags::changes(&self.tags, arguments.delete_images) == 0
    }

    /// Whether the earlier one would not have told what this one does.
    pub fn changes_other_things_than(&self, other: &Self) -> bool {
        self.block != other.block || self.tags != other.tags || self.unfinished != other.unfinished
    }

    /// Shows what was begun, the diff and the tags.
    pub fn show(&self, arguments: &Arguments, context: &Context) {
        let ui = &context.ui;
        match (&self.unfinished, self.begun()) {
            (_, Some(record)) => {
                ui.say(&format!("Going on with what {} began {}.", record.by, record.started.strftime("%F %T UTC")));
            }
            (Some(record), None) => ui.warn(&format!(
                "'{} {}' that {} began {} has not ended; retiring gives it up",
                record.command,
                self.namespace,
                record.by,
                record.started.strftime("%F %T UTC")
            )),
            (None, None) => {}
        }
        if let Some(hold) = &self.hold {
            let since = hold.since.strftime("%F %T UTC");
            ui.warn(&format!("{} holds {} since {since}: {}", hold.by, self.namespace, hold.reason));
        }
        edits::show(context, &self.block.edits);
        if self.block.edits.is_empty() {
            ui.say(&format!("The {} of {} is gone.", self.block.sort, self.namespace));
        }
        if self.tags.iter().any(|tag| tag.image.is_some()) {
            ui.show(&format!("\n{}", paint::strong(&format!("Tags {}\n", self.tag))));
            let commits = &context.settings.commit_scheme;
            ui.show(&tags::shown(&self.tag, &self.tags, commits, arguments.delete_images));
        } else if !self.tags.is_empty() {
            ui.say(&format!("No repository has the tag {}.", self.tag));
        }
    }

    /// What is asked before the first change.
    pub fn question(&self, arguments: &Arguments, planned: &Planned) -> String {
        let mut parts = Vec::new();
        if planned.has_changes() {
            parts.push(format!("destroy {}", counted(planned.summary.counts.delete, "resource")));
        }
        if !self.block.edits.is_empty() {
            parts.push(format!("remove the {}", self.block.sort));
        }
        let gone = self.tags.iter().filter(|tag| tag.fate(arguments.delete_images) == TagFate::Deleted).count();
        let tags = tags::changes(&self.tags, arguments.delete_images);
        if tags > 0 {
            parts.push(format!("take {} away", counted(tags, "tag")));
        }
        if gone > 0 {
            parts.push(format!("delete {}", counted(gone, "image")));
        }
        format!("Type {} to {}:", self.namespace, parts.join(", "))
    }
}
