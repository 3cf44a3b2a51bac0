//! The check of an edit before anyone may write it.

use crate::hcl::{Block, Item, Splice, items, label_text, line_of};
use crate::pipeline::Pipeline;

use super::super::LayoutError;
use super::ModuleBlocks;
use super::add::{only_module, says};

/// Checks a file that holds nothing but the new block, and notes where it stands.
pub(super) fn alone(blocks: &ModuleBlocks<'_>, text: &str, pipeline: &mut Pipeline) -> Result<(), LayoutError> {
    let (_, block) = only_module(text).ok_or_else(|| wrong(pipeline, "it does not hold one module block"))?;
    block_is(blocks, text, &block, pipeline)
}

/// Checks that `after` is the file with `added` put in, in the place of a block or of nothing: all other items are as they
/// were.
pub(super) fn within(
    blocks: &ModuleBlocks<'_>,
    file: usize,
    added: &Splice,
    after: &str,
    pipeline: &mut Pipeline,
) -> Result<(), LayoutError> {
    let before = &blocks.files[file].text;
    let at = added.span.start;
    let (grown, gone) = (added.text.len(), added.span.len());
    let unchanged = after.len() + gone == before.len() + grown
        && after.as_bytes()[..at] == before.as_bytes()[..at]
        && after.as_bytes()[at + grown..] == before.as_bytes()[added.span.end..];
    if !unchanged {
        return Err(wrong(pipeline, "bytes outside the new block differ"));
    }
    // What stands before is the same bytes, so it scans as before: the rest tells whether the new block is one item.
    let old = &blocks.items[file];
    let first = old.partition_point(|item| item.span().end <= at);
    let start = first.checked_sub(1).map_or(0, |last| old[last].span().end);
    let rest = &after[start..];
    let new = items(rest).map_err(|error| wrong(pipeline, &error.to_string()))?;
    let below = &old[old.partition_point(|item| item.span().end <= added.span.end)..];
    let Some((Item::Block(block), others)) = new.split_first().filter(|(_, others)| others.len() == below.len()) else {
        return Err(wrong(pipeline, "there is not just one item more than before"));
    };
    let same = |old: &Item, new: &Item| {
        let (old, new) = (old.span(), new.span());
        old.start + grown == new.start + start + gone && old.end + grown == new.end + start + gone
    };
    if !below.iter().zip(others).all(|(old, new)| same(old, new)) {
        return Err(wrong(pipeline, "items outside the new block moved"));
    }
    block_is(blocks, rest, block, pipeline)?;
    pipeline.line += line_of(after, start) - 1;
    pipeline.span = pipeline.span.start + start..pipeline.span.end + start;
    Ok(())
}

/// Checks that the block parses and says the namespace and the label that were meant.
fn block_is(blocks: &ModuleBlocks<'_>, text: &str, block: &Block, pipeline: &mut Pipeline) -> Result<(), LayoutError> {
    let label = block.labels.first().map_or("", |label| label_text(text, label));
    if label != pipeline.label {
        return Err(wrong(pipeline, &format!("the label is '{label}'")));
    }
    match says(blocks, text, block) {
        Ok(namespace) if namespace == pipeline.namespace => {}
        said => {
            let reason = said.map_or_else(|reason| reason, |namespace| format!("it says {namespace}"));
            return Err(LayoutError::NotRecognised { namespace: pipeline.namespace.clone(), reason });
        }
    }
    pipeline.line = line_of(text, block.kind.start);
    pipeline.span = block.span();
    Ok(())
}

fn wrong(pipeline: &Pipeline, what: &str) -> LayoutError {
    LayoutError::Check { path: pipeline.file.clone(), what: what.to_owned() }
}
