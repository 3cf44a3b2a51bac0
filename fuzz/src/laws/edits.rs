//! Every change of a block: it changes what it should and nothing else, says what was meant, a second time does nothing,
//! and there is a way back to the first bytes.

use super::leaves::{Contents, Named, contents, words};
use super::outside::{only_block, violation};
use super::source::{Source, any_text};
use super::written::{Habits, Writer};
use crate::hcl::{
    Anchor, Around, Change, EditError, Expressions, Item, Path, Value, change, format, items, label_text, lines_of,
};
use crate::layout::changes::Blocks;
use crate::layout::{Edit, SourceFile};

const PATHS: [&str; 16] = [
    "a",
    "long_name",
    "b.k",
    "b.k.x",
    "c_d[\"l m\"]",
    "q.b",
    "q#2.b",
    "new",
    "new.deep.er",
    "a.new",
    "b.new.x",
    "b[1]",
    "e[0].k",
    "a[local.date]",
    "a.d",
    "depends_on",
];
const NEW: [&str; 14] = [
    "1",
    "word",
    "[1, 2]",
    "{ a = 1 }",
    "{\n  a = 1\n  bcd = 2\n}",
    "<<E\n x\nE",
    "<<-E\n  x\n  E",
    "local.other",
    "2022-10-14",
    "[\n1,\n]",
    "{}",
    "\"${var.x}-z\"",
    "a ? 1 : 2",
    "\"cafe\u{301}\"",
];
/// What comments hold.
const COMMENTED: [&str; 5] = ["b", "c_d", "a", "long_name", "a.b"];
const ITEMS: [&str; 9] = ["1", "local.b", "\"c\"", "local.no", "\"new\"", "local.new", "{ k = 1 }", "-1", "2022-08-31"];

fn parse<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// A change of what is there, or of what is not.
fn wish(source: &mut Source<'_>, text: &str, contents: &Contents) -> Option<Change> {
    let named = (!contents.named.is_empty()).then(|| &contents.named[source.below(contents.named.len())]);
    let named = named.filter(|_| !source.once_in(4));
    let mut path: Path = named.map_or_else(|| parse(source.one_of(&PATHS)), |named| parse(&named.path))?;
    let anchor = match source.below(5) {
        0 => Some(Anchor::After(source.one_of(&["b", "q", "1", "k", "local.b"]).to_owned())),
        1 => Some(Anchor::Before(source.one_of(&["long_name", "q#2", "local.b", "k"]).to_owned())),
        _ => None,
    };
    let items = named.and_then(|named| named.items.as_deref()).unwrap_or_default();
    let item = if items.is_empty() || source.once_in(3) {
        parse(source.one_of(&ITEMS))
    } else {
        parse(&text[items[source.below(items.len())].clone()])
    };
    let item: Value = item?;
    Some(match source.below(12) {
        0..=2 => Change::Set { path, value: parse(source.one_of(&NEW))?, anchor },
        3 => {
            // One that is not there, beside or within what is.
            let new: Path = parse(source.one_of(&["new", "z", "new.deep"]))?;
            if source.once_in(2) {
                path = Path::of(path.segments()[..path.segments().len() - 1].to_vec());
            }
            Change::Set { path: path.join(&new), value: parse(source.one_of(&NEW))?, anchor }
        }
        4 | 5 => Change::Unset { path },
        6 | 7 => Change::AddItem { path, value: item, anchor },
        8 => Change::RemoveItem { path, value: item },
        9 => Change::CommentOut { path, item: None },
        10 => Change::CommentOut { path, item: Some(item) },
        _ if source.once_in(2) => Change::Uncomment { path, item: Some(item) },
        _ => Change::Uncomment { path: parse(source.one_of(&COMMENTED))?, item: None },
    })
}

