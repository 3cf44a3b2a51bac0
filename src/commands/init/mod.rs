//! `pipelinectl init`

mod observe;
mod text;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{End, Outcome};
use crate::context::Context;
use crate::failure::Failure;
use crate::files;
use crate::settings::FILE_NAME;
use crate::ui::counted;

/// Write pipelinectl.toml for a repository that has pipelines already
///
/// Reads the Terraform files and those of the build, proposes how pipelines are told, which services they have, how
/// images are tagged and where the live pipeline is named; shows that, asks and writes. What is unsure says so.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl init --dry-run     what it would write
  pipelinectl init && pipelinectl list")]
pub struct Arguments {}

/// What `pipelinectl init --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// The file, relative to the project's folder.
    pub file: String,
    /// What it holds, or would hold.
    pub text: String,
    /// Whether it was written; false for a dry run and where it was there.
    pub written: bool,
    /// The pipelines that are found with it, the newest first.
    pub pipelines: Vec<String>,
    /// What should be looked at.
    pub unsure: Vec<String>,
}

/// Observes, shows, asks, writes, reports.
pub fn run(_arguments: &Arguments, context: &Context) -> Outcome {
    let ui = &context.ui;
    ui.say("Reading the repository …");
    let seen = observe::observe(context)?;
    let text = text::text(&seen);
    let path = context.settings.directory.join(FILE_NAME);
    let present = files::read_if_there(&path)?;
    if present.as_ref().is_some_and(|present| *present != text) {
        return Err(Failure::refused(format!("there is a {FILE_NAME} already, and it says something else"))
            .hint("change it by hand, or move it away and run 'pipelinectl init' again"));
    }
    let mut report = Report {
        file: FILE_NAME.to_owned(),
        written: false,
        pipelines: seen.estate.namespaces.iter().map(ToString::to_string).collect(),
        unsure: seen.unsure(),
        text,
    };
    if present.is_some() {
        ui.say(&format!("Nothing to do: {FILE_NAME} says just that."));
    } else {
        ui.show(&report.text);
        ui.say(&summary(&report));
        if context.dry_run {
            ui.say("Dry run: nothing was written.");
        } else {
            if !ui.can_ask() {
                return Err(Failure::failed("nobody is there to say yes; nothing was written")
                    .hint("use --yes to write it unattended, or --dry-run to look only"));
            }
            if !ui.confirm(&format!("Write {FILE_NAME}?")) {
                return Err(Failure::failed("answered no; nothing was written"));
            }
            files::create(&path, &report.text, 0o644)?;
            report.written = true;
            ui.say(&format!("Wrote {FILE_NAME}."));
            ui.next(&match report.unsure.len() {
                0 => "see whether all is well with 'pipelinectl doctor', then commit it".to_owned(),
                _ => "look at the lines marked 'unsure', see whether all is well with 'pipelinectl doctor', then commit it"
                    .to_owned(),
            });
        }
    }
    ui.report(&report, |_| String::new());
    Ok(End::Done)
}

fn summary(report: &Report) -> String {
    let names: Vec<&str> = report.pipelines.iter().take(3).map(String::as_str).collect();
    let more = if report.pipelines.len() > names.len() { ", …" } else { "" };
    let found = format!("{} found: {}{more}", counted(report.pipelines.len(), "pipeline"), names.join(", "));
    match report.unsure.len() {
        0 => format!("{found}."),
        count => format!("{found}. Look at {} marked 'unsure'.", counted(count, "line")),
    }
}
