//! `terraform init`, only when it is needed.

use std::ffi::OsString;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::classify;
use super::diagnostic::Diagnostic;
use super::error::Error;
use super::folder::PrivateFolder;
use super::program::Program;
use crate::progress::{Outcome, Progress};

/// How the messages begin that say that `init` is needed. Seen with terraform 1.11.4.
const NEEDED: &[&str] = &[
    "Module not installed",
    "Module source has changed",
    "Module version requirements have changed",
    "Inconsistent dependency lock file",
    "Required plugins are not installed",
    "Backend initialization required",
    "Initialization required",
];
/// The one reason for a backend's initialization that does not concern state that is already somewhere.
const FIRST_TIME: &str = "Initial configuration of the requested backend";
/// What `init` says when state would have to move and nobody can be asked.
const ASKS_TO_MOVE: &str = "approval for state migration";
const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// What stands in an error that may be gone at the next attempt.
const PASSING: &[&str] = &[
    "connection refused",
    "connection reset",
    "dial tcp",
    "i/o timeout",
    "timed out",
    "Client.Timeout",
    "no such host",
    "TLS handshake",
    "unexpected EOF",
    "temporary failure",
    "502 Bad Gateway",
    "503 Service",
    "504 Gateway",
    "429 Too Many",
    "could not connect",
];

/// Whether these errors of plan say that `init` must come first. A backend that is another one than before is an error:
/// only the user knows whether its state must move along.
pub(super) fn is_needed(program: &Program, said: &[Diagnostic]) -> Result<bool, Error> {
    let errors = || said.iter().filter(|it| !it.warning);
    let changed = errors().find(|it| it.summary.starts_with("Backend initialization required") && !it.says(FIRST_TIME));
    if let Some(changed) = changed {
        let reason = changed.detail.lines().find_map(|line| line.strip_prefix("Reason: "));
        let reason = reason.unwrap_or(&changed.summary).to_owned();
        return Err(Error::BackendChanged { reason, program: program.name().to_owned() });
    }
    Ok(errors().next().is_some() && errors().all(asks_for_init))
}

/// Whether `init` would take this error away.
pub(super) fn asks_for_init(diagnostic: &Diagnostic) -> bool {
    NEEDED.iter().any(|words| diagnostic.summary.starts_with(words))
}

impl Program {
    /// Runs `init` with the configured arguments, never `-upgrade`. It is tried again when the network fails.
    pub fn init(&self, progress: &dyn Progress) -> Result<(), Error> {
        const ITEM: &str = "terraform init";
        let _watch = self.interrupts().watch();
        progress.started(ITEM, "initializing");
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let error = match self.init_once(attempt, progress) {
                Ok(()) => break,
                Err(error) => error,
            };
            if attempt == ATTEMPTS || !may_pass(&error) || self.interrupts().pressed() {
                progress.finished(ITEM, Outcome::Failed, "failed");
                return Err(error);
            }
            progress.changed(ITEM, "failed, trying again");
            if !self.pause(pause) {
                progress.finished(ITEM, Outcome::Failed, "interrupted");
                return Err(self.interrupted("init"));
            }
            pause *= 3;
        }
        progress.finished(ITEM, Outcome::Done, "initialized");
        Ok(())
    }

    fn init_once(&self, attempts: u32, progress: &dyn Progress) -> Result<(), Error> {
        let folder = PrivateFolder::new()?;
        let mut arguments: Vec<OsString> = ["init", "-input=false", "-no-color"].map(OsString::from).into();
        arguments.extend(self.init_args().iter().map(OsString::from));
        let ended = self.run(&folder, &arguments, progress, &mut |line| {
            if !line.trim().is_empty() {
                progress.detail(&self.redactor().hide(line));
            }
        })?;
        if ended.status.success() {
            return Ok(());
        }
        if ended.interrupted {
            return Err(self.interrupted("init"));
        }
        let said: Vec<_> =
            Diagnostic::from_text(&ended.stderr, self.redactor()).into_iter().filter(|it| !it.warning).collect();
        let moves_state =
            |it: &&Diagnostic| it.summary.starts_with("Backend configuration changed") || it.says(ASKS_TO_MOVE);
        if let Some(changed) = said.iter().find(moves_state) {
            let reason = if changed.says(ASKS_TO_MOVE) { "there is state in the old place" } else { &changed.summary };
            return Err(Error::BackendChanged { reason: reason.to_owned(), program: self.name().to_owned() });
        }
        Err(match classify::specific(self, &said) {
            Some(error @ (Error::Backend { .. } | Error::Configuration { .. })) => error,
            _ => Error::Init { program: self.name().to_owned(), attempts, diagnostics: said, stderr: ended.stderr },
        })
    }

    /// Whether nobody interrupted.
    fn pause(&self, length: Duration) -> bool {
        let until = Instant::now() + length;
        while Instant::now() < until && !self.interrupts().pressed() {
            sleep(Duration::from_millis(25));
        }
        !self.interrupts().pressed()
    }
}

fn may_pass(error: &Error) -> bool {
    let (Error::Init { diagnostics, .. } | Error::Backend { diagnostics }) = error else { return false };
    diagnostics.iter().any(|it| PASSING.iter().any(|words| it.says(words)))
}
