//! `pipelinectl set`: what is written is in tests/fixtures/set; here, what is asked, told, and applied.

use insta::assert_snapshot;

use crate::errors::shown;
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
    Plan: 0 to create, 1 to change, 0 to destroy, 5 unchanged
    --- stderr
    Wrote infrastructure/main.tf.
    Planning with terraform …

    Applying …
      ✓ terraform_data.index  changed

    Applied.
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
