//! The address of a block: its kind, its labels, and its number where there are more of them.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use crate::hcl::{Anchor, Change, Item, Items, Segment, position_of};

use super::super::{LayoutError, SourceFile};
use super::{Blocks, Found, Target};
use crate::hcl::Path;

/// The kinds of blocks that Terraform knows, with the number of their labels ("Files and Configuration Structure").
const KINDS: [(&str, usize); 13] = [
    ("module", 1),
    ("locals", 0),
    ("output", 1),
    ("variable", 1),
    ("data", 2),
    ("resource", 2),
    ("ephemeral", 2),
    ("provider", 1),
    ("terraform", 0),
    ("moved", 0),
    ("import", 0),
    ("removed", 0),
    ("check", 1),
];

/// The address of a block: `module.pipeline`, `locals`, `output.live_index`, `aws_sqs_queue.works`, `module.x#2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    kind: String,
    labels: Vec<String>,
    /// From 1, where one was given.
    number: Option<usize>,
}

/// Text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{address}' is no address of a block: {reason}")]
pub struct AddressError {
    /// The text as given.
    pub address: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Address {
    /// Whether the text means a block by its address, and not a pipeline by its name.
    pub fn is_meant(text: &str) -> bool {
        let bare = text.split('#').next().unwrap_or(text);
        let (first, rest) = bare.split_once('.').map_or((bare, None), |(first, rest)| (first, Some(rest)));
        match KINDS.iter().find(|(kind, _)| *kind == first || (first == "var" && *kind == "variable")) {
            Some((_, labels)) => rest.is_some() == (*labels > 0),
            // The type of a resource.
            None => rest.is_some() && first.contains('_') && first.starts_with(|c: char| c.is_ascii_lowercase()),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |reason: &str| AddressError { address: text.to_owned(), reason: reason.to_owned() };
        let (bare, number) = match text.split_once('#') {
            Some((bare, number)) => match number.parse() {
                Ok(number) if number > 0 => (bare, Some(number)),
                _ => return Err(error("a number from 1 must follow '#'")),
            },
            None => (text, None),
        };
        let mut parts = bare.split('.');
        let first = parts.next().unwrap_or("");
        let mut labels: Vec<String> = parts.map(str::to_owned).collect();
        let kind = match first {
            "var" => "variable",
            known if KINDS.iter().any(|(kind, _)| *kind == known) => known,
            _ => {
                labels.insert(0, first.to_owned());
                "resource"
            }
        };
        let wanted = KINDS.iter().find(|(known, _)| *known == kind).map_or(0, |(_, count)| *count);
        if labels.len() != wanted || labels.iter().any(String::is_empty) {
            return Err(error("it looks like module.pipeline, locals, output.name or aws_sqs_queue.name"));
        }
        Ok(Self { kind: kind.to_owned(), labels, number })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<&str> = self.labels.iter().map(String::as_str).collect();
        if self.kind != "resource" {
            parts.insert(0, &self.kind);
        }
        formatter.write_str(&parts.join("."))?;
        self.number.map_or(Ok(()), |number| write!(formatter, "#{number}"))
    }
}

impl Blocks<'_> {
    /// The block at the address. `file`: it is looked for in this file only. Of several `locals` blocks it is the one
    /// that has what the changes are about.
    pub fn find(&self, address: &Address, file: Option<&str>, changes: &[Change]) -> Result<Target, LayoutError> {
        let is_it = |found: &Found<'_>| {
            self.kind(*found) == address.kind
                && self.labels(*found) == address.labels
                && file.is_none_or(|file| self.files[found.file].path == file)
        };
        let found: Vec<Found<'_>> = self.blocks().filter(is_it).collect();
        let target = |found: Found<'_>| Target {
            file: self.files[found.file].path.clone(),
            start: found.block.kind.start,
            prefix: Path::root(),
        };
        if let Some(number) = address.number {
            return found.get(number - 1).map(|found| target(*found)).ok_or_else(|| self.missing(address, file));
        }
        match found.as_slice() {
            [] => Err(self.missing(address, file)),
            [only] => Ok(target(*only)),
            several => {
                if address.kind == "locals"
                    && let Some(of_name) = self.locals_of(several, changes)
                {
                    return Ok(target(of_name));
                }
                let place = |found: &Found<'_>| {
                    let file = &self.files[found.file];
                    let position = position_of(&file.text, found.block.kind.start);
                    format!("{}:{}:{}", file.path, position.line, position.column)
                };
                let places = several.iter().map(place).collect();
                Err(LayoutError::DuplicateTarget { address: address.to_string(), places })
            }
        }
    }

    /// The first of the blocks of locals that a change is about; any where all that is asked for is that nothing is there.
    fn locals_of<'b>(&self, blocks: &[Found<'b>], changes: &[Change]) -> Option<Found<'b>> {
        let about = changes.iter().find_map(|change| self.about(blocks, change));
        let is_there_nothing = |change: &Change| {
            matches!(change, Change::Unset { .. } | Change::RemoveItem { .. }) && !self.is_in_any(blocks, change)
        };
        about.or_else(|| blocks.first().copied().filter(|_| changes.iter().all(is_there_nothing)))
    }

    fn is_in_any(&self, blocks: &[Found<'_>], change: &Change) -> bool {
        first_name(change.path()).is_none_or(|name| blocks.iter().any(|found| self.has_attribute(*found, name)))
    }

    fn has_attribute(&self, found: Found<'_>, name: &str) -> bool {
        let text = &self.files[found.file].text;
        Items::new(text, found.block.body.clone())
            .map_while(Result::ok)
            .any(|item| matches!(item, Item::Attribute(attribute) if text[attribute.name.clone()] == *name))
    }

    /// The one block that the change is about: it has the local, or the one that something new goes beside, or the comment
    /// that is to be code.
    pub(super) fn about<'b>(&self, blocks: &[Found<'b>], change: &Change) -> Option<Found<'b>> {
        let only = |is_it: &dyn Fn(Found<'_>) -> bool| {
            let mut found = blocks.iter().filter(|found| is_it(**found));
            let first = found.next()?;
            found.next().is_none().then_some(*first)
        };
        let name = first_name(change.path())?;
        if self.is_in_any(blocks, change) {
            return only(&|found| self.has_attribute(found, name));
        }
        match change {
            Change::Set { path, anchor: Some(Anchor::After(key) | Anchor::Before(key)), .. }
                if path.segments().len() == 1 =>
            {
                only(&|found| self.has_attribute(found, key))
            }
            Change::Uncomment { .. } => only(&|found| {
                let marks = ['#', '/', '*', ' ', '\t', '"'];
                let mut lines = self.files[found.file].text[found.block.body.clone()].lines();
                lines.any(|line| {
                    let rest = line.trim_start_matches(marks).strip_prefix(name);
                    line.trim_start().starts_with(['#', '/'])
                        && rest.is_some_and(|rest| rest.trim_start().starts_with('='))
                })
            }),
            _ => None,
        }
    }

    fn missing(&self, address: &Address, file: Option<&str>) -> LayoutError {
        let mut in_json =
            self.files.iter().filter(|other| other.is_json() && file.is_none_or(|file| other.path == file));
        if let Some((path, line, column)) = in_json.find_map(|file| in_json_file(file, address)) {
            return LayoutError::BlockInJson { address: address.to_string(), path, line, column };
        }
        let known = self
            .blocks()
            .filter(|found| self.kind(*found) == address.kind)
            .map(|found| {
                let labels = self.labels(found).iter().map(ToString::to_string).collect();
                Address { kind: address.kind.clone(), labels, number: None }.to_string()
            })
            .collect();
        LayoutError::NoSuchBlock { address: address.to_string(), file: file.map(str::to_owned), known }
    }
}

fn first_name(path: &Path) -> Option<&str> {
    match path.segments().first() {
        Some(Segment::Name { name, .. } | Segment::Key(name)) => Some(name),
        _ => None,
    }
}

/// Where a `.tf.json` file has the block.
fn in_json_file(file: &SourceFile, address: &Address) -> Option<(String, usize, usize)> {
    let root: Value = serde_json::from_str(file.text.trim_start_matches('\u{feff}')).ok()?;
    let mut values = vec![&root];
    for key in std::iter::once(&address.kind).chain(&address.labels) {
        let mut next = Vec::new();
        for value in values {
            match value {
                Value::Array(values) => next.extend(values.iter().filter_map(|value| value.get(key))),
                value => next.extend(value.get(key)),
            }
        }
        values = next;
    }
    values.first()?;
    let name = format!("\"{}\"", address.labels.last().unwrap_or(&address.kind));
    let position = position_of(&file.text, file.text.find(&name).unwrap_or(0));
    Some((file.path.clone(), position.line, position.column))
}
