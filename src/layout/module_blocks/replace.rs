//! What must not be so when a pipeline's block goes.

use crate::pipeline::Pipeline;

use super::super::{LayoutError, SourceFile, references};

/// Refuses when something else in the root names the module: without its block the root would not be valid.
pub(super) fn refuse_named(files: &[SourceFile], old: &Pipeline) -> Result<(), LayoutError> {
    let found = references(files, &old.address(), Some((&old.file, &old.span)))?;
    if found.is_empty() {
        return Ok(());
    }
    let places = found.iter().map(|it| format!("{}:{}:{}", it.path, it.line, it.column)).collect();
    Err(LayoutError::StillNamed { address: old.address(), places })
}
