//! What is wrong with an estate, as far as its files alone can tell.

mod inputs;
pub(super) mod keys;
mod module;
mod names;
mod template;
mod types;

use std::collections::{BTreeMap, HashMap};

use ::hcl::Value;

use crate::hcl::{Block, Item, Items, Locals, Span, SyntaxError, elements, items, label_text, position_of};
use crate::pipeline::{Namespace, Pipeline};

use super::spelling::readings;
use super::{Layout, LayoutError, Reading, Rules, SourceFile};
use names::Names;

pub use module::{Module, Variable, module_folders};
pub(super) use module::{folder_of, locals_of};
pub use types::Type;

/// Something wrong at a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, relative to the Terraform root.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// A name that is made from a namespace, and how long it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameLimit {
    /// What is called so: `Lambda function`.
    pub what: String,
    /// The name, with `{namespace}` in it.
    pub pattern: String,
    /// The greatest number of characters.
    pub longest: usize,
}

/// What is looked through.
#[derive(Debug, Clone, Copy)]
pub struct Looked<'a> {
    /// The files that the layout reads.
    pub files: &'a [SourceFile],
    /// Where pipelines live.
    pub layout: &'a Layout,
    /// The local modules by their folders, see [`module_folders`]; one that is not in it is not looked into.
    pub modules: &'a BTreeMap<String, Module>,
    /// The names that are made from namespaces.
    pub names: &'a [NameLimit],
    /// The template of new pipelines: its name and what it holds.
    pub template: Option<(&'a str, &'a str)>,
}

/// Looks through an estate. Findings are in the order of the files.
pub fn check(looked: &Looked<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut sound = Vec::new();
    for file in looked.files {
        match (!file.is_json()).then(|| items(&file.text)) {
            Some(Err(error)) => findings.push(Finding {
                path: file.path.clone(),
                line: error.line,
                column: error.column,
                message: error.message,
            }),
            _ => sound.push(file.clone()),
        }
    }
    labels(&sound, looked.layout, &mut findings);
    match looked.layout.read(&sound) {
        Err(error) => findings.push(of_error(error)),
        Ok(reading) => {
            of_estate(looked, &sound, &reading, &mut findings);
            if let Some((name, text)) = looked.template {
                let found = template::findings(name, text, &sound, looked.layout, &reading, looked.modules);
                findings.extend(found);
            }
        }
    }
    let entries = looked.layout.read(&sound).map(|reading| entries(&sound, &reading)).unwrap_or_default();
    of_modules(looked, &sound, &entries, &mut findings);
    let order: HashMap<&str, usize> =
        looked.files.iter().enumerate().map(|(index, file)| (file.path.as_str(), index)).collect();
    findings.sort_by_key(|finding| {
        (order.get(finding.path.as_str()).copied().unwrap_or(usize::MAX), finding.line, finding.column)
    });
    findings.dedup();
    findings
}

fn of_estate(looked: &Looked<'_>, files: &[SourceFile], reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    for unclear in &reading.estate().unclear {
        let what = match looked.layout {
            Layout::ModuleBlocks(_) => format!("module.{}", unclear.label),
            Layout::MapEntries(_) => format!("the entry {}", unclear.label),
            Layout::Directories(_) => format!("the folder {}", unclear.label),
        };
        findings.push(Finding {
            path: unclear.file.clone(),
            line: unclear.line,
            column: 1,
            message: format!("{what} is not clear: {}", unclear.reason),
        });
    }
    let mut seen: HashMap<&Namespace, &Pipeline> = HashMap::new();
    for pipeline in &reading.estate().pipelines {
        let Some(file) = files.iter().find(|file| file.path == pipeline.file) else { continue };
        let mut found = of_pipeline(file, pipeline, looked);
        if let Some(first) = seen.get(&pipeline.namespace) {
            let (address, path, line) = (first.address(), &first.file, first.line);
            found.push((pipeline.span.start, format!("{} is already {address} ({path}:{line})", pipeline.namespace)));
        }
        seen.entry(&pipeline.namespace).or_insert(pipeline);
        findings.extend(found.into_iter().map(|(offset, message)| at(file, pipeline, offset, message)));
        if let Reading::Directories(_, directories) = reading {
            findings.extend(of_folder(files, pipeline, directories, looked.layout.rules()));
        }
    }
}

/// What is wrong with a folder beside its files.
fn of_folder(
    files: &[SourceFile],
    pipeline: &Pipeline,
    directories: &super::directories::Directories<'_>,
    rules: &Rules,
) -> Vec<Finding> {
    let mut found = Vec::new();
    let namespace = &pipeline.namespace;
    if let Some((said, path, offset)) = directories.says(namespace).filter(|(said, ..)| said != namespace.as_str()) {
        let text = files.iter().find(|file| file.path == path).map_or("", |file| file.text.as_str());
        let position = position_of(text, offset);
        let attribute = rules.namespace_attribute();
        let message = format!("the folder names {namespace}, but '{attribute}' is {said}");
        found.push(Finding { path, line: position.line, column: position.column, message });
    }
    if let Some((other, path, line)) = directories.shares_state(namespace) {
        let message = format!("the state of {namespace} is kept where that of {other} is");
        found.push(Finding { path, line, column: 1, message });
    }
    found
}

