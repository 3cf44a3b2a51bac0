//! The layout in which each pipeline is a folder: a Terraform root and a state of its own.

mod add;
mod copy;
mod moved;
mod naming;
mod pattern;
mod state;

use std::cell::OnceCell;

use crate::hcl::{Attribute, Block, Item, Items, Locals, items, label_text, line_of, literal_string};
use crate::pipeline::{Estate, Namespace, Pipeline, Reach, Unclear};

use super::{Edit, LayoutError, Rules, SourceFile};
use state::{Further, State};

pub use copy::{is_left_behind, leads_to};
pub use pattern::{DirectoryPattern, DirectoryPatternError, NamePattern};

/// How the folders of pipelines are told from others, and what is renamed in a copy of one.
#[derive(Debug, Clone)]
pub struct DirectoryRules {
    /// What is common to all layouts.
    pub rules: Rules,
    /// The folder that the pipelines' folders are below, relative to the project's, with `/` at its end; empty for that
    /// folder itself.
    pub below: String,
    /// The folder of a pipeline.
    pub directory: DirectoryPattern,
    /// Where the namespace is replaced besides its own attribute, locals and the backend.
    pub rename: Vec<NamePattern>,
    /// Where it is kept in any case.
    pub keep: Vec<NamePattern>,
    /// What `init` is told of the backend beside its block, in order: `key=value`, or the path of a file in the folder;
    /// with `{namespace}` for the pipeline.
    pub backend: Vec<String>,
}

/// A file of a pipeline's folder, whatever it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderFile {
    /// Its path in the folder, with `/` between its parts.
    pub path: String,
    /// What it holds, text or not; where it leads to when it is a symbolic link.
    pub bytes: Vec<u8>,
    /// Its permission bits; with the type bits of a link (0o120000) for a symbolic link.
    pub mode: u32,
}

impl FolderFile {
    /// What it holds, where that is text.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }
}

/// One pipeline's folder.
#[derive(Debug)]
struct Folder {
    /// Its path relative to the project's folder.
    path: String,
    namespace: Namespace,
    /// Which of the files are in it.
    files: Vec<usize>,
    /// Which of the files have arguments of its backend.
    arguments: Vec<usize>,
}

/// The folders of an estate that are pipelines.
#[derive(Debug)]
pub struct Directories<'a> {
    files: &'a [SourceFile],
    rules: &'a DirectoryRules,
    /// The items of each file; none for JSON.
    items: Vec<Vec<Item>>,
    folders: Vec<Folder>,
    /// Where each of the folders keeps its state, when that was asked for.
    states: OnceCell<Vec<Option<State>>>,
    estate: Estate,
}

impl DirectoryRules {
    /// The pipeline whose folder this is; `path` is relative to the project's folder.
    pub fn namespace_of(&self, path: &str) -> Option<Result<Namespace, String>> {
        let name = self.directory.namespace_in(path.strip_prefix(&self.below)?)?;
        Some(self.rules.namespace(name))
    }

    /// The paths of the files in a pipeline's folder that have arguments of its backend. Those in JSON are not read.
    pub fn backend_files(&self, namespace: &Namespace) -> impl Iterator<Item = String> {
        let is_path = |value: &String| !value.contains('=') && !value.starts_with(['/', '.']);
        self.backend_of(namespace).filter(is_path).filter(|path| path.strip_suffix(".json").is_none())
    }

    fn backend_of(&self, namespace: &Namespace) -> impl Iterator<Item = String> {
        self.backend.iter().map(|argument| argument.replace("{namespace}", namespace.as_str()))
    }

    /// The folder of a pipeline, relative to the project's.
    pub fn folder_of(&self, namespace: &Namespace) -> String {
        format!("{}{}", self.below, self.directory.folder(namespace))
    }
}

