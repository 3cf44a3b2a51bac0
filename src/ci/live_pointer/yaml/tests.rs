use super::super::{Locator, Problem, find, set};

const NEW: &str = "2022-10-14";

fn locator(path: &str) -> Locator {
    Locator::Keys(path.split('.').map(str::to_owned).collect())
}

fn changed(yaml: &str) -> Result<String, Problem> {
    set("pipeline.yml", yaml, &locator("env.LIVE_PIPELINE"), NEW).map_err(|error| error.problem)
}

/// Fails unless exactly `before` becomes `after`, wherever the file ends and however its lines do.
#[track_caller]
fn becomes(before: &str, after: &str) {
    let around = |value: &str| {
        format!(
            "# LIVE_PIPELINE: no\n\nenv:\n  OTHER: \"LIVE_PIPELINE: x\"   # odd\n\n  LIVE_PIPELINE:   {value}\n  \
             LAST: 1\nsteps:\n  - label: 'é'\n    env:\n      LIVE_PIPELINE: wrong\n    command: |\n      env:\n        \
             LIVE_PIPELINE: wrong\n"
        )
    };
    for bom in ["", "\u{feff}"] {
        for (from, to) in [("\n", "\n"), ("\n", "\r\n")] {
            let file = |value: &str| format!("{bom}{}", around(value)).replace(from, to);
            assert_eq!(changed(&file(before)).as_deref(), Ok(file(after).as_str()));
            let at_the_end = |value: &str| format!("{bom}env:{to}  LIVE_PIPELINE: {value}");
            assert_eq!(changed(&at_the_end(before)).as_deref(), Ok(at_the_end(after).as_str()));
        }
    }
}

#[test]
fn quotes_and_comments_stay_and_a_bare_date_gets_quotes() {
    becomes("'it''s' # '", "'2022-10-14' # '");
    becomes("\"a\\\"b\" # \"", "\"2022-10-14\" # \"");
    becomes("\"2022-08-31\"", "\"2022-10-14\"");
    becomes("'2022-08-31'", "'2022-10-14'");
    becomes("2022-08-31", "\"2022-10-14\"");
    becomes("2022-08-31  # live since August", "\"2022-10-14\"  # live since August");
    becomes("'2022-08-31'\t# live", "'2022-10-14'\t# live");
    becomes("none", "\"2022-10-14\"");
    becomes("\"\"", "\"2022-10-14\"");
}

#[test]
fn a_bare_word_stays_bare_where_it_is_only_a_word() {
    let yaml = "env:\n  LIVE_PIPELINE: 2022-08-31 # x\n";
    let to = |value: &str| set("a.yml", yaml, &locator("env.LIVE_PIPELINE"), value).expect("set");
    assert_eq!(to("blue"), "env:\n  LIVE_PIPELINE: blue # x\n");
    for value in ["yes", "Off", "null", "20220831", "1e5", "0x1F", "2022-08-31-2"] {
        assert_eq!(to(value), format!("env:\n  LIVE_PIPELINE: \"{value}\" # x\n"));
    }
}

#[test]
fn the_same_value_changes_nothing_not_even_the_quotes() {
    let yaml = "env:\n  LIVE_PIPELINE: 2022-10-14";
    assert_eq!(changed(yaml).as_deref(), Ok(yaml));
}

#[test]
fn it_is_not_confused_by_the_same_key_elsewhere() {
    let yaml = "steps:\n  - env:\n      LIVE_PIPELINE: wrong\nother:\n  env:\n    LIVE_PIPELINE: wrong\nenv:\n  deep:\n    \
                LIVE_PIPELINE: wrong\n  LIVE_PIPELINE: right\n";
    assert_eq!(find("a.yml", yaml, &locator("env.LIVE_PIPELINE")).expect("found").value, "right");
    let block = "text: |\n  env:\n    LIVE_PIPELINE: wrong\n\"env\":\n    'LIVE_PIPELINE' : right\n";
    assert_eq!(find("a.yml", block, &locator("env.LIVE_PIPELINE")).expect("found").value, "right");
    let quoted = "text: \"\n  env:\n    LIVE_PIPELINE: wrong\"\nenv:\n  LIVE_PIPELINE: right\n";
    assert_eq!(find("a.yml", quoted, &locator("env.LIVE_PIPELINE")).expect("found").value, "right");
}

