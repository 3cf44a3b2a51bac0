//! What is not retired.

use super::*;
use crate::errors::{configure, shown};
use crate::new::change;
use crate::support::writes;

/// Fails the test unless everything is as it was.
#[track_caller]
fn untouched(estate: &Estate) {
    assert_eq!(left(estate), WHOLE);
    assert!(writes(estate).is_empty(), "{:?}", writes(estate));
    assert!(!is_unfinished(estate));
}

fn point_to(estate: &Estate, namespace: &str) {
    let text = estate.read(".buildkite/pipeline.yml").expect("readable");
    let other = if namespace == OLD { LIVE } else { OLD };
    estate.write(".buildkite/pipeline.yml", &text.replace(other, namespace)).expect("writable");
}

#[test]
fn the_live_pipeline_is_not() {
    let estate = standing();
    let refused = run(&estate, &["retire", LIVE, "--confirm", LIVE]).ends_with(3);
    insta::assert_snapshot!(shown(&estate, &refused), @r"
    exit code 3
    --- stdout
    --- stderr
    error: 2022-08-31 is the live pipeline (.buildkite/pipeline.yml:3:18): it is not taken away
    hint: make another one live first ('pipelinectl live <NS>'), and have that merged
    ");
    for more in [&["--dry-run"][..], &["--edit-only", "--yes"], &["--allow-behind", "--no-fetch"]] {
        run(&estate, &[&["retire", "live", "--confirm", LIVE], more].concat()).ends_with(3);
    }
    assert_eq!(state(&estate).len(), 6);
    untouched(&estate);
}

#[test]
fn what_the_main_branch_calls_live_is_not() {
    let estate = standing();
    // Here another one is live already, but nobody has merged that.
    point_to(&estate, OLD);
    let refused = run(&estate, &["retire", LIVE, "--confirm", LIVE, "--edit-only"]).ends_with(3);
    assert!(refused.err.contains(".buildkite/pipeline.yml:3:18 on origin/main"), "{}", refused.err);
    run(&estate, &["retire", OLD, "--confirm", OLD]).ends_with(3).says("pipeline.yml:3:18)");
    // A colleague has made the other one live, and this checkout has not heard of it.
    estate.commit("Make the new one live").expect("committed");
    estate.git(&["reset", "--quiet", "--hard", "HEAD~1"]).expect("reset");
    estate.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]).expect("forgotten");
    retire(&estate, &["--no-fetch", "--dry-run"]).ends_with(0);
    retire(&estate, &[]).ends_with(3).says("2022-10-01 is the live pipeline").says("on origin/main");
    untouched(&estate);
}

#[test]
fn where_nobody_knows_what_is_live_nothing_is() {
    let estate = standing();
    configure(&estate, "key = \"env.LIVE_PIPELINE\"", "key = \"env.LIVE\"");
    retire(&estate, &[]).ends_with(64).says("env.LIVE");
    configure(&estate, "key = \"env.LIVE\"", "key = \"env.LIVE_PIPELINE\"");
    configure(&estate, "main_branch = \"origin/main\"", "main_branch = \"origin/trunk\"");
    retire(&estate, &[]).ends_with(1).says("main_branch").says("--no-fetch");
    retire(&estate, &["--no-fetch"]).ends_with(3).says("git knows no commit 'origin/trunk'").says("main_branch");
    configure(&estate, "main_branch = \"origin/trunk\"", "main_branch = \"origin/main\"");
    estate.git(&["remote", "set-url", "origin", "/nowhere"]).expect("set");
    retire(&estate, &[]).ends_with(1).says("--no-fetch");
    untouched(&estate);
    retire(&estate, &["--no-fetch"]).ends_with(0);
}

#[test]
fn in_a_repository_without_a_remote_the_files_that_are_here_count() {
    let estate = standing();
    estate.git(&["remote", "remove", "origin"]).expect("removed");
    let live = run(&estate, &["retire", LIVE, "--edit-only", "--yes"]).ends_with(3);
    live.says("2022-08-31 is the live pipeline (.buildkite/pipeline.yml:3:18)");
    let edited = retire(&estate, &["--edit-only", "--yes"]).ends_with(0);
    edited.says("there is no remote to know origin/main from: only the files that are here count");
    assert!(!estate.read(MAIN).expect("readable").contains(OLD));
}

#[test]
fn the_newest_is_not_where_that_is_the_live_one() {
    let estate = standing();
    configure(&estate, "file = \".buildkite/pipeline.yml\"\nkey = \"env.LIVE_PIPELINE\"", "mode = \"newest\"");
    retire(&estate, &[]).ends_with(3).says("2022-10-01 is the live pipeline (the newest one)");
    untouched(&estate);
    configure(&estate, "mode = \"newest\"", "mode = \"all\"");
    retire(&estate, &["--dry-run"]).ends_with(0).says("every pipeline is live");
}

