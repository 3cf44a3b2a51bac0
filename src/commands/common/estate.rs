//! The estate as its files say it is.

use std::path::Path;

pub use super::live::{LiveText, live, live_text};
use crate::context::Context;
use crate::failure::Failure;
use crate::git::{Git, GitError};
use crate::layout::directories::NamePattern;
use crate::layout::{DirectoryRules, FolderFile, Layout, MapRules, Rules, SourceFile};
use crate::operations::read_estate;
use crate::pipeline::nearest::nearest;
use crate::pipeline::{Estate, Namespace, Unclear};
use crate::settings::file::Layout as Chosen;
use crate::settings::{FILE_NAME, Settings};

/// Refuses a pipeline that cannot be changed, and one that several blocks say they are.
pub fn refuse_unclear(context: &Context, estate: &Estate, namespace: &Namespace) -> Result<(), Failure> {
    if let Some(unclear) = estate.unclear.iter().find(|unclear| unclear.namespace.as_ref() == Some(namespace)) {
        let name = name_of(&context.settings, unclear);
        let message = format!("{}:{}: {name}: {}", unclear.file, unclear.line, unclear.reason);
        return Err(Failure::usage(message).hint("nothing was changed: this one has to be changed by hand"));
    }
    let of_it = estate.pipelines.iter().filter(|pipeline| pipeline.namespace == *namespace);
    let places: Vec<String> = of_it.map(|it| format!("{}:{}: {}", it.file, it.line, it.address())).collect();
    if places.len() > 1 {
        let message = format!("{} blocks say that they are {namespace}:\n  {}", places.len(), places.join("\n  "));
        return Err(Failure::usage(message).hint("leave one of them, or give the other its own namespace"));
    }
    Ok(())
}

/// How pipelines are told from other modules.
pub fn rules(settings: &Settings) -> Result<Rules, Failure> {
    let pipeline = &settings.pipeline;
    let file = pipeline.file.as_deref().unwrap_or(std::path::Path::new("main.tf")).to_string_lossy();
    let rules = Rules::new(
        pipeline.source.as_deref(),
        &pipeline.namespace_attribute,
        &pipeline.module,
        &file_of_block(settings, &file)?,
        pipeline.namespace_pattern.as_deref(),
    )
    .map_err(|error| Failure::usage(format!("{FILE_NAME}: [pipeline] {error}")))?;
    Ok(if pipeline.file.is_none() { rules.guessing_the_file() } else { rules })
}

/// Where pipelines live, as configured.
pub fn layout(settings: &Settings) -> Result<Layout, Failure> {
    let wrong =
        |key: &str, error: &dyn std::fmt::Display| Failure::usage(format!("{FILE_NAME}: pipeline.{key}: {error}"));
    let rules = rules(settings)?;
    let pipeline = &settings.pipeline;
    Ok(match settings.layout {
        Chosen::ModuleBlocks => Layout::ModuleBlocks(rules),
        Chosen::MapEntries => {
            let Some(map) = &pipeline.map else {
                return Err(Failure::usage(format!(
                    "{FILE_NAME}: the layout map-entries needs a map below [pipeline]"
                ))
                .hint("write map = \"local.pipelines\", or module.LABEL.ARGUMENT"));
            };
            let map = map.parse().map_err(|error| wrong("map", &error))?;
            Layout::MapEntries(MapRules { rules, map, addresses: pipeline.addresses.clone() })
        }
        Chosen::Directories => {
            let below = read_estate::below(&settings.terraform_dir, "");
            Layout::Directories(DirectoryRules {
                rules,
                below: if below.is_empty() || below.ends_with('/') { below } else { below + "/" },
                directory: pipeline.directory.parse().map_err(|error| wrong("directory", &error))?,
                rename: pipeline.rename.iter().map(|text| NamePattern::from(text.as_str())).collect(),
                keep: pipeline.keep.iter().map(|text| NamePattern::from(text.as_str())).collect(),
                backend: backend_of(&settings.init_args),
            })
        }
    })
}

/// What `init_args` say of the backend, in their order: `key=value`, or the name of a file ("Command: init" in Terraform's
/// documentation).
fn backend_of(arguments: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let name = argument.trim_start_matches('-');
        if let Some(value) = name.strip_prefix("backend-config=") {
            found.push(value.to_owned());
        } else if name == "backend-config" {
            found.extend(arguments.next().cloned());
        }
    }
    found
}

