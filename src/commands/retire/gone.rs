//! A pipeline whose folder is gone: without its root nothing can be destroyed.

use super::super::common::{estate, retired_tags as tags};
use super::super::{End, Outcome};
use super::{Arguments, act, known, observe};
use crate::context::Context;
use crate::failure::Failure;
use crate::layout;
use crate::operations::write_edits::left_aside;
use crate::pipeline::Namespace;
use crate::releases;
use crate::settings::file::Layout;

/// Whether the pipeline is a folder that is not there.
pub fn is_gone(context: &Context, namespace: &Namespace) -> Result<bool, Failure> {
    Ok(context.settings.layout == Layout::Directories && estate::read(context)?.find(namespace).is_none())
}

/// Ends with nothing to do where a `retire` took the folder away, which it does last; refuses where nobody knows what
/// became of its resources. The record of a `retire` that was stopped just before its end is completed.
pub fn end(arguments: &Arguments, context: &Context, namespace: &Namespace) -> Outcome {
    let store = context.store()?;
    let newest = store.history(Some(namespace), 1)?.into_iter().next();
    let retired = newest.is_some_and(|record| {
        let all_but_the_folder = record.is_unfinished() && !record.applying;
        record.command == "retire" && (all_but_the_folder || record.outcome == Some(releases::Outcome::Done))
    });
    let estate = estate::read(context)?;
    let unknown = || {
        let message = format!("there is no folder of {namespace}: without its root, nothing can be destroyed");
        Failure::usage(format!("{message}.{}", known(&estate)))
            .hint("if its resources stand still, put the folder back, and run the same command again")
    };
    if !retired {
        return Err(unknown());
    }
    let seen = observe::observe(arguments, context, namespace)?;
    if tags::changes(&seen.tags, arguments.delete_images) > 0 {
        return Err(unknown());
    }
    if let layout::Layout::Directories(rules) = estate::layout(&context.settings)?
        && let Some(aside) = left_aside(&context.settings.directory.join(rules.folder_of(namespace)))
    {
        let aside = aside.strip_prefix(&context.settings.directory).unwrap_or(&aside).display().to_string();
        context.ui.warn(&format!(
            "{aside} is what a 'retire' that was stopped left of the folder: look whether something in it is needed, then delete it"
        ));
    }
    if context.dry_run {
        context.ui.say(&format!("Nothing to do: the folder of {namespace} is gone."));
        return Ok(End::Done);
    }
    act::nothing(arguments, context, &seen, None)
}
