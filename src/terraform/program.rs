//! The terraform program: found, checked, started with a clean environment.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::child::{self, Ended};
use super::environment::{Environment, Value};
use super::error::Error;
use super::folder::PrivateFolder;
use super::interrupts::Interrupts;
use super::redact::Redactor;
use super::version::{OLDEST, Version};
use crate::progress::Progress;

/// How long plan and apply wait for the state's lock unless told otherwise.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(600);
/// More than this of a plan's or version's first words says nothing more.
const SHOWN_OUTPUT: usize = 400;

/// What must be known to find and run terraform.
#[derive(Debug, Clone)]
pub struct ProgramSettings {
    /// A name that is looked for on PATH, or, with a `/`, a path relative to `base`: `[terraform] program`.
    pub program: String,
    /// The folder that a relative path of the program begins at: where pipelinectl.toml is.
    pub base: PathBuf,
    /// The Terraform root: terraform runs there.
    pub root: PathBuf,
    /// The caller's environment.
    pub environment: BTreeMap<OsString, OsString>,
    /// `[terraform] env`, secrets fetched already.
    pub additions: BTreeMap<String, Value>,
    /// The configured workspace; without one `TF_WORKSPACE` of `additions`, else `default`.
    pub workspace: Option<String>,
    /// `[terraform] init_args`.
    pub init_args: Vec<String>,
    /// How long plan and apply wait for the state's lock: [`LOCK_TIMEOUT`].
    pub lock_timeout: Duration,
    /// Tells of Ctrl-C.
    pub interrupts: Interrupts,
}

/// A terraform (or tofu, or a script that calls one) that can be run in one Terraform root.
#[derive(Debug, Clone)]
pub struct Program {
    name: String,
    path: PathBuf,
    root: PathBuf,
    environment: Environment,
    init_args: Vec<String>,
    lock_timeout: Duration,
    interrupts: Interrupts,
}

#[derive(Deserialize)]
struct RawVersion {
    terraform_version: String,
}

impl Program {
    /// Finds the program and checks everything that can be checked without running it.
    pub fn find(settings: ProgramSettings) -> Result<Self, Error> {
        if !settings.root.is_dir() {
            return Err(Error::NoRoot { path: settings.root });
        }
        if let Some(argument) = settings.init_args.iter().find(|it| refused_for_init(it)) {
            return Err(Error::InitArgument { argument: argument.clone() });
        }
        let path = locate(&settings.program, &settings.base, settings.environment.get(OsStr::new("PATH")))?;
        let mut environment =
            Environment::new(settings.environment, &settings.additions, settings.workspace.as_deref())?;
        check_selected_workspace(&settings.root, &environment)?;
        if environment.logs_to_stderr() {
            let file = log_file()?;
            environment.variables.insert("TF_LOG_PATH".into(), file.clone().into());
            environment.log_file = Some(file);
        }
        Ok(Self {
            name: settings.program,
            path,
            root: settings.root,
            environment,
            init_args: settings.init_args,
            lock_timeout: settings.lock_timeout,
            interrupts: settings.interrupts,
        })
    }

    /// Asks the program for its version; too old a one is an error.
    pub fn version(&self, progress: &dyn Progress) -> Result<Version, Error> {
        let folder = PrivateFolder::new()?;
        let mut output = String::new();
        let ended = self.run(&folder, &["version".into(), "-json".into()], progress, &mut |line| {
            // a wrapper script may talk before terraform does
            if line.starts_with('{') {
                output.clear();
            }
            output.push_str(line);
            output.push('\n');
        })?;
        if ended.interrupted {
            return Err(self.interrupted("version"));
        }
        let raw: Result<RawVersion, _> = serde_json::from_str(&output);
        match raw.ok().and_then(|raw| raw.terraform_version.parse().ok()) {
            Some(found) => self.new_enough(found),
            None => Err(self.unreadable_version(if output.trim().is_empty() { &ended.stderr } else { &output })),
        }
    }

    pub(super) fn new_enough(&self, found: Version) -> Result<Version, Error> {
        if found < OLDEST {
            return Err(Error::TooOld { program: self.name.clone(), found, needed: OLDEST });
        }
        Ok(found)
    }

