use proptest::prelude::*;

use super::*;
use crate::hcl::format;

fn path(text: &str) -> Path {
    text.parse().expect(text)
}

fn set_in(text: &str, at: &str, value: &str) -> Result<String, EditError> {
    set(text, &path(at), &value.parse().expect(value), Expressions::Refuse)
}

#[track_caller]
fn sets(before: &str, at: &str, value: &str, after: &str) {
    assert_eq!(set_in(before, at, value).expect(at), after);
    assert_eq!(set_in(after, at, value).expect(at), after, "a second time");
}

#[track_caller]
fn unsets(before: &str, at: &str, after: &str) {
    assert_eq!(unset(before, &path(at)).expect(at), after);
    assert_eq!(unset(after, &path(at)).expect(at), after, "a second time");
}

#[test]
fn replaces_in_place() {
    sets("a {\n  b=1 # c\n}\n", "b", "22", "a {\n  b=22 # c\n}\n");
    sets("a {\n  b = 1  # c\n  d = 22 # e\n}\n", "b", "333", "a {\n  b = 333 # c\n  d = 22  # e\n}\n");
    sets("a {\n  b  =   1  # c\n  d = 2 # e\n}\n", "b", "333", "a {\n  b  =   333  # c\n  d = 2 # e\n}\n");
    sets("a {\n  b = { c = 1, \"d\" = 2 }\n}", "b.d", "x", "a {\n  b = { c = 1, \"d\" = \"x\" }\n}");
    sets(
        "a {\n  q {\n    b = 1\n  }\n  q {\n    b = 1\n  }\n}",
        "q#2.b",
        "2",
        "a {\n  q {\n    b = 1\n  }\n  q {\n    b = 2\n  }\n}",
    );
}

#[test]
fn a_value_of_several_lines_parts_a_run() {
    let before = "a {\n  b    = 1\n  long = 2\n  c    = 3\n}\n";
    let after = "a {\n  b = 1\n  long = [\n    1,\n  ]\n  c = 3\n}\n";
    sets(before, "long", "[\n1,\n]", after);
    sets(after, "long", "2", before);
}

#[test]
fn adds_at_the_end_of_the_group() {
    sets("a {\n  b = 1\n}\n", "long", "2", "a {\n  b    = 1\n  long = 2\n}\n");
    sets("a {\n  b   = 1\n}\n", "long", "2", "a {\n  b   = 1\n  long = 2\n}\n");
    sets("a {\n  b = 1 # x\n\n  depends_on = []\n}\n", "c", "2", "a {\n  b = 1 # x\n  c = 2\n\n  depends_on = []\n}\n");
    sets("a {\n  b = 1\n\n  q {\n  }\n}\n", "c", "2", "a {\n  b = 1\n  c = 2\n\n  q {\n  }\n}\n");
    sets("a {\n  q {\n  }\n}\n", "c", "2", "a {\n  c = 2\n\n  q {\n  }\n}\n");
    sets("a {\n  # why\n}\n", "c", "2", "a {\n  # why\n  c = 2\n}\n");
    sets("a {\r\n\tb = 1\r\n}\r\n", "c", "2", "a {\r\n\tb = 1\r\n\tc = 2\r\n}\r\n");
    sets("a {\n  b = <<E\nx\nE\n}\n", "c", "2", "a {\n  b = <<E\nx\nE\n  c = 2\n}\n");
    sets("a {\n  b = 1 /* x\n  y */\n}\n", "c", "2", "a {\n  b = 1 /* x\n  y */\n  c = 2\n}\n");
}

#[test]
fn adds_to_objects_as_they_are_written() {
    sets("a {\n  b = {\n    \"c\" : 1,\n  }\n}", "b.d", "2", "a {\n  b = {\n    \"c\" : 1,\n    \"d\" : 2,\n  }\n}");
    sets(
        "a {\n  b = {\n    c = 1\n  }\n}",
        "b[\"d e\"].f",
        "2",
        "a {\n  b = {\n    c = 1\n    \"d e\" = {\n      f = 2\n    }\n  }\n}",
    );
    sets("a {\n  b = { c = 1,\n  d = 2 }\n}", "b.e", "3", "a {\n  b = { c = 1,\n  d = 2,\n  e = 3 }\n}");
    sets("a {\n  b = { c = 1 /* why */ }\n}", "b.d", "2", "a {\n  b = { c = 1, d = 2 /* why */ }\n}");
}

#[test]
fn opens_up_what_stands_on_one_line() {
    sets("a {}\n", "b", "1", "a {\n  b = 1\n}\n");
    sets("a { b = 1 }\n", "c", "1", "a {\n  b = 1\n  c = 1\n}\n");
    let after = "a {\n  b = {\n    c = {\n      d = 1\n      e = 2\n    }\n    f = 1\n  }\n}";
    sets("a { b = { c = { d = 1 }, f = 1 } }", "b.c.e", "2", after);
    sets("a {\n  b    = {}\n  long = 1\n}", "b.x", "1", "a {\n  b = {\n    x = 1\n  }\n  long = 1\n}");
}

