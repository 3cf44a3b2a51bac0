//! The inputs of a module block against the variables of its module.

use std::collections::BTreeMap;

use crate::hcl::{Locals, Span, elements, list_inside, list_items, literal_string, object_inside};
use crate::pipeline::nearest::{distance, nearest};

use super::Findings;
use super::module::Module;
use super::things::{Given, Thing};
use super::types::Type;

/// Arguments that every module block may have ("Module Blocks" in Terraform's documentation).
const META_ARGUMENTS: [&str; 6] = ["source", "version", "count", "for_each", "providers", "depends_on"];

/// Notes what is wrong with the inputs of a module block.
pub(super) fn of_call<'a>(thing: &Thing<'a>, module: &Module, locals: &mut Locals<'_>, findings: &mut Findings<'a>) {
    let address = thing.address().unwrap_or_default();
    for (name, _) in module.variables.iter().filter(|(_, variable)| variable.default.is_none()) {
        if !thing.attributes.contains_key(name.as_str()) {
            findings.add(thing.file, thing.start, format!("{address} lacks the input '{name}'"));
        }
    }
    for (name, given) in &thing.attributes {
        match module.variables.get(*name) {
            None if META_ARGUMENTS.contains(name) => {}
            None => {
                let free =
                    module.variables.keys().map(String::as_str).filter(|name| !thing.attributes.contains_key(name));
                let meant = nearest(name, free).map_or_else(String::new, |meant| format!("; is '{meant}' meant?"));
                findings.add(given.file, given.start, format!("the module has no input '{name}'{meant}"));
            }
            Some(variable) if given.text() == "null" && !variable.nullable && variable.default.is_none() => {
                findings.add(given.file, given.value.start, format!("'{name}' is null, but the module wants a value"));
            }
            Some(variable) => of_value(given, &given.value, name, &variable.kind, locals, findings),
        }
    }
}

/// Goes into objects and lists as they are written, so that what is not statically known in them hides nothing else.
pub(super) fn of_value<'a>(
    given: &Given<'a>,
    value: &Span,
    way: &str,
    kind: &Type,
    locals: &mut Locals<'_>,
    findings: &mut Findings<'a>,
) {
    let (file, text) = (given.file, given.file.text.as_str());
    match kind {
        Type::Object(_) | Type::Map(_) => {
            if let Some(inside) = object_inside(text, value) {
                return of_object(given, value, inside, way, kind, locals, findings);
            }
        }
        Type::List(kind) if text[value.clone()].starts_with('[') => {
            if let Some(items) = list_inside(text, value).and_then(|inside| list_items(text, inside).ok()) {
                for (index, item) in items.iter().enumerate() {
                    of_value(given, &item.value, &format!("{way}[{index}]"), kind, locals, findings);
                }
                return;
            }
        }
        _ => {}
    }
    if let Ok(known) = locals.evaluate(&text[value.clone()])
        && let Some((deeper, what)) = kind.mismatch(&known)
    {
        findings.add(file, value.start, format!("'{way}{deeper}' {what}"));
    }
}

fn of_object<'a>(
    given: &Given<'a>,
    value: &Span,
    inside: Span,
    way: &str,
    kind: &Type,
    locals: &mut Locals<'_>,
    findings: &mut Findings<'a>,
) {
    let (file, text) = (given.file, given.file.text.as_str());
    let Ok(elements) = elements(text, inside) else { return };
    let key = |span: &Span| -> Option<&'a str> {
        let written = &text[span.clone()];
        literal_string(written).or((!written.starts_with(['(', '"'])).then_some(written))
    };
    let keys: Vec<Option<&str>> = elements.iter().map(|element| key(&element.key)).collect();
    for (element, key) in elements.iter().zip(&keys) {
        let Some(key) = key else { continue };
        let inner = match kind {
            Type::Object(attributes) => attributes.get(*key).map(|(kind, _)| kind),
            Type::Map(kind) => Some(kind.as_ref()),
            _ => None,
        };
        if let Some(inner) = inner {
            of_value(given, &element.value, &format!("{way}.{key}"), inner, locals, findings);
        } else if let Type::Object(attributes) = kind
            && let Some(meant) = meant(key, attributes, &keys)
        {
            let message = format!("'{way}' takes no '{key}', and Terraform passes over it; is '{meant}' meant?");
            findings.add(file, element.key.start, message);
        }
    }
    if let Type::Object(attributes) = kind
        && keys.iter().all(Option::is_some)
    {
        for (name, _) in attributes.iter().filter(|(_, (_, required))| *required) {
            if !keys.iter().flatten().any(|key| key == name) {
                findings.add(file, value.start, format!("'{way}' lacks '{name}'"));
            }
        }
    }
}

/// The optional attribute that is not given, and that the unknown key is most like: one letter wrong, or two of many.
fn meant<'t>(key: &str, attributes: &'t BTreeMap<String, (Type, bool)>, given: &[Option<&str>]) -> Option<&'t str> {
    let optional = attributes.iter().filter(|(_, (_, required))| !required).map(|(name, _)| name.as_str());
    let free = optional.filter(|name| !given.contains(&Some(name)));
    let near = free.filter(|name| distance(key, name) <= (name.chars().count() / 5).clamp(1, 2));
    near.min_by_key(|name| distance(key, name))
}
