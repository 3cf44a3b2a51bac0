//! pipelinectl makes, checks and looks after dated copies of a data pipeline on AWS with Terraform.
//!
//! Every command says the same sentence: observe → plan (a value) → show → confirm → act → report. The rooms:
//!
//! - [`cli`] is the command line; [`commands`] has a file for each verb, [`operations`] what several verbs do.
//! - [`pipeline`], [`layout`], [`hcl`] and [`template`] decide and edit, and touch nothing outside.
//! - [`terraform`], [`aws`], [`releases`], [`ci`], [`git`] and [`files`] are the effects.
//! - [`context`] is built once; [`settings`] and [`environment`] are what it is built from.
//! - [`ui`] is the only writer to the terminal; [`failure`] turns every error into text and exit code.
//!
//! docs/architecture.md draws who may import whom, and a test holds it.

pub mod aws;
pub mod ci;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod context;
pub mod environment;
pub mod failure;
pub mod files;
pub mod git;
pub mod hcl;
#[cfg(test)]
#[path = "../fuzz/src/laws/mod.rs"]
mod laws;
pub mod layout;
pub mod operations;
pub mod pipeline;
pub mod progress;
pub mod releases;
pub mod settings;
pub mod template;
pub mod terraform;
pub mod ui;

use std::ffi::OsString;
use std::io::{IsTerminal as _, stderr, stdout};
use std::sync::Arc;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _};
use clap_complete::CompleteEnv;

use cli::{Cli, Color, Command, Format, Global};
use clock::SystemClock;
use commands::Outcome;
use context::Context;
use environment::Environment;
use failure::{Failure, Kind};
use settings::{Origin, Overrides, Settings, Sourced};
use ui::{Manner, Ui};

/// Runs the program with the arguments of this process; gives its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let environment = Environment::of_process();
    if environment.get(commands::completions::VARIABLE).is_some() {
        return complete(arguments, &environment);
    }
    let parsed = Cli::command().try_get_matches_from(arguments).and_then(|matches| {
        // Not `conflicts_with`: what is typed may contradict what the environment says.
        if typed(&matches, "quiet") && typed(&matches, "verbose") {
            let message = "the argument '--quiet' cannot be used with '--verbose'";
            return Err(Cli::command().error(clap::error::ErrorKind::ArgumentConflict, message));
        }
        let cli = Cli::from_arg_matches(&matches)?;
        Ok((cli, matches))
    });
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            // A closed pipe is the only thing that can go wrong here, and nobody is left to be told.
            let _ = error.print();
            return if error.use_stderr() { Kind::Usage.exit_code() } else { 0 };
        }
    };
    let ui = Ui::new(manner(&cli.global, &matches, &environment));
    match dispatch(&cli, &matches, ui, environment) {
        (ui, Ok(_)) if ui.was_interrupted() => Kind::Interrupted.exit_code(),
        (_, Ok(end)) => end.exit_code(),
        (ui, Err(failure)) => {
            let failure = if ui.was_interrupted() { failure.interrupted() } else { failure };
            ui.fail(&failure.message, &failure.hints);
            failure.kind.exit_code()
        }
    }
}

fn complete(arguments: Vec<OsString>, environment: &Environment) -> u8 {
    let completed = CompleteEnv::with_factory(Cli::command)
        .var(commands::completions::VARIABLE)
        .try_complete(arguments, Some(environment.directory()));
    u8::from(completed.is_err())
}

