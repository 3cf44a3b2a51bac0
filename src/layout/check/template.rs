//! The template of new pipelines: whether it would render, and what it would lack.

use std::collections::BTreeMap;

use crate::hcl::{Item, items};
use crate::pipeline::Namespace;
use crate::template::{TemplateError, render};

use super::super::{Addition, Layout, LayoutError, Origin, Place, Reading, SourceFile};
use super::inputs;
use super::module::{Module, locals_of, source_folder};
use super::things::Thing;
use super::{Finding, Findings};

/// What is wrong with the template of that name: everything that would keep `new` from using it.
pub(super) fn findings(
    name: &str,
    text: &str,
    files: &[SourceFile],
    layout: &Layout,
    reading: &Reading<'_>,
    modules: &BTreeMap<String, Module>,
) -> Vec<Finding> {
    let at = |line, column, message| Finding { path: name.to_owned(), line, column, message };
    let Some(namespace) = sample(layout, reading) else { return Vec::new() };
    let origin = Origin::Template { name, text };
    let addition = Addition { namespace: &namespace, origin, label: None, changes: &[], place: Place::End, file: None };
    if let Err(error) = reading.add(&addition, &[]) {
        let message = error.to_string();
        return match error {
            LayoutError::Template { error, .. } => {
                let line = match &error {
                    TemplateError::Unknown { line, .. }
                    | TemplateError::Unclosed { line }
                    | TemplateError::Mixed { line, .. } => *line,
                };
                let message = error.to_string();
                let message = message.strip_prefix(&format!("line {line}: ")).unwrap_or(&message).to_owned();
                vec![at(line, 1, message)]
            }
            LayoutError::TemplateSyntax { error, .. } => vec![at(error.line, error.column, error.message)],
            // What is wrong with the estate is told of the estate.
            LayoutError::Syntax { .. } | LayoutError::Json { .. } => Vec::new(),
            _ => vec![at(1, 1, message.replacen(name, "a template", 1))],
        };
    }
    let Layout::ModuleBlocks(rules) = layout else { return Vec::new() };
    let Ok(rendered) = render(text, &namespace, &rules.label_for(&namespace)) else { return Vec::new() };
    let file = SourceFile::new(rules.file(), rendered.trim_start_matches('\u{feff}'));
    let blocks = items(&file.text).unwrap_or_default();
    let Some(Item::Block(block)) = blocks.into_iter().next() else { return Vec::new() };
    let mut thing = Thing::of(&file, &block);
    let Some(module) = source_folder(&thing).and_then(|folder| modules.get(&folder)) else { return Vec::new() };
    if module.is_empty() {
        return Vec::new();
    }
    let shown = rules.label_for(&namespace).replace(namespace.as_str(), "{{namespace}}");
    if thing.labels == [rules.label_for(&namespace)] {
        thing.labels = vec![&shown];
    }
    let mut found = Findings::default();
    inputs::of_call(&thing, module, &mut locals_of(files.iter()), &mut found);
    let named = |finding: Finding| Finding { path: name.to_owned(), ..finding };
    found.placed(std::slice::from_ref(&file)).into_iter().map(named).collect()
}

/// A namespace that may be new.
fn sample(layout: &Layout, reading: &Reading<'_>) -> Option<Namespace> {
    let newest = reading.estate().newest().map(|pipeline| pipeline.namespace.to_string());
    let made = newest.iter().flat_map(|newest| ["-2", "a", "2"].map(|suffix| format!("{newest}{suffix}")));
    ["2000-01-01", "2000_01_01", "20000101", "sample"]
        .map(str::to_owned)
        .into_iter()
        .chain(made)
        .filter_map(|text| layout.rules().namespace(&text).ok())
        .find(|namespace| reading.estate().find(namespace).is_none())
}
