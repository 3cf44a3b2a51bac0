//! Records and locks in the user's state folder, shared by the clones on this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Holder, Lock, Record, ReleaseError};
use crate::environment::Environment;
use crate::files::{self, FileError};
use crate::pipeline::Namespace;

/// Only the user may read the records.
const MODE: u32 = 0o600;

/// The records of one project.
#[derive(Debug, Clone)]
pub struct FileStore {
    folder: PathBuf,
}

impl FileStore {
    /// The store of a project in an account, `XDG_STATE_HOME/pipelinectl/…` (XDG Base Directory Specification).
    pub fn of_project(environment: &Environment, project: &str, account: Option<&str>) -> Result<Self, ReleaseError> {
        let state = match (environment.get("XDG_STATE_HOME"), environment.get("HOME")) {
            (Some(state), _) => PathBuf::from(state),
            (None, Some(home)) => Path::new(home).join(".local/state"),
            (None, None) => return Err(ReleaseError::NoFolder),
        };
        let name: String =
            project.chars().map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' }).collect();
        let name = account.map_or_else(|| name.clone(), |account| format!("{name}-{account}"));
        Ok(Self { folder: state.join("pipelinectl").join(name) })
    }

    /// The folder of the records.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes the lock of a pipeline; see [`Lock::take`].
    pub fn lock(
        &self,
        namespace: &Namespace,
        holder: &Holder,
        inherited: Option<&str>,
        patience: Duration,
        waiting: impl Fn(&Holder),
    ) -> Result<Lock, ReleaseError> {
        let folder = self.of(namespace)?;
        Lock::take(&folder.join("lock"), holder, inherited, patience, waiting)
    }

    /// The record of a command that was begun and has not ended.
    pub fn unfinished(&self, namespace: &Namespace) -> Result<Option<Record>, ReleaseError> {
        read(&self.unfinished_path(namespace))
    }

    /// Writes the record of a command that begins.
    pub fn begin(&self, namespace: &Namespace, record: &Record) -> Result<(), ReleaseError> {
        self.of(namespace)?;
        write(&self.unfinished_path(namespace), record)
    }

    /// Completes the record of a command that has ended.
    pub fn finish(&self, namespace: &Namespace, record: &Record) -> Result<(), ReleaseError> {
        let folder = self.of(namespace)?.join("releases");
        make(&folder)?;
        write(&folder.join(format!("{}.json", record.id)), record)?;
        let path = self.unfinished_path(namespace);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(FileError::Write { path, source }.into())
            }
            _ => Ok(()),
        }
    }

    fn unfinished_path(&self, namespace: &Namespace) -> PathBuf {
        self.folder.join(namespace.as_str()).join("unfinished.json")
    }

    fn of(&self, namespace: &Namespace) -> Result<PathBuf, ReleaseError> {
        let folder = self.folder.join(namespace.as_str());
        make(&folder)?;
        Ok(folder)
    }
}

fn read(path: &Path) -> Result<Option<Record>, ReleaseError> {
    let Some(text) = files::read_if_there(path)? else { return Ok(None) };
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| ReleaseError::Record { path: path.to_owned(), reason: error.to_string() })
}

fn make(folder: &Path) -> Result<(), ReleaseError> {
    fs::create_dir_all(folder).map_err(|source| FileError::Write { path: folder.to_owned(), source }.into())
}

fn write(path: &Path, record: &Record) -> Result<(), ReleaseError> {
    let text = serde_json::to_string_pretty(record)
        .map_err(|error| ReleaseError::Record { path: path.to_owned(), reason: error.to_string() })?;
    Ok(files::write(path, &(text + "\n"), MODE)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::releases::Outcome;

    #[test]
    fn keeps_what_is_unfinished_until_it_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = FileStore { folder: folder.path().join("concepts") };
        let namespace: Namespace = "2022-10-14".parse().expect("a namespace");
        assert_eq!(store.unfinished(&namespace).expect("read"), None);
        let mut record = Record {
            id: "20260102T030405Z-7".to_owned(),
            command: "new".to_owned(),
            namespace: namespace.to_string(),
            started: "2026-01-02T03:04:05Z".parse().expect("a time"),
            by: "alex@host".to_owned(),
            commit: None,
            digests: [("weco/a".to_owned(), crate::pipeline::image::Digest::of_manifest("a"))].into(),
            allowed: Vec::new(),
            block_added: true,
            applying: false,
            finished: None,
            outcome: None,
        };
        store.begin(&namespace, &record).expect("begun");
        assert_eq!(store.unfinished(&namespace).expect("read").as_ref(), Some(&record));
        record.outcome = Some(Outcome::Verified);
        store.finish(&namespace, &record).expect("finished");
        assert_eq!(store.unfinished(&namespace).expect("read"), None);
        let kept = store.folder.join("2022-10-14/releases/20260102T030405Z-7.json");
        assert_eq!(read(&kept).expect("read"), Some(record));
    }
}
