//! A new pipeline: its entry from a template or from a sibling, and its place.

use std::cell::Cell;

use crate::hcl::{
    Around, Block, Change, EditError, Element, Expressions, Path, Span, Splice, SyntaxError, Value, adds, elements,
    format, indentation, line_end, line_of, line_start, newline_of, object_inside, quote, set, splice, splice_aligned,
};
use crate::pipeline::{Namespace, Pipeline, Reach};
use crate::template::render;

use super::super::check::keys::duplicates;
use super::super::module_blocks::change::{Copied, located};
use super::super::module_blocks::clone::rename;
use super::super::module_blocks::{Added, Addition, NewBlock, Origin, Place, follow};
use super::super::spelling::Renaming;
use super::super::{Edit, LayoutError};
use super::entry::{NAME, changed, extent, has_lines, is_alone, only, with_comma};
use super::map::Map;
use super::place::{Spot, put};
use super::rest::comments;
use super::{MapEntries, instances, key_text};

impl MapEntries<'_> {
    /// Works out the edit that adds a pipeline, and checks it. Nothing is written.
    pub fn add(&self, addition: &Addition<'_>) -> Result<Added, LayoutError> {
        if let Some(pipeline) = self.estate.find(addition.namespace) {
            return Ok(Added::Exists { pipeline: pipeline.clone(), differing: self.differing(pipeline, addition)? });
        }
        let other_file = addition.file.is_some_and(|file| file != self.file().path);
        for (what, given) in [("--label", addition.label.is_some()), ("another --file than the map's", other_file)] {
            if given {
                return Err(LayoutError::NotInLayout { what, layout: "map-entries" });
            }
        }
        self.rules.rules.namespace(addition.namespace.as_str()).map_err(|reason| LayoutError::Namespace { reason })?;
        let mut notes = Vec::new();
        let (lines, copied) = match addition.origin {
            Origin::Template { name, text } => self.lines_of_template(addition, name, text)?,
            Origin::Sibling(namespace) => self.lines_of_sibling(addition, self.pipeline(namespace)?, &mut notes)?,
            Origin::Newest => {
                let newest = self.estate.newest().ok_or(LayoutError::NoSibling)?;
                self.lines_of_sibling(addition, newest, &mut notes)?
            }
        };
        let lines = self.changed(addition, &lines, &copied, &mut notes)?;
        check_keys(addition.namespace, &lines)?;
        let (after, gone) = match addition.place {
            Place::Instead(old) => {
                let old = self.pipeline(old)?;
                self.refuse_named(old)?;
                (self.put_instead(addition, &lines, old, &copied)?, Some(self.index_of(old)))
            }
            _ => (self.put_in(addition, &lines)?, None),
        };
        let pipeline = self.checked(addition.namespace, &after, gone)?;
        let file = self.file();
        let edits = vec![Edit::Write { path: file.path.clone(), before: file.text.clone(), after }];
        Ok(Added::New(NewBlock { edits, pipeline, from: copied.from, notes }))
    }

    fn lines_of_template(
        &self,
        addition: &Addition<'_>,
        name: &str,
        text: &str,
    ) -> Result<(String, Copied), LayoutError> {
        let rendered = render(text.trim_start_matches('\u{feff}'), addition.namespace, addition.namespace.as_str())
            .map_err(|error| LayoutError::Template { name: name.to_owned(), error })?
            .replace("\r\n", "\n");
        let above = rendered.len() - rendered.trim_start_matches('\n').len();
        let syntax = |error: SyntaxError| LayoutError::TemplateSyntax { name: name.to_owned(), error };
        elements(rendered.trim(), 0..rendered.trim().len()).map_err(syntax)?;
        if only(rendered.trim()).is_none() {
            return Err(LayoutError::NotOneEntry { name: name.to_owned() });
        }
        let indent = self.indentation();
        let lines = format(rendered.trim(), indent.chars().count()).map_err(syntax)?;
        let lines = with_comma(&format!("{indent}{lines}"), false);
        Ok((lines, Copied { from: None, path: name.to_owned(), above }))
    }

    fn lines_of_sibling(
        &self,
        addition: &Addition<'_>,
        sibling: &Pipeline,
        notes: &mut Vec<String>,
    ) -> Result<(String, Copied), LayoutError> {
        let (file, map) = (self.file(), &self.map);
        let index = self.index_of(sibling);
        let extent = if has_lines(&file.text, &map.inside, &self.elements) {
            extent(&file.text, &map.inside, &self.elements, index)
        } else {
            sibling.span.clone()
        };
        let above = line_of(&file.text, extent.start) - 1;
        let lines = with_comma(&file.text[extent], false);
        let others = self.estate.pipelines.iter().map(|pipeline| &pipeline.namespace);
        let renaming = Renaming::new(&sibling.namespace, addition.namespace, others);
        let of_indexes = map.keys.iter().any(|key| key.contains("index"));
        let lines = renamed(&lines, &renaming, of_indexes, (&file.path, above), notes)?;
        let lines = self.named(&lines, addition.namespace, notes)?;
        Ok((lines, Copied { from: Some(sibling.namespace.clone()), path: file.path.clone(), above }))
    }

    /// Makes the key say the namespace.
    fn named(&self, lines: &str, namespace: &Namespace, notes: &mut Vec<String>) -> Result<String, LayoutError> {
        let element = only(lines).ok_or_else(|| self.wrong("the sibling's lines hold more than its entry"))?;
        let key = &lines[element.key.clone()];
        let is_name = |text: &str| {
            text.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
        };
        if let Some(expression) = key.strip_prefix('(').and_then(|inside| inside.strip_suffix(')')) {
            notes.push(format!("the key was {key}, now it is the namespace itself"));
            let expression = expression.trim();
            if let Some((lines, others)) = follow::replaced(lines, expression, namespace).map_err(EditError::from)? {
                if others > 0 {
                    let places = if others == 1 { "one other place".into() } else { format!("{others} other places") };
                    notes.push(format!("{expression} is the namespace itself in {places} of the entry, too"));
                }
                return Ok(lines);
            }
        }
        let bare = !key.starts_with(['"', '(']) && is_name(namespace.as_str());
        let wanted = if bare { namespace.to_string() } else { quote(namespace.as_str()) };
        if key == wanted {
            return Ok(lines.to_owned());
        }
        Ok(splice_aligned(lines, &[Splice::new(element.key, wanted)]).map_err(EditError::from)?)
    }

    /// The lines with what the user asked for left out and set.
    fn changed(
        &self,
        addition: &Addition<'_>,
        copy: &str,
        copied: &Copied,
        notes: &mut Vec<String>,
    ) -> Result<String, LayoutError> {
        let file = &self.file().text;
        let others: Vec<String> =
            self.estate.newest_first().into_iter().take(50).map(|sibling| of_entry(file, sibling)).collect();
        let siblings: Vec<&str> = others.iter().map(String::as_str).collect();
        let around = Around { siblings: &siblings, file, expressions: Expressions::Replace, ..Around::default() };
        let mut lines = copy.to_owned();
        let mut added = Vec::new();
        for change in addition.changes {
            let inner = change.clone().below(&Path::name(NAME));
            let around = Around { added: &added, ..around };
            let is_new = Cell::new(false);
            let made = |lines: &str| {
                changed(lines, |block| {
                    is_new.set(adds(block, &inner, &around));
                    crate::hcl::change(block, &inner, &around)
                })
            };
            let next = made(&lines).map_err(|error| placed(error, made(copy), copied))?;
            if let (true, Change::Unset { path }) = (next == lines, change) {
                notes.push(format!("the entry has no '{path}' to leave out"));
            }
            if is_new.get() {
                added.push(inner.clone());
            }
            lines = next;
        }
        Ok(lines)
    }

    fn differing(&self, pipeline: &Pipeline, addition: &Addition<'_>) -> Result<Vec<Change>, LayoutError> {
        let file = self.file();
        let lines = &file.text[pipeline.span.clone()];
        let above = line_of(&file.text, pipeline.span.start) - 1;
        let copied = Copied { from: None, path: file.path.clone(), above };
        let mut differing = Vec::new();
        for change in addition.changes {
            let one = Addition { changes: std::slice::from_ref(change), ..*addition };
            if self.changed(&one, lines, &copied, &mut Vec::new())? != lines {
                differing.push(change.clone());
            }
        }
        Ok(differing)
    }

    /// The text of the file with the entry in its place.
    fn put_in(&self, addition: &Addition<'_>, lines: &str) -> Result<String, LayoutError> {
        let (text, inside) = (&self.file().text, &self.map.inside);
        let spot = match addition.place {
            Place::After(namespace) | Place::Instead(namespace) => {
                Spot::Below(self.index_of(self.pipeline(namespace)?))
            }
            Place::Before(namespace) => Spot::Above(self.index_of(self.pipeline(namespace)?)),
            Place::End => match self.estate.pipelines.last() {
                Some(last) => Spot::Below(self.index_of(last)),
                None => Spot::Below(self.elements.len().saturating_sub(1)),
            },
        };
        if !self.elements.is_empty() && has_lines(text, inside, &self.elements) {
            let lines = lines.replace("\r\n", "\n").replace('\n', newline_of(text));
            return self.spliced(&put(text, inside, &self.elements, spot, &lines));
        }
        self.opened_up(addition.namespace, lines)
    }

    /// The text of the file with the entry where another one was, which goes.
    fn put_instead(
        &self,
        addition: &Addition<'_>,
        lines: &str,
        old: &Pipeline,
        copied: &Copied,
    ) -> Result<String, LayoutError> {
        let (text, inside, index) = (&self.file().text, &self.map.inside, self.index_of(old));
        let in_form = lines.replace("\r\n", "\n").replace('\n', newline_of(text));
        if is_alone(text, inside, &self.elements, index) {
            let lines = with_comma(&in_form, self.elements[index].comma.is_some());
            return self.spliced(&[Splice::new(extent(text, inside, &self.elements, index), lines)]);
        }
        let is_shaped = copied.from.is_some() || !in_form.trim().contains('\n');
        if is_shaped && comments(lines, 0..lines.len()).is_empty() {
            return self.spliced(&[Splice::new(old.span.clone(), in_form.trim())]);
        }
        self.without(&old.namespace, &self.put_in(addition, lines)?)
    }

    /// A map without entries, or on one line: it opens up, and the entry is its last.
    fn opened_up(&self, namespace: &Namespace, lines: &str) -> Result<String, LayoutError> {
        let element = only(lines).ok_or_else(|| self.wrong("the lines hold more than one entry"))?;
        let value: Value = lines[element.value.clone()].parse().map_err(|_| self.wrong("its value is no value"))?;
        let text = &self.file().text;
        let block = self.block_lines();
        let path = format!("{}[{}]", self.map.keys.join("."), quote(namespace.as_str()));
        let path: Path = path.parse().map_err(|_| self.wrong("its key is no key"))?;
        let above = line_of(text, block.start) - 1;
        let after = set(&text[block.clone()], &path, &value, Expressions::Refuse)
            .map_err(|error| located(error, &self.file().path, above))?;
        let after = splice(text, &[Splice::new(block, after)]);
        let is_bare =
            lines.trim_end().len() == element.value.end && lines.trim_start().len() == lines.len() - element.key.start;
        if is_bare {
            return Ok(after);
        }
        // Its comments come along.
        let (_, found) = self.read_again(&after)?;
        let last = found.last().ok_or_else(|| self.wrong("there is no entry"))?;
        let lines = with_comma(lines, false).replace("\r\n", "\n").replace('\n', newline_of(text));
        let added = Splice::new(last.key.start..last.value.end, lines.trim_start());
        Ok(splice(&after, &[added]))
    }

    /// The text of the file with the replacements made, and what was aligned in the map's block aligned.
    pub(super) fn spliced(&self, splices: &[Splice]) -> Result<String, LayoutError> {
        let text = &self.file().text;
        let block = self.block_lines();
        let moved: Vec<Splice> = splices
            .iter()
            .map(|splice| Splice::new(splice.span.start - block.start..splice.span.end - block.start, &*splice.text))
            .collect();
        let lines = splice_aligned(&text[block.clone()], &moved).map_err(EditError::from)?;
        Ok(splice(text, &[Splice::new(block, lines)]))
    }

    fn block_lines(&self) -> crate::hcl::Span {
        let (text, block): (&str, &Block) = (&self.file().text, &self.map.block);
        block.kind.start..line_end(text, block.body.end)
    }

    fn indentation(&self) -> String {
        let text = &self.file().text;
        match self.elements.last() {
            Some(element) if text[line_start(text, element.key.start)..element.key.start].trim().is_empty() => {
                indentation(text, element.key.start).to_owned()
            }
            _ => format!("{}  ", indentation(text, self.map.inside.start)),
        }
    }

    /// The map and its entries in the new text of its file.
    pub(super) fn read_again(&self, after: &str) -> Result<(Map, Vec<Element>), LayoutError> {
        let mut files = self.files.to_vec();
        after.clone_into(&mut files[self.map.file].text);
        let read = MapEntries::read(&files, self.rules).map_err(|error| self.wrong(&error.to_string()))?;
        if read.map.file != self.map.file {
            return Err(self.wrong("the map is in another file now"));
        }
        Ok((read.map, read.elements))
    }

    /// Checks that the new text has one entry more, which says the namespace, and the others as they were but for the one
    /// that is `gone`.
    fn checked(&self, namespace: &Namespace, after: &str, gone: Option<usize>) -> Result<Pipeline, LayoutError> {
        let mut locals = self.locals()?;
        let (map, found) = self.read_again(after)?;
        let says = |element: &Element, locals: &mut _| {
            key_text(&after[element.key.clone()], locals).is_ok_and(|key| key == namespace.as_str())
        };
        let Some(new) = found.iter().position(|element| says(element, &mut locals)) else {
            return Err(self.wrong("the new entry is not there"));
        };
        self.check_rest(gone, after, &map, &found, Some(new))?;
        let element = &found[new];
        Ok(Pipeline {
            namespace: namespace.clone(),
            label: after[element.key.clone()].to_owned(),
            file: self.file().path.clone(),
            line: line_of(after, element.key.start),
            span: element.key.start..element.value.end,
            reach: Reach::Addresses(instances(&self.addresses(), namespace)),
        })
    }

    pub(super) fn wrong(&self, what: &str) -> LayoutError {
        LayoutError::Check { path: self.file().path.clone(), what: what.to_owned() }
    }
}

