//! `terraform apply` of a saved plan.

use std::collections::BTreeSet;
use std::ffi::OsString;

use serde::Serialize;

use super::classify;
use super::contents::{Effect, Plan};
use super::diagnostic::Diagnostic;
use super::digest;
use super::error::Error;
use super::events::{Event, Totals, Verb};
use super::plan::{SavedPlan, lock_argument};
use super::program::Program;
use crate::progress::{Outcome, Progress};

/// One thing that is done to one resource. A replacement is two steps.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Step {
    /// The resource.
    pub address: String,
    /// What is done to it.
    pub verb: Verb,
}

/// How an apply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Everything was done.
    Complete,
    /// Something went wrong.
    Failed,
    /// The user stopped it. The state is saved.
    Interrupted,
}

/// What an apply has done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Applied {
    /// How it ended.
    pub ending: Ending,
    /// Terraform's own count, at the end of a complete apply.
    pub totals: Totals,
    /// What was done, in the order in which it ended.
    pub done: Vec<Step>,
    /// What was begun and did not work, or was stopped: such a resource may be tainted.
    pub broken: Vec<Step>,
    /// What was planned and never begun.
    pub not_begun: Vec<Step>,
    /// What terraform says is wrong.
    pub errors: Vec<Diagnostic>,
    /// What terraform warns of.
    pub warnings: Vec<Diagnostic>,
    /// How terraform ended: `exit status: 1`.
    pub status: String,
}

impl Program {
    /// Applies exactly the saved plan, which `plan` is the content of. It is never tried again.
    ///
    /// An error means that nothing was done; everything else is in [`Applied::ending`].
    pub fn apply(&self, saved: &SavedPlan, plan: &Plan, progress: &dyn Progress) -> Result<Applied, Error> {
        let _watch = self.interrupts().watch();
        let found = digest::of_file(&saved.file)?;
        if found != saved.sha256 {
            return Err(Error::AnotherPlan { path: saved.file.clone(), expected: saved.sha256.clone(), found });
        }
        let mut arguments: Vec<OsString> = ["apply", "-input=false", "-json"].map(OsString::from).into();
        arguments.push(lock_argument(true, self.lock_timeout()).into());
        arguments.push(saved.file.clone().into_os_string());
        let mut listener = Listener::new(self, progress, plan);
        let ended = self.run(&saved.folder, &arguments, progress, &mut |line| listener.line(line))?;

        let complete = ended.status.success();
        if !complete && !listener.began {
            if ended.interrupted && listener.errors.is_empty() {
                return Err(self.interrupted("apply"));
            }
            if !ended.interrupted
                && let error @ (Error::StalePlan | Error::StateLocked { .. } | Error::Backend { .. }) =
                    classify::failure(self, "apply", &ended, &listener.errors)
            {
                return Err(error);
            }
            if !ended.interrupted && listener.errors.is_empty() {
                return Err(classify::failure(self, "apply", &ended, &[]));
            }
        }
        // A destruction of one module is never the whole; nothing else that is not whole is applied.
        listener
            .warnings
            .retain(|it| plan.complete != Some(false) || it.summary != "Applied changes may be incomplete");
        let ending = match (complete, ended.interrupted) {
            (true, _) => Ending::Complete,
            (false, true) => Ending::Interrupted,
            (false, false) => Ending::Failed,
        };
        Ok(listener.applied(ending, ended.status.to_string()))
    }
}

/// The steps of a plan: what terraform tells a beginning and an end of.
fn steps(plan: &Plan) -> Vec<Step> {
    let step = |address: &str, verb| Step { address: address.to_owned(), verb };
    plan.changes
        .iter()
        .flat_map(|change| {
            let verbs: &[Verb] = match change.effect {
                Effect::Create | Effect::ReplaceForget => &[Verb::Create],
                Effect::Update => &[Verb::Update],
                Effect::Delete => &[Verb::Delete],
                Effect::Replace => &[Verb::Delete, Verb::Create],
                Effect::ReplaceCreateFirst => &[Verb::Create, Verb::Delete],
                Effect::NoOp | Effect::Read | Effect::Forget | Effect::Unknown(_) => &[],
            };
            verbs.iter().map(move |verb| step(change.address.as_str(), *verb))
        })
        .collect()
}

/// Draws the progress of an apply and keeps what was done.
struct Listener<'a> {
    program: &'a Program,
    progress: &'a dyn Progress,
    waiting: Vec<Step>,
    running: BTreeSet<Step>,
    done: Vec<Step>,
    broken: Vec<Step>,
    began: bool,
    totals: Totals,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl<'a> Listener<'a> {
    fn new(program: &'a Program, progress: &'a dyn Progress, plan: &Plan) -> Self {
        Self {
            program,
            progress,
            waiting: steps(plan),
            running: BTreeSet::new(),
            done: Vec::new(),
            broken: Vec::new(),
            began: false,
            totals: Totals::default(),
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn line(&mut self, line: &str) {
        let redactor = self.program.redactor();
        match Event::from_line(line, redactor) {
            Event::Started { address, verb } => {
                self.progress.started(&address, verb.present());
                self.begin(Step { address, verb });
            }
            Event::Goes { address, verb, .. } => {
                self.progress.changed(&address, verb.present());
            }
            Event::Completed { address, verb, .. } => {
                self.progress.finished(&address, Outcome::Done, verb.past());
                self.end(Step { address, verb }, true);
            }
            Event::Errored { address, verb } => {
                self.progress.finished(&address, Outcome::Failed, &format!("{} failed", verb.present()));
                self.end(Step { address, verb }, false);
            }
            Event::Provisioner { address, output } => self.progress.detail(&format!("{address}: {output}")),
            Event::LockWanted => self.progress.note("waiting for the lock of the Terraform state"),
            Event::Diagnostic(diagnostic) if diagnostic.warning => self.warnings.push(diagnostic),
            Event::Diagnostic(diagnostic) => self.errors.push(diagnostic),
            Event::Summary(totals) => self.totals = totals,
            Event::Unreadable if !line.trim().is_empty() => self.progress.detail(&redactor.hide(line)),
            _ => {}
        }
    }

    fn begin(&mut self, step: Step) {
        if step.verb == Verb::Read {
            return;
        }
        self.began = true;
        if let Some(index) = self.waiting.iter().position(|waiting| *waiting == step) {
            self.waiting.remove(index);
        }
        self.running.insert(step);
    }

    fn end(&mut self, step: Step, well: bool) {
        if step.verb == Verb::Read {
            return;
        }
        self.running.remove(&step);
        if well { self.done.push(step) } else { self.broken.push(step) }
    }

    fn applied(mut self, ending: Ending, status: String) -> Applied {
        self.broken.extend(self.running);
        if ending == Ending::Complete {
            // forgets and moves are told by nobody
            self.waiting.clear();
        }
        Applied {
            ending,
            totals: self.totals,
            done: self.done,
            broken: self.broken,
            not_begun: self.waiting,
            errors: self.errors,
            warnings: self.warnings,
            status,
        }
    }
}
