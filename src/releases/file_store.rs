//! Records, holds and locks in the user's state folder, shared by the clones on this machine.
//!
//! A folder for each pipeline holds `lock`, `hold.json`, `unfinished.json` and `releases/<id>.json`. Ids begin with a time,
//! so the names of the files say which records are the newest; only those are read.
//!
//! The account is in the name of the project's folder, because two accounts may have a project of one name, whose pipelines
//! have nothing to do with each other. What was written before the account was configured lies in a folder without it: that is
//! read, too, and taken away there, but nothing is written to it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::lock::{FileLock, Request, holder_of};
use super::store::{MANY, abandoned, newest_first, the_one};
use super::{Hold, Holder, Lock, Marks, Record, ReleaseError};
use crate::environment::Environment;
use crate::files::{self, FileError};
use crate::pipeline::Namespace;

/// Only the user may read the records.
const MODE: u32 = 0o600;

const UNFINISHED: &str = "unfinished.json";
const HOLD: &str = "hold.json";
const RELEASES: &str = "releases";

/// The store of one project in a folder.
#[derive(Debug, Clone)]
pub struct FileStore {
    folder: PathBuf,
    /// Where it was before the account was known.
    older: Option<PathBuf>,
}

/// The file of a record. They sort by the time of the record, whatever its pipeline.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kept {
    id: String,
    path: PathBuf,
}

impl FileStore {
    /// The store of a project in an account, `XDG_STATE_HOME/pipelinectl/…` (XDG Base Directory Specification).
    pub fn of_project(environment: &Environment, project: &str, account: Option<&str>) -> Result<Self, ReleaseError> {
        let state = match (environment.get("XDG_STATE_HOME"), environment.get("HOME")) {
            (Some(state), _) => PathBuf::from(state),
            (None, Some(home)) => Path::new(home).join(".local/state"),
            (None, None) => return Err(ReleaseError::NoFolder),
        };
        Ok(Self::below(&state, project, account))
    }

    /// The same below a state folder.
    pub(super) fn below(state: &Path, project: &str, account: Option<&str>) -> Self {
        let name: String =
            project.chars().map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' }).collect();
        let plain = state.join("pipelinectl").join(&name);
        match account {
            Some(account) => Self { folder: plain.with_file_name(format!("{name}-{account}")), older: Some(plain) },
            None => Self::at(plain),
        }
    }

    /// The store in a folder, which is made when something is written.
    pub fn at(folder: PathBuf) -> Self {
        Self { folder, older: None }
    }

    pub(super) fn place(&self) -> String {
        self.folder.display().to_string()
    }

    pub(super) fn lock(
        &self,
        namespace: &Namespace,
        request: &Request<'_>,
        waiting: &dyn Fn(&Holder),
    ) -> Result<Lock, ReleaseError> {
        let folder = self.folder_of(namespace);
        make(&folder)?;
        FileLock::take(&folder.join("lock"), namespace, request, waiting).map(Lock::from)
    }

    pub(super) fn holder(&self, namespace: &Namespace) -> Result<Option<Holder>, ReleaseError> {
        self.first(namespace, |folder| holder_of(&folder.join("lock")))
    }

    pub(super) fn unfinished(&self, namespace: &Namespace) -> Result<Option<Record>, ReleaseError> {
        self.first(namespace, |folder| read(&folder.join(UNFINISHED)))
    }

    pub(super) fn begin(&self, namespace: &Namespace, record: &Record) -> Result<(), ReleaseError> {
        if let Some(before) = self.unfinished(namespace)?
            && before.id != record.id
        {
            // Ours is in the history: a command that works now has taken it for abandoned.
            if self.is_kept(namespace, &record.id) {
                return Err(ReleaseError::LeaseLost { namespace: namespace.to_string() });
            }
            // One that is there has ended: its command was killed between the two steps of ending it.
            if !self.is_kept(namespace, &before.id) {
                self.keep(namespace, &abandoned(before, record))?;
            }
        }
        write(&self.folder_of(namespace), UNFINISHED, record)?;
        self.older_of(namespace).map_or(Ok(()), |older| remove(&older.join(UNFINISHED)))
    }

    pub(super) fn finish(&self, namespace: &Namespace, record: &Record) -> Result<(), ReleaseError> {
        self.keep(namespace, record)?;
        match self.unfinished(namespace) {
            Ok(Some(seen)) if seen.id == record.id => self.remove_all(namespace, UNFINISHED),
            _ => Ok(()),
        }
    }

    fn is_kept(&self, namespace: &Namespace, id: &str) -> bool {
        let is_in = |folder: PathBuf| folder.join(RELEASES).join(format!("{id}.json")).exists();
        self.folders_of(namespace).any(is_in)
    }

    pub(super) fn keep(&self, namespace: &Namespace, record: &Record) -> Result<(), ReleaseError> {
        write(&self.folder_of(namespace).join(RELEASES), &format!("{}.json", record.id), record)
    }

    pub(super) fn history(&self, namespace: Option<&Namespace>, limit: usize) -> Result<Vec<Record>, ReleaseError> {
        let folders = match namespace {
            Some(namespace) => self.folders_of(namespace).collect(),
            None => self.folders()?,
        };
        let mut kept = Vec::new();
        let mut records = Vec::new();
        for folder in &folders {
            kept.extend(ids_in(&folder.join(RELEASES))?);
            records.extend(read::<Record>(&folder.join(UNFINISHED))?);
        }
        if kept.len() > limit {
            kept.select_nth_unstable_by(limit, |a, b| b.cmp(a));
            kept.truncate(limit);
        }
        for one in kept {
            records.extend(read::<Record>(&one.path)?);
        }
        Ok(newest_first(records, limit))
    }

