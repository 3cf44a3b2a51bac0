//! `terraform plan` to a private file.

use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::address::Address;
use super::child::Ended;
use super::classify;
use super::diagnostic::Diagnostic;
use super::digest;
use super::error::Error;
use super::events::{Event, Verb};
use super::folder::PrivateFolder;
use super::init;
use super::program::Program;
use super::version::Version;
use crate::progress::{Outcome, Progress};

/// How to plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanOptions {
    /// Whether the state is locked meanwhile: not for `--dry-run` and `--no-lock`.
    pub lock: bool,
    /// Whether the state is compared with what really is.
    pub refresh: bool,
    /// `retire`: plan the destruction of this and of nothing else.
    pub destroy: Option<Destroy>,
}

/// What is to be destroyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destroy {
    /// These modules or resources, and what depends on them. No other way exists where a module configures a provider.
    Targets(Vec<Address>),
    /// Everything in the root.
    Everything,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self { lock: true, refresh: true, destroy: None }
    }
}

/// A plan in a file that only we can read, gone when this is dropped.
#[derive(Debug)]
pub struct SavedPlan {
    pub(super) folder: PrivateFolder,
    pub(super) file: PathBuf,
    pub(super) sha256: String,
    /// Whether the state's lock was taken for it.
    pub lock: bool,
    /// The version of the program that made it, when we saw it made.
    pub version: Option<Version>,
    /// Whether `init` was run first.
    pub initialized: bool,
    /// What terraform warns of.
    pub warnings: Vec<Diagnostic>,
}

impl SavedPlan {
    /// A private copy of the plan in `file`, which must have the given SHA-256. What is judged and applied is the copy.
    pub fn from_file(file: &Path, sha256: &str) -> Result<Self, Error> {
        let folder = PrivateFolder::new()?;
        let copy = folder.join("tfplan");
        copy_private(file, &copy)?;
        let found = digest::of_file(&copy)?;
        if found != sha256 {
            return Err(Error::AnotherPlan { path: file.to_owned(), expected: sha256.to_owned(), found });
        }
        let (version, initialized, warnings) = (None, false, Vec::new());
        Ok(Self { folder, file: copy, sha256: found, lock: true, version, initialized, warnings })
    }

    /// The SHA-256 of the file, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Where the file is, as long as this lives.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// Copies it, whole or not at all, to `target`, which only the user can read.
    pub fn save_as(&self, target: &Path) -> Result<(), Error> {
        let wrong = |source| Error::File { path: target.to_owned(), what: "written", source };
        let parent = target.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut temporary = tempfile::NamedTempFile::new_in(parent).map_err(wrong)?;
        let mut source = File::open(&self.file).map_err(wrong)?;
        io::copy(&mut source, temporary.as_file_mut()).map_err(wrong)?;
        temporary.as_file().sync_all().map_err(wrong)?;
        temporary.persist(target).map_err(|error| wrong(error.error))?;
        Ok(())
    }
}

fn copy_private(from: &Path, to: &Path) -> Result<(), Error> {
    let read = |source| Error::File { path: from.to_owned(), what: "read", source };
    fs::copy(from, to).map_err(read)?;
    fs::set_permissions(to, Permissions::from_mode(0o600)).map_err(read)
}

/// What one attempt to plan has said.
struct Attempt {
    ended: Ended,
    said: Vec<Diagnostic>,
    version: Option<String>,
}

impl Attempt {
    /// A user's `-detailed-exitcode` in the environment makes a plan with changes end with 2.
    fn succeeded(&self, file: &Path) -> bool {
        let detailed = self.ended.status.code() == Some(2) && self.said.iter().all(|it| it.warning) && file.exists();
        self.ended.status.success() || detailed
    }
}

impl Program {
    /// Plans. Runs `init` first where terraform asks for it, and waits for the state's lock as long as configured; who
    /// holds it is told at once.
    pub fn plan(&self, options: &PlanOptions, progress: &dyn Progress) -> Result<SavedPlan, Error> {
        const ITEM: &str = "terraform plan";
        progress.started(ITEM, "planning");
        let planned = self.plan_patiently(options, progress);
        match &planned {
            Ok(_) => progress.finished(ITEM, Outcome::Done, "planned"),
            Err(_) => progress.finished(ITEM, Outcome::Failed, "failed"),
        }
        planned
    }

