//! Where the sandbox reads from and what it keeps between runs.

use std::path::{Path, PathBuf};

/// The folder of this crate's sources, which holds the Python part.
pub fn source_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of the whole repository.
pub fn workspace_folder() -> &'static Path {
    source_folder().parent().unwrap_or(source_folder())
}

/// Cargo's target folder: `CARGO_TARGET_DIR` when set, else `target` in the repository.
pub fn target_folder() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => workspace_folder().join(folder),
        None => workspace_folder().join("target"),
    }
}

/// The part of the target folder that is the sandbox's.
pub(crate) fn kept_folder() -> PathBuf {
    target_folder().join("sandbox")
}
