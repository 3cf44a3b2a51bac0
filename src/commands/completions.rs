//! `pipelinectl completions`

use clap::Args;
use clap_complete::Shell;
use clap_complete::env::Shells;

use super::{End, Outcome};
use crate::failure::Failure;
use crate::ui::Ui;

/// Print the completions for a shell
///
/// The shell asks the program itself what fits, so namespaces are completed too.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl completions bash > ~/.local/share/bash-completion/completions/pipelinectl")]
pub struct Arguments {
    /// The shell
    shell: Shell,
}

/// The variable by which the shell asks for completions.
pub const VARIABLE: &str = "COMPLETE";

/// Prints the script that connects the shell with the program.
pub fn run(arguments: &Arguments, ui: &Ui) -> Outcome {
    let shells = Shells::builtins();
    let name = arguments.shell.to_string();
    let Some(shell) = shells.completer(&name) else {
        return Err(Failure::usage(format!("there are no completions for {name}")));
    };
    let mut script = Vec::new();
    shell
        .write_registration(VARIABLE, "pipelinectl", "pipelinectl", "pipelinectl", &mut script)
        .map_err(|error| Failure::failed(format!("the completions for {name} cannot be written: {error}")))?;
    ui.result(&String::from_utf8_lossy(&script));
    Ok(End::Done)
}
