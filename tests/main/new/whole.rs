//! From nothing to a pipeline that runs, and what is left alone when there is nothing to do or nobody said yes.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use serde_json::json;

use super::*;
use crate::support::{run, writes};

#[test]
fn makes_the_block_the_tags_and_the_resources() {
    let estate = live();
    let before = estate.read(MAIN).expect("readable");
    let run = run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    let after = estate.read(MAIN).expect("readable");
    let block = before[before.find("module ").expect("a block")..].replace(LIVE, NEW);
    assert_eq!(after, format!("{before}\n{block}"), "the block of the template, at the end");
    assert_eq!(made(&estate), 6, "{:?}", state(&estate));

    let (new, latest) = (tagged(&estate, NEW), tagged(&estate, "latest"));
    let mut kinds = Vec::new();
    for (new, latest) in new.iter().flatten().zip(latest.iter().flatten()) {
        assert_eq!(
            (&new.digest, &new.media_type, &new.manifest),
            (&latest.digest, &latest.media_type, &latest.manifest)
        );
        kinds.push(new.media_type.clone());
    }
    kinds.sort();
    kinds.dedup();
    assert_eq!((new.iter().flatten().count(), kinds.len()), (5, 4), "five tags on manifests of all kinds: {kinds:?}");
    insta::assert_snapshot!(shown(&estate, &run), @r#"
    exit code 0
    --- stdout
    --- infrastructure/main.tf
    +++ infrastructure/main.tf
    @@ -8,3 +8,13 @@
         index          = "concepts-2022-08-31"
       }
     }
    +
    +module "concepts_pipeline_2022-10-14" {
    +  source    = "./stack"
    +  namespace = "2022-10-14"
    +
    +  reindexing_state = {
    +    scale_up_tasks = false
    +    index          = "concepts-2022-10-14"
    +  }
    +}

    Images for 2022-10-14
      REPOSITORY                     DIGEST        COMMIT                                                TAG
    + weco/concepts_ingestor         508f9b828326  COMMIT-3 2022-09-01 Aggregate concepts by identifie…  → 2022-10-14
    + weco/concepts_aggregator       4d6483345f0d  COMMIT-3 2022-09-01 Aggregate concepts by identifie…  → 2022-10-14
    + weco/concepts_aggregator_bulk  44999a4564a2  COMMIT-3 2022-09-01 Aggregate concepts by identifie…  → 2022-10-14
    + weco/concepts_recorder         3bfbecb52021  COMMIT-3 2022-09-01 Aggregate concepts by identifie…  → 2022-10-14
    + weco/concepts_recorder_bulk    edf7d25f4a2a  COMMIT-3 2022-09-01 Aggregate concepts by identifie…  → 2022-10-14

    module.concepts_pipeline_2022-10-14
      + terraform_data.index
      + terraform_data.service["concepts_aggregator"]
      + terraform_data.service["concepts_aggregator_bulk"]
      + terraform_data.service["concepts_ingestor"]
      + terraform_data.service["concepts_recorder"]
      + terraform_data.service["concepts_recorder_bulk"]
    Plan: 6 to create, 0 to change, 0 to destroy, 6 unchanged

    SERVICE                   RUNS AS  DIGEST        STATE
    concepts_ingestor                  508f9b828326  has a tag only
    concepts_aggregator                4d6483345f0d  has a tag only
    concepts_aggregator_bulk           44999a4564a2  has a tag only
    concepts_recorder                  3bfbecb52021  has a tag only
    concepts_recorder_bulk             edf7d25f4a2a  has a tag only
    --- stderr
    Reading the estate and what 5 services have in ECR …
    Wrote module.concepts_pipeline_2022-10-14 to infrastructure/main.tf:12.
      ✓ weco/concepts_aggregator          tagged 2022-10-14
      ✓ weco/concepts_aggregator_bulk     tagged 2022-10-14
      ✓ weco/concepts_ingestor            tagged 2022-10-14
      ✓ weco/concepts_recorder            tagged 2022-10-14
      ✓ weco/concepts_recorder_bulk       tagged 2022-10-14
    Planning with terraform …

    Applying …
      ✓ terraform_data.index                                created
      ✓ terraform_data.service["concepts_aggregator"]       created
      ✓ terraform_data.service["concepts_aggregator_bulk"]  created
      ✓ terraform_data.service["concepts_ingestor"]         created
      ✓ terraform_data.service["concepts_recorder"]         created
      ✓ terraform_data.service["concepts_recorder_bulk"]    created

    2022-10-14 is made, and its tags are set.
    next: commit infrastructure/main.tf and open a pull request
    next: 2022-08-31 stays live until 2022-10-14 is named instead
    "#);
}

#[test]
fn a_second_run_changes_nothing_at_all() {
    let estate = live();
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    aws_of(&estate).forget().expect("forgotten");
    let about = |path: &str| {
        let metadata = fs::metadata(estate.file(path)).expect("it is there");
        (metadata.modified().expect("a time"), metadata.ino())
    };
    let before = [about(MAIN), about("infrastructure/terraform.tfstate")];
    run(&estate, &["new", NEW, "--yes"]).ends_with(0).says("Nothing to do: 2022-10-14 is complete.");
    assert_eq!(before, [about(MAIN), about("infrastructure/terraform.tfstate")]);
    assert_eq!(calls(&estate, "PutImage"), 0);
    assert_eq!(writes(&estate), Vec::<String>::new());
    run(&estate, &["new", NEW]).ends_with(0).says("Nothing to do: 2022-10-14 is complete.");
}

