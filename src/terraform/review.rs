//! FILE.json beside a plan: what was reviewed.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::plan::SavedPlan;

/// The form of FILE.json that this program writes and reads.
const FORM: u32 = 1;

/// What was known when a plan was reviewed. `apply` needs it, and judges the plan again by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The form of this file.
    pub form: u32,
    /// The SHA-256 of the plan file, in hexadecimal.
    pub plan_sha256: String,
    /// The commit of the estate that it was made from.
    pub commit: Option<String>,
    /// Whether the Terraform files had changes that no commit had yet: then the files tell, not the commit.
    #[serde(default)]
    pub uncommitted: bool,
    /// The SHA-256 of the Terraform files, in hexadecimal.
    #[serde(default)]
    pub files_sha256: String,
    /// The pipeline that may change, where it is one.
    pub namespace: Option<String>,
    /// The pipelines that may change, by the address of the module.
    #[serde(default)]
    pub pipelines: BTreeMap<String, String>,
    /// The pipelines that may change and have a Terraform root of their own, by its folder relative to the project's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub roots: BTreeMap<String, String>,
    /// The digest that each tag named, by repository and tag: `weco/concepts_aggregator:2022-08-31`.
    pub digests: BTreeMap<String, String>,
    /// `passed` or `refused`.
    pub verdict: String,
    /// Each `--allow` that was given.
    pub allows: Vec<String>,
}

impl Review {
    /// A review of `saved`; the other fields are for the caller to fill.
    pub fn of(saved: &SavedPlan, passed: bool) -> Self {
        Self {
            form: FORM,
            plan_sha256: saved.sha256().to_owned(),
            commit: None,
            uncommitted: false,
            files_sha256: String::new(),
            namespace: None,
            pipelines: BTreeMap::new(),
            roots: BTreeMap::new(),
            digests: BTreeMap::new(),
            verdict: if passed { "passed" } else { "refused" }.to_owned(),
            allows: Vec::new(),
        }
    }

    /// The file that belongs to `plan`: `FILE.json`.
    pub fn path(plan: &Path) -> PathBuf {
        let mut name = plan.as_os_str().to_owned();
        name.push(".json");
        name.into()
    }

    /// Writes it beside `plan`, whole or not at all, for the user alone.
    pub fn write(&self, plan: &Path) -> Result<(), Error> {
        let path = Self::path(plan);
        let wrong = |source| Error::File { path: path.clone(), what: "written", source };
        let parent = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut text = serde_json::to_string_pretty(self).map_err(|error| wrong(error.into()))?;
        text.push('\n');
        let mut file = tempfile::NamedTempFile::new_in(parent).map_err(wrong)?;
        file.write_all(text.as_bytes()).map_err(wrong)?;
        file.as_file().sync_all().map_err(wrong)?;
        file.persist(&path).map_err(|error| wrong(error.error))?;
        Ok(())
    }

    /// Reads the one that belongs to `plan`.
    pub fn read(plan: &Path) -> Result<Self, Error> {
        let path = Self::path(plan);
        let unreadable = |reason: String| Error::ReviewUnreadable { path: path.clone(), reason };
        let text = std::fs::read_to_string(&path).map_err(|error| unreadable(error.to_string()))?;
        let review: Self = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
        if review.form != FORM {
            return Err(unreadable(format!("its form is {}, not {FORM}", review.form)));
        }
        Ok(review)
    }

    /// The reviewed plan, copied to a private place, if it is still the same file.
    pub fn open(&self, plan: &Path) -> Result<SavedPlan, Error> {
        SavedPlan::from_file(plan, &self.plan_sha256)
    }
}
