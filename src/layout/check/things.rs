//! What stands at the top level of a root's files, in HCL and in JSON alike.
//!
//! JSON is read by the same lexer: its objects, lists and strings are values of HCL. So everything has its place.

use std::collections::BTreeMap;

use crate::hcl::{
    Block, Item, Items, Span, SyntaxError, elements, items, label_text, list_inside, list_items, literal_string,
    object_inside,
};

use super::super::SourceFile;

/// Kinds whose attributes are looked at; those of others are not even read.
const READ: [&str; 5] = ["locals", "module", "provider", "resource", "variable"];

/// What a value was given to.
#[derive(Debug, Clone)]
pub(super) struct Given<'a> {
    pub file: &'a SourceFile,
    /// Where its name begins.
    pub start: usize,
    pub value: Span,
}

impl<'a> Given<'a> {
    /// The value as it is written.
    pub fn text(&self) -> &'a str {
        &self.file.text[self.value.clone()]
    }
}

/// A block of the top level.
#[derive(Debug, Clone)]
pub(super) struct Thing<'a> {
    pub file: &'a SourceFile,
    pub kind: &'a str,
    pub labels: Vec<&'a str>,
    /// Where it begins; its last label in JSON.
    pub start: usize,
    pub span: Span,
    pub attributes: BTreeMap<&'a str, Given<'a>>,
}

impl<'a> Thing<'a> {
    /// The block as a thing.
    pub fn of(file: &'a SourceFile, block: &Block) -> Self {
        let text = &file.text;
        let kind = &text[block.kind.clone()];
        let mut attributes = BTreeMap::new();
        if READ.contains(&kind) {
            for item in Items::new(text, block.body.clone()).map_while(Result::ok) {
                if let Item::Attribute(attribute) = item {
                    let given = Given { file, start: attribute.name.start, value: attribute.value };
                    attributes.insert(&text[attribute.name], given);
                }
            }
        }
        let labels = block.labels.iter().map(|label| label_text(text, label)).collect();
        Self { file, kind, labels, start: block.kind.start, span: block.span(), attributes }
    }

    /// The value of an attribute as it is written.
    pub fn value(&self, name: &str) -> Option<&'a str> {
        self.attributes.get(name).map(Given::text)
    }

    /// `module.x`, `data.aws_ami.x`, `local.x`: what Terraform calls it, and takes once in a root.
    pub fn address(&self) -> Option<String> {
        match (self.kind, self.labels.as_slice()) {
            ("resource", [kind, name]) => Some(format!("{kind}.{name}")),
            ("data" | "ephemeral", [kind, name]) => Some(format!("{}.{kind}.{name}", self.kind)),
            ("module" | "output" | "variable", [name]) => Some(format!("{}.{name}", self.kind)),
            _ => None,
        }
    }
}

/// All things of a file. What cannot be read in a `.tf.json` file is left out.
pub(super) fn things(file: &SourceFile) -> Result<Vec<Thing<'_>>, SyntaxError> {
    if file.is_json() {
        let mut found = Vec::new();
        of_json(file, &mut found);
        return Ok(found);
    }
    let blocks = items(&file.text)?.into_iter().filter_map(|item| match item {
        Item::Block(block) => Some(Thing::of(file, &block)),
        Item::Attribute(_) => None,
    });
    Ok(blocks.collect())
}

/// The things of a root, where override files have been merged into the others ("Override Files" in Terraform's
/// documentation). Files that are no HCL are left out.
pub(super) fn things_of<'a>(files: impl Iterator<Item = &'a SourceFile> + Clone) -> Vec<Thing<'a>> {
    let of = |file: &'a SourceFile| things(file).unwrap_or_default();
    let mut all: Vec<Thing<'a>> = files.clone().filter(|file| !file.is_override()).flat_map(of).collect();
    for over in files.filter(|file| file.is_override()).flat_map(of) {
        for thing in all.iter_mut().filter(|thing| thing.kind == over.kind && thing.labels == over.labels) {
            thing.attributes.extend(over.attributes.clone());
        }
    }
    all
}