/// What undoes a change of `before`, and whether it can bring back the first bytes at all.
fn inverse(before: &str, contents: &Contents, change: &Change) -> Option<Change> {
    let path = change.path().clone();
    // However a key is written.
    let computed = |path: &str| path.replace("[local.date]", ".d").replace("[\"", ".").replace("\"]", "");
    let named = contents.named.iter().find(|named| computed(&named.path) == computed(&path.to_string()));
    match change {
        Change::Set { .. } | Change::AddItem { .. } if named.is_none() => {
            let is_there = |depth: &usize| {
                let start = computed(&path.start(*depth));
                contents.named.iter().any(|named| computed(&named.path) == start)
            };
            let depth = (1..path.segments().len()).rev().find(is_there).unwrap_or(0);
            Some(Change::Unset { path: Path::of(path.segments()[..=depth].to_vec()) })
        }
        Change::Set { .. } => Some(Change::Set { path, value: value_of(before, named?)?, anchor: None }),
        Change::Unset { .. } => {
            let one_line = |named: &&Named| {
                let value = &before[named.value.clone()];
                !value.contains('\n') || value.starts_with("<<")
            };
            let named = named.filter(|named| !named.is_block && is_plain(before, named)).filter(one_line)?;
            let anchor = match (&named.before, &named.after) {
                (Some(before), _) => Anchor::After(before.clone()),
                (None, Some(after)) => Anchor::Before(after.clone()),
                (None, None) => return None,
            };
            // What a key is computed from is no name to stand beside, nor is one that stands there twice.
            let (Anchor::After(key) | Anchor::Before(key)) = &anchor;
            let beside = Path::of(path.segments()[..path.segments().len() - 1].to_vec()).join(&parse(key)?);
            let is_it = |named: &&Named| computed(&named.path) == computed(&beside.to_string());
            if key.contains("${") || contents.named.iter().filter(is_it).count() > 1 {
                return None;
            }
            Some(Change::Set { path, value: value_of(before, named)?, anchor: Some(anchor) })
        }
        Change::AddItem { value, .. } => Some(Change::RemoveItem { path, value: value.clone() }),
        // The comma of a heredoc may have a line of its own.
        Change::RemoveItem { value, .. } if value.as_str().contains("<<") => None,
        Change::RemoveItem { value, .. } => {
            let items = named?.items.as_ref()?;
            let is_it = |item: &&std::ops::Range<usize>| before[(*item).clone()] == *value.as_str();
            let at = items.iter().position(|item| is_it(&item))?;
            let once = items.iter().filter(is_it).count() == 1;
            let as_item = |span: std::ops::Range<usize>| Named {
                path: String::new(),
                value: span.clone(),
                span,
                is_block: false,
                items: None,
                before: None,
                after: None,
            };
            if !once || !is_plain(before, &as_item(items[at].clone())) {
                return None;
            }
            let anchor = match (at.checked_sub(1), items.get(at + 1)) {
                (Some(last), _) => Anchor::After(before[items[last].clone()].to_owned()),
                (None, Some(next)) => Anchor::Before(before[next.clone()].to_owned()),
                (None, None) => return None,
            };
            let (Anchor::After(beside) | Anchor::Before(beside)) = &anchor;
            if items.iter().filter(|item| before[(*item).clone()] == *beside).count() > 1 {
                return None;
            }
            Some(Change::AddItem { path, value: value.clone(), anchor: Some(anchor) })
        }
        // The comma of a heredoc in a list stands on a line of its own and is no part of it.
        Change::CommentOut { item: Some(item), .. } if item.as_str().starts_with("<<") => None,
        Change::CommentOut { item, .. } => Some(Change::Uncomment { path, item: item.clone() }),
        Change::Uncomment { item, .. } => Some(Change::CommentOut { path, item: item.clone() }),
    }
}

/// The value, if it can be typed.
fn value_of(text: &str, named: &Named) -> Option<Value> {
    let present = &text[named.value.clone()];
    let value: Value = parse(present)?;
    (words(&format!("{}\n", value.as_str())) == words(&format!("{present}\n"))).then_some(value)
}

