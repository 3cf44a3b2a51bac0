//! What the user asked to be changed in a new block.

use crate::hcl::{Around, Change, EditError, adds, change as changed};
use crate::pipeline::Namespace;

use super::super::LayoutError;
use super::add::Addition;

/// Where the lines of a new block were copied from.
#[derive(Debug)]
pub(in crate::layout) struct Copied {
    /// The pipeline, if it was one.
    pub from: Option<Namespace>,
    /// The file: the sibling's, or the template.
    pub path: String,
    /// How many lines stand above them there.
    pub above: usize,
}

/// The lines with the changes made.
pub(in crate::layout) fn change(
    copy: &str,
    addition: &Addition<'_>,
    copied: &Copied,
    around: &Around<'_>,
    notes: &mut Vec<String>,
) -> Result<String, LayoutError> {
    let mut lines = copy.to_owned();
    let mut added = Vec::new();
    for change in addition.changes {
        let around = &Around { added: &added, ..*around };
        let after =
            changed(&lines, change, around).map_err(|error| placed(error, changed(copy, change, around), copied))?;
        let is_new = adds(&lines, change, around);
        if let (true, Change::Unset { path }) = (after == lines, change) {
            notes.push(format!("the block has no '{path}' to leave out"));
        }
        if is_new {
            added.push(change.clone());
        }
        lines = after;
    }
    Ok(lines)
}

/// Lines of the new block say nothing to a reader while it is not written: the same error about the copy has those of
/// the file that it was copied from.
fn placed(error: EditError, of_copy: Result<String, EditError>, copied: &Copied) -> EditError {
    match of_copy {
        Err(error) => located(error, &copied.path, copied.above),
        Ok(_) => EditError::InNewBlock { error: Box::new(error) },
    }
}

/// The error with the lines of `place`, where `above` lines stand above those that it is about.
pub(in crate::layout) fn located(error: EditError, place: &str, above: usize) -> EditError {
    match error {
        EditError::Check { .. } => error,
        error => EditError::In { place: place.to_owned(), error: Box::new(error.moved(above)) },
    }
}