/// How many labels a kind has ("JSON Configuration Syntax").
fn depth(kind: &str) -> usize {
    match kind {
        "resource" | "data" | "ephemeral" => 2,
        "locals" | "terraform" => 0,
        _ => 1,
    }
}

fn of_json<'a>(file: &'a SourceFile, found: &mut Vec<Thing<'a>>) {
    let text = file.text.as_str();
    let start = text.len() - text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).len();
    for root in bodies(text, start..text.trim_end().len()) {
        for (kind, _, value) in entries(text, &root) {
            below(file, kind, &mut Vec::new(), (0, value), depth(kind), found);
        }
    }
}

fn below<'a>(
    file: &'a SourceFile,
    kind: &'a str,
    labels: &mut Vec<&'a str>,
    (start, value): (usize, Span),
    depth: usize,
    found: &mut Vec<Thing<'a>>,
) {
    let text = file.text.as_str();
    for body in bodies(text, value) {
        let entries = entries(text, &body);
        if depth > 0 {
            for (label, start, value) in entries {
                labels.push(label);
                below(file, kind, labels, (start, value), depth - 1, found);
                labels.pop();
            }
            continue;
        }
        let given = |(name, start, value)| (name, Given { file, start, value });
        let attributes = entries.into_iter().map(given).collect();
        let start = if labels.is_empty() { body.start } else { start };
        found.push(Thing { file, kind, labels: labels.clone(), start, span: body, attributes });
    }
}

/// Terraform takes an object, or a list of them, wherever it wants one.
fn bodies(text: &str, value: Span) -> Vec<Span> {
    match list_inside(text, &value) {
        Some(inside) => {
            list_items(text, inside).unwrap_or_default().into_iter().flat_map(|item| bodies(text, item.value)).collect()
        }
        None => vec![value],
    }
}

/// The entries of an object: name, where it begins, and value. `"//"` is a comment.
fn entries<'a>(text: &'a str, object: &Span) -> Vec<(&'a str, usize, Span)> {
    let Some(inside) = object_inside(text, object) else { return Vec::new() };
    let entry = |element: crate::hcl::Element| {
        let name = literal_string(&text[element.key.clone()]).filter(|name| *name != "//")?;
        Some((name, element.key.start, element.value))
    };
    elements(text, inside).unwrap_or_default().into_iter().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_json_as_it_reads_hcl() {
        let json = r#"{
  "//": "a comment",
  "module": { "a": { "//": "x", "source": "./stack", "size": 1 }, "b": [{ "source": "./stack" }] },
  "resource": [{ "aws_sns_topic": { "t": { "name": "x" } } }],
  "variable": { "v": { "type": "list(string)" } }
}
"#;
        let file = SourceFile::new("main.tf.json", json);
        let found = things(&file).expect("JSON");
        let told: Vec<_> = found.iter().map(|thing| (thing.address().unwrap_or_default(), thing.start)).collect();
        let names = ["module.a", "module.b", "aws_sns_topic.t", "variable.v"];
        assert_eq!(told.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), names);
        assert_eq!(&json[told[1].1..told[1].1 + 3], "\"b\"");
        assert_eq!((found[0].attributes.len(), found[0].value("size")), (2, Some("1")));
    }

    #[test]
    fn merges_override_files() {
        let files = [
            SourceFile::new("a_override.tf", "module \"a\" {\n  size = 2\n}\nmodule \"none\" {}\n"),
            SourceFile::new("main.tf", "module \"a\" {\n  source = \"./stack\"\n}\n"),
        ];
        let found = things_of(files.iter());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].value("size"), found[0].value("source")), (Some("2"), Some("\"./stack\"")));
        assert_eq!(found[0].attributes["size"].file.path, "a_override.tf");
    }
}
