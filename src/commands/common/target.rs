//! Which pipeline a word of the command line means.

use std::ffi::OsStr;

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use super::estate;
use crate::context::Context;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::pipeline::Namespace;
use crate::settings::file::Layout;
use crate::settings::{Overrides, Settings};

/// The pipeline that is named by its namespace, by `live`, or by the address of its block.
pub fn resolve(context: &Context, word: &str) -> Result<Namespace, Failure> {
    if word == "live" {
        return estate::live(&context.settings);
    }
    if word.starts_with("module.") || word.contains(['[', '/']) {
        let found = estate::read(context)?.at_address(word).map(|pipeline| pipeline.namespace.clone());
        return found.ok_or_else(|| {
            Failure::usage(format!("no pipeline has the address {word}")).hint("pipelinectl list shows the addresses")
        });
    }
    // A folder at the top of the root has an address that looks like a name.
    if context.settings.layout == Layout::Directories
        && let Some(pipeline) = estate::read(context).ok().as_ref().and_then(|estate| estate.at_address(word))
    {
        return Ok(pipeline.namespace.clone());
    }
    let namespace: Namespace = word.parse()?;
    let rules = estate::rules(&context.settings)?;
    rules.namespace(word).map_err(|reason| {
        Failure::usage(reason).hint("mend the name, or namespace_pattern below [pipeline] in pipelinectl.toml")
    })?;
    Ok(namespace)
}

/// Completes the namespaces of the estate that the shell is in. Whatever is wrong there, it just offers nothing.
pub fn completer() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let begin = current.to_string_lossy().into_owned();
        let candidates = namespaces().unwrap_or_default().into_iter().chain(["live".to_owned()]);
        candidates.filter(|name| name.starts_with(&begin)).map(CompletionCandidate::new).collect::<Vec<_>>()
    })
}

fn namespaces() -> Option<Vec<String>> {
    let settings = Settings::load(Overrides::default(), &Environment::of_process()).ok()?;
    let layout = estate::layout(&settings).ok()?;
    let files = estate::files_of(&settings, &layout).ok()?;
    let reading = layout.read(&files).ok()?;
    Some(reading.estate().newest_first().into_iter().map(|pipeline| pipeline.namespace.to_string()).collect())
}
