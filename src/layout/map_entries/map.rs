//! Where the map stands: `local.pipelines`, or an argument of a module, `module.pipelines.pipelines`.

use std::str::FromStr;

use crate::hcl::{Block, Item, Items, Span, elements, items, label_text, line_of, literal_string, object_inside};

use super::super::{LayoutError, SourceFile};

/// How far references from one local to the next are followed.
const FURTHEST: usize = 8;

/// The configured name of the map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapName {
    text: String,
    /// The label of the module whose argument it is; none for a local.
    module: Option<String>,
    /// The local or the argument, and the keys that lead from there to the map.
    keys: Vec<String>,
}

/// Why a text names no map.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' names no map: write local.NAME or module.LABEL.ARGUMENT")]
pub struct MapNameError(String);

impl FromStr for MapName {
    type Err = MapNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || MapNameError(text.to_owned());
        let mut parts = text.split('.').map(str::to_owned);
        let root = parts.next().ok_or_else(wrong)?;
        let module = match root.as_str() {
            "local" => None,
            "module" => Some(parts.next().ok_or_else(wrong)?),
            _ => return Err(wrong()),
        };
        let keys: Vec<String> = parts.collect();
        let is_word = |word: &String| !word.is_empty() && !word.contains(['"', '[', ' ']);
        if keys.is_empty() || !keys.iter().chain(&module).all(is_word) {
            return Err(wrong());
        }
        Ok(Self { text: text.to_owned(), module, keys })
    }
}

impl MapName {
    /// As it was configured.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The module whose own `for_each` is the map, where it is.
    pub(super) fn of_for_each(&self) -> Option<&str> {
        self.module.as_deref().filter(|_| self.keys == ["for_each"])
    }

    /// The name of the local, where it is one and not something in it.
    pub(super) fn local(&self) -> Option<&str> {
        match (&self.module, self.keys.as_slice()) {
            (None, [name]) => Some(name),
            _ => None,
        }
    }

    fn of_local(name: &str) -> Self {
        Self { text: format!("local.{name}"), module: None, keys: vec![name.to_owned()] }
    }
}

/// The map in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Map {
    /// Which of the files.
    pub file: usize,
    /// The block that it stands in.
    pub block: Block,
    /// The keys that lead from the block to it.
    pub keys: Vec<String>,
    /// What stands between its braces.
    pub inside: Span,
}

/// Finds the map.
pub(super) fn find(files: &[SourceFile], items: &[Vec<Item>], name: &MapName) -> Result<Map, LayoutError> {
    let mut name = name.clone();
    for _ in 0..FURTHEST {
        match step(files, items, &name)? {
            Step::Found(map) => return Ok(map),
            Step::Local(local) => name = MapName::of_local(&local),
        }
    }
    Err(LayoutError::NoMap { map: name.text })
}

enum Step {
    Found(Map),
    /// The value is another local.
    Local(String),
}

fn step(files: &[SourceFile], items: &[Vec<Item>], name: &MapName) -> Result<Step, LayoutError> {
    let mut json = None;
    for (index, file) in files.iter().enumerate().filter(|(_, file)| !file.is_override()) {
        if file.is_json() {
            json.get_or_insert(file);
            continue;
        }
        for item in &items[index] {
            let Item::Block(block) = item else { continue };
            if !is_wanted(&file.text, block, name) {
                continue;
            }
            for item in Items::new(&file.text, block.body.clone()) {
                let item = item.map_err(|error| LayoutError::Syntax { path: file.path.clone(), error })?;
                let Item::Attribute(attribute) = item else { continue };
                if file.text[attribute.name.clone()] == name.keys[0] {
                    return inside(file, index, block, &attribute.value, name);
                }
            }
        }
    }
    let word = name.keys[0].as_str();
    match json.filter(|file| file.text.contains(&format!("\"{word}\""))) {
        Some(file) => Err(LayoutError::JsonFile { path: file.path.clone() }),
        None => Err(LayoutError::NoMap { map: name.text.clone() }),
    }
}

fn is_wanted(text: &str, block: &Block, name: &MapName) -> bool {
    match (&text[block.kind.clone()], &name.module, block.labels.as_slice()) {
        ("locals", None, []) => true,
        ("module", Some(wanted), [label]) => label_text(text, label) == wanted,
        _ => false,
    }
}

