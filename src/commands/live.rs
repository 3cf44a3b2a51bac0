//! `pipelinectl live`

use std::collections::BTreeMap;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::common::live::{Pointer, agreed, live_namespaces, live_text, pointers};
use super::common::{estate, target};
use super::{End, Outcome};
use crate::ci::live_pointer;
use crate::context::Context;
use crate::failure::Failure;
use crate::layout::Edit;
use crate::operations::write_edits::write_edits;
use crate::pipeline::nearest::nearest;
use crate::pipeline::{Estate, Namespace};
use crate::settings::{FILE_NAME, LiveMode};
use crate::ui::{counted, diff};

/// Show the live pipeline, or make another one live
///
/// The live pipeline is the one that a merge to main deploys to. It is named in the files that
/// pipelinectl.toml says; only that name is changed there, in all of them or in none. Reads and writes files only: what
/// was written counts once it is merged. With a mode of "newest" or "all" nothing names it, and this only shows it.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl live             which pipeline is live
  pipelinectl live 2022-10-14  make it the live one")]
pub struct Arguments {
    /// The pipeline that becomes live: its namespace, or the address of its block
    #[arg(value_name = "NS", add = target::completer())]
    pipeline: Option<String>,
}

/// What `pipelinectl live --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// How the live pipeline is known.
    pub mode: Mode,
    /// What is live, or would be after a dry run; more than one only where every pipeline is.
    pub live: Vec<String>,
    /// What was live before, where another is made live.
    pub before: Option<String>,
    /// Whether something was changed; false for a dry run.
    pub changed: bool,
    /// Where it is named; empty where it is named nowhere.
    pub places: Vec<PlaceRow>,
}

/// How the live pipeline is known.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Files name it.
    Pointer,
    /// It is the newest.
    Newest,
    /// Every pipeline is live.
    All,
}

/// A place that names the live pipeline.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlaceRow {
    /// The file, relative to the project's folder.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What it names now.
    pub value: String,
}

/// Shows the live pipeline, or makes another one live.
pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    context.settings.require_file()?;
    match &arguments.pipeline {
        None => show(context),
        Some(word) => set(context, word),
    }
}

fn mode(context: &Context) -> Result<LiveMode, Failure> {
    context.settings.live.as_ref().map(|live| live.mode).ok_or_else(|| {
        Failure::usage("nothing says which pipeline is live").hint(format!("configure [live] in {FILE_NAME}"))
    })
}

fn show(context: &Context) -> Outcome {
    let ui = &context.ui;
    let mode = mode(context)?;
    let pointers = pointers(&context.settings)?;
    agreed(&pointers)?;
    let live = match mode {
        // What stands there, even if it is no name for a pipeline.
        LiveMode::Pointer => live_text(&context.settings)?.into_iter().map(|live| live.text).collect(),
        LiveMode::Newest | LiveMode::All => {
            live_namespaces(context)?.iter().map(Namespace::to_string).collect::<Vec<_>>()
        }
    };
    let report = Report { mode: mode.into(), live, before: None, changed: false, places: rows(&pointers) };
    ui.report(&report, |report| report.live.iter().map(|name| format!("{name}\n")).collect());
    match mode {
        LiveMode::Pointer => {
            let places: Vec<String> = pointers.iter().map(Pointer::at).collect();
            ui.say(&format!("Named in {}.", places.join(" and ")));
            let estate = estate::read(context)?;
            for name in report.live.iter().filter(|name| !knows(&estate, name)) {
                ui.warn(&format!("{name} is not in the estate"));
            }
        }
        LiveMode::Newest => ui.say("The newest pipeline of the estate is the live one."),
        LiveMode::All => ui.say("Every pipeline of the estate is live."),
    }
    Ok(End::Done)
}

