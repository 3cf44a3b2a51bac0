//! Makes the edits of a layout: all or none.

use std::path::{Path, PathBuf};

use crate::files::{self, FileError};
use crate::layout::Edit;

/// What terraform makes anew wherever it is initialised.
const OF_TERRAFORM: [&str; 2] = [".terraform", ".terraform.lock.hcl"];

/// Makes all edits below `folder`. If one fails, those made before are taken back, and nothing is changed.
///
/// Files that are made in one new folder appear together: it is filled under another name first. So does a folder go whose
/// files are all deleted, with what terraform keeps in it for itself: it gets another name first.
pub fn write_edits(folder: &Path, edits: &[Edit]) -> Result<(), FileError> {
    for edit in edits {
        match edit {
            Edit::Write { path, before, .. } => files::require(&folder.join(path), before)?,
            Edit::Delete { path, before } => files::require(&folder.join(path), before)?,
            Edit::Create { .. } => {}
        }
    }
    if let Some(gone) = gone_folder(folder, edits) {
        return remove(folder, &gone, edits);
    }
    remove_empty(folder, edits);
    let new = new_folder(folder, edits);
    let is_inside = |edit: &&Edit| new.as_ref().is_some_and(|new| edit.path().starts_with(&format!("{new}/")));
    let (inside, single): (Vec<&Edit>, Vec<&Edit>) = edits.iter().partition(is_inside);
    let mut modes = Vec::new();
    for (index, edit) in single.iter().enumerate() {
        let path = folder.join(edit.path());
        let made = match edit {
            Edit::Write { before, after, .. } => files::replace(&path, before, after),
            Edit::Create { bytes, mode, .. } => files::create(&path, bytes, *mode),
            Edit::Delete { before, .. } => files::read_with_mode(&path).and_then(|(_, mode)| {
                files::delete(&path, before)?;
                modes.push((index, mode));
                Ok(())
            }),
        };
        if let Err(error) = made {
            take_back(folder, &single[..index], &modes);
            return Err(error);
        }
    }
    if let Some(new) = &new
        && let Err(error) = make(&folder.join(new), new, &inside)
    {
        take_back(folder, &single, &modes);
        return Err(error);
    }
    remove_emptied(folder, edits);
    Ok(())
}

/// A folder that [`write_edits`] moved aside and was then stopped; what is in it is not needed any more.
pub fn left_aside(folder: &Path) -> Option<PathBuf> {
    Some(files::aside(folder)).filter(|aside| aside.is_dir())
}

/// Makes a new folder with its files, in one step.
fn make(path: &Path, name: &str, edits: &[&Edit]) -> Result<(), FileError> {
    files::create_folder(path, |place| {
        for edit in edits {
            if let Edit::Create { path, bytes, mode } = edit
                && let Some(inside) = path.strip_prefix(&format!("{name}/"))
            {
                files::create(&place.join(inside), bytes, *mode)?;
            }
        }
        Ok(())
    })
}

/// The folder, relative to `folder`, that is not there yet and that most of the edits make their files in.
fn new_folder(folder: &Path, edits: &[Edit]) -> Option<String> {
    let new = edits.iter().filter_map(|edit| match edit {
        Edit::Create { path, .. } => ancestors(path).into_iter().rev().find(|path| is_free(&folder.join(path))),
        Edit::Write { .. } | Edit::Delete { .. } => None,
    });
    let new: Vec<String> = new.collect();
    new.iter().max_by_key(|one| new.iter().filter(|other| other == one).count()).cloned()
}

fn is_free(path: &Path) -> bool {
    path.symlink_metadata().is_err()
}

/// The folders that a path is below, the deepest first.
fn ancestors(path: &str) -> Vec<String> {
    path.rmatch_indices('/').map(|(slash, _)| path[..slash].to_owned()).collect()
}

/// The folder that goes with these edits: they delete several files, and all of them are below it.
fn gone_folder(folder: &Path, edits: &[Edit]) -> Option<String> {
    let is_deletion = |edit: &Edit| matches!(edit, Edit::Delete { .. });
    if edits.len() < 2 || !edits.iter().all(is_deletion) {
        return None;
    }
    let above_all = |path: &String| edits.iter().all(|edit| edit.path().starts_with(&format!("{path}/")));
    let common = ancestors(edits[0].path()).into_iter().find(above_all)?;
    let is_link = folder.join(&common).symlink_metadata().is_ok_and(|found| found.is_symlink());
    (!is_link).then_some(common)
}

/// Removes a folder: in one step it is no root any more, then its files go. Files of which the edits know nothing stay.
fn remove(folder: &Path, gone: &str, edits: &[Edit]) -> Result<(), FileError> {
    let path = folder.join(gone);
    let aside = files::move_aside(&path)?;
    for edit in edits {
        if let Edit::Delete { path, before } = edit
            && let Some(inside) = path.strip_prefix(&format!("{gone}/"))
        {
            files::delete(&aside.join(inside), before)?;
        }
    }
    let inside = |edit: &Edit| Path::new(edit.path()).strip_prefix(gone).map(Path::to_owned).unwrap_or_default();
    let mut emptied: Vec<PathBuf> = edits
        .iter()
        .flat_map(|edit| inside(edit).ancestors().skip(1).map(Path::to_owned).collect::<Vec<_>>())
        .collect();
    emptied.retain(|path| path.components().next().is_some());
    remove_folders(&aside, emptied);
    files::clear_aside(&path, &OF_TERRAFORM)?;
    remove_emptied(folder, edits);
    Ok(())
}