#[test]
fn a_protected_one_is_not() {
    let estate = standing();
    configure(&estate, "[pipeline]\n", "[pipeline]\nprotected = [\"2022-10-01\"]\n");
    let refused = retire(&estate, &[]).ends_with(3);
    insta::assert_snapshot!(shown(&estate, &refused), @r"
    exit code 3
    --- stdout
    --- stderr
    error: 2022-10-01 is protected: it is never taken away
    hint: if it may go, take it off 'protected' below [pipeline] in pipelinectl.toml, and have that merged
    ");
    // On the main branch only.
    estate.commit("Protect it").expect("committed");
    configure(&estate, "protected = [\"2022-10-01\"]\n", "");
    retire(&estate, &["--edit-only"]).ends_with(3).says("2022-10-01 is protected on origin/main");
    untouched(&estate);
}

#[test]
fn what_something_else_names_is_not() {
    let estate = standing();
    let output = format!(
        "output \"services\" {{\n  value = [{MODULE}.services, module.concepts_pipeline_{LIVE}.services]\n}}\n"
    );
    estate.write("infrastructure/outputs.tf", &output).expect("written");
    let refused = retire(&estate, &[]).ends_with(3);
    insta::assert_snapshot!(shown(&estate, &refused), @r"
    exit code 3
    --- stdout
    --- stderr
    Reading the estate and the tags of 2022-10-01 …
    error: 2022-10-01 is not retired: something else names module.concepts_pipeline_2022-10-01:
      infrastructure/outputs.tf:2:12: value = [module.concepts_pipeline_2022-10-01.services, module.concepts_pipeline_2022-08-31.services]
    hint: take that out first, apply it ('pipelinectl plan --out FILE' and 'apply'), then retire
    ");
    retire(&estate, &["--edit-only"]).ends_with(3).says("infrastructure/outputs.tf:2:12");
    untouched(&estate);
    estate.write("infrastructure/outputs.tf", &output.replace(&format!("{MODULE}.services, "), "")).expect("written");
    retire(&estate, &["--dry-run"]).ends_with(0);
}

#[test]
fn one_in_json_or_twice_is_not() {
    let estate = standing();
    let text = estate.read(MAIN).expect("readable");
    let block = text[text.find("module \"concepts_pipeline_2022-10-01").expect("the block")..].to_owned();
    let twice = block.replace("concepts_pipeline_2022-10-01", "again");
    estate.write("infrastructure/more.tf", &twice).expect("written");
    retire(&estate, &[]).ends_with(64).says("2 blocks say that they are 2022-10-01").says("infrastructure/more.tf:1");
    let json = r#"{"module": {"concepts_pipeline_2022-10-01": {"source": "./stack", "namespace": "2022-10-01"}}}"#;
    estate.write("infrastructure/more.tf", "").expect("written");
    estate.write(MAIN, text.strip_suffix(&block).expect("at the end")).expect("written");
    estate.write("infrastructure/more.tf.json", json).expect("written");
    retire(&estate, &[]).ends_with(64).says("infrastructure/more.tf.json:1").says("JSON");
}

#[test]
fn what_depends_on_it_is_not_destroyed_with_it() {
    let estate = standing();
    // Terraform destroys with a target what depends on it; the reference is hidden in a local.
    let more = format!("locals {{\n  old = {MODULE}.services\n}}\n");
    estate.write("infrastructure/more.tf", &more).expect("written");
    retire(&estate, &[]).ends_with(3).says("infrastructure/more.tf:2:9: old = module.");
    untouched(&estate);
}

#[test]
fn prevent_destroy_is_told_with_what_to_do() {
    let estate = standing();
    change(
        &estate,
        "infrastructure/stack/main.tf",
        "  input = var.reindexing_state\n",
        "  input = var.reindexing_state\n\n  lifecycle {\n    prevent_destroy = true\n  }\n",
    );
    let refused = retire(&estate, &[]).ends_with(3);
    insta::assert_snapshot!(refused.err[refused.err.find("error:").expect("an error")..], @r#"
    error: prevent_destroy keeps terraform from destroying module.concepts_pipeline_2022-10-01.terraform_data.index

      Instance cannot be destroyed
      at infrastructure/stack/main.tf:25:1
        resource "terraform_data" "index" {
      Resource module.concepts_pipeline_2022-10-01.terraform_data.index has lifecycle.prevent_destroy set, but the plan calls for this resource to be destroyed. To avoid this error and continue with the plan, either disable lifecycle.prevent_destroy or reduce the scope of the plan using the -target option.
    hint: take prevent_destroy out of that resource, run the same command again, and put it back afterwards
    hint: or keep the resource: 'terraform state rm' with its address, and nothing manages it any more
    "#);
    untouched(&estate);
}

#[test]
fn nothing_is_retired_from_a_checkout_that_is_behind() {
    let estate = standing();
    estate.write("infrastructure/note.txt", "somebody else was here\n").expect("written");
    estate.commit("Note something").expect("committed");
    estate.git(&["reset", "--quiet", "--hard", "HEAD~1"]).expect("reset");
    estate.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]).expect("forgotten");
    retire(&estate, &[]).ends_with(3).says("the upstream branch has 1 commit for infrastructure");
    untouched(&estate);
    retire(&estate, &["--allow-behind"]).ends_with(0);
    let history = history(&estate);
    assert_eq!(history.last().expect("a record")["allowed"], serde_json::json!(["--allow-behind"]));
}
