//! `new --edit-only` on the estates of `tests/fixtures/new`: `in` and the command make `out`, byte for byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Run;

#[test]
fn each_fixture_comes_out_as_it_should() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/new");
    let mut names: Vec<PathBuf> =
        fs::read_dir(&fixtures).expect("fixtures").map(|it| it.expect("one").path()).collect();
    names.sort();
    assert!(names.len() > 20, "the fixtures were found: {names:?}");
    let mut wrong = Vec::new();
    for fixture in names {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, content) in files(&fixture.join("in")) {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, content).expect("written");
        }
        let command = fs::read_to_string(fixture.join("command")).expect("a command");
        let run = without_anything(folder.path(), &words(&command));
        if files(folder.path()) != files(&fixture.join("out")) {
            wrong.push(format!("{}: exit code {}\n{}{}", fixture.display(), run.code, run.out, run.err));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs the program where there is neither AWS nor terraform nor git, nor anything else.
pub fn without_anything(folder: &Path, arguments: &[String]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipelinectl"));
    command.args(arguments).current_dir(folder).env_clear().env("PATH", "");
    command.stdin(std::process::Stdio::null()).output().expect("the program starts").into()
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let content = fs::read(&path).expect("readable");
                found.insert(path.strip_prefix(folder).expect("below it").to_owned(), content);
            }
        }
    }
    found
}

/// The words of a command line; single quotes keep what is between them together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.trim().chars() {
        match character {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().expect("there is one").push(other),
        }
    }
    words
}
