//! Reads files, and writes them whole or not at all.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// The type bits of a mode, and those of a symbolic link (inode(7)).
const TYPE: u32 = 0o170_000;
const LINK: u32 = 0o120_000;

/// What can go wrong with a file; the path is always told.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is not UTF-8.
    #[error("{} is not UTF-8: a wrong byte at offset {offset}", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// Offset of the first wrong byte.
        offset: usize,
    },
    /// It could not be written; nothing of it was changed.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else changed it since it was read; nothing was written.
    #[error("{} was changed by somebody else in the meantime; nothing was written", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// It should be made, but is there already; nothing was written.
    #[error("{} exists already; nothing was written", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
}

/// Reads a file.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, FileError> {
    fs::read(path).map_err(|source| FileError::Read { path: path.to_owned(), source })
}

/// The path with every link followed.
pub fn real_path(path: &Path) -> Result<PathBuf, FileError> {
    fs::canonicalize(path).map_err(|source| FileError::Read { path: path.to_owned(), source })
}

/// Reads a text file.
pub fn read(path: &Path) -> Result<String, FileError> {
    let bytes = read_bytes(path)?;
    String::from_utf8(bytes)
        .map_err(|error| FileError::NotText { path: path.to_owned(), offset: error.utf8_error().valid_up_to() })
}

