//! Who may import whom. docs/architecture.md draws the same arrows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room and the rooms that it may name.
const ARROWS: &[(&str, &[&str])] = &[
    ("main", &[]),
    ("lib", &["cli", "clock", "commands", "context", "environment", "failure", "settings", "ui"]),
    ("cli", &["commands"]),
    (
        "commands",
        &[
            "aws",
            "ci",
            "cli",
            "context",
            "environment",
            "failure",
            "files",
            "git",
            "hcl",
            "layout",
            "operations",
            "pipeline",
            "progress",
            "releases",
            "settings",
            "template",
            "terraform",
            "ui",
        ],
    ),
    (
        "operations",
        &[
            "aws",
            "ci",
            "clock",
            "environment",
            "files",
            "git",
            "hcl",
            "layout",
            "pipeline",
            "progress",
            "releases",
            "settings",
            "terraform",
        ],
    ),
    (
        "context",
        &[
            "aws",
            "ci",
            "clock",
            "environment",
            "failure",
            "files",
            "git",
            "pipeline",
            "progress",
            "releases",
            "settings",
            "terraform",
            "ui",
        ],
    ),
    (
        "failure",
        &[
            "aws",
            "ci",
            "files",
            "git",
            "hcl",
            "layout",
            "operations",
            "pipeline",
            "releases",
            "settings",
            "template",
            "terraform",
        ],
    ),
    ("settings", &["environment", "files", "pipeline"]),
    ("ui", &["pipeline", "progress", "terraform"]),
    // pure rooms
    ("layout", &["hcl", "pipeline", "template"]),
    ("template", &["hcl", "pipeline"]),
    ("hcl", &["pipeline"]),
    ("pipeline", &[]),
    // effects: nouns and progress, never ui, commands, failure
    ("terraform", &["environment", "files", "pipeline", "progress"]),
    ("aws", &["pipeline", "progress"]),
    ("releases", &["aws", "clock", "environment", "files", "pipeline"]),
    ("ci", &["pipeline"]),
    ("git", &["pipeline", "progress"]),
    ("files", &[]),
    ("clock", &[]),
    ("environment", &[]),
    ("progress", &[]),
];

#[test]
fn rooms_name_only_what_the_arrows_allow() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = BTreeSet::new();
    let mut rooms = BTreeSet::new();
    for file in rust_files(&source) {
        let relative = file.strip_prefix(&source).expect("below src");
        let first = relative.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
        let room = first.trim_end_matches(".rs").to_owned();
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == room) else {
            wrong.insert(format!("the room {room} is not in the list of this test"));
            continue;
        };
        rooms.insert(room.clone());
        // Tests may stand on more than the code that they test.
        let name = relative.to_string_lossy();
        if name.contains("/tests/") || name.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&file).expect("readable");
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
        for named in rooms_named_in(&text) {
            if named != room && !allowed.contains(&named.as_str()) {
                wrong.insert(format!("{} names crate::{named}", relative.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(rooms.len() > 15, "the test found the rooms: {rooms:?}");
}

#[test]
fn the_reader_of_imports_sees_them() {
    let text = "use crate::aws::Ecr;\nfn f() { crate::git::Git::new() }\n// crate::ui is only talked about\n/// [`crate::cli`]\n";
    assert_eq!(rooms_named_in(text), ["aws", "git"].map(str::to_owned).into());
    assert_eq!(rooms_named_in("use crate::{aws, git::Git};"), ["aws", "git"].map(str::to_owned).into());
}

fn rooms_named_in(text: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        let names: Vec<&str> = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or_default().split(',').collect(),
            None => vec![rest],
        };
        for name in names {
            let end = name.trim_start().find(|c: char| !c.is_alphanumeric() && c != '_');
            let name = name.trim_start();
            let name = &name[..end.unwrap_or(name.len())];
            if name.chars().next().is_some_and(char::is_lowercase) {
                rooms.insert(name.to_owned());
            }
        }
    }
    rooms
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
