//! `terraform show -json` of a saved plan.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;

use serde::Deserialize;

use super::address::Address;
use super::classify;
use super::contents::Plan;
use super::diagnostic::Diagnostic;
use super::error::Error;
use super::folder::PrivateFolder;
use super::plan::SavedPlan;
use super::plan_json::read_plan;
use super::program::Program;
use crate::progress::{Outcome, Progress};

/// What of a state is looked at.
#[derive(Deserialize)]
struct State {
    #[serde(default)]
    resources: Vec<StateResource>,
}

#[derive(Deserialize)]
struct StateResource {
    mode: String,
    #[serde(default)]
    module: Option<String>,
}

impl Program {
    /// Reads what a saved plan would do.
    pub fn show(&self, saved: &SavedPlan, progress: &dyn Progress) -> Result<Plan, Error> {
        const ITEM: &str = "terraform show";
        progress.started(ITEM, "reading the plan");
        let plan = self.show_unseen(saved, progress);
        match &plan {
            Ok(_) => progress.finished(ITEM, Outcome::Done, "read the plan"),
            Err(_) => progress.finished(ITEM, Outcome::Failed, "failed"),
        }
        plan
    }

    /// Whether the state can be read; nothing is initialized for it. The state itself is not kept.
    pub fn read_state(&self, progress: &dyn Progress) -> Result<(), Error> {
        let _watch = self.interrupts().watch();
        let folder = PrivateFolder::new()?;
        self.pull_state(&folder, progress)?;
        Ok(())
    }

    /// The modules of the root that have resources in the state: `module.x`, `module.pipelines["2022-08-31"]`.
    pub fn modules_in_state(&self, progress: &dyn Progress) -> Result<BTreeSet<Address>, Error> {
        let _watch = self.interrupts().watch();
        let folder = PrivateFolder::new()?;
        let path = self.pull_state(&folder, progress)?;
        let wrong = |source| Error::File { path: path.clone(), what: "read", source };
        let mut reader = BufReader::with_capacity(256 * 1024, File::open(&path).map_err(wrong)?);
        skip_talk(&mut reader).map_err(wrong)?;
        if reader.fill_buf().map_err(wrong)?.is_empty() {
            return Ok(BTreeSet::new());
        }
        let state: State = serde_json::from_reader(reader)
            .map_err(|error| Error::PlanUnreadable { line: error.line(), column: error.column() })?;
        let managed = state.resources.into_iter().filter(|resource| resource.mode == "managed");
        let modules = managed.filter_map(|resource| resource.module);
        Ok(modules.filter_map(|module| module.parse::<Address>().ok()?.outermost()).collect())
    }

    /// The file that holds the state, in the private folder.
    fn pull_state(&self, folder: &PrivateFolder, progress: &dyn Progress) -> Result<PathBuf, Error> {
        let ended = self.run_to_file(folder, &["state".into(), "pull".into(), "-no-color".into()], progress)?;
        if ended.interrupted {
            return Err(self.interrupted("state pull"));
        }
        if ended.status.success() {
            return Ok(ended.stdout);
        }
        let said = Diagnostic::from_text(&ended.stderr, self.redactor());
        Err(classify::failure(self, "state pull", &ended, &said))
    }

    fn show_unseen(&self, saved: &SavedPlan, progress: &dyn Progress) -> Result<Plan, Error> {
        let _watch = self.interrupts().watch();
        let arguments: [OsString; 4] =
            ["show".into(), "-json".into(), "-no-color".into(), saved.file.clone().into_os_string()];
        let ended = self.run_to_file(&saved.folder, &arguments, progress)?;
        if ended.interrupted {
            return Err(self.interrupted("show"));
        }
        if !ended.status.success() {
            let said = Diagnostic::from_text(&ended.stderr, self.redactor());
            return Err(classify::failure(self, "show", &ended, &said));
        }
        let file = File::open(&ended.stdout);
        let file = file.map_err(|source| Error::File { path: ended.stdout.clone(), what: "read", source })?;
        let mut reader = BufReader::with_capacity(256 * 1024, file);
        let plan = skip_talk(&mut reader)
            .map_err(|source| Error::File { path: ended.stdout.clone(), what: "read", source })
            .and_then(|()| read_plan(reader, self.redactor()));
        // it holds every value in clear text: nobody needs it any more
        drop(fs::remove_file(&ended.stdout));
        plan
    }
}

/// A wrapper script may talk before terraform does: the plan begins at the first line with a brace.
pub(super) fn skip_talk(reader: &mut impl BufRead) -> io::Result<()> {
    while reader.fill_buf()?.first().is_some_and(|byte| *byte != b'{') {
        reader.skip_until(b'\n')?;
    }
    Ok(())
}
