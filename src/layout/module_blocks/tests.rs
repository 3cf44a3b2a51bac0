use proptest::prelude::*;

use super::super::Edit;
use super::*;
use crate::hcl::Change;

const MAIN: &str = "locals {\n  day = \"2022-10-14\"\n}\n\nmodule \"p_2022-08-31\" {\n  source    = \"./stack/\"\n  namespace = \"2022-08-31\"\n}\n\nmodule \"second\" {\n  source    = \"./stack\"\n  namespace = local.day\n}\n\nmodule \"other\" {\n  source = \"./network\"\n}\n";

fn rules() -> Rules {
    Rules::new(Some("./stack"), "namespace", "p_{namespace}", "main.tf", Some(r"\d{4}-\d{2}-\d{2}[\w-]*"))
        .expect("rules")
}

fn name(text: &str) -> Namespace {
    text.parse().expect(text)
}

fn add<'a>(
    files: &[SourceFile],
    namespace: &'a Namespace,
    change: impl FnOnce(&mut Addition<'a>),
) -> Result<Added, LayoutError> {
    let rules = rules();
    let mut addition =
        Addition { namespace, origin: Origin::Newest, label: None, changes: &[], place: Place::End, file: None };
    change(&mut addition);
    ModuleBlocks::read(files, &rules)?.add(&addition)
}

fn new(added: Result<Added, LayoutError>) -> NewBlock {
    match added.expect("added") {
        Added::New(new) => new,
        Added::Exists { pipeline, .. } => panic!("{} exists", pipeline.namespace),
    }
}

#[test]
fn tells_pipelines_from_other_modules() {
    let files = [
        SourceFile::new("main.tf", MAIN),
        SourceFile::new("more.tf", "module \"x\" {\n  source    = \"./stack\"\n  namespace = var.which\n}\n"),
        SourceFile::new("a_override.tf", "module \"second\" {\n  source = \"./stack\"\n}\n"),
        SourceFile::new("j.tf.json", "{\"module\": {\"p_2020-01-01\": [{\"source\": \"./stack\"}]}}"),
    ];
    let rules = rules();
    let blocks = ModuleBlocks::read(&files, &rules).expect("an estate");
    let pipelines: Vec<_> =
        blocks.estate().pipelines.iter().map(|found| (found.namespace.as_str(), found.address(), found.line)).collect();
    assert_eq!(
        pipelines,
        [("2022-08-31", "module.p_2022-08-31".to_owned(), 5), ("2022-10-14", "module.second".to_owned(), 10)]
    );
    let unclear: Vec<_> = blocks.estate().unclear.iter().map(|found| (found.label.as_str(), found.line)).collect();
    assert_eq!(unclear, [("x", 1), ("p_2020-01-01", 1)]);
    assert!(blocks.estate().unclear[0].reason.contains("var"), "{}", blocks.estate().unclear[0].reason);
}

#[test]
fn a_label_counts_where_no_source_contradicts_it() {
    let beside = "module \"p_2023-01-01_monitoring\" {\n  source = \"./monitoring\"\n}\n\nmodule \"p_2023-01-02\" {\n  source = var.x\n}\n";
    let rules = rules();
    let names = |files: &[SourceFile]| {
        let blocks = ModuleBlocks::read(files, &rules).expect("an estate");
        blocks.estate().pipelines.iter().map(|found| found.label.clone()).collect::<Vec<_>>()
    };
    let [file, main] = [SourceFile::new("a.tf", beside), SourceFile::new("main.tf", MAIN)];
    assert_eq!(names(std::slice::from_ref(&file)), ["p_2023-01-01_monitoring", "p_2023-01-02"]);
    assert_eq!(names(&[file.clone(), main.clone()]), ["p_2023-01-02", "p_2022-08-31", "second"]);
    let taken = add(&[file, main], &name("2023-02-01"), |addition| addition.label = Some("p_2023-01-01_monitoring"));
    assert!(matches!(taken, Err(LayoutError::DuplicateLabel { .. })), "{taken:?}");
}

