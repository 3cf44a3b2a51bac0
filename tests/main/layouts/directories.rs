//! Each pipeline is a folder with a Terraform root and a state of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use sandbox::Estate;

use super::{LIVE, NEW, names, state};
use crate::errors::shown;
use crate::support::{run, writes};

const TOML: &str = "layout = \"directories\"\n\n[pipeline]\nnamespace_attribute = \"namespace\"\ndirectory = \"{namespace}\"\n\n[terraform]\nprogram = \"./run.sh\"\n";

const MAIN: &str = r#"module "pipeline" {
  source    = "../stack"
  namespace = local.date

  reindexing_state = {
    scale_up_tasks = false
    index          = "concepts-2022-08-31"
  }
}

resource "terraform_data" "mark" {
  input = local.date
}

output "services" {
  value = module.pipeline.services
}
"#;

const CONFIG: &str = "locals {\n  date = \"2022-08-31\"\n}\n\nterraform {\n  backend \"local\" {\n    path = \"../states/2022-08-31.tfstate\"\n  }\n}\n";

const SCRIPT: &str = "#!/bin/sh\necho \"in $(basename \"$PWD\"): $1\" >> ../calls\nexec terraform \"$@\"\n";

pub(super) fn estate() -> Estate {
    let estate = super::estate(
        TOML,
        &[
            ("infrastructure/2022-08-31/main.tf", MAIN),
            ("infrastructure/2022-08-31/config.tf", CONFIG),
            ("infrastructure/2022-08-31/run.sh", SCRIPT),
            (".gitignore", ".terraform/\n*.tfstate*\n*.tfplan*\ncalls\n"),
        ],
    );
    let script = estate.file("infrastructure/2022-08-31/run.sh");
    fs::set_permissions(script, fs::Permissions::from_mode(0o755)).expect("a mode");
    estate.commit("Let it run").expect("committed");
    estate
}

