//! A new pipeline: its block from a template or from a sibling, and its place.

use crate::hcl::{
    Assignment, Block, EditError, Expressions, Item, Path, Splice, SyntaxError, Value, items, label_text, line_of,
    newline_of, set, splice, splice_aligned, unset,
};
use crate::pipeline::{Namespace, Pipeline};
use crate::template::render;

use super::super::spelling::Renaming;
use super::super::{Edit, LayoutError, is_json};
use super::clone::rename;
use super::{ModuleBlocks, module, place, verify, which};

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
    /// What is taken out of its block.
    pub unsets: &'a [Path],
    /// What is set in its block, after that.
    pub sets: &'a [Assignment],
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
        /// Paths of `sets` and `unsets` that would change it.
        differing: Vec<Path>,
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
        self.rules.namespace(addition.namespace.as_str()).map_err(|reason| LayoutError::Namespace { reason })?;
        let (lines, from, mut notes) = match addition.origin {
            Origin::Template { name, text } => (self.lines_of_template(addition, name, text)?, None, Vec::new()),
            Origin::Sibling(namespace) => self.lines_of_sibling(addition, self.pipeline(namespace)?)?,
            Origin::Newest => self.lines_of_sibling(addition, self.estate.newest().ok_or(LayoutError::NoSibling)?)?,
        };
        // A sibling may hold what Terraform accepts and the parser does not: then the scanner's word has to do.
        let parsed = parses(&lines).is_ok();
        let lines = self.named(addition, lines, &mut notes)?;
        let (_, block) = only_module(&lines).ok_or(EditError::NotOneBlock { found: 0 })?;
        let label = label_text(&lines, &block.labels[0]);
        self.check_label(label)?;
        let lines = change(&lines, addition, &mut notes)?;
        if parsed {
            parses(&lines).map_err(|error| EditError::Check { what: error.to_string() })?;
        }
        let pipeline = Pipeline {
            namespace: addition.namespace.clone(),
            label: label.to_owned(),
            file: String::new(),
            line: 0,
            span: 0..0,
        };
        self.placed(addition, &lines, NewBlock { edits: Vec::new(), pipeline, from, notes }).map(Added::New)
    }

    fn pipeline(&self, namespace: &Namespace) -> Result<&Pipeline, LayoutError> {
        self.estate.find(namespace).ok_or_else(|| LayoutError::NoSuchPipeline {
            namespace: namespace.clone(),
            known: self.estate.newest_first().into_iter().map(|pipeline| pipeline.namespace.clone()).collect(),
        })
    }

    fn lines_of_template(&self, addition: &Addition<'_>, name: &str, text: &str) -> Result<String, LayoutError> {
        let label = addition.label.map_or_else(|| self.rules.label_for(addition.namespace), str::to_owned);
        let rendered = render(text.trim_start_matches('\u{feff}'), addition.namespace, &label)
            .map_err(|error| LayoutError::Template { name: name.to_owned(), error })?;
        // Newlines of the template give way to those of the file.
        let lines = rendered.replace("\r\n", "\n");
        let lines = lines.trim_start_matches('\n').trim_end();
        items(lines).map_err(|error| LayoutError::TemplateSyntax { name: name.to_owned(), error })?;
        parses(lines).map_err(|error| LayoutError::TemplateSyntax { name: name.to_owned(), error })?;
        match only_module(lines) {
            Some(_) => Ok(lines.to_owned()),
            None => Err(LayoutError::NotOneModule { name: name.to_owned() }),
        }
    }

    fn lines_of_sibling(
        &self,
        addition: &Addition<'_>,
        sibling: &Pipeline,
    ) -> Result<(String, Option<Namespace>, Vec<String>), LayoutError> {
        let internal = |what: &str| LayoutError::Check { path: sibling.file.clone(), what: what.to_owned() };
        let file = self.index_of(&sibling.file).ok_or_else(|| internal("the sibling's file is gone"))?;
        let text = &self.files[file].text;
        let index = self.items[file].partition_point(|item| item.span().start < sibling.span.start);
        let extent = place::extent(text, &self.items[file], index);
        let above = line_of(text, extent.start) - 1;
        let lines = &text[extent];
        let (_, block) = only_module(lines).ok_or_else(|| internal("the sibling's lines hold more than its block"))?;
        let others = self.estate.pipelines.iter().map(|pipeline| &pipeline.namespace);
        let renaming = Renaming::new(&sibling.namespace, addition.namespace, others);
        let renamed = rename(lines, &block, &renaming).map_err(EditError::from)?;
        let lines = splice_aligned(lines, &renamed.splices).map_err(EditError::from)?;
        let kept = renamed.kept.into_iter();
        let notes = kept.map(|(line, text)| format!("{}:{}: '{text}' stays as it is", sibling.file, above + line));
        Ok((lines, Some(sibling.namespace.clone()), notes.collect()))
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
        if locals.evaluate_string(&lines[value.clone()]).is_ok_and(|text| text == addition.namespace.as_str()) {
            return Ok(lines);
        }
        let attribute = self.rules.namespace_attribute();
        notes.push(format!("{attribute} was {}, now it is the namespace itself", &lines[value]));
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
            Place::After(namespace) | Place::Before(namespace) => Some(self.pipeline(namespace)?),
        };
        let configured = addition.file.unwrap_or(self.rules.file());
        let path = near.map_or(configured, |pipeline| pipeline.file.as_str());
        if is_json(path) {
            return Err(LayoutError::JsonFile { path: path.to_owned() });
        }
        path.clone_into(&mut new.pipeline.file);
        let Some(file) = self.index_of(path) else {
            let text = format!("{lines}\n").replace("\r\n", "\n");
            verify::alone(self, &text, &mut new.pipeline)?;
            new.edits.push(Edit::Create { path: path.to_owned(), text, mode: 0o644 });
            return Ok(new);
        };
        let (text, items) = (&self.files[file].text, &self.items[file]);
        let lines = lines.replace("\r\n", "\n").replace('\n', newline_of(text));
        let item_of = |pipeline: &Pipeline| items.partition_point(|item| item.span().start < pipeline.span.start);
        let siblings: Vec<usize> =
            self.estate.pipelines.iter().filter(|pipeline| pipeline.file == path).map(item_of).collect();
        let blank = place::blank_lines(text, items, &siblings);
        let added = match (addition.place, near, siblings.last()) {
            (Place::Before(_), Some(near), _) => {
                place::above(text, place::extent(text, items, item_of(near)).start, &lines, blank)
            }
            (_, Some(near), _) => place::below(text, place::extent(text, items, item_of(near)).end, &lines, blank),
            (_, None, Some(last)) => place::below(text, place::extent(text, items, *last).end, &lines, blank),
            (_, None, None) => place::at_end(text, &lines),
        };
        let after = splice(text, std::slice::from_ref(&added));
        verify::within(self, file, &added, &after, &mut new.pipeline)?;
        new.edits.push(Edit::Write { path: path.to_owned(), before: text.clone(), after });
        Ok(new)
    }

    fn differing(&self, pipeline: &Pipeline, addition: &Addition<'_>) -> Result<Vec<Path>, LayoutError> {
        let Some(file) = self.index_of(&pipeline.file) else { return Ok(Vec::new()) };
        let lines = &self.files[file].text[pipeline.span.clone()];
        let mut differing = Vec::new();
        for path in addition.unsets {
            if unset(lines, path)? != lines {
                differing.push(path.clone());
            }
        }
        for assignment in addition.sets {
            if set(lines, &assignment.path, &assignment.value, Expressions::Replace)? != lines {
                differing.push(assignment.path.clone());
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

fn change(lines: &str, addition: &Addition<'_>, notes: &mut Vec<String>) -> Result<String, LayoutError> {
    let mut lines = lines.to_owned();
    for path in addition.unsets {
        let without = unset(&lines, path)?;
        if without == lines {
            notes.push(format!("the block has no '{path}' to leave out"));
        }
        lines = without;
    }
    for assignment in addition.sets {
        lines = set(&lines, &assignment.path, &assignment.value, Expressions::Replace)?;
    }
    Ok(lines)
}

/// What the block of `lines` says that it is.
pub(super) fn says(blocks: &ModuleBlocks<'_>, text: &str, block: &Block) -> Result<Namespace, String> {
    let Some(label) = block.labels.first() else { return Err("it has no label".to_owned()) };
    let read = module(text, block, blocks.rules).map_err(|error| error.to_string())?;
    let mut locals = blocks.locals().map_err(|error| error.to_string())?;
    which(text, label_text(text, label), &read, blocks.rules, &mut locals)
        .unwrap_or_else(|| Err("neither its source nor its label is that of a pipeline".to_owned()))
}
