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
        said.push_str(&format!(
            "{}\n{}\n",
            name.replace(&estate.commits()[3].id, "[COMMIT 3]"),
            text.split("--- stderr\n").nth(1).unwrap_or_default().trim()
        ));
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
    insta::assert_snapshot!(said, @r#"
    live
    error: 'live' cannot be the name of a pipeline: it stands for the live pipeline in every command
    hint: choose another name, such as a date
    latest
    error: the namespace 'latest' does not match namespace_pattern \d{4}-\d{2}-\d{2}[\w-]*
    hint: mend the name, or namespace_pattern below [pipeline] in pipelinectl.toml
    ref.[COMMIT 3]
    error: the namespace 'ref.[COMMIT]' does not match namespace_pattern \d{4}-\d{2}-\d{2}[\w-]*
    hint: mend the name, or namespace_pattern below [pipeline] in pipelinectl.toml
    2022-02-30
    error: there is no day 2022-02-30, which the namespace '2022-02-30' begins with
    hint: namespaces are dates such as 2022-08-31
    2022-1-1
    error: the namespace '2022-1-1' does not match namespace_pattern \d{4}-\d{2}-\d{2}[\w-]*
    hint: mend the name, or namespace_pattern below [pipeline] in pipelinectl.toml
    next
    error: the namespace 'next' does not match namespace_pattern \d{4}-\d{2}-\d{2}[\w-]*
    hint: mend the name, or namespace_pattern below [pipeline] in pipelinectl.toml

    error: a namespace cannot be empty
    hint: allowed are letters, digits, '_', '.' and '-', with a letter or digit first
    -x
    error: the namespace '-x' has a '-', which is not allowed there
    hint: allowed are letters, digits, '_', '.' and '-', with a letter or digit first
    2022-10-14/a
    error: the namespace '2022-10-14/a' has a '/', which is not allowed there
    hint: allowed are letters, digits, '_', '.' and '-', with a letter or digit first
    2022-10-14 a
    error: the namespace '2022-10-14 a' has a ' ', which is not allowed there
    hint: allowed are letters, digits, '_', '.' and '-', with a letter or digit first
    2022-10-14-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    error: the Lambda function would be called 2022-10-14-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-concepts_ingestor: 69 characters, 64 are allowed
    hint: choose a shorter namespace
    2022-10-14-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    error: the namespace '2022-10-14-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' has 71 characters; 63 are allowed
    hint: choose a shorter one
    live
    error: 'live' cannot be the name of a pipeline: it stands for the live pipeline in every command
    hint: choose another name, such as a date
    latest
    error: 'latest' is the tag that images are taken from; it cannot name a pipeline
    hint: choose another namespace, such as a date
    ref.[COMMIT 3]
    error: 'ref.[COMMIT]' looks like the tag of a commit; it cannot name a pipeline
    hint: choose another namespace, such as a date
    2022-02-30
    error: there is no day 2022-02-30, which the namespace '2022-02-30' begins with
    hint: namespaces are dates such as 2022-08-31
    2022-10-14.1
    error: the Lambda function would be called 2022-10-14.1-concepts_ingestor, which may have no dot
    hint: choose a namespace without a dot
    "#);
}

#[test]
fn the_tag_of_a_commit_is_no_namespace() {
    let estate = laid_out();
    change(&estate, "pipelinectl.toml", "namespace_pattern = '\\d{4}-\\d{2}-\\d{2}[\\w-]*'\n", "");
    for commit in [estate.commits()[3].tag(), "ref.0123456".to_owned()] {
        run(&estate, &["new", &commit, "--yes"])
            .ends_with(64)
            .says(&format!("'{commit}' looks like the tag of a commit; it cannot name a pipeline"));
    }
    assert_eq!(estate.read(MAIN).expect("readable").matches("module ").count(), 1);
}

#[test]
fn a_source_tag_is_no_namespace() {
    let estate = laid_out();
    run(&estate, &["new", NEW, "--yes", "--source-tag", NEW])
        .ends_with(64)
        .says("'2022-10-14' is the tag that images are taken from; it cannot name a pipeline");
    assert!(!estate.read(MAIN).expect("readable").contains(NEW));
}

#[test]
fn a_file_that_terraform_does_not_read_as_it_is_gets_no_block() {
    let estate = Estate::small().with_services(1).build().expect("an estate");
    for file in ["../outside.tf", "sub/x.tf", "main.tfx", "/tmp/absolute.tf", "x_override.tf", ".hidden.tf"] {
        let run = run(&estate, &["new", NEW, "--yes", "--edit-only", "--file", file]).ends_with(64);
        run.says(&format!("'{file}' is no file for blocks"));
    }
    run(&estate, &["new", "latest", "--yes", "--edit-only"]).ends_with(64);
    run(&estate, &["new", NEW, "--yes", "--edit-only", "--file", "./other.tf"])
        .ends_with(0)
        .says("infrastructure/other.tf");
}
