//! Python: found on `PATH`, and virtual environments with pinned packages, each made once.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::{Error, Result, lock, places, process};

/// What the packages in `requirements.txt` ask for (moto 5.2.1, "Requires-Python").
const OLDEST: (u32, u32) = (3, 10);

/// The Python of the local AWS's virtual environment.
pub fn of_local_aws() -> Result<PathBuf> {
    environment(&places::source_folder().join("local_aws/requirements.txt"))
}

/// The Python of the virtual environment with the packages of a requirements file; made when it is not there yet.
pub fn environment(requirements: &Path) -> Result<PathBuf> {
    let pinned = std::fs::read(requirements).map_err(Error::file(requirements))?;
    let python = find(&std::env::var_os("PATH").unwrap_or_default())?;
    let folder = places::kept_folder().join(format!("venv-{}", fingerprint(&pinned, &python)));
    lock::made_once(&folder, |partial| make(&python.program, partial, requirements))?;
    Ok(folder.join("bin/python"))
}

/// A change of the packages or of Python itself makes another environment.
fn fingerprint(pinned: &[u8], python: &Python) -> String {
    let mut hash = Sha256::new();
    hash.update(pinned);
    hash.update(python.program.as_os_str().as_encoded_bytes());
    hash.update(python.version.as_bytes());
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

fn make(python: &Path, folder: &Path, requirements: &Path) -> Result<()> {
    process::run(Command::new(python).args(["-m", "venv"]).arg(folder)).map_err(|error| needed(&error.to_string()))?;
    process::run(
        Command::new(folder.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check", "--requirement"])
            .arg(requirements),
    )?;
    Ok(())
}

/// A Python that will do.
#[derive(Debug)]
pub struct Python {
    /// Where it is.
    pub program: PathBuf,
    /// What it calls itself.
    pub version: String,
}

/// The first `python3` or `python` in the folders of `path` that is new enough and can make virtual environments.
pub fn find(path: &OsStr) -> Result<Python> {
    let mut seen = Vec::new();
    for folder in std::env::split_paths(path) {
        for name in ["python3", "python"] {
            let program = folder.join(name);
            if !program.is_file() {
                continue;
            }
            match usable(&program) {
                Ok(version) => return Ok(Python { program, version }),
                Err(reason) => seen.push(format!("{}: {reason}", program.display())),
            }
        }
    }
    Err(needed(&if seen.is_empty() { "none is on PATH".into() } else { seen.join("\n") }))
}

fn usable(program: &Path) -> std::result::Result<String, String> {
    let question = "import sys, ensurepip, venv; print('%d.%d.%d' % sys.version_info[:3])";
    let said = process::run(Command::new(program).args(["-c", question]))
        .map_err(|error| error.to_string().lines().last().unwrap_or("it does not run").to_owned())?;
    let version = said.trim().to_owned();
    let mut numbers = version.split('.').map_while(|number| number.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) if (major, minor) >= OLDEST => Ok(version),
        _ => Err(format!("version {version} is too old")),
    }
}

fn needed(found: &str) -> Error {
    Error::Missing {
        what: format!("the local AWS needs Python {}.{} or newer with its venv module; {found}", OLDEST.0, OLDEST.1),
        advice: "Install it and start again: `apt install python3 python3-venv`, `dnf install python3` or \
                 `brew install python3`."
            .into(),
    }
}

/// The variables under which our own Python code runs, with caches kept out of the sources.
pub fn variables() -> [(&'static str, OsString); 2] {
    [
        ("PYTHONPATH", places::source_folder().into()),
        ("PYTHONPYCACHEPREFIX", places::kept_folder().join("pycache").into()),
    ]
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder_with(name: &str, script: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let program = folder.path().join(name);
        std::fs::write(&program, script).expect("the script is written");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
        folder
    }

    #[test]
    fn no_python_says_what_to_install() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let text = find(folder.path().as_os_str()).expect_err("there is none").to_string();
        assert!(text.contains("Python 3.10 or newer") && text.contains("apt install python3 python3-venv"), "{text}");
    }

    #[test]
    fn an_old_python_and_one_without_venv_are_named_with_the_reason() {
        let old = folder_with("python3", "#!/bin/sh\necho 3.6.9\n");
        let bare =
            folder_with("python", "#!/bin/sh\necho \"ModuleNotFoundError: No module named 'ensurepip'\" >&2\nexit 1\n");
        let path = std::env::join_paths([old.path(), bare.path()]).expect("a search path");
        let text = find(&path).expect_err("neither will do").to_string();
        assert!(text.contains("3.6.9 is too old") && text.contains("ensurepip"), "{text}");
    }

    #[test]
    fn the_environment_has_the_pinned_moto() {
        let python = of_local_aws().expect("the environment is made");
        let said =
            process::run(Command::new(python).args(["-c", "import importlib.metadata as m; print(m.version('moto'))"]));
        assert_eq!(said.expect("moto is there").trim(), "5.2.1");
    }
}
