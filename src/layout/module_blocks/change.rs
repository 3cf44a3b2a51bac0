//! What the user asked to be set and unset in a new block.

use crate::hcl::{EditError, Expressions, set, unset};
use crate::pipeline::Namespace;

use super::super::LayoutError;
use super::add::Addition;

/// Where the lines of a new block were copied from.
#[derive(Debug)]
pub(super) struct Copied {
    /// The pipeline, if it was one.
    pub from: Option<Namespace>,
    /// The file: the sibling's, or the template.
    pub path: String,
    /// How many lines stand above them there.
    pub above: usize,
}

/// The lines with `unsets` left out and `sets` set.
pub(super) fn change(
    copy: &str,
    addition: &Addition<'_>,
    copied: &Copied,
    notes: &mut Vec<String>,
) -> Result<String, LayoutError> {
    let mut lines = copy.to_owned();
    for path in addition.unsets {
        let without = unset(&lines, path).map_err(|error| placed(error, unset(copy, path), copied))?;
        if without == lines {
            notes.push(format!("the block has no '{path}' to leave out"));
        }
        lines = without;
    }
    for assignment in addition.sets {
        let set_in = |lines: &str| set(lines, &assignment.path, &assignment.value, Expressions::Replace);
        lines = set_in(&lines).map_err(|error| placed(error, set_in(copy), copied))?;
    }
    Ok(lines)
}

/// Lines of the new block say nothing to a reader while it is not written: the same error about the copy has those of
/// the file that it was copied from.
fn placed(error: EditError, of_copy: Result<String, EditError>, copied: &Copied) -> EditError {
    match of_copy {
        Err(error) => located(error, &copied.path, copied.above),
        Ok(_) => located(error, "in the new block", 0),
    }
}

/// The error with the lines of `place`, where `above` lines stand above those that it is about.
pub(super) fn located(error: EditError, place: &str, above: usize) -> EditError {
    match error {
        EditError::Check { .. } => error,
        error => EditError::In { place: place.to_owned(), error: Box::new(error.moved(above)) },
    }
}
