use proptest::prelude::*;

use super::*;

#[test]
fn finds_items_whatever_stands_in_them() {
    let text = "\u{feff}a = 1 # b = 2\n/* c = 3 */ d \"e\" f { # }\n  g = \"}${h(\"}\", { i = \"}\" })}\"\n}\nj = <<-END\n  END,\n  ${\"END\"}\n    END\nk = [ # ]\n  {}, // }\n]\nl = \"$${\"\nm = a.0.b ? -1 : 2e3\r\nn {}";
    let found: Vec<&str> = items(text).expect("HCL").iter().map(|item| &text[item.span()]).collect();
    assert_eq!(
        found,
        [
            "a = 1",
            "d \"e\" f { # }\n  g = \"}${h(\"}\", { i = \"}\" })}\"\n}",
            "j = <<-END\n  END,\n  ${\"END\"}\n    END",
            "k = [ # ]\n  {}, // }\n]",
            "l = \"$${\"",
            "m = a.0.b ? -1 : 2e3",
            "n {}",
        ]
    );
}

#[test]
fn says_where_and_what_is_wrong() {
    let cases = [
        ("a {\n  b {\n}\n", 1, 3, "closing brace missing; block or object opened at line 1"),
        ("a = [1\n", 1, 5, "closing bracket missing; list opened at line 1"),
        ("a = (1]\n", 1, 7, "']' closes nothing here: the parenthesis of line 1 is still open"),
        ("\n}\n", 2, 1, "'}' closes nothing"),
        ("a = \"x\nb = 1\n", 1, 5, "this string is not closed before the end of the line"),
        ("a = <<END\nx\nEND,\n", 1, 5, "no line with END alone ends the heredoc opened at line 1"),
        ("a = << END\n", 1, 5, "'<<' must be followed by a word and the end of the line"),
        ("a = 1 /* x\n", 1, 7, "this comment is not closed: '*/' is missing"),
        ("a =\n", 1, 3, "a value is missing after '='"),
        ("é\n", 1, 1, "a name must be followed by '=' and a value, or by '{' on the same line"),
        ("a {} b {}\n", 1, 6, "a block must be followed by the end of the line"),
        ("\"a\" = 1\n", 1, 1, "the name of an attribute stands without quotes here"),
        ("a = 1 @\n", 1, 7, "'@' has no meaning here"),
    ];
    for (text, line, column, message) in cases {
        let error = items(text).expect_err(text);
        assert_eq!((error.line, error.column, error.message.as_str()), (line, column, message), "{text}");
    }
    assert_eq!(items("a {\n  b = \"x\n}\n").expect_err("a string").text, "  b = \"x");
}

#[test]
fn reads_the_entries_of_objects() {
    let text = "{ a = 1, \"b\" : [\n  2, 3\n], # c\n  (local.x) = { d = 4 }\n  e = f == 1 ? 2 : 3, }";
    let inside = object_inside(text, &(0..text.len())).expect("an object");
    let found: Vec<_> =
        elements(text, inside).expect("HCL").into_iter().map(|entry| (&text[entry.key], &text[entry.value])).collect();
    let wanted = [("a", "1"), ("\"b\"", "[\n  2, 3\n]"), ("(local.x)", "{ d = 4 }"), ("e", "f == 1 ? 2 : 3")];
    assert_eq!(found, wanted);
    for other in ["{ for k, v in x : k => v }", "[{}]", "{}.a", "1"] {
        assert_eq!(object_inside(other, &(0..other.len())), None, "{other}");
    }
    assert!(object_inside("{ for = 1 }", &(0..11)).is_some());
}

#[test]
fn aligns_only_what_was_aligned() {
    let aligned = "a = 1 # x\nb = 2 # y\n\nlong = 3\n";
    let wider = [Splice::new(4..5, "100")];
    assert_eq!(splice_aligned(aligned, &wider).expect("HCL"), "a = 100 # x\nb = 2   # y\n\nlong = 3\n");
    let loose = aligned.replace("2 # y", "2  # y");
    assert_eq!(splice_aligned(&loose, &wider).expect("HCL"), loose.replace("= 1", "= 100"));
    let longer = [Splice::new(0..1, "name")];
    assert_eq!(splice_aligned(aligned, &longer).expect("HCL"), "name = 1 # x\nb    = 2 # y\n\nlong = 3\n");
}

#[test]
fn counts_what_a_reader_sees_as_one_column() {
    for name in ["cafe\u{301}", "\u{1f469}\u{200d}\u{1f4bb}", "日本"] {
        let text = format!("a = \"{name}\" # x\nb = 1 # y\n");
        let aligned = format(&text, 0).expect("HCL");
        let columns = match name.chars().count() {
            5 => 4,
            3 => 1,
            other => other,
        };
        assert_eq!(aligned, format!("a = \"{name}\" # x\nb = 1{} # y\n", " ".repeat(columns + 1)), "{name}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "([a-z =.é]|[\\\\\"{}\\[\\]()#/*$%<~,:]|\n|\r\n|<<E\n|E\n|\\$\\{|a = ){0,40}") {
        let _ = items(&text);
        let _ = format(&text, 2);
        let whole = format!("m {{\n{text}\n}}\n");
        let path: Path = "a.b".parse().expect("a path");
        if let Ok(set) = set(&whole, &path, &Value::string("x"), Expressions::Replace) {
            prop_assert!(items(&set).is_ok());
        }
        if let Ok(unset) = unset(&whole, &path) {
            prop_assert!(items(&unset).is_ok());
        }
    }

    #[test]
    fn no_value_path_or_template_makes_it_panic(text in "([a-z0-9=.é -]|[\\\\\"{}\\[\\]()#$%<]|\n){0,20}") {
        let _ = text.parse::<Path>();
        let _ = text.parse::<Assignment>();
        if let Ok(value) = text.parse::<Value>() {
            prop_assert!(items(&format!("x = {}\n", value.as_str())).is_ok(), "{}", value.as_str());
        }
        let namespace = "2022-10-14".parse().expect("a namespace");
        let _ = crate::template::render(&text, &namespace, "label");
    }
}
