use proptest::prelude::*;

use super::*;
use crate::hcl::Change;
use crate::layout::Edit;
use crate::layout::changes::Blocks;
use crate::layout::module_blocks::{Added, Addition, Origin, Place};

fn rules(map: &str) -> MapRules {
    let rules = Rules::new(None, "namespace", "p_{namespace}", "main.tf", None).expect("rules");
    MapRules { rules, map: map.parse().expect("a map"), addresses: Vec::new() }
}

fn namespace(text: &str) -> Namespace {
    text.parse().expect(text)
}

/// What the user asks for besides the name.
#[derive(Default)]
struct Wish {
    from: Option<&'static str>,
    after: Option<&'static str>,
    before: Option<&'static str>,
    template: Option<&'static str>,
    sets: &'static [&'static str],
}

fn add_to(text: &str, map: &str, name: &str, wish: &Wish) -> Result<(String, Vec<String>), LayoutError> {
    let (files, rules) = ([SourceFile::new("main.tf", text)], rules(map));
    let read = MapEntries::read(&files, &rules)?;
    let [from, after, before] = [wish.from, wish.after, wish.before].map(|name| name.map(namespace));
    let sets: Vec<Change> = wish.sets.iter().map(|text| Change::set(&text.parse().expect("path=value"))).collect();
    let new = namespace(name);
    let addition = Addition {
        namespace: &new,
        origin: match (wish.template, &from) {
            (Some(text), _) => Origin::Template { name: "template.tf", text },
            (None, Some(from)) => Origin::Sibling(from),
            (None, None) => Origin::Newest,
        },
        label: None,
        changes: &sets,
        place: match (&after, &before) {
            (Some(after), _) => Place::After(after),
            (None, Some(before)) => Place::Before(before),
            _ => Place::End,
        },
        file: None,
    };
    match read.add(&addition)? {
        Added::Exists { .. } => Ok((text.to_owned(), Vec::new())),
        Added::New(block) => match block.edits.as_slice() {
            [Edit::Write { after, .. }] => {
                assert_eq!(&after[block.pipeline.span.clone()][..block.pipeline.label.len()], block.pipeline.label);
                Ok((after.clone(), block.notes))
            }
            edits => panic!("{edits:?}"),
        },
    }
}

fn remove_from(text: &str, map: &str, name: &str) -> String {
    let (files, rules) = ([SourceFile::new("main.tf", text)], rules(map));
    let edits = MapEntries::read(&files, &rules).expect("a map").remove(&namespace(name)).expect("removed");
    match edits.as_slice() {
        [Edit::Write { after, .. }] => after.clone(),
        edits => panic!("{edits:?}"),
    }
}

/// Adds and removes again.
#[track_caller]
fn adds(before: &str, name: &str, wish: &Wish, after: &str) {
    let (found, _) = add_to(before, "local.pipelines", name, wish).expect("added");
    assert_eq!(found, after);
    assert_eq!(add_to(after, "local.pipelines", name, wish).expect("there").0, after, "a second time");
    assert_eq!(remove_from(after, "local.pipelines", name), before, "removed again");
}

fn locals(entries: &str) -> String {
    format!(
        "locals {{\n  pipelines = {{\n{entries}  }}\n}}\n\nmodule \"pipelines\" {{\n  for_each = local.pipelines\n}}\n"
    )
}

#[test]
fn knows_pipelines_and_what_they_make() {
    let text = format!(
        "locals {{\n  today = \"2022-10-14\"\n}}\n{}resource \"t\" \"r\" {{\n  for_each = local.pipelines\n}}\n",
        locals(
            "    \"2022-08-31\" = {\n      a = 1\n    },\n    (local.today) = {}\n    dev = {}\n    (var.x) = {}\n    dev = {}\n"
        )
    );
    let (files, rules) = ([SourceFile::new("main.tf", &text)], rules("local.pipelines"));
    let read = MapEntries::read(&files, &rules).expect("a map");
    let names: Vec<_> = read.estate().pipelines.iter().map(|one| (one.namespace.as_str(), one.line)).collect();
    assert_eq!(names, [("2022-08-31", 6), ("2022-10-14", 9), ("dev", 10)]);
    assert_eq!(read.estate().pipelines[1].addresses(), ["module.pipelines[\"2022-10-14\"]", "t.r[\"2022-10-14\"]"]);
    let unclear: Vec<_> = read.estate().unclear.iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(
        unclear,
        [
            "its key var.x is not statically known: var.… is known to Terraform only",
            "the key stands here a second time; the first is on line 10"
        ]
    );
}

