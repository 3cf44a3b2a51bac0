//! The private folder in which plans and terraform's output are kept.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use super::error::Error;

const ALIVE: &str = "alive";
const PREFIX: &str = "pipelinectl-terraform-";
/// A folder is this old before it counts as left behind: a new one has no locks yet.
const LEFT_BEHIND_AFTER: Duration = Duration::from_secs(60);

/// A folder that only we can read, gone when this is dropped. When we are killed it stays for the terraform that still
/// writes to it; a later run takes it away once nobody holds a file in it.
#[derive(Debug)]
pub(super) struct PrivateFolder {
    folder: TempDir,
    runs: AtomicUsize,
    _alive: File,
}

/// Every folder of this process.
static FOLDERS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn folders() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    FOLDERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes them all away: the process ends without dropping anything.
pub(super) fn remove_all() {
    for folder in folders().iter() {
        drop(fs::remove_dir_all(folder));
    }
}

impl PrivateFolder {
    pub(super) fn new() -> Result<Self, Error> {
        let parent = std::env::temp_dir();
        sweep(&parent);
        let wrong = |source| Error::File { path: parent.clone(), what: "written", source };
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(&parent)
            .map_err(wrong)?;
        let alive = held_file(&folder.path().join(ALIVE))?;
        folders().insert(folder.path().to_owned());
        Ok(Self { folder, runs: AtomicUsize::new(1), _alive: alive })
    }

    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl PrivateFolder {
    /// Files for the output of another run of `command`: what an earlier run has left behind may still write to its own.
    pub(super) fn outputs(&self, command: &str) -> (PathBuf, PathBuf) {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        (self.join(&format!("{command}-{run}.out")), self.join(&format!("{command}-{run}.err")))
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        folders().remove(self.folder.path());
    }
}

/// A new file of mode 0600 with a lock that lasts as long as any process has it open through this handle or a copy that
/// it was started with.
pub(super) fn held_file(path: &Path) -> Result<File, Error> {
    let wrong = |source| Error::File { path: path.to_owned(), what: "written", source };
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(wrong)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|error| wrong(error.into()))?;
    Ok(file)
}

/// Takes away the folders of runs that were killed. Nothing is said when that does not work: it is tried again next time.
fn sweep(parent: &Path) {
    let us = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if !ours {
            continue;
        }
        let Ok(metadata) = fs::symlink_metadata(entry.path()) else { continue };
        let old =
            metadata.modified().ok().and_then(|time| time.elapsed().ok()).is_some_and(|age| age > LEFT_BEHIND_AFTER);
        if metadata.is_dir() && metadata.uid() == us && old && !is_held(&entry.path()) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

/// The file of the process that made the folder is asked first: while that lives, its other files are left alone.
fn is_held(folder: &Path) -> bool {
    let held =
        |path: PathBuf| File::open(path).is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockShared).is_err());
    held(folder.join(ALIVE)) || fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| held(entry.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_can_read_it() {
        let folder = PrivateFolder::new().expect("a folder");
        let mode = |path: &Path| fs::metadata(path).expect("it is there").mode() & 0o777;
        assert_eq!(mode(folder.folder.path()), 0o700);
        assert_eq!(mode(&folder.join(ALIVE)), 0o600);
        let path = folder.folder.path().to_owned();
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn only_what_nobody_holds_is_swept() {
        let parent = tempfile::tempdir().expect("a folder");
        let (dead, living, new) = (
            parent.path().join(format!("{PREFIX}dead")),
            parent.path().join(format!("{PREFIX}living")),
            parent.path().join(format!("{PREFIX}new")),
        );
        let mut held = Vec::new();
        for folder in [&dead, &living, &new] {
            fs::create_dir(folder).expect("made");
            let file = held_file(&folder.join("plan.err")).expect("held");
            if folder == &living {
                held.push(file);
            }
        }
        let now = fs::metadata(&new).and_then(|it| it.modified()).expect("a time");
        let long_ago = now - LEFT_BEHIND_AFTER * 2;
        for folder in [&dead, &living] {
            File::open(folder).and_then(|file| file.set_modified(long_ago)).expect("aged");
        }
        sweep(parent.path());
        assert_eq!((dead.exists(), living.exists(), new.exists()), (false, true, true));
        drop(held);
    }
}
