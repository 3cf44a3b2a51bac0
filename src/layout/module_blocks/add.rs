//! A new pipeline: its block from a template or from a sibling, and its place.

use crate::hcl::{
    Around, Block, Change, EditError, Expressions, Item, Path, Splice, SyntaxError, Value, format, items, label_text,
    line_of, newline_of, set, splice, splice_aligned,
};
use crate::pipeline::{Namespace, Pipeline, Reach, Unclear};
use crate::template::render;

use super::super::check::keys::duplicates;
use super::super::spelling::Renaming;
use super::super::{Edit, LayoutError, is_json};
use super::change::{Copied, change, located};
use super::clone::{heading, heading_of, rename};
use super::{ModuleBlocks, follow, module, place, replace, verify, which};

/// Where the lines of a new block come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin<'a> {
    /// A template.
    Template {
        /// Its name, for errors.
        name: &'a str,
        /// What it holds.
        text: &'a str,
    },
    /// The block of the pipeline with this name.
    Sibling(&'a Namespace),
    /// The block of the newest pipeline.
    Newest,
}

/// Where a new block goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// Below the last pipeline of the file, or at the end of the file.
    End,
    /// Below this pipeline.
    After(&'a Namespace),
    /// Above this pipeline.
    Before(&'a Namespace),
    /// Where this pipeline is, which goes.
    Instead(&'a Namespace),
}

/// A pipeline to be added.
#[derive(Debug, Clone, Copy)]
pub struct Addition<'a> {
    /// Its name.
    pub namespace: &'a Namespace,
    /// Where its lines come from.
    pub origin: Origin<'a>,
    /// The label of its block, when it is not to be made from the namespace.
    pub label: Option<&'a str>,
    /// What is changed in its block.
    pub changes: &'a [Change],
    /// Where its block goes.
    pub place: Place<'a>,
    /// The file of its block, when it is not the configured one. `After` and `Before` name a file by themselves.
    pub file: Option<&'a str>,
}

/// What adding a pipeline comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// The pipeline is there already. `differing` are the paths that do not have the values asked for.
    Exists {
        /// The pipeline that is there.
        pipeline: Pipeline,
        /// Those of the changes that would change it.
        differing: Vec<Change>,
    },
    /// The edits that add it.
    New(NewBlock),
}

/// The edits that add a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBlock {
    /// What changes in the files.
    pub edits: Vec<Edit>,
    /// The pipeline as it will stand there.
    pub pipeline: Pipeline,
    /// The pipeline it was copied from.
    pub from: Option<Namespace>,
    /// What the user should look at: mentions of the sibling that stay.
    pub notes: Vec<String>,
}