impl<'a> Directories<'a> {
    /// Reads the `*.tf` and `*.tf.json` files of the folders that the pattern allows.
    pub fn read(files: &'a [SourceFile], rules: &'a DirectoryRules) -> Result<Self, LayoutError> {
        let items = files
            .iter()
            .map(|file| if file.is_json() { Ok(Vec::new()) } else { items(&file.text).map_err(syntax(file)) })
            .collect::<Result<Vec<_>, _>>()?;
        let (mut folders, mut estate): (Vec<Folder>, _) = (Vec::new(), Estate::default());
        for (index, file) in files.iter().enumerate() {
            if !file.is_terraform() {
                continue;
            }
            let Some((path, _)) = file.path.rsplit_once('/') else { continue };
            if let Some(folder) = folders.iter_mut().find(|folder| folder.path == path) {
                folder.files.push(index);
                continue;
            }
            match rules.namespace_of(path) {
                Some(Ok(namespace)) => {
                    let (path, files) = (path.to_owned(), vec![index]);
                    folders.push(Folder { path, namespace, files, arguments: Vec::new() });
                }
                Some(Err(reason)) if !estate.unclear.iter().any(|unclear: &Unclear| unclear.label == path) => {
                    if !looks_dated(path) {
                        continue;
                    }
                    estate.unclear.push(Unclear {
                        label: path.to_owned(),
                        namespace: None,
                        file: file.path.clone(),
                        line: 1,
                        reason,
                    });
                }
                _ => {}
            }
        }
        for folder in &mut folders {
            let place = |name| files.iter().position(|file| file.path == format!("{}/{name}", folder.path));
            folder.arguments = rules.backend_files(&folder.namespace).filter_map(place).collect();
        }
        let mut read = Self { files, rules, items, folders, states: OnceCell::new(), estate };
        let (folders, others) =
            std::mem::take(&mut read.folders).into_iter().partition(|folder| read.is_pipeline(folder));
        drop::<Vec<Folder>>(others);
        read.folders = folders;
        read.estate.pipelines = read.folders.iter().map(|folder| read.pipeline_in(folder)).collect();
        Ok(read)
    }

    /// The pipelines.
    pub fn estate(&self) -> &Estate {
        &self.estate
    }

    /// What the files of a pipeline's root say, to compare it with another time.
    pub fn text_of(&self, pipeline: &Pipeline) -> String {
        let folder = self.folders.iter().find(|folder| folder.namespace == pipeline.namespace);
        let files = folder.map_or(&[] as &[usize], |folder| &folder.files);
        files.iter().map(|index| format!("{}\n{}\n", self.files[*index].path, self.files[*index].text)).collect()
    }

    /// The pipeline whose state is kept where that of this one is, and where this one's backend stands: file and line.
    pub fn shares_state(&self, namespace: &Namespace) -> Option<(Namespace, String, usize)> {
        let states = self.states.get_or_init(|| self.folders.iter().map(|folder| self.state_of(folder)).collect());
        let index = self.folders.iter().position(|folder| folder.namespace == *namespace)?;
        let own = states[index].as_ref()?;
        let mut others = self.folders.iter().zip(states).filter(|(folder, _)| folder.namespace != *namespace);
        let (folder, _) = others.find(|(_, state)| state.as_ref().is_some_and(|it| it.identity == own.identity))?;
        Some((folder.namespace.clone(), own.path.clone(), own.line))
    }

    /// The namespace that the module of a pipeline's folder is given, where it is statically known.
    pub fn says(&self, namespace: &Namespace) -> Option<(String, String, usize)> {
        let folder = self.folders.iter().find(|folder| folder.namespace == *namespace)?;
        let (index, block) = self.module_in(folder)?;
        let file = &self.files[index];
        let attribute = attribute(&file.text, &block, self.rules.rules.namespace_attribute())?;
        let said = self.locals_of(folder).evaluate_string(&file.text[attribute.value.clone()]).ok()?;
        Some((said, file.path.clone(), attribute.name.start))
    }

    /// Removes the files of a pipeline's folder: all of `folder`.
    pub fn remove(&self, namespace: &Namespace, folder: &[FolderFile]) -> Result<Vec<Edit>, LayoutError> {
        let path = &self.folder(namespace)?.path;
        let delete =
            |file: &FolderFile| Edit::Delete { path: format!("{path}/{}", file.path), before: file.bytes.clone() };
        Ok(folder.iter().map(delete).collect())
    }

    fn folder(&self, namespace: &Namespace) -> Result<&Folder, LayoutError> {
        let found = self.folders.iter().find(|folder| folder.namespace == *namespace);
        found.ok_or_else(|| LayoutError::no_such_pipeline(namespace, &self.estate))
    }

