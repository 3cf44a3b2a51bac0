//! `pipelinectl check`

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sandbox::Estate;

use crate::support::{Run, run};

/// Nothing but the program and the files: no `PATH`, no credentials.
fn check(folder: &Path, home: &Path, more: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipelinectl"));
    command.arg("check").args(more).current_dir(folder).env_clear().env("HOME", home).stdin(Stdio::null());
    command.output().expect("it runs").into()
}

fn estate() -> Estate {
    Estate::small().with_services(2).pipelines(&["2022-08-31", "2022-10-01"]).build().expect("an estate")
}

#[test]
fn a_clean_estate_has_no_findings() {
    let estate = estate();
    let clean = check(&estate.root(), &estate.home(), &[]).ends_with(0);
    assert_eq!((clean.out.as_str(), clean.err.as_str()), ("", "2 pipelines, nothing to complain of.\n"));
    let report = check(&estate.root(), &estate.home(), &["--format", "json"]).ends_with(0).json();
    assert_eq!(report, serde_json::json!({"pipelines": 2, "findings": []}));
}

/// The cases of `tests/fixtures/check`.
fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/check");
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path().join("in"));
    entries.collect()
}

#[test]
fn json_says_what_the_lines_say() {
    let home = tempfile::tempdir().expect("a folder");
    let (mut clean, mut wrong) = (0, 0);
    for case in cases() {
        let text = check(&case, home.path(), &[]);
        let json = check(&case, home.path(), &["--format", "json"]).ends_with(text.code).json();
        let rows = json["findings"].as_array().expect("rows");
        let line = |row: &serde_json::Value| {
            let of = |key: &str| row[key].as_str().expect("text").to_owned();
            format!("{}:{}:{}: {}\n", of("file"), row["line"], row["column"], of("message"))
        };
        assert_eq!(rows.iter().map(line).collect::<String>(), text.out, "{}", case.display());
        assert_eq!(text.code, i32::from(!rows.is_empty()), "{}", case.display());
        *(if rows.is_empty() { &mut clean } else { &mut wrong }) += 1;
    }
    assert!(clean > 4 && wrong > 20, "{clean} without findings, {wrong} with findings");
}

#[test]
fn a_live_pointer_that_leads_nowhere_is_a_finding() {
    let estate = estate();
    let live = |text: &str| {
        estate.write(".buildkite/pipeline.yml", text).expect("writable");
        check(&estate.root(), &estate.home(), &[]).ends_with(1).out
    };
    insta::assert_snapshot!(live("# first\nenv:\n  LIVE_PIPELINE: 2022-09-01\n"), @".buildkite/pipeline.yml:3:18: the live pipeline is 2022-09-01, which is not in the estate");
    insta::assert_snapshot!(live("env:\n  OTHER: 1\n"), @".buildkite/pipeline.yml:2:3: there is no 'env.LIVE_PIPELINE' in it");
    std::fs::remove_file(estate.file(".buildkite/pipeline.yml")).expect("removed");
    let gone = check(&estate.root(), &estate.home(), &[]).ends_with(1);
    assert!(gone.out.starts_with(".buildkite/pipeline.yml:1:1: "), "{}", gone.out);
    assert!(!gone.out.contains(&estate.root().display().to_string()), "{}", gone.out);
}

#[test]
fn what_new_writes_has_no_findings() {
    let estate = estate();
    run(&estate, &["new", "2022-10-14", "--edit-only", "--yes"]).ends_with(0);
    run(&estate, &["new", "2022-10-15", "--from", "2022-08-31", "--edit-only", "--yes"]).ends_with(0);
    check(&estate.root(), &estate.home(), &[]).ends_with(0).says("4 pipelines");
}
