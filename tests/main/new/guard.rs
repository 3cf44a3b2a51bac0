//! Nothing but the new pipeline is touched.

use serde_json::json;

use super::*;
use crate::support::{run, writes};

const DRIFT: &str = "module.concepts_pipeline_2022-08-31.terraform_data.index";

#[test]
fn a_changed_live_pipeline_is_not_applied_unless_allowed() {
    let estate = live();
    let index = "index          = \"concepts-2022-08-31\"";
    change(&estate, MAIN, index, &index.replace("concepts", "renamed"));
    let state_before = estate.read("infrastructure/terraform.tfstate").expect("a state");
    let refused = run(&estate, &["new", NEW, "--yes"]).ends_with(3);
    assert_eq!(estate.read("infrastructure/terraform.tfstate").expect("a state"), state_before);
    insta::assert_snapshot!(talk(&estate, &refused), @r#"
    Reading the estate and what 5 services have in ECR …
    Wrote module.concepts_pipeline_2022-10-14 to infrastructure/main.tf:12.
      ✓ weco/concepts_aggregator          tagged 2022-10-14
      ✓ weco/concepts_aggregator_bulk     tagged 2022-10-14
      ✓ weco/concepts_ingestor            tagged 2022-10-14
      ✓ weco/concepts_recorder            tagged 2022-10-14
      ✓ weco/concepts_recorder_bulk       tagged 2022-10-14
    Planning with terraform …
    error: the plan is refused: 'new' may only create things inside module.concepts_pipeline_2022-10-14
      ✗ module.concepts_pipeline_2022-08-31.terraform_data.index: update, it is not part of the pipeline
          --allow module.concepts_pipeline_2022-08-31.terraform_data.index=update
    hint: nothing was applied; find out why terraform wants that
    hint: with the --allow that stands below a change, it would pass nevertheless
    hint: what stands: module.concepts_pipeline_2022-10-14 in infrastructure/main.tf:12, and the tag 2022-10-14 in 5 repositories
    hint: to go on, run the same command again
    hint: to give up: pipelinectl retire 2022-10-14
    "#);

    // Another action than the one that is allowed is refused still.
    run(&estate, &["new", NEW, "--yes", "--allow", &format!("{DRIFT}=delete")]).ends_with(3).says(DRIFT);
    let allow = format!("{DRIFT}=update");
    let report = run(&estate, &["new", NEW, "--yes", "--format", "json", "--allow", &allow]).ends_with(0);
    assert!(report.err.contains(&format!("passes only because of --allow {allow}")), "{}", report.err);
    assert_eq!(report.json()["plan"]["allowed"], json!([allow]));
    assert_eq!(made(&estate), 6);
    let records =
        estate.home().join(format!("state/pipelinectl/concepts-{}/{NEW}/releases", aws_of(&estate).account_id()));
    let record = fs::read_dir(&records).expect("records").next().expect("one").expect("an entry").path();
    assert!(fs::read_to_string(record).expect("readable").contains(&allow), "the record names what was allowed");
}

#[test]
fn what_the_live_pipeline_lost_is_not_made_again() {
    let estate = live();
    estate.terraform(&["state", "rm", DRIFT]).expect("removed from the state");
    run(&estate, &["new", NEW, "--yes"])
        .ends_with(3)
        .says(&format!("{DRIFT}: create"))
        .says(&format!("--allow {DRIFT}=create"))
        .says("nothing was applied");
    assert_eq!(state(&estate).len(), 5, "{:?}", state(&estate));
}

#[test]
fn a_pipeline_taken_out_by_hand_is_not_destroyed() {
    let estate = built(Estate::small().pipelines(&[LIVE, "2022-10-01"]));
    estate.apply_live().expect("it applies");
    let text = estate.read(MAIN).expect("readable");
    let block = text.find("\nmodule \"concepts_pipeline_2022-10-01\"").expect("the second block");
    estate.write(MAIN, &text[..block]).expect("written");
    let refused = run(&estate, &["new", NEW, "--yes"]).ends_with(3);
    for service in estate.services() {
        let address = format!("module.concepts_pipeline_2022-10-01.terraform_data.service[\"{service}\"]");
        assert!(refused.err.contains(&format!("--allow '{address}=delete'")), "{address}\n{}", refused.err);
    }
    assert_eq!(state(&estate).len(), 12, "nothing was destroyed: {:?}", state(&estate));
}

#[test]
fn a_module_whose_name_is_a_part_of_the_new_one_is_another() {
    let estate = laid_out();
    let text = estate.read(MAIN).expect("readable");
    let block = text[text.find("module ").expect("a block")..].replace(LIVE, "2022-10-1");
    estate.write(MAIN, &format!("{text}\n{block}")).expect("written");
    estate.apply_live().expect("it applies");
    let with_both = estate.read(MAIN).expect("readable");
    let index = "\"concepts-2022-10-1\"";
    change(&estate, MAIN, index, "\"renamed-2022-10-1\"");
    run(&estate, &["new", NEW, "--yes"])
        .ends_with(3)
        .says("module.concepts_pipeline_2022-10-1.terraform_data.index: update")
        .does_not_say("module.concepts_pipeline_2022-10-14.terraform_data.index: ");
    change(&estate, MAIN, "\"renamed-2022-10-1\"", index);
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    assert_eq!((made(&estate), state(&estate).len()), (6, 18));
    let after = estate.read(MAIN).expect("readable");
    assert!(!inserted(&with_both, &after).is_empty() && after.contains(MODULE_HEAD));
}

#[test]
fn the_read_of_a_check_block_is_no_reason_to_refuse() {
    let estate = laid_out();
    let text = estate.read(MAIN).expect("readable");
    let check = r#"
check "state" {
  data "terraform_remote_state" "own" {
    backend = "local"
    config  = { path = "${path.module}/terraform.tfstate" }
  }

  assert {
    condition     = data.terraform_remote_state.own.outputs != null
    error_message = "There is no state."
  }
}
"#;
    estate.write(MAIN, &(text + check)).expect("written");
    estate.apply_live().expect("it applies");
    run(&estate, &["new", NEW, "--yes"]).ends_with(0).does_not_say("refused");
    assert_eq!(made(&estate), 6);
}

#[test]
fn a_root_output_that_changes_is_refused_unless_allowed() {
    let estate = laid_out();
    let output = "\noutput \"live_index\" {\n  value = \"concepts-2022-08-31\"\n}\n";
    estate.write(MAIN, &(estate.read(MAIN).expect("readable") + output)).expect("written");
    estate.apply_live().expect("it applies");
    change(&estate, MAIN, "  value = \"concepts-2022-08-31\"", "  value = \"concepts-2022-10-14\"");
    run(&estate, &["new", NEW, "--yes"])
        .ends_with(3)
        .says("output.live_index: update")
        .says("--allow output.live_index=update");
    assert_eq!(made(&estate), 0);
    run(&estate, &["new", NEW, "--yes", "--allow", "output.live_index=update"]).ends_with(0);
    let state = estate.read("infrastructure/terraform.tfstate").expect("a state");
    let state: serde_json::Value = serde_json::from_str(&state).expect("JSON");
    assert_eq!(state["outputs"]["live_index"]["value"], "concepts-2022-10-14");
}

#[test]
fn the_live_namespace_mistyped_moves_nothing() {
    let estate = live();
    let before = (estate.read(MAIN).expect("readable"), digests(&estate, LIVE), state(&estate));
    assert_ne!(before.1, digests(&estate, "latest"), "the images' latest is newer");
    run(&estate, &["new", LIVE, "--yes"]).ends_with(0).says("Nothing to do: 2022-08-31 is complete.");
    assert_eq!(before, (estate.read(MAIN).expect("readable"), digests(&estate, LIVE), state(&estate)));
    assert_eq!(writes(&estate), Vec::<String>::new());
}

#[test]
fn a_setting_of_a_pipeline_that_is_there_is_not_changed() {
    let estate = laid_out();
    let before = estate.read(MAIN).expect("readable");
    run(&estate, &["new", LIVE, "--yes", "--set", "reindexing_state.scale_up_tasks=true"])
        .ends_with(64)
        .says("2022-08-31 is there already (infrastructure/main.tf:2) and says something else of reindexing_state.scale_up_tasks")
        .says("'new' does not change a pipeline that is there");
    assert_eq!(estate.read(MAIN).expect("readable"), before);
    assert_eq!(writes(&estate), Vec::<String>::new());
}

#[test]
fn a_checkout_behind_its_upstream_is_refused() {
    let estate = live();
    estate.git(&["add", "--all"]).expect("added");
    estate.write("infrastructure/note.txt", "somebody else was here\n").expect("written");
    estate.commit("Note something").expect("committed");
    // As if a colleague had pushed it: this checkout has neither the commit nor news of it.
    estate.git(&["reset", "--quiet", "--hard", "HEAD~1"]).expect("reset");
    estate.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]).expect("forgotten");
    let refused = run(&estate, &["new", NEW, "--yes"]).ends_with(3);
    assert_eq!(writes(&estate), Vec::<String>::new());
    assert!(!estate.read(MAIN).expect("readable").contains(NEW));
    insta::assert_snapshot!(talk(&estate, &refused), @r#"
    Reading the estate and what 5 services have in ECR …
    error: the upstream branch has 1 commit for infrastructure that this checkout lacks
    hint: pull first, or use --allow-behind if you know them
    "#);
    run(&estate, &["new", NEW, "--yes", "--allow-behind"]).ends_with(0);
    assert_eq!(made(&estate), 6);
}