/// Reads a text file, or `None` where there is none.
pub fn read_if_there(path: &Path) -> Result<Option<String>, FileError> {
    match read(path) {
        Err(FileError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// The names of the files in a folder (not in those below it), sorted.
pub fn names_in(folder: &Path) -> Result<Vec<String>, FileError> {
    entries(folder, |path| !path.is_dir())
}

/// The names of the folders in a folder, sorted. Links to folders are left out: they may lead back.
pub fn folders_in(folder: &Path) -> Result<Vec<String>, FileError> {
    entries(folder, |path| path.is_dir() && !path.is_symlink())
}

/// The paths of all files in a folder and below it, relative to it, with `/` between their parts, sorted. Links are files.
pub fn paths_below(folder: &Path) -> Result<Vec<String>, FileError> {
    let mut paths = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(below) = folders.pop() {
        let here = folder.join(&below);
        let prefix = if below.is_empty() { below } else { format!("{below}/") };
        paths.extend(
            entries(&here, |path| !path.is_dir() || path.is_symlink())?
                .into_iter()
                .map(|name| format!("{prefix}{name}")),
        );
        folders.extend(folders_in(&here)?.into_iter().map(|name| format!("{prefix}{name}")));
    }
    paths.sort();
    Ok(paths)
}

/// The same, without hidden folders (but those of the build systems) and without the folders of these names.
pub fn paths_below_but(folder: &Path, names: &[&str]) -> Result<Vec<String>, FileError> {
    const OF_BUILDS: [&str; 3] = [".buildkite", ".github", ".circleci"];
    let hidden = |part: &str| part.starts_with('.') && !OF_BUILDS.contains(&part);
    let mut paths = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(below) = folders.pop() {
        let here = folder.join(&below);
        let prefix = if below.is_empty() { below } else { format!("{below}/") };
        paths.extend(names_in(&here)?.into_iter().map(|name| format!("{prefix}{name}")));
        let deeper = folders_in(&here)?.into_iter().filter(|name| !hidden(name) && !names.contains(&name.as_str()));
        folders.extend(deeper.map(|name| format!("{prefix}{name}")));
    }
    paths.sort();
    Ok(paths)
}

/// Reads a file with its permission bits. Of a symbolic link, where it leads to, and the type bits of a link with
/// them (inode(7)).
pub fn read_with_mode(path: &Path) -> Result<(Vec<u8>, u32), FileError> {
    let failed = |source| FileError::Read { path: path.to_owned(), source };
    let found = fs::symlink_metadata(path).map_err(failed)?;
    if found.is_symlink() {
        let target = fs::read_link(path).map_err(failed)?;
        return Ok((target.into_os_string().into_vec(), found.permissions().mode() & (TYPE | 0o777)));
    }
    Ok((read_bytes(path)?, found.permissions().mode() & 0o777))
}

fn entries(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Result<Vec<String>, FileError> {
    let failed = |source| FileError::Read { path: folder.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if let Ok(name) = entry.file_name().into_string()
            && wanted(&entry.path())
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Replaces the text `before` of a file by `after`: whole, with the same mode, through links.
///
/// The file is compared with `before` just before it is replaced. Nothing is written where both texts are the same.
pub fn replace(path: &Path, before: &str, after: &str) -> Result<(), FileError> {
    if before == after {
        return Ok(());
    }
    let target = fs::canonicalize(path).map_err(|source| FileError::Read { path: path.to_owned(), source })?;
    let failed = |source| FileError::Write { path: path.to_owned(), source };
    let mode = fs::metadata(&target).map_err(failed)?.permissions();
    let mut temporary = beside(&target, after.as_bytes()).map_err(failed)?;
    temporary.as_file_mut().set_permissions(mode).map_err(failed)?;
    if read(&target)? != before {
        return Err(FileError::Changed { path: path.to_owned() });
    }
    temporary.persist(&target).map_err(|error| failed(error.error))?;
    sync_folder(&target);
    Ok(())
}

/// Writes a file anew, with `mode`, replacing one that is there.
pub fn write(path: &Path, text: &str, mode: u32) -> Result<(), FileError> {
    let failed = |source| FileError::Write { path: path.to_owned(), source };
    let temporary = beside(path, text.as_bytes()).map_err(failed)?;
    temporary.as_file().set_permissions(fs::Permissions::from_mode(mode)).map_err(failed)?;
    temporary.persist(path).map_err(|error| failed(error.error))?;
    sync_folder(path);
    Ok(())
}

/// Makes a file that is not there yet, with `mode`; with the type bits of a link in it, a symbolic link that leads to
/// `contents`.
pub fn create(path: &Path, contents: impl AsRef<[u8]>, mode: u32) -> Result<(), FileError> {
    let failed = |source| FileError::Write { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    if mode & TYPE == LINK {
        return std::os::unix::fs::symlink(OsStr::from_bytes(contents.as_ref()), path).map_err(|source| {
            match source.kind() {
                io::ErrorKind::AlreadyExists => FileError::Exists { path: path.to_owned() },
                _ => failed(source),
            }
        });
    }
    let temporary = beside(path, contents.as_ref()).map_err(failed)?;
    temporary.as_file().set_permissions(fs::Permissions::from_mode(mode)).map_err(failed)?;
    temporary.persist_noclobber(path).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => FileError::Exists { path: path.to_owned() },
        _ => failed(error.error),
    })?;
    sync_folder(path);
    Ok(())
}

/// Makes a folder that is not there yet: `fill` gets another one beside it, which gets its name when all is in it. If that
/// fails, nothing is left.
pub fn create_folder(path: &Path, fill: impl FnOnce(&Path) -> Result<(), FileError>) -> Result<(), FileError> {
    let failed = |source| FileError::Write { path: path.to_owned(), source };
    let parent = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let made: Vec<&Path> = parent.ancestors().take_while(|folder| !folder.exists()).collect();
    fs::create_dir_all(parent).map_err(failed)?;
    let filled = tempfile::Builder::new()
        .prefix(".pipelinectl-")
        .suffix(".tmp")
        .permissions(fs::Permissions::from_mode(0o777))
        .tempdir_in(parent)
        .map_err(failed)
        .and_then(|place| {
            fill(place.path())?;
            if path.symlink_metadata().is_ok() {
                return Err(FileError::Exists { path: path.to_owned() });
            }
            fs::rename(place.path(), path).map_err(failed)?;
            // It has another name now: there is nothing to clean up.
            drop(place.keep());
            Ok(())
        });
    if filled.is_err() {
        for folder in made {
            let _ = fs::remove_dir(folder);
        }
    }
    sync_folder(path);
    filled
}

/// Removes a folder in which there is nothing but these files and folders. Any other is left as it is.
pub fn remove_folder_without_files(path: &Path, but: &[&str]) {
    let is_left =
        |entry: io::Result<fs::DirEntry>| entry.is_ok_and(|entry| but.iter().any(|name| entry.file_name() == *name));
    if fs::read_dir(path).is_ok_and(|entries| entries.into_iter().all(is_left)) {
        for name in but {
            let left = path.join(name);
            let _ = if left.is_dir() { fs::remove_dir_all(left) } else { fs::remove_file(left) };
        }
        let _ = fs::remove_dir(path);
    }
}

/// Removes a file, or a link, that still holds `before`.
pub fn delete(path: &Path, before: impl AsRef<[u8]>) -> Result<(), FileError> {
    require(path, before)?;
    fs::remove_file(path).map_err(|source| FileError::Write { path: path.to_owned(), source })
}

/// Refuses a file, or a link, that does not hold `before` any more, or is gone.
pub fn require(path: &Path, before: impl AsRef<[u8]>) -> Result<(), FileError> {
    let is_same = |found: &[u8]| found == before.as_ref();
    match read_with_mode(path) {
        // Of a link, what it leads to may be meant.
        Ok((found, mode)) if is_same(&found) || (mode & TYPE == LINK && is_same(&read_bytes(path)?)) => Ok(()),
        Err(FileError::Read { source, .. }) if source.kind() != io::ErrorKind::NotFound => {
            Err(FileError::Read { path: path.to_owned(), source })
        }
        _ => Err(FileError::Changed { path: path.to_owned() }),
    }
}

/// Takes a folder away in one step: it gets another name beside its own. The new path.
pub fn move_aside(path: &Path) -> Result<PathBuf, FileError> {
    let first = aside(path);
    let name = first.file_name().unwrap_or_default().to_string_lossy();
    let another = |number: u32| first.with_file_name(format!("{name}-{number}"));
    // What a command that was stopped left stays for its owner to look at.
    let is_free = |path: &PathBuf| path.symlink_metadata().is_err();
    let aside =
        [first.clone()].into_iter().chain((2..=u32::MAX).map(another)).find(is_free).unwrap_or_else(|| first.clone());
    fs::rename(path, &aside).map_err(|source| FileError::Write { path: path.to_owned(), source })?;
    sync_folder(path);
    Ok(aside)
}

/// Where [`move_aside`] puts a folder.
pub fn aside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".pipelinectl-gone-{name}"))
}

/// Removes what is left of a folder that was moved aside: its empty folders, and terraform's own. Where there are files
/// still, it gets its name back.
pub fn clear_aside(aside: &Path, path: &Path, but: &[&str]) -> Result<(), FileError> {
    let is_left = |name: &String| name.split('/').all(|part| !but.contains(&part));
    if paths_below(aside)?.iter().any(is_left) {
        fs::rename(aside, path).map_err(|source| FileError::Write { path: path.to_owned(), source })
    } else {
        fs::remove_dir_all(aside).map_err(|source| FileError::Write { path: aside.to_owned(), source })
    }
}

fn beside(path: &Path, contents: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".pipelinectl-").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(contents)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// A rename lasts through a power cut only when its folder is flushed too. Some file systems refuse that for folders;
/// the file itself is whole in any case, so that is no failure.
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent().and_then(|folder| fs::File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_through_a_link_and_keeps_the_mode() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("main.tf"), folder.path().join("link.tf"));
        create(&file, "before", 0o640).expect("made");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        replace(&link, "before", "after").expect("replaced");
        assert_eq!(read(&file).expect("read"), "after");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn refuses_what_somebody_else_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("main.tf");
        create(&file, "theirs", 0o644).expect("made");
        assert!(matches!(replace(&file, "before", "after"), Err(FileError::Changed { .. })));
        assert_eq!(read(&file).expect("read"), "theirs");
        assert_eq!(names_in(folder.path()).expect("names"), ["main.tf"], "the temporary file is gone");
        assert!(matches!(create(&file, "new", 0o644), Err(FileError::Exists { .. })));
    }

    #[test]
    fn leaves_the_file_alone_where_nothing_changes() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("main.tf");
        create(&file, "same", 0o644).expect("made");
        let inode = |path: &Path| std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).expect("there"));
        let first = inode(&file);
        replace(&file, "same", "same").expect("nothing to do");
        assert_eq!(inode(&file), first);
    }
}
