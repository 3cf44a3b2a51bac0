//! Module blocks that each are a pipeline.

use std::collections::BTreeMap;

use crate::hcl::{Item, Items, Locals, items, label_text, literal_string};
use crate::pipeline::Namespace;

use super::super::check::locals_of;
use super::super::spelling::readings;
use super::super::{Layout, SourceFile};
use super::{Keys, Proposal, dated_in, proposal, rules};

/// Names of inputs that say which pipeline a module is, the likeliest first.
const LIKELY: [&str; 7] =
    ["namespace", "pipeline_date", "pipeline", "pipeline_id", "name", "release_label", "environment"];

/// A module block with what it says.
struct Call {
    label: String,
    source: String,
    file: String,
    /// Its arguments that are strings.
    texts: BTreeMap<String, String>,
}

/// The group of module blocks of one root with the same source of which most have a date of their own.
pub(super) fn propose(folder: &str, files: &[SourceFile]) -> Option<Proposal> {
    let mut locals = locals_of(files.iter());
    let mut groups: BTreeMap<String, Vec<Call>> = BTreeMap::new();
    for file in files {
        for call in calls(file, &mut locals) {
            groups.entry(call.source.clone()).or_default().push(call);
        }
    }
    let candidates = groups.values().filter_map(|group| of_group(folder, files, group));
    candidates.max_by_key(|proposal| proposal.namespaces.len())
}

fn calls(file: &SourceFile, locals: &mut Locals<'_>) -> Vec<Call> {
    let text = &file.text;
    let mut calls = Vec::new();
    for item in items(text).unwrap_or_default() {
        let Item::Block(block) = item else { continue };
        let [label] = block.labels.as_slice() else { continue };
        if &text[block.kind.clone()] != "module" {
            continue;
        }
        let mut call = Call {
            label: label_text(text, label).to_owned(),
            source: String::new(),
            file: file.path.clone(),
            texts: BTreeMap::new(),
        };
        for item in Items::new(text, block.body.clone()).map_while(Result::ok) {
            let Item::Attribute(attribute) = item else { continue };
            let value = &text[attribute.value];
            match &text[attribute.name] {
                "source" => literal_string(value).unwrap_or_default().clone_into(&mut call.source),
                name => {
                    if let Ok(text) = locals.evaluate_string(value) {
                        call.texts.insert(name.to_owned(), text);
                    }
                }
            }
        }
        calls.push(call);
    }
    calls
}

fn of_group(folder: &str, files: &[SourceFile], group: &[Call]) -> Option<Proposal> {
    let source = group.first()?.source.clone();
    let dates = |name: &str| group.iter().filter(|call| call.texts.get(name).is_some_and(|text| is_date(text))).count();
    let mut names: Vec<&str> = group.iter().flat_map(|call| call.texts.keys().map(String::as_str)).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| dates(name) > 0);
    let rank = |name: &str| LIKELY.iter().position(|likely| *likely == name).unwrap_or(LIKELY.len());
    // The input that the label repeats, else the one with the likeliest name.
    let repeated = |name: &str| group.iter().filter(|call| label_pattern(call, name).is_some()).count();
    names.sort_by_key(|name| (std::cmp::Reverse(dates(name)), std::cmp::Reverse(repeated(name)), rank(name)));
    let attribute = names.first().copied();
    let pattern = match attribute {
        Some(name) => group.iter().find_map(|call| label_pattern(call, name)),
        None => group
            .iter()
            .find_map(|call| dated_in(&call.label).map(|(at, _)| format!("{}{{namespace}}", &call.label[..at]))),
    };
    if attribute.is_none() && pattern.is_none() {
        return None;
    }
    let name = attribute.unwrap_or("namespace");
    let module = pattern.clone().unwrap_or_else(|| "pipeline_{namespace}".to_owned());
    let file = group.last().map_or("main.tf", |call| call.file.rsplit('/').next().unwrap_or(&call.file));
    // A source from elsewhere may have a version in it.
    let source = (source.starts_with("./") || source.starts_with("../")).then_some(source);
    let path = if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
    // Where some have a name that is no date, the others are told by their source.
    let others_too = group.iter().filter(|call| call.texts.contains_key(name)).any(|call| !is_date(&call.texts[name]));
    let rules = rules(source.as_deref(), name, &module, &path, !(others_too && source.is_some()))?;
    let others: Vec<&str> =
        names.iter().copied().filter(|other| *other != name && dates(other) == dates(name)).collect();
    let unsure = (!others.is_empty()).then(|| format!("{} says the same", others.join(", ")));
    let of_label = pattern.is_none().then(|| "no label has a namespace in it".to_owned());
    let mut keys = Keys::new();
    if let Some(source) = &source {
        keys.push(("source", source.as_str().into(), None));
    }
    keys.push(("namespace_attribute", name.into(), unsure));
    keys.push(("module", module.as_str().into(), of_label));
    keys.push(("file", file.into(), None));
    proposal(folder, Layout::ModuleBlocks(rules), files, keys)
}

fn is_date(text: &str) -> bool {
    text.parse::<Namespace>().is_ok_and(|namespace| namespace.date().is_some())
}

/// The label with `{namespace}` in the place of what the input says, in whichever spelling.
fn label_pattern(call: &Call, name: &str) -> Option<String> {
    let namespace: Namespace = call.texts.get(name)?.parse().ok()?;
    let mut spellings = namespace.spellings();
    spellings.sort_by_key(|spelling| std::cmp::Reverse(spelling.len()));
    let spelling = spellings.into_iter().find(|spelling| call.label.contains(spelling.as_str()))?;
    let known = readings(&spelling).iter().any(|reading| reading == namespace.as_str());
    known.then(|| call.label.replacen(&spelling, "{namespace}", 1))
}
