//! The lines of the blocks that are being changed.

use crate::hcl::{Around, Change, EditError, Item, Span, Splice, adds, change, items, line_of, lines_of, splice};

use super::super::{Edit, LayoutError};
use super::{Blocks, Found, located};

/// The lines of each block that was looked at, as they are so far.
#[derive(Debug)]
pub(super) struct Drafts<'a, 'b> {
    blocks: &'b Blocks<'a>,
    drafts: Vec<Draft>,
}

#[derive(Debug)]
struct Draft {
    file: usize,
    /// Where its lines stand in the file.
    span: Span,
    lines: String,
    /// The changes that put something new there.
    added: Vec<Change>,
}

impl<'a, 'b> Drafts<'a, 'b> {
    pub fn new(blocks: &'b Blocks<'a>) -> Self {
        Self { blocks, drafts: Vec::new() }
    }

    fn draft(&mut self, found: Found<'_>) -> &mut Draft {
        let text = &self.blocks.files[found.file].text;
        let span = lines_of(text, found.block);
        let index = self.drafts.iter().position(|draft| draft.file == found.file && draft.span == span);
        let index = index.unwrap_or_else(|| {
            let lines = text[span.clone()].to_owned();
            self.drafts.push(Draft { file: found.file, span, lines, added: Vec::new() });
            self.drafts.len() - 1
        });
        &mut self.drafts[index]
    }

    /// Makes a change of one block. Whether anything was to be changed.
    pub fn make(&mut self, found: Found<'_>, what: &Change, around: &Around<'_>) -> Result<bool, EditError> {
        let draft = self.draft(found);
        let around = Around { added: &draft.added, ..*around };
        let lines = change(&draft.lines, what, &around)?;
        let differs = lines != draft.lines;
        if adds(&draft.lines, what, &around) {
            draft.added.push(what.clone());
        }
        draft.lines = lines;
        Ok(differs)
    }

    /// The same error about the file. An earlier change may have moved lines: then those of the file count, where the
    /// error is about them, too.
    pub fn located(&self, found: Found<'_>, what: &Change, around: &Around<'_>, error: EditError) -> LayoutError {
        let file = &self.blocks.files[found.file];
        let span = lines_of(&file.text, found.block);
        let above = line_of(&file.text, span.start) - 1;
        match change(&file.text[span], what, around) {
            Err(of_file) => located(of_file, &file.path, above),
            Ok(_) => located(error, &file.path, above),
        }
    }

    /// The edits of the files, checked: outside the blocks that were changed nothing differs.
    pub fn edits(mut self) -> Result<Vec<Edit>, LayoutError> {
        self.drafts.sort_by_key(|draft| (draft.file, draft.span.start));
        let mut edits = Vec::new();
        for (index, file) in self.blocks.files.iter().enumerate() {
            let drafts = self.drafts.iter().filter(|draft| draft.file == index);
            let changed: Vec<Splice> = drafts
                .filter(|draft| draft.lines != file.text[draft.span.clone()])
                .map(|draft| Splice::new(draft.span.clone(), draft.lines.as_str()))
                .collect();
            if changed.is_empty() {
                continue;
            }
            let after = splice(&file.text, &changed);
            check(&file.text, &self.blocks.items[index], &after, &changed)
                .map_err(|what| LayoutError::Check { path: file.path.clone(), what })?;
            edits.push(Edit::Write { path: file.path.clone(), before: file.text.clone(), after });
        }
        Ok(edits)
    }
}

/// Checks that the file has the items it had, and that those outside the changed lines are the same.
fn check(before: &str, old: &[Item], after: &str, changed: &[Splice]) -> Result<(), String> {
    let new = items(after).map_err(|error| error.to_string())?;
    if new.len() != old.len() {
        return Err(format!("there are {} items, not {} as before", new.len(), old.len()));
    }
    let is_outside = |item: &Item| {
        let span = item.span();
        !changed.iter().any(|splice| splice.span.start <= span.start && span.end <= splice.span.end)
    };
    let differs = |(old, new): &(&Item, &Item)| before[old.span()] != after[new.span()];
    match old.iter().zip(&new).filter(|(old, _)| is_outside(old)).find(differs) {
        Some((old, _)) => Err(format!("what stands on line {} differs", line_of(before, old.span().start))),
        None => Ok(()),
    }
}
