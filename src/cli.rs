//! The command line. The doc comments are the help.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::commands;

/// Makes, checks and looks after dated copies of a data pipeline on AWS with Terraform.
///
/// A pipeline is one copy of the whole stack, named by its namespace, usually the date it was made. Its services run
/// the images that carry the namespace as a tag. The live pipeline is the one that a merge to main deploys to.
#[derive(Debug, Parser)]
#[command(
    name = "pipelinectl",
    version,
    propagate_version = true,
    after_help = "\
Example:
  pipelinectl list                      which pipelines there are
  pipelinectl new 2022-10-14 --dry-run  what a new one would change
  pipelinectl new 2022-10-14            make it: edit, tag, plan, apply, verify

Exit codes:
  0 done, or nothing to do    2 changes (--detailed-exitcode)      64 usage, configuration
  1 failed, or findings       3 refused, to protect something     130 interrupted"
)]
pub struct Cli {
    /// The flags of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The flags of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Global {
    /// The project's folder [default: the nearest upwards with pipelinectl.toml, else with .git]
    #[arg(short = 'C', long, global = true, value_name = "DIR", env = "PIPELINECTL_DIRECTORY")]
    pub directory: Option<PathBuf>,
    /// The configuration file [default: pipelinectl.toml in the project's folder]
    #[arg(long, global = true, value_name = "FILE", env = "PIPELINECTL_CONFIG")]
    pub config: Option<PathBuf>,
    /// How the result is printed on standard output
    #[arg(long, global = true, value_enum, default_value_t, env = "PIPELINECTL_FORMAT")]
    pub format: Format,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", env = "PIPELINECTL_COLOR")]
    pub color: Color,
    /// Say less
    #[arg(short, long, global = true, env = "PIPELINECTL_QUIET", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub quiet: bool,
    /// Show every AWS call and child process
    #[arg(short, long, global = true, env = "PIPELINECTL_VERBOSE", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub verbose: bool,
    /// Answer yes to every question
    #[arg(short, long, global = true)]
    pub yes: bool,
    /// Read, check and show exactly what would change, and change nothing
    #[arg(long, global = true, env = "PIPELINECTL_DRY_RUN", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub dry_run: bool,
    /// The AWS region
    #[arg(long, global = true, env = "PIPELINECTL_REGION", hide_env_values = true)]
    pub region: Option<String>,
    /// The profile of the AWS configuration files
    #[arg(long, global = true, env = "PIPELINECTL_PROFILE", hide_env_values = true)]
    pub profile: Option<String>,
    /// The role for our own calls to AWS
    #[arg(long, global = true, value_name = "ARN", env = "PIPELINECTL_ROLE_ARN", hide_env_values = true)]
    pub role_arn: Option<String>,
    /// The terraform program: terraform, tofu or a path
    #[arg(long, global = true, value_name = "PROGRAM", env = "PIPELINECTL_TERRAFORM", hide_env_values = true)]
    pub terraform: Option<String>,
}

/// How the result is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON document; its schema is in docs/schemas.
    Json,
}

/// When colour is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` turns it on elsewhere.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "the doc comment of each Arguments is the help; one here would replace it")]
pub enum Command {
    New(commands::new::Arguments),
    Set(commands::set::Arguments),
    Retire(commands::retire::Arguments),
    Deploy(commands::deploy::Arguments),
    Rollback(commands::rollback::Arguments),
    Notify(commands::notify::Arguments),
    Tag(commands::tag::Arguments),
    Retag(commands::retag::Arguments),
    Hold(commands::hold::Arguments),
    Unhold(commands::unhold::Arguments),
    Tfvars(commands::tfvars::Arguments),
    Plan(commands::plan::Arguments),
    Apply(commands::apply::Arguments),
    Live(commands::live::Arguments),
    List(commands::list::Arguments),
    Status(commands::status::Arguments),
    Images(commands::images::Arguments),
    History(commands::history::Arguments),
    Show(commands::show::Arguments),
    Check(commands::check::Arguments),
    Init(commands::init::Arguments),
    Doctor(commands::doctor::Arguments),
    Completions(commands::completions::Arguments),
    Man(commands::man::Arguments),
}
