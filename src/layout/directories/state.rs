//! Where a root keeps its state, as far as its files and the arguments of `init` say.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::hcl::{Attribute, Block, Item, Items, Locals, label_text, line_of};

use super::super::SourceFile;

/// The arguments of backends that say which state is meant ("Backend Configuration" in Terraform's documentation); the
/// others say how to get at it.
pub(super) const NAMING: [&str; 14] = [
    "address",
    "bucket",
    "container_name",
    "hostname",
    "key",
    "name",
    "organization",
    "path",
    "prefix",
    "schema_name",
    "secret_suffix",
    "storage_account_name",
    "workspace_dir",
    "workspace_key_prefix",
];

/// Of those, the ones that tell one root from another.
const TELLING: [&str; 7] = ["key", "prefix", "path", "name", "schema_name", "address", "secret_suffix"];

/// The state of a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    /// The backend and those of its arguments that say which state it is.
    pub identity: Vec<String>,
    /// The file of the argument that tells it from others.
    pub path: String,
    /// The line of that argument, or of the backend's block.
    pub line: usize,
}

/// What `init` is told of the backend beside its block.
#[derive(Debug, Clone, Copy)]
pub(super) enum Further<'a> {
    /// One argument.
    Value(&'a str, &'a str),
    /// A file of arguments, and its items.
    File(&'a SourceFile, &'a [Item]),
}

/// The arguments of a backend by their names, as far as they say which state is meant.
#[derive(Debug)]
struct Backend {
    kind: String,
    /// Where it stands: file and line.
    place: (String, usize),
    /// Whether the value of each is known.
    is_known: bool,
    /// Value, file and line.
    arguments: BTreeMap<String, (String, String, usize)>,
}

/// The backend of a root; none where it has none, where not all arguments are known, or where it keeps the state in the
/// root's own folder without saying so.
pub(super) fn find(
    folder: &str,
    files: &[(&SourceFile, &[Item])],
    further: &[Further<'_>],
    locals: &mut Locals<'_>,
) -> Option<State> {
    let in_hcl = files.iter().find_map(|(file, items)| in_hcl(file, items, locals));
    let mut backend =
        in_hcl.or_else(|| files.iter().filter(|(file, _)| file.is_json()).find_map(|(file, _)| in_json(file)))?;
    if !backend.is_known {
        return None;
    }
    for one in further {
        match one {
            Further::Value(name, value) => {
                let (path, line) = backend.place.clone();
                backend.put(name, value, path, line);
            }
            Further::File(file, items) => {
                for item in *items {
                    if let Item::Attribute(attribute) = item {
                        backend.take(file, attribute, locals)?;
                    }
                }
            }
        }
    }
    if backend.kind == "local" {
        for name in ["path", "workspace_dir"] {
            if let Some((value, ..)) = backend.arguments.get_mut(name) {
                *value = resolved(folder, value);
            }
        }
    }
    let (path, line) = TELLING.into_iter().find_map(|name| {
        let (_, path, line) = backend.arguments.get(name)?;
        Some((path.clone(), *line))
    })?;
    let arguments = backend.arguments.iter().map(|(name, (value, ..))| format!("{name}={value}"));
    Some(State { identity: [backend.kind.clone()].into_iter().chain(arguments).collect(), path, line })
}

/// A path of the root, relative to the project's folder: two roots may mean the same file by different ones.
fn resolved(folder: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

impl Backend {
    fn new(kind: &str, place: (String, usize)) -> Self {
        Self { kind: kind.to_owned(), place, is_known: true, arguments: BTreeMap::new() }
    }

    fn put(&mut self, name: &str, value: &str, path: String, line: usize) {
        if NAMING.contains(&name) {
            self.arguments.insert(name.to_owned(), (value.to_owned(), path, line));
        }
    }

    /// Takes an argument in; none where its value is not known.
    fn take(&mut self, file: &SourceFile, attribute: &Attribute, locals: &mut Locals<'_>) -> Option<()> {
        let text = &file.text;
        let name = &text[attribute.name.clone()];
        if NAMING.contains(&name) {
            let value = locals.evaluate_string(&text[attribute.value.clone()]).ok()?;
            self.put(name, &value, file.path.clone(), line_of(text, attribute.name.start));
        }
        Some(())
    }

    /// The arguments of the block, and of `workspaces` in it; none where one is not known.
    fn take_all(&mut self, file: &SourceFile, block: &Block, locals: &mut Locals<'_>) -> Option<()> {
        for item in Items::new(&file.text, block.body.clone()).map_while(Result::ok) {
            match item {
                Item::Attribute(attribute) => self.take(file, &attribute, locals)?,
                Item::Block(block) => self.take_all(file, &block, locals)?,
            }
        }
        Some(())
    }

    fn take_json(&mut self, path: &str, body: &Value) -> Option<()> {
        for (name, value) in list(body).into_iter().filter_map(Value::as_object).flatten() {
            match value {
                Value::String(text) if NAMING.contains(&name.as_str()) => {
                    if text.contains("${") {
                        return None;
                    }
                    self.put(name, text, path.to_owned(), 1);
                }
                Value::Object(_) | Value::Array(_) => self.take_json(path, value)?,
                _ => {}
            }
        }
        Some(())
    }
}

/// The backend's block in a file, if it is there.
fn in_hcl(file: &SourceFile, items: &[Item], locals: &mut Locals<'_>) -> Option<Backend> {
    let text = &file.text;
    for item in items {
        let Item::Block(block) = item else { continue };
        if &text[block.kind.clone()] != "terraform" {
            continue;
        }
        for item in Items::new(text, block.body.clone()).map_while(Result::ok) {
            let Item::Block(block) = item else { continue };
            let kind = match (&text[block.kind.clone()], block.labels.as_slice()) {
                ("backend", [label]) => label_text(text, label),
                ("cloud", []) => "cloud",
                _ => continue,
            };
            let place = (file.path.clone(), line_of(text, block.kind.start));
            let mut backend = Backend::new(kind, place);
            backend.is_known = backend.take_all(file, &block, locals).is_some();
            return Some(backend);
        }
    }
    None
}

/// The same in JSON, where an object may stand, or a list of them ("JSON Configuration Syntax").
fn in_json(file: &SourceFile) -> Option<Backend> {
    let root: Value = serde_json::from_str(file.text.trim_start_matches('\u{feff}')).ok()?;
    let under = |name: &str, bodies: Vec<&'_ Value>| -> Vec<Value> {
        bodies.into_iter().filter_map(|body| body.get(name)).flat_map(list).cloned().collect()
    };
    let settings = under("terraform", list(&root));
    let made = |kind: &str, body: &Value| {
        let mut backend = Backend::new(kind, (file.path.clone(), 1));
        backend.is_known = backend.take_json(&file.path, body).is_some();
        backend
    };
    let backends = under("backend", settings.iter().collect());
    if let Some((kind, body)) = backends.iter().filter_map(Value::as_object).flatten().next() {
        return Some(made(kind, body));
    }
    let cloud = under("cloud", settings.iter().collect());
    cloud.first().map(|body| made("cloud", body))
}

fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        value => vec![value],
    }
}
