//! Runs the built program in an estate and reads what it says.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use sandbox::Estate;

/// What a run of the program gave.
#[derive(Debug)]
pub struct Run {
    /// The exit code; -1 when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Run {
    /// Fails the test unless the program ended with this code.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code\n--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
        self
    }

    /// Fails the test unless either stream has the text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.out.contains(text) || self.err.contains(text),
            "'{text}' is missing\n--- stdout\n{}\n--- stderr\n{}",
            self.out,
            self.err
        );
        self
    }

    /// Fails the test if either stream has the text.
    #[track_caller]
    pub fn does_not_say(self, text: &str) -> Self {
        assert!(
            !self.out.contains(text) && !self.err.contains(text),
            "'{text}' is said\n--- stdout\n{}\n--- stderr\n{}",
            self.out,
            self.err
        );
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.out, self.err))
    }

    /// Both streams and the code, for a snapshot: paths and times replaced.
    pub fn shown(&self, folder: &Path) -> String {
        let text = format!("exit code {}\n--- stdout\n{}--- stderr\n{}", self.code, self.out, self.err);
        text.replace(&folder.display().to_string(), "[FOLDER]")
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The program, ready to run in the estate.
pub fn program(estate: &Estate, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipelinectl"));
    estate.prepare(&mut command);
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs the program in the estate to its end.
#[track_caller]
pub fn run(estate: &Estate, arguments: &[&str]) -> Run {
    program(estate, arguments).output().expect("the program starts").into()
}

/// Runs the program in a folder that is no estate: nothing of this machine's environment but `PATH`.
#[track_caller]
pub fn run_in(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipelinectl"));
    command.args(arguments).stdin(Stdio::null()).current_dir(folder).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", folder);
    command.output().expect("the program starts").into()
}

/// How often AWS was asked to do something that changes something.
pub fn writes(estate: &Estate) -> Vec<String> {
    let aws = estate.aws().expect("the estate has an AWS");
    aws.calls().expect("a call log").iter().filter(|call| call.is_write()).map(|call| call.operation.clone()).collect()
}
