//! Namespaces that are refused, before anything is asked of AWS.

use sandbox::Estate;

use super::*;
use crate::support::run;

#[test]
fn names_that_cannot_be_a_pipeline_are_refused() {
    let estate = Estate::medium().with_services(3).build().expect("an estate");
    let settings = estate.read("pipelinectl.toml").expect("readable");
    let before = estate.read(MAIN).expect("readable");
    let commit = format!("ref.{}", estate.commits()[3].id);
    let long = format!("{NEW}-{}", "x".repeat(40));
    let very_long = format!("{NEW}-{}", "x".repeat(60));
    let mut said = String::new();
    let mut refused = |name: &str| {
        let run = run(&estate, &["new", "--yes", "--", name]).ends_with(64);
        let text = shown(&estate, &run);
        said.push_str(&format!("{name}\n{}\n", text.split("--- stderr\n").nth(1).unwrap_or_default()));
    };
    for name in [
        "live",
        "latest",
        &commit,
        "2022-02-30",
        "2022-1-1",
        "next",
        "",
        "-x",
        "2022-10-14/a",
        "2022-10-14 a",
        &long,
        &very_long,
    ] {
        refused(name);
    }
    // The same where the configuration has no pattern.
    let free: String = settings
        .lines()
        .filter(|line| !line.starts_with("namespace_pattern"))
        .map(|line| format!("{line}\n"))
        .collect();
    estate.write("pipelinectl.toml", &free).expect("written");
    for name in ["live", "latest", &commit, "2022-02-30", "2022-10-14.1"] {
        refused(name);
    }
    assert_eq!(estate.read(MAIN).expect("readable"), before);
    insta::assert_snapshot!(said, @"");
}

#[test]
fn a_source_tag_is_no_namespace() {
    let estate = laid_out();
    run(&estate, &["new", NEW, "--yes", "--source-tag", NEW])
        .ends_with(64)
        .says("'2022-10-14' is the tag that images are taken from; it cannot name a pipeline");
    assert!(!estate.read(MAIN).expect("readable").contains(NEW));
}
