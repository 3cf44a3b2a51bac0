//! `new --replace`: the new pipeline takes the place of an old one, in one edit and one plan; then the old one's tags go.

use std::os::unix::fs::PermissionsExt as _;

use sandbox::Kind;

use super::asked::on_terminal;
use super::*;
use crate::errors::configure;
use crate::plan::{change_stack, two_pipelines};
use crate::support::{run, writes};

const OLD: &str = "2022-10-01";
const OLD_HEAD: &str = "module \"concepts_pipeline_2022-10-01\"";

fn replace(estate: &Estate, more: &[&str]) -> Run {
    run(estate, &[&["new", NEW, "--replace", OLD, "--yes"], more].concat())
}

/// What there is of a pipeline: its block, its resources, its tags.
fn stands(estate: &Estate, namespace: &str) -> (bool, usize, usize) {
    let block = estate.read(MAIN).expect("readable").contains(&format!("namespace = \"{namespace}\""));
    let resources = state(estate).iter().filter(|address| address.contains(&format!("{namespace}."))).count();
    (block, resources, digests(estate, namespace).iter().flatten().count())
}

const WHOLE: (bool, usize, usize) = (true, 3, 2);
const NOTHING: (bool, usize, usize) = (false, 0, 0);

/// Commands and pipelines of the history, newest first, and whether none is unfinished.
fn history(estate: &Estate) -> Vec<String> {
    let report = run(estate, &["history", "--format", "json"]).ends_with(0).json();
    let rows = report["releases"].as_array().expect("rows").iter();
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or("none").to_owned();
    rows.map(|row| ["command", "namespace", "outcome"].map(|key| text(row, key)).join(" ")).collect()
}

/// A terraform that waits before an apply until the test ends.
fn held(estate: &Estate) -> (String, PathBuf) {
    let (script, applying) = (estate.home().join("held"), estate.home().join("applying"));
    let text = format!(
        "#!/bin/sh\nif [ \"$1\" = apply ]; then touch '{}'; exec sleep 60; fi\nexec terraform \"$@\"\n",
        applying.display()
    );
    fs::write(&script, text).expect("written");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("made executable");
    (script.display().to_string(), applying)
}

#[test]
fn a_dry_run_shows_what_comes_and_what_goes() {
    let estate = two_pipelines();
    let dry = replace(&estate, &["--dry-run"]).ends_with(0);
    insta::assert_snapshot!(shown(&estate, &dry), @r#"
    exit code 0
    --- stdout
    --- infrastructure/main.tf
    +++ infrastructure/main.tf
    @@ -9,12 +9,12 @@
       }
     }
     
    -module "concepts_pipeline_2022-10-01" {
    +module "concepts_pipeline_2022-10-14" {
       source    = "./stack"
    -  namespace = "2022-10-01"
    +  namespace = "2022-10-14"
     
       reindexing_state = {
         scale_up_tasks = false
    -    index          = "concepts-2022-10-01"
    +    index          = "concepts-2022-10-14"
       }
     }

    Images for 2022-10-14
      REPOSITORY                DIGEST        COMMIT                                                     TAG
    + weco/concepts_ingestor    508f9b828326  COMMIT-3 2022-09-01 Aggregate concepts by identifier, no…  → 2022-10-14
    + weco/concepts_aggregator  4d6483345f0d  COMMIT-3 2022-09-01 Aggregate concepts by identifier, no…  → 2022-10-14

    Tags 2022-10-01, which goes
      REPOSITORY                DIGEST        TAG                       OTHER TAGS
    - weco/concepts_ingestor    21bb8d5c8cb4  2022-10-01 is taken away  2022-08-31, ref.COMMIT-2
    - weco/concepts_aggregator  0f85fd9632ad  2022-10-01 is taken away  2022-08-31, ref.COMMIT-2
    --- stderr
    Reading the estate and what 2 services have in ECR …
    warning: 2022-10-01 goes: its block, what it made in the same plan, and then its tags

    Dry run: nothing was changed.
    "#);
    assert_eq!((stands(&estate, OLD), writes(&estate).len()), (WHOLE, 0));
}