impl ModuleBlocks<'_> {
    /// Works out the edits that add a pipeline, and checks them. Nothing is written.
    pub fn add(&self, addition: &Addition<'_>) -> Result<Added, LayoutError> {
        if let Some(pipeline) = self.estate.find(addition.namespace) {
            let differing = self.differing(pipeline, addition)?;
            return Ok(Added::Exists { pipeline: pipeline.clone(), differing });
        }
        let in_json = |unclear: &&Unclear| unclear.namespace.as_ref() == Some(addition.namespace);
        if let Some(unclear) = self.estate.unclear.iter().find(in_json) {
            let (namespace, path) = (addition.namespace.clone(), unclear.file.clone());
            return Err(LayoutError::InJson { namespace, path });
        }
        self.rules.namespace(addition.namespace.as_str()).map_err(|reason| LayoutError::Namespace { reason })?;
        let (lines, copied, mut notes) = match addition.origin {
            Origin::Template { name, text } => self.lines_of_template(addition, name, text)?,
            Origin::Sibling(namespace) => self.lines_of_sibling(addition, self.pipeline(namespace)?)?,
            Origin::Newest => self.lines_of_sibling(addition, self.estate.newest().ok_or(LayoutError::NoSibling)?)?,
        };
        // A sibling may hold what Terraform accepts and the parser does not: then the scanner's word has to do.
        let parsed = parses(&lines).is_ok();
        let lines = self.named(addition, lines, &mut notes)?;
        let (_, block) = only_module(&lines).ok_or(EditError::NotOneBlock { found: 0 })?;
        let label = label_text(&lines, &block.labels[0]);
        self.check_label(label)?;
        let (file, siblings) = self.around(&copied);
        let around = Around { siblings: &siblings, file, expressions: Expressions::Replace, ..Around::default() };
        let lines = change(&lines, addition, &copied, &around, &mut notes)?;
        if parsed {
            parses(&lines).map_err(|error| EditError::Check { what: error.to_string() })?;
        }
        check_keys(addition.namespace, &lines)?;
        let pipeline = Pipeline {
            namespace: addition.namespace.clone(),
            label: label.to_owned(),
            file: String::new(),
            line: 0,
            span: 0..0,
            reach: Reach::Module,
        };
        self.placed(addition, &lines, NewBlock { edits: Vec::new(), pipeline, from: copied.from, notes })
            .map(Added::New)
    }

    pub(super) fn pipeline(&self, namespace: &Namespace) -> Result<&Pipeline, LayoutError> {
        self.estate.find(namespace).ok_or_else(|| LayoutError::NoSuchPipeline {
            namespace: namespace.clone(),
            known: self.estate.newest_first().into_iter().map(|pipeline| pipeline.namespace.clone()).collect(),
        })
    }

    fn lines_of_template(
        &self,
        addition: &Addition<'_>,
        name: &str,
        text: &str,
    ) -> Result<(String, Copied, Vec<String>), LayoutError> {
        let label = addition.label.map_or_else(|| self.rules.label_for(addition.namespace), str::to_owned);
        let rendered = render(text.trim_start_matches('\u{feff}'), addition.namespace, &label)
            .map_err(|error| LayoutError::Template { name: name.to_owned(), error })?;
        // Newlines of the template give way to those of the file.
        let rendered = rendered.replace("\r\n", "\n");
        let lines = rendered.trim_start_matches('\n');
        let above = rendered.len() - lines.len();
        let lines = lines.trim_end();
        let syntax = |error: SyntaxError| LayoutError::TemplateSyntax { name: name.to_owned(), error };
        items(lines).map_err(syntax)?;
        parses(lines).map_err(syntax)?;
        if only_module(lines).is_none() {
            return Err(LayoutError::NotOneModule { name: name.to_owned() });
        }
        let lines = format(lines, 0).map_err(syntax)?;
        Ok((lines, Copied { from: None, path: name.to_owned(), above }, Vec::new()))
    }

    fn lines_of_sibling(
        &self,
        addition: &Addition<'_>,
        sibling: &Pipeline,
    ) -> Result<(String, Copied, Vec<String>), LayoutError> {
        let internal = |what: &str| LayoutError::Check { path: sibling.file.clone(), what: what.to_owned() };
        let file = self.index_of(&sibling.file).ok_or_else(|| internal("the sibling's file is gone"))?;
        let text = &self.files[file].text;
        let index = self.items[file].partition_point(|item| item.span().start < sibling.span.start);
        let extent = place::extent(text, &self.items[file], index);
        let above = line_of(text, extent.start) - 1;
        let lines = &text[extent];
        let (_, block) = only_module(lines).ok_or_else(|| internal("the sibling's lines hold more than its block"))?;
        let renamed = rename(lines, &block, &self.renaming(sibling, addition)).map_err(EditError::from)?;
        let lines = splice_aligned(lines, &renamed.splices).map_err(EditError::from)?;
        let kept = renamed.kept.into_iter();
        let notes = kept.map(|(line, text)| format!("{}:{}: '{text}' stays as it is", sibling.file, above + line));
        let copied = Copied { from: Some(sibling.namespace.clone()), path: sibling.file.clone(), above };
        Ok((lines, copied, notes.collect()))
    }

    fn renaming(&self, sibling: &Pipeline, addition: &Addition<'_>) -> Renaming {
        let others = self.estate.pipelines.iter().map(|pipeline| &pipeline.namespace);
        Renaming::new(&sibling.namespace, addition.namespace, others)
    }

    /// Gives the block its label, and makes its attribute say its namespace.
    fn named(&self, addition: &Addition<'_>, lines: String, notes: &mut Vec<String>) -> Result<String, LayoutError> {
        let gone = || EditError::NotOneBlock { found: 0 };
        let (_, block) = only_module(&lines).ok_or_else(gone)?;
        let present = label_text(&lines, &block.labels[0]);
        let label = match addition.label {
            Some(label) => label.to_owned(),
            None if self.labels.contains_key(present) => self.rules.label_for(addition.namespace),
            None => present.to_owned(),
        };
        let label = Splice::new(block.labels[0].clone(), format!("\"{label}\""));
        let lines = if lines[block.labels[0].clone()] == label.text {
            lines
        } else {
            splice_aligned(&lines, &[label]).map_err(EditError::from)?
        };
        let (_, block) = only_module(&lines).ok_or_else(gone)?;
        let read = module(&lines, &block, self.rules).map_err(EditError::from)?;
        let Some(value) = read.namespace else { return Ok(lines) };
        let mut locals = self.locals()?;
        let says = locals.evaluate_string(&lines[value.clone()]);
        let label = label_text(&lines, &block.labels[0]);
        let is_it = |text: &str| self.rules.namespace_of(label, text).as_ref() == Ok(addition.namespace);
        if says.is_ok_and(|text| is_it(&text)) {
            return Ok(lines);
        }
        let attribute = self.rules.namespace_attribute();
        let expression = &lines[value.clone()];
        notes.push(format!("{attribute} was {expression}, now it is the namespace itself"));
        if let Some((lines, others)) =
            follow::replaced(&lines, expression, addition.namespace).map_err(EditError::from)?
        {
            if others > 0 {
                let places = if others == 1 { "one other place".to_owned() } else { format!("{others} other places") };
                notes.push(format!("{expression} is the namespace itself in {places} of the block, too"));
            }
            return Ok(lines);
        }
        let value = Value::string(addition.namespace.as_str());
        Ok(set(&lines, &Path::name(attribute), &value, Expressions::Replace)?)
    }

    fn check_label(&self, label: &str) -> Result<(), LayoutError> {
        let first = label.chars().next().unwrap_or('-');
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        if !(first.is_alphabetic() || first == '_') || !label.chars().all(is_part) {
            return Err(LayoutError::InvalidLabel { label: label.to_owned() });
        }
        match self.labels.get(label) {
            Some((path, line)) => {
                Err(LayoutError::DuplicateLabel { label: label.to_owned(), path: path.clone(), line: *line })
            }
            None => Ok(()),
        }
    }

    fn placed(&self, addition: &Addition<'_>, lines: &str, mut new: NewBlock) -> Result<NewBlock, LayoutError> {
        let near = match addition.place {
            Place::End => None,
            Place::After(namespace) | Place::Before(namespace) | Place::Instead(namespace) => {
                Some(self.pipeline(namespace)?)
            }
        };
        if let (Place::Instead(_), Some(old)) = (addition.place, near) {
            replace::refuse_named(self.files, old)?;
        }
        let guessed = if addition.file.is_none() { self.file_of_its_own(addition, new.from.as_ref()) } else { None };
        let configured = addition.file.or(guessed.as_deref()).unwrap_or(self.rules.file());
        let path = near.map_or(configured, |pipeline| pipeline.file.as_str());
        if is_json(path) {
            return Err(LayoutError::JsonFile { path: path.to_owned() });
        }
        path.clone_into(&mut new.pipeline.file);
        let Some(file) = self.index_of(path) else {
            let text = format!("{lines}\n").replace("\r\n", "\n");
            verify::alone(self, &text, &mut new.pipeline)?;
            new.edits.push(Edit::Create { path: path.to_owned(), bytes: text.into_bytes(), mode: 0o644 });
            return Ok(new);
        };
        let (text, items) = (&self.files[file].text, &self.items[file]);
        let lines = lines.replace("\r\n", "\n").replace('\n', newline_of(text));
        let item_of = |pipeline: &Pipeline| items.partition_point(|item| item.span().start < pipeline.span.start);
        let pipelines: Vec<&Pipeline> = self.estate.pipelines.iter().filter(|pipeline| pipeline.file == path).collect();
        let siblings: Vec<usize> = pipelines.iter().map(|pipeline| item_of(pipeline)).collect();
        let blank = place::blank_lines(text, items, &siblings);
        let heading = place::last_gap(text, items, &siblings).and_then(|(second, gap)| {
            let sibling = pipelines[siblings.iter().position(|index| *index == second)?];
            heading(&text[gap], &self.renaming(sibling, addition))
        });
        let between = heading.clone().unwrap_or_else(|| newline_of(text).repeat(blank + 1));
        let below = |index: usize| {
            let last = place::last_of(text, items, index);
            place::below(place::extent(text, items, last).end, &lines, &between)
        };
        let above_heading = |near: &Pipeline| {
            let above = item_of(near).checked_sub(1).filter(|above| siblings.contains(above));
            heading.as_ref().and(above)
        };
        let added = match (addition.place, near, siblings.last()) {
            (Place::Instead(_), Some(near), _) => {
                Splice::new(place::extent(text, items, item_of(near)), lines.as_str())
            }
            (Place::Before(_), Some(near), _) => match above_heading(near) {
                Some(above) => below(above),
                None => self.above(addition, near, (text, items, item_of(near)), &lines, blank),
            },
            (_, Some(near), _) => below(item_of(near)),
            (_, None, Some(last)) => below(*last),
            (_, None, None) => place::at_end(text, &lines),
        };
        let after = splice(text, std::slice::from_ref(&added));
        verify::within(self, file, &added, &after, &mut new.pipeline)?;
        new.edits.push(Edit::Write { path: path.to_owned(), before: text.clone(), after });
        Ok(new)
    }

    /// Puts the lines above a sibling: above its heading, where that names it, with a heading of their own.
    fn above(
        &self,
        addition: &Addition<'_>,
        near: &Pipeline,
        (text, items, index): (&str, &[Item], usize),
        lines: &str,
        blank: usize,
    ) -> Splice {
        let span = place::heading_above(text, items, index);
        let heading = span.clone().and_then(|span| heading_of(&text[span], &self.renaming(near, addition)));
        match (span, heading) {
            (Some(span), Some(heading)) => place::above(text, span.start, &format!("{heading}{lines}"), blank),
            _ => place::above(text, place::extent(text, items, index).start, lines, blank),
        }
    }

    /// The file of the new block where none is configured and its sibling's file is called after the sibling, or where the
    /// sibling's is the only one that has pipelines.
    fn file_of_its_own(&self, addition: &Addition<'_>, from: Option<&Namespace>) -> Option<String> {
        if !self.rules.file_is_guessed() {
            return None;
        }
        let sibling = from.and_then(|from| self.estate.find(from)).or_else(|| self.estate.newest())?;
        let has_pipelines = |path: &str| self.estate.pipelines.iter().any(|pipeline| pipeline.file == path);
        if has_pipelines(self.rules.file()) {
            return None;
        }
        let name = sibling.file.rfind('/').map_or(0, |slash| slash + 1);
        let mentions = self.renaming(sibling, addition).mentions(&sibling.file[name..]);
        let splices: Vec<Splice> = mentions
            .into_iter()
            .map(|mention| Splice::new(name + mention.span.start..name + mention.span.end, mention.new))
            .collect();
        Some(splice(&sibling.file, &splices))
    }

    /// The text of the file that the lines are copied from, and the blocks of all pipelines.
    fn around(&self, copied: &Copied) -> (&str, Vec<&str>) {
        let file = self.index_of(&copied.path).map_or("", |file| self.files[file].text.as_str());
        let pipelines = self.estate.newest_first().into_iter().take(50);
        let lines = |pipeline: &Pipeline| Some(&self.files[self.index_of(&pipeline.file)?].text[pipeline.span.clone()]);
        (file, pipelines.filter_map(lines).collect())
    }

    fn differing(&self, pipeline: &Pipeline, addition: &Addition<'_>) -> Result<Vec<Change>, LayoutError> {
        let Some(file) = self.index_of(&pipeline.file) else { return Ok(Vec::new()) };
        let lines = &self.files[file].text[pipeline.span.clone()];
        let in_file = |error: EditError| located(error, &pipeline.file, pipeline.line - 1);
        let around = Around { expressions: Expressions::Replace, ..Around::default() };
        let mut differing = Vec::new();
        for change in addition.changes {
            if crate::hcl::change(lines, change, &around).map_err(in_file)? != lines {
                differing.push(change.clone());
            }
        }
        Ok(differing)
    }
}