#[test]
fn says_the_file_and_line_of_a_syntax_error() {
    let files = [SourceFile::new("main.tf", "a = 1\n\nmodule \"x\" {\n  b = 1\n")];
    let error = ModuleBlocks::read(&files, &rules()).expect_err("no brace");
    assert_eq!(error.to_string(), "main.tf:3:12: closing brace missing; block or object opened at line 3");
}

fn set(typed: &str) -> Change {
    Change::set(&typed.parse().expect("a set"))
}

#[test]
fn what_is_there_is_not_made_again() {
    let files = [SourceFile::new("main.tf", MAIN)];
    let sets = ["namespace=2022-08-31", "more=1"].map(set);
    let added = add(&files, &name("2022-08-31"), |addition| addition.changes = &sets);
    let Ok(Added::Exists { pipeline, differing }) = added else { panic!("{added:?}") };
    assert_eq!((pipeline.line, differing), (5, vec![set("more=1")]));
}

#[test]
fn a_clone_says_its_own_namespace() {
    let new = new(add(&[SourceFile::new("main.tf", MAIN)], &name("2023-01-01"), |_| {}));
    let [Edit::Write { after, before, .. }] = new.edits.as_slice() else { panic!("one edit") };
    let block = "module \"p_2023-01-01\" {\n  source    = \"./stack\"\n  namespace = \"2023-01-01\"\n}";
    assert_eq!(&after[new.pipeline.span.clone()], block);
    assert_eq!(new.from, Some(name("2022-10-14")));
    assert_eq!(new.notes, ["namespace was local.day, now it is the namespace itself"]);
    assert_eq!((before.as_str(), new.pipeline.line), (MAIN, 15));
    assert_eq!(after.replacen(&format!("{block}\n\n"), "", 1), MAIN);
}

#[test]
fn a_key_that_would_stand_twice_is_refused() {
    let text = "module \"p_2022-08-31\" {\n  source    = \"./stack\"\n  namespace = \"2022-08-31\"\n  sizes = {\n                    \"2022-08-31\" = 1\n    \"2022-10-14\" = 2\n  }\n}\n";
    let files = [SourceFile::new("main.tf", text)];
    let namespace = name("2022-10-14");
    let error = add(&files, &namespace, |_| ()).expect_err("refused");
    assert!(matches!(&error, LayoutError::KeyTwice { what } if what.contains("'2022-10-14'")), "{error}");
    new(add(&files, &name("2022-11-01"), |_| ()));
}

#[test]
fn references_and_sources_stay_and_are_told() {
    let text = "module \"p_2022-08-31\" {\n  source = \"git::x?ref=2022-08-31\"\n  a      = local.of_2022_08_31\n  b      = { of_2022_08_31 = \"${local.x_20220831}-2022-08-31\" }\n}\n";
    let new = new(add(&[SourceFile::new("main.tf", text)], &name("2022-09-01"), |_| {}));
    let [Edit::Write { after, .. }] = new.edits.as_slice() else { panic!("one edit") };
    let wanted = "module \"p_2022-09-01\" {\n  source = \"git::x?ref=2022-08-31\"\n  a      = local.of_2022_08_31\n  b      = { of_2022_09_01 = \"${local.x_20220831}-2022-09-01\" }\n}";
    assert_eq!(&after[new.pipeline.span.clone()], wanted);
    assert_eq!(new.notes.len(), 3, "{:?}", new.notes);
    assert_eq!(new.notes[1], "main.tf:3: 'of_2022_08_31' stays as it is");
}

#[test]
fn a_local_that_meant_the_sibling_is_replaced_and_told() {
    let text = MAIN.replace("= local.day\n", "= local.day\n  index     = \"i-${local.day}\"\n");
    let new = new(add(&[SourceFile::new("main.tf", text)], &name("2023-01-01"), |_| {}));
    let [Edit::Write { after, .. }] = new.edits.as_slice() else { panic!("one edit") };
    assert!(after[new.pipeline.span.clone()].contains("index     = \"i-2023-01-01\"\n"), "{after}");
    assert_eq!(new.notes[1], "local.day is the namespace itself in one other place of the block, too");
}

