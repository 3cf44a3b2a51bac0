//! `pipelinectl tfvars`

mod variables;

use std::path::{Component, Path, PathBuf};

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::common::release::{self, Release};
use super::common::target;
use super::{End, Outcome};
use crate::context::Context;
use crate::failure::Failure;
use crate::files;
use crate::layout::Edit;
use crate::operations::write_edits::write_edits;
use crate::pipeline::Namespace;
use crate::ui::diff::unified;
pub use variables::{Syntax, Variables};

/// Write Terraform variables with the digest of each of a pipeline's images
///
/// For roots that take the images as variables instead of reading the tags themselves. The digests are those that the
/// pipeline's tag names now.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl tfvars 2022-08-31
  pipelinectl tfvars live --out infrastructure/images.auto.tfvars
  pipelinectl tfvars live --out infrastructure/images.auto.tfvars.json

The variables, of which the root declares those that it wants:
  variable \"namespace\" { type = string }
  variable \"images\" { type = map(string) }   # service = registry/repository@sha256:…
  variable \"commits\" { type = map(string) }  # service = commit; null where no tag says it")]
pub struct Arguments {
    /// The pipeline: its namespace, 'live', or the address of its block
    #[arg(value_name = "NS", add = target::completer())]
    pipeline: String,
    /// How the variables are written [default: json for a file that ends with .json, else hcl]
    #[arg(long, value_enum)]
    syntax: Option<Syntax>,
    /// Write this file, relative to where you are, instead of standard output; left alone where it says the same already
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What `pipelinectl tfvars --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// The variables.
    pub variables: Variables,
    /// The file, as it was given; none where the variables are only printed.
    pub out: Option<String>,
    /// Whether the file was written; false for a dry run, and where it says the same already.
    pub changed: bool,
}

/// Reads the pipeline's tags, and prints or writes what they name.
pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let ui = &context.ui;
    let namespace = target::resolve(context, &arguments.pipeline)?;
    release::require_services(&context.settings)?;
    let standing = release::standing(context, &namespace)?;
    let variables = Variables::of(context, &namespace, &standing)?;
    let of_file = Syntax::of_file(arguments.out.as_deref());
    let syntax = arguments.syntax.unwrap_or(of_file);
    if let Some(out) = arguments.out.as_ref().filter(|_| syntax != of_file) {
        let (out, name) = (out.display(), syntax.name());
        ui.warn(&format!(
            "terraform will not read {out} as {name}: it expects JSON in files that end with .json, and only there"
        ));
    }
    let text = variables.text(syntax)?;
    let Some(out) = &arguments.out else {
        ui.report(&Report { variables, out: None, changed: false }, |_| text);
        return Ok(End::Done);
    };
    let folder = context.environment.directory();
    let edit = edit(folder, out, &text)?;
    let shown = out.display();
    match &edit {
        None => ui.say(&format!("Nothing to do: {shown} says that already.")),
        Some(Edit::Write { before, after, .. }) => ui.show(&unified(&shown.to_string(), before, after)),
        Some(_) => ui.show(&unified(&shown.to_string(), "", &text)),
    }
    let changed = edit.is_some() && !context.dry_run;
    if changed {
        write_edits(folder, &edit.into_iter().collect::<Vec<_>>())?;
        ui.say(&format!("Wrote {shown}."));
    } else if edit.is_some() {
        ui.say("Dry run: nothing was changed.");
    }
    ui.report(&Report { variables, out: Some(shown.to_string()), changed }, |_| String::new());
    Ok(End::Done)
}

/// The edit that makes the file at `path`, relative to `folder`, say `text`; none where it does already.
pub fn edit(folder: &Path, path: &Path, text: &str) -> Result<Option<Edit>, Failure> {
    let (name, text) = (path.to_string_lossy().into_owned(), text.to_owned());
    Ok(match files::read_if_there(&folder.join(path))? {
        Some(before) if before == text => None,
        Some(before) => Some(Edit::Write { path: name, before, after: text }),
        None => Some(Edit::Create { path: name, bytes: text.into_bytes(), mode: 0o644 }),
    })
}

/// The same for the variables of a release that is still to be made; `path` is where it was typed. The edit's path is
/// relative to the project's folder where it is below that.
pub fn edit_for(
    context: &Context,
    namespace: &Namespace,
    release: &Release,
    path: &Path,
) -> Result<Option<Edit>, Failure> {
    let text = Variables::of(context, namespace, release)?.text(Syntax::of_file(Some(path)))?;
    let project = &context.settings.directory;
    let path = cleaned(&context.environment.directory().join(path));
    edit(project, path.strip_prefix(cleaned(project)).unwrap_or(&path), &text)
}

/// Without `.` and `..`, as far as the path itself says.
fn cleaned(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(cleaned.components().next_back(), Some(Component::Normal(_))) => {
                cleaned.pop();
            }
            part => cleaned.push(part),
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_alike_however_they_are_typed() {
        for (typed, path) in [("/a/b/./c", "/a/b/c"), ("/a/x/../b", "/a/b"), ("/../a", "/../a"), ("../a", "../a")] {
            assert_eq!(cleaned(Path::new(typed)), Path::new(path), "{typed}");
        }
    }
}
