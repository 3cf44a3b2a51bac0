//! `pipelinectl apply`

use std::fs;

use sandbox::{Estate, Kind, LocalAws};

use crate::errors::shown;
use crate::plan::{change, two_pipelines};
use crate::support::{run, writes};

const APPLY: [&str; 3] = ["apply", "a.tfplan", "--yes"];

/// An estate where a change of one pipeline was planned and kept.
fn planned() -> Estate {
    let estate = two_pipelines();
    change(&estate, "2022-08-31");
    run(&estate, &["plan", "2022-08-31", "--out", "a.tfplan"]).ends_with(0);
    estate
}

fn state(estate: &Estate) -> String {
    estate.read("infrastructure/terraform.tfstate").expect("readable")
}

#[test]
fn exactly_the_reviewed_plan_is_applied() {
    let estate = planned();
    let before = state(&estate);
    let dry = run(&estate, &["apply", "a.tfplan", "--dry-run"]).ends_with(0).says("Dry run");
    assert!(dry.out.contains("module.concepts_pipeline_2022-08-31"), "{}", dry.out);
    assert_eq!(state(&estate), before);
    run(&estate, &["apply", "a.tfplan"]).ends_with(1).says("nobody is there to say yes").says("--yes");
    assert_eq!(state(&estate), before);

    insta::assert_snapshot!(shown(&estate, &run(&estate, &APPLY)), @r#"
    exit code 0
    --- stdout

    module.concepts_pipeline_2022-08-31
      ~ terraform_data.index
          input.index: "concepts-2022-08-31" → "concepts-2022-08-31-b"
          output: known after apply
    Plan: 0 to create, 1 to change, 0 to destroy, 5 unchanged

    SERVICE              RUNS AS  DIGEST        STATE
    concepts_ingestor             21bb8d5c8cb4  has a tag only
    concepts_aggregator           0f85fd9632ad  has a tag only
    --- stderr

    Applying …
      ✓ terraform_data.index  changed

    Applied.
    next: commit what was planned from, and open a pull request
    "#);
    let after = state(&estate);
    assert!(after.contains("concepts-2022-08-31-b"), "{after}");
    assert!(writes(&estate).is_empty(), "no tag is touched");

    // It cannot be applied a second time.
    run(&estate, &APPLY).ends_with(3).says("plan again");
}

#[test]
fn it_is_json_too() {
    let estate = planned();
    let report = run(&estate, &[&APPLY[..], &["--format", "json"]].concat()).ends_with(0).json();
    assert_eq!((&report["pipelines"], &report["applied"]), (&serde_json::json!(["2022-08-31"]), &true.into()));
    assert_eq!(report["plan"]["update"], 1);
    assert_eq!(report["services"][0]["verdict"], "has a tag only");
}

#[test]
fn without_its_review_a_plan_is_refused() {
    let estate = planned();
    fs::remove_file(estate.file("a.tfplan.json")).expect("removed");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &APPLY)), @r"
    exit code 3
    --- stdout
    --- stderr
    error: there is no a.tfplan.json beside a.tfplan: nobody knows what was reviewed
    hint: make both with 'pipelinectl plan --out FILE' or 'pipelinectl new --plan-only --out FILE'
    ");
    estate.write("a.tfplan.json", "{\"verdict\": \"passed\"}\n").expect("writable");
    run(&estate, &APPLY).ends_with(3).says("a.tfplan.json");
    fs::remove_file(estate.file("a.tfplan")).expect("removed");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &APPLY)), @r"
    exit code 64
    --- stdout
    --- stderr
    error: there is no file a.tfplan
    hint: make it with 'pipelinectl plan --out FILE'
    ");
    assert!(!state(&estate).contains("concepts-2022-08-31-b"));
}

