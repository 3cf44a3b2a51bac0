//! Changes of blocks that are there: a pipeline's, or any other's by its address.

mod address;
mod draft;
mod follow;

use std::cell::RefCell;

use crate::hcl::{
    Around, Block, Change, EditError, Expressions, Item, Locals, Path, items, label_text, literal_string,
};
use crate::pipeline::Pipeline;

use super::{Edit, LayoutError, SourceFile};

pub use address::{Address, AddressError};
use draft::Drafts;

/// What is changed: a block, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The file of the block.
    pub file: String,
    /// The first byte of the block in that file.
    pub start: usize,
    /// The way from the block to what paths go from; nothing but for an entry of a map.
    pub prefix: Path,
}

/// The edits that come of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// What changes in the files; nothing where everything is as it was asked for.
    pub edits: Vec<Edit>,
    /// What the user should look at.
    pub notes: Vec<String>,
}

impl Target {
    /// The block of a pipeline.
    pub fn of(pipeline: &Pipeline) -> Self {
        Self { file: pipeline.file.clone(), start: pipeline.span.start, prefix: Path::root() }
    }
}

/// The files of a root with their items, to find blocks in.
#[derive(Debug)]
pub struct Blocks<'a> {
    files: &'a [SourceFile],
    /// The items of each file; none for JSON.
    items: Vec<Vec<Item>>,
}

/// A block, by the number of its file.
#[derive(Debug, Clone, Copy)]
struct Found<'b> {
    file: usize,
    block: &'b Block,
}

impl<'a> Blocks<'a> {
    /// Reads the `*.tf` files among the files.
    pub fn read(files: &'a [SourceFile]) -> Result<Self, LayoutError> {
        let mut all = Vec::with_capacity(files.len());
        for file in files {
            let syntax = |error| LayoutError::Syntax { path: file.path.clone(), error };
            all.push(if file.is_json() { Vec::new() } else { items(&file.text).map_err(syntax)? });
        }
        Ok(Self { files, items: all })
    }

    fn blocks(&self) -> impl Iterator<Item = Found<'_>> {
        self.items.iter().enumerate().flat_map(|(file, items)| {
            items.iter().filter_map(move |item| match item {
                Item::Block(block) => Some(Found { file, block }),
                Item::Attribute(_) => None,
            })
        })
    }

    fn kind(&self, found: Found<'_>) -> &'a str {
        &self.files[found.file].text[found.block.kind.clone()]
    }

    fn labels(&self, found: Found<'_>) -> Vec<&'a str> {
        let text = &self.files[found.file].text;
        found.block.labels.iter().map(|label| label_text(text, label)).collect()
    }

    fn block_of(&self, target: &Target) -> Result<Found<'_>, LayoutError> {
        let is_it =
            |found: &Found<'_>| self.files[found.file].path == target.file && found.block.kind.start == target.start;
        let gone = || LayoutError::Check { path: target.file.clone(), what: "the block is not there".to_owned() };
        self.blocks().find(is_it).ok_or_else(gone)
    }

    /// Works out the edits that make `changes` in the block, and checks them. Nothing is written.
    pub fn change(&self, target: &Target, changes: &[Change]) -> Result<Changed, LayoutError> {
        let siblings = self.siblings(self.block_of(target)?);
        let is_of_root = |file: &&SourceFile| folder_of(&file.path) == folder_of(&target.file);
        if self.files.iter().all(|file| is_of_root(&file)) {
            return self.change_in_root(target, changes, &siblings);
        }
        // Each folder is a root: what the others call by the same name is something else.
        let files: Vec<SourceFile> = self.files.iter().filter(is_of_root).cloned().collect();
        Blocks::read(&files)?.change_in_root(target, changes, &siblings)
    }

    fn change_in_root(&self, target: &Target, changes: &[Change], siblings: &[&str]) -> Result<Changed, LayoutError> {
        let found = self.block_of(target)?;
        let locals = RefCell::new(self.locals()?);
        let keys = |key: &str| locals.borrow_mut().evaluate_string(key).ok();
        let mut drafts = Drafts::new(self);
        let mut notes = Vec::new();
        let all_locals: Vec<Found<'_>> = self.blocks().filter(|found| self.kind(*found) == "locals").collect();
        for change in changes {
            // Of several blocks of locals each change goes to that which it is about.
            let is_locals = self.kind(found) == "locals" && target.prefix.segments().is_empty();
            let found = if is_locals { self.about(&all_locals, change).unwrap_or(found) } else { found };
            let around = Around {
                siblings,
                file: &self.files[found.file].text,
                expressions: Expressions::Refuse,
                keys: Some(&keys),
                added: &[],
            };
            let change = change.clone().below(&target.prefix);
            let made = follow::make(self, &mut drafts, found, &change, &around, &mut notes)?;
            if !made {
                notes.extend(match change {
                    Change::Unset { path } => Some(format!("there is no '{path}' to take out")),
                    Change::RemoveItem { path, .. } => Some(format!("'{path}' has no such item to take out")),
                    _ => None,
                });
            }
        }
        Ok(Changed { edits: drafts.edits()?, notes })
    }

    /// The lines of the blocks that are like this one, the nearest first.
    fn siblings(&self, found: Found<'_>) -> Vec<&'a str> {
        const ENOUGH: usize = 50;
        let (kind, labels) = (self.kind(found), self.labels(found));
        let source = self.source(found);
        let is_like = |other: &Found<'_>| {
            let is_it = other.file == found.file && other.block.kind.start == found.block.kind.start;
            let alike = match kind {
                "module" => source.is_some() && self.source(*other) == source,
                "resource" | "data" | "provider" => self.labels(*other).first() == labels.first(),
                _ => false,
            };
            !is_it && self.kind(*other) == kind && alike
        };
        let mut others: Vec<Found<'_>> = self.blocks().filter(is_like).collect();
        let distance =
            |other: &Found<'_>| (other.file != found.file, other.block.kind.start.abs_diff(found.block.kind.start));
        others.sort_by_key(distance);
        let lines = |other: Found<'_>| &self.files[other.file].text[other.block.span()];
        others.into_iter().take(ENOUGH).map(lines).collect()
    }

    fn source(&self, found: Found<'_>) -> Option<&'a str> {
        let text = &self.files[found.file].text;
        crate::hcl::Items::new(text, found.block.body.clone()).map_while(Result::ok).find_map(|item| match item {
            Item::Attribute(attribute) if &text[attribute.name.clone()] == "source" => {
                literal_string(&text[attribute.value])
            }
            _ => None,
        })
    }

    fn locals(&self) -> Result<Locals<'a>, LayoutError> {
        let mut locals = Locals::new();
        for found in self.blocks().filter(|found| self.kind(*found) == "locals") {
            let file = &self.files[found.file];
            let syntax = |error| LayoutError::Syntax { path: file.path.clone(), error };
            locals.add(&file.text, found.block).map_err(syntax)?;
        }
        Ok(locals)
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The error with the lines of the file at `path`, where `above` lines stand above those that it is about.
fn located(error: EditError, path: &str, above: usize) -> LayoutError {
    LayoutError::Edit(super::module_blocks::located(error, path, above))
}

#[cfg(test)]
mod tests;