#[test]
fn follows_the_siblings_commas_and_blank_lines() {
    let wish = Wish::default();
    adds(
        &locals("    \"2022-08-31\" = {\n      a = 1\n    }\n"),
        "2022-10-14",
        &wish,
        &locals("    \"2022-08-31\" = {\n      a = 1\n    }\n    \"2022-10-14\" = {\n      a = 1\n    }\n"),
    );
    adds(
        &locals("    \"2022-08-30\" = {\n      a = 1\n    },\n    \"2022-08-31\" = {\n      a = 1\n    }\n"),
        "2022-10-14",
        &wish,
        &locals(
            "    \"2022-08-30\" = {\n      a = 1\n    },\n    \"2022-08-31\" = {\n      a = 1\n    },\n    \"2022-10-14\" = {\n      a = 1\n    }\n",
        ),
    );
    adds(
        &locals("    \"2022-08-30\" = {\n      a = 1\n    },\n\n    \"2022-08-31\" = {\n      a = 1\n    },\n"),
        "2022-10-14",
        &wish,
        &locals(
            "    \"2022-08-30\" = {\n      a = 1\n    },\n\n    \"2022-08-31\" = {\n      a = 1\n    },\n\n    \"2022-10-14\" = {\n      a = 1\n    },\n",
        ),
    );
    adds(
        &locals("    \"2022-08-30\" = {\n      a = 1\n    }\n\n    \"2022-08-31\" = {\n      a = 1\n    }\n"),
        "2022-10-14",
        &wish,
        &locals(
            "    \"2022-08-30\" = {\n      a = 1\n    }\n\n    \"2022-08-31\" = {\n      a = 1\n    }\n\n    \"2022-10-14\" = {\n      a = 1\n    }\n",
        ),
    );
}

#[test]
fn brings_comments_along_and_renames() {
    adds(
        &locals(
            "    # Made for 2022-08-31.\n    \"2022-08-31\" = {\n      index = \"works-20220831\" # new\n      other = \"works-2021-01-01\"\n    } # end\n",
        ),
        "2022-10-14",
        &Wish::default(),
        &locals(
            "    # Made for 2022-08-31.\n    \"2022-08-31\" = {\n      index = \"works-20220831\" # new\n      other = \"works-2021-01-01\"\n    } # end\n    # Made for 2022-10-14.\n    \"2022-10-14\" = {\n      index = \"works-20221014\" # new\n      other = \"works-2021-01-01\"\n    } # end\n",
        ),
    );
}

#[test]
fn stands_after_and_before() {
    let two = "    \"2022-08-30\" = {\n      a = 1\n    },\n    \"2022-08-31\" = {\n      a = 2\n    }\n";
    let three = "    \"2022-08-30\" = {\n      a = 1\n    },\n    \"2022-10-14\" = {\n      a = 2\n    },\n    \"2022-08-31\" = {\n      a = 2\n    }\n";
    adds(&locals(two), "2022-10-14", &Wish { after: Some("2022-08-30"), ..Wish::default() }, &locals(three));
    adds(&locals(two), "2022-10-14", &Wish { before: Some("2022-08-31"), ..Wish::default() }, &locals(three));
    let first = "    \"2022-10-14\" = {\n      a = 2\n    },\n    \"2022-08-30\" = {\n      a = 1\n    },\n    \"2022-08-31\" = {\n      a = 2\n    }\n";
    adds(&locals(two), "2022-10-14", &Wish { before: Some("2022-08-30"), ..Wish::default() }, &locals(first));
}

#[test]
fn opens_up_what_stands_on_one_line() {
    let template = Some("\"{{namespace}}\" = {\n  a = 1\n}\n");
    adds(
        "locals {\n  a         = 1\n  pipelines = {}\n}\n",
        "2022-10-14",
        &Wish { template, ..Wish::default() },
        "locals {\n  a = 1\n  pipelines = {\n    \"2022-10-14\" = {\n      a = 1\n    }\n  }\n}\n",
    );
    let (after, _) = add_to(
        "locals {\n  pipelines = { \"2022-08-31\" = { a = 1 } }\n}\n",
        "local.pipelines",
        "2022-10-14",
        &Wish::default(),
    )
    .expect("added");
    assert_eq!(
        after,
        "locals {\n  pipelines = {\n    \"2022-08-31\" = { a = 1 }\n    \"2022-10-14\" = { a = 1 }\n  }\n}\n"
    );
    let commented = Some("# Of {{namespace}}.\n\"{{namespace}}\" = {\n  a = 1 # one\n}\n");
    let (after, _) = add_to(
        "locals {\n  pipelines = {}\n}\n",
        "local.pipelines",
        "2022-10-14",
        &Wish { template: commented, ..Wish::default() },
    )
    .expect("added");
    assert_eq!(
        after,
        "locals {\n  pipelines = {\n    # Of 2022-10-14.\n    \"2022-10-14\" = {\n      a = 1 # one\n    }\n  }\n}\n"
    );
}