    pub(super) fn find(&self, text: &str) -> Result<Option<Record>, ReleaseError> {
        let mut kept = Vec::new();
        let mut records = Vec::new();
        for folder in &self.folders()? {
            kept.extend(ids_in(&folder.join(RELEASES))?.into_iter().filter(|one| one.id.starts_with(text)));
            records.extend(read::<Record>(&folder.join(UNFINISHED))?.filter(|record| record.id.starts_with(text)));
        }
        // A name that is the beginning of others comes first.
        kept.sort_by_key(|one| one.id.clone());
        for one in kept.into_iter().take(MANY) {
            records.extend(read::<Record>(&one.path)?);
        }
        the_one(text, records)
    }

    pub(super) fn hold(&self, namespace: &Namespace) -> Result<Option<Hold>, ReleaseError> {
        self.first(namespace, |folder| read(&folder.join(HOLD)))
    }

    pub(super) fn set_hold(&self, namespace: &Namespace, hold: &Hold) -> Result<(), ReleaseError> {
        write(&self.folder_of(namespace), HOLD, hold)?;
        self.older_of(namespace).map_or(Ok(()), |older| remove(&older.join(HOLD)))
    }

    pub(super) fn remove_hold(&self, namespace: &Namespace) -> Result<Option<Hold>, ReleaseError> {
        let hold = self.hold(namespace)?;
        self.remove_all(namespace, HOLD)?;
        Ok(hold)
    }

    pub(super) fn take_back_hold(&self, namespace: &Namespace, hold: &Hold) -> Result<bool, ReleaseError> {
        let is_the_same = self.hold(namespace)?.as_ref() == Some(hold);
        if is_the_same {
            self.remove_all(namespace, HOLD)?;
        }
        Ok(is_the_same)
    }

    pub(super) fn marks(&self) -> Result<Marks, ReleaseError> {
        let mut marks = Marks::default();
        // What lies in the newer folder takes the place of what lies in the older one.
        for folder in self.folders()?.into_iter().rev() {
            let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            marks.held.extend(read(&folder.join(HOLD))?.map(|hold| (name.clone(), hold)));
            marks.unfinished.extend(read(&folder.join(UNFINISHED))?.map(|record| (name, record)));
        }
        Ok(marks)
    }

    fn folder_of(&self, namespace: &Namespace) -> PathBuf {
        self.folder.join(namespace.as_str())
    }

    fn older_of(&self, namespace: &Namespace) -> Option<PathBuf> {
        self.older.as_ref().map(|older| older.join(namespace.as_str()))
    }

    /// Where something of a pipeline may lie, the newer first.
    fn folders_of(&self, namespace: &Namespace) -> impl Iterator<Item = PathBuf> {
        std::iter::once(self.folder_of(namespace)).chain(self.older_of(namespace))
    }

    /// What is found first.
    fn first<T>(
        &self,
        namespace: &Namespace,
        look: impl Fn(&Path) -> Result<Option<T>, ReleaseError>,
    ) -> Result<Option<T>, ReleaseError> {
        self.folders_of(namespace)
            .map(|folder| look(&folder))
            .find(|found| !matches!(found, Ok(None)))
            .unwrap_or(Ok(None))
    }

    fn remove_all(&self, namespace: &Namespace, name: &str) -> Result<(), ReleaseError> {
        self.folders_of(namespace).try_for_each(|folder| remove(&folder.join(name)))
    }

    /// The folders of all pipelines that something was ever done to, the newer ones first.
    fn folders(&self) -> Result<Vec<PathBuf>, ReleaseError> {
        let mut folders = Vec::new();
        for place in std::iter::once(&self.folder).chain(&self.older).filter(|place| place.is_dir()) {
            folders.extend(files::folders_in(place)?.into_iter().map(|name| place.join(name)));
        }
        Ok(folders)
    }
}

/// The records in a folder, none of which is read: there may be a hundred thousand.
fn ids_in(folder: &Path) -> Result<Vec<Kept>, ReleaseError> {
    let failed = |source| FileError::Read { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(failed(source).into()),
    };
    let mut kept = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        // Other files are those that are being written.
        if let Some(id) = name.to_str().and_then(|name| name.strip_suffix(".json")) {
            kept.push(Kept { id: id.to_owned(), path: folder.join(&name) });
        }
    }
    Ok(kept)
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, ReleaseError> {
    let Some(text) = files::read_if_there(path)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|error| unreadable(path, &error))
}

fn make(folder: &Path) -> Result<(), ReleaseError> {
    fs::create_dir_all(folder).map_err(|source| FileError::Write { path: folder.to_owned(), source }.into())
}

fn write(folder: &Path, name: &str, content: &impl Serialize) -> Result<(), ReleaseError> {
    make(folder)?;
    let path = folder.join(name);
    let text = serde_json::to_string_pretty(content).map_err(|error| unreadable(&path, &error))?;
    Ok(files::write(&path, &(text + "\n"), MODE)?)
}

fn remove(path: &Path) -> Result<(), ReleaseError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(FileError::Write { path: path.to_owned(), source }.into())
        }
        _ => Ok(()),
    }
}

fn unreadable(path: &Path, error: &serde_json::Error) -> ReleaseError {
    ReleaseError::Record { place: path.display().to_string(), reason: error.to_string() }
}