#[test]
fn a_dry_run_leaves_no_trace() {
    let estate = laid_out();
    let before = snapshot(&estate);
    run(&estate, &["new", NEW, "--dry-run", "--yes"])
        .ends_with(0)
        .says("+module \"concepts_pipeline_2022-10-14\" {")
        .says("→ 2022-10-14")
        .says("Dry run: nothing was changed.");
    assert_eq!(writes(&estate), Vec::<String>::new());
    assert!(before == snapshot(&estate), "a file was made or written");
    // Without --yes nothing is asked either.
    run(&estate, &["new", NEW, "--dry-run"]).ends_with(0);
    assert!(before == snapshot(&estate), "a file was made or written");
}

#[test]
fn with_nobody_to_say_yes_it_fails_before_the_first_change() {
    let estate = laid_out();
    let before = snapshot(&estate);
    run(&estate, &["new", NEW]).ends_with(1).says("nobody is there to say yes; nothing was changed").says("--yes");
    assert_eq!(writes(&estate), Vec::<String>::new());
    assert!(before == snapshot(&estate), "a file was made or written");
    run(&estate, &["new", NEW, "--edit-only"]).ends_with(1).says("nothing was changed");
    assert!(before == snapshot(&estate), "a file was made or written");
}

#[test]
fn a_plan_is_kept_for_apply() {
    let estate = live();
    run(&estate, &["new", NEW, "--yes", "--plan-only", "--out", "new.tfplan"])
        .ends_with(0)
        .says("Kept the plan in new.tfplan, and what was reviewed in new.tfplan.json.")
        .says("Nothing was applied.");
    assert_eq!((tags_made(&estate), made(&estate)), (5, 0));
    for path in ["new.tfplan", "new.tfplan.json"] {
        let mode = fs::metadata(estate.file(path)).expect("it is there").mode();
        assert_eq!(mode & 0o777, 0o600, "{path}");
    }
    let review: serde_json::Value =
        serde_json::from_str(&estate.read("new.tfplan.json").expect("readable")).expect("JSON");
    assert_eq!(review["namespace"], NEW);
    assert_eq!(review["commit"], json!(estate.commits()[3].id));
    run(&estate, &["apply", "new.tfplan", "--yes"]).ends_with(0);
    assert_eq!(made(&estate), 6);
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    run(&estate, &["new", NEW, "--yes"]).ends_with(0).says("Nothing to do");
}

#[test]
fn plan_only_needs_a_file_to_keep_the_plan_in() {
    let estate = laid_out();
    run(&estate, &["new", NEW, "--yes", "--plan-only"]).ends_with(64).says("--out");
    run(&estate, &["new", NEW, "--yes", "--out", "x"]).ends_with(64).says("--plan-only");
    run(&estate, &["new", NEW, "--yes", "--edit-only", "--plan-only", "--out", "x"]).ends_with(64);
    assert!(!estate.read(MAIN).expect("readable").contains(NEW));
}

#[test]
fn the_report_is_one_json_document() {
    let estate = live();
    let run = run(&estate, &["new", NEW, "--yes", "--format", "json"]).ends_with(0);
    let report = run.json();
    let commit = &estate.commits()[3];
    assert_eq!(report["namespace"], NEW);
    assert_eq!(report["address"], MODULE);
    assert_eq!(report["file"], MAIN);
    assert_eq!(report["line"], 12);
    assert_eq!(report["block_added"], true);
    assert_eq!(report["copied_from"], json!(null));
    assert_eq!((&report["dry_run"], &report["applied"]), (&json!(false), &json!(true)));
    for (row, (service, digest)) in
        report["tags"].as_array().expect("rows").iter().zip(estate.services().iter().zip(digests(&estate, NEW)))
    {
        let expected = json!({
            "repository": format!("weco/{service}"), "services": [service], "digest": digest, "created": true,
            "action": "create", "commit": commit.id, "subject": commit.subject, "date": "2022-09-01", "before": null,
            "order": null, "older_than_asked": null, "allowed": [],
        });
        assert_eq!(*row, expected);
    }
    assert_eq!(report["tags"].as_array().map(Vec::len), Some(5));
    let plan = &report["plan"];
    assert_eq!(
        [&plan["create"], &plan["update"], &plan["delete"], &plan["replace"]],
        [6, 0, 0, 0].map(|n| json!(n)).each_ref()
    );
    assert_eq!(plan["changes"].as_array().map(Vec::len), Some(6));
    let index = json!({"address": format!("{MODULE}.terraform_data.index"), "action": "create"});
    assert!(plan["changes"].as_array().expect("changes").contains(&index), "{plan}");
    assert_eq!(plan["allowed"], json!([]));
    assert_eq!(report["services"].as_array().map(Vec::len), Some(5));
}

#[test]
fn a_dry_run_and_an_edit_have_their_report_too() {
    let estate = laid_out();
    let report = run(&estate, &["new", NEW, "--dry-run", "--format", "json"]).ends_with(0).json();
    assert_eq!((&report["dry_run"], &report["applied"]), (&json!(true), &json!(false)));
    assert_eq!(report["tags"].as_array().map(Vec::len), Some(5));
    assert_eq!(report["plan"], json!(null));
    let report =
        run(&estate, &["new", NEW, "--from", LIVE, "--edit-only", "--yes", "--format", "json"]).ends_with(0).json();
    assert_eq!(report["copied_from"], LIVE);
    assert_eq!((&report["tags"], &report["plan"]), (&json!([]), &json!(null)));
}