fn dispatch(cli: &Cli, matches: &ArgMatches, ui: Ui, environment: Environment) -> (Ui, Outcome) {
    match &cli.command {
        Command::Completions(arguments) => {
            let outcome = commands::completions::run(arguments, &ui);
            return (ui, outcome);
        }
        Command::Man(arguments) => {
            let outcome = commands::man::run(arguments, &ui);
            return (ui, outcome);
        }
        _ => {}
    }
    let settings = match Settings::load(overrides(&cli.global, matches), &environment) {
        Ok(settings) => settings,
        Err(error) => return (ui, Err(Failure::from(error))),
    };
    let context = Context::new(ui, settings, Arc::new(SystemClock), environment, cli.global.dry_run);
    let outcome = match &cli.command {
        Command::New(arguments) => commands::new::run(arguments, &context),
        Command::Set(arguments) => commands::set::run(arguments, &context),
        Command::Retire(arguments) => commands::retire::run(arguments, &context),
        Command::Deploy(arguments) => commands::deploy::run(arguments, &context),
        Command::Rollback(arguments) => commands::rollback::run(arguments, &context),
        Command::Notify(arguments) => commands::notify::run(arguments, &context),
        Command::Retag(arguments) => commands::retag::run(arguments, &context),
        Command::Tag(arguments) => commands::tag::run(arguments, &context),
        Command::Hold(arguments) => commands::hold::run(arguments, &context),
        Command::Unhold(arguments) => commands::unhold::run(arguments, &context),
        Command::Tfvars(arguments) => commands::tfvars::run(arguments, &context),
        Command::Plan(arguments) => commands::plan::run(arguments, &context),
        Command::Apply(arguments) => commands::apply::run(arguments, &context),
        Command::Live(arguments) => commands::live::run(arguments, &context),
        Command::Status(arguments) => commands::status::run(arguments, &context),
        Command::Images(arguments) => commands::images::run(arguments, &context),
        Command::List(arguments) => commands::list::run(arguments, &context),
        Command::Check(arguments) => commands::check::run(arguments, &context),
        Command::Init(arguments) => commands::init::run(arguments, &context),
        Command::History(arguments) => commands::history::run(arguments, &context),
        Command::Show(arguments) => commands::show::run(arguments, &context),
        Command::Doctor(arguments) => commands::doctor::run(arguments, &context),
        Command::Completions(_) | Command::Man(_) => Ok(commands::End::Done),
    };
    (context.into_ui(), outcome)
}

fn typed(matches: &ArgMatches, flag: &str) -> bool {
    matches.value_source(flag) == Some(ValueSource::CommandLine)
}

fn overrides(global: &Global, matches: &ArgMatches) -> Overrides {
    let sourced = |id: &str, value: &Option<String>, flag: &'static str, variable: &'static str| {
        let from_environment = matches.value_source(id) == Some(ValueSource::EnvVariable);
        let origin = if from_environment { Origin::Environment(variable) } else { Origin::Flag(flag) };
        value.clone().filter(|value| !value.is_empty()).map(|value| Sourced::new(value, origin))
    };
    Overrides {
        directory: global.directory.clone(),
        config: global.config.clone(),
        region: sourced("region", &global.region, "--region", "PIPELINECTL_REGION"),
        profile: sourced("profile", &global.profile, "--profile", "PIPELINECTL_PROFILE"),
        role_arn: sourced("role_arn", &global.role_arn, "--role-arn", "PIPELINECTL_ROLE_ARN"),
        terraform: sourced("terraform", &global.terraform, "--terraform", "PIPELINECTL_TERRAFORM"),
    }
}

fn manner(global: &Global, matches: &ArgMatches, environment: &Environment) -> Manner {
    // What was typed beats what the environment says; of two that it says, more talk beats less.
    let verbose = global.verbose && (typed(matches, "verbose") || !typed(matches, "quiet"));
    let colour = |is_terminal: bool| match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if environment.get("NO_COLOR").is_some() => false,
        Color::Auto if environment.get("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        Color::Auto => is_terminal && environment.get("TERM") != Some("dumb"),
    };
    Manner {
        json: global.format == Format::Json,
        quiet: global.quiet && !verbose,
        verbose,
        yes: global.yes,
        colour_out: colour(stdout().is_terminal()),
        colour_talk: colour(stderr().is_terminal()),
    }
}
