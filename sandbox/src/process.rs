//! Running other programs and keeping all they say for the error.

use std::io::{ErrorKind, Write};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::{Error, Result};

/// Runs `command` to its end and gives its standard output; a bad end is an error with both streams.
pub fn run(command: &mut Command) -> Result<String> {
    command.stdin(Stdio::null());
    let mut attempts = 0;
    loop {
        match command.output() {
            // another thread's fork still has the program open for writing: it was written a moment ago
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy && attempts < 10 => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(error) => return Err(cannot_start(command, &error)),
            Ok(output) => return checked(command, &output),
        }
        attempts += 1;
    }
}

/// Like [`run`], with `input` on standard input.
pub fn run_with_input(command: &mut Command, input: &[u8]) -> Result<String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| cannot_start(command, &error))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input).map_err(|error| cannot_start(command, &error))?;
    }
    let output = child.wait_with_output().map_err(|error| cannot_start(command, &error))?;
    checked(command, &output)
}

fn checked(command: &Command, output: &Output) -> Result<String> {
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(stdout);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(Error::Process {
        command: shown(command),
        status: output.status.to_string(),
        output: format!("{stdout}{stderr}"),
    })
}

/// The command line as text.
pub fn shown(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(std::ffi::OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

fn cannot_start(command: &Command, error: &std::io::Error) -> Error {
    Error::Process { command: shown(command), status: "an error at its start".into(), output: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_end_tells_command_status_and_both_streams() {
        let error = run(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"])).expect_err("it ends with 3");
        let text = error.to_string();
        for part in ["sh -c", "exit status: 3", "out\n", "err\n"] {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
    }
}