/// Every module block with the inputs that its module wants, and the names of what all of them make.
fn of_modules(looked: &Looked<'_>, files: &[SourceFile], entries: &[Entry], findings: &mut Vec<Finding>) {
    let mut names = Names::default();
    for folder in roots(files) {
        let in_folder = |file: &&SourceFile| folder_of_file(&file.path) == folder;
        let of_root: Vec<SourceFile> = files.iter().filter(in_folder).cloned().collect();
        if let Ok(root) = Module::read(of_root.clone()) {
            let twice = names.note("", &root, &BTreeMap::new(), "");
            findings.extend(twice.into_iter().map(names::at_resource));
        }
        let mut locals = module::locals_of(of_root.iter());
        for file in of_root.iter().filter(|file| !file.is_json() && !file.is_override()) {
            for item in items(&file.text).unwrap_or_default() {
                let Item::Block(block) = item else { continue };
                let Some(module) = module::folder_of(file, &block).and_then(|folder| looked.modules.get(&folder))
                else {
                    continue;
                };
                let label = block.labels.first().map_or("", |label| label_text(&file.text, label));
                let address = format!("module.{label}");
                let found = inputs::of_block(&file.text, &block, &address, module, &mut locals);
                findings.extend(found.into_iter().map(|(offset, message)| in_block(file, &block, offset, message)));
                for (owner, inputs) in instances(&file.text, &block, &locals, entries) {
                    let owner = if owner.is_empty() { address.clone() } else { format!("{address}[\"{owner}\"]") };
                    let owner =
                        if folder.is_empty() || !looked.is_folders() { owner } else { format!("{owner} in {folder}") };
                    let providers = attributes(&file.text, &block).ok().and_then(|mut all| all.remove("providers"));
                    let providers = providers.map_or("", |(_, value)| &file.text[value]);
                    for (_, message) in names.note(&owner, module, &inputs, providers) {
                        findings.push(in_block(file, &block, block.kind.start, format!("in {owner}: {message}")));
                    }
                }
            }
        }
    }
}

impl Looked<'_> {
    fn is_folders(&self) -> bool {
        matches!(self.layout, Layout::Directories(_))
    }
}