#[test]
fn keeps_entries_of_one_line_aligned() {
    adds(
        &locals("    \"2022-08-31\" = { a = 1 } # one\n    dev          = { a = 2 } # two\n"),
        "2022-10-14-shadow",
        &Wish { from: Some("2022-08-31"), ..Wish::default() },
        &locals(
            "    \"2022-08-31\"        = { a = 1 } # one\n    dev                 = { a = 2 } # two\n    \"2022-10-14-shadow\" = { a = 1 } # one\n",
        ),
    );
}

#[test]
fn gives_a_key_that_is_a_local_the_namespace_itself() {
    let text = "locals {\n  today = \"2022-08-31\"\n}\n\nmodule \"p\" {\n  index_config = {\n    (local.today) = {\n      works = \"works.${local.today}\"\n    }\n  }\n}\n";
    let (after, notes) = add_to(text, "module.p.index_config", "2022-10-14", &Wish::default()).expect("added");
    assert_eq!(
        after,
        "locals {\n  today = \"2022-08-31\"\n}\n\nmodule \"p\" {\n  index_config = {\n    (local.today) = {\n      works = \"works.${local.today}\"\n    }\n    \"2022-10-14\" = {\n      works = \"works.2022-10-14\"\n    }\n  }\n}\n"
    );
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert_eq!(remove_from(&after, "module.p.index_config", "2022-10-14"), text);
}

#[test]
fn sets_inside_the_entry() {
    let wish = Wish { sets: &["a=2", "deep.b=x"], ..Wish::default() };
    adds(
        &locals("    \"2022-08-31\" = {\n      a = 1\n    }\n"),
        "2022-10-14",
        &wish,
        &locals(
            "    \"2022-08-31\" = {\n      a = 1\n    }\n    \"2022-10-14\" = {\n      a = 2\n      deep = {\n        b = \"x\"\n      }\n    }\n",
        ),
    );
    for step in ["    ", "\t"] {
        let indented = |text: String| text.replace("  ", step);
        adds(
            &indented(locals("    \"2022-08-31\" = {\n      a = 2\n    }\n")),
            "2022-10-14",
            &wish,
            &indented(locals(
                "    \"2022-08-31\" = {\n      a = 2\n    }\n    \"2022-10-14\" = {\n      a = 2\n      deep = {\n        b = \"x\"\n      }\n    }\n",
            )),
        );
    }
    let wrong = Wish { sets: &["a.b=2"], ..Wish::default() };
    let error =
        add_to(&locals("    \"2022-08-31\" = {\n      a = 1\n    }\n"), "local.pipelines", "2022-10-14", &wrong);
    assert_eq!(
        error.expect_err("no object").to_string(),
        "main.tf:4:11: 'a.b' cannot be changed: 'a' is 1, not an object"
    );
}

#[test]
fn refuses_what_is_not_written_down() {
    let add = |text: &str| add_to(text, "local.pipelines", "2022-10-14", &Wish::default()).expect_err("refused");
    assert!(matches!(add("locals {\n  pipelines = merge(local.a, {})\n}\n"), LayoutError::ComputedMap { .. }));
    assert!(matches!(add("locals {\n  other = {}\n}\n"), LayoutError::NoMap { .. }));
    assert!(matches!(add("locals {\n  pipelines = {}\n}\n"), LayoutError::NoSibling));
    assert!(matches!(add("locals {\n  pipelines = {\n}\n"), LayoutError::Syntax { .. }));
    let same = "locals {\n  pipelines = {\n    \"2022-08-31\" = {\n      x = { \"2022-08-31\" = 1, \"2022-10-14\" = 2 }\n    }\n  }\n}\n";
    assert!(matches!(add(same), LayoutError::KeyTwice { .. }));
    let not_one = Wish { template: Some("a = 1\nb = 2\n"), ..Wish::default() };
    let text = locals("    \"2022-08-31\" = {}\n");
    assert!(matches!(add_to(&text, "local.pipelines", "2022-10-14", &not_one), Err(LayoutError::NotOneEntry { .. })));
}

