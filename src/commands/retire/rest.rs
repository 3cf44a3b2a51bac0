//! A pipeline with a root of its own whose resources and tags are gone, while its folder, or some of its files, is there
//! still: `retire` was stopped just before its end. Without all of its files, the root cannot be planned any more.

use super::super::common::former::former;
use super::super::common::{edits, estate};
use super::super::{End, Outcome};
use super::block::removed_folder;
use super::{Arguments, confirm, report};
use crate::context::Context;
use crate::failure::Failure;
use crate::layout::Edit;
use crate::operations::write_edits::write_edits;
use crate::pipeline::{Namespace, Pipeline};
use crate::releases::{self, Record};
use crate::settings::file::Layout;
use crate::ui::paint;

/// Writes down that resources and tags are gone: nothing can be half destroyed any more.
pub fn only_the_folder_is_left(context: &Context, record: &mut Record) -> Result<(), Failure> {
    record.applying = false;
    let namespace: Namespace = record.namespace.parse()?;
    Ok(context.store()?.begin(&namespace, record)?)
}

/// The record of a `retire` that got so far.
pub fn begun(context: &Context, namespace: &Namespace) -> Result<Option<Record>, Failure> {
    if context.settings.layout != Layout::Directories {
        return Ok(None);
    }
    let unfinished = context.store()?.unfinished(namespace)?;
    Ok(unfinished.filter(|record| record.command == "retire" && !record.applying))
}

/// Removes what is left of the folder, and completes the record.
pub fn remove(arguments: &Arguments, context: &Context, namespace: &Namespace, record: Record) -> Outcome {
    let ui = &context.ui;
    let began = record.started.strftime("%F %T UTC");
    ui.say(&format!("Going on with what {} began {began}: its resources and tags are gone.", record.by));
    let layout = estate::layout(&context.settings)?;
    let standing = estate::read(context)?.find(namespace).cloned().or_else(|| former(context, &layout, namespace));
    let root = standing.as_ref().and_then(Pipeline::root).filter(|root| context.settings.directory.join(root).is_dir());
    let mut changes = Vec::new();
    if let Some(root) = root {
        let files = estate::folder(context, root)?.into_iter();
        changes.extend(files.map(|file| Edit::Delete { path: format!("{root}/{}", file.path), before: file.bytes }));
    }
    edits::show(context, &changes);
    if context.dry_run {
        ui.say("\nDry run: nothing was changed.");
    } else {
        if let (Some(root), false) = (root, changes.is_empty()) {
            confirm(arguments, context, namespace, &format!("Type {namespace} to remove {root}:"))?;
            write_edits(&context.settings.directory, &changes)?;
            ui.say(&removed_folder(context, root));
        }
        let store = context.store()?;
        let (finished, outcome) = (Some(context.clock.now()), Some(releases::Outcome::Done));
        store.finish(namespace, &Record { finished, outcome, ..record })?;
        if let Some(hold) = store.remove_hold(namespace)? {
            ui.say(&format!("The hold of {} ({}) is lifted with it.", hold.by, hold.reason));
        }
        ui.say(&format!("\n{namespace} is retired."));
        if let Some(root) = standing.as_ref().and_then(Pipeline::root) {
            ui.say(&format!("{}: commit {root} and open a pull request", paint::hint("next")));
        }
    }
    report::print_rest(context, namespace, standing.as_ref().and_then(Pipeline::root).unwrap_or_default());
    Ok(End::Done)
}
