//! A change of a value that is a local is made where the local is.

use crate::hcl::{Around, Change, EditError, Item, Items, Kind, Lexer, Path, Segment, Token, position_of};

use super::super::LayoutError;
use super::draft::Drafts;
use super::{Blocks, Found};

/// How many locals that refer to locals are followed.
const DEEPEST: usize = 20;

/// Makes the change in the block, or where the local is that the block refers to. Whether anything was to be changed.
pub(super) fn make(
    blocks: &Blocks<'_>,
    drafts: &mut Drafts<'_, '_>,
    found: Found<'_>,
    change: &Change,
    around: &Around<'_>,
    notes: &mut Vec<String>,
) -> Result<bool, LayoutError> {
    let (mut found, mut change) = (found, change.clone());
    for _ in 0..DEEPEST {
        let error = match drafts.make(found, &change, around) {
            Ok(made) => return Ok(made),
            Err(error) => error,
        };
        let EditError::Expression { local: Some(path), .. } = &error else {
            return Err(drafts.located(found, &change, around, error));
        };
        let Some(next) = definition(blocks, path) else {
            return Err(drafts.located(found, &change, around, error));
        };
        let others = elsewhere(blocks, name(path), found);
        if !others.is_empty() {
            let refused = drafts.located(found, &change, around, error.clone());
            let local = format!("local.{}", name(path));
            return Err(LayoutError::SharedLocal { refused: refused.to_string(), local, places: others });
        }
        let file = &blocks.files[next.file];
        let line = position_of(&file.text, next.block.kind.start).line;
        notes.push(format!("'{}' is local.{path}: that is changed ({}:{line})", change.path(), file.path));
        change = change.at(path.clone());
        found = next;
    }
    Err(LayoutError::Check { path: String::new(), what: "locals refer to one another without end".to_owned() })
}

fn name(path: &Path) -> &str {
    match path.segments().first() {
        Some(Segment::Name { name, .. }) => name,
        _ => "",
    }
}

/// The one `locals` block that has the local.
fn definition<'b>(blocks: &'b Blocks<'_>, path: &Path) -> Option<Found<'b>> {
    let has = |found: &Found<'_>| {
        let text = &blocks.files[found.file].text;
        blocks.kind(*found) == "locals"
            && Items::new(text, found.block.body.clone())
                .map_while(Result::ok)
                .any(|item| matches!(item, Item::Attribute(attribute) if text[attribute.name.clone()] == *name(path)))
    };
    let mut all = blocks.blocks().filter(has);
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

/// Where else than in the block the local is used: `main.tf:12`.
fn elsewhere(blocks: &Blocks<'_>, local: &str, found: Found<'_>) -> Vec<String> {
    let mut places = Vec::new();
    for (index, file) in blocks.files.iter().enumerate().filter(|(_, file)| !file.is_json()) {
        let own = |token: &Token| index == found.file && found.block.span().contains(&token.start);
        let mut before = [None, None, None];
        for token in Lexer::new(&file.text, 0..file.text.len()).map_while(Result::ok) {
            let text = &file.text[token.span()];
            let is_reference = matches!(before, [root, Some((Kind::Identifier, "local")), Some((Kind::Dot, _))]
                if !matches!(root, Some((Kind::Dot, _))))
                && token.kind == Kind::Identifier
                && text == local;
            if is_reference && !own(&token) {
                places.push(format!("{}:{}", file.path, position_of(&file.text, token.start).line));
            }
            before = [before[1], before[2], Some((token.kind, text))];
        }
    }
    places
}
