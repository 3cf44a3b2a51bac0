//! Folders that each are a pipeline.

use std::collections::BTreeMap;

use crate::hcl::{Item, Items, Kind, Lexer, Span, Token, items};
use crate::pipeline::Namespace;

use super::super::directories::{Directories, DirectoryRules};
use super::super::{Layout, SourceFile};
use super::{Folders, Proposal, Setting, dated_in, proposal, rules};

/// The folders with a date in their names that hold a Terraform root: those of the pattern that most of them have.
pub(super) fn propose(folders: &Folders) -> Option<Proposal> {
    let mut patterns: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    for (folder, _) in folders.iter().filter(|(_, files)| is_root(files)) {
        if let Some(pattern) = pattern_of(folder) {
            patterns.entry(pattern).or_default().push(folder);
        }
    }
    let ((below, directory), found) = patterns.into_iter().max_by_key(|(_, found)| found.len())?;
    let files: Vec<SourceFile> = found.iter().flat_map(|folder| folders[*folder].clone()).collect();
    let attribute = attribute_of(&below, &directory, &files);
    let name = attribute.clone().unwrap_or_else(|| "namespace".to_owned());
    let layout = DirectoryRules {
        rules: rules(None, &name, "pipeline_{namespace}", "main.tf", true)?,
        below: if below.is_empty() { String::new() } else { format!("{below}/") },
        directory: directory.parse().ok()?,
        rename: Vec::new(),
        keep: Vec::new(),
        backend: Vec::new(),
    };
    let unsure = attribute.is_none().then(|| "no module is given the folder's name".to_owned());
    let mut keys =
        vec![("directory", directory.as_str().into(), None), ("namespace_attribute", name.as_str().into(), unsure)];
    if let Some((names, unsure)) = renamed(&files, &layout) {
        keys.push(("rename", Setting::List(names), unsure));
    }
    proposal(&below, Layout::Directories(layout), &files, keys)
}

/// A folder that is planned by itself calls a module, or says where its state is.
fn is_root(files: &[SourceFile]) -> bool {
    files.iter().any(|file| {
        items(&file.text).unwrap_or_default().iter().any(|item| {
            match item {
            Item::Block(block) => match &file.text[block.kind.clone()] {
                "module" => true,
                "terraform" => Items::new(&file.text, block.body.clone()).map_while(Result::ok).any(|item| {
                    matches!(item, Item::Block(inner) if matches!(&file.text[inner.kind.clone()], "backend" | "cloud"))
                }),
                _ => false,
            },
            Item::Attribute(_) => false,
        }
        })
    })
}

/// The folder above the one with a date, and the pattern from there on.
fn pattern_of(folder: &str) -> Option<(String, String)> {
    let parts: Vec<&str> = folder.split('/').collect();
    let (index, (at, namespace)) = parts.iter().enumerate().find_map(|(index, part)| Some((index, dated_in(part)?)))?;
    // Only a namespace as it is written can be found again.
    (parts[index][at..] == *namespace.as_str()).then(|| {
        let directory = format!("{}{{namespace}}", &parts[index][..at]);
        let rest: Vec<&str> = std::iter::once(directory.as_str()).chain(parts[index + 1..].iter().copied()).collect();
        (parts[..index].join("/"), rest.join("/"))
    })
}

/// The other arguments of the pipelines' modules that are literally the folder's namespace, wherever they name a date: a
/// copy should say its own there, too. With what is unsure of it.
fn renamed(files: &[SourceFile], layout: &DirectoryRules) -> Option<(Vec<String>, Option<String>)> {
    let read = Directories::read(files, layout).ok()?;
    let mut found: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
    for pipeline in read.estate().pipelines.iter().filter(|pipeline| !pipeline.span.is_empty()) {
        let Some(file) = files.iter().find(|file| file.path == pipeline.file) else { continue };
        let text = &file.text;
        let blocks = items(text).unwrap_or_default().into_iter().filter_map(|item| match item {
            Item::Block(block) if block.kind.start == pipeline.span.start => Some(block),
            _ => None,
        });
        for item in blocks.flat_map(|block| Items::new(text, block.body).map_while(Result::ok).collect::<Vec<_>>()) {
            let Item::Attribute(attribute) = item else { continue };
            let name = &text[attribute.name.clone()];
            let dates = dates_in(text, &attribute.value);
            if name != layout.rules.namespace_attribute() && name != "source" && !dates.is_empty() {
                found.entry(name).or_default().push(dates.iter().all(|date| *date == pipeline.namespace));
            }
        }
    }
    found.retain(|_, own| own.iter().all(|own| *own));
    let once = found.values().all(|own| own.len() == 1);
    let names: Vec<String> = found.into_keys().map(str::to_owned).collect();
    let unsure = once.then(|| "only one folder shows that these name the pipeline".to_owned());
    (!names.is_empty()).then_some((names, unsure))
}

/// The strings of a value that are a namespace with a date, and nothing else.
fn dates_in(text: &str, value: &Span) -> Vec<Namespace> {
    let tokens: Vec<Token> = Lexer::new(text, value.clone()).map_while(Result::ok).collect();
    let whole = tokens.windows(3).filter_map(|part| match part {
        [open, literal, close] if open.kind == Kind::OpenQuote && close.kind == Kind::CloseQuote => {
            text[literal.span()].parse::<Namespace>().ok()
        }
        _ => None,
    });
    whole.filter(|namespace| namespace.date().is_some()).collect()
}

/// The argument of a module that is the folder's namespace in most folders.
fn attribute_of(below: &str, directory: &str, files: &[SourceFile]) -> Option<String> {
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    for file in files {
        for item in items(&file.text).unwrap_or_default() {
            let Item::Block(block) = item else { continue };
            if &file.text[block.kind.clone()] == "module" {
                for item in Items::new(&file.text, block.body.clone()).map_while(Result::ok) {
                    if let Item::Attribute(attribute) = item {
                        named.entry(file.text[attribute.name].to_owned()).or_default();
                    }
                }
            }
        }
    }
    for (name, count) in &mut named {
        let Some(rules) = rules(None, name, "pipeline_{namespace}", "main.tf", true) else { continue };
        let Ok(directory) = directory.parse() else { continue };
        let below = if below.is_empty() { String::new() } else { format!("{below}/") };
        let rules =
            DirectoryRules { rules, below, directory, rename: Vec::new(), keep: Vec::new(), backend: Vec::new() };
        let Ok(read) = Directories::read(files, &rules) else { continue };
        let says = |namespace: &Namespace| read.says(namespace).is_some_and(|(said, ..)| said == namespace.as_str());
        *count = read.estate().pipelines.iter().filter(|pipeline| says(&pipeline.namespace)).count();
    }
    named.retain(|_, count| *count > 0);
    let most = named.values().max().copied()?;
    let preferred = ["namespace", "pipeline_date", "pipeline", "date"];
    let of_most = |name: &&String| named[*name] == most;
    let known = preferred.iter().find(|name| named.get(**name).is_some_and(|count| *count == most));
    known.map(|name| (*name).to_owned()).or_else(|| named.keys().find(of_most).cloned())
}