pub(super) fn live() -> Estate {
    let estate = estate();
    for arguments in [["init", "-no-color", "-input=false"], ["apply", "-no-color", "-auto-approve"]] {
        let mut command = estate.terraform_command();
        command.current_dir(estate.file("infrastructure/2022-08-31")).args(arguments);
        let output = command.output().expect("terraform runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    estate
}

#[test]
fn new_plan_apply_list() {
    let estate = live();
    assert_eq!(names(&estate), [(LIVE.to_owned(), "infrastructure/2022-08-31".to_owned())]);
    let made = run(&estate, &["new", NEW, "--yes", "--set", "reindexing_state.scale_up_tasks=true"]).ends_with(0);
    insta::assert_snapshot!(shown(&estate, &made), @r#"
    exit code 0
    --- stdout
    infrastructure/2022-10-14, a copy of infrastructure/2022-08-31
      ~ config.tf
      ~ main.tf
        run.sh
    --- infrastructure/2022-10-14/config.tf
    +++ infrastructure/2022-10-14/config.tf
    @@ -1,9 +1,9 @@
     locals {
    -  date = "2022-08-31"
    +  date = "2022-10-14"
     }
     
     terraform {
       backend "local" {
    -    path = "../states/2022-08-31.tfstate"
    +    path = "../states/2022-10-14.tfstate"
       }
     }
    --- infrastructure/2022-10-14/main.tf
    +++ infrastructure/2022-10-14/main.tf
    @@ -3,7 +3,7 @@
       namespace = local.date
     
       reindexing_state = {
    -    scale_up_tasks = false
    +    scale_up_tasks = true
         index          = "concepts-2022-08-31"
       }
     }

    Images for 2022-10-14
      REPOSITORY                DIGEST        COMMIT                                                     TAG
    + weco/concepts_ingestor    508f9b828326  commit 3 2022-09-01 Aggregate concepts by identifier, no…  → 2022-10-14
    + weco/concepts_aggregator  4d6483345f0d  commit 3 2022-09-01 Aggregate concepts by identifier, no…  → 2022-10-14

    module.pipeline
      + terraform_data.index
      + terraform_data.service["concepts_aggregator"]
      + terraform_data.service["concepts_ingestor"]
    the root itself
      + terraform_data.mark
      + output.services
    Plan: 4 to create, 0 to change, 0 to destroy, 1 output changes, 0 unchanged

    SERVICE              RUNS AS  DIGEST        STATE
    concepts_ingestor             508f9b828326  has a tag only
    concepts_aggregator           4d6483345f0d  has a tag only
    --- stderr
    Reading the estate and what 2 services have in ECR …
    warning: infrastructure/2022-08-31/main.tf:7: 'index          = "concepts-2022-08-31"' stays as it is
    warning: where it should name the new pipeline, too, use --set, or rename = ["NAME"] below [pipeline]
    Wrote infrastructure/2022-10-14, 3 files.
      ✓ weco/concepts_aggregator  tagged 2022-10-14
      ✓ weco/concepts_ingestor  tagged 2022-10-14
    Planning with infrastructure/2022-10-14/run.sh …

    Applying …
      ✓ module.pipeline.terraform_data.index  created
      ✓ module.pipeline.terraform_data.service["concepts_aggregator"]  created
      ✓ module.pipeline.terraform_data.service["concepts_ingestor"]  created
      ✓ terraform_data.mark  created

    2022-10-14 is made, and its tags are set.
    next: commit infrastructure/2022-10-14 and open a pull request
    next: 2022-08-31 stays live until 2022-10-14 is named instead
    "#);
    let read = |path: &str| estate.read(&format!("infrastructure/2022-10-14/{path}")).expect("readable");
    assert_eq!(read("config.tf"), CONFIG.replace(LIVE, NEW));
    assert_eq!(read("main.tf"), MAIN.replace("= false", "= true"));
    let script = fs::metadata(estate.file("infrastructure/2022-10-14/run.sh")).expect("there");
    assert_eq!(script.permissions().mode() & 0o777, 0o755);
    assert!(read("../calls").contains("in 2022-10-14: init"), "{}", read("../calls"));
    let addresses = state(&estate, "infrastructure/2022-10-14");
    assert_eq!(addresses.len(), 4, "{addresses:#?}");
    assert_eq!(state(&estate, "infrastructure/2022-08-31").len(), 4);

    run(&estate, &["new", NEW, "--yes"]).ends_with(0).says("Nothing to do");
    run(&estate, &["plan", NEW, "--detailed-exitcode"]).ends_with(0);
    assert_eq!(names(&estate), [NEW, LIVE].map(|name| (name.to_owned(), format!("infrastructure/{name}"))));

    // What terraform applied is read in each pipeline's own root.
    let status = run(&estate, &["status"]).ends_with(0);
    let status = status.says("  2022-10-14  commit 3  all 2 ").says("* 2022-08-31  commit 2  all 2 ");
    assert_eq!(status.err, "", "both roots are initialised");
    fs::remove_dir_all(estate.file("infrastructure/2022-10-14/.terraform")).expect("removed");
    run(&estate, &["status"]).ends_with(0).says("2022-10-14  commit 3  all 2 ");
}

#[test]
fn what_differs_from_the_main_branch_is_planned_each_in_its_root() {
    let estate = live();
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    let path = "infrastructure/2022-08-31/main.tf";
    let text = estate.read(path).expect("readable");
    estate.write(path, &text.replace("tasks = false", "tasks = true")).expect("writable");
    let planned = run(&estate, &["plan", "--detailed-exitcode", "--base", "HEAD"]).ends_with(2);
    let planned = planned.says("In infrastructure/2022-08-31:").says("In infrastructure/2022-10-14:");
    planned.says("1 to change, 0 to destroy").says("No changes");
    run(&estate, &["plan", "--base", "HEAD", "--out", "both.tfplan"])
        .ends_with(64)
        .says("pipelinectl plan NS --out FILE");
}

#[test]
fn a_kept_plan_is_applied_in_its_root() {
    let estate = live();
    run(&estate, &["new", NEW, "--yes", "--plan-only", "--out", "new.tfplan"]).ends_with(0);
    assert!(!estate.file("infrastructure/states/2022-10-14.tfstate").exists());
    run(&estate, &["apply", "new.tfplan", "--yes"]).ends_with(0).says("Applied.");
    assert_eq!(state(&estate, "infrastructure/2022-10-14").len(), 4);
}

#[test]
fn nothing_but_creations_pass_in_the_new_root() {
    let estate = live();
    // A state that somebody has left where the new one goes.
    let states = estate.file("infrastructure/states");
    fs::copy(states.join("2022-08-31.tfstate"), states.join("2022-10-14.tfstate")).expect("copied");
    run(&estate, &["new", NEW, "--yes"]).ends_with(3).says("'new' may only create things in infrastructure/2022-10-14");
}

#[test]
fn a_state_that_is_another_ones_is_refused_before_init() {
    let estate = estate();
    let shared = CONFIG.replace("2022-08-31.tfstate", "all.tfstate");
    estate.write("infrastructure/2022-08-31/config.tf", &shared).expect("writable");
    let refused = run(&estate, &["new", NEW, "--yes"]).ends_with(3);
    refused.says(
        "infrastructure/2022-10-14/config.tf:7: the state of 2022-10-14 would be kept where that of 2022-08-31 is",
    );
    assert!(!estate.file("infrastructure/2022-10-14").exists());
    assert!(!writes(&estate).iter().any(|call| call == "PutImage"), "no tag was made");

    // Made by hand, it is no better.
    estate.write("infrastructure/2022-10-14/main.tf", &MAIN.replace("local.date", "\"2022-10-14\"")).expect("writable");
    estate.write("infrastructure/2022-10-14/config.tf", &shared).expect("writable");
    estate.write("infrastructure/2022-10-14/run.sh", "#!/bin/sh\nexit 1\n").expect("writable");
    run(&estate, &["plan", NEW]).ends_with(3).says("would be kept where");
    assert!(!estate.file("infrastructure/2022-10-14/.terraform").exists());
}

#[test]
fn a_killed_new_goes_on() {
    let estate = live();
    run(&estate, &["new", NEW, "--yes", "--edit-only"]).ends_with(0).says("Wrote infrastructure/2022-10-14, 3 files.");
    run(&estate, &["new", NEW, "--yes"]).ends_with(0).says("The folder is there");
    assert_eq!(state(&estate, "infrastructure/2022-10-14").len(), 4);
    run(&estate, &["doctor"]).says("backend");
}

#[test]
fn flags_of_blocks_are_refused() {
    let estate = estate();
    for flag in [["--label", "x"], ["--after", "2022-08-31"], ["--file", "x.tf"]] {
        let mut arguments = vec!["new", NEW, "--edit-only", "--yes"];
        arguments.extend(flag);
        run(&estate, &arguments).ends_with(64).says("means nothing in the layout directories");
    }
    fs::write(estate.file("block.tf.tmpl"), "module \"p_{{namespace}}\" {\n}\n").expect("written");
    run(&estate, &["new", NEW, "--edit-only", "--yes", "--template", "block.tf.tmpl"])
        .ends_with(64)
        .says("a template (a new folder is a copy of a sibling's) means nothing in the layout directories");
    assert!(!estate.file("infrastructure/2022-10-14").exists());
}

#[test]
fn retire_destroys_the_root_and_removes_the_folder() {
    let estate = live();
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    estate.commit("Add a folder").expect("committed");
    run(&estate, &["retire", NEW, "--dry-run"]).ends_with(0).says("Dry run: nothing was changed.");
    assert_eq!(state(&estate, "infrastructure/2022-10-14").len(), 4);
    run(&estate, &["retire", NEW, "--confirm", NEW])
        .ends_with(0)
        .says("4 resources destroyed, 2 tags taken away")
        .says("Removed infrastructure/2022-10-14.");
    assert!(!estate.file("infrastructure/2022-10-14").exists());
    let kept = fs::read_to_string(estate.file("infrastructure/states/2022-10-14.tfstate")).expect("a state");
    assert!(kept.contains("\"resources\": []"), "{kept}");
    assert_eq!(state(&estate, "infrastructure/2022-08-31").len(), 4);
    run(&estate, &["retire", NEW, "--confirm", NEW])
        .ends_with(0)
        .says("Nothing to do: there is nothing of 2022-10-14.");
    run(&estate, &["retire", "2021-01-01", "--confirm", "2021-01-01"])
        .ends_with(64)
        .says("there is no folder of 2021-01-01");
}

/// Makes the newest record of a pipeline one that has not ended, as a kill leaves it.
fn unfinish(estate: &Estate, namespace: &str, applying: bool) {
    let account = estate.aws().expect("an AWS").account_id();
    let records = estate.home().join(format!("state/pipelinectl/concepts-{account}/{namespace}"));
    let releases = fs::read_dir(records.join("releases")).expect("a folder").flatten().map(|entry| entry.path());
    let newest = releases.max().expect("a record");
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&newest).expect("readable")).expect("JSON");
    let members = record.as_object_mut().expect("an object");
    members.remove("finished");
    members.remove("outcome");
    members.insert("applying".to_owned(), applying.into());
    fs::write(records.join("unfinished.json"), record.to_string()).expect("written");
    fs::remove_file(newest).expect("removed");
}