/// Renames the sibling in the lines of its entry.
fn renamed(
    lines: &str,
    renaming: &Renaming,
    of_indexes: bool,
    (path, above): (&str, usize),
    notes: &mut Vec<String>,
) -> Result<String, LayoutError> {
    // Braces around it: what stands before `=` is a key, not the name of an attribute.
    const OPEN: &str = "{{\n";
    let wrapped = format!("{OPEN}{lines}\n}}}}\n");
    let nothing = Block { kind: 0..0, labels: Vec::new(), body: 0..0 };
    let renamed = rename(&wrapped, &nothing, renaming).map_err(EditError::from)?;
    let object = 1..wrapped.len() - 2;
    let indexes = if of_indexes { vec![object] } else { indexes(&wrapped, &object) };
    let is_version = |splice: &Splice| {
        wrapped[..splice.span.start].ends_with('.')
            && indexes.iter().any(|index| index.start <= splice.span.start && splice.span.end <= index.end)
    };
    let (versions, splices): (Vec<Splice>, Vec<Splice>) = renamed.splices.into_iter().partition(is_version);
    let version = |splice: &Splice| {
        let line = line_of(&wrapped, splice.span.start);
        (line, wrapped.lines().nth(line - 1).unwrap_or_default().trim().to_owned())
    };
    let mut kept: Vec<(usize, String)> = renamed.kept.into_iter().chain(versions.iter().map(version)).collect();
    kept.sort();
    for (line, text) in kept {
        notes.push(format!("{path}:{}: '{text}' stays as it is", above + line - 1));
    }
    let moved: Vec<Splice> = splices
        .into_iter()
        .map(|splice| Splice::new(splice.span.start - OPEN.len()..splice.span.end - OPEN.len(), splice.text))
        .collect();
    Ok(splice_aligned(lines, &moved).map_err(EditError::from)?)
}

