//! What is wrong with an estate, as far as its files alone can tell.

mod calls;
mod entries;
mod inputs;
pub(super) mod keys;
mod labels;
mod lost;
mod module;
mod names;
mod pipelines;
mod template;
mod things;
mod types;

use std::collections::BTreeMap;

use crate::hcl::{line_start, position_of};
use crate::pipeline::Namespace;

use super::{Layout, LayoutError, SourceFile};

pub(super) use calls::instances;
pub use module::{Module, Variable, module_folders};
pub(super) use module::{attributes, folder_of, locals_of};
pub use types::Type;

/// Something wrong at a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, relative to the project's folder; empty where it is the configuration's.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// A name that is made from a namespace, and what it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameLimit {
    /// What is called so: `Lambda function`.
    pub what: String,
    /// The name, with `{namespace}` in it.
    pub pattern: String,
    /// The greatest number of characters.
    pub longest: usize,
    /// Whether it may have dots.
    pub dots: bool,
}

impl NameLimit {
    /// The name for a namespace.
    pub fn name(&self, namespace: &Namespace) -> String {
        self.pattern.replace("{namespace}", namespace.as_str())
    }

    /// What is wrong with the name for a namespace.
    pub fn refuse(&self, namespace: &Namespace) -> Option<String> {
        let (name, what, longest) = (self.name(namespace), &self.what, self.longest);
        let length = name.chars().count();
        if length > longest {
            return Some(format!("the {what} name '{name}' has {length} characters; {longest} are allowed"));
        }
        (!self.dots && name.contains('.')).then(|| format!("the {what} name '{name}' has a dot; none is allowed"))
    }
}

/// What is looked through.
#[derive(Debug, Clone, Copy)]
pub struct Looked<'a> {
    /// The files that the layout reads.
    pub files: &'a [SourceFile],
    /// Where pipelines live.
    pub layout: &'a Layout,
    /// The local modules by their folders, see [`module_folders`], and those that they call; one that is not in it is not
    /// looked into. One without files is not there.
    pub modules: &'a BTreeMap<String, Module>,
    /// The names that are made from namespaces.
    pub names: &'a [NameLimit],
    /// The template of new pipelines: its name and what it holds.
    pub template: Option<(&'a str, &'a str)>,
}

/// What was found so far.
#[derive(Debug, Default)]
struct Findings<'a> {
    /// File, byte and what is wrong there.
    at_bytes: Vec<(&'a SourceFile, usize, String)>,
    placed: Vec<Finding>,
}

impl<'a> Findings<'a> {
    fn add(&mut self, file: &'a SourceFile, offset: usize, message: String) {
        self.at_bytes.push((file, offset, message));
    }

    /// Adds what is wrong with a line, where nothing has been found on it that says more.
    fn add_at(&mut self, file: &'a SourceFile, line: usize, message: String) {
        let mut newlines = file.text.match_indices('\n').map(|(at, _)| at + 1);
        let start = if line > 1 { newlines.nth(line - 2).unwrap_or(0) } else { 0 };
        let indented = file.text[start..].trim_start_matches([' ', '\t']);
        let offset = file.text.len() - indented.len();
        if !self.at_bytes.iter().any(|(other, at, _)| std::ptr::eq(*other, file) && *at == offset) {
            self.add(file, offset, message);
        }
    }

    /// All of them, by file in the order of `files`, and by place.
    fn placed(mut self, files: &[SourceFile]) -> Vec<Finding> {
        let order = |path: &str| files.iter().position(|file| file.path == path).unwrap_or(usize::MAX);
        self.at_bytes.sort_by_key(|(file, offset, _)| (order(&file.path), *offset));
        // Lines are counted once a file.
        let (mut counted, mut line) = (("", 0), 1);
        for (file, offset, message) in self.at_bytes {
            if counted.0 != file.path || counted.1 > offset {
                (counted, line) = ((file.path.as_str(), 0), 1);
            }
            line += file.text[counted.1..offset].matches('\n').count();
            counted.1 = offset;
            let column =
                position_of(&file.text[line_start(&file.text, offset)..], offset - line_start(&file.text, offset))
                    .column;
            self.placed.push(Finding { path: file.path.clone(), line, column, message });
        }
        self.placed.sort_by_key(|finding| (order(&finding.path), finding.line, finding.column));
        self.placed.dedup();
        self.placed
    }
}

/// Looks through an estate. Findings are in the order of the files.
pub fn check(looked: &Looked<'_>) -> Vec<Finding> {
    let mut broken = Vec::new();
    let mut sound = Vec::new();
    for file in looked.files {
        match broken_at(file) {
            Some(finding) => broken.push(finding),
            None => sound.push(file.clone()),
        }
    }
    let all_known = broken.is_empty();
    let mut findings = Findings { placed: broken, ..Findings::default() };
    labels::findings(&sound, &mut findings);
    if all_known {
        lost::modules(looked.layout, &sound, &mut findings);
    }
    keys::twice(&sound, &mut findings);
    let reading = looked.layout.read(&sound);
    match &reading {
        Err(error) => findings.placed.push(of_error(error)),
        Ok(reading) => {
            pipelines::findings(looked, &sound, reading, &mut findings);
            if let Some((name, text)) = looked.template {
                let found = template::findings(name, text, &sound, looked.layout, reading, looked.modules);
                findings.placed.extend(found);
            }
        }
    }
    let entries = reading.as_ref().map(|reading| entries::known(&sound, reading)).unwrap_or_default();
    if let Ok(reading) = &reading {
        entries::findings(looked, &sound, reading, &mut findings);
    }
    calls::findings(looked, &sound, &entries, &mut findings);
    findings.placed(looked.files)
}

/// What is wrong with a file that is neither HCL nor JSON.
fn broken_at(file: &SourceFile) -> Option<Finding> {
    let at = |line, column, message| Some(Finding { path: file.path.clone(), line, column, message });
    if file.is_json() {
        let text = file.text.trim_start_matches('\u{feff}');
        let error = serde_json::from_str::<serde::de::IgnoredAny>(text).err()?;
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or(&what);
        return at(error.line(), error.column().max(1), format!("this is no JSON: {what}"));
    }
    let error = crate::hcl::items(&file.text).err()?;
    at(error.line, error.column, error.message)
}

/// The folder of a file.
fn folder_of_file(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// File and line.
fn place_of(file: &SourceFile, offset: usize) -> String {
    format!("{}:{}", file.path, position_of(&file.text, offset).line)
}

fn of_error(error: &LayoutError) -> Finding {
    let message = error.to_string();
    match error {
        LayoutError::Syntax { path, error } => {
            Finding { path: path.clone(), line: error.line, column: error.column, message: error.message.clone() }
        }
        LayoutError::ComputedMap { path, line, map, expression } => Finding {
            path: path.clone(),
            line: *line,
            column: 1,
            message: format!("{map} is the expression {expression}, not entries between braces"),
        },
        _ => Finding { path: String::new(), line: 1, column: 1, message },
    }
}

#[cfg(test)]
mod tests;
