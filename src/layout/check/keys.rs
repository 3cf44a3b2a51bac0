//! Keys that stand twice: an error of Terraform in a block, and silently the last one in an object.

use std::collections::HashMap;

use crate::hcl::{Item, Items, Kind, Lexer, Span, elements, items, literal_string, object_inside, position_of};

use super::super::SourceFile;
use super::Findings;

/// The places of second keys in the lines at `span`, its nested blocks and its objects.
pub(in crate::layout) fn duplicates(text: &str, span: &Span) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    of_body(text, span.clone(), &mut found);
    found.sort();
    found
}

/// The places of second keys in the modules and locals of these files.
pub(super) fn twice<'a>(files: &'a [SourceFile], findings: &mut Findings<'a>) {
    for file in files.iter().filter(|file| !file.is_json()) {
        for item in items(&file.text).unwrap_or_default() {
            let Item::Block(block) = item else { continue };
            if matches!(&file.text[block.kind.clone()], "module" | "locals") {
                for (offset, message) in duplicates(&file.text, &block.body) {
                    findings.add(file, offset, message);
                }
            }
        }
    }
}

fn of_body(text: &str, span: Span, found: &mut Vec<(usize, String)>) {
    let mut seen = HashMap::new();
    for item in Items::new(text, span).map_while(Result::ok) {
        match item {
            Item::Attribute(attribute) => {
                note(text, &attribute.name, &text[attribute.name.clone()], &mut seen, found);
                of_value(text, &attribute.value, found);
            }
            Item::Block(block) => of_body(text, block.body, found),
        }
    }
}

/// Looks for objects anywhere in a value: in lists and in the arguments of functions too.
fn of_value(text: &str, value: &Span, found: &mut Vec<(usize, String)>) {
    let mut open = Vec::new();
    for token in Lexer::new(text, value.clone()).map_while(Result::ok) {
        match token.kind {
            Kind::OpenBrace => open.push(token.start),
            Kind::CloseBrace => {
                let Some(start) = open.pop() else { return };
                if let Some(inside) = object_inside(text, &(start..token.end)) {
                    of_object(text, inside, found);
                }
            }
            _ => {}
        }
    }
}

fn of_object(text: &str, inside: Span, found: &mut Vec<(usize, String)>) {
    let mut seen = HashMap::new();
    for element in elements(text, inside).unwrap_or_default() {
        let key = &text[element.key.clone()];
        if key.starts_with('(') {
            continue;
        }
        note(text, &element.key, literal_string(key).unwrap_or(key), &mut seen, found);
    }
}

fn note<'a>(
    text: &'a str,
    span: &Span,
    key: &'a str,
    seen: &mut HashMap<&'a str, usize>,
    found: &mut Vec<(usize, String)>,
) {
    match seen.get(key) {
        None => {
            seen.insert(key, span.start);
        }
        Some(first) => {
            let line = position_of(text, *first).line;
            found.push((span.start, format!("'{key}' stands here a second time; the first is on line {line}")));
        }
    }
}
