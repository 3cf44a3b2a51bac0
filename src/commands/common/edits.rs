//! Edits, as they are shown before they are made.

use crate::context::Context;
use crate::layout::Edit;
use crate::ui::counted;
use crate::ui::diff::unified;

/// Shows the diff of each.
pub fn show(context: &Context, edits: &[Edit]) {
    for edit in edits {
        match edit {
            Edit::Write { before, after, .. } => context.ui.show(&unified(edit.path(), before, after)),
            Edit::Create { bytes, .. } => context.ui.show(&match edit.text() {
                Some(text) => unified(edit.path(), "", text),
                None => format!("{} is made: {}\n", edit.path(), counted(bytes.len(), "byte")),
            }),
            Edit::Delete { .. } => context.ui.show(&format!("{} is deleted\n", edit.path())),
        }
    }
}