    fn plan_patiently(&self, options: &PlanOptions, progress: &dyn Progress) -> Result<SavedPlan, Error> {
        let _watch = self.interrupts().watch();
        if let Some(file) = self.log_file() {
            progress.note(&format!("TF_LOG writes to {}", file.display()));
        }
        let folder = PrivateFolder::new()?;
        let file = folder.join("tfplan");
        let (mut initialized, mut wait) = (false, Duration::ZERO);
        loop {
            let attempt = self.plan_once(&folder, &file, options, wait, progress)?;
            let version = self.version_of(&attempt)?;
            if attempt.ended.interrupted {
                return Err(self.interrupted("plan"));
            }
            if attempt.succeeded(&file) {
                fs::set_permissions(&file, Permissions::from_mode(0o600)).map_err(|source| Error::File {
                    path: file.clone(),
                    what: "written",
                    source,
                })?;
                let (sha256, mut warnings) = (digest::of_file(&file)?, attempt.said);
                // Nobody but us asked for the target.
                warnings.retain(|it| options.destroy.is_none() || it.summary != "Resource targeting is in effect");
                let (lock, version) = (options.lock, Some(version));
                return Ok(SavedPlan { folder, file, sha256, lock, version, initialized, warnings });
            }
            if !initialized && init::is_needed(self, &attempt.said)? {
                self.init(progress)?;
                initialized = true;
                continue;
            }
            match classify::failure(self, "plan", &attempt.ended, &attempt.said) {
                Error::StateLocked { lock, .. } if wait.is_zero() && !self.lock_timeout().is_zero() => {
                    wait = self.lock_timeout();
                    progress.note(&format!(
                        "the Terraform state is locked by {} ({}, since {}); waiting up to {} s. If that process is dead: \
                         {} force-unlock {}",
                        lock.who, lock.operation, lock.created, wait.as_secs(), self.name(), lock.id
                    ));
                }
                error => return Err(error),
            }
        }
    }

    fn plan_once(
        &self,
        folder: &PrivateFolder,
        file: &Path,
        options: &PlanOptions,
        wait: Duration,
        progress: &dyn Progress,
    ) -> Result<Attempt, Error> {
        let mut arguments: Vec<OsString> = ["plan", "-input=false", "-json"].map(OsString::from).into();
        let mut out = OsString::from("-out=");
        out.push(file);
        arguments.push(out);
        arguments.push(lock_argument(options.lock, wait).into());
        if !options.refresh {
            arguments.push("-refresh=false".into());
        }
        if let Some(destroy) = &options.destroy {
            arguments.push("-destroy".into());
            if let Destroy::Targets(targets) = destroy {
                arguments.extend(targets.iter().map(|target| format!("-target={target}").into()));
            }
        }
        let mut listener = Listener::new(self, progress);
        let ended = self.run(folder, &arguments, progress, &mut |line| listener.line(line))?;
        Ok(Attempt { ended, said: listener.said, version: listener.version })
    }

    /// The first line tells the version, so that no process is needed for it.
    fn version_of(&self, attempt: &Attempt) -> Result<Version, Error> {
        match attempt.version.as_deref().and_then(|text| text.parse().ok()) {
            Some(found) => self.new_enough(found),
            None if attempt.ended.interrupted => Err(self.interrupted("plan")),
            None => Err(self.unreadable_version(&attempt.ended.stderr)),
        }
    }
}

/// `-lock=false`, or how long to wait.
pub(super) fn lock_argument(lock: bool, wait: Duration) -> String {
    if lock { format!("-lock-timeout={}s", wait.as_secs()) } else { "-lock=false".to_owned() }
}

/// Draws the progress of a plan and keeps what terraform says.
struct Listener<'a> {
    program: &'a Program,
    progress: &'a dyn Progress,
    said: Vec<Diagnostic>,
    version: Option<String>,
}

impl<'a> Listener<'a> {
    fn new(program: &'a Program, progress: &'a dyn Progress) -> Self {
        Self { program, progress, said: Vec::new(), version: None }
    }

    fn line(&mut self, line: &str) {
        let redactor = self.program.redactor();
        match Event::from_line(line, redactor) {
            Event::Version(version) => self.version = Some(version),
            Event::Diagnostic(diagnostic) => self.said.push(diagnostic),
            Event::Refreshing(address) | Event::Started { address, .. } => {
                self.progress.started(&address, Verb::Read.present());
            }
            Event::Refreshed(address) | Event::Completed { address, .. } => {
                self.progress.finished(&address, Outcome::Done, Verb::Read.past());
            }
            Event::Errored { address, .. } => self.progress.finished(&address, Outcome::Failed, "could not be read"),
            Event::Unreadable if !line.trim().is_empty() => self.progress.detail(&redactor.hide(line)),
            _ => {}
        }
    }
}
