//! `pipelinectl check`

use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::common::{estate, live};
use super::new::name_limits;
use super::{End, Outcome};
use crate::context::Context;
use crate::files;
use crate::layout::{Finding, LayoutError, Looked, Module, Reading, SourceFile, check, module_folders};
use crate::operations::read_estate;
use crate::settings::FILE_NAME;
use crate::settings::file::Layout;
use crate::ui::{counted, paint};

/// Look for mistakes in the estate, without credentials
///
/// Labels, namespaces, keys, physical names and states that are there twice; dates that disagree; inputs that are missing,
/// unknown or of the wrong type; names that are too long; a template that would not do; a live pipeline that is not there.
/// Reads files only, those of local modules too. A finding a line: file, line, column, message. Exit code 1 if there is one.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl check
  pipelinectl check --format json | jq -r '.findings[].file' | sort -u     the files to mend")]
pub struct Arguments {}

/// What `pipelinectl check --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// How many pipelines were looked at.
    pub pipelines: usize,
    /// What was found, in the order of the files.
    pub findings: Vec<Row>,
}

/// One finding.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Row {
    /// The file, relative to the project's folder.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// Looks through the estate and prints what was found.
pub fn run(_arguments: &Arguments, context: &Context) -> Outcome {
    let settings = &context.settings;
    let files = estate::files(context)?;
    let layout = estate::layout(settings)?;
    let (modules, mut findings) = local_modules(context, &files);
    let (template, unreadable) = template(context);
    findings.extend(unreadable);
    findings.extend(check(&Looked {
        files: &files,
        layout: &layout,
        modules: &modules,
        names: &name_limits(context),
        template: template.as_ref().map(|(name, text)| (name.as_str(), text.as_str())),
    }));
    let reading = layout.read(&files);
    let estate = reading.as_ref().map(Reading::estate).ok();
    let row = |finding: Finding| {
        let Finding { path: file, line, column, message } = finding;
        if file.is_empty() { in_configuration(context, message) } else { Row { file, line, column, message } }
    };
    let mut rows: Vec<Row> = findings.into_iter().map(row).collect();
    if let Some(estate) = estate {
        let found = live::findings(settings, estate).into_iter();
        rows.extend(found.map(|live::Finding { file, line, column, message }| Row { file, line, column, message }));
    }
    let report = Report { pipelines: estate.map_or(0, |estate| estate.pipelines.len()), findings: rows };
    context.ui.report(&report, |report| {
        let line = |row: &Row| {
            let place = format!("{}:{}:{}", row.file, row.line, row.column);
            format!("{}: {}\n", paint::place(&place), row.message)
        };
        report.findings.iter().map(line).collect()
    });
    if report.findings.is_empty() {
        context.ui.say(&format!("{}, nothing to complain of.", counted(report.pipelines, "pipeline")));
        return Ok(End::Done);
    }
    context.ui.say(&counted(report.findings.len(), "finding"));
    Ok(End::Findings)
}

/// What is wrong with the map of the layout map-entries, at the line that names it.
fn in_configuration(context: &Context, message: String) -> Row {
    let settings = &context.settings;
    let path = settings.file.clone().unwrap_or_else(|| settings.directory.join(FILE_NAME));
    let text = files::read_if_there(&path).ok().flatten().unwrap_or_default();
    let names_map =
        |line: &str| line.trim_start().strip_prefix("map").is_some_and(|rest| rest.trim_start().starts_with('='));
    let line = text.lines().position(names_map).map_or(1, |index| index + 1);
    let file = path.strip_prefix(&settings.directory).unwrap_or(&path).display().to_string();
    Row { file, line, column: 1, message }
}

/// The modules that the root calls from folders beside it, those that they call, and the files of theirs that cannot be
/// read.
fn local_modules(context: &Context, files: &[SourceFile]) -> (BTreeMap<String, Module>, Vec<Finding>) {
    let mut modules = BTreeMap::new();
    let mut findings = Vec::new();
    let mut wanted: Vec<String> = module_folders(files).into_iter().rev().collect();
    while let Some(folder) = wanted.pop() {
        if modules.contains_key(&folder) {
            continue;
        }
        let directory = &context.settings.directory;
        let texts = match read_estate::read(directory, Path::new(&folder)) {
            Ok(texts) => texts,
            Err(_) if !directory.join(&folder).exists() => Vec::new(),
            Err(_) => continue,
        };
        match Module::read(texts) {
            Ok(module) => {
                wanted.extend(module.folders());
                modules.insert(folder, module);
            }
            Err(LayoutError::Syntax { path, error }) => {
                findings.push(Finding { path, line: error.line, column: error.column, message: error.message });
            }
            Err(_) => {}
        }
    }
    (modules, findings)
}

/// The configured template: its name and what it holds, or that it cannot be read.
fn template(context: &Context) -> (Option<(String, String)>, Option<Finding>) {
    let settings = &context.settings;
    let Some(path) = settings.pipeline.template.as_ref().filter(|_| settings.layout != Layout::Directories) else {
        return (None, None);
    };
    let name = path.display().to_string();
    match files::read_if_there(&settings.directory.join(path)) {
        Ok(Some(text)) => (Some((name, text)), None),
        Ok(None) => {
            let message = "the template below [pipeline] is not there".to_owned();
            (None, Some(Finding { path: name, line: 1, column: 1, message }))
        }
        Err(error) => {
            let full = settings.directory.join(path).display().to_string();
            (None, Some(Finding { message: error.to_string().replace(&full, &name), path: name, line: 1, column: 1 }))
        }
    }
}
