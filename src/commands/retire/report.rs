//! What `retire` says at the end.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::End;
use super::super::common::retired_tags::{Fate, RetiredTag, stays};
use super::super::common::stage::PlanReport;
use super::Arguments;
use super::block::BlockRemoval;
use super::observe::Retirement;
use crate::context::Context;
use crate::operations::retire::TagFate;
use crate::operations::terraform_run::Planned;
use crate::pipeline::Namespace;
use crate::ui::{counted, paint};

/// What `pipelinectl retire --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// The pipeline.
    pub namespace: String,
    /// The address of its module.
    pub address: String,
    /// The file of its block, relative to the project's folder; none where the block was gone.
    pub file: Option<String>,
    /// The line of its block, from 1.
    pub line: Option<usize>,
    /// Whether nothing was changed because of `--dry-run`.
    pub dry_run: bool,
    /// Whether something was changed.
    pub changed: bool,
    /// The files that lost the block, or would; relative to the project's folder.
    pub edited: Vec<String>,
    /// What was destroyed, or would be; none with `--edit-only`.
    pub plan: Option<PlanReport>,
    /// One for each repository; empty with `--edit-only`.
    pub tags: Vec<RetiredTag>,
}

/// Prints the JSON document, if one is wanted. `rows`: what became of the tags; none where nothing was done.
pub fn print(
    arguments: &Arguments,
    context: &Context,
    seen: &Retirement,
    planned: Option<&Planned>,
    rows: Option<&[RetiredTag]>,
) {
    let mut report = of_block(context, &seen.namespace, &seen.block);
    report.address.clone_from(&seen.address);
    report.plan = planned.map(PlanReport::of);
    report.changed = rows.is_some();
    report.tags = match rows {
        Some(rows) => rows.to_vec(),
        None => seen.tags.iter().map(|tag| RetiredTag::of(tag, tag.fate(arguments.delete_images).into())).collect(),
    };
    context.ui.report(&report, |_| String::new());
}

/// The same for `--edit-only`.
pub fn print_edit(context: &Context, namespace: &Namespace, block: &BlockRemoval) {
    context.ui.report(&of_block(context, namespace, block), |_| String::new());
}

fn of_block(context: &Context, namespace: &Namespace, block: &BlockRemoval) -> Report {
    Report {
        namespace: namespace.to_string(),
        address: block.address.clone(),
        file: block.pipeline.as_ref().map(|pipeline| pipeline.file.clone()),
        line: block.pipeline.as_ref().map(|pipeline| pipeline.line),
        dry_run: context.dry_run,
        changed: !context.dry_run && !block.edits.is_empty(),
        edited: block.files().into_iter().map(str::to_owned).collect(),
        plan: None,
        tags: Vec::new(),
    }
}

/// What would take away a tag that stays.
const DELETE: &str = "--delete-images";

/// The tags that stay because their images would go with them.
pub fn staying(seen: &Retirement, arguments: &Arguments) -> Option<String> {
    let staying = seen.tags.iter().filter(|tag| tag.fate(arguments.delete_images) == TagFate::Stays).count();
    (staying > 0).then(|| stays(&seen.tag, staying, DELETE))
}

/// What was done, and what to do next.
pub fn end(arguments: &Arguments, context: &Context, seen: &Retirement, planned: &Planned, rows: &[RetiredTag]) -> End {
    let ui = &context.ui;
    print(arguments, context, seen, Some(planned), Some(rows));
    let with = |fate: Fate| rows.iter().filter(|row| row.fate == fate).count();
    let mut done = vec![format!("{} destroyed", counted(planned.summary.counts.delete, "resource"))];
    let (removed, deleted) = (with(Fate::Removed), with(Fate::ImageDeleted));
    if removed + deleted > 0 {
        done.push(format!("{} taken away", counted(removed + deleted, "tag")));
    }
    if deleted > 0 {
        done.push(format!("{} deleted", counted(deleted, "image")));
    }
    ui.say(&format!("\n{} is retired: {}.", seen.namespace, done.join(", ")));
    if with(Fate::OnlyTag) > 0 {
        ui.say(&stays(&seen.tag, with(Fate::OnlyTag), DELETE));
    }
    if !seen.block.edits.is_empty() {
        let files = seen.block.files().join(", ");
        ui.say(&format!("{}: commit {files} and open a pull request", paint::hint("next")));
    }
    End::Done
}