/// The folders that have files, in their order.
fn roots(files: &[SourceFile]) -> Vec<&str> {
    let mut folders: Vec<&str> = Vec::new();
    for file in files {
        let folder = folder_of_file(&file.path);
        if folders.last() != Some(&folder) && !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

fn folder_of_file(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The key of an entry of the map that holds the pipelines, and its value where it is known.
pub(super) type Entry = (String, Value);

/// Each entry by itself: one that is not statically known, or has a key twice, hides none of the others.
fn entries(files: &[SourceFile], reading: &Reading<'_>) -> Vec<Entry> {
    let Reading::MapEntries(..) = reading else { return Vec::new() };
    let mut locals = module::locals_of(files.iter());
    let mut known = |pipeline: &Pipeline| -> Option<Value> {
        let text = &files.iter().find(|file| file.path == pipeline.file)?.text;
        let element = elements(text, pipeline.span.clone()).ok()?.into_iter().next()?;
        locals.evaluate(&text[element.value]).ok()
    };
    let entry = |pipeline: &Pipeline| (pipeline.namespace.to_string(), known(pipeline).unwrap_or(Value::Null));
    reading.estate().pipelines.iter().map(entry).collect()
}

/// What a module block makes: itself, or an instance for each key of its `for_each`; each with the inputs that are known.
/// `entries` are those of the map that holds the pipelines.
pub(super) fn instances(
    text: &str,
    block: &Block,
    locals: &Locals<'_>,
    entries: &[Entry],
) -> Vec<(String, BTreeMap<String, Value>)> {
    let Ok(given) = attributes(text, block) else { return Vec::new() };
    if given.contains_key("count") {
        return Vec::new();
    }
    let inputs = |mut locals: Locals<'_>| -> BTreeMap<String, Value> {
        let known = |(name, (_, value)): (&&str, &(usize, Span))| {
            Some(((*name).to_owned(), locals.evaluate(&text[value.clone()]).ok()?))
        };
        given.iter().filter_map(known).collect()
    };
    let Some((_, each)) = given.get("for_each") else {
        return vec![(String::new(), inputs(locals.with("each", Value::Null)))];
    };
    let each = &text[each.clone()];
    let entries = match locals.with("var", Value::Null).evaluate(each) {
        Ok(Value::Object(entries)) => entries.into_iter().collect(),
        _ if each.starts_with("local.") => entries.to_vec(),
        _ => Vec::new(),
    };
    let instance = |(key, value): Entry| {
        let each = [("key".to_owned(), Value::from(key.clone())), ("value".to_owned(), value)];
        (key, inputs(locals.with("each", Value::Object(each.into_iter().collect()))))
    };
    entries.into_iter().map(instance).collect()
}

/// Places a finding without counting the lines of the whole file again.
fn at(file: &SourceFile, pipeline: &Pipeline, offset: usize, message: String) -> Finding {
    let start = crate::hcl::line_start(&file.text, pipeline.span.start);
    let inside = position_of(&file.text[start..], offset - start);
    Finding { path: file.path.clone(), line: pipeline.line + inside.line - 1, column: inside.column, message }
}

fn of_error(error: LayoutError) -> Finding {
    let message = error.to_string();
    match error {
        LayoutError::Syntax { path, error } => {
            Finding { path, line: error.line, column: error.column, message: error.message }
        }
        LayoutError::Json { path, .. } => Finding { path, line: 1, column: 1, message },
        _ => Finding { path: String::new(), line: 1, column: 1, message },
    }
}

/// Places a finding in a block.
fn in_block(file: &SourceFile, block: &Block, offset: usize, message: String) -> Finding {
    let start = crate::hcl::line_start(&file.text, block.kind.start);
    let inside = position_of(&file.text[start..], offset - start);
    let line = module::line(file, block) + inside.line - 1;
    Finding { path: file.path.clone(), line, column: inside.column, message }
}

/// Labels of modules that stand twice in one root.
fn labels(files: &[SourceFile], layout: &Layout, findings: &mut Vec<Finding>) {
    let mut seen: HashMap<(String, String), (String, usize)> = HashMap::new();
    for file in files.iter().filter(|file| !file.is_json() && !file.is_override()) {
        for item in items(&file.text).unwrap_or_default() {
            let Item::Block(block) = item else { continue };
            let [label] = block.labels.as_slice() else { continue };
            if &file.text[block.kind.clone()] != "module" {
                continue;
            }
            let name = label_text(&file.text, label).to_owned();
            let root = match layout {
                Layout::Directories(_) => folder_of_file(&file.path).to_owned(),
                Layout::ModuleBlocks(_) | Layout::MapEntries(_) => String::new(),
            };
            match seen.get(&(root.clone(), name.clone())) {
                None => {
                    seen.insert((root, name), (file.path.clone(), block.kind.start));
                }
                Some((path, start)) => {
                    let first = files.iter().find(|file| file.path == *path);
                    let line = first.map_or(1, |first| position_of(&first.text, *start).line);
                    let position = position_of(&file.text, block.kind.start);
                    findings.push(Finding {
                        path: file.path.clone(),
                        line: position.line,
                        column: position.column,
                        message: format!("module.{name} stands here a second time; the first is {path}:{line}"),
                    });
                }
            }
        }
    }
}

fn of_pipeline(file: &SourceFile, pipeline: &Pipeline, looked: &Looked<'_>) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let namespace = &pipeline.namespace;
    let rules = looked.layout.rules();
    let dated = dated(namespace);
    let differs = |labelled: &Namespace| dated.is_some() && self::dated(labelled).is_some_and(|it| Some(it) != dated);
    if let Layout::ModuleBlocks(rules) = looked.layout
        && let Some(labelled) = rules.namespace_in(&pipeline.label).filter(differs)
    {
        let attribute = rules.namespace_attribute();
        found.push((pipeline.span.start, format!("the label names {labelled}, but '{attribute}' is {namespace}")));
    } else if let Layout::Directories(_) = looked.layout
        && let Some(labelled) = rules.namespace_in(&pipeline.label).filter(differs)
    {
        found.push((pipeline.span.start, format!("the label names {labelled}, but the folder {namespace}")));
    }
    for name in looked.names {
        let whole = name.pattern.replace("{namespace}", namespace.as_str());
        let (length, longest) = (whole.chars().count(), name.longest);
        if length > longest {
            let what = &name.what;
            found.push((
                pipeline.span.start,
                format!("the {what} name '{whole}' has {length} characters; {longest} are allowed"),
            ));
        }
    }
    found.extend(match looked.layout {
        Layout::MapEntries(_) => keys::duplicates_in(&file.text, &pipeline.span),
        Layout::ModuleBlocks(_) | Layout::Directories(_) => keys::duplicates(&file.text, &pipeline.span),
    });
    found
}

/// In one spelling, when it is a date.
fn dated(namespace: &Namespace) -> Option<String> {
    let mut readings = readings(namespace.as_str()).into_iter().filter_map(|reading| reading.parse::<Namespace>().ok());
    readings.find(|reading| reading.date().is_some()).map(|reading| reading.as_str().replace('_', "-"))
}

/// The attributes of a block, each with its place and its value.
pub(super) fn attributes<'a>(text: &'a str, block: &Block) -> Result<BTreeMap<&'a str, (usize, Span)>, SyntaxError> {
    let mut attributes = BTreeMap::new();
    for item in Items::new(text, block.body.clone()) {
        if let Item::Attribute(attribute) = item? {
            attributes.insert(&text[attribute.name.clone()], (attribute.name.start, attribute.value));
        }
    }
    Ok(attributes)
}

#[cfg(test)]
mod tests;
