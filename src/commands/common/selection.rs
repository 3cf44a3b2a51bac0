//! Which services of a pipeline a command is about.

use std::ffi::OsStr;

use clap::Args;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use crate::context::Context;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::pipeline::nearest::nearest;
use crate::pipeline::service::Service;
use crate::settings::{FILE_NAME, Overrides, Settings};

/// The services that are named, or those of a group; all where nothing is said.
#[derive(Debug, Clone, Args)]
pub struct SelectionArguments {
    /// Only these services, and those that share a repository with one of them [default: all]
    #[arg(value_name = "SERVICE", add = completer())]
    services: Vec<String>,
    /// Only the services of this group
    #[arg(long, value_name = "GROUP", conflicts_with = "services")]
    group: Option<String>,
}

impl SelectionArguments {
    /// The services that are meant, in the order of the configuration. A tag is moved once for a whole repository, so
    /// that whatever else runs the repository's images belongs to the selection.
    pub fn services(&self, context: &Context) -> Result<Vec<Service>, Failure> {
        let all = &context.settings.services;
        let named = self.named(all)?;
        let registry = &context.settings.ecr;
        let repositories: Vec<_> = named.iter().map(|service| service.repository_in(registry)).collect();
        let chosen: Vec<Service> =
            all.iter().filter(|service| repositories.contains(&service.repository_in(registry))).cloned().collect();
        for extra in chosen.iter().filter(|service| !named.contains(service)) {
            context.ui.say(&format!("{} is taken along: it runs the images of {}.", extra.name, extra.repository));
        }
        Ok(chosen)
    }

    fn named<'a>(&self, all: &'a [Service]) -> Result<Vec<&'a Service>, Failure> {
        if let Some(group) = &self.group {
            let of_group: Vec<&Service> = all.iter().filter(|service| service.group.as_ref() == Some(group)).collect();
            if of_group.is_empty() {
                let groups = all.iter().filter_map(|service| service.group.as_deref());
                return Err(unknown("group", group, groups));
            }
            return Ok(of_group);
        }
        if self.services.is_empty() {
            return Ok(all.iter().collect());
        }
        let find = |name: &String| {
            let found = all.iter().find(|service| service.name == *name);
            found.ok_or_else(|| unknown("service", name, all.iter().map(|service| service.name.as_str())))
        };
        self.services.iter().map(find).collect()
    }
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Failure {
    let failure = Failure::usage(format!("there is no {what} '{name}' in {FILE_NAME}"));
    match nearest(name, known) {
        Some(known) => failure.hint(format!("did you mean '{known}'?")),
        None => failure,
    }
}

/// Completes the services of the configuration that the shell is in.
pub fn completer() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let begin = current.to_string_lossy().into_owned();
        let settings = Settings::load(Overrides::default(), &Environment::of_process()).ok();
        let names = settings.into_iter().flat_map(|settings| settings.services).map(|service| service.name);
        names.filter(|name| name.starts_with(&begin)).map(CompletionCandidate::new).collect::<Vec<_>>()
    })
}
