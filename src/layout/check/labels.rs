//! Labels of blocks: each stands once in a root, and is a name that Terraform takes.

use std::collections::HashMap;

use super::super::SourceFile;
use super::things::{Thing, things};
use super::{Findings, folder_of_file, place_of};

/// Modules, resources, data, outputs, variables and locals that stand twice in one root, or have a label that is no name.
pub(super) fn findings<'a>(files: &'a [SourceFile], findings: &mut Findings<'a>) {
    let mut seen: HashMap<(&str, String), (&SourceFile, usize)> = HashMap::new();
    for file in files.iter().filter(|file| !file.is_override()) {
        for thing in things(file).unwrap_or_default() {
            if let Some(label) = thing.labels.iter().find(|label| thing.address().is_some() && !is_name(label)) {
                let what = "a letter or '_' must come first, then letters, digits, '_' and '-'";
                findings.add(file, thing.start, format!("the label '{label}' is no name: {what}"));
            }
            for (name, start) in names(&thing) {
                let key = (folder_of_file(&file.path), name.clone());
                if let Some((other, first)) = seen.get(&key) {
                    let first = place_of(other, *first);
                    findings.add(file, start, format!("{name} stands here a second time; the first is {first}"));
                    continue;
                }
                seen.insert(key, (file, start));
            }
        }
    }
}

fn names(thing: &Thing<'_>) -> Vec<(String, usize)> {
    match thing.kind {
        "locals" => thing.attributes.iter().map(|(name, given)| (format!("local.{name}"), given.start)).collect(),
        _ => thing.address().map(|address| (address, thing.start)).into_iter().collect(),
    }
}

/// "Identifiers" in Terraform's documentation.
fn is_name(label: &str) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    label.starts_with(|c: char| c.is_alphabetic() || c == '_') && label.chars().all(goes_on)
}
