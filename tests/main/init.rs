//! `pipelinectl init`

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::Run;

/// Nothing but the program and the files.
fn program(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipelinectl"));
    command.args(arguments).current_dir(folder).env_clear().env("HOME", folder).stdin(Stdio::null());
    command.output().expect("it runs").into()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        let found = fs::symlink_metadata(&path).expect("there");
        if found.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&path).expect("a link"), target).expect("a link");
        } else if found.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, target).expect("copied");
        }
    }
}

fn fixtures(command: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(command);
    let mut cases: Vec<_> = fs::read_dir(folder).expect("a folder").map(|it| it.expect("an entry").path()).collect();
    cases.sort();
    cases
}

fn estate(command: &str, case: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(command).join(case).join("in");
    copy(&from, folder.path());
    folder
}

fn namespaces(folder: &Path) -> Vec<String> {
    let run = program(folder, &["list", "--format", "json"]);
    if run.code != 0 {
        return Vec::new();
    }
    let report = run.json();
    let rows = report["pipelines"].as_array().expect("rows");
    rows.iter().map(|row| row["namespace"].as_str().expect("text").to_owned()).collect()
}

/// The estates that the edits are tested with have all layouts: without their configuration, the same pipelines are found.
#[test]
fn what_it_writes_finds_the_pipelines_that_are_there() {
    let mut known = 0;
    for case in fixtures("new") {
        let name = case.file_name().expect("a name").to_string_lossy().into_owned();
        let folder = estate("new", &name);
        let configured = namespaces(folder.path());
        let toml = fs::read_to_string(folder.path().join("pipelinectl.toml")).expect("readable");
        fs::remove_file(folder.path().join("pipelinectl.toml")).expect("removed");
        let written = program(folder.path(), &["init", "--yes"]);
        // Pipelines are told by dates: a name that is a word may be anything.
        let has_date = configured.iter().any(|namespace| namespace.starts_with("20"));
        if !has_date {
            assert!(matches!(written.code, 0 | 1), "{name}: {}", written.err);
            continue;
        }
        assert_eq!(written.code, 0, "{name}: {}", written.err);
        if matches!(name.as_str(), "map_of_a_module" | "map_key_is_a_local") {
            // The module that gets the map has a date of its own: its block is the likelier pipeline, and the map is told.
            assert!(written.out.contains("unsure: in infrastructure there are entries of a map"), "{name}");
            continue;
        }
        assert_eq!(namespaces(folder.path()), configured, "{name}");
        let layout = |text: &str| ["map-entries", "directories"].into_iter().find(|layout| text.contains(layout));
        let found = fs::read_to_string(folder.path().join("pipelinectl.toml")).expect("readable");
        assert_eq!(layout(&found), layout(&toml), "{name}");
        known += 1;
    }
    assert!(known >= 40, "the cases were found: {known}");
}

#[test]
fn a_file_that_says_something_else_is_refused() {
    let folder = estate("init", "map_entries");
    let path = folder.path().join("pipelinectl.toml");
    fs::write(&path, "[project]\nname = \"mine\"\n").expect("writable");
    let refused = program(folder.path(), &["init", "--yes"]).ends_with(3);
    insta::assert_snapshot!(refused.err, @r"
    Reading the repository …
    error: there is a pipelinectl.toml already, and it says something else
    hint: change it by hand, or move it away and run 'pipelinectl init' again
    ");
    assert_eq!(fs::read_to_string(&path).expect("readable"), "[project]\nname = \"mine\"\n");
    fs::remove_file(&path).expect("removed");
    program(folder.path(), &["init", "--yes"]).ends_with(0).says("Wrote pipelinectl.toml.");
    program(folder.path(), &["init", "--yes"]).ends_with(0).says("Nothing to do");
}

#[test]
fn it_writes_nothing_unasked() {
    let folder = estate("init", "directories");
    program(folder.path(), &["init"]).ends_with(1).says("nobody is there to say yes; nothing was written");
    program(folder.path(), &["init", "--dry-run"]).ends_with(0).says("layout = \"directories\"").says("Dry run");
    assert!(!folder.path().join("pipelinectl.toml").exists());
    let report = program(folder.path(), &["init", "--dry-run", "--format", "json"]).ends_with(0).json();
    assert_eq!(report["written"], false);
    assert_eq!(report["pipelines"], serde_json::json!(["2025-10-02", "2024-11-05"]));
    let expected = fixtures("init").into_iter().find(|case| case.ends_with("directories")).expect("the case");
    let expected = fs::read_to_string(expected.join("out/pipelinectl.toml")).expect("readable");
    assert_eq!(report["text"], expected);
    assert_eq!(report["unsure"].as_array().map(Vec::len), Some(expected.matches("unsure: ").count()));
}

#[test]
fn a_repository_without_pipelines_says_what_they_are_told_by() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("main.tf"), "module \"x\" {\n  source = \"./x\"\n}\n").expect("writable");
    let nothing = program(folder.path(), &["init", "--yes"]).ends_with(1);
    insta::assert_snapshot!(nothing.err.replace(&folder.path().display().to_string(), "[FOLDER]"), @r"
    Reading the repository …
    error: nothing in the Terraform files below [FOLDER] looks like pipelines
    hint: they are told by a date in the label or in an argument of a module, in the key of a map, or in a folder's name
    hint: write pipelinectl.toml by hand: the README shows one
    ");
}