/// The path of a file that a block may go into, from its name. Terraform reads the `.tf` files of the root itself, and
/// no others.
pub fn file_of_block(settings: &Settings, name: &str) -> Result<String, Failure> {
    let root = settings.terraform_dir.display();
    let inside = name.strip_prefix("./").unwrap_or(name);
    // Named from the project's folder, as our own output does.
    let inside = match read_estate::below(&settings.terraform_dir, "") {
        root if root.is_empty() => inside,
        root => inside.strip_prefix(&format!("{}/", root.trim_end_matches('/'))).unwrap_or(inside),
    };
    // Override files are merged into blocks of other files ("Override Files" in Terraform's documentation).
    let overrides = inside == "override.tf" || inside.ends_with("_override.tf");
    if inside.contains('/') || inside.starts_with('.') || !inside.ends_with(".tf") || overrides {
        return Err(Failure::usage(format!("'{name}' is no file for blocks in the Terraform root {root}"))
            .hint("give the name of a .tf file in that folder that is no override, such as main.tf"));
    }
    Ok(read_estate::below(&settings.terraform_dir, inside))
}

/// The files that the layout reads: those of the Terraform root, or those of the pipelines' folders below it; an error
/// where there is no configuration file.
pub fn files(context: &Context) -> Result<Vec<SourceFile>, Failure> {
    files_of(&context.settings, &layout(&context.settings)?)
}

/// The same, where there is no context.
pub fn files_of(settings: &Settings, layout: &Layout) -> Result<Vec<SourceFile>, Failure> {
    settings.require_file()?;
    let root = settings.root();
    if !root.is_dir() {
        return Err(Failure::usage(format!("there is no Terraform root {}", root.display()))
            .hint(format!("mend terraform_dir in {FILE_NAME}")));
    }
    let (project, root) = (&settings.directory, &settings.terraform_dir);
    Ok(match layout {
        Layout::ModuleBlocks(_) | Layout::MapEntries(_) => read_estate::read(project, root)?,
        Layout::Directories(rules) => {
            let wanted = |path: &str| rules.namespace_of(path).is_some();
            let also = |path: &str| match rules.namespace_of(path) {
                Some(Ok(namespace)) => rules.backend_files(&namespace).collect(),
                _ => Vec::new(),
            };
            read_estate::read_folders(project, root, rules.directory.depth(), &wanted, &also)?
        }
    })
}

/// What the layout reads, as it was at a commit. `folder` is the Terraform root, relative to the work tree.
pub fn files_at(
    settings: &Settings,
    layout: &Layout,
    git: &Git,
    commit: &str,
    folder: &Path,
) -> Result<Vec<SourceFile>, GitError> {
    let root = &settings.terraform_dir;
    match layout {
        Layout::ModuleBlocks(_) | Layout::MapEntries(_) => read_estate::at_commit(git, commit, folder, root),
        Layout::Directories(rules) => {
            let wanted = |path: &str| rules.namespace_of(path).is_some();
            read_estate::folders_at_commit(git, commit, folder, root, &wanted)
        }
    }
}

/// The files of a pipeline's folder that belong to a copy of it, or go when it is retired: those that git knows where it
/// knows the folder, else all but what terraform writes for itself. `folder` is relative to the project's.
pub fn folder(context: &Context, folder: &str) -> Result<Vec<FolderFile>, Failure> {
    let path = context.settings.directory.join(folder);
    let git = Git::new(&path, context.ui.progress());
    let known = match git.files() {
        // Without git, or outside a repository, the folder itself says what is in it.
        Err(GitError::NotFound | GitError::NoRepository { .. }) => Vec::new(),
        // What git could not say, nobody may guess: files that it does not track would be copied, or deleted for good.
        known => known?,
    };
    Ok(read_estate::folder(&path, &known)?)
}

/// The pipelines of the estate.
pub fn read(context: &Context) -> Result<Estate, Failure> {
    of(&context.settings)
}

/// The same, where there is no context.
pub fn of(settings: &Settings) -> Result<Estate, Failure> {
    let layout = layout(settings)?;
    let files = files_of(settings, &layout)?;
    Ok(layout.read(&files)?.estate().clone())
}

/// What something is called that may be a pipeline: the address of a module, an entry, a folder.
pub fn name_of(settings: &Settings, unclear: &Unclear) -> String {
    match settings.layout {
        Chosen::ModuleBlocks => format!("module.{}", unclear.label),
        Chosen::MapEntries | Chosen::Directories => unclear.label.clone(),
    }
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
