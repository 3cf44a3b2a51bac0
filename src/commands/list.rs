//! `pipelinectl list`

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::common::estate;
use super::{End, Outcome};
use crate::context::Context;
use crate::releases::Marks;
use crate::settings::LiveMode;
use crate::ui::paint;
use crate::ui::table::table;

/// The pipelines of the estate, newest first
///
/// Reads files, and the releases table where one is configured. An asterisk marks the live pipeline. Marked are those
/// that a hold keeps deployments away from, and those on which a command was begun and has not ended.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl list
  pipelinectl list --format json | jq -r '.pipelines[] | select(.live) | .address'")]
pub struct Arguments {}

/// What `pipelinectl list --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// The newest first.
    pub pipelines: Vec<Row>,
    /// Module blocks that may be pipelines but do not say which.
    pub unclear: Vec<UnclearRow>,
}

/// One pipeline.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Row {
    /// Its name.
    pub namespace: String,
    /// The address of its module, the first of the addresses that its entry makes, or the folder of its root.
    pub address: String,
    /// The file of its block, relative to the project's folder.
    pub file: String,
    /// The line of its block, from 1.
    pub line: usize,
    /// Whether it is the live pipeline.
    pub live: bool,
    /// Whether a hold keeps deployments away from it.
    pub held: bool,
    /// Whether a command on it was begun and has not ended.
    pub unfinished: bool,
}

/// A block that does not say which pipeline it is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnclearRow {
    /// The address of the module.
    pub address: String,
    /// Its file, relative to the project's folder.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
    /// Why its namespace is not known.
    pub reason: String,
}

/// Reads the estate and prints it.
pub fn run(_arguments: &Arguments, context: &Context) -> Outcome {
    let estate = estate::read(context)?;
    let live = match estate::live_text(&context.settings) {
        Ok(live) => live.map(|live| live.text),
        Err(failure) => {
            context.ui.warn(&format!("which pipeline is live is not known: {}", failure.message));
            None
        }
    };
    let all_are_live = context.settings.live.as_ref().is_some_and(|live| live.mode == LiveMode::All);
    let marks = match context.store().and_then(|store| Ok(store.marks()?)) {
        Ok(marks) => marks,
        Err(failure) => {
            context.ui.warn(&format!("what is held or unfinished is not known: {}", failure.message));
            Marks::default()
        }
    };
    let mut pipelines = Vec::new();
    for pipeline in estate.newest_first() {
        pipelines.push(Row {
            namespace: pipeline.namespace.to_string(),
            address: pipeline.address(),
            file: pipeline.file.clone(),
            line: pipeline.line,
            live: all_are_live || live.as_deref() == Some(pipeline.namespace.as_str()),
            held: marks.held.contains_key(pipeline.namespace.as_str()),
            unfinished: marks.unfinished.contains_key(pipeline.namespace.as_str()),
        });
    }
    let unclear = estate.unclear.iter().map(|unclear| UnclearRow {
        address: estate::name_of(&context.settings, unclear),
        file: unclear.file.clone(),
        line: unclear.line,
        reason: unclear.reason.clone(),
    });
    let report = Report { pipelines, unclear: unclear.collect() };
    context.ui.report(&report, text);
    if let Some(live) = live
        && !report.pipelines.iter().any(|row| row.live)
    {
        context.ui.warn(&format!("the live pipeline is {live}, which is not in the estate"));
    }
    for row in &report.unclear {
        context.ui.warn(&format!("{}:{}: {} is not listed: {}", row.file, row.line, row.address, row.reason));
    }
    if report.pipelines.is_empty() {
        context.ui.say("There is no pipeline yet. Make one: pipelinectl new 2022-08-31");
    }
    Ok(End::Done)
}

fn text(report: &Report) -> String {
    if report.pipelines.is_empty() {
        return String::new();
    }
    let row = |row: &Row| {
        let name =
            if row.live { paint::strong(&format!("* {}", row.namespace)) } else { format!("  {}", row.namespace) };
        let mut state = Vec::new();
        if row.live {
            state.push(paint::good("live"));
        }
        if row.held {
            state.push(paint::changed("held"));
        }
        if row.unfinished {
            state.push(paint::changed("unfinished"));
        }
        vec![name, row.address.clone(), format!("{}:{}", row.file, row.line), state.join(", ")]
    };
    let rows: Vec<Vec<String>> = report.pipelines.iter().map(row).collect();
    table(&["  PIPELINE", "ADDRESS", "BLOCK", "STATE"], &rows)
}