#[test]
fn what_counts_as_behind() {
    let estate = laid_out();
    let push = |path: &str| {
        estate.write(path, "somebody else was here\n").expect("written");
        estate.git(&["add", "--all"]).expect("added");
        estate.git(&["commit", "--quiet", "--message", path]).expect("committed");
        estate.git(&["push", "--quiet", "--force", "origin", "HEAD"]).expect("pushed");
        estate.git(&["reset", "--quiet", "--hard", "HEAD~1"]).expect("reset");
    };
    // A commit that does not touch the Terraform root.
    push("src/elsewhere.txt");
    run(&estate, &["new", NEW, "--dry-run"]).ends_with(0);
    push("infrastructure/note.txt");
    run(&estate, &["new", NEW, "--dry-run"]).ends_with(3);
    run(&estate, &["new", NEW, "--dry-run", "--allow-behind"]).ends_with(0);
    // What was not fetched is not known, and a dry run does not fetch: that would write into the repository.
    estate.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]).expect("forgotten");
    run(&estate, &["new", NEW, "--dry-run"]).ends_with(0);
    run(&estate, &["new", NEW, "--no-fetch"]).ends_with(1).says("nobody is there to say yes");
    run(&estate, &["new", NEW]).ends_with(3);
}

/// Takes a tag away, as if the service had come later than the pipeline.
fn untag(estate: &Estate, tag: &str) {
    let body = json!({"repositoryName": "weco/concepts_ingestor", "imageIds": [{"imageTag": tag}]});
    let aws = estate.aws().expect("the estate has an AWS");
    aws.ask("ecr", "AmazonEC2ContainerRegistry_V20150921.BatchDeleteImage", &body).expect("untagged");
}

#[test]
fn what_was_refused_stays_refused_when_it_is_run_again() {
    let estate = crate::plan::two_pipelines();
    untag(&estate, "2022-10-01");
    crate::plan::change_stack(&estate);
    let before = estate.read("infrastructure/terraform.tfstate").expect("a state");
    for _ in 0..2 {
        let refused = run(&estate, &["new", "2022-10-01", "--yes"]).ends_with(3);
        refused
            .says("update of 2 resources, this command does not do that")
            .does_not_say("take the block out")
            .does_not_say("to give up");
    }
    assert_eq!(estate.read("infrastructure/terraform.tfstate").expect("a state"), before);
}

#[test]
fn the_live_pipeline_gets_neither_tags_nor_resources_from_new() {
    let estate = crate::plan::two_pipelines();
    untag(&estate, "2022-08-31");
    let aws = estate.aws().expect("the estate has an AWS");
    aws.forget().expect("an empty log");
    run(&estate, &["new", "2022-08-31", "--yes"]).ends_with(3).says("2022-08-31 is the live pipeline");
    assert!(writes(&estate).is_empty(), "{:?}", writes(&estate));
}
