//! The places in a root that name its pipeline.

use crate::hcl::{Attribute, Block, Item, Items, Kind, Lexer, Span, Splice, SyntaxError, Token, line_of};
use crate::hcl::{elements, label_text, literal_string, object_inside};

use super::super::spelling::Renaming;
use super::DirectoryRules;
use super::moved::Moved;
use super::state::NAMING;

/// What becomes of a file of the copy.
#[derive(Debug, Default)]
pub(super) struct Renamed {
    /// The replacements, in order.
    pub splices: Vec<Splice>,
    /// Mentions that stay: the line, from 1, and the text.
    pub kept: Vec<(usize, String)>,
}

/// What sort of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// `*.tf`
    Configuration,
    /// `*.tfvars`
    Variables,
    /// The arguments of a backend: `backend.hcl`, `*.tfbackend`.
    Backend,
    /// Anything else: nothing in it is replaced.
    Other,
}

fn sort_of(path: &str) -> Sort {
    let ends = |ending: &str| path.strip_suffix(ending).is_some();
    match () {
        () if ends(".tf") => Sort::Configuration,
        () if ends(".tfvars") => Sort::Variables,
        () if ends(".lock.hcl") => Sort::Other,
        () if ends(".hcl") || ends(".tfbackend") => Sort::Backend,
        () => Sort::Other,
    }
}

/// What gets another name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    /// The pipeline.
    pub renaming: &'a Renaming,
    /// The labels of module blocks, with their new names.
    pub modules: &'a [(String, String)],
    /// The files.
    pub moved: &'a Moved,
}

/// Whether references to files are renamed in a file of this path.
pub(super) fn is_read(path: &str) -> bool {
    sort_of(path) != Sort::Other
}

/// Looks for the old namespace in a file.
pub(super) fn rename(
    path: &str,
    text: &str,
    rules: &DirectoryRules,
    names: &Names<'_>,
) -> Result<Renamed, SyntaxError> {
    let Names { renaming, modules, moved } = names;
    let sort = sort_of(path);
    let mut walk = Walk { text, rules, renaming, sort, places: Vec::new() };
    if sort != Sort::Other {
        walk.body(&(0..text.len()), &mut Vec::new())?;
    }
    let Walk { mut places, .. } = walk;
    if sort != Sort::Other {
        places.extend(moved.mentions(text, renaming));
    }
    if sort == Sort::Configuration {
        places.extend(references(text, modules)?);
    }
    places.sort_by_key(|splice: &Splice| splice.span.start);
    places.dedup();
    let is_replaced =
        |span: &Span| places.iter().any(|place| place.span.start < span.end && span.start < place.span.end);
    let mut kept: Vec<(usize, String)> = Vec::new();
    for mention in renaming.mentions(text) {
        let line = line_of(text, mention.span.start);
        if !is_replaced(&mention.span) && kept.last().is_none_or(|(last, _)| *last != line) {
            let shown = text.lines().nth(line - 1).unwrap_or_default().trim();
            kept.push((line, shown.to_owned()));
        }
    }
    Ok(Renamed { splices: places, kept })
}

/// The labels of module blocks that name the old pipeline, with what they become.
pub(super) fn labels(text: &str, renaming: &Renaming) -> Result<Vec<(String, String)>, SyntaxError> {
    let mut labels = Vec::new();
    for item in Items::new(text, 0..text.len()) {
        if let Item::Block(block) = item?
            && &text[block.kind.clone()] == "module"
            && let [label] = block.labels.as_slice()
        {
            let old = label_text(text, label);
            let new = replaced(old, renaming);
            if new != old {
                labels.push((old.to_owned(), new));
            }
        }
    }
    Ok(labels)
}

/// The text under the new namespace.
pub(super) fn replaced(text: &str, renaming: &Renaming) -> String {
    let mut new = text.to_owned();
    for mention in renaming.mentions(text).into_iter().rev() {
        new.replace_range(mention.span, &mention.new);
    }
    new
}

/// `module.<label>` wherever it stands.
fn references(text: &str, modules: &[(String, String)]) -> Result<Vec<Splice>, SyntaxError> {
    if modules.is_empty() {
        return Ok(Vec::new());
    }
    let tokens: Vec<Token> = Lexer::new(text, 0..text.len()).collect::<Result<_, _>>()?;
    let mut splices = Vec::new();
    for at in 2..tokens.len() {
        let [root, dot, name] = [tokens[at - 2], tokens[at - 1], tokens[at]];
        let is = root.kind == Kind::Identifier && &text[root.span()] == "module" && dot.kind == Kind::Dot;
        let is_part = at.checked_sub(3).is_some_and(|before| tokens[before].kind == Kind::Dot);
        if is
            && !is_part
            && let Some((_, new)) = modules.iter().find(|(old, _)| *old == text[name.span()])
        {
            splices.push(Splice::new(name.span(), new.clone()));
        }
    }
    Ok(splices)
}