/// The values of the keys that speak of indexes. What has a date behind a dot there (`works.2022-08-31`) is a version of an
/// index, which keeps the date that it was made with.
fn indexes(text: &str, object: &Span) -> Vec<Span> {
    let Some(inside) = object_inside(text, object) else { return Vec::new() };
    let mut found = Vec::new();
    for element in elements(text, inside).unwrap_or_default() {
        if text[element.key].contains("index") {
            found.push(element.value);
        } else {
            found.extend(indexes(text, &element.value));
        }
    }
    found
}

/// Lines of the new entry say nothing to a reader while it is not written: the same error about the copy has those of
/// the file that it was copied from.
fn placed(error: EditError, of_copy: Result<String, EditError>, copied: &Copied) -> EditError {
    match of_copy {
        Err(error) => located(error, &copied.path, copied.above),
        Ok(_) => located(error, "in the new entry", 0),
    }
}

/// An entry that tells its own key from another one by the date may have it twice under the new name.
fn check_keys(namespace: &Namespace, lines: &str) -> Result<(), LayoutError> {
    let block = format!("x = {{\n{lines}\n}}\n");
    let key = |what: &str| what.split('\'').nth(1).unwrap_or_default().to_owned();
    match duplicates(&block, &(0..block.len())).into_iter().find(|(_, what)| namespace.is_named_in(&key(what))) {
        Some((_, what)) => Err(LayoutError::KeyTwice { what }),
        None => Ok(()),
    }
}

/// The entry of a pipeline in a block of its own, as [`changed`] hands it out.
fn of_entry(text: &str, pipeline: &Pipeline) -> String {
    let entry = &text[pipeline.span.clone()];
    let value = entry.strip_prefix(pipeline.label.as_str()).unwrap_or(entry);
    format!("of {{\n{NAME}{value}\n}}\n")
}
