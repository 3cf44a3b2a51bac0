//! One lock for each pipeline.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ReleaseError;
use crate::files::FileError;

/// How often a waiter looks again.
const AGAIN: Duration = Duration::from_millis(250);

/// Who has a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// User and machine.
    pub by: String,
    /// The process.
    pub process: u32,
    /// The command, `new 2022-10-14`.
    pub command: String,
    /// Since when.
    pub since: Timestamp,
    /// Lets the holder's own children in.
    pub token: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} (process {}, '{}', since {})",
            self.by,
            self.process,
            self.command,
            self.since.strftime("%F %T UTC")
        )
    }
}

/// A lock that is held until it is dropped. The operating system frees it when the process dies.
#[derive(Debug)]
pub struct Lock {
    /// None where the parent process holds it for us.
    _file: Option<File>,
    token: String,
}

impl Lock {
    /// What a child needs to work under this lock.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Takes the lock of `path`, waiting for at most `patience`; `waiting` is told once who has it.
    ///
    /// `inherited` is the token that a parent process handed down: when that parent has the lock, it counts as ours.
    pub fn take(
        path: &Path,
        holder: &Holder,
        inherited: Option<&str>,
        patience: Duration,
        waiting: impl Fn(&Holder),
    ) -> Result<Self, ReleaseError> {
        let failed = |source| ReleaseError::File(FileError::Write { path: path.to_owned(), source });
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        let begun = Instant::now();
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => {
                    return Err(ReleaseError::Lock { path: path.to_owned(), reason: error.to_string() });
                }
                Err(TryLockError::WouldBlock) => {
                    let other = read_holder(&mut file);
                    if let (Some(other), Some(token)) = (&other, inherited)
                        && other.token == token
                    {
                        return Ok(Self { _file: None, token: token.to_owned() });
                    }
                    // The holder writes its name just after it has taken the lock: a moment without one is no mistake.
                    if let Some(other) = other {
                        if begun.elapsed() >= patience {
                            return Err(ReleaseError::Held { namespace: namespace_of(path), holder: other });
                        }
                        if !told {
                            waiting(&other);
                            told = true;
                        }
                    } else if begun.elapsed() >= patience.max(Duration::from_secs(5)) {
                        let reason = "another process has it and does not say who it is".to_owned();
                        return Err(ReleaseError::Lock { path: path.to_owned(), reason });
                    }
                    std::thread::sleep(AGAIN);
                }
            }
        }
        let text = serde_json::to_string(holder).unwrap_or_default();
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(text.as_bytes()))
            .and_then(|()| file.flush())
            .map_err(failed)?;
        Ok(Self { _file: Some(file), token: holder.token.clone() })
    }
}

fn read_holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn namespace_of(path: &Path) -> String {
    path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(token: &str) -> Holder {
        Holder {
            by: "alex@host".to_owned(),
            process: 7,
            command: "new 2022-10-14".to_owned(),
            since: "2026-01-02T03:04:05Z".parse().expect("a time"),
            token: token.to_owned(),
        }
    }

    #[test]
    fn lets_one_in_at_a_time_and_says_who_that_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lock");
        let take = |token: &str, inherited| Lock::take(&path, &holder(token), inherited, Duration::ZERO, |_| ());
        let first = take("one", None).expect("free");
        let Err(ReleaseError::Held { holder, .. }) = take("two", None) else { panic!("held") };
        assert_eq!((holder.by.as_str(), holder.process), ("alex@host", 7));
        assert_eq!(take("three", Some("one")).expect("a child of the holder").token(), "one");
        drop(first);
        take("two", None).expect("free again");
    }

    #[test]
    fn a_waiter_gets_it_when_it_is_freed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lock");
        let first = Lock::take(&path, &holder("one"), None, Duration::ZERO, |_| ()).expect("free");
        let freed = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            drop(first);
        });
        Lock::take(&path, &holder("two"), None, Duration::from_secs(10), |_| ()).expect("got it");
        freed.join().expect("ended");
    }
}
