//! Edits, as they are shown before they are made.

use crate::context::Context;
use crate::layout::Edit;
use crate::ui::diff::unified;

/// Shows the diff of each.
pub fn show(context: &Context, edits: &[Edit]) {
    for edit in edits {
        match edit {
            Edit::Write { before, after, .. } => context.ui.show(&unified(edit.path(), before, after)),
            Edit::Create { content, .. } => match std::str::from_utf8(content) {
                Ok(text) => context.ui.show(&unified(edit.path(), "", text)),
                Err(_) => context.ui.show(&format!("{} is made\n", edit.path())),
            },
            Edit::Delete { .. } => context.ui.show(&format!("{} is deleted\n", edit.path())),
        }
    }
}