/// What cannot be taken back is left as it is: the first error is the one that is told.
fn take_back(folder: &Path, made: &[&Edit], modes: &[(usize, u32)]) {
    for (index, edit) in made.iter().enumerate().rev() {
        let path = folder.join(edit.path());
        let _ = match edit {
            Edit::Write { before, after, .. } => files::replace(&path, after, before),
            Edit::Create { bytes, .. } => files::delete(&path, bytes),
            Edit::Delete { before, .. } => match modes.iter().find(|(at, _)| *at == index) {
                Some((_, bits)) => files::create(&path, before, *bits),
                None => Ok(()),
            },
        };
    }
}

/// Removes the folders that deletions have left without files. One that cannot be removed does no harm.
fn remove_emptied(folder: &Path, edits: &[Edit]) {
    let deleted = edits.iter().filter(|edit| matches!(edit, Edit::Delete { .. }));
    remove_folders(folder, deleted.flat_map(|edit| ancestors(edit.path())).map(PathBuf::from).collect());
}

/// Removes the folders without files that new files go to, such as those that a change of branches left: with them in its
/// place, the new folder could not appear in one step.
fn remove_empty(folder: &Path, edits: &[Edit]) {
    let made = edits.iter().filter(|edit| matches!(edit, Edit::Create { .. }));
    if made.clone().count() > 1 {
        remove_folders(folder, made.flat_map(|edit| ancestors(edit.path())).map(PathBuf::from).collect());
    }
}

/// Removes those of the folders that have no files but terraform's own, the deepest first.
fn remove_folders(folder: &Path, mut folders: Vec<PathBuf>) {
    folders.sort_by_cached_key(|path| (std::cmp::Reverse(path.components().count()), path.clone()));
    folders.dedup();
    for path in folders {
        files::remove_folder_without_files(&folder.join(path), &OF_TERRAFORM);
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
        let create = Edit::Create { path: "c.tf".to_owned(), bytes: b"c".to_vec(), mode: 0o644 };
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
            bytes: text.as_bytes().to_vec(),
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
        files::create(&root.join("p/new/.terraform.lock.hcl"), "", 0o644).expect("made");
        files::create(&root.join("p/other/main.tf"), "", 0o644).expect("made");
        let delete =
            |(path, before): (&str, &str)| Edit::Delete { path: path.to_owned(), before: before.as_bytes().to_vec() };
        let (main, script, link) = (("p/new/main.tf", "a"), ("p/new/run.sh", "b"), ("p/new/in/l", "../x"));
        for wrong in [("p/new/none", ""), ("p/new/main.tf", "what stood there before")] {
            let failed = write_edits(root, &[script, link, wrong].map(delete));
            assert!(matches!(failed, Err(FileError::Changed { .. })), "{failed:?}");
        }
        assert_eq!(files::read_with_mode(&root.join("p/new/run.sh")).expect("back").1, 0o755);
        assert_eq!(files::read_with_mode(&root.join("p/new/in/l")).expect("back").0, b"../x");
        write_edits(root, &[main, script, link].map(delete)).expect("removed");
        assert_eq!(files::folders_in(&root.join("p")).expect("names"), ["other"]);
    }

    #[test]
    fn a_file_that_somebody_else_changed_is_not_deleted() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("main.tf");
        files::create(&file, "mine, and theirs", 0o644).expect("made");
        let delete = Edit::Delete { path: "main.tf".to_owned(), before: b"mine".to_vec() };
        assert!(matches!(write_edits(folder.path(), &[delete]), Err(FileError::Changed { .. })));
        assert_eq!(files::read(&file).expect("there"), "mine, and theirs");
    }

    #[test]
    fn a_new_folder_is_whole_although_one_is_left_over_and_another_file_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        files::create(&root.join("p/new/.terraform/x"), "", 0o644).expect("made");
        files::create(&root.join("p/new/in/.terraform/x"), "", 0o644).expect("made");
        let create = |path: &str| Edit::Create { path: path.to_owned(), bytes: b"a".to_vec(), mode: 0o644 };
        let edits = [create("p/new/a.tf"), create("x.tfvars"), create("p/new/in/b.tf"), create("p/new/b.tf")];
        let twice = [&edits[..], &edits[3..]].concat();
        assert!(write_edits(root, &twice).is_err());
        assert_eq!(files::paths_below(root).expect("paths"), Vec::<String>::new(), "nothing is left of it");
        write_edits(root, &edits).expect("made");
        assert_eq!(files::paths_below(root).expect("paths"), ["p/new/a.tf", "p/new/b.tf", "p/new/in/b.tf", "x.tfvars"]);
    }

    #[test]
    fn files_that_nobody_named_stay_in_a_folder_that_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        for path in ["p/main.tf", "p/in/x.tf", "p/notes.txt", "p/.terraform/x"] {
            files::create(&root.join(path), "a", 0o644).expect("made");
        }
        let delete = |path: &str| Edit::Delete { path: path.to_owned(), before: b"a".to_vec() };
        write_edits(root, &[delete("p/main.tf"), delete("p/in/x.tf")]).expect("removed");
        assert_eq!(files::paths_below(root).expect("paths"), ["p/.terraform/x", "p/notes.txt"]);
        assert_eq!(files::folders_in(&root.join("p")).expect("names"), [".terraform"]);
    }
}
