use proptest::prelude::*;

use super::*;

use crate::hcl::{Item, Kind, Lexer, format};

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

/// A change as it is typed: `path=value` or one of the flags of `set`.
fn parsed(text: &str) -> Change {
    let (anchor, text) = match text
        .strip_prefix("after ")
        .map(|rest| (true, rest))
        .or(text.strip_prefix("before ").map(|rest| (false, rest)))
    {
        Some((is_after, rest)) => {
            let (key, rest) = rest.split_once(' ').expect("a key");
            (Some(if is_after { Anchor::After(key.into()) } else { Anchor::Before(key.into()) }), rest)
        }
        None => (None, text),
    };
    let (flag, rest) = text.split_once(' ').filter(|(flag, _)| flag.starts_with("--")).unwrap_or(("", text));
    let assignment = || rest.parse::<crate::hcl::Assignment>().expect(rest);
    let either = || rest.parse::<crate::hcl::PathOrItem>().expect(rest);
    match flag {
        "" => Change::Set { path: assignment().path, value: assignment().value, anchor },
        "--unset" => Change::Unset { path: path(rest) },
        "--add-item" => Change::AddItem { path: assignment().path, value: assignment().value, anchor },
        "--remove-item" => Change::RemoveItem { path: assignment().path, value: assignment().value },
        "--comment-out" => Change::CommentOut { path: either().path, item: either().item },
        "--uncomment" => Change::Uncomment { path: either().path, item: either().item },
        other => panic!("{other}"),
    }
}

fn made(text: &str, typed: &str, siblings: &[&str]) -> Result<String, EditError> {
    let keys = |key: &str| (key == "local.date").then(|| "2025-10-02".to_owned());
    change(text, &parsed(typed), &Around { siblings, file: text, keys: Some(&keys), ..Around::default() })
}

#[track_caller]
fn makes(before: &str, typed: &str, after: &str) {
    assert_eq!(made(before, typed, &[]).expect(typed), after, "{typed}");
    assert_eq!(made(after, typed, &[]).expect(typed), after, "{typed} a second time");
}

/// The first change makes the second text, the second change the first text.
#[track_caller]
fn there_and_back(before: &str, there: &str, back: &str, after: &str) {
    makes(before, there, after);
    makes(after, back, before);
}

#[test]
fn adds_and_removes_items() {
    there_and_back("a {\n  b = [1, 2]\n}\n", "--add-item b=3", "--remove-item b=3", "a {\n  b = [1, 2, 3]\n}\n");
    there_and_back("a {\n  b = []\n}\n", "--add-item b=x.y_z", "--remove-item b=x.y_z", "a {\n  b = [\"x.y_z\"]\n}\n");
    let lines = "a {\r\n  b = [\r\n    local.x, # one\r\n    local.y,\r\n  ]\r\n}\r\n";
    let more = "a {\r\n  b = [\r\n    local.x, # one\r\n    local.y,\r\n    local.z,\r\n  ]\r\n}\r\n";
    there_and_back(lines, "--add-item b=local.z", "--remove-item b=local.z", more);
    let between = "a {\n  b = [\n    1,\n    2 # two\n  ]\n}\n";
    there_and_back(
        between,
        "--add-item b=3",
        "--remove-item b=3",
        "a {\n  b = [\n    1,\n    2, # two\n    3\n  ]\n}\n",
    );
    there_and_back(
        lines,
        "before local.y --add-item b=local.z",
        "--remove-item b=local.z",
        &lines.replace("    local.y", "    local.z,\r\n    local.y"),
    );
    makes("a {\n  b = toset([\"x\"])\n}\n", "--add-item b=y", "a {\n  b = toset([\"x\", \"y\"])\n}\n");
    makes("a {\n  b = [1, 2, 1]\n}\n", "--remove-item b=1", "a {\n  b = [2]\n}\n");
    makes("a {\n  b = [1, 2]\n}\n", "b[1]=5", "a {\n  b = [1, 5]\n}\n");
    makes("a {\n  b = [{ c = 1 }, { c = 2 }]\n}\n", "b[1].c=5", "a {\n  b = [{ c = 1 }, { c = 5 }]\n}\n");
    assert!(matches!(made("a {\n  b = [1]\n}\n", "--unset b[0]", &[]), Err(EditError::IsItem { .. })));
    makes("a {\n  b = [\n    # none\n  ]\n}\n", "--add-item b=1", "a {\n  b = [\n    # none\n    1,\n  ]\n}\n");
    let sibling = "a {\n  b = [\n    1,\n    3,\n    2,\n  ]\n}\n";
    let after = made("a {\n  b = [\n    1,\n    2,\n  ]\n}\n", "--add-item b=3", &[sibling]).expect("added");
    assert_eq!(after, sibling);
    makes("a {\n}\n", "--add-item b=3", "a {\n  b = [3]\n}\n");
    assert!(matches!(
        made("a {\n  b = local.x\n}\n", "--add-item b=3", &[]),
        Err(EditError::Expression { local: Some(_), .. })
    ));
}