#[test]
fn its_plan_has_both_and_the_old_tags_go_afterwards() {
    let estate = two_pipelines();
    let before = estate.read(MAIN).expect("readable");
    let images = digests(&estate, OLD);
    let done = replace(&estate, &[]).ends_with(0);
    insta::assert_snapshot!(shown(&estate, &done), @r#"
    exit code 0
    --- stdout
    --- infrastructure/main.tf
    +++ infrastructure/main.tf
    @@ -9,12 +9,12 @@
       }
     }
     
    -module "concepts_pipeline_2022-10-01" {
    +module "concepts_pipeline_2022-10-14" {
       source    = "./stack"
    -  namespace = "2022-10-01"
    +  namespace = "2022-10-14"
     
       reindexing_state = {
         scale_up_tasks = false
    -    index          = "concepts-2022-10-01"
    +    index          = "concepts-2022-10-14"
       }
     }

    Images for 2022-10-14
      REPOSITORY                DIGEST        COMMIT                                                     TAG
    + weco/concepts_ingestor    508f9b828326  COMMIT-3 2022-09-01 Aggregate concepts by identifier, no…  → 2022-10-14
    + weco/concepts_aggregator  4d6483345f0d  COMMIT-3 2022-09-01 Aggregate concepts by identifier, no…  → 2022-10-14

    Tags 2022-10-01, which goes
      REPOSITORY                DIGEST        TAG                       OTHER TAGS
    - weco/concepts_ingestor    21bb8d5c8cb4  2022-10-01 is taken away  2022-08-31, ref.COMMIT-2
    - weco/concepts_aggregator  0f85fd9632ad  2022-10-01 is taken away  2022-08-31, ref.COMMIT-2

    module.concepts_pipeline_2022-10-01
      - terraform_data.index  (to destroy)
      - terraform_data.service["concepts_aggregator"]  (to destroy)
      - terraform_data.service["concepts_ingestor"]  (to destroy)
    module.concepts_pipeline_2022-10-14
      + terraform_data.index
      + terraform_data.service["concepts_aggregator"]
      + terraform_data.service["concepts_ingestor"]
    Plan: 3 to create, 0 to change, 3 to destroy, 3 unchanged

    SERVICE              RUNS AS  DIGEST        STATE
    concepts_ingestor             508f9b828326  has a tag only
    concepts_aggregator           4d6483345f0d  has a tag only
    --- stderr
    Reading the estate and what 2 services have in ECR …
    warning: 2022-10-01 goes: its block, what it made in the same plan, and then its tags
    Wrote module.concepts_pipeline_2022-10-14 to infrastructure/main.tf:12.
      ✓ weco/concepts_aggregator          tagged 2022-10-14
      ✓ weco/concepts_ingestor            tagged 2022-10-14
    Planning with terraform …

    Applying …
      ✓ module.concepts_pipeline_2022-10-01.terraform_data.index                           destroyed
      ✓ module.concepts_pipeline_2022-10-01.terraform_data.service["concepts_aggregator"]  destroyed
      ✓ module.concepts_pipeline_2022-10-01.terraform_data.service["concepts_ingestor"]    destroyed
      ✓ module.concepts_pipeline_2022-10-14.terraform_data.index                           created
      ✓ module.concepts_pipeline_2022-10-14.terraform_data.service["concepts_aggregator"]  created
      ✓ module.concepts_pipeline_2022-10-14.terraform_data.service["concepts_ingestor"]    created
      ✓ weco/concepts_aggregator          2022-10-01 is taken away
      ✓ weco/concepts_ingestor            2022-10-01 is taken away

    2022-10-14 is made, and its tags are set.
    2022-10-01 is gone: 3 resources destroyed, 2 tags taken away.
    next: commit infrastructure/main.tf and open a pull request
    next: 2022-08-31 stays live until 2022-10-14 is named instead
    "#);
    assert_eq!((stands(&estate, NEW), stands(&estate, OLD), stands(&estate, LIVE)), (WHOLE, NOTHING, WHOLE));
    assert_eq!(estate.read(MAIN).expect("readable"), before.replace(OLD, NEW));
    for (repository, digest) in estate.repositories().iter().zip(images.iter().flatten()) {
        assert!(aws_of(&estate).image(repository, digest).expect("an answer").is_some(), "images stay");
    }
    estate.terraform(&["plan", "-detailed-exitcode", "-input=false"]).expect("nothing to change");
    let told = ["retire 2022-10-01 done", "new 2022-10-14 verified"];
    assert_eq!(history(&estate), told);
    replace(&estate, &[]).ends_with(0).says("Nothing to do: 2022-10-14 is complete.");
    assert_eq!(history(&estate), told, "nothing was done, so there is nothing to record");
}