#[test]
fn refuses_what_is_computed() {
    let text = "a {\n  b = local.x\n  c = merge({}, {})\n  d = \"x\"\n  e = [1]\n  q {\n  }\n}";
    assert!(matches!(set_in(text, "b", "1"), Err(EditError::Expression { line: 2, .. })));
    assert!(matches!(set_in(text, "c.x", "1"), Err(EditError::Expression { line: 3, .. })));
    assert!(matches!(set_in(text, "d.x", "1"), Err(EditError::NotAnObject { line: 4, .. })));
    assert!(matches!(set_in(text, "e[0]", "1"), Err(EditError::NotAnObject { line: 5, .. })));
    assert!(matches!(set_in(text, "q", "1"), Err(EditError::IsBlock { line: 6, .. })));
    assert!(matches!(set_in(text, "q#2.x", "1"), Err(EditError::NotFound { .. })));
    let replaced = set(text, &path("b"), &"1".parse().expect("1"), Expressions::Replace);
    assert_eq!(replaced.expect("replaced"), text.replace("local.x", "1"));
    assert!(matches!(set_in("a {\n  b = { c = 1, \"c\" = 2 }\n}", "b.c", "1"), Err(EditError::Ambiguous { .. })));
    assert!(matches!(set_in("a {}\nb {}\n", "b", "1"), Err(EditError::NotOneBlock { found: 2 })));
}

#[test]
fn removes_with_what_belongs_to_it() {
    unsets("a {\n  b    = 1\n  long = 2\n}\n", "long", "a {\n  b = 1\n}\n");
    unsets("a {\n  # group\n  b = 1\n  c = 2\n}\n", "b", "a {\n  # group\n  c = 2\n}\n");
    unsets("a {\n  c = 2\n\n  # of b\n  b = 1 # x\n}\n", "b", "a {\n  c = 2\n}\n");
    unsets("a {\n  b = 1\n\n  c = 2\n}\n", "b", "a {\n  c = 2\n}\n");
    unsets("a {\n  c = 2 # {\n  b = 1\n\n}\n", "b", "a {\n  c = 2 # {\n\n}\n");
    unsets("a { b = 1 }\n", "b", "a {}\n");
    unsets("a {\n  b = { c = 1, d = 2, e = 3 }\n}", "b.c", "a {\n  b = { d = 2, e = 3 }\n}");
    unsets("a {\n  b = { c = 1, d = 2 }\n}", "b.d", "a {\n  b = { c = 1 }\n}");
    unsets("a {\n  b = <<E\nx\nE\n  c = 1\n}", "b", "a {\n  c = 1\n}");
    unsets("a {\n  q {\n    x = 1\n  }\n  c = 1\n}", "q", "a {\n  c = 1\n}");
}

#[test]
fn changes_one_block_of_a_file() {
    let text = "\u{feff}x {}\r\n  a { b = 1 }\r\ny {}";
    let all = items(text).expect("HCL");
    let Some(Item::Block(block)) = all.get(1) else { panic!("a block") };
    let (after, range) = in_block(text, block, |lines| set_in(lines, "b", "2")).expect("an edit");
    assert_eq!(after, text.replace("b = 1", "b = 2"));
    assert_eq!(&after[range], "  a { b = 2 }");
    let error = in_block(text, block, |lines| set_in(lines, "b.c", "2")).expect_err("no object");
    assert!(matches!(error, EditError::NotAnObject { line: 2, .. }), "{error}");
}

/// Attributes of a block, as a user may have spaced them.
fn attribute() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("1".to_owned()),
        Just("\"${var.x}-}\"".to_owned()),
        Just("{ a = 1, \"b c\" = [2] }".to_owned()),
        Just("[\n    1, # one\n  ]".to_owned()),
        Just("<<-END\n  { x\n  END".to_owned()),
        Just("f(local.y, 2) ? -1 : {}".to_owned()),
    ];
    let comment = prop_oneof![Just(""), Just(" # {"), Just("   // \"")];
    ("[a-z]{1,8}", " {0,3}", value, comment, 0..3_usize).prop_map(|(name, space, value, comment, blank)| {
        let comment = if value.starts_with('<') { "" } else { comment };
        format!("  {name}_{space}= {value}{comment}\n{}", "\n".repeat(blank))
    })
}

proptest! {
    #[test]
    fn set_and_unset_leave_the_rest(
        attributes in prop::collection::vec(attribute(), 0..6),
        crlf in any::<bool>(),
        value in prop_oneof![Just("1"), Just("word"), Just("[1, 2]"), Just("{ a = 1 }")],
    ) {
        let mut text = format!("module \"x\" {{ # }}\n{}}}", attributes.concat());
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let new = path("new_name");
        let value: Value = value.parse().expect("a value");
        let added = set(&text, &new, &value, Expressions::Refuse).expect("set");
        prop_assert_eq!(words(&added).len(), words(&text).len() + words(&format!("new_name = {}", value.as_str())).len());
        prop_assert!(is_within(&words(&text), &words(&added)));
        let removed = unset(&added, &new).expect("unset");
        prop_assert_eq!(words(&removed), words(&text));
        if format(&text.replace("\r\n", "\n"), 0).expect("HCL") == text {
            prop_assert_eq!(&format(&added, 0).expect("HCL"), &added);
            prop_assert_eq!(removed, text);
        }
    }
}

/// The tokens of a text; two spaces where one was are no other tokens.
fn words(text: &str) -> Vec<&str> {
    let tokens = Lexer::new(text, 0..text.len()).map(|token| token.expect("HCL"));
    tokens.filter(|token| token.kind != Kind::Newline).map(|token| &text[token.span()]).collect()
}

/// Whether the second list is the first with something put in at one place.
fn is_within(few: &[&str], many: &[&str]) -> bool {
    let start = few.iter().zip(many).take_while(|(one, other)| one == other).count();
    let end = few.iter().rev().zip(many.iter().rev()).take_while(|(one, other)| one == other).count();
    start + end >= few.len()
}
