//! Reads the files of the Terraform root, as they are or as they were at a commit.

use std::path::{Component, Path, PathBuf};

use crate::files::{self, FileError};
use crate::git::{Git, GitError};
use crate::layout::SourceFile;

fn is_terraform(name: &str) -> bool {
    // Files that begin with a dot are not read by terraform ("Files and Configuration Structure").
    (name.ends_with(".tf") || name.ends_with(".tf.json")) && !name.starts_with('.')
}

/// The texts of the root's own `.tf` and `.tf.json` files. Their paths are relative to the project's folder.
pub fn read(project: &Path, root: &Path) -> Result<Vec<SourceFile>, FileError> {
    let names = files::names_in(&project.join(root))?;
    names
        .into_iter()
        .filter(|name| is_terraform(name))
        .map(|name| {
            let path = below(root, &name);
            let text = files::read(&project.join(&path))?;
            Ok(SourceFile::new(path, text))
        })
        .collect()
}

/// The path of a file in the root, relative to the project's folder, with `/` between its parts and no `./` before it.
pub fn below(root: &Path, name: &str) -> String {
    let path: PathBuf = root.join(name).components().filter(|part| *part != Component::CurDir).collect();
    path.to_string_lossy().into_owned()
}

/// The same files as they were at a commit. `folder` is the root, relative to the repository's work tree.
pub fn at_commit(git: &Git, commit: &str, folder: &Path, root: &Path) -> Result<Vec<SourceFile>, GitError> {
    let mut files = Vec::new();
    for name in git.names_at(commit, folder)?.into_iter().filter(|name| is_terraform(name)) {
        files.push(SourceFile::new(below(root, &name), git.file_at(commit, &folder.join(&name))?));
    }
    Ok(files)
}
