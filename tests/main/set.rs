//! `pipelinectl set`: what is written is in tests/fixtures/set; here, what is asked, told, and applied.

use std::fs;

use insta::assert_snapshot;
use sandbox::Estate;

use crate::errors::{script, shown};
use crate::new::asked::on_terminal;
use crate::new::start;
use crate::plan::{change_stack, two_pipelines};
use crate::support::run;

const MAIN: &str = "infrastructure/main.tf";

#[test]
fn writes_what_was_shown_and_no_more() {
    let estate = two_pipelines();
    let before = estate.read(MAIN).expect("readable");
    let dry = run(&estate, &["set", "2022-08-31", "reindexing_state.index=abc", "--dry-run"]);
    assert_snapshot!(shown(&estate, &dry), @r#"
    exit code 0
    --- stdout
    --- infrastructure/main.tf
    +++ infrastructure/main.tf
    @@ -5,7 +5,7 @@
     
       reindexing_state = {
         scale_up_tasks = false
    -    index          = "concepts-2022-08-31"
    +    index          = "abc"
       }
     }
     
    --- stderr

    Dry run: nothing was changed.
    "#);
    assert_eq!(estate.read(MAIN).expect("readable"), before);
    run(&estate, &["set", "2022-08-31", "reindexing_state.index=abc"]).ends_with(1).says("nobody is there to say yes");
    assert_eq!(estate.read(MAIN).expect("readable"), before);
    let words = ["set", "2022-08-31", "reindexing_state.index=abc", "--yes", "--format", "json"];
    let report = run(&estate, &words).ends_with(0).json();
    assert_eq!(report["files"], serde_json::json!([MAIN]));
    assert_eq!((&report["written"], &report["applied"]), (&true.into(), &false.into()));
    assert_eq!(estate.read(MAIN).expect("readable"), before.replacen("\"concepts-2022-08-31\"", "\"abc\"", 1));
    let again = run(&estate, &words).ends_with(0);
    assert_eq!(again.json()["written"], false);
    assert!(again.err.contains("Nothing to do"), "{}", again.err);
}

#[test]
fn applies_what_changes_in_the_pipeline() {
    let estate = two_pipelines();
    let words = ["set", "2022-08-31", "reindexing_state.index=abc", "--apply", "--yes"];
    assert_snapshot!(shown(&estate, &run(&estate, &words)), @r#"
    exit code 0
    --- stdout
    --- infrastructure/main.tf
    +++ infrastructure/main.tf
    @@ -5,7 +5,7 @@
     
       reindexing_state = {
         scale_up_tasks = false
    -    index          = "concepts-2022-08-31"
    +    index          = "abc"
       }
     }
     

    module.concepts_pipeline_2022-08-31
      ~ terraform_data.index
          input.index: "concepts-2022-08-31" → "abc"
          output: known after apply
    Plan: 0 to create, 1 to change, 0 to destroy, 5 unchanged
    --- stderr
    Wrote infrastructure/main.tf.
    Planning with terraform …

    Applying …
      ✓ terraform_data.index  changed

    Applied.
    next: commit infrastructure/main.tf and open a pull request
    "#);
    let again = run(&estate, &words).ends_with(0).says("Nothing to do").says("No changes");
    assert!(!again.err.contains("Applied"), "{}", again.err);
}

#[test]
fn refuses_a_plan_that_touches_anything_else() {
    let estate = two_pipelines();
    change_stack(&estate);
    let refused = run(&estate, &["set", "2022-08-31", "reindexing_state.index=abc", "--apply", "--yes"]).ends_with(3);
    let refused = refused.says("'set --apply' may only make and change things inside");
    refused.says("what was written to infrastructure/main.tf stays");
    run(&estate, &["set", "locals", "x=1", "--apply", "--yes"]).ends_with(64);
    run(&estate, &["set", "2022-08-31", "--yes"]).ends_with(64).says("nothing is to be changed");
}

/// Commands and how they ended, newest first.
fn history(estate: &Estate) -> Vec<String> {
    let report = run(estate, &["history", "--format", "json"]).ends_with(0).json();
    let rows = report["releases"].as_array().expect("rows").iter();
    rows.map(|row| format!("{} {}", row["command"], row["outcome"]).replace('"', "")).collect()
}

fn index_in_state(estate: &Estate) -> String {
    let state: serde_json::Value =
        serde_json::from_str(&estate.read("infrastructure/terraform.tfstate").expect("a state")).expect("JSON");
    let resources = state["resources"].as_array().expect("resources");
    let index =
        resources.iter().find(|it| it["name"] == "index" && it["module"] == "module.concepts_pipeline_2022-08-31");
    let value = &index.expect("the index")["instances"][0]["attributes"]["input"]["value"]["index"];
    value.as_str().expect("text").to_owned()
}

const SET: [&str; 4] = ["set", "2022-08-31", "reindexing_state.index=abc", "--apply"];

