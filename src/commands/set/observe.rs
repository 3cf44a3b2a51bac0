//! What is there, and what `set` would make of it.

use std::path::Path;

use super::super::common::{estate, target};
use super::{Arguments, Report};
use crate::context::Context;
use crate::failure::Failure;
use crate::layout::changes::{Address, Blocks, Changed, Target};
use crate::layout::{Edit, SourceFile};
use crate::operations::read_estate;
use crate::pipeline::{Estate, Namespace, Pipeline};
use crate::ui::diff::unified;

/// The change of a block, before it is made.
#[derive(PartialEq)]
pub struct Setting {
    /// What was named.
    pub name: String,
    /// The edits.
    pub changed: Changed,
    /// The pipeline that the block is, where it is one.
    pub pipeline: Option<Pipeline>,
    /// All pipelines.
    pub estate: Estate,
}

impl Setting {
    /// Shows the diff.
    pub fn show(&self, context: &Context) {
        for edit in &self.changed.edits {
            if let Edit::Write { path, before, after } = edit {
                context.ui.show(&unified(path, before, after));
            }
        }
        for note in &self.changed.notes {
            context.ui.warn(note);
        }
    }

    /// What is known before anything is written.
    pub fn report(&self) -> Report {
        Report {
            target: self.name.clone(),
            files: self.changed.edits.iter().map(|edit| edit.path().to_owned()).collect(),
            written: false,
            notes: self.changed.notes.clone(),
            plan: None,
            applied: false,
        }
    }
}

/// Reads the files and works out the edits. Nothing is written.
pub fn observe(arguments: &Arguments, context: &Context) -> Result<Setting, Failure> {
    let changes = &arguments.changes.0;
    // An instance is no block: it is what the entry of a pipeline makes.
    if Address::is_meant(&arguments.target) && !arguments.target.contains('[') {
        let address: Address = arguments.target.parse()?;
        let (files, file) = files(arguments, context)?;
        let blocks = Blocks::read(&files)?;
        let target = blocks.find(&address, file.as_deref(), changes)?;
        let made = blocks.change(&target, changes)?;
        // A block that is no pipeline is changed without knowing any.
        let estate =
            if context.settings.file.is_some() { estate::read(context).unwrap_or_default() } else { Estate::default() };
        let is_it = |pipeline: &&Pipeline| pipeline.file == target.file && pipeline.span.start == target.start;
        let pipeline = estate.pipelines.iter().find(is_it).cloned();
        return Ok(Setting { name: address.to_string(), changed: made, pipeline, estate });
    }
    let namespace = target::resolve(context, &arguments.target)?;
    let files = estate::files(context)?;
    let layout = estate::layout(&context.settings)?;
    let reading = layout.read(&files)?;
    estate::refuse_unclear(context, reading.estate(), &namespace)?;
    let target = reading.target(&namespace)?;
    refuse_other_file(arguments, context, &namespace, &target)?;
    let made = Blocks::read(&files)?.change(&target, changes)?;
    let estate = reading.estate().clone();
    let pipeline = estate.find(&namespace).cloned();
    Ok(Setting { name: namespace.to_string(), changed: made, pipeline, estate })
}

/// A pipeline is in one file: another one that was named is a mistake.
fn refuse_other_file(
    arguments: &Arguments,
    context: &Context,
    namespace: &Namespace,
    target: &Target,
) -> Result<(), Failure> {
    let Some(named) = &arguments.file else { return Ok(()) };
    if candidates(context, named).contains(&target.file) {
        return Ok(());
    }
    Err(Failure::usage(format!("{namespace} is not in {named}: it is in {}", target.file)))
}

/// The files that a block is looked for in, and the one that was named.
fn files(arguments: &Arguments, context: &Context) -> Result<(Vec<SourceFile>, Option<String>), Failure> {
    let settings = &context.settings;
    let files = if settings.file.is_some() {
        estate::files(context)?
    } else {
        // Without a configuration the folder counts in which it was typed, as terraform has it.
        let typed = context.environment.directory().strip_prefix(&settings.directory).ok();
        read_estate::read(&settings.directory, typed.unwrap_or(&settings.terraform_dir))?
    };
    let Some(named) = &arguments.file else { return Ok((files, None)) };
    let candidates = candidates(context, named);
    if let Some(file) = files.iter().find(|file| candidates.contains(&file.path)) {
        let path = file.path.clone();
        return Ok((files, Some(path)));
    }
    // Any other file of the project: terraform reads it together with those of its folder.
    for candidate in candidates {
        let path = Path::new(&candidate);
        let folder = path.parent().unwrap_or(Path::new(""));
        if settings.directory.join(path).is_file() {
            let files = read_estate::read(&settings.directory, folder)?;
            if files.iter().any(|file| file.path == candidate) {
                return Ok((files, Some(candidate)));
            }
        }
    }
    Err(Failure::usage(format!("there is no Terraform file {named}"))
        .hint("name it from the Terraform root, or from the project's folder"))
}

/// What a name of a file may mean, relative to the project's folder: from the Terraform root, from that folder, or from
/// where the command was typed.
fn candidates(context: &Context, named: &str) -> Vec<String> {
    let settings = &context.settings;
    let mut candidates =
        vec![read_estate::below(&settings.terraform_dir, named), read_estate::below(Path::new(""), named)];
    let typed = context.environment.directory().join(named);
    if let Ok(below) = typed.strip_prefix(&settings.directory) {
        candidates.push(read_estate::below(Path::new(""), &below.to_string_lossy()));
    }
    candidates
}