#[test]
fn changes_an_entry_that_is_there() {
    let text = locals("    (local.x) = { a = 1 },\n    \"2022-08-31\" = {\n      a = 1\n    }\n");
    let files = [SourceFile::new("main.tf", &text), SourceFile::new("x.tf", "locals {\n  x = \"2022-01-01\"\n}\n")];
    let rules = rules("local.pipelines");
    let read = MapEntries::read(&files, &rules).expect("a map");
    let after = |name: &str, set: &str| {
        let target = read.target(read.estate().find(&namespace(name)).expect("it is there"));
        let changes = [Change::set(&set.parse().expect("a set"))];
        let edits = Blocks::read(&files).expect("HCL").change(&target, &changes).expect("changed").edits;
        match edits.as_slice() {
            [Edit::Write { after, .. }] => after.clone(),
            edits => panic!("{edits:?}"),
        }
    };
    assert_eq!(after("2022-01-01", "a=2"), text.replace("{ a = 1 }", "{ a = 2 }"));
    assert_eq!(after("2022-08-31", "a=2"), text.replace("      a = 1", "      a = 2"));
    assert_eq!(after("2022-01-01", ".=false"), text.replace("{ a = 1 }", "false"));
    let more = "    \"2022-08-31\" = {\n      a = 1\n      b = 3\n    }\n";
    assert_eq!(after("2022-08-31", "b=3"), text.replace("    \"2022-08-31\" = {\n      a = 1\n    }\n", more));
}

/// Entries as people write them.
fn entry(index: usize, style: u8) -> String {
    let date = format!("2022-{:02}-{:02}", index / 27 + 1, index % 27 + 1);
    match style % 6 {
        0 => format!("    \"{date}\" = {{\n      a  = 1 # {{\n      bb = \"x.{date}\"\n    }}"),
        1 => format!("    # of {date}\n    \"{date}\" = {{\n      a = [\n        1, # one\n      ]\n    }}"),
        2 => format!("    \"{date}\" = {{ a = 1, \"b c\" = \"${{local.q}}\" }}"),
        3 => format!("    \"{date}\"={{\n\ta=<<-E\n      }}\n      E\n    }}"),
        4 => format!("    /* of\n       {date} */\n    \"{date}\" = {{}}"),
        _ => format!("    (\"{date}\") = {{\n      z = {{\n        y = \"{date}\"\n      }}\n    }}"),
    }
}

proptest! {
    #[test]
    fn added_and_removed_leaves_the_first_bytes(
        styles in prop::collection::vec((any::<u8>(), 0..3_usize, any::<bool>()), 1..6),
        commas in 0..3_u8,
        crlf in any::<bool>(),
        place in 0..3_u8,
        at in any::<prop::sample::Index>(),
    ) {
        let mut body = String::new();
        let last = styles.len() - 1;
        for (index, (style, blank, comma)) in styles.iter().enumerate() {
            body.push_str(&entry(index, *style));
            let comma = match commas { 0 => false, 1 => index < last, _ => *comma && *style % 6 != 3 };
            body.push_str(if comma { ",\n" } else { "\n" });
            if index < last {
                body.push_str(&"\n".repeat(if commas == 2 { *blank } else { 1 }));
            }
        }
        let mut text = locals(&body);
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        let near = namespace(&format!("2022-01-{:02}", at.index(styles.len()) + 1));
        let new = namespace("2023-05-05");
        let (files, rules) = ([SourceFile::new("main.tf", &text)], rules("local.pipelines"));
        let read = MapEntries::read(&files, &rules).expect("a map");
        let addition = Addition {
            namespace: &new,
            origin: Origin::Newest,
            label: None,
            changes: &[],
            place: match place { 0 => Place::End, 1 => Place::After(&near), _ => Place::Before(&near) },
            file: None,
        };
        let Added::New(block) = read.add(&addition).expect("added") else { panic!("it is new") };
        let [Edit::Write { after, .. }] = block.edits.as_slice() else { panic!("one file") };
        let lines = |text: &str| text.split_inclusive('\n').map(|line| line.trim().trim_end_matches(',').to_owned()).collect::<Vec<_>>();
        for line in lines(&text) {
            prop_assert!(lines(after).contains(&line), "{line}");
        }
        // Where each gap is as wide as the others, what was put in is what is taken out.
        if commas != 2 {
            prop_assert_eq!(remove_from(after, "local.pipelines", "2023-05-05"), text);
        }
    }
}

#[test]
fn reads_many_entries_in_one_pass() {
    use std::fmt::Write as _;

    let mut text = "locals {\n  pipelines = {\n".to_owned();
    for index in 0..40_000 {
        writeln!(text, "    \"p-{index}\" = {{ tasks = 1 }}").expect("written");
    }
    text.push_str("  }\n}\n");
    let files = [SourceFile::new("main.tf", text)];
    let rules = MapRules {
        rules: crate::layout::Rules::new(None, "namespace", "p_{namespace}", "main.tf", None).expect("rules"),
        map: "local.pipelines".parse().expect("a name"),
        addresses: Vec::new(),
    };
    let started = std::time::Instant::now();
    let read = MapEntries::read(&files, &rules).expect("HCL");
    assert_eq!(read.estate().pipelines.last().map(|last| last.line), Some(40_002));
    // Each line counted from the start of the file, it takes minutes.
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
}