#[test]
fn comments_out_and_back_in() {
    let block =
        "a {\n  b    = 1\n  long = 2 # why\n\n  c = {\n    d = 1\n\n    e = 2\n  }\n\n  l = [\n    1,\n    2\n  ]\n}\n";
    let both = |path: &str, before: &str, after: &str| {
        there_and_back(
            block,
            &format!("--comment-out {path}"),
            &format!("--uncomment {path}"),
            &block.replace(before, after),
        );
    };
    both("long", "  b    = 1\n  long = 2", "  b = 1\n  # long = 2");
    both("b", "  b    = 1", "  # b    = 1");
    both("c", "  c = {\n    d = 1\n\n    e = 2\n  }", "  # c = {\n  #   d = 1\n\n  #   e = 2\n  # }");
    both("c.d", "    d = 1", "    # d = 1");
    both("l=1", "    1,", "    # 1,");
    both("l=2", "    2\n", "    # 2\n");
    let slashes = format!("// x\n{block}");
    makes(&slashes, "--comment-out b", &slashes.replace("  b    = 1", "  // b    = 1"));
    let stars = "a {\n  l = [\n    /*local.x,*/\n    /*local.y,*/\n    local.z,\n  ]\n}\n";
    there_and_back(
        stars,
        "--uncomment l=local.x",
        "--comment-out l=local.x",
        &stars.replace("/*local.x,*/", "local.x,"),
    );
    let hashes = "a {\n  l = [\n    # \"${local.x}\",\n    \"${local.y}\",\n\n    \"${local.z}\",\n  ]\n}\n";
    there_and_back(
        hashes,
        "--uncomment l=\"${local.x}\"",
        "--comment-out l=\"${local.x}\"",
        &hashes.replace("# \"", "\""),
    );
    there_and_back("a {\n  l = [1, 2]\n}\n", "--comment-out l=1", "--uncomment l=1", "a {\n  l = [/* 1, */ 2]\n}\n");
    there_and_back("a {\n  l = [1, 2]\n}\n", "--comment-out l=2", "--uncomment l=2", "a {\n  l = [1, /* 2 */]\n}\n");
    makes("a {\n  # if b = 1 then fine\n  # b = 2\n}\n", "--uncomment b", "a {\n  # if b = 1 then fine\n  b = 2\n}\n");
    let prose = "a {\n  # Default values\n  # b = {\n  #   c  = 1\n  #   dd = 2\n  # }\n\n  # b is for x\n}\n";
    makes(
        prose,
        "--uncomment b",
        "a {\n  # Default values\n  b = {\n    c  = 1\n    dd = 2\n  }\n\n  # b is for x\n}\n",
    );
    makes("a {\r\n  #b = <<E\r\n  #x\r\n  #E\r\n}\r\n", "--uncomment b", "a {\r\n  b = <<E\r\n  x\r\n  E\r\n}\r\n");
    assert!(matches!(
        made("a {\n  # b = 1\n  # b = 2\n}\n", "--uncomment b", &[]),
        Err(EditError::TwoComments { other: 3, .. })
    ));
    assert!(matches!(made("a {\n}\n", "--uncomment b", &[]), Err(EditError::NoComment { .. })));
    assert!(matches!(made("a {\n}\n", "--comment-out b", &[]), Err(EditError::NotFound { .. })));
}

