//! `pipelinectl man`

use clap::{Args, CommandFactory as _};

use super::{End, Outcome};
use crate::cli::Cli;
use crate::failure::Failure;
use crate::ui::Ui;

/// Print the manual page
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl man > ~/.local/share/man/man1/pipelinectl.1
  pipelinectl man new | man -l -            the page of one command")]
pub struct Arguments {
    /// The command whose page is wanted [default: that of pipelinectl itself]
    command: Option<String>,
}

/// Prints the page, in troff's man format.
pub fn run(arguments: &Arguments, ui: &Ui) -> Outcome {
    let mut program = Cli::command();
    program.build();
    let page = match &arguments.command {
        None => program,
        Some(name) => program
            .find_subcommand(name)
            .cloned()
            .ok_or_else(|| Failure::usage(format!("there is no command '{name}'")).hint("see pipelinectl --help"))?,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page)
        .render(&mut text)
        .map_err(|error| Failure::failed(format!("the page cannot be written: {error}")))?;
    ui.result(&String::from_utf8_lossy(&text));
    Ok(End::Done)
}
