//! What else belongs to a pipeline's folder, and when it goes.

use std::fs;

use serde_json::Value;

use super::directories::{estate, live};
use super::{LIVE, NEW};
use crate::support::run;

#[test]
fn a_retire_that_was_stopped_at_its_end_is_completed() {
    let estate = live();
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    run(&estate, &["retire", NEW, "--confirm", NEW]).ends_with(0);
    let account = estate.aws().expect("an account").account_id().to_owned();
    let records = estate.home().join(format!("state/pipelinectl/concepts-{account}/{NEW}"));
    let mut paths: Vec<_> =
        fs::read_dir(records.join("releases")).expect("records").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let last = paths.last().expect("a record");
    let mut record: Value = serde_json::from_str(&fs::read_to_string(last).expect("readable")).expect("JSON");
    assert_eq!(record["command"], "retire");
    record["finished"] = Value::Null;
    record["outcome"] = Value::Null;
    let unfinished = records.join("unfinished.json");
    fs::write(&unfinished, record.to_string()).expect("written");
    fs::remove_file(last).expect("removed");

    run(&estate, &["retire", NEW, "--dry-run"]).ends_with(0).says("Nothing to do");
    assert!(unfinished.exists(), "looking completes nothing");
    // Stopped in the midst of the folder, it leaves it under another name.
    let aside = format!("infrastructure/.pipelinectl-gone-{NEW}");
    estate.write(&format!("{aside}/note.txt"), "untracked").expect("writable");
    run(&estate, &["retire", NEW, "--confirm", NEW]).ends_with(0).says("Nothing to do").says(&aside);
    assert!(estate.file(&aside).join("note.txt").exists());
    assert!(!unfinished.exists());
    let record: Value = serde_json::from_str(&fs::read_to_string(last).expect("it is back")).expect("JSON");
    assert_eq!(record["outcome"], "done");
}

#[test]
fn a_git_that_fails_is_not_taken_for_one_that_knows_nothing() {
    let estate = estate();
    run(&estate, &["new", NEW, "--yes", "--edit-only"]).ends_with(0);
    estate.write("infrastructure/2022-08-31/secret.txt", "untracked").expect("writable");
    estate.write("infrastructure/2022-10-14/note.txt", "untracked").expect("writable");
    estate.write(".git/index", "this is no index").expect("writable");
    run(&estate, &["new", "2023-01-01", "--yes", "--edit-only"]).ends_with(1).says("git ls-files");
    assert!(!estate.file("infrastructure/2023-01-01").exists());
    run(&estate, &["retire", NEW, "--yes", "--edit-only", "--no-fetch"]).ends_with(1).says("git ls-files");
    assert!(estate.file("infrastructure/2022-10-14/note.txt").exists());
}

#[test]
fn any_file_of_a_folder_changes_its_pipeline() {
    let estate = live();
    let terraform = |arguments: &[&str]| run(&estate, &[&["plan", "--base", "HEAD"], arguments].concat());
    terraform(&[]).ends_with(0).says("No pipeline's block differs");
    for path in ["terraform.tfvars", "policies/read.json"] {
        let path = format!("infrastructure/{LIVE}/{path}");
        estate.write(&path, "").expect("writable");
        terraform(&[]).ends_with(0).says(&format!("Differing from {}", head(&estate))).says(LIVE);
        fs::remove_file(estate.file(&path)).expect("removed");
    }
    terraform(&[]).ends_with(0).says("No pipeline's block differs");
    let script = estate.read("infrastructure/2022-08-31/run.sh").expect("readable");
    estate.write("infrastructure/2022-08-31/run.sh", &format!("{script}# changed\n")).expect("writable");
    terraform(&[]).ends_with(0).says("Differing from");
}

fn head(estate: &sandbox::Estate) -> String {
    let mut command = std::process::Command::new("git");
    let output = command.current_dir(estate.root()).args(["rev-parse", "HEAD"]).output().expect("git runs");
    String::from_utf8_lossy(&output.stdout)[..8].to_owned()
}
