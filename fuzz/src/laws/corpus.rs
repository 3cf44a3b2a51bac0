//! Every edit on files that somebody wrote.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::edits::law;
use super::leaves::{Contents, contents};
use super::outside::only_block;
use crate::hcl::{Anchor, Around, Change, Expressions, Item, Path, Value, change, format, items, lines_of};

/// How it went.
#[derive(Debug, Default)]
pub struct Counts {
    files: usize,
    unread: usize,
    blocks: usize,
    tried: BTreeMap<&'static str, usize>,
    refused: BTreeMap<String, usize>,
    failed: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{} files, {} unread, {} blocks", self.files, self.unread, self.blocks)?;
        for (what, count) in &self.tried {
            writeln!(formatter, "{count:8} {what}")?;
        }
        for (what, count) in &self.refused {
            writeln!(formatter, "{count:8} refused: {what}")?;
        }
        write!(formatter, "{} failed", self.failed)
    }
}

/// Runs every edit on a file: all that can be named in the first blocks of each kind, up to a number.
pub fn file(name: &str, text: &str, counts: &mut Counts) {
    counts.files += 1;
    let Ok(found) = items(text) else {
        counts.unread += 1;
        return;
    };
    let blocks: Vec<_> = found
        .iter()
        .filter_map(|item| match item {
            Item::Block(block) => Some(block),
            Item::Attribute(_) => None,
        })
        .collect();
    for block in blocks.iter().take(40) {
        counts.blocks += 1;
        let lines = &text[lines_of(text, block)];
        let Some(Ok(contents)) = only_block(lines).map(|block| contents(lines, &block)) else { continue };
        let kind = &text[block.kind.clone()];
        let siblings: Vec<&str> = blocks
            .iter()
            .filter(|other| other.kind != block.kind && &text[other.kind.clone()] == kind)
            .take(20)
            .map(|other| &text[lines_of(text, other)])
            .collect();
        let around = Around { siblings: &siblings, file: text, expressions: Expressions::Replace, ..Around::default() };
        for (sort, what) in changes(lines, &contents) {
            try_one(name, lines, sort, &what, &around, counts);
        }
    }
}

fn try_one(name: &str, lines: &str, sort: &'static str, what: &Change, around: &Around<'_>, counts: &mut Counts) {
    *counts.tried.entry(sort).or_default() += 1;
    let result = catch_unwind(AssertUnwindSafe(|| law(lines, what, around)));
    match result {
        Ok(Ok(Some(after))) => {
            // What is added is as terraform fmt would write it, where the block was.
            if sort == "append" && format(&after, 0).is_err() {
                counts.failed += 1;
                println!("=== {name}: {what}: it cannot be formatted");
            }
        }
        Ok(Ok(None)) => {
            let error = change(lines, what, around).expect_err("refused");
            let sentence = error.to_string().replace(&what.path().to_string(), "PATH");
            let words: Vec<&str> = sentence.split(' ').filter(|word| !word.contains(['\'', '.', '"', '['])).collect();
            *counts.refused.entry(format!("{sort}: {}", words[..words.len().min(9)].join(" "))).or_default() += 1;
        }
        Ok(Err(wrong)) => {
            counts.failed += 1;
            println!("=== {name}\n{what}: {wrong}\n--- before\n{lines}\n");
        }
        Err(_) => {
            counts.failed += 1;
            println!("=== {name}\n{what}: panic\n--- before\n{lines}\n");
        }
    }
}

/// What is done to a block, and what sort of edit each is.
fn changes(lines: &str, contents: &Contents) -> Vec<(&'static str, Change)> {
    let mut changes = Vec::new();
    let value: Value = "zzz".parse().expect("a value");
    let object: Value = "{\n  one = 1\n  second = [2]\n}".parse().expect("a value");
    let new: Path = "zzz_new".parse().expect("a path");
    let set = |path: &Path, value: &Value, anchor: Option<Anchor>| Change::Set {
        path: path.clone(),
        value: value.clone(),
        anchor,
    };
    changes.push(("append", set(&new, &value, None)));
    changes.push(("append object", set(&new, &object, None)));
    changes.push(("append deep", set(&"zzz_new.deep.er".parse().expect("a path"), &value, None)));
    for named in contents.named.iter().take(60) {
        let Ok(path) = named.path.parse::<Path>() else { continue };
        if !named.is_block {
            changes.push(("set", set(&path, &value, None)));
            changes.push(("set object", set(&path, &object, None)));
        }
        changes.push(("unset", Change::Unset { path: path.clone() }));
        changes.push(("comment out", Change::CommentOut { path: path.clone(), item: None }));
        if named.is_block || lines[named.value.clone()].starts_with('{') {
            changes.push(("add within", set(&path.join(&new), &value, None)));
        }
        if !named.path.contains('.') {
            changes.push(("add after", set(&new, &value, Some(Anchor::After(named.path.clone())))));
            changes.push(("add before", set(&new, &value, Some(Anchor::Before(named.path.clone())))));
        }
        let Some(items) = &named.items else { continue };
        changes.push(("add item", Change::AddItem { path: path.clone(), value: value.clone(), anchor: None }));
        for item in items.iter().take(4) {
            let Ok(item) = lines[item.clone()].parse::<Value>() else { continue };
            changes.push(("remove item", Change::RemoveItem { path: path.clone(), value: item.clone() }));
            changes.push(("comment out item", Change::CommentOut { path: path.clone(), item: Some(item) }));
        }
    }
    changes
}