    pub(super) fn unreadable_version(&self, output: &str) -> Error {
        let output = self.redactor().hide(output.trim()).chars().take(SHOWN_OUTPUT).collect();
        Error::VersionUnreadable { program: self.name.clone(), output }
    }

    pub(super) fn interrupted(&self, command: &'static str) -> Error {
        Error::Interrupted { program: self.name.clone(), command }
    }

    pub(super) fn run(
        &self,
        folder: &PrivateFolder,
        arguments: &[OsString],
        progress: &dyn Progress,
        each_line: &mut dyn FnMut(&str),
    ) -> Result<Ended, Error> {
        child::run(self, folder, arguments, progress, Some(each_line))
    }

    /// As [`Program::run`]; the standard output is only in its file.
    pub(super) fn run_to_file(
        &self,
        folder: &PrivateFolder,
        arguments: &[OsString],
        progress: &dyn Progress,
    ) -> Result<Ended, Error> {
        child::run(self, folder, arguments, progress, None)
    }

    /// The name or path as configured.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that is run.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The Terraform root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where `TF_LOG` writes, when we had to choose the file. It stays.
    pub fn log_file(&self) -> Option<&Path> {
        self.environment.log_file.as_deref()
    }

    /// The workspace that is used.
    pub fn workspace(&self) -> &str {
        &self.environment.workspace
    }

    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }

    pub(super) fn redactor(&self) -> &Redactor {
        &self.environment.redactor
    }

    pub(super) fn init_args(&self) -> &[String] {
        &self.init_args
    }

    pub(super) fn lock_timeout(&self) -> Duration {
        self.lock_timeout
    }

    pub(super) fn interrupts(&self) -> &Interrupts {
        &self.interrupts
    }
}

/// `-upgrade` would change versions behind the user's back, the others move or drop state.
fn refused_for_init(argument: &str) -> bool {
    let flag = argument.trim_start_matches('-');
    let flag = flag.split('=').next().unwrap_or(flag);
    argument.starts_with('-') && matches!(flag, "upgrade" | "migrate-state" | "force-copy" | "reconfigure")
}

fn locate(program: &str, base: &Path, search_path: Option<&OsString>) -> Result<PathBuf, Error> {
    if program.contains('/') {
        let path = base.join(program);
        return match fs::metadata(&path) {
            Ok(found) if is_executable(&found) => Ok(std::path::absolute(&path).unwrap_or(path)),
            Ok(_) => Err(Error::NotExecutable { path }),
            Err(_) => Err(Error::NotFound { program: program.to_owned(), searched: vec![path] }),
        };
    }
    let folders: Vec<PathBuf> = search_path.map(|it| std::env::split_paths(it).collect()).unwrap_or_default();
    let found = folders
        .iter()
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(program))
        .find(|path| fs::metadata(path).is_ok_and(|found| is_executable(&found)));
    found.ok_or_else(|| Error::NotFound { program: program.to_owned(), searched: folders })
}

fn is_executable(metadata: &fs::Metadata) -> bool {
    metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
}

/// `terraform workspace select` is remembered in the data folder.
fn check_selected_workspace(root: &Path, environment: &Environment) -> Result<(), Error> {
    if environment.get("TF_WORKSPACE").is_some() {
        return Ok(());
    }
    let data = environment.get("TF_DATA_DIR").map_or_else(|| PathBuf::from(".terraform"), PathBuf::from);
    let Ok(found) = fs::read_to_string(root.join(data).join("environment")) else { return Ok(()) };
    let found = found.trim();
    if found.is_empty() || found == environment.workspace {
        return Ok(());
    }
    Err(Error::Workspace { found: found.to_owned(), expected: environment.workspace.clone() })
}

fn log_file() -> Result<PathBuf, Error> {
    let path = std::env::temp_dir();
    let wrong = |source| Error::File { path: path.clone(), what: "written", source };
    let file = tempfile::Builder::new().prefix("terraform-log-").suffix(".log").tempfile().map_err(wrong)?;
    file.into_temp_path().keep().map_err(|error| wrong(error.error))
}
