//! `pipelinectl check`

use std::collections::BTreeMap;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::common::{estate, live};
use super::new::name_limits;
use super::{End, Outcome};
use crate::context::Context;
use crate::hcl::{Item, Items, items, literal_string};
use crate::layout::module_blocks::ModuleBlocks;
use crate::layout::{Finding, SourceFile, check, module_variables};
use crate::operations::read_estate;
use crate::ui::{counted, paint};

/// Look for mistakes in the estate, without credentials
///
/// Duplicate labels and namespaces, dates that disagree, inputs that are missing or unknown, names that are too long,
/// a live pipeline that is not there. For CI: a finding a line, exit code 1 if there is one.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl check
  pipelinectl check --format json | jq '.findings[]'")]
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
    let rules = estate::rules(settings)?;
    let (modules, mut findings) = local_modules(context, &files);
    findings.extend(check(&files, &rules, &modules, &name_limits(context)));
    let blocks = ModuleBlocks::read(&files, &rules);
    let estate = blocks.as_ref().map(ModuleBlocks::estate).ok();
    let below = |finding: Finding| Row {
        file: finding.path,
        line: finding.line,
        column: finding.column,
        message: finding.message,
    };
    let mut rows: Vec<Row> = findings.into_iter().map(below).collect();
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

/// The inputs of the modules that the root calls from folders beside it, and the files of theirs that cannot be read.
fn local_modules(context: &Context, files: &[SourceFile]) -> (BTreeMap<String, BTreeMap<String, bool>>, Vec<Finding>) {
    let mut modules = BTreeMap::new();
    let mut findings = Vec::new();
    for source in sources(files) {
        let folder = context.settings.terraform_dir.join(&source);
        let Ok(texts) = read_estate::read(&context.settings.directory, &folder) else { continue };
        match module_variables(&texts) {
            Ok(inputs) => {
                modules.insert(source, inputs);
            }
            Err(crate::layout::LayoutError::Syntax { path, error }) => {
                findings.push(Finding { path, line: error.line, column: error.column, message: error.message });
            }
            Err(_) => {}
        }
    }
    (modules, findings)
}

/// The local folders that module blocks name as their source.
fn sources(files: &[SourceFile]) -> Vec<String> {
    let mut sources = Vec::new();
    for file in files {
        let Ok(items) = items(&file.text) else { continue };
        for item in items {
            let Item::Block(block) = item else { continue };
            if &file.text[block.kind.clone()] != "module" {
                continue;
            }
            let attributes = Items::new(&file.text, block.body.clone()).filter_map(|item| match item {
                Ok(Item::Attribute(attribute)) if &file.text[attribute.name.clone()] == "source" => {
                    Some(attribute.value)
                }
                _ => None,
            });
            let named = attributes.filter_map(|value| literal_string(&file.text[value]).map(str::to_owned));
            for source in named.filter(|source| source.starts_with("./") || source.starts_with("../")) {
                if !sources.contains(&source) {
                    sources.push(source);
                }
            }
        }
    }
    sources
}
