//! The layout in which each pipeline is an entry of one map, which feeds `for_each`.

mod add;
mod entry;
mod map;
mod named;
mod place;
mod remove;
mod rest;

use std::collections::HashMap;

use crate::hcl::{Element, Item, LineCounter, Locals, Path, Segment, elements, items, literal_string};
use crate::pipeline::{Estate, Namespace, Pipeline, Reach, Unclear};

use super::changes::Target;
use super::{LayoutError, Rules, SourceFile};
use map::Map;

pub(super) use map::fed_by;
pub use map::{MapName, MapNameError};

/// What stands for the namespace in addresses.
const PLACE: &str = "{namespace}";

/// How pipelines are told from other entries, and which map it is.
#[derive(Debug, Clone)]
pub struct MapRules {
    /// What is common to all layouts.
    pub rules: Rules,
    /// The map.
    pub map: MapName,
    /// What one entry makes, with `{namespace}` for its key; found by itself where it is empty and the map is a local.
    pub addresses: Vec<String>,
}

/// The map of a root, and which of its entries are pipelines.
#[derive(Debug)]
pub struct MapEntries<'a> {
    files: &'a [SourceFile],
    rules: &'a MapRules,
    items: Vec<Vec<Item>>,
    map: Map,
    /// The entries of the map, in order.
    elements: Vec<Element>,
    estate: Estate,
}

impl<'a> MapEntries<'a> {
    /// Reads the `*.tf` files of the root (not of folders below it).
    pub fn read(files: &'a [SourceFile], rules: &'a MapRules) -> Result<Self, LayoutError> {
        let items = files
            .iter()
            .map(|file| if file.is_json() { Ok(Vec::new()) } else { items(&file.text).map_err(syntax(file)) })
            .collect::<Result<Vec<_>, _>>()?;
        let map = map::find(files, &items, &rules.map)?;
        let file = &files[map.file];
        let elements = elements(&file.text, map.inside.clone()).map_err(syntax(file))?;
        let mut read = Self { files, rules, items, map, elements, estate: Estate::default() };
        read.estate = read.pipelines()?;
        Ok(read)
    }

    /// The entry of a pipeline, by the block that the map stands in.
    pub fn target(&self, pipeline: &Pipeline) -> Target {
        let name = |key: &String| Segment::Name { name: key.clone(), number: None };
        let mut segments: Vec<Segment> = self.map.keys.iter().map(name).collect();
        let computed = pipeline.label.strip_prefix('(').and_then(|inside| inside.strip_suffix(')'));
        segments.push(match computed {
            Some(expression) if !expression.starts_with('"') => Segment::Computed(expression.trim().to_owned()),
            _ => Segment::Key(pipeline.namespace.to_string()),
        });
        let start = self.map.block.kind.start;
        Target { file: pipeline.file.clone(), start, prefix: Path::of(segments) }
    }

    /// The name of the local that the map is, where it is one and not something in it.
    pub(super) fn local(&self) -> Option<&str> {
        self.rules.map.local()
    }

    /// The pipelines.
    pub fn estate(&self) -> &Estate {
        &self.estate
    }

    /// What one entry makes, with `{namespace}` for its key.
    pub fn addresses(&self) -> Vec<String> {
        match self.rules.map.local() {
            _ if !self.rules.addresses.is_empty() => self.rules.addresses.clone(),
            Some(local) => fed_by(self.files, &format!("local.{local}")),
            None => {
                self.rules.map.of_for_each().map(|module| format!("module.{module}[\"{PLACE}\"]")).into_iter().collect()
            }
        }
    }

    /// What the entry of one pipeline makes, or would make.
    pub(super) fn addresses_of(&self, namespace: &Namespace) -> Vec<String> {
        instances(&self.addresses(), namespace)
    }

    fn pipelines(&self) -> Result<Estate, LayoutError> {
        let mut estate = Estate::default();
        let mut locals = self.locals()?;
        let addresses = self.addresses();
        let file = self.file();
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut lines = LineCounter::default();
        for element in &self.elements {
            let key = &file.text[element.key.clone()];
            let line = lines.line_of(&file.text, element.key.start);
            let found = key_text(key, &mut locals).and_then(|text| self.rules.rules.namespace(&text));
            let found =
                found.map_err(|reason| (None, reason)).and_then(|namespace| match seen.get(namespace.as_str()) {
                    Some(first) => {
                        let reason = format!("the key stands here a second time; the first is on line {first}");
                        Err((Some(namespace), reason))
                    }
                    None => Ok(namespace),
                });
            match found {
                Ok(namespace) => {
                    seen.insert(namespace.as_str().to_owned(), line);
                    estate.pipelines.push(Pipeline {
                        reach: Reach::Addresses(instances(&addresses, &namespace)),
                        label: key.to_owned(),
                        file: file.path.clone(),
                        line,
                        span: element.key.start..element.value.end,
                        namespace,
                    });
                }
                Err((namespace, reason)) => estate.unclear.push(Unclear {
                    label: key.to_owned(),
                    namespace,
                    file: file.path.clone(),
                    line,
                    reason,
                }),
            }
        }
        Ok(estate)
    }

    fn file(&self) -> &'a SourceFile {
        &self.files[self.map.file]
    }

    fn locals(&self) -> Result<Locals<'a>, LayoutError> {
        let mut locals = Locals::new();
        for (file, items) in self.files.iter().zip(&self.items) {
            for item in items {
                if let Item::Block(block) = item
                    && &file.text[block.kind.clone()] == "locals"
                {
                    locals.add(&file.text, block).map_err(syntax(file))?;
                }
            }
        }
        Ok(locals)
    }

    fn pipeline(&self, namespace: &Namespace) -> Result<&Pipeline, LayoutError> {
        self.estate.find(namespace).ok_or_else(|| LayoutError::no_such_pipeline(namespace, &self.estate))
    }

    /// Which of the entries a pipeline is.
    fn index_of(&self, pipeline: &Pipeline) -> usize {
        self.elements.partition_point(|element| element.key.start < pipeline.span.start)
    }
}

fn syntax(file: &SourceFile) -> impl Fn(crate::hcl::SyntaxError) -> LayoutError {
    |error| LayoutError::Syntax { path: file.path.clone(), error }
}

fn instances(addresses: &[String], namespace: &Namespace) -> Vec<String> {
    addresses.iter().map(|address| address.replace(PLACE, namespace.as_str())).collect()
}

/// What a key is: a name, a string, or an expression in parentheses that is statically known.
fn key_text(key: &str, locals: &mut Locals<'_>) -> Result<String, String> {
    if let Some(text) = literal_string(key) {
        return Ok(text.to_owned());
    }
    let expression = key.strip_prefix('(').and_then(|inside| inside.strip_suffix(')')).map(str::trim);
    match expression {
        None if !key.starts_with('"') => Ok(key.to_owned()),
        expression => locals.evaluate_string(expression.unwrap_or(key)).map_err(|unknown| format!("its key {unknown}")),
    }
}

#[cfg(test)]
mod tests;
