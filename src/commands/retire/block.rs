//! The block of the pipeline, and the edit that takes it out.

use super::super::common::estate;
use crate::context::Context;
use crate::failure::Failure;
use crate::files;
use crate::git::Git;
use crate::layout::module_blocks::ModuleBlocks;
use crate::layout::{Edit, Reference, Rules, references};
use crate::operations::read_estate;
use crate::pipeline::{Estate, Namespace, Pipeline};

/// The edit that takes a pipeline's block out, or where the block was.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockRemoval {
    /// The address of its module, as far as it can be known without the state.
    pub address: String,
    /// Whether its block is, or was at the commit that is checked out or on the main branch.
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
        let files = estate::files(context)?;
        let rules = estate::rules(&context.settings)?;
        let blocks = ModuleBlocks::read(&files, &rules)?;
        let estate = blocks.estate().clone();
        refuse_unclear(&estate, namespace)?;
        let pipeline = estate.find(namespace).cloned();
        let former = if pipeline.is_none() { former(context, &rules, namespace) } else { None };
        let is_known = pipeline.is_some() || former.is_some();
        let address = match (&pipeline, address) {
            (Some(pipeline), _) => pipeline.address(),
            (None, Some(address)) => address.to_owned(),
            (None, None) => former.unwrap_or_else(|| format!("module.{}", rules.label_for(namespace))),
        };
        let own = pipeline.as_ref().map(|pipeline| (pipeline.file.as_str(), &pipeline.span));
        refuse_named(namespace, &address, &references(&files, &address, own)?)?;
        let edits = if pipeline.is_some() { blocks.remove(namespace)? } else { Vec::new() };
        Ok(Self { address, is_known, pipeline, edits, estate })
    }

    /// The files that change.
    pub fn files(&self) -> Vec<&str> {
        self.edits.iter().map(Edit::path).collect()
    }
}

/// What cannot be edited, or is not just one block, is left to a person.
fn refuse_unclear(estate: &Estate, namespace: &Namespace) -> Result<(), Failure> {
    if let Some(unclear) = estate.unclear.iter().find(|unclear| unclear.namespace.as_ref() == Some(namespace)) {
        let message = format!("{}:{}: module.{}: {}", unclear.file, unclear.line, unclear.label, unclear.reason);
        return Err(Failure::usage(message).hint("nothing was changed; destroy it and take it out by hand"));
    }
    let of_it = estate.pipelines.iter().filter(|pipeline| pipeline.namespace == *namespace);
    let places: Vec<String> = of_it.map(|it| format!("{}:{}: {}", it.file, it.line, it.address())).collect();
    if places.len() > 1 {
        let message = format!("{} blocks say that they are {namespace}:\n  {}", places.len(), places.join("\n  "));
        return Err(Failure::usage(message).hint("leave one of them, or give the other its own namespace"));
    }
    Ok(())
}

fn refuse_named(namespace: &Namespace, address: &str, found: &[Reference]) -> Result<(), Failure> {
    if found.is_empty() {
        return Ok(());
    }
    let places = found.iter().map(|it| format!("\n  {}:{}:{}: {}", it.path, it.line, it.column, it.text));
    let message = format!("{namespace} is not retired: something else names {address}:{}", places.collect::<String>());
    Err(Failure::refused(message)
        .hint("take that out first, apply it ('pipelinectl plan --out FILE' and 'apply'), then retire"))
}

/// The address that the module had at the commit that is checked out, else on the main branch.
fn former(context: &Context, rules: &Rules, namespace: &Namespace) -> Option<String> {
    let root = files::real_path(&context.settings.root()).ok()?;
    let git = Git::new(&root, context.ui.progress());
    let top = files::real_path(&git.top().ok()?).ok()?;
    let folder = root.strip_prefix(&top).ok()?;
    ["HEAD", context.settings.images.main_branch.as_str()].into_iter().find_map(|revision| {
        let commit = git.commit(revision).ok()?;
        let files = read_estate::at_commit(&git, &commit, folder, &context.settings.terraform_dir).ok()?;
        let blocks = ModuleBlocks::read(&files, rules).ok()?;
        blocks.estate().find(namespace).map(Pipeline::address)
    })
}