#[test]
fn from_another_commit_a_plan_is_refused() {
    let estate = two_pipelines();
    change(&estate, "2022-08-31");
    let planned = estate.commit("Change the index").expect("committed");
    // Not in the checkout, where the next commit would take it along.
    let apply = ["apply", "../a.tfplan", "--yes"];
    run(&estate, &["plan", "2022-08-31", "--out", "../a.tfplan"]).ends_with(0);
    let other = estate.commit("Something else").expect("committed");
    let refused =
        shown(&estate, &run(&estate, &apply)).replace(&other.id[..8], "commit 5").replace(&planned.id[..8], "commit 4");
    insta::assert_snapshot!(refused, @r"
    exit code 3
    --- stdout
    --- stderr
    error: the plan was made from the commit commit 4, this is commit 5
    hint: plan again here and review that plan, or check out commit 4
    ");
    assert!(!state(&estate).contains("concepts-2022-08-31-b"));
    estate.git(&["checkout", "--quiet", &planned.id]).expect("checked out");
    run(&estate, &apply).ends_with(0);
}

#[test]
fn a_plan_whose_files_were_committed_afterwards_is_applied() {
    let estate = planned();
    estate.commit("Change the index").expect("committed");
    run(&estate, &APPLY).ends_with(0);
    assert!(state(&estate).contains("concepts-2022-08-31-b"));
}

#[test]
fn from_other_files_a_plan_is_refused() {
    let estate = planned();
    change(&estate, "2022-10-01");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &APPLY)), @r"
    exit code 3
    --- stdout
    --- stderr
    error: the files of infrastructure are not those that the plan was made from
    hint: plan again here and review that plan, or check out what it was made from
    hint: it was made at the commit commit 3
    ");
    estate.write("infrastructure/stack/more.tf", "locals {\n  a = 1\n}\n").expect("writable");
    run(&estate, &APPLY).ends_with(3).says("infrastructure");
    assert!(!state(&estate).contains("-b\""));
}

#[test]
fn a_plan_is_refused_when_the_tags_have_moved_since() {
    let estate = planned();
    let aws = estate.aws().expect("an AWS");
    aws.seed_image("weco/concepts_aggregator", "newer", Kind::Docker, &["2022-08-31"]).expect("seeded");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &APPLY)), @r"
    exit code 3
    --- stdout
    --- stderr
    error: tags have moved since the plan was made: weco/concepts_aggregator:2022-08-31
    hint: plan again and review the new plan
    ");
    assert!(!state(&estate).contains("concepts-2022-08-31-b"));
}

#[test]
fn another_plan_than_the_reviewed_one_is_refused() {
    let estate = planned();
    run(&estate, &["plan", "2022-08-31", "--out", "b.tfplan"]).ends_with(0);
    fs::copy(estate.file("b.tfplan"), estate.file("a.tfplan")).expect("copied");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &APPLY)), @r"
    exit code 3
    --- stdout
    --- stderr
    error: [FOLDER]/a.tfplan is not the plan that was reviewed
    hint: plan again and review that plan
    ");
    let mut bytes = fs::read(estate.file("b.tfplan")).expect("readable");
    bytes.push(0);
    fs::write(estate.file("b.tfplan"), bytes).expect("writable");
    run(&estate, &["apply", "b.tfplan", "--yes"]).ends_with(3).says("b.tfplan");
    assert!(!state(&estate).contains("-b\""));
}

#[test]
fn a_review_cannot_let_more_pass_than_the_guard() {
    let estate = two_pipelines();
    change(&estate, "2022-08-31");
    change(&estate, "2022-10-01");
    run(&estate, &["plan", "--base", "HEAD", "--out", "a.tfplan"]).ends_with(0);
    let review = estate.read("a.tfplan.json").expect("readable");
    let mut review: serde_json::Value = serde_json::from_str(&review).expect("JSON");
    review["pipelines"]
        .as_object_mut()
        .expect("names")
        .remove("module.concepts_pipeline_2022-08-31")
        .expect("it was there");
    estate.write("a.tfplan.json", &review.to_string()).expect("writable");
    run(&estate, &APPLY).ends_with(3).says("module.concepts_pipeline_2022-08-31.terraform_data.index");
    assert!(!state(&estate).contains("-b\""));
}

