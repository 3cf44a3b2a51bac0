//! What holds of every change, on generated blocks.

use proptest::prelude::*;

use super::*;
use crate::hcl::format;

/// Values as people write them, indented for a member of a block.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("1".to_owned()),
        Just("\"${var.x}-}\"".to_owned()),
        Just("\"cafe\u{301} 日本\"".to_owned()),
        Just("local.date".to_owned()),
        Just("[1, local.b, \"c\"]".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        Just("{ k = 1 }".to_owned()),
        Just("{ k = 1, \"l m\" = [2] }".to_owned()),
        Just("[\n    1,\n    local.b, # two\n    \"c\",\n  ]".to_owned()),
        Just("[\n    # local.no,\n    1,\n    local.b\n  ]".to_owned()),
        Just("{\n    k = 1\n    # of l\n    long = { x = 1 }\n  }".to_owned()),
        Just("{\n    \"k\" : 1,\n    \"l\" : 2,\n  }".to_owned()),
        Just("{\n    k = 1,\n    l = 2\n  }".to_owned()),
        Just("{\n    k = {\n      x = 1\n    }\n\n    l = {\n      x = 2\n    }\n  }".to_owned()),
        Just("<<-END\n  { x\n\n  END".to_owned()),
        Just("<<END\nk = [ # ]\nEND".to_owned()),
        Just("f(local.y, [\n    2,\n  ])".to_owned()),
    ]
}

/// A member with what stands around it, called `name`.
fn member(name: String) -> impl Strategy<Value = String> {
    let comment = prop_oneof![3 => Just(""), 1 => Just(" # {"), 1 => Just("   // \"")];
    let above = prop_oneof![
        4 => Just(""),
        1 => Just("  # about it\n"),
        1 => Just("  // a = {\n"),
        1 => Just("  /* two\n     lines */\n")
    ];
    let nested = "  q {\n    b = 1\n  }\n".to_owned();
    (value(), prop_oneof![3 => Just(1_usize), 1 => 0..4_usize], comment, above, 0..4_usize, 0..6_u8).prop_map(
        move |(value, space, comment, above, blank, kind)| {
            let comment = if value.starts_with('<') { "" } else { comment };
            let blank = "\n".repeat(usize::from(blank == 0));
            let line = match kind {
                0 => nested.clone(),
                _ => format!("  {name}{}= {value}{comment}\n", " ".repeat(space)),
            };
            format!("{above}{line}{blank}")
        },
    )
}

/// A module block.
fn block() -> impl Strategy<Value = String> {
    let names = ["a", "longer_name", "b", "c_d", "e"].map(str::to_owned);
    let members: Vec<_> = names.into_iter().map(member).collect();
    (members, 0..6_usize, 0..4_u8).prop_map(|(members, count, tail)| {
        let tail = if tail == 0 { "\n  # the end\n" } else { "" };
        format!("module \"x\" {{ # }}\n{}{tail}}}\n", members[..count.min(members.len())].concat())
    })
}

fn path() -> impl Strategy<Value = Path> {
    let paths = [
        "a",
        "longer_name",
        "b",
        "c_d.k",
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
        "e[0]",
    ];
    prop::sample::select(paths.to_vec()).prop_map(|text| text.parse().expect(text))
}

fn new_value() -> impl Strategy<Value = Value> {
    let values =
        ["1", "word", "[1, 2]", "{ a = 1 }", "{\n  a = 1\n  bcd = 2\n}", "<<E\n x\nE", "local.other", "2022-10-14"];
    prop::sample::select(values.to_vec()).prop_map(|text| text.parse().expect(text))
}

fn any_change() -> impl Strategy<Value = Change> {
    let anchor =
        prop::option::of(prop_oneof![Just(Anchor::After("b".into())), Just(Anchor::Before("longer_name".into()))]);
    let item = prop::sample::select(vec!["1", "local.b", "\"c\"", "local.no", "7"]);
    let item = item.prop_map(|text| text.parse::<Value>().expect(text));
    (path(), new_value(), anchor, item, 0..8_u8).prop_map(|(path, value, anchor, item, kind)| match kind {
        0..=2 => Change::Set { path, value, anchor },
        3 => Change::Unset { path },
        4 => Change::AddItem { path, value: item, anchor: None },
        5 => Change::RemoveItem { path, value: item },
        6 => Change::CommentOut { path, item: None },
        _ => Change::CommentOut { path, item: Some(item) },
    })
}

/// The tokens that are code; two spaces where one was are no other tokens, nor is a comma.
fn words(text: &str) -> Vec<&str> {
    let tokens = Lexer::new(text, 0..text.len()).map(|token| token.expect("HCL"));
    let other = |kind| matches!(kind, Kind::Newline | Kind::Comma | Kind::LineComment | Kind::BlockComment);
    tokens.filter(|token| !other(token.kind)).map(|token| text[token.span()].trim_end()).collect()
}

fn comments(text: &str) -> usize {
    let tokens = Lexer::new(text, 0..text.len()).map(|token| token.expect("HCL"));
    tokens.filter(|token| matches!(token.kind, Kind::LineComment | Kind::BlockComment)).count()
}

