//! A change of a value that is a local is made where the local is.

use crate::hcl::{Around, Change, EditError, Item, Items, Kind, Lexer, Path, Segment, position_of};

use super::super::LayoutError;
use super::draft::Drafts;
use super::{Blocks, Found};

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
    let mut followed = Vec::new();
    // It ends: a local in a circle is used in two places.
    loop {
        let error = match drafts.make(found, &change, around) {
            Ok(made) => {
                if made {
                    notes.append(&mut followed);
                }
                return Ok(made);
            }
            Err(error) => error,
        };
        let EditError::Expression { local: Some(path), .. } = &error else {
            return Err(drafts.located(found, &change, around, error));
        };
        let local = name(path).to_owned();
        let Some(next) = definition(blocks, path) else {
            return Err(drafts.located(found, &change, around, error));
        };
        let others = elsewhere(blocks, &local, found);
        if !others.is_empty() {
            let refused = drafts.located(found, &change, around, error.clone());
            let local = format!("local.{local}");
            return Err(LayoutError::SharedLocal { refused: refused.to_string(), local, places: others });
        }
        let file = &blocks.files[next.file];
        let line = position_of(&file.text, next.block.kind.start).line;
        followed.push(format!("'{}' is local.{path}: that is changed ({}:{line})", change.path(), file.path));
        change = change.at(path.clone());
        found = next;
    }
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

/// Where the local is used, but for the one value in the block that is followed: `main.tf:12`. Where the block uses it
/// more than once, a change would change the others, too: then each place counts.
fn elsewhere(blocks: &Blocks<'_>, local: &str, found: Found<'_>) -> Vec<String> {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for (index, file) in blocks.files.iter().enumerate() {
        let uses = if file.is_json() { uses_in_json(&file.text, local) } else { uses(&file.text, local) };
        for at in uses {
            let is_own = index == found.file && found.block.span().contains(&at);
            let place = format!("{}:{}", file.path, position_of(&file.text, at).line);
            if is_own { inside.push(place) } else { outside.push(place) }
        }
    }
    if inside.len() > 1 {
        inside.append(&mut outside);
        return inside;
    }
    outside
}

fn uses(text: &str, local: &str) -> Vec<usize> {
    let mut uses = Vec::new();
    let mut before = [None, None, None];
    for token in Lexer::new(text, 0..text.len()).map_while(Result::ok) {
        let word = &text[token.span()];
        let follows = matches!(before, [root, Some((Kind::Identifier, "local")), Some((Kind::Dot, _))]
            if !matches!(root, Some((Kind::Dot, _))));
        if follows && token.kind == Kind::Identifier && word == local {
            uses.push(token.start);
        }
        before = [before[1], before[2], Some((token.kind, word))];
    }
    uses
}

fn uses_in_json(text: &str, local: &str) -> Vec<usize> {
    let reference = format!("local.{local}");
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let whole = |at: &usize| !text[at + reference.len()..].starts_with(is_part);
    text.match_indices(&reference).map(|(at, _)| at).filter(whole).collect()
}