#[test]
fn a_plan_of_several_pipelines_is_applied_too() {
    let estate = two_pipelines();
    change(&estate, "2022-08-31");
    change(&estate, "2022-10-01");
    run(&estate, &["plan", "--base", "HEAD", "--out", "a.tfplan"]).ends_with(0);
    run(&estate, &APPLY).ends_with(0);
    assert!(state(&estate).contains("concepts-2022-08-31-b") && state(&estate).contains("concepts-2022-10-01-b"));
}

#[test]
fn a_plan_is_refused_when_the_state_has_changed_since() {
    let estate = planned();
    estate
        .terraform(&[
            "apply",
            "-auto-approve",
            "-no-color",
            "-replace=module.concepts_pipeline_2022-10-01.terraform_data.index",
        ])
        .expect("applied");
    let before = state(&estate);
    insta::assert_snapshot!(shown(&estate, &run(&estate, &APPLY)), @r#"
    exit code 3
    --- stdout

    module.concepts_pipeline_2022-08-31
      ~ terraform_data.index
          input.index: "concepts-2022-08-31" → "concepts-2022-08-31-b"
          output: known after apply
    Plan: 0 to create, 1 to change, 0 to destroy, 5 unchanged
    --- stderr

    Applying …
    error: the state was changed since this plan was made
    hint: plan again and review the new plan
    "#);
    assert_eq!(state(&estate), before);
}

#[test]
fn a_plan_without_changes_has_nothing_to_apply() {
    let estate = two_pipelines();
    run(&estate, &["plan", "2022-08-31", "--out", "a.tfplan"]).ends_with(0);
    run(&estate, &["apply", "a.tfplan"]).ends_with(0).says("Nothing to do");
}

#[test]
fn it_completes_a_new_that_stopped_at_its_plan() {
    let estate = two_pipelines();
    run(&estate, &["new", "2022-10-14", "--plan-only", "--out", "a.tfplan", "--yes"])
        .ends_with(0)
        .says("Nothing was applied");
    run(&estate, &["list"]).ends_with(0).says("unfinished");
    run(&estate, &APPLY).ends_with(0);
    run(&estate, &["list"]).ends_with(0).says("2022-10-14").does_not_say("unfinished");
    assert!(state(&estate).contains("concepts-2022-10-14"));
    let made = writes(&estate).len();
    run(&estate, &["new", "2022-10-14", "--yes"]).ends_with(0).says("Nothing to do");
    assert_eq!(writes(&estate).len(), made);
}

#[test]
fn afterwards_every_function_is_asked_what_it_runs() {
    let aws = LocalAws::shared().expect("a local AWS");
    let estate = Estate::medium().aws(&aws).build().expect("an estate");
    run(&estate, &["tag", "2022-10-14", "--yes"]).ends_with(0);
    run(&estate, &["new", "2022-10-14", "--edit-only", "--yes"]).ends_with(0);
    // The live pipeline is not there yet either: both are made in one plan.
    run(&estate, &["plan", "--base", "HEAD~1", "--out", "b.tfplan"]).ends_with(3).says("2022-08-31");
    estate.git(&["checkout", "--quiet", "infrastructure/main.tf"]).expect("as before");
    run(&estate, &["plan", "2022-08-31", "--out", "a.tfplan"]).ends_with(0);
    let applied = run(&estate, &APPLY).ends_with(0);
    insta::assert_snapshot!(shown(&estate, &applied), @r#"
    exit code 0
    --- stdout

    module.concepts_pipeline_2022-08-31
      + aws_iam_role.service
      + aws_lambda_function.service["concepts_ingestor"]
    Plan: 2 to create, 0 to change, 0 to destroy, 0 unchanged

    SERVICE            RUNS AS                       DIGEST        STATE
    concepts_ingestor  2022-08-31-concepts_ingestor  b69f61ee5a2f  verified
    --- stderr

    Applying …
      ✓ aws_iam_role.service  created
      ✓ aws_lambda_function.service["concepts_ingestor"]  created

    Applied.
    "#);
}