/// How many words of `one` are neither at the beginning nor at the end what `other` has there.
fn differing(one: &[&str], other: &[&str]) -> usize {
    let start = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let rest = one.iter().rev().zip(other.iter().rev()).take_while(|(one, other)| one == other).count();
    one.len().min(other.len()).saturating_sub(start + rest).max(one.len().saturating_sub(start + rest))
}

/// What undoes a change.
fn inverse(before: &str, change: &Change, around: &Around<'_>) -> Option<Change> {
    match change {
        Change::Set { path, value, .. } | Change::AddItem { path, value, .. } => {
            match walk(before, path, around).ok()?.found {
                Found::Nothing { depth } => Some(Change::Unset { path: Path::of(path.segments()[..=depth].to_vec()) }),
                Found::Member(_) if matches!(change, Change::AddItem { .. }) => {
                    Some(Change::RemoveItem { path: path.clone(), value: value.clone() })
                }
                Found::Member(member) => {
                    let value = before[member.value].parse().ok()?;
                    Some(Change::Set { path: path.clone(), value, anchor: None })
                }
            }
        }
        Change::CommentOut { path, item } => Some(Change::Uncomment { path: path.clone(), item: item.clone() }),
        Change::Unset { .. } | Change::RemoveItem { .. } | Change::Uncomment { .. } => None,
    }
}

/// Whether the first bytes come back: an object that opened up does not close, a comment that was alone belongs to what
/// is put below it, spacing that `terraform fmt` would not
/// write is not known any more, nor which of two comments it was.
fn comes_back(before: &str, after: &str, change: &Change, around: &Around<'_>) -> bool {
    let is_formatted = format(&before.replace("\r\n", "\n"), 0).is_ok_and(|text| text == before.replace("\r\n", "\n"));
    let opened = match change {
        Change::Set { path, .. } | Change::AddItem { path, .. } => walk(before, path, around).is_ok_and(|walked| {
            if let (Change::AddItem { .. }, Found::Member(_)) = (change, &walked.found) {
                return false;
            }
            let is_empty =
                |container: &container::Container| container.members(before).is_ok_and(|members| members.is_empty());
            walked.containers.iter().any(|container| container.is_one_line(before) || is_empty(container))
        }),
        _ => false,
    };
    let nested_comment = matches!(change, Change::CommentOut { .. }) && after.contains("/* /*");
    is_formatted && !opened && !nested_comment
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 1500 } else { 20_000 }))]

    #[test]
    fn every_change_changes_only_what_it_must(block in block(), what in any_change(), crlf in any::<bool>(), sibling in prop::option::of(block())) {
        let before = if crlf { block.replace('\n', "\r\n") } else { block };
        let keys = |key: &str| (key == "local.date").then(|| "2022".to_owned());
        let siblings: Vec<&str> = sibling.iter().map(String::as_str).collect();
        let around = Around { siblings: &siblings, file: &before, expressions: Expressions::Replace, keys: Some(&keys), added: &[] };
        let after = match change(&before, &what, &around) {
            Ok(after) => after,
            Err(EditError::Check { what: wrong }) => return Err(TestCaseError::fail(format!("{what}: {wrong}\n{before}"))),
            Err(_) => return Ok(()),
        };
        prop_assert!(items(&after).is_ok_and(|items| items.len() == 1), "{}\n{}", what, after);
        prop_assert!(!crlf || after.matches('\n').count() == after.matches("\r\n").count(), "{}\n{:?}", what, after);
        // Nothing else changed.
        let (old, new) = (words(&before), words(&after));
        match &what {
            Change::Set { path, value, .. } => {
                let replaced = match walk(&before, path, &around).expect("a way").found {
                    Found::Member(member) => &before[member.value],
                    Found::Nothing { .. } => "",
                };
                let replaced = format!("{replaced}\n");
                let (own, gone) = (words(&replaced).len(), comments(&replaced));
                prop_assert!(differing(&old, &new) <= own, "{}\n{}\n{}", what, before, after);
                prop_assert!(new.len() <= old.len() - own + words(value.as_str()).len() + 3 * 4, "{}\n{}", what, after);
                prop_assert!(after == before || comments(&before) == comments(&after) + gone);
            }
            Change::AddItem { .. } => prop_assert_eq!(differing(&old, &new), 0, "{}\n{}\n{}", what, before, after),
            _ => prop_assert_eq!(differing(&new, &old), 0, "{}\n{}\n{}", what, before, after),
        }
        // What was formatted still is.
        let plain = |text: &str| text.replace("\r\n", "\n");
        if format(&plain(&before), 0).expect("HCL") == plain(&before) {
            prop_assert_eq!(format(&plain(&after), 0).expect("HCL"), plain(&after), "{}\n{}", what, before);
        }
        // A second time there is nothing to do.
        let again = change(&after, &what, &around);
        prop_assert_eq!(again.as_deref(), Ok(after.as_str()), "{} again", what);
        if after != before && comes_back(&before, &after, &what, &around)
            && let Some(back) = inverse(&before, &what, &around)
        {
            let first = change(&after, &back, &around);
            prop_assert_eq!(first.as_deref(), Ok(before.as_str()), "{} and back with {}", what, back);
        }
    }
}
