//! The module blocks of each root: their inputs, and the names of what they make.

use std::collections::{BTreeMap, HashSet};

use ::hcl::Value;

use crate::hcl::{Block, Locals};

use super::super::{Layout, SourceFile};
use super::entries::Entry;
use super::module::{Module, Named, locals_of, source_folder};
use super::names::{self, Inputs, Names};
use super::things::{Thing, things_of};
use super::{Finding, Findings, Looked, folder_of_file, inputs};

/// Every module block with the inputs that its module wants, and the names of what all of them make.
pub(super) fn findings<'a>(
    looked: &Looked<'a>,
    files: &'a [SourceFile],
    entries: &[Entry],
    findings: &mut Findings<'a>,
) {
    let folders = matches!(looked.layout, Layout::Directories(_));
    let mut names = Names::new(looked.modules);
    let whole = looked.modules.values().any(|module| !module.is_empty());
    for folder in roots(files) {
        let of_root = || files.iter().filter(|file| folder_of_file(&file.path) == folder);
        let things = things_of(of_root());
        let mut locals = locals_of(of_root());
        // Roots of their own may be in other accounts and regions.
        let apart = if folders { names::account(&things, &mut locals) } else { String::new() };
        let root = Module::of_root(&things, of_root().cloned().collect());
        let owner = if folders { format!("the root {folder}") } else { String::new() };
        for (named, message) in names.note(&owner, &apart, &root, &Inputs::new()) {
            findings.placed.push(at_resource(named, message));
        }
        for thing in things.iter().filter(|thing| thing.kind == "module") {
            let Some(module) = source_folder(thing).and_then(|folder| looked.modules.get(&folder)) else { continue };
            if module.is_empty() {
                let folder = source_folder(thing).unwrap_or_default();
                // Where no module is there at all, this is part of a repository.
                if let (true, Some(source)) = (whole, thing.attributes.get("source")) {
                    findings.add(source.file, source.start, format!("there is no Terraform file in {folder}"));
                }
                continue;
            }
            inputs::of_call(thing, module, &mut locals, findings);
            let address = thing.address().unwrap_or_default();
            let mut told = HashSet::new();
            for (key, inputs) in made(thing, &locals, entries) {
                let owner = if key.is_empty() { address.clone() } else { format!("{address}[\"{key}\"]") };
                let owner = if folders { format!("{owner} in {folder}") } else { owner };
                let apart = names::apart(&apart, thing.value("providers"));
                for (named, message) in names.note(&owner, &apart, module, &inputs) {
                    // What is wrong with the second instance is wrong with all that follow.
                    if !told.insert((&named.path, named.line)) {
                        continue;
                    }
                    findings.add(thing.file, thing.start, format!("in {owner}: {message}"));
                }
            }
        }
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

fn at_resource(named: &Named, message: String) -> Finding {
    Finding { path: named.path.clone(), line: named.line, column: named.column, message }
}

/// What a module block makes: itself, or an instance for each key of its `for_each`; each with the inputs that are known.
/// `entries` are those of the map that holds the pipelines.
pub(in crate::layout) fn instances(
    text: &str,
    block: &Block,
    locals: &Locals<'_>,
    entries: &[Entry],
) -> Vec<(String, BTreeMap<String, Value>)> {
    let file = SourceFile::new("", text);
    let known = |inputs: Inputs| inputs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    made(&Thing::of(&file, block), locals, entries).into_iter().map(|(key, inputs)| (key, known(inputs))).collect()
}

fn made(thing: &Thing<'_>, locals: &Locals<'_>, entries: &[Entry]) -> Vec<(String, Inputs)> {
    if thing.attributes.contains_key("count") {
        return Vec::new();
    }
    let inputs = |mut locals: Locals<'_>| -> Inputs {
        let given = thing.attributes.iter();
        given.map(|(name, given)| ((*name).to_owned(), locals.evaluate(given.text()).ok())).collect()
    };
    let Some(each) = thing.value("for_each") else {
        return vec![(String::new(), inputs(locals.with("each", Value::Null)))];
    };
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
