//! What `new` says at the end.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::End;
use super::super::common::retired_tags::RetiredTag;
use super::super::common::stage::PlanReport;
use super::super::common::tag_rows::TagRow;
use super::super::common::verification::{self, ServiceRow};
use super::live_namespace;
use super::observe::{NewPipeline, Scaffold};
use super::replaced::ReplacedReport;
use crate::context::Context;
use crate::operations::terraform_run::Planned;
use crate::operations::verify_images::{Verdict, Verification};
use crate::terraform::Applied;

/// What `pipelinectl new --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// The pipeline.
    pub namespace: String,
    /// The address of its module.
    pub address: String,
    /// The file of its block, relative to the project's folder.
    pub file: String,
    /// The line of its block, from 1.
    pub line: usize,
    /// Whether the block is new.
    pub block_added: bool,
    /// The pipeline whose block was copied.
    pub copied_from: Option<String>,
    /// Whether nothing was changed because of `--dry-run`.
    pub dry_run: bool,
    /// One for each repository; empty with `--edit-only`.
    pub tags: Vec<TagRow>,
    /// The plan, where one was made.
    pub plan: Option<PlanReport>,
    /// Whether the plan was applied.
    pub applied: bool,
    /// What runs afterwards, one for each target of a service.
    pub services: Vec<ServiceRow>,
    /// The pipeline whose place it takes, with `--replace`.
    pub replaced: Option<ReplacedReport>,
}

/// Prints the JSON document, if one is wanted.
pub fn print(
    context: &Context,
    plan: &NewPipeline,
    planned: Option<&Planned>,
    applied: Option<&Applied>,
    rows: &[Verification],
    taken: Option<&[RetiredTag]>,
) {
    let mut report = of_scaffold(context, &plan.scaffold);
    report.tags = plan.release.rows();
    report.plan = planned.map(PlanReport::of);
    report.applied = applied.is_some();
    report.services = rows.iter().map(ServiceRow::of).collect();
    if let (Some(replaced), Some(leaving)) = (&mut report.replaced, &plan.leaving) {
        replaced.tags = taken.map_or_else(|| leaving.rows(), <[_]>::to_vec);
    }
    context.ui.report(&report, |_| String::new());
}

/// The same for `--edit-only`.
pub fn print_edit(context: &Context, scaffold: &Scaffold) {
    context.ui.report(&of_scaffold(context, scaffold), |_| String::new());
}

fn of_scaffold(context: &Context, scaffold: &Scaffold) -> Report {
    Report {
        namespace: scaffold.pipeline.namespace.to_string(),
        address: scaffold.pipeline.address(),
        file: scaffold.pipeline.file.clone(),
        line: scaffold.pipeline.line,
        block_added: !scaffold.edits.is_empty(),
        copied_from: scaffold.from.as_ref().map(ToString::to_string),
        dry_run: context.dry_run,
        tags: Vec::new(),
        plan: None,
        applied: false,
        services: Vec::new(),
        replaced: scaffold.replaced.as_ref().map(ReplacedReport::of),
    }
}

/// The table of what runs, and what to do next.
pub fn end(
    context: &Context,
    plan: &NewPipeline,
    planned: &Planned,
    applied: Option<&Applied>,
    rows: &[Verification],
    taken: Option<&[RetiredTag]>,
) -> End {
    let ui = &context.ui;
    print(context, plan, Some(planned), applied, rows, taken);
    let failed = rows.iter().any(|row| row.verdict.is_failure());
    ui.show(&verification::table(rows));
    if failed {
        ui.fail(
            &format!("{} is made, but not every service runs what its tag names", plan.namespace),
            &["mend what the table says, then run the same command again".to_owned()],
        );
        return End::Findings;
    }
    let gone = taken.zip(plan.leaving.as_ref());
    if applied.is_none() && plan.is_nothing() && !plan.takes_tags_away() {
        ui.say(&format!("\nNothing to do: {} is complete.", plan.namespace));
        if context.git().has_changes().unwrap_or(false) {
            ui.next(&format!("commit {} and open a pull request, if that is still to be done", plan.scaffold.path()));
        }
        return End::Done;
    }
    let live = live_namespace(context);
    let verified = rows.iter().any(|row| row.verdict == Verdict::Verified);
    let runs = if verified { "is made and runs the images above" } else { "is made, and its tags are set" };
    ui.say(&format!("\n{} {runs}.", plan.namespace));
    if let Some((rows, leaving)) = gone {
        leaving.say_end(context, planned, rows);
    }
    let mut next = vec![format!("commit {} and open a pull request", plan.scaffold.path())];
    if let Some(live) = live.filter(|live| *live != plan.namespace) {
        next.push(format!("{live} stays live until {} is named instead", plan.namespace));
    }
    for line in next {
        ui.next(&line);
    }
    End::Done
}
