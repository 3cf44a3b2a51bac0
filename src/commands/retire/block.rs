//! The block of the pipeline, and the edit that takes it out.

use super::super::common::estate;
use super::super::common::former::former;
use crate::context::Context;
use crate::failure::Failure;
use crate::files;
use crate::layout::{Edit, Layout, Reference, references};
use crate::pipeline::{Estate, Namespace, Pipeline};

/// The edit that takes a pipeline out, or where it was.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockRemoval {
    /// What it is called: the address of its module, its first address, or the folder of its root.
    pub address: String,
    /// The addresses that are it, as far as they can be known without the state; none where it is a whole root.
    pub addresses: Vec<String>,
    /// The folder of its own root, relative to the project's.
    pub root: Option<String>,
    /// What it is in the files: a block, an entry, a folder.
    pub sort: &'static str,
    /// Whether it is in the files, or was at the commit that is checked out or on the main branch.
    pub is_known: bool,
    /// The pipeline as it stands; none where its block is gone.
    pub pipeline: Option<Pipeline>,
    /// What changes in the files; empty where the block is gone.
    pub edits: Vec<Edit>,
    /// The pipelines there are, with this one.
    pub estate: Estate,
}

impl BlockRemoval {
    /// Works out the edit, and refuses it where something else names the module. Nothing is written.
    ///
    /// `address`: that of the module, where it is known already although its block is gone.
    pub fn find(context: &Context, namespace: &Namespace, address: Option<&str>) -> Result<Self, Failure> {
        let layout = estate::layout(&context.settings)?;
        let files = estate::files_of(&context.settings, &layout)?;
        let reading = layout.read(&files)?;
        let estate = reading.estate().clone();
        estate::refuse_unclear(context, &estate, namespace)?;
        let pipeline = estate.find(namespace).cloned();
        let former = if pipeline.is_none() { former(context, &layout, namespace) } else { None };
        let known = pipeline.as_ref().or(former.as_ref());
        let is_known = known.is_some();
        let root = known.and_then(Pipeline::root).map(str::to_owned);
        let addresses = match (&pipeline, address, &former) {
            (Some(pipeline), _, _) => pipeline.addresses(),
            (None, Some(address), _) => vec![address.to_owned()],
            (None, None, Some(former)) => former.addresses(),
            (None, None, None) => reading.addresses_of(namespace),
        };
        let shown = root.clone().or_else(|| addresses.first().cloned());
        let shown = shown.unwrap_or_else(|| known.map_or_else(|| namespace.to_string(), Pipeline::address));
        let own = pipeline.as_ref().map(|pipeline| (pipeline.file.as_str(), &pipeline.span));
        let names = reading.names_of(namespace).into_iter().filter(|name| !addresses.contains(name));
        for name in addresses.iter().cloned().chain(names) {
            refuse_named(namespace, &name, &references(&files, &name, own)?)?;
        }
        let folder = match pipeline.as_ref().and_then(Pipeline::root) {
            Some(folder) => estate::folder(context, folder)?,
            None => Vec::new(),
        };
        let edits = if pipeline.is_some() { reading.remove(namespace, &folder)? } else { Vec::new() };
        let sort = match layout {
            Layout::ModuleBlocks(_) => "block",
            Layout::MapEntries(_) => "entry",
            Layout::Directories(_) => "folder",
        };
        Ok(Self { address: shown, addresses, root, sort, is_known, pipeline, edits, estate })
    }

    /// The files that change; a folder that goes stands for all that is in it.
    pub fn files(&self) -> Vec<&str> {
        match &self.root {
            Some(root) if !self.edits.is_empty() => vec![root],
            _ => self.edits.iter().map(Edit::path).collect(),
        }
    }

    /// What was written, in words. A folder stays where it has files that are not known to belong to it.
    pub fn removed(&self, context: &Context) -> String {
        match &self.root {
            Some(root) => removed_folder(context, root),
            None => format!("Removed {} from {}.", self.address, self.files().join(", ")),
        }
    }
}

/// What was removed of a folder, and what is left in it.
pub fn removed_folder(context: &Context, root: &str) -> String {
    let mut left = files::paths_below(&context.settings.directory.join(root)).unwrap_or_default();
    left.retain(|path| !path.starts_with(".terraform"));
    match left.as_slice() {
        [] => format!("Removed {root}."),
        left => format!("Removed what git knows of {root}; what stays there: {}.", left.join(", ")),
    }
}

/// What cannot be edited, or is not just one block, is left to a person.
fn refuse_named(namespace: &Namespace, address: &str, found: &[Reference]) -> Result<(), Failure> {
    if found.is_empty() {
        return Ok(());
    }
    let places = found.iter().map(|it| format!("\n  {}:{}:{}: {}", it.path, it.line, it.column, it.text));
    let message = format!("{namespace} is not retired: something else names {address}:{}", places.collect::<String>());
    Err(Failure::refused(message)
        .hint("take that out first, apply it ('pipelinectl plan --out FILE' and 'apply'), then retire"))
}