#[test]
fn puts_new_values_where_siblings_have_them() {
    let here = "a {\n  source = \"x\"\n\n  date  = 1\n  label = 1\n\n  state = {\n    b = 1\n  }\n\n  # end\n  providers = {}\n}\n";
    let sibling = "a {\n  source = \"x\"\n\n  date  = 2\n  extra = 2\n  label = 2\n\n  # why\n  most = 0\n\n  state = {\n    a = 1\n    b = 1\n  }\n}\n";
    let with = |typed: &str| made(here, typed, &[sibling]).expect(typed);
    assert_eq!(with("extra=1"), here.replace("  label", "  extra = 1\n  label"));
    assert_eq!(with("most=1"), here.replace("  label = 1\n", "  label = 1\n\n  most = 1\n"));
    assert_eq!(with("state.a=1"), here.replace("    b = 1", "    a = 1\n    b = 1"));
    assert_eq!(with("other=1"), here.replace("  }\n\n  # end", "  }\n\n  other = 1\n\n  # end"));
    let map = "locals {\n  pipelines = {\n    \"1\" = {\n      a = 1\n      b = 2\n      c = 3\n    }\n\n    \"2\" = {\n      a = 1\n      c = 3\n    }\n  }\n}\n";
    there_and_back(
        map,
        "pipelines[\"2\"].b=5",
        "--unset pipelines[\"2\"].b",
        &map.replace("    a = 1\n      c", "    a = 1\n      b = 5\n      c"),
    );
}

#[test]
fn puts_new_values_where_it_is_told() {
    let block = "a {\n  b = 1\n\n  # of c and d\n  c = 1\n  d = 1\n\n  # of e\n  e = {\n    x = 1\n  }\n\n  f = 1\n}\n";
    there_and_back(block, "after b new=1", "--unset new", &block.replace("  b = 1\n", "  b = 1\n\n  new = 1\n"));
    let one_alone = block.replace("\n  f = 1\n", "");
    there_and_back(&one_alone, "after b new=1", "--unset new", &one_alone.replace("  b = 1", "  b   = 1\n  new = 1"));
    let of_source = one_alone.replace("  b = 1", "  source = 1");
    let apart = of_source.replace("  source = 1\n", "  source = 1\n\n  new = 1\n");
    there_and_back(&of_source, "after source new=1", "--unset new", &apart);
    let version = of_source.replace("  source = 1\n", "  source  = 1\n  version = 1\n");
    there_and_back(&of_source, "after source version=1", "--unset version", &version);
    there_and_back(block, "before c n=1", "--unset n", &block.replace("  c = 1", "  n = 1\n  c = 1"));
    there_and_back(block, "after e n=1", "--unset n", &block.replace("  }\n", "  }\n\n  n = 1\n"));
    there_and_back(block, "before e n=1", "--unset n", &block.replace("  # of e", "  n = 1\n\n  # of e"));
    there_and_back(
        block,
        "after b n={\n  y = 1\n}",
        "--unset n",
        &block.replace("  b = 1\n", "  b = 1\n\n  n = {\n    y = 1\n  }\n"),
    );
    assert!(matches!(made(block, "after z n=1", &[]), Err(EditError::NoAnchor { .. })));
}

