//! The SHA-256 of a file.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::Error;

/// The SHA-256 of a file, in hexadecimal.
pub(super) fn of_file(path: &Path) -> Result<String, Error> {
    let wrong = |source| Error::File { path: path.to_owned(), what: "read", source };
    let mut file = File::open(path).map_err(wrong)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = file.read(&mut buffer).map_err(wrong)?;
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
    }
    Ok(hash.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
