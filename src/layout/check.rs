//! What is wrong with an estate, as far as its files alone can tell.

pub(super) mod keys;

use std::collections::{BTreeMap, HashMap};

use crate::hcl::{Block, Item, Items, SyntaxError, items, label_text, literal_string, position_of};
use crate::pipeline::{Namespace, Pipeline};

use super::module_blocks::ModuleBlocks;
use super::rules::normalised;
use super::spelling::readings;
use super::{LayoutError, Rules, SourceFile};

/// Arguments that every module block may have ("Module Blocks" in Terraform's documentation).
const META_ARGUMENTS: [&str; 6] = ["source", "version", "count", "for_each", "providers", "depends_on"];

/// The inputs of a module: whether each is required.
pub type Inputs = BTreeMap<String, bool>;

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

/// The variables of a module, from the texts of its files: whether each is required.
pub fn module_variables(files: &[SourceFile]) -> Result<Inputs, LayoutError> {
    let mut inputs = Inputs::new();
    for file in files.iter().filter(|file| !file.is_json()) {
        let error = |error: SyntaxError| LayoutError::Syntax { path: file.path.clone(), error };
        for item in items(&file.text).map_err(error)? {
            let Item::Block(block) = item else { continue };
            let [label] = block.labels.as_slice() else { continue };
            if &file.text[block.kind.clone()] == "variable" {
                let has_default = attributes(&file.text, &block).map_err(error)?.contains_key("default");
                inputs.insert(label_text(&file.text, label).to_owned(), !has_default);
            }
        }
    }
    Ok(inputs)
}

/// Looks through the `*.tf` and `*.tf.json` files of the root. `modules` has the inputs of local modules by their
/// source (`./stack`); a module that is not in it is not looked into. Findings are in the order of the files.
pub fn check(
    files: &[SourceFile],
    rules: &Rules,
    modules: &BTreeMap<String, Inputs>,
    names: &[NameLimit],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut sound = Vec::new();
    for file in files {
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
    let modules: BTreeMap<String, &Inputs> =
        modules.iter().map(|(source, inputs)| (normalised(source), inputs)).collect();
    labels(&sound, &mut findings);
    match ModuleBlocks::read(&sound, rules) {
        Err(error) => findings.push(of_error(error)),
        Ok(blocks) => {
            for unclear in &blocks.estate().unclear {
                findings.push(Finding {
                    path: unclear.file.clone(),
                    line: unclear.line,
                    column: 1,
                    message: format!("module.{} is not clear: {}", unclear.label, unclear.reason),
                });
            }
            let mut seen: HashMap<&Namespace, &Pipeline> = HashMap::new();
            for pipeline in &blocks.estate().pipelines {
                let Some(file) = sound.iter().find(|file| file.path == pipeline.file) else { continue };
                let mut found = of_pipeline(file, pipeline, rules, names);
                if let Some(first) = seen.get(&pipeline.namespace) {
                    let (address, path, line) = (first.address(), &first.file, first.line);
                    found.push((
                        pipeline.span.start,
                        format!("{} is already {address} ({path}:{line})", pipeline.namespace),
                    ));
                }
                seen.entry(&pipeline.namespace).or_insert(pipeline);
                let place = |(offset, message)| at(file, pipeline, offset, message);
                findings.extend(found.into_iter().map(place));
                let inputs = of_inputs(file, pipeline, &modules);
                findings.extend(inputs.into_iter().map(|(offset, message)| at(file, pipeline, offset, message)));
            }
        }
    }
    let order: HashMap<&str, usize> =
        files.iter().enumerate().map(|(index, file)| (file.path.as_str(), index)).collect();
    findings.sort_by_key(|finding| (order.get(finding.path.as_str()).copied(), finding.line, finding.column));
    findings.dedup();
    findings
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

fn labels(files: &[SourceFile], findings: &mut Vec<Finding>) {
    let mut seen: HashMap<String, (String, usize)> = HashMap::new();
    for file in files.iter().filter(|file| !file.is_json() && !file.is_override()) {
        for item in items(&file.text).unwrap_or_default() {
            let Item::Block(block) = item else { continue };
            let [label] = block.labels.as_slice() else { continue };
            if &file.text[block.kind.clone()] != "module" {
                continue;
            }
            let name = label_text(&file.text, label).to_owned();
            match seen.get(&name) {
                None => {
                    seen.insert(name, (file.path.clone(), block.kind.start));
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

fn of_pipeline(file: &SourceFile, pipeline: &Pipeline, rules: &Rules, names: &[NameLimit]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let namespace = &pipeline.namespace;
    let dated = dated(namespace);
    let differs = |labelled: &Namespace| dated.is_some() && self::dated(labelled).is_some_and(|it| Some(it) != dated);
    if let Some(labelled) = rules.namespace_in(&pipeline.label).filter(differs) {
        let attribute = rules.namespace_attribute();
        found.push((pipeline.span.start, format!("the label names {labelled}, but '{attribute}' is {namespace}")));
    }
    for name in names {
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
    found.extend(keys::duplicates(&file.text, &pipeline.span));
    found
}

/// In one spelling, when it is a date.
fn dated(namespace: &Namespace) -> Option<String> {
    let mut readings = readings(namespace.as_str()).into_iter().filter_map(|reading| reading.parse::<Namespace>().ok());
    readings.find(|reading| reading.date().is_some()).map(|reading| reading.as_str().replace('_', "-"))
}

fn of_inputs(file: &SourceFile, pipeline: &Pipeline, modules: &BTreeMap<String, &Inputs>) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let Some(block) = block_at(&file.text, pipeline) else { return found };
    let Ok(given) = attributes(&file.text, &block) else { return found };
    let source = given.get("source").and_then(|(_, value)| literal_string(value)).map(normalised);
    let Some(inputs) = source.as_ref().and_then(|source| modules.get(source)) else { return found };
    for (name, _) in inputs.iter().filter(|(name, required)| **required && !given.contains_key(name.as_str())) {
        found.push((pipeline.span.start, format!("{} lacks the input '{name}'", pipeline.address())));
    }
    for (name, (offset, _)) in &given {
        if !inputs.contains_key(*name) && !META_ARGUMENTS.contains(name) {
            found.push((*offset, format!("the module has no input '{name}'")));
        }
    }
    found
}

fn block_at(text: &str, pipeline: &Pipeline) -> Option<Block> {
    match Items::new(text, pipeline.span.clone()).next() {
        Some(Ok(Item::Block(block))) => Some(block),
        _ => None,
    }
}

/// The attributes of a block, each with its place and its value.
fn attributes<'a>(text: &'a str, block: &Block) -> Result<BTreeMap<&'a str, (usize, &'a str)>, SyntaxError> {
    let mut attributes = BTreeMap::new();
    for item in Items::new(text, block.body.clone()) {
        if let Item::Attribute(attribute) = item? {
            attributes.insert(&text[attribute.name.clone()], (attribute.name.start, &text[attribute.value]));
        }
    }
    Ok(attributes)
}

#[cfg(test)]
mod tests;