#[test]
fn an_index_stays_and_is_told() {
    let text = "module \"p_2022-08-31\" {\n  source = \"./stack\"\n  a      = local.x[\"2022-08-31\"].b[\"i-${var.x}-2022-08-31\"]\n  b      = [for x in [\"2022-08-31\"] : x]\n  c      = \"${local.x[\"2022-08-31\"]}-2022-08-31\"\n}\n";
    let new = new(add(&[SourceFile::new("main.tf", text)], &name("2022-09-01"), |_| {}));
    let [Edit::Write { after, .. }] = new.edits.as_slice() else { panic!("one edit") };
    let wanted = text
        .replace("p_2022-08-31", "p_2022-09-01")
        .replace("in [\"2022-08-31", "in [\"2022-09-01")
        .replace("]}-2022-08-31", "]}-2022-09-01");
    assert_eq!(after[new.pipeline.span.clone()], *wanted.trim_end());
    assert_eq!(new.notes.len(), 3, "{:?}", new.notes);
    assert_eq!(new.notes[0], "main.tf:3: '2022-08-31' stays as it is");
}

#[test]
fn errors_of_a_set_say_the_line_in_the_file() {
    let text = MAIN.replace("= local.day\n", "= local.day\n  list      = [1]\n");
    let files = [SourceFile::new("main.tf", text)];
    let error = |sets: &[&str], origin: &str| {
        let sets: Vec<Change> = sets.iter().map(|typed| set(typed)).collect();
        let (old, namespace) = (name("2022-10-14"), name("2023-01-01"));
        let rules = rules();
        let origin =
            if origin.is_empty() { Origin::Sibling(&old) } else { Origin::Template { name: "t.tf", text: origin } };
        let place = Place::End;
        let addition = Addition { namespace: &namespace, origin, label: None, changes: &sets, place, file: None };
        ModuleBlocks::read(&files, &rules).expect("an estate").add(&addition).expect_err("no object").to_string()
    };
    let wrong = "'list.a' cannot be changed: 'list' is [1], not an object";
    assert_eq!(error(&["list.a=1"], ""), format!("main.tf:13:15: {wrong}"));
    assert_eq!(error(&["x=1", "list.a=1"], ""), format!("main.tf:13:15: {wrong}"));
    let new = "in the new block 'x.y' cannot be changed: 'x' is 1, not an object";
    assert_eq!(error(&["x=1", "x.y=1"], ""), new);
    let sets = [set("list.a=1")];
    let exists = add(&files, &name("2022-10-14"), |addition| addition.changes = &sets).expect_err("no object");
    assert_eq!(exists.to_string(), format!("main.tf:13:15: {wrong}"));
    let template = "\n\nmodule \"{{label}}\" {\n  source = \"./stack\"\n  list = [1]\n}\n";
    assert_eq!(error(&["list.a=1"], template), format!("t.tf:5:12: {wrong}"));
}

fn error<'a>(namespace: &'a Namespace, change: impl FnOnce(&mut Addition<'a>)) -> String {
    add(&[SourceFile::new("main.tf", MAIN)], namespace, change).expect_err("refused").to_string()
}

