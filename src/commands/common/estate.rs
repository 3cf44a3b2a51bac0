//! The estate as its files say it is.

pub use super::live::{LiveText, live, live_text};
use crate::context::Context;
use crate::failure::Failure;
use crate::layout::module_blocks::ModuleBlocks;
use crate::layout::{Rules, SourceFile};
use crate::operations::read_estate;
use crate::pipeline::nearest::nearest;
use crate::pipeline::{Estate, Namespace};
use crate::settings::{FILE_NAME, Settings};

/// How pipelines are told from other modules.
pub fn rules(settings: &Settings) -> Result<Rules, Failure> {
    let pipeline = &settings.pipeline;
    Rules::new(
        pipeline.source.as_deref(),
        &pipeline.namespace_attribute,
        &pipeline.module,
        &file_of_block(settings, &pipeline.file.to_string_lossy())?,
        pipeline.namespace_pattern.as_deref(),
    )
    .map_err(|error| Failure::usage(format!("{FILE_NAME}: [pipeline] {error}")))
}

/// The path of a file that a block may go into, from its name. Terraform reads the `.tf` files of the root itself, and
/// no others.
pub fn file_of_block(settings: &Settings, name: &str) -> Result<String, Failure> {
    let root = settings.terraform_dir.display();
    let inside = name.strip_prefix("./").unwrap_or(name);
    // Override files are merged into blocks of other files ("Override Files" in Terraform's documentation).
    let overrides = inside == "override.tf" || inside.ends_with("_override.tf");
    if inside.contains('/') || inside.starts_with('.') || !inside.ends_with(".tf") || overrides {
        return Err(Failure::usage(format!("'{name}' is no file for blocks in the Terraform root {root}"))
            .hint("give the name of a .tf file in that folder that is no override, such as main.tf"));
    }
    Ok(read_estate::below(&settings.terraform_dir, inside))
}

/// The same, where there is no context.
pub fn of(settings: &Settings) -> Result<Estate, Failure> {
    let files = files_of(settings)?;
    let rules = rules(settings)?;
    Ok(ModuleBlocks::read(&files, &rules)?.estate().clone())
}

/// The files of the Terraform root; an error where there is no configuration file.
pub fn files(context: &Context) -> Result<Vec<SourceFile>, Failure> {
    files_of(&context.settings)
}

fn files_of(settings: &Settings) -> Result<Vec<SourceFile>, Failure> {
    settings.require_file()?;
    let root = settings.root();
    if !root.is_dir() {
        return Err(Failure::usage(format!("there is no Terraform root {}", root.display()))
            .hint(format!("mend terraform_dir in {FILE_NAME}")));
    }
    Ok(read_estate::read(&settings.directory, &settings.terraform_dir)?)
}

/// The pipelines of the estate.
pub fn read(context: &Context) -> Result<Estate, Failure> {
    of(&context.settings)
}

/// Refuses a pipeline that the estate does not have: its name may be mistyped.
pub fn require(context: &Context, namespace: &Namespace) -> Result<(), Failure> {
    let estate = read(context)?;
    if estate.find(namespace).is_some() {
        return Ok(());
    }
    let failure = Failure::usage(format!("there is no pipeline {namespace} in the estate"));
    let names = estate.pipelines.iter().map(|pipeline| pipeline.namespace.as_str());
    Err(match nearest(namespace.as_str(), names) {
        Some(nearest) => failure.hint(format!("did you mean '{nearest}'?")),
        None => failure,
    }
    .hint("'pipelinectl list' shows the pipelines of this checkout; it may be behind its upstream"))
}

/// Refuses to go on without a pipeline that is live or protected: its block must not just be taken out.
pub fn refuse_to_lose(context: &Context, namespace: &Namespace) -> Result<(), Failure> {
    let settings = &context.settings;
    let why = if settings.pipeline.protected.iter().any(|name| name == namespace.as_str()) {
        "protected"
    } else if live(settings).ok().as_ref() == Some(namespace) {
        "live"
    } else {
        return Ok(());
    };
    Err(Failure::refused(format!("{namespace} is {why}, and its block is gone: nothing of it may be destroyed"))
        .hint("put its block back, or make another pipeline live first"))
}
