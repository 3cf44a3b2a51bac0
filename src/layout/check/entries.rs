//! The entries of the map that holds the pipelines, against what is read from them.

use ::hcl::Value;

use crate::hcl::{Element, elements, literal_string, object_inside};
use crate::pipeline::Pipeline;

use super::super::{Reading, SourceFile};
use super::module::{locals_of, source_folder};
use super::things::{Given, Thing, things_of};
use super::{Findings, Looked, inputs, place_of};

/// The key of an entry of the map that holds the pipelines, and its value where it is known.
pub(in crate::layout) type Entry = (String, Value);

/// Each entry by itself: one that is not statically known, or has a key twice, hides none of the others.
pub(super) fn known(files: &[SourceFile], reading: &Reading<'_>) -> Vec<Entry> {
    let Reading::MapEntries(..) = reading else { return Vec::new() };
    let mut locals = locals_of(files.iter());
    let mut value = |pipeline: &Pipeline| -> Option<Value> {
        let (file, element) = element_of(files, pipeline)?;
        locals.evaluate(&file.text[element.value]).ok()
    };
    let entry = |pipeline: &Pipeline| (pipeline.namespace.to_string(), value(pipeline).unwrap_or(Value::Null));
    reading.estate().pipelines.iter().map(entry).collect()
}

fn element_of<'a>(files: &'a [SourceFile], pipeline: &Pipeline) -> Option<(&'a SourceFile, Element)> {
    let file = files.iter().find(|file| file.path == pipeline.file)?;
    Some((file, elements(&file.text, pipeline.span.clone()).ok()?.into_iter().next()?))
}

/// What the blocks that are made for each entry read from it, and it does not have, or not of the type that is wanted.
pub(super) fn findings<'a>(
    looked: &Looked<'_>,
    files: &'a [SourceFile],
    reading: &Reading<'_>,
    findings: &mut Findings<'a>,
) {
    let Reading::MapEntries(_, entries) = reading else { return };
    let Some(map) = entries.local() else { return };
    let things = things_of(files.iter());
    let mut locals = locals_of(files.iter());
    let is_fed = |thing: &&Thing<'a>| thing.value("for_each").and_then(|each| each.strip_prefix("local.")) == Some(map);
    for pipeline in &reading.estate().pipelines {
        let Some((file, element)) = element_of(files, pipeline) else { continue };
        let text = file.text.as_str();
        let Some(inside) = object_inside(text, &element.value) else { continue };
        let written = elements(text, inside).unwrap_or_default();
        let key = |element: &Element| {
            let key = &text[element.key.clone()];
            literal_string(key).or((!key.starts_with(['"', '('])).then_some(key))
        };
        let mut lacking: Vec<&str> = Vec::new();
        for thing in things.iter().filter(is_fed) {
            let module = source_folder(thing).and_then(|folder| looked.modules.get(&folder));
            let kind =
                |input: &str| module.and_then(|module| module.variables.get(input)).map(|variable| &variable.kind);
            for (input, given) in &thing.attributes {
                if let (Some(kind), "each.value") = (kind(input), given.text()) {
                    let value = Given { file, start: element.key.start, value: element.value.clone() };
                    inputs::of_value(&value, &value.value, input, kind, &mut locals, findings);
                }
                let Some(name) = read_of(given) else { continue };
                match written.iter().find(|element| key(element) == Some(name)) {
                    Some(element) if given.text() == format!("each.value.{name}") => {
                        let value = Given { file, start: element.key.start, value: element.value.clone() };
                        if let Some(kind) = kind(input) {
                            inputs::of_value(&value, &value.value, name, kind, &mut locals, findings);
                        }
                    }
                    Some(_) => {}
                    None if lacking.contains(&name) || !written.iter().all(|element| key(element).is_some()) => {}
                    None => {
                        lacking.push(name);
                        let address = thing.address().unwrap_or_default();
                        let place = place_of(given.file, given.start);
                        let message = format!("the entry lacks '{name}', which {address} reads ({place})");
                        findings.add(file, element.key.start, message);
                    }
                }
            }
        }
    }
}

/// The key that is read, where a value is `each.value.KEY` or something in it, and nothing else: `try()` and the like may
/// do without it.
fn read_of<'a>(given: &Given<'a>) -> Option<&'a str> {
    let rest = given.text().strip_prefix("each.value.")?;
    let is_way = rest.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    is_way.then(|| rest.split('.').next().unwrap_or(rest)).filter(|name| !name.is_empty())
}
