//! Entries of a map that each are a pipeline.

use crate::hcl::{Item, Items, elements, items, label_text, literal_string, object_inside};

use super::super::check::{folder_of, locals_of};
use super::super::map_entries::{MapEntries, MapName, fed_by};
use super::super::{Layout, MapRules, SourceFile};
use super::{Folders, Proposal, Setting, dated_in, proposal, rules};

/// The map of one root with most dates for keys: one that feeds something by `for_each`, before any other.
pub(super) fn propose(folder: &str, files: &[SourceFile], folders: &Folders) -> Option<Proposal> {
    let candidates = maps(files).into_iter().filter_map(|name| of_map(folder, files, &name, folders));
    candidates.max_by_key(|proposal| (proposal.makes, proposal.namespaces.len()))
}

fn of_map(folder: &str, files: &[SourceFile], name: &str, folders: &Folders) -> Option<Proposal> {
    let path = if folder.is_empty() { "main.tf".to_owned() } else { format!("{folder}/main.tf") };
    let map: MapName = name.parse().ok()?;
    let layout = |dated| -> Option<MapRules> {
        let rules = rules(None, "namespace", "pipeline_{namespace}", &path, dated)?;
        Some(MapRules { rules, map: map.clone(), addresses: Vec::new() })
    };
    let found = proposal(folder, Layout::MapEntries(layout(false)?), files, Vec::new())?;
    let mut addresses = MapEntries::read(files, &layout(false)?).ok()?.addresses();
    if addresses.is_empty() {
        addresses = fed_by_argument(files, name, folders);
    }
    let makes = !addresses.is_empty();
    let unsure = (!makes).then(|| "what one entry makes is not known; it is needed to plan".to_owned());
    let module =
        if name.starts_with("module.") { name.rsplit_once('.').map_or(name, |(module, _)| module) } else { "" };
    if addresses.is_empty() {
        let within = if module.is_empty() { String::new() } else { format!("{module}.") };
        addresses.push(format!("{within}module.LABEL[\"{{namespace}}\"]"));
    }
    let keys = vec![("map", name.into(), None), ("addresses", Setting::List(addresses), unsure)];
    let layout = Layout::MapEntries(layout(found.dated)?);
    Some(Proposal { makes, ..proposal(folder, layout, files, keys)? })
}

/// What a map makes that is an argument of a local module: its blocks with `for_each = var.ARGUMENT`.
fn fed_by_argument(files: &[SourceFile], name: &str, folders: &Folders) -> Vec<String> {
    let mut parts = name.split('.');
    let (Some("module"), Some(label), Some(argument)) = (parts.next(), parts.next(), parts.next()) else {
        return Vec::new();
    };
    for file in files {
        for item in items(&file.text).unwrap_or_default() {
            let Item::Block(block) = item else { continue };
            let is_it = block.labels.first().is_some_and(|own| label_text(&file.text, own) == label);
            if let (true, Some(inner)) = (is_it, folder_of(file, &block).and_then(|folder| folders.get(&folder))) {
                let fed = fed_by(inner, &format!("var.{argument}"));
                return fed.into_iter().map(|address| format!("module.{label}.{address}")).collect();
            }
        }
    }
    Vec::new()
}

/// The locals and arguments of modules that are objects with a date for a key.
fn maps(files: &[SourceFile]) -> Vec<String> {
    let mut names = Vec::new();
    let mut locals = locals_of(files.iter());
    for file in files {
        let text = &file.text;
        for item in items(text).unwrap_or_default() {
            let Item::Block(block) = item else { continue };
            let root = match (&text[block.kind.clone()], block.labels.as_slice()) {
                ("locals", []) => "local".to_owned(),
                ("module", [label]) => format!("module.{}", label_text(text, label)),
                _ => continue,
            };
            for item in Items::new(text, block.body.clone()).map_while(Result::ok) {
                let Item::Attribute(attribute) = item else { continue };
                let Some(inside) = object_inside(text, &attribute.value) else { continue };
                let is_dated = elements(text, inside).unwrap_or_default().iter().any(|element| {
                    let key = &text[element.key.clone()];
                    let inner = key.strip_prefix('(').and_then(|key| key.strip_suffix(')')).unwrap_or(key);
                    let said = literal_string(key).map(str::to_owned).or_else(|| locals.evaluate_string(inner).ok());
                    said.is_some_and(|text| dated_in(&text).is_some_and(|(at, _)| at == 0))
                });
                if is_dated {
                    names.push(format!("{root}.{}", &text[attribute.name]));
                }
            }
        }
    }
    names
}