#[test]
fn a_dry_run_of_an_apply_neither_writes_nor_plans() {
    let estate = two_pipelines();
    let before = estate.read(MAIN).expect("readable");
    let dry = run(&estate, &[&SET[..], &["--dry-run", "--format", "json"]].concat()).ends_with(0);
    let report = dry.json();
    assert_eq!((&report["written"], &report["applied"], &report["plan"]), (&false.into(), &false.into(), &().into()));
    assert_eq!(report["files"], serde_json::json!([MAIN]));
    assert_eq!((estate.read(MAIN).expect("readable"), history(&estate).len()), (before, 0));
}

#[test]
fn answered_no_says_what_stands_and_the_same_command_goes_on() {
    let estate = two_pipelines();
    let mut asked = on_terminal(&estate, &SET);
    let end = asked.asks("Write infrastructure/main.tf? [y/N]", 0);
    asked.answer("y");
    asked.asks("Apply this plan? [y/N]", end);
    asked.answer("n");
    let no = asked.end().ends_with(1);
    let after = no.out.split("Planning with").nth(1).expect("a plan");
    assert!(!after.contains("fetching"), "what is over is no longer shown: {after}");
    let no = no.says("answered no; nothing was applied").says("what was written to infrastructure/main.tf stays");
    no.says("to go on, run the same command again");
    assert!(estate.read(MAIN).expect("readable").contains("\"abc\""));
    assert_eq!((index_in_state(&estate), history(&estate).len()), ("concepts-2022-08-31".to_owned(), 0));
    let mut asked = on_terminal(&estate, &SET);
    asked.asks("Apply this plan? [y/N]", 0);
    asked.answer("y");
    asked.end().ends_with(0).does_not_say("Write infrastructure").says("Applied.");
    assert_eq!((index_in_state(&estate), history(&estate)), ("abc".to_owned(), vec!["set done".to_owned()]));
}

#[test]
fn killed_before_or_after_its_apply_the_same_command_completes_the_record() {
    let estate = two_pipelines();
    let applying = estate.home().join("applying");
    let text = format!(
        "#!/bin/sh\nif [ \"$1\" = apply ]; then touch '{}'; exec sleep 60; fi\nexec terraform \"$@\"\n",
        applying.display()
    );
    let held = script(&estate, "held", &text).display().to_string();
    let mut first = start(&estate, &[&SET[..], &["--yes", "--terraform", &held]].concat());
    first.until("the apply", || applying.exists()).kill();
    assert_eq!(
        (index_in_state(&estate), history(&estate)),
        ("concepts-2022-08-31".to_owned(), vec!["set null".to_owned()])
    );
    run(&estate, &[&SET[..], &["--yes"]].concat()).ends_with(0).says("Applied.");
    assert_eq!((index_in_state(&estate), history(&estate)), ("abc".to_owned(), vec!["set done".to_owned()]));

    let again = ["set", "2022-08-31", "reindexing_state.index=abcd", "--apply", "--yes"];
    fs::remove_file(&applying).expect("removed");
    let mut first = start(&estate, &[&again[..], &["--terraform", &held]].concat());
    first.until("the apply", || applying.exists()).kill();
    estate.terraform(&["apply", "-auto-approve", "-input=false"]).expect("applied");
    run(&estate, &again).ends_with(0).says("No changes: what is there is what the configuration says.");
    assert_eq!(history(&estate), ["set done", "set done"]);
}

#[test]
fn it_is_not_applied_from_a_checkout_that_is_behind() {
    let estate = two_pipelines();
    estate.write("infrastructure/note.txt", "somebody else was here\n").expect("written");
    estate.commit("Note something").expect("committed");
    estate.git(&["reset", "--quiet", "--hard", "HEAD~1"]).expect("reset");
    estate.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]).expect("forgotten");
    let before = estate.read(MAIN).expect("readable");
    run(&estate, &[&SET[..], &["--yes"]].concat())
        .ends_with(3)
        .says("the upstream branch has 1 commit for infrastructure");
    assert_eq!(estate.read(MAIN).expect("readable"), before);
    run(&estate, &[&SET[..], &["--yes", "--allow-behind"]].concat()).ends_with(0).says("Applied.");
}

#[test]
fn without_a_configuration_the_folder_counts_in_which_it_was_typed() {
    let folder = tempfile::tempdir().expect("a folder");
    let below = folder.path().join("infra");
    std::fs::create_dir_all(folder.path().join(".git")).expect("a folder");
    std::fs::create_dir_all(&below).expect("a folder");
    std::fs::write(below.join("main.tf"), "module \"x\" {\n  a = false\n}\n").expect("writable");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_pipelinectl"));
    command.args(["set", "module.x", "a=true", "--yes"]).current_dir(&below).env_clear();
    let run = crate::support::Run::from(command.output().expect("it runs")).ends_with(0);
    run.says("infra/main.tf");
    assert_eq!(std::fs::read_to_string(below.join("main.tf")).expect("readable"), "module \"x\" {\n  a = true\n}\n");
}
