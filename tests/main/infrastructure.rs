//! The repository's own `infrastructure/` and `templates/`: formatted, valid, tested with a mock of the provider.

use std::fs;
use std::path::Path;
use std::process::Command;

use sandbox::Terraform;

use crate::support::Run;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        // What terraform leaves where somebody ran it by hand.
        if name.starts_with(".terraform") || name.contains("tfstate") {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).expect("copied");
        }
    }
}

fn copied() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["infrastructure", "templates"] {
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(name), &folder.path().join(name));
    }
    folder
}

#[track_caller]
fn terraform(folder: &Path, arguments: &[&str]) -> Run {
    let mut command: Command = Terraform::find().expect("terraform").command(folder);
    Run::from(command.args(arguments).arg("-no-color").output().expect("terraform runs")).ends_with(0)
}

#[test]
fn it_is_formatted() {
    let folder = copied();
    for name in ["infrastructure", "templates"] {
        let mut command = Terraform::find().expect("terraform").command(&folder.path().join(name));
        let run = Run::from(command.args(["fmt", "-check", "-recursive", "-diff"]).output().expect("terraform runs"));
        assert_eq!((run.code, run.out.as_str()), (0, ""), "{name}: {}", run.err);
    }
}

/// Loading the provider is what takes the time: the two parts are tested side by side.
fn is_valid_and_passes_its_own_tests(part: &str) {
    let folder = copied();
    let part = folder.path().join(part);
    terraform(&part, &["init", "-backend=false", "-input=false"]);
    terraform(&part, &["validate"]);
    let tested = terraform(&part, &["test"]);
    let passed = tested.out.lines().find(|line| line.starts_with("Success!")).unwrap_or_default();
    assert!(passed.contains(" 0 failed") && !passed.contains(" 0 passed"), "{}", tested.out);
}

#[test]
fn the_root_is_valid_and_its_own_tests_pass() {
    is_valid_and_passes_its_own_tests("infrastructure");
}

#[test]
fn the_stack_is_valid_and_its_own_tests_pass() {
    is_valid_and_passes_its_own_tests("infrastructure/stack");
}
