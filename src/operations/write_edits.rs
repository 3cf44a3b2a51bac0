//! Makes the edits of a layout: all or none.

use std::path::{Path, PathBuf};

use crate::files::{self, FileError};
use crate::layout::Edit;

/// Makes all edits below `folder`. If one fails, those made before are taken back, and nothing is changed.
///
/// Files that are made in one new folder appear together: it is filled under another name first. A folder whose last file
/// is deleted goes too, with what terraform keeps in it for itself.
pub fn write_edits(folder: &Path, edits: &[Edit]) -> Result<(), FileError> {
    if let Some(new) = new_folder(folder, edits) {
        return files::create_folder(&folder.join(&new), |place| {
            for edit in edits {
                if let Edit::Create { path, content, mode } = edit
                    && let Some(inside) = path.strip_prefix(&format!("{new}/"))
                {
                    files::create(&place.join(inside), content, *mode)?;
                }
            }
            Ok(())
        });
    }
    let mut deleted = Vec::new();
    for (index, edit) in edits.iter().enumerate() {
        let path = folder.join(edit.path());
        let made = match edit {
            Edit::Write { before, after, .. } => files::replace(&path, before, after),
            Edit::Create { content, mode, .. } => files::create(&path, content, *mode),
            Edit::Delete { .. } => files::read_with_mode(&path).and_then(|(content, mode)| {
                files::delete(&path, &content)?;
                deleted.push((index, content, mode));
                Ok(())
            }),
        };
        if let Err(error) = made {
            take_back(folder, &edits[..index], &deleted);
            return Err(error);
        }
    }
    remove_emptied(folder, edits);
    Ok(())
}

/// The folder, relative to `folder`, that all edits make files in and that is not there yet.
fn new_folder(folder: &Path, edits: &[Edit]) -> Option<String> {
    let paths: Option<Vec<&str>> = edits
        .iter()
        .map(|edit| match edit {
            Edit::Create { path, .. } => Some(path.as_str()),
            Edit::Write { .. } | Edit::Delete { .. } => None,
        })
        .collect();
    let paths = paths?;
    let parts: Vec<&str> = paths.first()?.split('/').collect();
    let folders = (1..parts.len()).map(|length| parts[..length].join("/"));
    let new = folders.into_iter().find(|path| folder.join(path).symlink_metadata().is_err())?;
    paths.iter().all(|path| path.starts_with(&format!("{new}/"))).then_some(new)
}

/// What cannot be taken back is left as it is: the first error is the one that is told.
fn take_back(folder: &Path, made: &[Edit], deleted: &[(usize, Vec<u8>, u32)]) {
    for (index, edit) in made.iter().enumerate().rev() {
        let path = folder.join(edit.path());
        let _ = match edit {
            Edit::Write { before, after, .. } => files::replace(&path, after, before),
            Edit::Create { content, .. } => files::delete(&path, content),
            Edit::Delete { .. } => match deleted.iter().find(|(at, ..)| *at == index) {
                Some((_, content, bits)) => files::create(&path, content, *bits),
                None => Ok(()),
            },
        };
    }
}

/// Removes the folders that deletions have left without files. One that cannot be removed does no harm.
fn remove_emptied(folder: &Path, edits: &[Edit]) {
    let mut emptied: Vec<PathBuf> = Vec::new();
    for edit in edits {
        if let Edit::Delete { path } = edit {
            emptied.extend(Path::new(path).ancestors().skip(1).map(Path::to_owned));
        }
    }
    emptied.sort_by_key(|path| std::cmp::Reverse(path.components().count()));
    emptied.dedup();
    for path in emptied.iter().filter(|path| path.components().next().is_some()) {
        files::remove_folder_without_files(&folder.join(path), ".terraform");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_all_or_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        files::create(&root.join("a.tf"), "a", 0o644).expect("made");
        files::create(&root.join("b.tf"), "somebody else's", 0o644).expect("made");
        let write = |path: &str| Edit::Write { path: path.to_owned(), before: "a".to_owned(), after: "new".to_owned() };
        let create = Edit::Create { path: "c.tf".to_owned(), content: b"c".to_vec(), mode: 0o644 };
        let failed = write_edits(root, &[write("a.tf"), create.clone(), write("b.tf")]);
        assert!(matches!(failed, Err(FileError::Changed { .. })));
        assert_eq!(files::read(&root.join("a.tf")).expect("read"), "a");
        assert_eq!(files::names_in(root).expect("names"), ["a.tf", "b.tf"]);
        write_edits(root, &[write("a.tf"), create]).expect("made");
        assert_eq!(files::names_in(root).expect("names"), ["a.tf", "b.tf", "c.tf"]);
    }

    #[test]
    fn a_new_folder_appears_whole_and_goes_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let create = |path: &str, text: &str, mode| Edit::Create {
            path: path.to_owned(),
            content: text.as_bytes().to_vec(),
            mode,
        };
        let edits = [
            create("p/new/main.tf", "a", 0o644),
            create("p/new/run.sh", "b", 0o755),
            create("p/new/in/l", "../x", 0o120_777),
        ];
        let twice = [edits[0].clone(), edits[0].clone()];
        assert!(write_edits(root, &twice).is_err());
        assert_eq!(files::folders_in(root).expect("names"), Vec::<String>::new(), "nothing is left of it");
        write_edits(root, &edits).expect("made");
        assert_eq!(files::paths_below(root).expect("paths"), ["p/new/in/l", "p/new/main.tf", "p/new/run.sh"]);
        assert_eq!(files::read_with_mode(&root.join("p/new/run.sh")).expect("read"), (b"b".to_vec(), 0o755));
        assert_eq!(files::read_with_mode(&root.join("p/new/in/l")).expect("read"), (b"../x".to_vec(), 0o120_777));

        files::create(&root.join("p/new/.terraform/x"), "", 0o644).expect("made");
        files::create(&root.join("p/other/main.tf"), "", 0o644).expect("made");
        let delete = |path: &str| Edit::Delete { path: path.to_owned() };
        let failed = write_edits(root, &[delete("p/new/run.sh"), delete("p/new/in/l"), delete("p/new/none")]);
        assert!(failed.is_err());
        assert_eq!(files::read_with_mode(&root.join("p/new/run.sh")).expect("back").1, 0o755);
        assert_eq!(files::read_with_mode(&root.join("p/new/in/l")).expect("back").0, b"../x");
        write_edits(root, &["p/new/main.tf", "p/new/run.sh", "p/new/in/l"].map(delete)).expect("removed");
        assert_eq!(files::folders_in(&root.join("p")).expect("names"), ["other"]);
    }
}
