//! The inputs of a module block against the variables of its module.

use crate::hcl::{Block, Locals, Span, elements, literal_string, object_inside};

use super::attributes;
use super::module::Module;
use super::types::Type;

/// Arguments that every module block may have ("Module Blocks" in Terraform's documentation).
const META_ARGUMENTS: [&str; 6] = ["source", "version", "count", "for_each", "providers", "depends_on"];

/// What is wrong with the inputs of a block, each with the byte that it is about. `address` is the block's.
pub(super) fn of_block(
    text: &str,
    block: &Block,
    address: &str,
    module: &Module,
    locals: &mut Locals<'_>,
) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let Ok(given) = attributes(text, block) else { return found };
    for (name, _) in module.variables.iter().filter(|(_, variable)| variable.default.is_none()) {
        if !given.contains_key(name.as_str()) {
            found.push((block.kind.start, format!("{address} lacks the input '{name}'")));
        }
    }
    for (name, (offset, value)) in &given {
        match module.variables.get(*name) {
            None if META_ARGUMENTS.contains(name) => {}
            None => found.push((*offset, format!("the module has no input '{name}'"))),
            Some(variable) => of_value(text, value, name, &variable.kind, locals, &mut found),
        }
    }
    found
}

/// Goes into objects as they are written, so that what is not statically known in them hides nothing else.
fn of_value(
    text: &str,
    value: &Span,
    way: &str,
    kind: &Type,
    locals: &mut Locals<'_>,
    found: &mut Vec<(usize, String)>,
) {
    if let (Some(inside), Type::Object(_) | Type::Map(_)) = (object_inside(text, value), kind) {
        let Ok(elements) = elements(text, inside) else { return };
        let key = |span: &Span| -> Option<String> {
            let written = &text[span.clone()];
            literal_string(written).or((!written.starts_with(['(', '"'])).then_some(written)).map(str::to_owned)
        };
        let keys: Vec<Option<String>> = elements.iter().map(|element| key(&element.key)).collect();
        for (element, key) in elements.iter().zip(&keys) {
            let Some(key) = key else { continue };
            let kind = match kind {
                Type::Object(attributes) => attributes.get(key).map(|(kind, _)| kind),
                Type::Map(kind) => Some(kind.as_ref()),
                _ => None,
            };
            if let Some(kind) = kind {
                of_value(text, &element.value, &format!("{way}.{key}"), kind, locals, found);
            }
        }
        if let Type::Object(attributes) = kind
            && keys.iter().all(Option::is_some)
        {
            for (name, _) in attributes.iter().filter(|(_, (_, required))| *required) {
                if !keys.iter().flatten().any(|key| key == name) {
                    found.push((value.start, format!("'{way}' lacks '{name}'")));
                }
            }
        }
        return;
    }
    if let Ok(known) = locals.evaluate(&text[value.clone()])
        && let Some((deeper, what)) = kind.mismatch(&known)
    {
        found.push((value.start, format!("'{way}{deeper}' {what}")));
    }
}
