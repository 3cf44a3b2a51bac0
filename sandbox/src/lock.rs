//! One process at a time makes what all of them share.

use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::{Error, Result};

/// Runs `make` while holding the operating system's lock on `<path>.lock`, unless `path` is there already. `make` gets a
/// folder of its own beside `path`; when it succeeds that folder becomes `path`, else it is removed.
pub fn made_once(path: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    let parent = path.parent().unwrap_or(path);
    std::fs::create_dir_all(parent).map_err(Error::file(parent))?;
    let mut lock_path = path.as_os_str().to_owned();
    lock_path.push(".lock");
    let lock_path = PathBuf::from(lock_path);
    let lock = File::create(&lock_path).map_err(Error::file(&lock_path))?;
    flock(&lock, FlockOperation::LockExclusive).map_err(|error| Error::file(&lock_path)(error.into()))?;
    if path.exists() {
        return Ok(());
    }
    let partial = tempfile::Builder::new().prefix("partial-").tempdir_in(parent).map_err(Error::file(parent))?;
    make(partial.path())?;
    std::fs::rename(partial.path(), path).map_err(Error::file(path))?;
    // It has been moved away; there is nothing left for the guard to remove.
    drop(partial.keep());
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn many_at_once_make_it_once() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("made");
        let times = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    made_once(&path, |partial| {
                        times.fetch_add(1, Ordering::SeqCst);
                        std::thread::sleep(std::time::Duration::from_millis(50));
                        std::fs::write(partial.join("content"), "whole").map_err(Error::file(partial))
                    })
                    .expect("it is made");
                    assert_eq!(std::fs::read_to_string(path.join("content")).expect("it is there"), "whole");
                });
            }
        });
        assert_eq!(times.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_failure_leaves_nothing_and_can_be_repeated() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("made");
        let failed = made_once(&path, |partial| {
            std::fs::write(partial.join("half"), "").map_err(Error::file(partial))?;
            Err(Error::Missing { what: "the rest".into(), advice: "try again".into() })
        });
        assert!(failed.is_err());
        let names: Vec<_> = std::fs::read_dir(folder.path())
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name"))
            .collect();
        assert_eq!(names, ["made.lock"]);
        made_once(&path, |_| Ok(())).expect("the second attempt");
        assert!(path.is_dir());
    }
}
