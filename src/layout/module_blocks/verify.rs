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

/// Checks that `after` is the file with `added` put in: one item more, all others as they were.
pub(super) fn within(
    blocks: &ModuleBlocks<'_>,
    file: usize,
    added: &Splice,
    after: &str,
    pipeline: &mut Pipeline,
) -> Result<(), LayoutError> {
    let before = &blocks.files[file].text;
    let at = added.span.start;
    let grown = added.text.len();
    let unchanged = added.span.is_empty()
        && after.len() == before.len() + grown
        && after.as_bytes()[..at] == before.as_bytes()[..at]
        && after.as_bytes()[at + grown..] == before.as_bytes()[at..];
    if !unchanged {
        return Err(wrong(pipeline, "bytes outside the new block differ"));
    }
    let old = &blocks.items[file];
    let new = items(after).map_err(|error| wrong(pipeline, &error.to_string()))?;
    let index = old.partition_point(|item| item.span().start < at);
    let Some(Item::Block(block)) = new.get(index).filter(|_| new.len() == old.len() + 1) else {
        return Err(wrong(pipeline, "there is not just one item more than before"));
    };
    let same = |old: &Item, new: &Item, shift: usize| {
        let (old, new) = (old.span(), new.span());
        old.start + shift == new.start && old.end + shift == new.end
    };
    let all_same = old[..index].iter().zip(&new[..index]).all(|(old, new)| same(old, new, 0))
        && old[index..].iter().zip(&new[index + 1..]).all(|(old, new)| same(old, new, grown));
    if !all_same {
        return Err(wrong(pipeline, "items outside the new block moved"));
    }
    block_is(blocks, after, block, pipeline)
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