#[test]
fn it_is_json_too_and_an_only_tag_stays() {
    let estate = two_pipelines();
    let repository = &estate.repositories()[0];
    aws_of(&estate).seed_image(repository, "built by hand", Kind::Oci, &[OLD]).expect("an image");
    let report = replace(&estate, &["--format", "json"]).ends_with(0);
    let (json, replaced) = (report.json(), report.json()["replaced"].clone());
    assert_eq!([&json["plan"]["create"], &json["plan"]["delete"]], [3, 3]);
    assert_eq!(replaced["namespace"], OLD);
    assert_eq!([&replaced["tags"][0]["fate"], &replaced["tags"][1]["fate"]], ["only-tag", "removed"]);
    report.says("The tag 2022-10-01 stays in 1 repository").says("'pipelinectl retire 2022-10-01 --delete-images'");
    assert_eq!(stands(&estate, OLD), (false, 0, 1));
    replace(&estate, &[]).ends_with(0).says("Nothing to do");
}

#[test]
fn what_else_would_change_refuses_it() {
    let estate = two_pipelines();
    change_stack(&estate);
    let refused = replace(&estate, &[]).ends_with(3);
    refused
        .says("'new' may only create things inside module.concepts_pipeline_2022-10-14, and destroy things inside 2022-10-01")
        .says("--allow 'module.concepts_pipeline_2022-08-31.terraform_data.service[\"concepts_ingestor\"]=update'")
        .does_not_say("concepts_pipeline_2022-10-01.terraform_data.service[\"concepts_ingestor\"]=")
        .says("what stands: module.concepts_pipeline_2022-10-14 in infrastructure/main.tf");
    assert_eq!((stands(&estate, OLD), stands(&estate, NEW)), ((false, 3, 2), (true, 0, 2)));
    // Nothing is lost: with what else changed taken back, it goes on.
    estate.git(&["checkout", "--quiet", "infrastructure/stack"]).expect("taken back");
    replace(&estate, &[]).ends_with(0).says("2022-10-01 is gone: 3 resources destroyed, 2 tags taken away.");
    assert_eq!((stands(&estate, NEW), stands(&estate, OLD)), (WHOLE, NOTHING));
}

#[test]
fn what_is_live_protected_or_worked_on_is_not_replaced() {
    let estate = two_pipelines();
    let refused = |old: &str, code: i32| run(&estate, &["new", NEW, "--replace", old, "--yes"]).ends_with(code);
    for old in [LIVE, "live"] {
        refused(old, 3).says("2022-08-31 is the live pipeline").says("make the new pipeline without --replace");
    }
    refused("2022-10-02", 64).says("2022-10-02");
    run(&estate, &["new", OLD, "--replace", OLD, "--yes"]).ends_with(64);
    run(&estate, &["new", LIVE, "--replace", OLD, "--yes"])
        .ends_with(64)
        .says("2022-08-31 is there already (infrastructure/main.tf:2), and so is 2022-10-01")
        .says("pipelinectl retire 2022-10-01");
    configure(&estate, "[pipeline]\n", "[pipeline]\nprotected = [\"2022-10-01\"]\n");
    refused(OLD, 3).says("2022-10-01 is protected");
    configure(&estate, "protected = [\"2022-10-01\"]\n", "");
    let (script, applying) = held(&estate);
    let mut first = start(&estate, &["retire", OLD, "--confirm", OLD, "--terraform", &script]);
    first.until("the apply", || applying.exists());
    refused(OLD, 1).says("the pipeline 2022-10-01 is locked by ").says("'retire 2022-10-01'");
    assert_eq!((stands(&estate, OLD), stands(&estate, NEW)), (WHOLE, NOTHING));
    assert!(writes(&estate).is_empty());
}

#[test]
fn killed_before_the_apply_it_goes_on_and_knows_what_the_old_one_was() {
    let estate = two_pipelines();
    // A label from which no rule tells the pipeline, and which git has not heard of.
    estate.terraform(&["state", "mv", "module.concepts_pipeline_2022-10-01", "module.concepts_autumn"]).expect("moved");
    change(&estate, MAIN, OLD_HEAD, "module \"concepts_autumn\"");
    let (script, applying) = held(&estate);
    let arguments = ["new", NEW, "--replace", OLD, "--yes", "--label", "concepts_pipeline_2022-10-14"];
    let mut first = start(&estate, &[&arguments[..], &["--terraform", &script]].concat());
    first.until("the apply", || applying.exists()).kill();
    assert_eq!(stands(&estate, NEW), (true, 0, 2));
    // Without the flag nobody would take the old one's tags away.
    run(&estate, &["new", NEW, "--yes"])
        .ends_with(64)
        .says("2022-10-14 is taking the place of 2022-10-01, and that has not ended")
        .says("pipelinectl new 2022-10-14 --replace 2022-10-01");
    run(&estate, &arguments).ends_with(0).says("2022-10-01 is gone: 3 resources destroyed, 2 tags taken away.");
    assert_eq!((stands(&estate, NEW), stands(&estate, OLD)), (WHOLE, NOTHING));
    assert!(!state(&estate).iter().any(|address| address.contains("autumn")), "{:?}", state(&estate));
    assert_eq!(history(&estate), ["retire 2022-10-01 done", "new 2022-10-14 verified"]);
}

