//! `pipelinectl live`

use std::process::{Command, Stdio};

use sandbox::Estate;

use crate::errors::{configure, shown};
use crate::support::{Run, run};

const FILE: &str = ".buildkite/pipeline.yml";
const CONFIGURED: &str = "[live]\nfile = \".buildkite/pipeline.yml\"\nkey = \"env.LIVE_PIPELINE\"\n";
const TWO: &str = "[[live.place]]\nfile = \".buildkite/pipeline.yml\"\nkey = \"env.LIVE_PIPELINE\"\n\n\
                   [[live.place]]\nfile = \"src/Main.scala\"\npattern = 'val pipelineDate = \"(.*)\"'\n";
const SCALA: &str = "object Main {\r\n  val pipelineDate = \"2022-08-31\" // live\r\n}";

fn two() -> Estate {
    Estate::small().pipelines(&["2022-08-31", "2022-10-14"]).build().expect("an estate")
}

fn with(configuration: &str) -> Estate {
    let estate = two();
    configure(&estate, CONFIGURED, configuration);
    estate.write("src/Main.scala", SCALA).expect("writable");
    estate
}

fn file(estate: &Estate) -> String {
    estate.read(FILE).expect("readable")
}

#[test]
fn it_shows_the_live_pipeline_and_where_it_is_named() {
    let estate = two();
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["live"])), @r"
    exit code 0
    --- stdout
    2022-08-31
    --- stderr
    Named in .buildkite/pipeline.yml:3:18.
    ");
    let report = run(&estate, &["live", "--format", "json"]).ends_with(0);
    insta::assert_snapshot!(report.out, @r#"
    {
      "mode": "pointer",
      "live": [
        "2022-08-31"
      ],
      "before": null,
      "changed": false,
      "places": [
        {
          "file": ".buildkite/pipeline.yml",
          "line": 3,
          "column": 18,
          "value": "2022-08-31"
        }
      ]
    }
    "#);
    estate.write(FILE, "env:\n  LIVE_PIPELINE: none\n").expect("writable");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["live"])), @r"
    exit code 0
    --- stdout
    none
    --- stderr
    Named in .buildkite/pipeline.yml:2:18.
    warning: none is not in the estate
    ");
}

#[test]
fn it_changes_that_one_value_and_no_other_byte() {
    let estate = two();
    let before = "\u{feff}# the live one: 2022-08-31\r\nenv:\r\n  LIVE_PIPELINE: 2022-08-31   # since August\r\nsteps:\r\n  - \
                  label: 2022-08-31";
    for (text, quoted) in [
        (before.to_owned(), "\"2022-10-14\""),
        (before.replace(": 2022-08-31  ", ": '2022-08-31'  "), "'2022-10-14'"),
        (before.replace(": 2022-08-31  ", ": \"2022-08-31\"  "), "\"2022-10-14\""),
    ] {
        estate.write(FILE, &text).expect("writable");
        run(&estate, &["live", "2022-10-14", "--yes"]).ends_with(0);
        let old = text.split("LIVE_PIPELINE: ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a value");
        assert_eq!(file(&estate), text.replace(&format!(": {old}  "), &format!(": {quoted}  ")));
    }
    run(&estate, &["live"]).ends_with(0).says("2022-10-14");
    run(&estate, &["list"]).ends_with(0).says("* 2022-10-14");
}