#[test]
fn a_folder_that_is_gone_is_no_loss_only_where_all_else_was_gone_before() {
    let estate = live();
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    estate.commit("Add a folder").expect("committed");
    let retire = || run(&estate, &["retire", NEW, "--confirm", NEW]);
    retire().ends_with(0);
    // Killed between the removal of the folder and the end of the record.
    unfinish(&estate, NEW, false);
    retire().ends_with(0).says("Nothing to do: there is nothing of 2022-10-14.");
    let history = run(&estate, &["history", NEW, "--format", "json"]).ends_with(0).json();
    assert_eq!(history["releases"][0]["outcome"], "done", "{history}");
    // Killed while it destroyed, and then somebody has removed the folder: resources may stand.
    unfinish(&estate, NEW, true);
    retire().ends_with(64).says("there is no folder of 2022-10-14").says("put the folder back");
    estate.git(&["checkout", "--quiet", "infrastructure/2022-10-14"]).expect("put back");
    retire().ends_with(0).says("Going on with what").says("Removed infrastructure/2022-10-14.");
}

#[test]
fn retire_tells_what_it_leaves_in_a_folder() {
    let estate = live();
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    estate.write(".gitignore", ".terraform*\n*.tfstate*\n*.txt\n").expect("written");
    estate.commit("Add a folder").expect("committed");
    estate.write("infrastructure/2022-10-14/note.txt", "mine\n").expect("written");
    run(&estate, &["retire", NEW, "--confirm", NEW])
        .ends_with(0)
        .says("Removed what git knows of infrastructure/2022-10-14; what stays there: note.txt.");
    assert!(!estate.file("infrastructure/2022-10-14/main.tf").exists());
    assert_eq!(estate.read("infrastructure/2022-10-14/note.txt").expect("readable"), "mine\n");
}

#[test]
fn the_live_or_protected_folder_is_not_retired() {
    let estate = live();
    run(&estate, &["retire", LIVE, "--confirm", LIVE]).ends_with(3).says("is the live pipeline");
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    crate::errors::configure(&estate, "[pipeline]\n", "[pipeline]\nprotected = [\"2022-10-14\"]\n");
    run(&estate, &["retire", NEW, "--confirm", NEW]).ends_with(3).says("2022-10-14 is protected");
    assert_eq!(state(&estate, "infrastructure/2022-10-14").len(), 4);
    let edit = run(&estate, &["retire", NEW, "--edit-only", "--yes"]).ends_with(3);
    edit.says("2022-10-14 is protected");
}
