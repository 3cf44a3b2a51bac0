//! `pipelinectl list`

use std::process::{Command, Stdio};

use sandbox::{Estate, LocalAws};

use crate::errors::shown;
use crate::support::{Run, program, run};

const FOUR: [&str; 4] = ["2022-08-31", "2022-10-01-10", "2021-02-01", "2022-10-01-2"];

fn four() -> Estate {
    Estate::small().pipelines(&FOUR).build().expect("an estate")
}

#[test]
fn the_newest_comes_first_and_the_live_one_is_marked() {
    let estate = four();
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["list"])), @r"
    exit code 0
    --- stdout
      PIPELINE       ADDRESS                                 BLOCK                      STATE
      2022-10-01-10  module.concepts_pipeline_2022-10-01-10  infrastructure/main.tf:12
      2022-10-01-2   module.concepts_pipeline_2022-10-01-2   infrastructure/main.tf:32
    * 2022-08-31     module.concepts_pipeline_2022-08-31     infrastructure/main.tf:2   live
      2021-02-01     module.concepts_pipeline_2021-02-01     infrastructure/main.tf:22
    --- stderr
    ");
}

#[test]
fn it_is_json_too() {
    let estate = four();
    let report = run(&estate, &["list", "--format", "json"]).ends_with(0).json();
    let names: Vec<_> =
        report["pipelines"].as_array().expect("rows").iter().map(|row| row["namespace"].as_str()).collect();
    assert_eq!(names, [Some("2022-10-01-10"), Some("2022-10-01-2"), Some("2022-08-31"), Some("2021-02-01")]);
    insta::assert_snapshot!(serde_json::to_string_pretty(&report["pipelines"][2]).expect("JSON"), @r#"
    {
      "address": "module.concepts_pipeline_2022-08-31",
      "file": "infrastructure/main.tf",
      "held": false,
      "line": 2,
      "live": true,
      "namespace": "2022-08-31",
      "unfinished": false
    }
    "#);
    assert_eq!(report["unclear"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_block_that_does_not_say_which_pipeline_it_is_is_warned_of() {
    let estate = four();
    let text = estate.read("infrastructure/main.tf").expect("readable");
    let unclear = "module \"concepts\" {\n  source    = \"./stack\"\n  namespace = var.namespace\n}\n";
    estate.write("infrastructure/main.tf", &format!("{text}\n{unclear}")).expect("writable");
    let list = run(&estate, &["list"]).ends_with(0);
    insta::assert_snapshot!(list.err, @"warning: infrastructure/main.tf:42: module.concepts is not listed: its 'namespace' var.namespace is not statically known: var.… is known to Terraform only");
    let report = run(&estate, &["list", "--format", "json"]).ends_with(0).json();
    assert_eq!(report["unclear"][0]["address"], "module.concepts");
    assert_eq!(report["pipelines"].as_array().map(Vec::len), Some(4));
}

#[test]
fn a_live_pipeline_that_is_not_in_the_estate_is_warned_of() {
    let estate = four();
    let text = estate.read(".buildkite/pipeline.yml").expect("readable").replace("\"2022-08-31\"", "2020-01-01");
    estate.write(".buildkite/pipeline.yml", &text).expect("writable");
    let list = run(&estate, &["list"]).ends_with(0).does_not_say("* ");
    insta::assert_snapshot!(list.err, @"warning: the live pipeline is 2020-01-01, which is not in the estate");
    std::fs::remove_file(estate.file(".buildkite/pipeline.yml")).expect("removed");
    let list = run(&estate, &["list"]).ends_with(0);
    insta::assert_snapshot!(shown(&estate, &Run { out: String::new(), ..list }), @r"
    exit code 0
    --- stdout
    --- stderr
    warning: which pipeline is live is not known: cannot read [FOLDER]/.buildkite/pipeline.yml: No such file or directory (os error 2)
    ");
}

#[test]
fn an_estate_without_pipelines_says_how_to_make_one() {
    let estate = Estate::small().pipelines(&[]).build().expect("an estate");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["list"])), @r"
    exit code 0
    --- stdout
    --- stderr
    warning: the live pipeline is none, which is not in the estate
    There is no pipeline yet. Make one: pipelinectl new 2022-08-31
    ");
    let report = run(&estate, &["list", "--format", "json"]).ends_with(0).json();
    assert_eq!(report["pipelines"].as_array().map(Vec::len), Some(0));
}

#[test]
fn an_unfinished_new_is_marked() {
    let aws = LocalAws::shared().expect("a local AWS");
    let estate = Estate::small().with_services(2).aws(&aws).build().expect("an estate");
    run(
        &estate,
        &[
            "new",
            "2022-10-14",
            "--plan-only",
            "--out",
            "new.tfplan",
            "--yes",
            "--allow",
            ALLOWED[0],
            "--allow",
            ALLOWED[1],
            "--allow",
            ALLOWED[2],
        ],
    )
    .ends_with(0);
    run(&estate, &["list"]).ends_with(0).says("unfinished");
    let report = run(&estate, &["list", "--format", "json"]).ends_with(0).json();
    assert_eq!(report["pipelines"][0]["unfinished"], true);
    assert_eq!(report["pipelines"][1]["unfinished"], false);
}

/// The live pipeline of the estate above has not been applied; its resources are made in the same plan.
const ALLOWED: [&str; 3] = [
    "module.concepts_pipeline_2022-08-31.terraform_data.index=create",
    "module.concepts_pipeline_2022-08-31.terraform_data.service[\"concepts_aggregator\"]=create",
    "module.concepts_pipeline_2022-08-31.terraform_data.service[\"concepts_ingestor\"]=create",
];

#[test]
fn it_needs_neither_credentials_nor_terraform_nor_git() {
    let estate = four();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipelinectl"));
    command.arg("list").current_dir(estate.root()).env_clear().env("HOME", estate.home()).stdin(Stdio::null());
    let bare = Run::from(command.output().expect("it runs")).ends_with(0);
    assert_eq!(bare.out, run(&estate, &["list"]).out);
    assert!(bare.err.is_empty(), "{}", bare.err);
}

#[test]
fn it_works_from_a_folder_below() {
    let estate = four();
    let mut command = program(&estate, &["list"]);
    command.current_dir(estate.infrastructure().join("stack"));
    assert_eq!(Run::from(command.output().expect("it runs")).ends_with(0).out, run(&estate, &["list"]).out);
}

#[test]
fn a_reader_that_goes_away_early_ends_it_quietly() {
    let estate = Estate::small().build().expect("an estate");
    let block = |number: usize| {
        format!(
            "module \"concepts_pipeline_2000-01-01-{number}\" {{\n  source    = \"./stack\"\n  namespace = \"2000-01-01-{number}\"\n}}\n\n"
        )
    };
    let many: String = (0..1500).map(block).collect();
    estate.write("infrastructure/main.tf", &many).expect("writable");
    estate.write(".buildkite/pipeline.yml", "env:\n  LIVE_PIPELINE: \"2000-01-01-7\"\n").expect("writable");
    for line in ["list", "list --format json", "list --color always", "man", "completions bash"] {
        let mut command = Command::new("bash");
        estate.prepare(&mut command);
        command.env("PROGRAM", env!("CARGO_BIN_EXE_pipelinectl")).stdin(Stdio::null());
        command.args(["-c", &format!("\"$PROGRAM\" {line} | head -1 >/dev/null; exit ${{PIPESTATUS[0]}}")]);
        let run = Run::from(command.output().expect("it runs")).ends_with(0);
        assert!(run.err.is_empty(), "{line}: {}", run.err);
    }
    let all = run(&estate, &["list"]).ends_with(0);
    assert!(all.out.len() > 100_000, "a pipe would have held all of it");
}
