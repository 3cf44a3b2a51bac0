//! Every change of a block: it changes what it should and nothing else, a second time nothing, and there is a way back.

use crate::hcl::{Anchor, Around, Change, EditError, Expressions, Item, Path, Value, change, format, items};
use crate::layout::SourceFile;
use crate::layout::changes::Blocks;
use crate::source::{Source, any_text, block};

const PATHS: [&str; 19] = [
    "a",
    "long_name",
    "b",
    "c_d",
    "e",
    "a.k",
    "b.l",
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
    "q.l.z",
    "a[local.date]",
];
const NEW: [&str; 9] = [
    "1",
    "word",
    "[1, 2]",
    "{ a = 1 }",
    "{\n  a = 1\n  bcd = 2\n}",
    "<<E\n x\nE",
    "local.other",
    "2022-10-14",
    "[\n1,\n]",
];
const ITEMS: [&str; 5] = ["1", "local.b", "\"c\"", "local.no", "7"];

fn wish(source: &mut Source<'_>) -> Change {
    let path: Path = source.one_of(&PATHS).parse().expect("a path");
    let item: Value = source.one_of(&ITEMS).parse().expect("a value");
    let anchor = match source.below(4) {
        0 => Some(Anchor::After(source.one_of(&["b", "q", "1"]).to_owned())),
        1 => Some(Anchor::Before(source.one_of(&["long_name", "q#2", "local.b"]).to_owned())),
        _ => None,
    };
    match source.below(9) {
        0..=2 => Change::Set { path, value: source.one_of(&NEW).parse().expect("a value"), anchor },
        3 => Change::Unset { path },
        4 => Change::AddItem { path, value: item, anchor },
        5 => Change::RemoveItem { path, value: item },
        6 => Change::CommentOut { path, item: None },
        7 => Change::CommentOut { path, item: Some(item) },
        _ => Change::Uncomment { path, item: if source.below(2) == 0 { None } else { Some(item) } },
    }
}

/// Changes a block in a file of generated or of any text.
pub fn edits(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let what = wish(&mut source);
    let crlf = source.below(4) == 0;
    let (file, is_generated) = if source.below(4) == 0 {
        (format!("module \"x\" {{\n{}\n}}\n", any_text(&mut source)), false)
    } else {
        let first = block(&mut source, "x");
        (format!("{first}\n{}", block(&mut source, "y")), true)
    };
    let file = if crlf { file.replace('\n', "\r\n") } else { file };
    let Ok(found) = items(&file) else { return };
    let Some(Item::Block(first)) = found.iter().find(|item| matches!(item, Item::Block(_))) else { return };
    let lines = &file[crate::hcl::lines_of(&file, first)];
    let keys = |key: &str| (key == "local.date").then(|| "k".to_owned());
    let siblings: Vec<&str> = found[1..].iter().map(|item| &file[item.span()]).collect();
    let around = Around { siblings: &siblings, file: &file, expressions: Expressions::Replace, keys: Some(&keys) };
    let after = match change(lines, &what, &around) {
        Ok(after) => after,
        Err(EditError::Check { what: wrong }) => panic!("{what}: {wrong}\n{lines}"),
        Err(_) => return,
    };
    assert!(items(&after).is_ok_and(|items| items.len() == 1), "{what}\n{lines}\n{after}");
    let again = change(&after, &what, &around);
    assert_eq!(again.as_deref(), Ok(after.as_str()), "{what} a second time\n{lines}");
    if crlf && is_generated {
        assert_eq!(after.matches('\n').count(), after.matches("\r\n").count(), "{what}\n{lines}");
    }
    let plain = |text: &str| text.replace("\r\n", "\n");
    let was_formatted = format(&plain(lines), 0).is_ok_and(|text| text == plain(lines));
    if was_formatted && is_generated {
        assert_eq!(format(&plain(&after), 0).as_deref(), Ok(plain(&after).as_str()), "{what}\n{lines}");
    }
    let back = match &what {
        Change::AddItem { path, value, .. } => Some(Change::RemoveItem { path: path.clone(), value: value.clone() }),
        Change::CommentOut { path, item } => Some(Change::Uncomment { path: path.clone(), item: item.clone() }),
        _ => None,
    };
    if let (true, true, Some(back)) = (after != lines && was_formatted, is_generated, back) {
        match change(&after, &back, &around) {
            Ok(first) => assert_eq!(first, lines, "{what} and back\n{after}"),
            Err(EditError::TwoComments { .. }) => {}
            Err(error) => panic!("{what} and back: {error}\n{after}"),
        }
    }
    // The whole file: what is outside the block stays, and no wish makes it panic.
    let files = [SourceFile::new("main.tf", file.as_str())];
    if let Ok(blocks) = Blocks::read(&files)
        && let Ok(address) = "module.x".parse()
        && let Ok(target) = blocks.find(&address, None, std::slice::from_ref(&what))
    {
        let _ = blocks.change(&target, std::slice::from_ref(&what));
    }
}
