//! Reads the files of the Terraform root, as they are or as they were at a commit.

use std::path::Path;

use crate::files::{self, FileError};
use crate::git::{Git, GitError};
use crate::layout::SourceFile;

fn is_terraform(name: &str) -> bool {
    // Files that begin with a dot are not read by terraform ("Files and Configuration Structure").
    (name.ends_with(".tf") || name.ends_with(".tf.json")) && !name.starts_with('.')
}

/// The texts of the root's own `.tf` and `.tf.json` files, by name.
pub fn read(root: &Path) -> Result<Vec<SourceFile>, FileError> {
    let names = files::names_in(root)?;
    names
        .into_iter()
        .filter(|name| is_terraform(name))
        .map(|name| Ok(SourceFile::new(name.clone(), files::read(&root.join(&name))?)))
        .collect()
}

/// The same files as they were at a commit. `root` is relative to the repository's work tree.
pub fn at_commit(git: &Git, commit: &str, root: &Path) -> Result<Vec<SourceFile>, GitError> {
    let mut files = Vec::new();
    for name in git.names_at(commit, root)?.into_iter().filter(|name| is_terraform(name)) {
        if let Some(text) = git.file_at(commit, &root.join(&name))? {
            files.push(SourceFile::new(name, text));
        }
    }
    Ok(files)
}
