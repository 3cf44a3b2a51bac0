//! The program `pipelinectl`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(pipelinectl::run(std::env::args_os()))
}