/// Whether a full parser takes the lines too, which checks the expressions in them.
fn parses(lines: &str) -> Result<(), SyntaxError> {
    match hcl_edit::parser::parse_body(lines) {
        Ok(_) => Ok(()),
        Err(error) => Err(SyntaxError::at(lines, error.location().offset(), error.message())),
    }
}

/// The one module block with one label that the lines hold.
pub(super) fn only_module(lines: &str) -> Option<(Vec<Item>, Block)> {
    let items = items(lines).ok()?;
    match items.as_slice() {
        [Item::Block(block)] if &lines[block.kind.clone()] == "module" && block.labels.len() == 1 => {
            let block = block.clone();
            Some((items, block))
        }
        _ => None,
    }
}

/// What the block of `lines` says that it is.
pub(super) fn says(blocks: &ModuleBlocks<'_>, text: &str, block: &Block) -> Result<Namespace, String> {
    let Some(label) = block.labels.first() else { return Err("it has no label".to_owned()) };
    let read = module(text, block, blocks.rules).map_err(|error| error.to_string())?;
    let mut locals = blocks.locals().map_err(|error| error.to_string())?;
    which(text, label_text(text, label), &read, blocks.rules, blocks.sourced, &mut locals)
        .unwrap_or_else(|| Err("its source is not that of the pipelines".to_owned()))
}

/// A block that tells its own key from another one by the date may have it twice under the new name: Terraform would
/// silently take the last one.
fn check_keys(namespace: &Namespace, lines: &str) -> Result<(), LayoutError> {
    let Some((_, block)) = only_module(lines) else { return Ok(()) };
    let key = |what: &str| what.split('\'').nth(1).unwrap_or_default().to_owned();
    match duplicates(lines, &block.body).into_iter().find(|(_, what)| namespace.is_named_in(&key(what))) {
        Some((_, what)) => Err(LayoutError::KeyTwice { what }),
        None => Ok(()),
    }
}
