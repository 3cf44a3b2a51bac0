//! A lock of the operating system on a file. The system frees it when the process dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::super::ReleaseError;
use super::{Holder, Request, Waiting};
use crate::files::FileError;
use crate::pipeline::Namespace;

/// How often a waiter looks again.
const AGAIN: Duration = Duration::from_millis(100);
/// Longer than anybody needs who only looks whether it is taken.
const A_GLANCE: Duration = Duration::from_millis(10);
/// The holder writes its name just after it has taken the lock: a moment without one is no mistake.
const NAMELESS: Duration = Duration::from_secs(5);

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub struct FileLock {
    /// None where a parent process holds it for us.
    file: Option<File>,
}

impl FileLock {
    /// Takes the lock of `path`. `waiting` is told who has it.
    pub fn take(
        path: &Path,
        namespace: &Namespace,
        request: &Request<'_>,
        waiting: &dyn Fn(&Holder),
    ) -> Result<Self, ReleaseError> {
        let failed = |source| ReleaseError::File(FileError::Write { path: path.to_owned(), source });
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        let begun = Instant::now();
        let mut waiting = Waiting::new(waiting);
        let mut glanced = false;
        while !try_lock(&file, path)? {
            if !glanced {
                glanced = true;
                std::thread::sleep(A_GLANCE);
                continue;
            }
            let other = read_holder(&mut file);
            let waited = begun.elapsed();
            match other {
                Some(other) if request.is_parent(&other.token) => return Ok(Self { file: None }),
                Some(other) if waited >= request.patience => {
                    return Err(ReleaseError::Held { namespace: namespace.to_string(), holder: Box::new(other) });
                }
                Some(other) => waiting.on(&other),
                None if waited >= request.patience.max(NAMELESS) => {
                    let reason = "another process has it and does not say who it is".to_owned();
                    return Err(ReleaseError::Lock { path: path.to_owned(), reason });
                }
                None => {}
            }
            std::thread::sleep(AGAIN);
        }
        let text = serde_json::to_string(request.holder).unwrap_or_default();
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(text.as_bytes()))
            .and_then(|()| file.flush())
            .map_err(failed)?;
        Ok(Self { file: Some(file) })
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            // Nobody shall be told our name while the next holder has not written its own.
            let _ = file.set_len(0);
        }
    }
}

/// Who has the lock of `path`, if somebody has it.
pub fn holder_of(path: &Path) -> Result<Option<Holder>, ReleaseError> {
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(FileError::Read { path: path.to_owned(), source }.into()),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(read_holder(&mut file)),
        Err(TryLockError::Error(error)) => Err(ReleaseError::Lock { path: path.to_owned(), reason: error.to_string() }),
    }
}

fn try_lock(file: &File, path: &Path) -> Result<bool, ReleaseError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(ReleaseError::Lock { path: path.to_owned(), reason: error.to_string() }),
    }
}

fn read_holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}