#[test]
fn what_cannot_be_changed_safely_is_refused_with_its_place() {
    let refused = |yaml: &str| {
        let error = set("a.yml", yaml, &locator("env.LIVE_PIPELINE"), NEW).expect_err("refused");
        error.to_string()
    };
    let cases = [
        (
            "env: { LIVE_PIPELINE: x }\n",
            "a.yml:1:6: 'env' is a mapping in braces; only mappings with a key a line are read",
        ),
        (
            "{ env: { LIVE_PIPELINE: x } }\n",
            "a.yml:1:1: 'the document' is a mapping in braces; only mappings with a key a line are read",
        ),
        ("env:\n  - LIVE_PIPELINE: x\n", "a.yml:2:3: 'env' is a list; only mappings with a key a line are read"),
        (
            "e: &e\n  LIVE_PIPELINE: x\nenv: *e\n",
            "a.yml:3:6: 'env' is an alias of another value; only mappings with a key a line are read",
        ),
        ("env: x\n", "a.yml:1:6: 'env' is a value; only mappings with a key a line are read"),
        (
            "env:\n  LIVE_PIPELINE: &live x\n",
            "a.yml:2:18: the value of 'env.LIVE_PIPELINE' is anchored for use in other places, not one word",
        ),
        (
            "env:\n  LIVE_PIPELINE: !!str x\n",
            "a.yml:2:18: the value of 'env.LIVE_PIPELINE' is tagged with a type, not one word",
        ),
        (
            "env:\n  LIVE_PIPELINE: |\n    x\n",
            "a.yml:2:3: the value of 'env.LIVE_PIPELINE' is a block of lines, not one word",
        ),
        (
            "env:\n  LIVE_PIPELINE: a\n    b\n",
            "a.yml:2:18: the value of 'env.LIVE_PIPELINE' is written on several lines, not one word",
        ),
        (
            "env:\n  LIVE_PIPELINE: 'a\n    b'\n",
            "a.yml:2:18: the value of 'env.LIVE_PIPELINE' is written on several lines, not one word",
        ),
        ("env:\n  LIVE_PIPELINE: [x]\n", "a.yml:2:18: the value of 'env.LIVE_PIPELINE' is a list, not one word"),
        ("env:\n  LIVE_PIPELINE: a\n  LIVE_PIPELINE: b\n", "a.yml:3:3: 'env.LIVE_PIPELINE' stands there a second time"),
        ("env:\n  LIVE_PIPELINE: a\nenv:\n  X: b\n", "a.yml:3:1: 'env' stands there a second time"),
        (
            "---\nenv:\n  LIVE_PIPELINE: a\n---\nenv:\n  LIVE_PIPELINE: b\n",
            "a.yml:6:18: 'env.LIVE_PIPELINE' stands there a second time",
        ),
        ("env:\n  X: 1\n", "a.yml:2:3: there is no 'env.LIVE_PIPELINE' in it"),
        ("steps: []\n", "a.yml:1:1: there is no 'env' in it"),
        ("- a\n", "a.yml:1:1: there is no 'env' in it"),
        ("", "a.yml:1:1: there is no 'env.LIVE_PIPELINE' in it"),
        ("# only a comment\n", "a.yml:1:1: there is no 'env.LIVE_PIPELINE' in it"),
    ];
    for (yaml, expected) in cases {
        assert_eq!(refused(yaml), expected, "{yaml}");
    }
    assert!(refused("env:\n  LIVE_PIPELINE:\n").contains("is empty, not one word"));
    assert!(
        refused("env:\n\tLIVE_PIPELINE: x\n").contains("this is no YAML"),
        "{}",
        refused("env:\n\tLIVE_PIPELINE: x\n")
    );
    assert!(refused("env: \"open\n").starts_with("a.yml:"));
}

#[test]
fn other_documents_and_anchors_are_left_alone() {
    let yaml = "%YAML 1.2\n---\ncommon: &common\n  x: 1\n...\n---\nenv: &env\n  <<: {a: b}\n  LIVE_PIPELINE: 'a' # é\nsteps:\n  - env: *env\n";
    assert_eq!(changed(yaml).as_deref(), Ok(yaml.replace("'a'", "'2022-10-14'").as_str()));
}
