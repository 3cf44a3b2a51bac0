//! The file that names the live pipeline: only the name changes, and it changes back.

use super::source::{Source, any_text};
use crate::ci::live_pointer::{Locator, Problem, find, set};

const YAML: [&str; 22] = [
    "env:\n",
    "  LIVE: ",
    "    LIVE: ",
    "2022-08-31",
    "\"2022-08-31\"",
    "'2022-08-31'",
    "# LIVE: x\n",
    "\n",
    "steps:\n",
    "  - label: \"a: b\"\n",
    "    command: |\n      echo LIVE: 1\n",
    "key: &a x\n",
    "<<: *a\n",
    "{ LIVE: 1 }",
    "  ",
    ": ",
    " # live\n",
    "- ",
    ">-\n",
    "\"",
    "'",
    "---\n",
];

/// Changes the name in a generated file and back.
pub fn live(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let names = ["2022-10-14", "2022-08-31-2", "blue", "2022-08-31", "1e3", "20221014", "null"];
    let name = source.one_of(&names);
    let (text, locator) = if source.once_in(3) {
        let mut text = if source.once_in(2) { any_text(&mut source) } else { String::new() };
        text.push_str("\nval pipelineDate = \"2023-06-09\" // live\n");
        text.push_str(source.one_of(&["", "// pipelineDate\n", "val pipelineDate = \"x\"\n"]));
        let pattern = source.one_of(&["val pipelineDate = \"(.*)\"", "pipelineDate = \"([0-9-]+)\"", "= (.*)$"]);
        (text, Locator::Pattern(regex_lite::Regex::new(pattern).expect("a pattern")))
    } else {
        let mut text = String::new();
        for _ in 0..source.below(4) {
            text.push_str(source.one_of(&["# build\n", "steps: []\n", "x:\n  - y: 1\n", "\n", "a: \"é # b\"\n"]));
        }
        if !source.once_in(8) {
            text.push_str(source.one_of(&["env:\n  ", "env: # all\n\n    ", "\"env\":\n  OTHER: 1\n  "]));
            text.push_str(source.one_of(&["LIVE: ", "LIVE:   ", "'LIVE': "]));
            text.push_str(source.one_of(&[
                "2022-08-31",
                "\"2022-08-31\"",
                "'2022-08-31'",
                "!!str 2022-08-31",
                "&x blue",
            ]));
            text.push_str(source.one_of(&["\n", " # live\n", "", "\n\n  # end\n"]));
        }
        let rest = if source.once_in(2) { source.below(12) } else { 0 };
        for _ in 0..rest {
            text.push_str(source.one_of(&YAML));
        }
        (text, Locator::Keys(vec!["env".to_owned(), "LIVE".to_owned()]))
    };
    let text = if source.once_in(4) { text.replace('\n', "\r\n") } else { text };
    let text = if source.once_in(8) { format!("\u{feff}{text}") } else { text };
    let Ok(found) = find("x", &text, &locator) else { return };
    assert!(text.get(found.span.clone()).is_some(), "{text}");
    let after = match set("x", &text, &locator, name) {
        Ok(after) => after,
        Err(error) if matches!(error.problem, Problem::NotAsMeant { .. }) => return,
        Err(error) => panic!("it was found, but: {error}\n{text}"),
    };
    assert!(
        after.starts_with(&text[..found.span.start]) && after.ends_with(&text[found.span.end..]),
        "{text}\n---\n{after}"
    );
    let now = find("x", &after, &locator).unwrap_or_else(|error| panic!("{error}\n{text}\n---\n{after}"));
    assert_eq!(now.value, name, "{text}\n---\n{after}");
    assert_eq!(set("x", &after, &locator, name).expect("nothing to do"), after);
    if !found.value.chars().all(|it| it.is_ascii_alphanumeric() || it == '-') {
        return;
    }
    // Quotes that were put around a bare value stay.
    let back = set("x", &after, &locator, &found.value).unwrap_or_else(|error| panic!("back: {error}\n{after}"));
    let was = &text[found.span.clone()];
    let (start, end) = (&text[..found.span.start], &text[found.span.end..]);
    assert!(back.starts_with(start) && back.ends_with(end), "{text}\n---\n{back}");
    if was.starts_with(['"', '\'']) && !was.contains('\\') || matches!(locator, Locator::Pattern(_)) {
        assert_eq!(back, text, "back gives other bytes");
    }
}
