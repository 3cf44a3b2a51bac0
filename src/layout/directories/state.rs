//! Where a root keeps its state, as far as its files say.

use crate::hcl::{Block, Item, Items, Locals, label_text, line_of};

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

/// The state of a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    /// The backend and those of its arguments that say which state it is.
    pub identity: Vec<String>,
    /// The file of the backend's block.
    pub path: String,
    /// The line of the argument that tells it from others, or of the block.
    pub line: usize,
}

/// The backend of a root; none where it has none, where its arguments come from elsewhere, or where it keeps the state in
/// the root's own folder.
pub(super) fn find<'a>(
    files: impl Iterator<Item = (&'a SourceFile, &'a [Item])>,
    locals: &mut Locals<'_>,
) -> Option<State> {
    for (file, items) in files {
        for item in items {
            let Item::Block(block) = item else { continue };
            if &file.text[block.kind.clone()] != "terraform" {
                continue;
            }
            for item in Items::new(&file.text, block.body.clone()).map_while(Result::ok) {
                if let Item::Block(backend) = item
                    && let Some(state) = of_backend(file, &backend, locals)
                {
                    return Some(state);
                }
            }
        }
    }
    None
}

fn of_backend(file: &SourceFile, backend: &Block, locals: &mut Locals<'_>) -> Option<State> {
    let text = &file.text;
    let kind = match (&text[backend.kind.clone()], backend.labels.as_slice()) {
        ("backend", [label]) => label_text(text, label),
        ("cloud", []) => "cloud",
        _ => return None,
    };
    let mut found = Vec::new();
    arguments(text, backend, locals, &mut found)?;
    let of = |name: &str| found.iter().find(|(argument, ..)| argument == name).map(|(_, value, line)| (value, *line));
    // Relative paths are those of the root's own folder.
    if kind == "local" && of("path").is_none_or(|(path, _)| !path.starts_with('/')) {
        return None;
    }
    let telling = ["key", "prefix", "path", "name", "schema_name", "address", "secret_suffix"];
    let (_, line) = telling.into_iter().find_map(of)?;
    let mut identity: Vec<String> = found.iter().map(|(name, value, _)| format!("{name}={value}")).collect();
    identity.sort();
    identity.insert(0, kind.to_owned());
    Some(State { identity, path: file.path.clone(), line })
}

/// The naming arguments of the block and of `workspaces` in it, each with its value and line; none where one is not known.
fn arguments(
    text: &str,
    block: &Block,
    locals: &mut Locals<'_>,
    found: &mut Vec<(String, String, usize)>,
) -> Option<()> {
    for item in Items::new(text, block.body.clone()).map_while(Result::ok) {
        match item {
            Item::Attribute(attribute) if NAMING.contains(&&text[attribute.name.clone()]) => {
                let value = locals.evaluate_string(&text[attribute.value.clone()]).ok()?;
                found.push((text[attribute.name.clone()].to_owned(), value, line_of(text, attribute.name.start)));
            }
            Item::Attribute(_) => {}
            Item::Block(block) => arguments(text, &block, locals, found)?,
        }
    }
    Some(())
}
