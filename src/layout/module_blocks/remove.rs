//! A pipeline's block taken out, with the comments that touch it and one of the gaps beside it.

use crate::hcl::{Item, Span, Splice, items, line_end, line_start, splice};
use crate::pipeline::{Namespace, Pipeline};

use super::super::spelling::Renaming;
use super::super::{Edit, LayoutError};
use super::ModuleBlocks;
use super::clone::heading;
use super::place::extent;

impl ModuleBlocks<'_> {
    /// Works out the edit that removes a pipeline's block, and checks it. A file that held nothing else is deleted.
    /// Nothing is written.
    pub fn remove(&self, namespace: &Namespace) -> Result<Vec<Edit>, LayoutError> {
        let pipeline = self.pipeline(namespace)?;
        let wrong = |what: &str| LayoutError::Check { path: pipeline.file.clone(), what: what.to_owned() };
        let file = self.index_of(&pipeline.file).ok_or_else(|| wrong("the file of the block is gone"))?;
        let (text, old) = (&self.files[file].text, &self.items[file]);
        let index = old.partition_point(|item| item.span().start < pipeline.span.start);
        if old.get(index).is_none_or(|item| item.span() != pipeline.span) {
            return Err(wrong("the block is not where it was"));
        }
        let after = splice(text, &[Splice::new(self.taken_out(pipeline, file, index), "")]);
        let new = items(&after).map_err(|error| wrong(&error.to_string()))?;
        let left = old.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, item)| &text[item.span()]);
        if !left.eq(new.iter().map(|item| &after[item.span()])) {
            return Err(wrong("other blocks than the one that is removed changed"));
        }
        let path = pipeline.file.clone();
        if after.trim_start_matches('\u{feff}').trim().is_empty() {
            return Ok(vec![Edit::Delete { path, before: text.clone().into_bytes() }]);
        }
        Ok(vec![Edit::Write { path, before: text.clone(), after }])
    }

    /// The bytes that go: between two pipelines the gap above, since that is what adding one puts in.
    fn taken_out(&self, pipeline: &Pipeline, file: usize, index: usize) -> Span {
        let (text, items) = (&self.files[file].text, &self.items[file]);
        let own = extent(text, items, index);
        let is_pipeline = |item: Option<&Item>| {
            let of_file = |other: &&Pipeline| other.file == pipeline.file;
            item.is_some_and(|item| self.estate.pipelines.iter().filter(of_file).any(|it| it.span == item.span()))
        };
        let before = text[..own.start].trim_start_matches('\u{feff}').trim_end();
        let above = (!before.is_empty()).then(|| line_end(text, text[..own.start].trim_end().len())..own.end);
        let rest = &text[own.end..];
        let next = own.end + rest.len() - rest.trim_start().len();
        let below = (next < text.len()).then(|| own.start..line_start(text, next));
        let (above, below) = match (above, below) {
            (None, None) => return 0..text.len(),
            (Some(above), None) => return self.with_heading(pipeline, file, index, above),
            (None, Some(below)) => return below,
            (Some(above), Some(below)) => (above, below),
        };
        let newlines = |span: Span| text[span].matches('\n').count();
        let (newlines_above, newlines_below) = (newlines(above.start..own.start), newlines(own.end..below.end));
        if is_pipeline(index.checked_sub(1).map(|before| &items[before])) {
            return self.with_heading(pipeline, file, index, above);
        }
        // What touches the block above is parted from what comes below by the other gap still.
        let is_followed = is_pipeline(items.get(index + 1)) && newlines_above > 1;
        if is_followed || newlines_below < newlines_above { below } else { above }
    }

    /// With the heading, too, that parts it from the pipeline above and is about it alone.
    fn with_heading(&self, pipeline: &Pipeline, file: usize, index: usize, above: Span) -> Span {
        let (text, items) = (&self.files[file].text, &self.items[file]);
        let Some(before) = index.checked_sub(1) else { return above };
        let end = extent(text, items, before).end;
        let others = self.estate.pipelines.iter().filter(|other| other.file == pipeline.file);
        let follows_another = others.clone().any(|other| other.span == items[before].span());
        let own = extent(text, items, index);
        let names = others.map(|other| &other.namespace);
        let renaming = Renaming::new(&pipeline.namespace, &pipeline.namespace, names);
        let is_heading = follows_another && end < own.start && heading(&text[end..own.start], &renaming).is_some();
        if is_heading { end..above.end } else { above }
    }
}
