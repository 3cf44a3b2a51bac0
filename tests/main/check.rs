//! `pipelinectl check`

use std::path::Path;
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

#[test]
fn each_finding_stands_at_its_place() {
    let estate = estate();
    let long = "2022-12-01-a-suffix-that-makes-the-name-too-long";
    estate
        .write(
            "infrastructure/main.tf",
            &format!(
                r#"module "concepts_pipeline_2022-08-31" {{
  source    = "./stack"
  namespace = "2022-08-31"

  reindexing_state = {{
    scale_up_tasks = false
    index          = "a"
    index          = "b"
  }}
}}

module "concepts_pipeline_2022-08-31" {{
  source           = "./stack"
  namespace        = "2022-09-30"
  reindexing_state = {{ scale_up_tasks = false, index = "a" }}
}}

module "concepts_pipeline_2022-10-01" {{
  source           = "./stack/"
  namespace        = "2022-08-31"
  reindexing_state = {{ scale_up_tasks = false, index = "a" }}
}}

module "concepts_pipeline_2022-11-01" {{
  source    = "./stack"
  namespace = "2022-11-01"
  indexx    = "a"
}}

module "concepts_pipeline_{long}" {{
  source           = "./stack"
  namespace        = "{long}"
  reindexing_state = {{ scale_up_tasks = false, index = "a" }}
}}

module "concepts_pipeline" {{
  source           = "./stack"
  namespace        = var.namespace
  reindexing_state = {{ scale_up_tasks = false, index = "a" }}
}}
"#
            ),
        )
        .expect("writable");
    let toml = estate.read("pipelinectl.toml").expect("readable");
    let toml = toml.replace(
        "\nrepository = \"weco/concepts_ingestor\"",
        "\nrepository = \"weco/concepts_ingestor\"\nlambda = \"{namespace}-concepts_ingestor\"",
    );
    estate.write("pipelinectl.toml", &toml).expect("writable");
    let buildkite = "# The live one.\nenv:\n  LIVE_PIPELINE: \"2020-01-01\"\n";
    estate.write(".buildkite/pipeline.yml", buildkite).expect("writable");

    let found = check(&estate.root(), &estate.home(), &[]).ends_with(1);
    insta::assert_snapshot!(found.out, @r"
    infrastructure/main.tf:8:5: 'index' stands here a second time; the first is on line 7
    infrastructure/main.tf:12:1: module.concepts_pipeline_2022-08-31 stands here a second time; the first is infrastructure/main.tf:1
    infrastructure/main.tf:12:1: the label names 2022-08-31, but 'namespace' is 2022-09-30
    infrastructure/main.tf:18:1: the label names 2022-10-01, but 'namespace' is 2022-08-31
    infrastructure/main.tf:18:1: 2022-08-31 is already module.concepts_pipeline_2022-08-31 (infrastructure/main.tf:1)
    infrastructure/main.tf:24:1: module.concepts_pipeline_2022-11-01 lacks the input 'reindexing_state'
    infrastructure/main.tf:27:3: the module has no input 'indexx'
    infrastructure/main.tf:30:1: the Lambda function name '2022-12-01-a-suffix-that-makes-the-name-too-long-concepts_ingestor' has 66 characters; 64 are allowed
    infrastructure/main.tf:36:1: module.concepts_pipeline is not clear: its 'namespace' var.namespace is not statically known: var.… is known to Terraform only
    .buildkite/pipeline.yml:3:18: the live pipeline is 2020-01-01, which is not in the estate
    ");
    insta::assert_snapshot!(found.err, @"10 findings");

    let report = check(&estate.root(), &estate.home(), &["--format", "json"]).ends_with(1).json();
    let rows = report["findings"].as_array().expect("rows");
    assert_eq!(rows.len(), found.out.lines().count());
    for (row, line) in rows.iter().zip(found.out.lines()) {
        let text = |key: &str| row[key].as_str().expect("text").to_owned();
        assert_eq!(line, format!("{}:{}:{}: {}", text("file"), row["line"], row["column"], text("message")));
    }
}

#[test]
fn a_file_that_cannot_be_read_is_a_finding_and_the_others_are_looked_at() {
    let estate = estate();
    estate.write("infrastructure/other.tf", "locals {\n  a = [1, 2\n}\n").expect("writable");
    estate.write("infrastructure/stack/broken.tf", "variable \"x\" {\n  default = \"a\n}\n").expect("writable");
    let text = estate.read("infrastructure/main.tf").expect("readable");
    estate
        .write("infrastructure/main.tf", &text.replace("namespace = \"2022-10-01\"", "namespace = \"2022-10-02\""))
        .expect("writable");
    let found = check(&estate.root(), &estate.home(), &[]).ends_with(1);
    insta::assert_snapshot!(found.out, @r"
    infrastructure/stack/broken.tf:2:13: this string is not closed before the end of the line
    infrastructure/main.tf:12:1: the label names 2022-10-01, but 'namespace' is 2022-10-02
    infrastructure/other.tf:3:1: '}' closes nothing here: the bracket of line 2 is still open
    ");
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