fn set(context: &Context, word: &str) -> Outcome {
    let ui = &context.ui;
    match mode(context)? {
        LiveMode::Pointer => {}
        LiveMode::Newest => {
            return Err(Failure::usage("the newest pipeline is always the live one: it cannot be set").hint(format!(
                "[live] mode in {FILE_NAME} is \"newest\"; leave it out, and name a file and a key, to choose"
            )));
        }
        LiveMode::All => {
            return Err(Failure::usage("every pipeline is live: it cannot be set").hint(format!(
                "[live] mode in {FILE_NAME} is \"all\"; leave it out, and name a file and a key, to choose"
            )));
        }
    }
    let namespace = target::resolve(context, word)?;
    require_in_the_estate(context, &namespace)?;
    let seen = pointers(&context.settings)?;
    let edits = edits(&seen, &namespace)?;
    let before = before(&seen, &namespace);

    for edit in &edits {
        if let Edit::Write { path, before, after } = edit {
            ui.show(&diff::unified(path, before, after));
        }
    }
    let changed = !edits.is_empty() && !context.dry_run;
    if edits.is_empty() {
        ui.say(&format!("Nothing to do: {namespace} is live already."));
    } else if context.dry_run {
        ui.say("\nDry run: nothing was changed.");
    } else {
        if !ui.can_ask() {
            return Err(Failure::failed("nobody is there to say yes").hint("use --yes to change it unattended"));
        }
        if !ui.confirm(&format!("Make {namespace} live in place of {before}?")) {
            return Err(Failure::failed("answered no; nothing was changed"));
        }
        write_edits(&context.settings.directory, &edits)?;
        ui.say(&format!(
            "{namespace} is live in {} of this checkout. Once that is merged, the next merge deploys to it.",
            counted(edits.len(), "file")
        ));
    }
    let places = rows(&pointers(&context.settings)?);
    let before = (!edits.is_empty()).then_some(before);
    let report = Report { mode: Mode::Pointer, live: vec![namespace.to_string()], before, changed, places };
    ui.report(&report, |_| String::new());
    Ok(End::Done)
}

/// A pipeline that is not there must not become live: nothing would be deployed to any more. Where no pipeline is known
/// at all, as in a repository of code without its Terraform, nobody can tell.
fn require_in_the_estate(context: &Context, namespace: &Namespace) -> Result<(), Failure> {
    let settings = &context.settings;
    let estate = if settings.root().is_dir() { estate::read(context)? } else { Estate::default() };
    if knows(&estate, namespace.as_str()) {
        return Ok(());
    }
    if estate.pipelines.is_empty() && estate.unclear.is_empty() {
        let folder = settings.terraform_dir.display();
        context.ui.warn(&format!("no pipelines were found in {folder}: nobody looked whether {namespace} is one"));
        return Ok(());
    }
    let known: Vec<&str> = estate.pipelines.iter().map(|pipeline| pipeline.namespace.as_str()).collect();
    let failure = Failure::usage(format!("there is no pipeline {namespace} in the estate; nothing was changed"));
    Err(match nearest(namespace.as_str(), known) {
        Some(nearest) => failure.hint(format!("did you mean {nearest}? pipelinectl list shows the pipelines")),
        None => failure.hint("pipelinectl list shows the pipelines"),
    })
}

fn knows(estate: &Estate, name: &str) -> bool {
    let unclear = estate.unclear.iter().filter_map(|unclear| unclear.namespace.as_ref());
    estate.pipelines.iter().map(|pipeline| &pipeline.namespace).chain(unclear).any(|known| known.as_str() == name)
}

/// One edit for each file, with all of its places changed; none for a file that says it already.
fn edits(pointers: &[Pointer<'_>], namespace: &Namespace) -> Result<Vec<Edit>, Failure> {
    let mut texts: BTreeMap<String, (&str, String)> = BTreeMap::new();
    for pointer in pointers {
        let path = pointer.place.file.to_string_lossy().into_owned();
        let (_, after) = texts.entry(path.clone()).or_insert_with(|| (&pointer.text, pointer.text.clone()));
        *after = live_pointer::set(&path, after, &pointer.locator(), namespace.as_str())?;
    }
    let changed = texts.into_iter().filter(|(_, (before, after))| before != after);
    Ok(changed.map(|(path, (before, after))| Edit::Write { path, before: before.to_owned(), after }).collect())
}

/// What was live: each different name once.
fn before(pointers: &[Pointer<'_>], namespace: &Namespace) -> String {
    let mut names: Vec<&str> = pointers.iter().map(|pointer| pointer.found.value.as_str()).collect();
    names.retain(|name| *name != namespace.as_str());
    names.sort_unstable();
    names.dedup();
    names.join(" and ")
}

fn rows(pointers: &[Pointer<'_>]) -> Vec<PlaceRow> {
    let row = |pointer: &Pointer<'_>| PlaceRow {
        file: pointer.place.file.display().to_string(),
        line: pointer.found.line,
        column: pointer.found.column,
        value: pointer.found.value.clone(),
    };
    pointers.iter().map(row).collect()
}

impl From<LiveMode> for Mode {
    fn from(mode: LiveMode) -> Self {
        match mode {
            LiveMode::Pointer => Self::Pointer,
            LiveMode::Newest => Self::Newest,
            LiveMode::All => Self::All,
        }
    }
}