    /// A folder without a date in its name may be anything, such as `modules`: unless the configuration says what namespaces
    /// look like, it must call a pipeline's module or keep a state.
    fn is_pipeline(&self, folder: &Folder) -> bool {
        let rules = &self.rules.rules;
        if rules.has_pattern() || folder.namespace.date().is_some() {
            return true;
        }
        self.state_of(folder).is_some()
            || self.module_in(folder).is_some_and(|(index, block)| {
                let text = &self.files[index].text;
                let source = attribute(text, &block, "source");
                let source = source.and_then(|source| literal_string(&text[source.value]));
                attribute(text, &block, rules.namespace_attribute()).is_some()
                    || source.is_some_and(|source| rules.is_source(source))
            })
    }

    fn pipeline_in(&self, folder: &Folder) -> Pipeline {
        let (index, span, label) = match self.module_in(folder) {
            Some((index, block)) => {
                let label = label_text(&self.files[index].text, &block.labels[0]).to_owned();
                (index, block.span(), label)
            }
            None => (folder.files[0], 0..0, folder.path.clone()),
        };
        let file = &self.files[index];
        Pipeline {
            namespace: folder.namespace.clone(),
            label,
            file: file.path.clone(),
            line: line_of(&file.text, span.start),
            span,
            reach: Reach::Root(folder.path.clone()),
        }
    }

    /// The module block that is the pipeline: the one with the configured source, else the one with the namespace's
    /// attribute, else the only one.
    fn module_in(&self, folder: &Folder) -> Option<(usize, Block)> {
        let rules = &self.rules.rules;
        let mut modules = Vec::new();
        for index in &folder.files {
            let file = &self.files[*index];
            for item in &self.items[*index] {
                if let Item::Block(block) = item
                    && &file.text[block.kind.clone()] == "module"
                    && block.labels.len() == 1
                    && !file.is_override()
                {
                    let source = attribute(&file.text, block, "source");
                    let source = source.and_then(|source| literal_string(&file.text[source.value]));
                    let is_source = source.is_some_and(|source| rules.is_source(source));
                    let says = attribute(&file.text, block, rules.namespace_attribute()).is_some();
                    modules.push((is_source, says, *index, block.clone()));
                }
            }
        }
        let found = modules.iter().find(|module| module.0).or_else(|| modules.iter().find(|module| module.1));
        let found = found.or_else(|| modules.first().filter(|_| modules.len() == 1));
        found.map(|(_, _, index, block)| (*index, block.clone()))
    }

    fn locals_of(&self, folder: &Folder) -> Locals<'_> {
        let mut locals = Locals::new();
        for index in &folder.files {
            let text = &self.files[*index].text;
            for item in &self.items[*index] {
                if let Item::Block(block) = item
                    && &text[block.kind.clone()] == "locals"
                {
                    // What cannot be read is just not known.
                    let _ = locals.add(text, block);
                }
            }
        }
        locals
    }

    fn state_of(&self, folder: &Folder) -> Option<State> {
        let file = |index: &usize| (&self.files[*index], self.items[*index].as_slice());
        let files: Vec<_> = folder.files.iter().map(file).collect();
        let arguments: Vec<String> = self.rules.backend_of(&folder.namespace).collect();
        let further: Vec<Further<'_>> = arguments
            .iter()
            .filter_map(|argument| {
                if let Some((name, value)) = argument.split_once('=') {
                    return Some(Further::Value(name, value));
                }
                let path = format!("{}/{argument}", folder.path);
                let index = folder.arguments.iter().find(|index| self.files[**index].path == path)?;
                Some(Further::File(&self.files[*index], &self.items[*index]))
            })
            .collect();
        state::find(&folder.path, &files, &further, &mut self.locals_of(folder))
    }
}

/// Whether the last part of the path that begins with a digit is written as a date is.
fn looks_dated(path: &str) -> bool {
    let digits = |part: &str, form: &str| {
        part.len() >= form.len()
            && part.bytes().zip(form.bytes()).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                other => byte == other,
            })
    };
    path.split('/').any(|part| digits(part, "0000-00-00"))
}

fn syntax(file: &SourceFile) -> impl Fn(crate::hcl::SyntaxError) -> LayoutError {
    |error| LayoutError::Syntax { path: file.path.clone(), error }
}

fn attribute(text: &str, block: &Block, name: &str) -> Option<Attribute> {
    Items::new(text, block.body.clone()).map_while(Result::ok).find_map(|item| match item {
        Item::Attribute(attribute) if &text[attribute.name.clone()] == name => Some(attribute),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