#[test]
fn refuses() {
    let files = [SourceFile::new("main.tf", MAIN)];
    let (missing, second) = (name("2020-01-01"), name("2022-10-14"));
    assert_eq!(
        error(&name("2023-01-01"), |addition| addition.label = Some("other")),
        "the label 'other' is taken: main.tf:15"
    );
    assert!(error(&name("2023-01-01"), |addition| addition.label = Some("2023")).contains("must begin with a letter"));
    assert!(error(&name("spring"), |_| {}).contains("namespace_pattern"));
    let unknown = error(&name("2023-01-01"), |addition| addition.origin = Origin::Sibling(&missing));
    assert_eq!(unknown, "there is no pipeline 2020-01-01 (there are 2022-10-14, 2022-08-31)");
    assert!(error(&name("2023-01-01"), |addition| addition.place = Place::After(&missing)).contains("2020-01-01"));
    assert!(error(&name("2023-01-01"), |addition| addition.file = Some("x.tf.json")).contains("JSON"));
    let sets = [set("namespace=2020-01-01")];
    let contradiction = add(&files, &name("2023-01-01"), |addition| addition.changes = &sets).expect_err("refused");
    assert!(matches!(contradiction, LayoutError::NotRecognised { .. }), "{contradiction}");
    let template = |text| Origin::Template { name: "t.tf", text };
    assert!(error(&name("2023-01-01"), |addition| addition.origin = template("a = 1\n")).contains("one module block"));
    assert!(
        error(&name("2023-01-01"), |addition| addition.origin = template("module \"a\" {\n  b = = 1\n}\n"))
            .starts_with("t.tf:2:")
    );
    assert!(
        error(&name("2023-01-01"), |addition| addition.origin = template("module \"{{lable}}\" {}\n"))
            .contains("line 1")
    );
    assert_eq!(
        add(&[], &name("2023-01-01"), |addition| addition.place = Place::Before(&second)).expect_err("none"),
        LayoutError::NoSibling
    );
}

#[test]
fn makes_the_file_when_it_is_not_there() {
    let template = "module \"{{label}}\" {\r\n  source    = \"./stack\"\r\n  namespace = \"{{namespace}}\"\r\n}\r\n";
    let new =
        new(add(&[], &name("2023-01-01"), |addition| addition.origin = Origin::Template { name: "t", text: template }));
    let text =
        template.replace("\r\n", "\n").replace("{{label}}", "p_2023-01-01").replace("{{namespace}}", "2023-01-01");
    assert_eq!(new.edits, [Edit::Create { path: "main.tf".to_owned(), bytes: text.into_bytes(), mode: 0o644 }]);
}

fn removed(text: &str, namespace: &str) -> Option<String> {
    let files = [SourceFile::new("main.tf", text)];
    let rules = rules();
    let edits = ModuleBlocks::read(&files, &rules).expect("an estate").remove(&name(namespace)).expect("removed");
    match edits.as_slice() {
        [Edit::Write { path, before, after }] if path == "main.tf" && before == text => Some(after.clone()),
        [Edit::Delete { path, before }] if path == "main.tf" && before == text.as_bytes() => None,
        other => panic!("{other:?}"),
    }
}

fn block(date: &str) -> String {
    format!("module \"p_{date}\" {{\n  source    = \"./stack\"\n  namespace = \"{date}\"\n}}\n")
}

#[test]
fn a_removed_block_takes_what_belongs_to_it() {
    let (first, second, third) = (block("2022-08-31"), block("2022-10-14"), block("2023-01-01"));
    let other = "locals {\n  a = 1\n}\n";
    for (above, below) in [
        (String::new(), format!("\n{third}")),
        (format!("{first}\n"), String::new()),
        (format!("{first}\n"), format!("\n{third}")),
        (format!("{other}\n\n\n"), format!("\n{third}")),
        (format!("{first}\n"), format!("\n\n\n# The rest\n\n{other}")),
        (format!("{first}\n# apart\n\n"), format!("\n{third}")),
        ("# One block for each pipeline.\n\n".to_owned(), format!("\n{third}")),
        (format!("{other}\n"), other.to_owned()),
        (other.to_owned(), format!("\n{other}")),
        (first.clone(), third.clone()),
    ] {
        for own in [second.clone(), format!("# It is filled.\n// See the wiki.\n{}# so far\n", second.trim_end())] {
            let text = format!("{above}{own}{below}");
            let left = removed(&text, "2022-10-14").expect("more is there");
            let (top, bottom) = (above.trim_end(), below.trim_start());
            assert!(left.starts_with(top) && left.ends_with(bottom.trim_end_matches('x')), "{text}\n---\n{left}");
            let gaps = [&above[top.len()..], &below[..below.len() - bottom.len()]].map(|gap| gap.matches('\n').count());
            let between = left[top.len()..left.len() - bottom.len()].matches('\n').count();
            let wanted = match (top.is_empty(), bottom.is_empty()) {
                (true, _) => 0,
                (_, true) => 1,
                _ => gaps[0].max(gaps[1] + 1),
            };
            assert_eq!(between, wanted, "{text}\n---\n{left}");
        }
    }
    assert_eq!(removed(&second, "2022-10-14"), None);
    assert_eq!(removed(&format!("\u{feff}# x\r\n{}", second.replace('\n', "\r\n")), "2022-10-14"), None);
    let ruled = format!("{first}\n# ---- 2022-10-14 ----\n\n{second}\n# ---- 2023-01-01 ----\n\n{third}");
    assert_eq!(
        removed(&ruled, "2022-10-14").expect("more is there"),
        format!("{first}\n# ---- 2023-01-01 ----\n\n{third}")
    );
    let cut = format!("{first}\n{}", second.trim_end());
    assert_eq!(removed(&cut, "2022-10-14").as_deref(), Some(first.trim_end()));
}