/// Goes into the value along the keys.
fn inside(file: &SourceFile, index: usize, block: &Block, value: &Span, name: &MapName) -> Result<Step, LayoutError> {
    let text = &file.text;
    let mut value = value.clone();
    for key in &name.keys[1..] {
        let Some(inside) = object_inside(text, &value) else { return Err(computed(file, &value, name)) };
        let elements =
            elements(text, inside).map_err(|error| LayoutError::Syntax { path: file.path.clone(), error })?;
        let is = |written: &str| literal_string(written).unwrap_or(written) == key;
        match elements.into_iter().find(|element| is(&text[element.key.clone()])) {
            Some(element) => value = element.value,
            None => return Err(LayoutError::NoMap { map: name.text.clone() }),
        }
    }
    if let Some(inside) = object_inside(text, &value) {
        return Ok(Step::Found(Map { file: index, block: block.clone(), keys: name.keys.clone(), inside }));
    }
    match text[value.clone()].strip_prefix("local.") {
        Some(local) if local.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) => {
            Ok(Step::Local(local.to_owned()))
        }
        _ => Err(computed(file, &value, name)),
    }
}

fn computed(file: &SourceFile, value: &Span, name: &MapName) -> LayoutError {
    let expression = file.text[value.clone()].lines().next().unwrap_or_default().chars().take(40).collect();
    LayoutError::ComputedMap {
        map: name.text.clone(),
        path: file.path.clone(),
        line: line_of(&file.text, value.start),
        expression,
    }
}

/// The modules and resources that are made once for each entry of `map`: `for_each = local.pipelines`. As addresses with
/// `{namespace}` in the place of the key.
pub(in crate::layout) fn fed_by(files: &[SourceFile], map: &str) -> Vec<String> {
    let keys = format!("toset(keys({map}))");
    let mut addresses = Vec::new();
    for file in files.iter().filter(|file| !file.is_override() && !file.is_json()) {
        for item in items(&file.text).unwrap_or_default() {
            let Item::Block(block) = item else { continue };
            let text = &file.text;
            let is_fed = Items::new(text, block.body.clone()).map_while(Result::ok).any(|item| match item {
                Item::Attribute(attribute) if &text[attribute.name.clone()] == "for_each" => {
                    let value: String = text[attribute.value].split_whitespace().collect();
                    value == map || value == keys
                }
                _ => false,
            });
            let labels: Vec<&str> = block.labels.iter().map(|label| label_text(text, label)).collect();
            match (is_fed, &text[block.kind.clone()], labels.as_slice()) {
                (true, "module", [label]) => addresses.push(format!("module.{label}[\"{{namespace}}\"]")),
                (true, "resource", [kind, label]) => addresses.push(format!("{kind}.{label}[\"{{namespace}}\"]")),
                _ => {}
            }
        }
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names() {
        for text in ["local.pipelines", "local.a.b", "module.x.pipelines", "module.x.a.b"] {
            assert_eq!(text.parse::<MapName>().expect(text).as_str(), text);
        }
        for text in ["", "local", "local.", "module.x", "var.x", "pipelines", "local.a[\"b\"]"] {
            assert!(text.parse::<MapName>().is_err(), "{text}");
        }
    }

    #[test]
    fn finds_maps() {
        let text = "locals {\n  a = 1\n  pipelines = { x = {} }\n  deep = { \"in\" = { y = 1 } }\n  again = local.pipelines\n}\n\
                    module \"m\" {\n  pipelines = local.again\n  made = merge({}, {})\n}\n";
        let files = [SourceFile::new("main.tf", text)];
        let all = [items(text).expect("HCL")];
        let find = |name: &str| find(&files, &all, &name.parse().expect(name)).map(|map| text[map.inside].to_owned());
        assert_eq!(find("local.pipelines").as_deref(), Ok(" x = {} "));
        assert_eq!(find("local.deep.in").as_deref(), Ok(" y = 1 "));
        assert_eq!(find("module.m.pipelines").as_deref(), Ok(" x = {} "));
        assert!(matches!(find("local.none"), Err(LayoutError::NoMap { .. })));
        assert!(matches!(find("module.m.made"), Err(LayoutError::ComputedMap { line: 9, .. })));
    }

    #[test]
    fn knows_what_a_map_feeds() {
        let text = "module \"a\" {\n  for_each = local.p\n}\nresource \"t\" \"b\" {\n  for_each = toset(keys(local.p))\n}\n\
                    module \"c\" {\n  for_each = local.pp\n}\n";
        let files = [SourceFile::new("main.tf", text)];
        assert_eq!(fed_by(&files, "local.p"), ["module.a[\"{namespace}\"]", "t.b[\"{namespace}\"]"]);
    }
}
