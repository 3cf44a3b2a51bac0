//! The layout in which each pipeline is a module block of one Terraform root.

mod add;
pub(super) mod change;
pub(super) mod clone;
pub(super) mod follow;
mod json;
pub(super) mod place;
mod remove;
mod replace;
mod verify;

use std::collections::HashMap;

use crate::hcl::{Attribute, Block, Item, Items, LineCounter, Locals, Span, items, label_text, literal_string};
use crate::pipeline::{Estate, Namespace, Pipeline, Reach, Unclear};

use super::{LayoutError, Rules, SourceFile};

pub(super) use change::located;

pub use add::{Added, Addition, NewBlock, Origin, Place};

/// The module blocks of a root, and which of them are pipelines.
#[derive(Debug)]
pub struct ModuleBlocks<'a> {
    files: &'a [SourceFile],
    rules: &'a Rules,
    /// The items of each file; none for JSON.
    items: Vec<Vec<Item>>,
    /// Where each label of a module stands first: file and line.
    labels: HashMap<String, (String, usize)>,
    /// A module has the configured source: then a label makes no pipeline of one with another source.
    sourced: bool,
    estate: Estate,
}

/// What the lines of a module block say.
#[derive(Debug, Default)]
struct Module {
    source: Option<Span>,
    namespace: Option<Span>,
}

impl<'a> ModuleBlocks<'a> {
    /// Reads the `*.tf` and `*.tf.json` files of the root (not of folders below it).
    pub fn read(files: &'a [SourceFile], rules: &'a Rules) -> Result<Self, LayoutError> {
        let mut all_items = Vec::with_capacity(files.len());
        for file in files {
            let items = if file.is_json() { Vec::new() } else { items(&file.text).map_err(syntax(file))? };
            all_items.push(items);
        }
        let mut locals = Locals::new();
        for (file, items) in files.iter().zip(&all_items) {
            for block in blocks(file, items, "locals") {
                locals.add(&file.text, block).map_err(syntax(file))?;
            }
        }
        let sourced = any_has_source(files, &all_items, rules)?;
        let (labels, estate) = (HashMap::new(), Estate::default());
        let mut read = Self { files, rules, items: all_items, labels, sourced, estate };
        for index in 0..files.len() {
            read.read_file(index, &mut locals)?;
        }
        Ok(read)
    }

    /// The pipelines.
    pub fn estate(&self) -> &Estate {
        &self.estate
    }

    /// The address that a new pipeline's module would have.
    pub(super) fn address_of(&self, namespace: &Namespace) -> String {
        format!("module.{}", self.rules.label_for(namespace))
    }

    fn read_file(&mut self, index: usize, locals: &mut Locals<'_>) -> Result<(), LayoutError> {
        let file = &self.files[index];
        if file.is_json() {
            return json::read(file, self.rules, self.sourced, &mut self.labels, &mut self.estate);
        }
        if file.is_override() {
            return Ok(());
        }
        let mut lines = LineCounter::default();
        for block in blocks(file, &self.items[index], "module") {
            let [label] = block.labels.as_slice() else { continue };
            let label = label_text(&file.text, label);
            let line = lines.line_of(&file.text, block.kind.start);
            self.labels.entry(label.to_owned()).or_insert_with(|| (file.path.clone(), line));
            let module = module(&file.text, block, self.rules).map_err(syntax(file))?;
            match which(&file.text, label, &module, self.rules, self.sourced, locals) {
                None => {}
                Some(Ok(namespace)) => self.estate.pipelines.push(Pipeline {
                    namespace,
                    label: label.to_owned(),
                    file: file.path.clone(),
                    line,
                    span: block.span(),
                    reach: Reach::Module,
                }),
                Some(Err(reason)) => {
                    let (label, file) = (label.to_owned(), file.path.clone());
                    self.estate.unclear.push(Unclear { label, namespace: None, file, line, reason });
                }
            }
        }
        Ok(())
    }

    /// The locals, to evaluate another block with.
    fn locals(&self) -> Result<Locals<'a>, LayoutError> {
        let mut locals = Locals::new();
        for (file, items) in self.files.iter().zip(&self.items) {
            for block in blocks(file, items, "locals") {
                locals.add(&file.text, block).map_err(syntax(file))?;
            }
        }
        Ok(locals)
    }

    fn index_of(&self, path: &str) -> Option<usize> {
        self.files.iter().position(|file| file.path == path)
    }
}

fn syntax(file: &SourceFile) -> impl Fn(crate::hcl::SyntaxError) -> LayoutError {
    |error| LayoutError::Syntax { path: file.path.clone(), error }
}

fn blocks<'a>(file: &'a SourceFile, items: &'a [Item], kind: &'static str) -> impl Iterator<Item = &'a Block> {
    items.iter().filter_map(move |item| match item {
        Item::Block(block) if &file.text[block.kind.clone()] == kind => Some(block),
        _ => None,
    })
}

/// Reads no further than it must: most blocks begin with both.
fn module(text: &str, block: &Block, rules: &Rules) -> Result<Module, crate::hcl::SyntaxError> {
    let mut module = Module::default();
    for item in Items::new(text, block.body.clone()) {
        if let Item::Attribute(Attribute { name, value }) = item? {
            let name = &text[name];
            if name == "source" {
                module.source = Some(value);
            } else if name == rules.namespace_attribute() {
                module.namespace = Some(value);
            }
            if module.source.is_some() && module.namespace.is_some() {
                break;
            }
        }
    }
    Ok(module)
}

/// Whether a module has the configured source.
fn any_has_source(files: &[SourceFile], items: &[Vec<Item>], rules: &Rules) -> Result<bool, LayoutError> {
    for (file, items) in files.iter().zip(items).filter(|(file, _)| !file.is_override()) {
        for block in blocks(file, items, "module") {
            let module = module(&file.text, block, rules).map_err(syntax(file))?;
            if source_of(&file.text, &module).is_some_and(|source| rules.is_source(source)) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn source_of<'a>(text: &'a str, module: &Module) -> Option<&'a str> {
    module.source.as_ref().and_then(|source| literal_string(&text[source.clone()]))
}

/// Which pipeline a module is; `None` when it is none, an error when it does not say. `sourced`: another source than the
/// configured one makes it none, whatever its label.
fn which(
    text: &str,
    label: &str,
    module: &Module,
    rules: &Rules,
    sourced: bool,
    locals: &mut Locals<'_>,
) -> Option<Result<Namespace, String>> {
    let labelled = rules.namespace_in(label);
    let source = source_of(text, module);
    let is_source = source.is_some_and(|source| rules.is_source(source));
    if !is_source && (labelled.is_none() || (sourced && source.is_some())) {
        return None;
    }
    let attribute = rules.namespace_attribute();
    let Some(value) = &module.namespace else {
        return Some(labelled.ok_or_else(|| format!("it has no '{attribute}', and its label names no pipeline")));
    };
    Some(match (locals.evaluate_string(&text[value.clone()]), labelled) {
        (Ok(value), _) => rules.namespace_of(label, &value),
        (Err(_), Some(labelled)) => Ok(labelled),
        (Err(unknown), None) => Err(format!("its '{attribute}' {unknown}")),
    })
}

#[cfg(test)]
mod tests;
