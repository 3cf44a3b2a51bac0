//! Reads the files of the Terraform root, as they are or as they were at a commit.

use std::path::{Component, Path, PathBuf};

use crate::files::{self, FileError};
use crate::git::{Git, GitError};
use crate::layout::directories::is_left_behind;
use crate::layout::{FolderFile, SourceFile};

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

/// The same of each folder that is `depth` folders below the root and wanted; `wanted` gets its path relative to the
/// project's folder. `also` are the paths of other files in a folder. Folders that begin with a dot are not looked into.
pub fn read_folders(
    project: &Path,
    root: &Path,
    depth: usize,
    wanted: &dyn Fn(&str) -> bool,
    also: &dyn Fn(&str) -> Vec<String>,
) -> Result<Vec<SourceFile>, FileError> {
    let mut folders = vec![root.to_owned()];
    for _ in 0..depth {
        let mut deeper = Vec::new();
        for folder in folders {
            let names = files::folders_in(&project.join(&folder))?;
            deeper.extend(names.into_iter().filter(|name| !name.starts_with('.')).map(|name| folder.join(name)));
        }
        folders = deeper;
    }
    let mut found = Vec::new();
    for folder in folders.iter().filter(|folder| wanted(&below(folder, ""))) {
        found.extend(read(project, folder)?);
        for name in also(&below(folder, "")).iter().filter(|name| !is_terraform(name)) {
            let path = below(folder, name);
            if let Some(text) = files::read_if_there(&project.join(&path))? {
                found.push(SourceFile::new(path, text));
            }
        }
    }
    Ok(found)
}

/// The files of a folder, those in folders below it too. `known` are the paths that git knows there; where it knows none,
/// all are taken but what terraform writes for itself.
pub fn folder(path: &Path, known: &[String]) -> Result<Vec<FolderFile>, FileError> {
    let paths = if known.is_empty() { files::paths_below(path)? } else { known.to_vec() };
    let mut found = Vec::new();
    for name in paths.into_iter().filter(|name| !is_left_behind(name)) {
        let (bytes, mode) = files::read_with_mode(&path.join(&name))?;
        found.push(FolderFile { path: name, bytes, mode });
    }
    Ok(found)
}

/// The path of a file in the root, relative to the project's folder, with `/` between its parts and no `./` before it.
pub fn below(root: &Path, name: &str) -> String {
    let path: PathBuf = root.join(name).components().filter(|part| *part != Component::CurDir).collect();
    path.to_string_lossy().into_owned()
}

/// As [`read_folders`], at a commit. `folder` is the root, relative to the repository's work tree.
pub fn folders_at_commit(
    git: &Git,
    commit: &str,
    folder: &Path,
    root: &Path,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Vec<SourceFile>, GitError> {
    let mut found = Vec::new();
    for path in git.paths_at(commit, folder)? {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", &path));
        if is_terraform(name) && wanted(&below(root, parent)) {
            found.push(SourceFile::new(below(root, &path), git.file_at(commit, &folder.join(&path))?));
        }
    }
    Ok(found)
}

/// The same files as they were at a commit. `folder` is the root, relative to the repository's work tree.
pub fn at_commit(git: &Git, commit: &str, folder: &Path, root: &Path) -> Result<Vec<SourceFile>, GitError> {
    let mut files = Vec::new();
    for name in git.names_at(commit, folder)?.into_iter().filter(|name| is_terraform(name)) {
        files.push(SourceFile::new(below(root, &name), git.file_at(commit, &folder.join(&name))?));
    }
    Ok(files)
}