/// What stands around pipelines in a file.
fn neighbour() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("locals {\n  twice = { a = 1, a = 2 }\n}\n"),
        Just("# a comment with { and \"\n"),
        Just("/* two\n   lines */\n"),
        Just("\n"),
        Just("\n\n"),
        Just("output \"x\" {\n  value = <<-E\n    module \"p_2022-08-31\" {\n  E\n}\n"),
        Just("  module \"other\" { source = \"./x\" } # 2022-08-31\n"),
    ]
}

proptest! {
    #[test]
    fn a_clone_touches_nothing_else(
        above in prop::collection::vec(neighbour(), 0..5),
        between in prop::collection::vec(neighbour(), 0..4),
        below in prop::collection::vec(neighbour(), 0..4),
        crlf in any::<bool>(),
        mark in any::<bool>(),
        cut in any::<bool>(),
        namespace in prop_oneof![Just("2022-08-30"), Just("2022-10-14-2"), Just("2023-01-01-shadow")],
        place in 0..3_usize,
    ) {
        let sibling = |date: &str| format!("# of {date}\nmodule \"p_{date}\" {{\n  source    = \"./stack\"\n  namespace = \"{date}\" # x\n}}\n");
        let mut text = format!(
            "{}\n{}{}\n{}{}",
            above.concat(),
            sibling("2022-08-31"),
            between.concat(),
            sibling("2022-10-14"),
            below.concat()
        );
        if cut {
            text.truncate(text.trim_end().len());
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        if mark {
            text.insert(0, '\u{feff}');
        }
        let first = name("2022-08-31");
        let new = new(add(&[SourceFile::new("main.tf", text.as_str())], &name(namespace), |addition| {
            addition.origin = Origin::Sibling(&first);
            addition.place = [Place::End, Place::After(&first), Place::Before(&first)][place];
        }));
        let [Edit::Write { before, after, .. }] = new.edits.as_slice() else { panic!("one edit") };
        prop_assert_eq!(before, &text);
        let ends = if crlf { "\r\n" } else { "\n" };
        let block = sibling(namespace).trim_end().replace('\n', ends);
        let start = after.find(&block).expect("the new block");
        let start_of_block = new.pipeline.span.start;
        prop_assert!(start < start_of_block && start_of_block < start + block.len());
        let rest = format!("{}{}", &after[..start], &after[start + block.len()..]);
        // Nothing but ends of lines parts the block from its neighbours.
        prop_assert_eq!(rest.replace(['\r', '\n'], ""), text.replace(['\r', '\n'], ""));
        prop_assert_eq!(after.ends_with(ends), text.ends_with(ends));
        prop_assert!(!crlf || after.matches('\n').count() == after.matches("\r\n").count());
        if place < 2 {
            prop_assert_eq!(removed(after, namespace), Some(text));
        }
    }
}