/// Whether it stands on lines of its own, with no comment that would go with it and no blank line beside it.
fn is_plain(text: &str, named: &Named) -> bool {
    let start = text[..named.span.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[named.span.end..].find('\n').map_or(text.len(), |at| named.span.end + at);
    let above = text[..start].trim_end_matches(['\r', '\n']).lines().next_back().unwrap_or_default().trim();
    let below = text[end..].lines().nth(1).unwrap_or_default().trim();
    let alone = text[start..named.span.start].trim().is_empty()
        && !text[named.span.start..named.value.start].contains("/*")
        && matches!(text[named.span.end..end].trim(), "" | ",")
        && text[..start].ends_with('\n')
        && !text[..start].trim_end_matches([' ', '\t']).ends_with("\n\n")
        && !text[..start].ends_with("\r\n\r\n");
    let is_code = |line: &str| !line.is_empty() && !line.starts_with(['#', '/']) && !line.contains("*/");
    // What stands on several lines may be set apart from its neighbours.
    alone
        && is_code(above)
        && is_code(below)
        && !above.starts_with(['}', ']', ')'])
        && !below.ends_with(['{', '[', '(', '?', ':'])
}

fn key(key: &str) -> Option<String> {
    (key == "local.date").then(|| "d".to_owned())
}

fn plain(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn is_formatted(text: &str) -> bool {
    let text = plain(text);
    format(&text, 0).is_ok_and(|formatted| formatted == text)
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace() && *character != ',').collect()
}

/// Holds one change of one block against all laws.
pub fn law(lines: &str, what: &Change, around: &Around<'_>) -> Result<Option<String>, String> {
    let after = match change(lines, what, around) {
        Ok(after) => after,
        Err(EditError::Check { what: wrong }) => return Err(wrong),
        Err(_) => return Ok(None),
    };
    if only_block(&after).is_none() {
        return Err(format!("it does not read any more\n{after}"));
    }
    if let Some(violation) = violation(lines, &after, what) {
        return Err(format!("{violation}\n--- after\n{after}"));
    }
    // Where one of several nested blocks was, the next one is.
    let is_one_of_several =
        matches!(what, Change::Unset { .. } | Change::CommentOut { item: None, .. }) && leads_to_block(&after, what);
    match change(&after, what, around) {
        _ if is_one_of_several => {}
        Err(_) if is_commented_heredoc(what) => {}
        Ok(again) if again == after => {}
        Ok(again) => return Err(format!("a second time it does more\n--- after\n{after}\n--- again\n{again}")),
        Err(error) => return Err(format!("a second time: {error}\n--- after\n{after}")),
    }
    if !lines.contains('\r') && after.contains('\r') || is_crlf(lines) && after.contains('\n') && !is_crlf(&after) {
        return Err(format!("it mixes the ends of lines\n{after:?}"));
    }
    // White space at the end of a comment is part of it.
    let trimmed: Vec<&str> = after.lines().map(str::trim_end).collect();
    let was = !lines.contains('\t') && is_formatted(lines) && lines.ends_with('\n') == after.ends_with('\n');
    if was
        && !is_formatted(&after)
        && !is_formatted(&format!("{}{}", trimmed.join("\n"), if after.ends_with('\n') { "\n" } else { "" }))
    {
        return Err(format!("it was formatted\n--- after\n{after}"));
    }
    if after != lines && !is_one_of_several {
        way_back(lines, &after, what, around)?;
    }
    Ok(Some(after))
}

/// The lines of a heredoc that is a comment are indented otherwise: it is not known again by its text.
fn is_commented_heredoc(what: &Change) -> bool {
    matches!(what, Change::CommentOut { item: Some(item), .. } if item.as_str().contains("<<"))
}

fn leads_to_block(text: &str, what: &Change) -> bool {
    let contents = only_block(text).and_then(|block| contents(text, &block).ok()).unwrap_or_default();
    let found = contents.named.iter().find(|named| parse::<Path>(&named.path).as_ref() == Some(what.path()));
    found.is_some_and(|named| named.is_block)
}

fn is_crlf(text: &str) -> bool {
    text.contains('\n') && text.matches('\n').count() == text.matches("\r\n").count()
}

fn way_back(lines: &str, after: &str, what: &Change, around: &Around<'_>) -> Result<(), String> {
    let contents = only_block(lines).and_then(|block| contents(lines, &block).ok()).unwrap_or_default();
    let Some(back) = inverse(lines, &contents, what) else { return Ok(()) };
    let around = &Around { expressions: Expressions::Replace, ..*around };
    let first = match change(after, &back, around) {
        Ok(first) => first,
        // Which of two comments it was is not known.
        Err(EditError::TwoComments { .. }) => return Ok(()),
        Err(error) => return Err(format!("back with {back}: {error}\n--- after\n{after}")),
    };
    // What had nothing on several lines has it on one.
    let closed = |text: &str| {
        let mut closed = plain(text);
        for (open, close) in [('{', '}'), ('[', ']')] {
            let parts: Vec<&str> = closed.split(open).collect();
            let trimmed = |part: &&str| part.trim_start().starts_with(close).then(|| part.trim_start().to_owned());
            let parts: Vec<String> =
                parts.iter().map(|part| trimmed(part).unwrap_or_else(|| (*part).to_owned())).collect();
            closed = parts.join(&open.to_string());
        }
        closed
    };
    if first == lines || closed(&first) == closed(lines) {
        return Ok(());
    }
    // A comment that was alone belongs to what was put below it.
    if first.matches('\n').count() < lines.matches('\n').count()
        && matches!(what, Change::Set { .. } | Change::AddItem { .. })
    {
        return Ok(());
    }
    // How a key was quoted is not known any more.
    let unquoted = |text: &str| -> String {
        squeezed(text).replace("local.date", "d").chars().filter(|it| !"\"${}()".contains(*it)).collect()
    };
    if matches!(what, Change::Unset { .. })
        && squeezed(&first) != squeezed(lines)
        && unquoted(&first) == unquoted(lines)
    {
        return Ok(());
    }
    // Spacing that nobody would write anew is not known any more; an object that opened up stays open.
    let opened = first.matches('\n').count() > lines.matches('\n').count()
        && matches!(what, Change::Set { .. } | Change::AddItem { .. });
    let heredoc = matches!(what, Change::Set { value, .. } if value.as_str().starts_with("<<"));
    // Where some entries have a comma and others have none, either is right.
    let commas = matches!(what, Change::Unset { .. })
        && squeezed(&first) == squeezed(lines)
        && lines.lines().map(squeezed).eq(first.lines().map(squeezed));
    // What is put beside a value that stands alone gets a paragraph of its own.
    let paragraph =
        matches!(what, Change::Unset { .. }) && first.matches('\n').count().abs_diff(lines.matches('\n').count()) == 1;
    // Code is made a comment with the marks and the spacing that most of the file has.
    let unmarked = |text: &str| -> String { squeezed(text).chars().filter(|it| !"#/*".contains(*it)).collect() };
    if matches!(what, Change::Uncomment { .. })
        && unmarked(&first) == unmarked(lines)
        && first.matches('\n').count() == lines.matches('\n').count()
    {
        return Ok(());
    }
    let accepted = commas || opened || heredoc || paragraph || !is_formatted(lines);
    if squeezed(&first) == squeezed(lines) && accepted {
        return Ok(());
    }
    Err(format!("back with {back} gives other bytes\n--- after\n{after}\n--- back\n{first}"))
}

/// Changes a block in a file of generated or of any text.
pub fn edits(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let habits = Habits::new(&mut source);
    let file = if source.once_in(8) {
        habits.finish(&format!("module \"x\" {{\n{}\n}}\n", any_text(&mut source)))
    } else {
        let mut writer = Writer { source: &mut source, habits };
        let above = writer.others(2);
        let text = format!("{above}{}{}{}", writer.block("x", &[]), writer.other(), writer.block("y", &[]));
        habits.finish(&text)
    };
    let Ok(found) = items(&file) else { return };
    let is_x = |item: &&Item| matches!(item, Item::Block(block) if &file[block.kind.clone()] == "module" && block.labels.first().is_some_and(|label| label_text(&file, label) == "x"));
    let Some(Item::Block(first)) = found.iter().find(is_x) else { return };
    let lines = &file[lines_of(&file, first)];
    let Some(contents) = only_block(lines).and_then(|block| contents(lines, &block).ok()) else { return };
    let siblings: Vec<&str> =
        found.iter().map(Item::span).filter(|span| *span != first.span()).map(|span| &file[span]).collect();
    let expressions = if source.once_in(4) { Expressions::Refuse } else { Expressions::Replace };
    let around = Around { siblings: &siblings, file: &file, expressions, keys: Some(&key), ..Around::default() };
    let Some(what) = wish(&mut source, lines, &contents) else { return };
    match law(lines, &what, &around) {
        Ok(None) => {}
        Ok(Some(after)) => in_file(&file, lines, &what, &after),
        Err(wrong) => panic!("{what}: {wrong}\n--- before\n{lines}\n"),
    }
}

/// In the whole file, nothing outside the lines of the block differs, or of the local that it refers to.
fn in_file(file: &str, lines: &str, what: &Change, after: &str) {
    let is_next_block = leads_to_block(after, what);
    let files = [SourceFile::new("main.tf", file)];
    let Ok(blocks) = Blocks::read(&files) else { return };
    let address = "module.x".parse().expect("an address");
    let changes = std::slice::from_ref(what);
    let Ok(target) = blocks.find(&address, None, changes) else { return };
    let Ok(made) = blocks.change(&target, changes) else { return };
    let [Edit::Write { before, after, .. }] = made.edits.as_slice() else {
        assert!(made.edits.is_empty(), "one file has one edit");
        return;
    };
    assert_eq!(before, file);
    let start = file.find(lines).expect("the block");
    let (above, below) = (&file[..start], &file[start + lines.len()..]);
    if made.notes.is_empty() {
        assert!(after.starts_with(above) && after.ends_with(below), "{what} in the file\n{file}\n---\n{after}");
    }
    let files = [SourceFile::new("main.tf", after.as_str())];
    let blocks = Blocks::read(&files).expect("it reads again");
    let target = blocks.find(&address, None, changes).expect("the block is there still");
    if is_next_block {
        return;
    }
    match blocks.change(&target, changes) {
        Ok(again) => assert!(again.edits.is_empty(), "{what} a second time\n{after}"),
        Err(_) if is_commented_heredoc(what) => {}
        Err(error) => panic!("{what} a second time: {error}\n{after}"),
    }
}