struct Walk<'a> {
    text: &'a str,
    rules: &'a DirectoryRules,
    renaming: &'a Renaming,
    sort: Sort,
    places: Vec<Splice>,
}

impl Walk<'_> {
    fn body(&mut self, body: &Span, way: &mut Vec<String>) -> Result<(), SyntaxError> {
        for item in Items::new(self.text, body.clone()) {
            match item? {
                Item::Attribute(attribute) => self.attribute(&attribute, way)?,
                Item::Block(block) => self.block(&block, way)?,
            }
        }
        Ok(())
    }

    fn block(&mut self, block: &Block, way: &mut Vec<String>) -> Result<(), SyntaxError> {
        let length = way.len();
        let text = self.text;
        way.push(text[block.kind.clone()].to_owned());
        let is_module = length == 0 && way[0] == "module";
        for label in &block.labels {
            if is_module {
                self.replace(label);
            }
            way.push(label_text(text, label).to_owned());
        }
        self.body(&block.body, way)?;
        way.truncate(length);
        Ok(())
    }

    fn attribute(&mut self, attribute: &Attribute, way: &mut Vec<String>) -> Result<(), SyntaxError> {
        way.push(self.text[attribute.name.clone()].to_owned());
        let result = self.value(&attribute.value, way);
        way.pop();
        result
    }

    fn value(&mut self, value: &Span, way: &mut Vec<String>) -> Result<(), SyntaxError> {
        let Some(inside) = object_inside(self.text, value) else {
            if self.names_the_pipeline(value, way) {
                self.replace(value);
            }
            return Ok(());
        };
        for element in elements(self.text, inside)? {
            let key = &self.text[element.key.clone()];
            way.push(literal_string(key).unwrap_or(key).to_owned());
            if self.is_wanted(way) {
                self.replace(&element.key);
            }
            self.value(&element.value, way)?;
            way.pop();
        }
        Ok(())
    }

    fn is_wanted(&self, way: &[String]) -> bool {
        !self.rules.keep.iter().any(|pattern| pattern.means(way))
            && self.rules.rename.iter().any(|pattern| pattern.means(way))
    }

    /// Whether the value at the end of `way` names the pipeline whose root this is, and nothing that only has its date.
    fn names_the_pipeline(&self, value: &Span, way: &[String]) -> bool {
        if self.rules.keep.iter().any(|pattern| pattern.means(way)) {
            return false;
        }
        if self.is_wanted(way) {
            return true;
        }
        let way: Vec<&str> = way.iter().map(String::as_str).collect();
        let attribute = self.rules.rules.namespace_attribute();
        match (self.sort, way.as_slice()) {
            (Sort::Variables, [name]) => *name == attribute,
            (Sort::Backend, [name]) => NAMING.contains(name),
            (Sort::Configuration, ["module", _, name]) => *name == attribute,
            (Sort::Configuration, ["terraform", "backend" | "cloud", .., name]) => NAMING.contains(name),
            (Sort::Configuration, ["locals", rest @ ..]) => {
                // An index keeps the date that it was made with; deeper than in the local itself, only the whole name counts.
                let is_index = rest.iter().any(|name| name.contains("index"));
                !is_index && (rest.len() == 1 || self.is_whole(value))
            }
            _ => false,
        }
    }

    fn is_whole(&self, value: &Span) -> bool {
        let Some(text) = literal_string(&self.text[value.clone()]) else { return false };
        self.renaming.mentions(text).iter().any(|mention| mention.span == (0..text.len()))
    }

    /// Replaces what strings and whole numbers in the span mention.
    fn replace(&mut self, span: &Span) {
        for token in Lexer::new(self.text, span.clone()).map_while(Result::ok) {
            let is_number = token.kind == Kind::Number && token.span().len() == 8;
            let is_label = token.kind == Kind::Identifier && token.span() == *span;
            if !(is_number || is_label || token.kind == Kind::Literal) {
                continue;
            }
            for mention in self.renaming.mentions(&self.text[token.span()]) {
                let place = token.start + mention.span.start..token.start + mention.span.end;
                self.places.push(Splice::new(place, mention.new));
            }
        }
    }
}
