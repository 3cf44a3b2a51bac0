//! The scripts that a user would write, and the AWS CLI that they call.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use sandbox::Estate;

/// The AWS CLI that the scripts find.
pub struct Shell {
    path: OsString,
}

impl Shell {
    /// None where there is no AWS CLI.
    #[allow(clippy::print_stdout, reason = "a bench prints what it found")]
    pub fn find() -> Option<Self> {
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let Some(first) = std::env::split_paths(&inherited).find(|folder| folder.join("aws").is_file()) else {
            println!("There is no AWS CLI on PATH (pip install awscli): ours is compared with nothing.");
            return None;
        };
        let folder = behind_pyenv(&first).unwrap_or(first);
        let path =
            std::env::join_paths(std::iter::once(folder.clone()).chain(std::env::split_paths(&inherited))).ok()?;
        let version = Command::new(folder.join("aws")).arg("--version").output().ok()?;
        println!("The shell uses {}", String::from_utf8_lossy(&version.stdout).trim());
        Some(Self { path })
    }

    /// One of the scripts beside this bench, ready to run in the estate.
    pub fn script(&self, estate: &Estate, name: &str) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches").join(name));
        estate.prepare(&mut command);
        command.env("PATH", &self.path);
        command
    }
}

/// Where pyenv has the program itself: its stand-in on PATH takes a good part of a second by itself, which is no fault
/// of the AWS CLI.
fn behind_pyenv(folder: &Path) -> Option<PathBuf> {
    if !folder.ends_with(".pyenv/shims") {
        return None;
    }
    let output = Command::new("pyenv").args(["which", "aws"]).output().ok()?;
    let program = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    program.is_file().then(|| program.parent().map(Path::to_owned))?
}