#[test]
fn it_shows_the_change_and_the_second_time_there_is_nothing_to_do() {
    let estate = two();
    let before = file(&estate);
    let dry = run(&estate, &["live", "2022-10-14", "--dry-run"]).ends_with(0);
    insta::assert_snapshot!(shown(&estate, &dry), @r#"
    exit code 0
    --- stdout
    --- .buildkite/pipeline.yml
    +++ .buildkite/pipeline.yml
    @@ -1,6 +1,6 @@
     # A merge to main deploys to this pipeline.
     env:
    -  LIVE_PIPELINE: "2022-08-31"
    +  LIVE_PIPELINE: "2022-10-14"
     
     steps:
       - label: "test"
    --- stderr

    Dry run: nothing was changed.
    "#);
    assert_eq!(file(&estate), before);
    let made = run(&estate, &["live", "module.concepts_pipeline_2022-10-14", "--yes"]).ends_with(0);
    assert_eq!(made.out, dry.out);
    insta::assert_snapshot!(made.err, @"2022-10-14 is live in 1 file of this checkout. Once that is merged, the next merge deploys to it.");
    assert_eq!(file(&estate), before.replace("\"2022-08-31\"", "\"2022-10-14\""));
    let again = run(&estate, &["live", "2022-10-14"]).ends_with(0);
    insta::assert_snapshot!(shown(&estate, &again), @r"
    exit code 0
    --- stdout
    --- stderr
    Nothing to do: 2022-10-14 is live already.
    ");
}

#[test]
fn it_is_json_too() {
    let estate = two();
    let report = run(&estate, &["live", "2022-10-14", "--yes", "--format", "json"]).ends_with(0);
    insta::assert_snapshot!(report.out, @r#"
    {
      "mode": "pointer",
      "live": [
        "2022-10-14"
      ],
      "before": "2022-08-31",
      "changed": true,
      "places": [
        {
          "file": ".buildkite/pipeline.yml",
          "line": 3,
          "column": 18,
          "value": "2022-10-14"
        }
      ]
    }
    "#);
    let again = run(&estate, &["live", "2022-10-14", "--format", "json"]).ends_with(0).json();
    assert_eq!((&again["changed"], &again["before"]), (&false.into(), &serde_json::Value::Null));
}

#[test]
fn nobody_there_to_answer_changes_nothing() {
    let estate = two();
    let before = file(&estate);
    run(&estate, &["live", "2022-10-14"]).ends_with(1).says("nobody is there to say yes");
    assert_eq!(file(&estate), before);
}

#[test]
fn a_pipeline_that_is_not_in_the_estate_is_refused() {
    let estate = two();
    let before = file(&estate);
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["live", "2022-10-15", "--yes"])), @r"
    exit code 64
    --- stdout
    --- stderr
    error: there is no pipeline 2022-10-15 in the estate; nothing was changed
    hint: did you mean 2022-10-14? pipelinectl list shows the pipelines
    ");
    run(&estate, &["live", "2022-13-45", "--yes"]).ends_with(64);
    assert_eq!(file(&estate), before);
}

#[test]
fn what_cannot_be_changed_safely_is_refused_with_its_place() {
    let estate = two();
    let refused = |text: &str| {
        estate.write(FILE, text).expect("writable");
        let run = run(&estate, &["live", "2022-10-14", "--yes"]).ends_with(64);
        assert_eq!(file(&estate), text);
        run.err
    };
    insta::assert_snapshot!(refused("env: { LIVE_PIPELINE: \"2022-08-31\" }\n"), @r#"
    error: .buildkite/pipeline.yml:1:6: 'env' is a mapping in braces; only mappings with a key a line are read
      |
    1 | env: { LIVE_PIPELINE: "2022-08-31" }
      |      ^
    hint: see [live] in pipelinectl.toml
    "#);
    insta::assert_snapshot!(refused("env:\n  LIVE_PIPELINE: &live \"2022-08-31\"\n"), @r#"
    error: .buildkite/pipeline.yml:2:18: the value of 'env.LIVE_PIPELINE' is anchored for use in other places, not one word
      |
    2 |   LIVE_PIPELINE: &live "2022-08-31"
      |                  ^
    hint: write the name of the pipeline there, in quotes
    "#);
    insta::assert_snapshot!(refused("env:\n  <% erb %>: [\n"), @r"
    error: .buildkite/pipeline.yml:3:1: this is no YAML: while parsing a node, did not find expected node content
      |
    3 | 
      | ^
    hint: mend the file; nothing was changed
    ");
    configure(&estate, "env.LIVE_PIPELINE", "steps[0].env.LIVE_PIPELINE");
    insta::assert_snapshot!(refused("env:\n  LIVE_PIPELINE: \"2022-08-31\"\n"), @r#"
    error: pipelinectl.toml:45:1: live.key: 'steps[0].env.LIVE_PIPELINE' leads into a list; only keys of mappings are followed
       |
    45 | key = "steps[0].env.LIVE_PIPELINE"
       | ^
    "#);
}

#[test]
fn several_places_are_changed_together() {
    let estate = with(TWO);
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["live"])), @r"
    exit code 0
    --- stdout
    2022-08-31
    --- stderr
    Named in .buildkite/pipeline.yml:3:18 and src/Main.scala:2:23.
    ");
    let made = run(&estate, &["live", "2022-10-14", "--yes"]).ends_with(0);
    insta::assert_snapshot!(shown(&estate, &made), @r#"
    exit code 0
    --- stdout
    --- .buildkite/pipeline.yml
    +++ .buildkite/pipeline.yml
    @@ -1,6 +1,6 @@
     # A merge to main deploys to this pipeline.
     env:
    -  LIVE_PIPELINE: "2022-08-31"
    +  LIVE_PIPELINE: "2022-10-14"
     
     steps:
       - label: "test"
    --- src/Main.scala
    +++ src/Main.scala
    @@ -1,3 +1,3 @@
     object Main {
    -  val pipelineDate = "2022-08-31" // live
    +  val pipelineDate = "2022-10-14" // live
     }
    \ No newline at end of file
    --- stderr
    2022-10-14 is live in 2 files of this checkout. Once that is merged, the next merge deploys to it.
    "#);
    assert_eq!(estate.read("src/Main.scala").expect("readable"), SCALA.replace("2022-08-31", "2022-10-14"));
}

#[test]
fn a_place_that_cannot_be_found_keeps_all_of_them_as_they_are() {
    let estate = with(TWO);
    let before = file(&estate);
    estate.write("src/Main.scala", "object Main {}\n").expect("writable");
    run(&estate, &["live", "2022-10-14", "--yes"]).ends_with(64).says("fits nothing in it");
    assert_eq!(file(&estate), before);
}

#[test]
fn places_that_disagree_are_reported_and_set_right() {
    let estate = with(TWO);
    estate.write("src/Main.scala", &SCALA.replace("2022-08-31", "2022-10-14")).expect("writable");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["live"])), @r"
    exit code 64
    --- stdout
    --- stderr
    error: the places that name the live pipeline do not agree:
      .buildkite/pipeline.yml:3:18: 2022-08-31
      src/Main.scala:2:23: 2022-10-14
    hint: 'pipelinectl live <NS>' writes the same into all of them
    ");
    run(&estate, &["check"])
        .ends_with(1)
        .says("src/Main.scala:2:23: the live pipeline is 2022-10-14 here, but 2022-08-31 in");
    run(&estate, &["live", "2022-10-14", "--yes"]).ends_with(0).says("in 1 file");
    run(&estate, &["live"]).ends_with(0).says("2022-10-14");
}

#[test]
fn the_newest_or_every_pipeline_may_be_live() {
    let newest = with("[live]\nmode = \"newest\"\n");
    insta::assert_snapshot!(shown(&newest, &run(&newest, &["live"])), @r"
    exit code 0
    --- stdout
    2022-10-14
    --- stderr
    The newest pipeline of the estate is the live one.
    ");
    insta::assert_snapshot!(shown(&newest, &run(&newest, &["live", "2022-08-31", "--yes"])), @r#"
    exit code 64
    --- stdout
    --- stderr
    error: the newest pipeline is always the live one: it cannot be set
    hint: [live] mode in pipelinectl.toml is "newest"; leave it out, and name a file and a key, to choose
    "#);
    run(&newest, &["list"]).ends_with(0).says("* 2022-10-14").does_not_say("* 2022-08-31");

    let all = with("[live]\nmode = \"all\"\n");
    insta::assert_snapshot!(shown(&all, &run(&all, &["live"])), @r"
    exit code 0
    --- stdout
    2022-10-14
    2022-08-31
    --- stderr
    Every pipeline of the estate is live.
    ");
    run(&all, &["live", "2022-08-31"]).ends_with(64).says("every pipeline is live: it cannot be set");
    run(&all, &["list"]).ends_with(0).says("* 2022-10-14").says("* 2022-08-31");
    assert_eq!(run(&all, &["live", "--format", "json"]).ends_with(0).json()["live"].as_array().map(Vec::len), Some(2));
}

#[test]
fn where_no_pipelines_are_known_nobody_can_tell_whether_it_is_one() {
    let estate = two();
    for entry in std::fs::read_dir(estate.root().join("infrastructure")).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "tf") {
            std::fs::remove_file(path).expect("removed");
        }
    }
    let run = run(&estate, &["live", "2022-10-14", "--yes"]).ends_with(0);
    run.says("no pipelines were found in infrastructure: nobody looked whether 2022-10-14 is one");
    assert!(file(&estate).contains("2022-10-14"));
}

#[test]
fn without_a_live_pipeline_configured_it_says_what_to_do() {
    let estate = with("");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["live"])), @r"
    exit code 64
    --- stdout
    --- stderr
    error: nothing says which pipeline is live
    hint: configure [live] in pipelinectl.toml
    ");
    run(&estate, &["live", "2022-10-14"]).ends_with(64);
}

#[test]
fn it_needs_neither_credentials_nor_terraform_nor_git() {
    let estate = two();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipelinectl"));
    command.args(["live", "2022-10-14", "--yes"]).current_dir(estate.root()).env_clear();
    Run::from(command.stdin(Stdio::null()).output().expect("it runs")).ends_with(0);
}