#[test]
fn killed_while_the_old_tags_go_it_takes_the_rest_away() {
    let estate = two_pipelines();
    let second = estate.repositories()[1].clone();
    let fault = Fault::always("BatchDeleteImage", "ThrottlingException").on(&second);
    aws_of(&estate).set(&Switches::new().faults(vec![fault])).expect("switched");
    let mut first = start(&estate, &["new", NEW, "--replace", OLD, "--yes"]);
    first.until("the second tag", || calls(&estate, "BatchDeleteImage") > 2).kill();
    no_faults(&estate);
    assert_eq!((stands(&estate, NEW), stands(&estate, OLD)), (WHOLE, (false, 0, 1)));
    replace(&estate, &[]).ends_with(0).says("2022-10-01 is gone: 1 tag taken away.");
    assert_eq!(stands(&estate, OLD), NOTHING);
    assert_eq!(history(&estate), ["retire 2022-10-01 done", "new 2022-10-14 verified"]);

    // One that cannot be taken away does not keep the rest from being done.
    let fault = Fault::always("BatchDeleteImage", "AccessDeniedException").on(&second).status(400);
    aws_of(&estate).set(&Switches::new().faults(vec![fault])).expect("switched");
    let next = ["new", "2022-11-11", "--replace", NEW, "--yes"];
    run(&estate, &next).ends_with(1).says("1 tag 2022-10-14 could not be taken away");
    no_faults(&estate);
    assert_eq!((stands(&estate, "2022-11-11"), stands(&estate, NEW)), (WHOLE, (false, 0, 1)));
    run(&estate, &["retire", NEW, "--confirm", NEW]).ends_with(0).says("Going on with what");
    assert_eq!(stands(&estate, NEW), NOTHING);
    run(&estate, &next).ends_with(0).says("Nothing to do");
}

#[test]
fn reviewed_first_its_plan_destroys_and_makes() {
    let estate = two_pipelines();
    let planned = replace(&estate, &["--plan-only", "--out", "swap.tfplan"]).ends_with(0);
    planned.says("next: once the plan is applied, 'pipelinectl retire 2022-10-01' takes its tags away");
    assert_eq!((stands(&estate, OLD), stands(&estate, NEW)), ((false, 3, 2), (true, 0, 2)));
    run(&estate, &["apply", "swap.tfplan", "--yes"])
        .ends_with(0)
        .says("Applied.")
        .says("next: 'pipelinectl retire 2022-10-01' takes away what is left of it: its tags");
    assert_eq!((stands(&estate, OLD), stands(&estate, NEW)), ((false, 0, 2), WHOLE));
    run(&estate, &["retire", OLD, "--confirm", OLD]).ends_with(0).says("2 tags taken away");
    assert_eq!(stands(&estate, OLD), NOTHING);
    replace(&estate, &[]).ends_with(0).says("Nothing to do");
}

#[test]
fn it_asks_before_it_writes_and_before_it_destroys() {
    let estate = two_pipelines();
    let mut asked = on_terminal(&estate, &["new", NEW, "--replace", OLD]);
    let end = asked.asks("Write the block, make 2 tags, plan? [y/N]", 0);
    asked.answer("y");
    asked.asks("Apply this plan, then take 2 tags of 2022-10-01 away? [y/N]", end);
    asked.answer("n");
    asked.end().ends_with(1).says("answered no; nothing was applied").says("to go on, run the same command again");
    assert_eq!((stands(&estate, OLD), stands(&estate, NEW)), ((false, 3, 2), (true, 0, 2)));
    assert_eq!(history(&estate), ["new 2022-10-14 none"], "nothing of the old one was begun");
    // The old one can still be had back.
    estate.git(&["checkout", "--quiet", "infrastructure/main.tf"]).expect("taken back");
    run(&estate, &["plan", OLD, "--detailed-exitcode"]).ends_with(0);
}
