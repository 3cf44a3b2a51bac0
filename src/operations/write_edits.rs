//! Makes the edits of a layout: all or none.

use std::path::Path;

use crate::files::{self, FileError};
use crate::layout::Edit;

/// Makes all edits below `folder`. If one fails, those made before are taken back, and nothing is changed.
pub fn write_edits(folder: &Path, edits: &[Edit]) -> Result<(), FileError> {
    let mut deleted = Vec::new();
    for (index, edit) in edits.iter().enumerate() {
        let path = folder.join(edit.path());
        let made = match edit {
            Edit::Write { before, after, .. } => files::replace(&path, before, after),
            Edit::Create { text, mode, .. } => files::create(&path, text, *mode),
            Edit::Delete { .. } => files::read(&path).and_then(|text| {
                files::delete(&path, &text)?;
                deleted.push((index, text));
                Ok(())
            }),
        };
        if let Err(error) = made {
            take_back(folder, &edits[..index], &deleted);
            return Err(error);
        }
    }
    Ok(())
}

/// What cannot be taken back is left as it is: the first error is the one that is told.
fn take_back(folder: &Path, made: &[Edit], deleted: &[(usize, String)]) {
    for (index, edit) in made.iter().enumerate().rev() {
        let path = folder.join(edit.path());
        let _ = match edit {
            Edit::Write { before, after, .. } => files::replace(&path, after, before),
            Edit::Create { text, .. } => files::delete(&path, text),
            Edit::Delete { .. } => match deleted.iter().find(|(at, _)| *at == index) {
                Some((_, text)) => files::create(&path, text, 0o644),
                None => Ok(()),
            },
        };
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
        let create = Edit::Create { path: "c.tf".to_owned(), text: "c".to_owned(), mode: 0o644 };
        let failed = write_edits(root, &[write("a.tf"), create.clone(), write("b.tf")]);
        assert!(matches!(failed, Err(FileError::Changed { .. })));
        assert_eq!(files::read(&root.join("a.tf")).expect("read"), "a");
        assert_eq!(files::names_in(root).expect("names"), ["a.tf", "b.tf"]);
        write_edits(root, &[write("a.tf"), create]).expect("made");
        assert_eq!(files::names_in(root).expect("names"), ["a.tf", "b.tf", "c.tf"]);
    }
}
