//! All that a block says, as a list: an oracle that knows nothing of edits.

use crate::hcl::{Block, EditError, Item, Items, Kind, Lexer, Span, elements, list_inside, list_items, object_inside};

/// A value that holds no other, and the way to it. The number of a block and of an item do not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    pub way: Vec<String>,
    pub value: String,
}

/// What can be named by a path.
#[derive(Debug, Clone)]
pub struct Named {
    /// As a user types it.
    pub path: String,
    /// From the key to the end of the value.
    pub span: Span,
    pub value: Span,
    pub is_block: bool,
    /// The items, where it is a list.
    pub items: Option<Vec<Span>>,
    /// The keys beside it, before and after, where it has a key.
    pub before: Option<String>,
    pub after: Option<String>,
}

/// What a block holds.
#[derive(Debug, Default)]
pub struct Contents {
    pub leaves: Vec<Leaf>,
    pub named: Vec<Named>,
}

pub fn contents(text: &str, block: &Block) -> Result<Contents, EditError> {
    let mut contents = Contents::default();
    body(text, block, &mut Vec::new(), "", &mut contents)?;
    Ok(contents)
}

/// The tokens that are code, one space apart.
pub fn words(text: &str) -> String {
    let mut words = String::new();
    let mut end = 0;
    for token in Lexer::new(text, 0..text.len()).map_while(Result::ok) {
        end = token.end;
        if matches!(token.kind, Kind::Newline | Kind::Comma | Kind::LineComment | Kind::BlockComment) {
            continue;
        }
        words.push_str(text[token.span()].trim_end_matches('\r'));
        words.push(' ');
    }
    words.push_str(&text[end..]);
    words.trim_end().replace("\r\n", "\n")
}

fn body(text: &str, block: &Block, way: &mut Vec<String>, prefix: &str, to: &mut Contents) -> Result<(), EditError> {
    let items: Vec<Item> = Items::new(text, block.body.clone()).collect::<Result<_, _>>()?;
    let name_of = |item: &Item| match item {
        Item::Attribute(attribute) => text[attribute.name.clone()].to_owned(),
        Item::Block(block) => text[block.kind.clone()].to_owned(),
    };
    let names: Vec<String> = items.iter().map(name_of).collect();
    let typed: Vec<String> = (0..items.len())
        .map(|at| {
            let number = names[..=at].iter().filter(|name| **name == names[at]).count();
            if number > 1 { format!("{}#{number}", names[at]) } else { names[at].clone() }
        })
        .collect();
    if items.is_empty() {
        to.leaves.push(Leaf { way: way.clone(), value: "{}".to_owned() });
    }
    for (at, item) in items.iter().enumerate() {
        let path = format!("{prefix}{}", typed[at]);
        let length = way.len();
        way.push(names[at].clone());
        let (span, value, is_block) = match item {
            Item::Attribute(attribute) => (attribute.span(), attribute.value.clone(), false),
            Item::Block(block) => (block.span(), block.body.clone(), true),
        };
        let (before, after) = (at.checked_sub(1).map(|at| typed[at].clone()), typed.get(at + 1).cloned());
        to.named.push(Named { path: path.clone(), span, value: value.clone(), is_block, items: None, before, after });
        match item {
            Item::Attribute(_) => within(text, &value, way, &path, to)?,
            Item::Block(nested) => {
                way.extend(nested.labels.iter().map(|label| text[label.clone()].to_owned()));
                body(text, nested, way, &format!("{path}."), to)?;
            }
        }
        way.truncate(length);
    }
    Ok(())
}

fn within(text: &str, value: &Span, way: &mut Vec<String>, path: &str, to: &mut Contents) -> Result<(), EditError> {
    if let Some(inside) = object_inside(text, value) {
        let entries = elements(text, inside)?;
        if entries.is_empty() {
            to.leaves.push(Leaf { way: way.clone(), value: "{}".to_owned() });
        }
        let typed: Vec<String> = entries.iter().map(|entry| segment(&text[entry.key.clone()])).collect();
        let bare = |at: usize| {
            let key = &text[entries[at].key.clone()];
            key.trim_matches('"').to_owned()
        };
        for (at, entry) in entries.iter().enumerate() {
            if typed[at].is_empty() {
                way.push(text[entry.key.clone()].to_owned());
                to.leaves.push(Leaf { way: way.clone(), value: words(&format!("{}\n", &text[entry.value.clone()])) });
                way.pop();
                continue;
            }
            let dot = if typed[at].starts_with('[') { "" } else { "." };
            let path = format!("{path}{dot}{}", typed[at]);
            way.push(text[entry.key.clone()].trim_matches(['"', '(', ')', '$', '{', '}']).to_owned());
            to.named.push(Named {
                path: path.clone(),
                span: entry.key.start..entry.value.end,
                value: entry.value.clone(),
                is_block: false,
                items: None,
                before: at.checked_sub(1).map(bare),
                after: (at + 1 < entries.len()).then(|| bare(at + 1)),
            });
            within(text, &entry.value, way, &path, to)?;
            way.pop();
        }
        return Ok(());
    }
    if let Some(inside) = list_inside(text, value) {
        let start = inside.start;
        let items = list_items(text, inside)?;
        if let Some(last) = to.named.last_mut() {
            last.items = Some(items.iter().map(|item| item.value.clone()).collect());
        }
        // The call that it is an argument of.
        way.push(words(&text[value.start..start]));
        if items.is_empty() {
            to.leaves.push(Leaf { way: way.clone(), value: "[]".to_owned() });
        }
        for (at, item) in items.iter().enumerate() {
            way.push("[]".to_owned());
            let path = format!("{path}[{at}]");
            let (span, value) = (item.value.clone(), item.value.clone());
            to.named.push(Named {
                path: path.clone(),
                span,
                value,
                is_block: false,
                items: None,
                before: None,
                after: None,
            });
            within(text, &item.value, way, &path, to)?;
            way.pop();
        }
        way.pop();
        return Ok(());
    }
    to.leaves.push(Leaf { way: way.clone(), value: words(&format!("{}\n", &text[value.clone()])) });
    Ok(())
}

/// A key as a step of a path.
fn segment(key: &str) -> String {
    let inside = key.strip_prefix('(').and_then(|key| key.strip_suffix(')'));
    let inside = inside.or_else(|| key.strip_prefix("\"${").and_then(|key| key.strip_suffix("}\"")));
    match inside {
        Some(expression) => format!("[{expression}]"),
        // A key that is only partly computed cannot be typed.
        None if key.contains("${") => String::new(),
        None if key.contains('.') => format!("[\"{key}\"]"),
        None if key.starts_with('"') => format!("[{key}]"),
        None if key.starts_with(|first: char| first.is_ascii_digit() || first == '-') => format!("[\"{key}\"]"),
        None => key.to_owned(),
    }
}