#[test]
fn map_entries_look_like_their_neighbours() {
    let map = "a {\n  m = {\n    (local.date) = {\n      works = {\n        x = 1\n      }\n    }\n    \"b\" = {\n      works = { x = 1 }\n      more  = {}\n    }\n  }\n}\n";
    makes(
        map,
        "m[\"c\"].works.x=2",
        &map.replace(
            "      more  = {}\n    }\n",
            "      more  = {}\n    }\n    \"c\" = {\n      works = { x = 2 }\n    }\n",
        ),
    );
    makes(map, "m[\"b\"].more.y=2", &map.replace("more  = {}", "more  = { y = 2 }"));
    makes(
        map,
        "m[\"b\"].works.y=2",
        &map.replace(
            "works = { x = 1 }\n      more  = {}",
            "works = {\n        x = 1\n        y = 2\n      }\n      more = {}",
        ),
    );
    makes(map, "m[\"2025-10-02\"].works.x=2", &map.replacen("        x = 1", "        x = 2", 1));
    makes(map, "m[local.date].works.x=2", &map.replacen("        x = 1", "        x = 2", 1));
    makes(
        map,
        "--unset m[\"b\"]",
        "a {\n  m = {\n    (local.date) = {\n      works = {\n        x = 1\n      }\n    }\n  }\n}\n",
    );
    let blank = "locals {\n  m = {\n    \"a\" = {\n      x = 1\n    }\n\n    \"b\" = {\n      x = 1\n    }\n  }\n}\n";
    there_and_back(
        blank,
        "m[\"c\"].x=1",
        "--unset m[\"c\"]",
        &blank.replace("    }\n  }\n", "    }\n\n    \"c\" = {\n      x = 1\n    }\n  }\n"),
    );
    there_and_back(
        "a {\n  m = {\n    x = {\n      y = 1\n    },\n    z = {\n      y = 1\n    }\n  }\n}\n",
        "m.w.y=2",
        "--unset m.w",
        "a {\n  m = {\n    x = {\n      y = 1\n    },\n    z = {\n      y = 1\n    },\n    w = {\n      y = 2\n    }\n  }\n}\n",
    );
    makes("a {\n  b = {\n    c = 1\n  }\n}\n", "--unset b.c", "a {\n  b = {}\n}\n");
    makes(
        "a {\n  providers = {\n    aws           = aws\n    aws.catalogue = aws.x\n  }\n}\n",
        "providers[\"aws.catalogue\"]=local.y",
        "a {\n  providers = {\n    aws           = aws\n    aws.catalogue = local.y\n  }\n}\n",
    );
}

#[test]
fn nested_blocks() {
    let block = "a {\n  q \"x\" {\n    b = 1\n  }\n\n  q \"y\" {\n    b = 1\n  }\n}\n";
    makes(block, "q[\"y\"].b=2", &block.replacen("    b = 1\n  }\n}", "    b = 2\n  }\n}", 1));
    makes(block, "q.y.c=2", &block.replacen("    b = 1\n  }\n}", "    b = 1\n    c = 2\n  }\n}", 1));
    assert_eq!(made(block, "--unset q#2", &[]).expect("gone"), "a {\n  q \"x\" {\n    b = 1\n  }\n}\n");
    let sibling = "a {\n  x = 1\n\n  life {\n    y = 1\n    z = 2\n  }\n}\n";
    let made = made("a {\n  x = 2\n}\n", "life.z=3", &[sibling]).expect("a block");
    assert_eq!(made, "a {\n  x = 2\n\n  life {\n    z = 3\n  }\n}\n");
}

#[test]
fn heredocs_go_into_files_with_other_line_ends() {
    sets("a {\r\n  b = 1\r\n}\r\n", "c", "<<E\n x\nE", "a {\r\n  b = 1\r\n  c = <<E\r\n x\r\nE\r\n}\r\n");
    sets("a {\r\n  b = <<E\r\n x\r\nE\r\n}\r\n", "b", "<<E\n y\nE", "a {\r\n  b = <<E\r\n y\r\nE\r\n}\r\n");
}

