//! `pipelinectl completions` and `pipelinectl man`

use std::fs;
use std::process::{Command, Stdio};

use sandbox::Estate;

use crate::support::{Run, program, run, run_in};

const COMMANDS: [&str; 9] = ["apply", "check", "completions", "doctor", "list", "man", "new", "plan", "tag"];

fn estate() -> Estate {
    Estate::small().pipelines(&["2022-08-31", "2022-10-01", "2021-02-01"]).build().expect("an estate")
}

/// What the program answers when bash asks it to complete the last word.
fn completed(estate: &Estate, words: &[&str]) -> Vec<String> {
    let mut command = program(estate, &[]);
    command.env("COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", words.len().to_string()).env("_CLAP_IFS", "\n");
    command.args(["--", "pipelinectl"]).args(words);
    let run = Run::from(command.output().expect("it runs")).ends_with(0);
    assert!(run.err.is_empty(), "{}", run.err);
    run.out.lines().map(str::to_owned).collect()
}

#[test]
fn each_shell_gets_a_script() {
    let folder = tempfile::tempdir().expect("a folder");
    for (shell, word) in [
        ("bash", "complete "),
        ("zsh", "compdef"),
        ("fish", "complete "),
        ("elvish", "edit:completion"),
        ("powershell", "Register-"),
    ] {
        let script = run_in(folder.path(), &["completions", shell]).ends_with(0);
        assert!(script.out.contains(word) && script.out.contains("COMPLETE"), "{shell}: {}", script.out);
        assert!(!script.out.contains("target/"), "it names the program, not where it was built: {}", script.out);
        assert!(script.err.is_empty(), "{}", script.err);
    }
    run_in(folder.path(), &["completions", "tcsh"]).ends_with(64).says("bash");
    run_in(folder.path(), &["completions"]).ends_with(64).says("Usage:");
}

#[test]
fn bash_understands_its_script() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = run_in(folder.path(), &["completions", "bash"]).ends_with(0).out;
    fs::write(folder.path().join("script"), script).expect("writable");
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-n", "script"]).current_dir(folder.path()).stdin(Stdio::null());
    let checked = Run::from(bash.output().expect("bash runs")).ends_with(0);
    assert!(checked.err.is_empty(), "{}", checked.err);
}

#[test]
fn commands_and_flags_are_completed() {
    let estate = estate();
    let all = completed(&estate, &[""]);
    for command in COMMANDS {
        assert!(all.iter().any(|word| word == command), "{command} in {all:?}");
    }
    assert_eq!(completed(&estate, &["pl"]), ["plan"]);
    assert_eq!(completed(&estate, &["new", "--edit"]), ["--edit-only"]);
    let formats = completed(&estate, &["list", "--format", ""]);
    assert_eq!(formats, ["text", "json"]);
}

#[test]
fn namespaces_of_the_estate_are_completed_newest_first() {
    let estate = estate();
    assert_eq!(completed(&estate, &["plan", "2"]), ["2022-10-01", "2022-08-31", "2021-02-01"]);
    assert_eq!(completed(&estate, &["tag", "2022-1"]), ["2022-10-01"]);
    assert_eq!(completed(&estate, &["plan", "li"]), ["live"]);
    assert_eq!(completed(&estate, &["new", "2022-10-14", "--from", "2021"]), ["2021-02-01"]);
    assert_eq!(completed(&estate, &["new", "2022-10-14", "--after", "2022-0"]), ["2022-08-31"]);
}

#[test]
fn where_the_estate_is_broken_nothing_is_offered_and_nothing_is_said() {
    let estate = estate();
    estate.write("infrastructure/main.tf", "module {{{\n").expect("writable");
    assert_eq!(completed(&estate, &["plan", "2"]), Vec::<String>::new());
    estate.write("pipelinectl.toml", "[[[\n").expect("writable");
    assert_eq!(completed(&estate, &["plan", "2"]), Vec::<String>::new());
    assert_eq!(completed(&estate, &["pl"]), ["plan"]);
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let estate = estate();
    let page = run(&estate, &["man"]).ends_with(0).out;
    assert!(page.contains(".TH pipelinectl 1") && page.contains(".SH SYNOPSIS"), "{page}");
    for command in COMMANDS {
        assert!(page.contains(command), "{command} in {page}");
        let page = run(&estate, &["man", command]).ends_with(0).out;
        assert!(page.contains(".SH SYNOPSIS") && page.contains("Example:") && page.contains(command), "{page}");
        assert!(!page.contains('\u{1b}'), "no colour: {page}");
    }
    run(&estate, &["man", "nothing"]).ends_with(64).says("there is no command 'nothing'");
}
