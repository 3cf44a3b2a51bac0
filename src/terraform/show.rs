//! `terraform show -json` of a saved plan.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};

use super::classify;
use super::contents::Plan;
use super::diagnostic::Diagnostic;
use super::error::Error;
use super::folder::PrivateFolder;
use super::plan::SavedPlan;
use super::plan_json::read_plan;
use super::program::Program;
use crate::progress::{Outcome, Progress};

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
        let ended = self.run_to_file(&folder, &["state".into(), "pull".into(), "-no-color".into()], progress)?;
        if ended.interrupted {
            return Err(self.interrupted("state pull"));
        }
        if ended.status.success() {
            return Ok(());
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
            .and_then(|()| read_plan(reader));
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