#[test]
fn keeps_to_the_column_of_the_lines_beside() {
    makes("a {\n  b      = 1\n  cc     = 2\n}\n", "ddd=3", "a {\n  b      = 1\n  cc     = 2\n  ddd    = 3\n}\n");
    makes("a {\n  b = 1\n  cc     = 2\n}\n", "ddd=3", "a {\n  b = 1\n  cc     = 2\n  ddd = 3\n}\n");
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
    sets("a {\n  b = { c = 1,\n  d = 2 }\n}", "b.e", "3", "a {\n  b = { c = 1,\n    d = 2,\n  e = 3 }\n}");
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

/// The refusal of a change, with its line.
#[track_caller]
fn refused(text: &str, at: &str, value: &str) -> (usize, String) {
    let error = set_in(text, at, value).expect_err(at);
    (error.mark().map_or(0, |mark| mark.line), error.to_string())
}

#[test]
fn refuses_what_is_computed() {
    let text = "a {\n  b = local.x\n  c = merge({}, {})\n  d = \"x\"\n  e = [1]\n  q {\n  }\n  t = \"${local.y.z}\"\n}";
    assert_eq!(
        refused(text, "b", "1"),
        (2, "'b' cannot be changed: its present value is the expression local.x".into())
    );
    assert_eq!(refused(text, "c.x", "1").0, 3);
    assert_eq!(refused(text, "d.x", "1"), (4, "'d.x' cannot be changed: 'd' is \"x\", not an object".into()));
    assert_eq!(refused(text, "d[0]", "1").1, "'d[0]' cannot be changed: 'd' is \"x\", not a list");
    assert_eq!(refused(text, "e[1]", "1").1, "there is no 'e[1]' for the path 'e[1]'");
    assert_eq!(refused(text, "q", "1").0, 6);
    assert_eq!(refused(text, "q#2.x", "1").1, "there is no 'q#2' for the path 'q#2.x'");
    assert_eq!(refused(text, ".", "1").1, "'.' is the whole block: name an attribute in it");
    let local = |at: &str, text: &str| match set_in(text, at, "1") {
        Err(EditError::Expression { local, .. }) => local.map(|path| path.to_string()),
        other => panic!("{other:?}"),
    };
    assert_eq!(local("b.k[\"2\"]", text).as_deref(), Some("x.k[\"2\"]"));
    assert_eq!(local("t", text).as_deref(), Some("y.z"));
    assert_eq!(local("c", text), None);
    let replaced = set(text, &path("b"), &"1".parse().expect("1"), Expressions::Replace);
    assert_eq!(replaced.expect("replaced"), text.replace("local.x", "1"));
    sets("a {\n  b = local.x\n}\n", "b", "local.y", "a {\n  b = local.y\n}\n");
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
    assert_eq!(error.mark().map(|mark| mark.line), Some(2), "{error}");
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

#[test]
fn what_shares_a_line_goes_without_its_neighbours() {
    makes(
        "a {\n  l = [\n    \"a\", \"b\",\n    \"c\"\n  ]\n}\n",
        "--remove-item l=b",
        "a {\n  l = [\n    \"a\",\n    \"c\"\n  ]\n}\n",
    );
    makes(
        "a {\n  l = [\n    \"a\", \"b\", # b\n    # more\n    \"c\",\n  ]\n}\n",
        "--remove-item l=b",
        "a {\n  l = [\n    \"a\", # b\n    # more\n    \"c\",\n  ]\n}\n",
    );
    makes(
        "a {\n  /* c */ x = 1\n\n  # about y\n  y = 2\n}\n",
        "--unset x",
        "a {\n  /* c */\n\n  # about y\n  y = 2\n}\n",
    );
    makes("a {\n  l = [\"a\", \"b\"]\n}\n", "--remove-item l=a", "a {\n  l = [\"b\"]\n}\n");
}

#[test]
fn line_ends_are_those_of_the_neighbours() {
    let text = "a {\r\n  o = {\n    # é\n  }\n}\n";
    makes(text, "o.k=1", "a {\r\n  o = {\n    # é\n    k = 1\n  }\n}\n");
    makes(
        "a {\r\n  s = 1\n  o = {\r\n    a = 1\n  }\n}\n",
        "o.b=1",
        "a {\r\n  s = 1\n  o = {\r\n    a = 1\n    b = 1\n  }\n}\n",
    );
}

#[test]
fn what_stands_on_the_line_of_its_block_goes_from_it() {
    makes("a { d {} }\n", "--unset d", "a {}\n");
}

#[test]
fn an_item_that_opens_on_the_line_of_its_list_comes_back_as_it_was() {
    let open = "a {\n  long = 1\n  v = [f({\n    b = 1\n  })]\n}\n";
    makes(&made(open, "--comment-out v=f({\n b = 1 })", &[]).expect("commented out"), "--uncomment v=f({b=1})", open);
}

#[test]
fn a_block_that_terraform_reads_and_hcl_rs_does_not_comes_back() {
    let twice = "a {\n  b = 1\n  q {\n    o = { k = 1, k = 2 }\n  }\n}\n";
    makes(&made(twice, "--comment-out q", &[]).expect("commented out"), "--uncomment q", twice);
    assert!(made("a {\n  # q { words and words\n  # }\n}\n", "--uncomment q", &[]).is_err());
    assert!(made("a {\n  # q {\n  #   a = 1 +\n  # }\n}\n", "--uncomment q", &[]).is_err());
}

#[test]
fn a_comment_that_is_code_is_not_about_what_stands_below_it() {
    let list = "a {\n  l = [\n    # local.a,\n    local.b,\n\n    local.c,\n  ]\n}\n";
    makes(list, "--remove-item l=local.b", "a {\n  l = [\n    # local.a,\n\n    local.c,\n  ]\n}\n");
    makes(
        "a {\n  l = [\n    # local.a,\n    local.b,\n  ]\n}\n",
        "--remove-item l=local.b",
        "a {\n  l = [\n    # local.a,\n  ]\n}\n",
    );
    makes(
        "a {\n  a = 1\n\n  # b = 2\n  c = 3\n\n  d = 4\n}\n",
        "--unset c",
        "a {\n  a = 1\n\n  # b = 2\n\n  d = 4\n}\n",
    );
    makes("a {\n  o = {\n    # a = 1\n    b = 2\n  }\n}\n", "--unset o.b", "a {\n  o = {\n    # a = 1\n  }\n}\n");
    let prose = "a {\n  a = 1\n\n  # b = {\n  #   c = 1\n  # }\n  # What follows, is about c.\n  c = 3\n}\n";
    makes(prose, "--unset c", "a {\n  a = 1\n\n  # b = {\n  #   c = 1\n  # }\n}\n");
    makes("a {\n  a = 1\n\n  # about c\n  c = 3\n}\n", "--unset c", "a {\n  a = 1\n}\n");
}

#[test]
fn an_object_opens_up_as_those_of_its_list_do() {
    let one = "a {\n  l = [\n    {\n      b  = 1\n      cc = 2\n    },\n  ]\n}\n";
    let two = one.replace("    },\n", "    },\n    {\n      b  = 3\n      cc = 4\n    },\n");
    makes(one, "--add-item l={b=3,cc=4}", &two);
    makes(
        "a {\n  l = [\n    { b = 1 },\n  ]\n}\n",
        "--add-item l={b=3}",
        "a {\n  l = [\n    { b = 1 },\n    { b = 3 },\n  ]\n}\n",
    );
}

#[test]
fn items_are_known_whatever_comments_they_have() {
    let commented = "a {\n  l = [\n    {\n      b = 2 # two\n    },\n    1,\n  ]\n}\n";
    makes(commented, "--remove-item l={b=2}", "a {\n  l = [\n    1,\n  ]\n}\n");
    makes(commented, "--add-item l={b=2}", commented);
    makes("a {\n  o = {\n    b = 1 # one\n  }\n}\n", "o={b=1}", "a {\n  o = {\n    b = 1 # one\n  }\n}\n");
    makes("a {\n  l = [1, 2, /* two */]\n}\n", "l=[1, 2]", "a {\n  l = [1, 2, /* two */]\n}\n");
}

#[test]
fn tabs_and_four_spaces_are_kept() {
    let four = "a {\n    s = 1\n}\n";
    makes(four, "o.p=1", "a {\n    s = 1\n    o = {\n        p = 1\n    }\n}\n");
    makes(
        "a {\n    s = 1\n    l = [\n    ]\n}\n",
        "--add-item l=1",
        "a {\n    s = 1\n    l = [\n        1,\n    ]\n}\n",
    );
    makes("a {\n    o = { b = 1 }\n}\n", "o.c=2", "a {\n    o = {\n        b = 1\n        c = 2\n    }\n}\n");
    makes("a {\n\to = { b = 1 }\n}\n", "o.c=2", "a {\n\to = {\n\t\tb = 1\n\t\tc = 2\n\t}\n}\n");
    makes("a {\n\ts = 1\n}\n", "o.p=1", "a {\n\ts = 1\n\to = {\n\t\tp = 1\n\t}\n}\n");
}

#[test]
fn lists_of_objects_keep_their_shape() {
    makes(
        "a {\n  l = [{\n    a = 1\n  }]\n}\n",
        "--add-item l={a=9}",
        "a {\n  l = [{\n    a = 1\n  }, { a = 9 }]\n}\n",
    );
    makes("a {\n  s = 1\n}\n", "--add-item l=x", "a {\n  s = 1\n  l = [\"x\"]\n}\n");
}

#[test]
fn new_keys_are_quoted_as_those_beside_them_or_as_typed() {
    let sibling = "a {\n  s = {\n    \"b-1\" = 1\n  }\n}\n";
    let result = made("a {\n}\n", "s[\"c-1\"]=9", &[sibling]);
    assert_eq!(result.expect("made"), "a {\n  s = {\n    \"c-1\" = 9\n  }\n}\n");
    assert_eq!(made("a {\n}\n", "s.b=9", &[sibling]).expect("made"), "a {\n  s = {\n    \"b\" = 9\n  }\n}\n");
    makes("a {\n}\n", "s[\"b\"]=9", "a {\n  s = {\n    \"b\" = 9\n  }\n}\n");
    makes("a {\n  s = {}\n}\n", "s[\"b\"]=9", "a {\n  s = {\n    \"b\" = 9\n  }\n}\n");
    makes("a {\n  s = { c = 1 }\n}\n", "s[\"b\"]=9", "a {\n  s = {\n    c = 1\n    b = 9\n  }\n}\n");
}

#[test]
fn what_was_marked_at_the_beginning_of_its_line_is_indented_as_its_neighbours() {
    let after = "a {\n  b = 1\n  x = 1\n}\n";
    for before in ["#x = 1", "# x = 1", "//x = 1", "#  x = 1"] {
        makes(&after.replace("  x = 1", before), "--uncomment x", after);
    }
    makes(
        "a {\n  l = [\n    local.a,\n#local.b,\n  ]\n}\n",
        "--uncomment l=local.b",
        "a {\n  l = [\n    local.a,\n    local.b,\n  ]\n}\n",
    );
    makes("a {\n  b = 1\n# o = {\n#   c = 1\n# }\n}\n", "--uncomment o", "a {\n  b = 1\n  o = {\n    c = 1\n  }\n}\n");
    makes("a {\n\tb = 1\n#x = 1\n}\n", "--uncomment x", "a {\n\tb = 1\n\tx = 1\n}\n");
    let tabs = "a {\n\to = {\n\t\ta = 1\n\t}\n}\n";
    makes(&made(tabs, "--comment-out o", &[]).expect("commented out"), "--uncomment o", tabs);
    let mixed = "a {\n  o = {\n    # {\n    /* two\n\t\t lines */\n  }\n}\n";
    makes(&made(mixed, "--comment-out o", &[]).expect("commented out"), "--uncomment o", mixed);
    let heredoc = "a {\n  o = {\n    k = <<-END\n\t\t  { x\n\n\t\tEND\n    l = 1,\n  }\n}\n";
    makes(&made(heredoc, "--comment-out o", &[]).expect("commented out"), "--uncomment o", heredoc);
}

#[test]
fn a_line_that_an_edit_moves_is_indented_anew() {
    let one = "a {\n  l = [{\n    b = 1\n  }]\n}\n";
    let two = "a {\n  l = [{\n    b = 1\n    }, {\n    b = 2\n  }]\n}\n";
    makes(one, "--add-item l={\nb=2\n}", two);
    makes(two, "--remove-item l={b=2}", one);
    let odd = |text: &str| text.replace("b = 1", "b  =1").replace("  }", " }");
    assert_eq!(made(&odd(one), "--add-item l={\nb=2\n}", &[]).expect("added").lines().nth(3), Some(" }, {"));
    makes(
        "a {\n  l = [\n    <<E\nx\nE\n    , # y\n    1\n  ]\n}\n",
        "--remove-item l=1",
        "a {\n  l = [\n    <<E\nx\nE\n    # y\n  ]\n}\n",
    );
}

#[test]
fn commented_items_get_the_comma_that_they_need() {
    makes(
        "a {\n  l = [\n    a.a,\n    # local.c\n    # local.d\n    local.e,\n  ]\n}\n",
        "--uncomment l=local.d",
        "a {\n  l = [\n    a.a,\n    # local.c\n    local.d,\n    local.e,\n  ]\n}\n",
    );
    makes(
        "a {\n  l = [\n    # local.d # why\n    local.e\n  ]\n}\n",
        "--uncomment l=local.d",
        "a {\n  l = [\n    local.d, # why\n    local.e\n  ]\n}\n",
    );
}

#[test]
fn a_heredoc_comes_back_aligned() {
    let text = "a {\n  policy = <<-EOF\n    {}\n  EOF\n  b      = 1\n}\n";
    let commented = made(text, "--comment-out policy", &[]).expect("commented out");
    makes(&commented, "--uncomment policy", text);
}

#[test]
fn one_of_several_must_be_named() {
    let text = "a {\n  q {\n    n = 1\n  }\n  q {\n    n = 2\n  }\n}\n";
    let refused = |typed: &str| made(text, typed, &[]).expect_err(typed).to_string();
    assert_eq!(refused("--unset q"), "'q' stands there twice; the other one is on line 5");
    assert_eq!(refused("--comment-out q"), "'q' stands there twice; the other one is on line 5");
    makes(&text.replace("n = 1", "n = 3"), "--unset q#2", "a {\n  q {\n    n = 3\n  }\n}\n");
    let twice = "a {\n  l = [local.a, local.c, local.a]\n}\n";
    let error = made(twice, "--comment-out l=local.a", &[]).expect_err("ambiguous").to_string();
    assert_eq!(error, "'local.a' stands there twice; the other one is on line 2");
}

#[test]
fn names_are_names_only_where_terraform_takes_them() {
    makes(
        "module \"a\" {\n}\n",
        "auth.provider=github",
        "module \"a\" {\n  auth = {\n    provider = \"github\"\n  }\n}\n",
    );
    let resource = "resource \"a\" \"b\" {\n  lifecycle {\n    ignore_changes = [tags]\n  }\n}\n";
    makes(
        resource,
        "--add-item lifecycle.ignore_changes=name",
        "resource \"a\" \"b\" {\n  lifecycle {\n    ignore_changes = [tags, name]\n  }\n}\n",
    );
    let computed = "a {\n  x = {\n    for k, v in local.m :\r\n    k => v\n  }\n}\n";
    assert!(matches!(made(computed, "x={}", &[]), Err(EditError::Expression { .. })));
}

#[test]
fn many_comments_are_read_once() {
    let text = format!("a {{\n  l = [\n{}  ]\n}}\n", "    # \"x\",\n".repeat(3000));
    let start = std::time::Instant::now();
    assert!(matches!(made(&text, "--uncomment l=none", &[]), Err(EditError::NoComment { .. })));
    assert!(start.elapsed().as_secs() < 5);
}

#[test]
fn what_is_there_in_another_shape_is_there() {
    let list = "a {\n  l = [\n    \"b\",\n    \"d\",\n  ]\n}\n";
    makes(list, "l=[\"b\", \"d\"]", list);
    let object = "a {\n  o = {\n    b = 1\n    c = [{ d = 1, e = 2 }]\n  }\n}\n";
    makes(object, "o={b=1,c=[{d=1,e=2}]}", object);
    makes("a {\n  l = [1, 2]\n}\n", "l=[1 * 2]", "a {\n  l = [1 * 2]\n}\n");
}

#[test]
fn providers_may_have_a_dot_in_their_name() {
    let with = |inside: &str| format!("module \"a\" {{\n  providers = {{\n{inside}  }}\n}}\n");
    let both = with("    aws           = aws\n    aws.catalogue = aws.catalogue\n");
    makes("module \"a\" {\n}\n", "providers.aws.catalogue=aws.catalogue", &with("    aws.catalogue = aws.catalogue\n"));
    makes(&with("    aws = aws\n"), "providers.aws.catalogue=aws.catalogue", &both);
    makes(&both, "--unset providers.aws.catalogue", &with("    aws = aws\n"));
}

#[test]
fn what_was_aligned_stays_so_beside_what_is_not() {
    let text = "a {\n  min  = 1\n  nnew = 8\n\n  long = true\n  b_a = 1\n}\n";
    makes(text, "--unset nnew", "a {\n  min = 1\n\n  long = true\n  b_a = 1\n}\n");
}

#[test]
fn prose_never_becomes_code() {
    let refused = |text: &str, typed: &str| assert!(made(text, typed, &[]).is_err(), "{typed}");
    refused("a {\n  # x = (see what\n  # is written there)\n}\n", "--uncomment x");
    refused("a {\n  # x {\n  #   see what is written\n  # }\n}\n", "--uncomment x");
    let text = "a {\n  # x = {\n  #   for k, v in local.m :\n  #   k => v\n  # }\n}\n";
    makes(text, "--uncomment x", &text.replace("# ", ""));
    makes("a {\n  # x = { b = 1, b = 2 }\n}\n", "--uncomment x", "a {\n  x = { b = 1, b = 2 }\n}\n");
}
