//! `pipelinectl plan`

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sandbox::{Estate, LocalAws};
use serde_json::Value;

use crate::errors::{hold_state, shown};
use crate::support::{Run, program, run};

/// Two pipelines that are there, and an empty log of calls.
pub fn two_pipelines() -> Estate {
    let aws = LocalAws::shared().expect("a local AWS");
    let built = Estate::small().with_services(2).pipelines(&["2022-08-31", "2022-10-01"]).aws(&aws).build();
    let estate = built.expect("an estate");
    estate.apply_live().expect("live pipelines");
    aws.forget().expect("an empty log");
    estate
}

/// Changes the index of one pipeline in `main.tf`.
pub fn change(estate: &Estate, namespace: &str) {
    let text = estate.read("infrastructure/main.tf").expect("readable");
    let (before, after) = (format!("\"concepts-{namespace}\""), format!("\"concepts-{namespace}-b\""));
    assert!(text.contains(&before), "{text}");
    estate.write("infrastructure/main.tf", &text.replace(&before, &after)).expect("writable");
}

/// Changes something that is in every pipeline.
pub fn change_stack(estate: &Estate) {
    let text = estate.read("infrastructure/stack/main.tf").expect("readable");
    let text = text.replace("\"${var.namespace}-${each.key}\"", "\"${var.namespace}/${each.key}\"");
    estate.write("infrastructure/stack/main.tf", &text).expect("writable");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn only_the_named_pipeline_may_change() {
    let estate = two_pipelines();
    change(&estate, "2022-08-31");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["plan", "2022-08-31"])), @r#"
    exit code 0
    --- stdout

    module.concepts_pipeline_2022-08-31
      ~ terraform_data.index
          input.index: "concepts-2022-08-31" → "concepts-2022-08-31-b"
          output: known after apply
    Plan: 0 to create, 1 to change, 0 to destroy, 5 unchanged
    --- stderr
    Reading the estate …
    Planning with terraform …
    "#);
    let refused = run(&estate, &["plan", "2022-10-01", "--detailed-exitcode"]).ends_with(3);
    let refused = refused.does_not_say("outside every pipeline");
    insta::assert_snapshot!(refused.err[refused.err.find("error:").expect("an error")..], @r"
    error: the plan is refused: only 2022-10-01 may change
      ✗ module.concepts_pipeline_2022-08-31.terraform_data.index: update, it is not part of the pipeline
          --allow module.concepts_pipeline_2022-08-31.terraform_data.index=update
    hint: nothing was applied; find out why terraform wants that
    hint: with the --allow that stands below a change, it would pass nevertheless
    ");
    let allow = "module.concepts_pipeline_2022-08-31.terraform_data.index=update";
    run(&estate, &["plan", "2022-10-01", "--allow", allow]).ends_with(0).says(allow);
    let wrong = "module.concepts_pipeline_2022-08-31.terraform_data.index=delete";
    run(&estate, &["plan", "2022-10-01", "--allow", wrong]).ends_with(3);
    run(&estate, &["plan", "live"]).ends_with(0);
    run(&estate, &["plan", "module.concepts_pipeline_2022-10-01"]).ends_with(3);
}

#[test]
fn without_a_name_those_may_change_whose_blocks_differ() {
    let estate = two_pipelines();
    let none = run(&estate, &["plan", "--detailed-exitcode"]).ends_with(0);
    insta::assert_snapshot!(shown(&estate, &none), @r"
    exit code 0
    --- stdout
    --- stderr
    Reading the estate …
    No pipeline's block differs from commit 3 (origin/main).
    Planning with terraform …
    No changes: what is there is what the configuration says.
    ");
    change(&estate, "2022-10-01");
    run(&estate, &["plan"]).ends_with(0).says("2022-10-01");
    run(&estate, &["plan", "--detailed-exitcode"]).ends_with(2).says("2022-10-01");
    // A branch that has left main, and a main that has gone on since.
    estate.git(&["checkout", "--quiet", "-b", "change"]).expect("a branch");
    estate.commit("Change the index").expect("committed");
    run(&estate, &["plan", "--detailed-exitcode"]).ends_with(2).says("2022-10-01");
    run(&estate, &["plan", "--base", "HEAD"]).ends_with(3).says("2022-10-01").says("--allow");
    run(&estate, &["plan", "--base", "HEAD~1"]).ends_with(0);
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["plan", "--base", "nowhere"])), @r"
    exit code 64
    --- stdout
    --- stderr
    Reading the estate …
    error: git knows no commit 'nowhere' in [FOLDER]/infrastructure
    hint: fetch it first, or name a commit that is there
    ");
}

#[test]
fn a_refusal_beats_changes() {
    let estate = two_pipelines();
    change(&estate, "2022-10-01");
    change_stack(&estate);
    let refused = run(&estate, &["plan", "--detailed-exitcode"]).ends_with(3);
    let refused = refused.says("module.concepts_pipeline_2022-08-31.terraform_data.service[\"concepts_ingestor\"]");
    let error = &refused.err[refused.err.find("error:").expect("an error")..];
    assert!(!error.contains("pipeline_2022-10-01.terraform_data"), "only what is refused is told: {error}");
}

#[test]
fn a_read_is_no_change() {
    let estate = two_pipelines();
    let check = "check \"state\" {\n  data \"terraform_remote_state\" \"own\" {\n    backend = \"local\"\n    config  = { path = \
                 \"${path.root}/terraform.tfstate\" }\n  }\n\n  assert {\n    condition     = data.terraform_remote_state.own.backend == \
                 \"local\"\n    error_message = \"It is elsewhere.\"\n  }\n}\n";
    estate.write("infrastructure/check.tf", check).expect("writable");
    let json = run(&estate, &["plan", "2022-08-31", "--detailed-exitcode", "--format", "json"]).ends_with(0).json();
    assert_eq!((&json["has_changes"], &json["plan"]["changes"]), (&false.into(), &serde_json::json!([])));
    run(&estate, &["plan", "2022-08-31", "--detailed-exitcode"]).ends_with(0).says("No changes");
}

#[test]
fn it_is_json_too() {
    let estate = two_pipelines();
    change(&estate, "2022-08-31");
    let run = run(&estate, &["plan", "2022-08-31", "--format", "json", "--detailed-exitcode"]).ends_with(2);
    insta::assert_snapshot!(run.out, @r#"
    {
      "pipelines": [
        "2022-08-31"
      ],
      "has_changes": true,
      "plan": {
        "create": 0,
        "update": 1,
        "delete": 0,
        "replace": 0,
        "changes": [
          {
            "address": "module.concepts_pipeline_2022-08-31.terraform_data.index",
            "action": "update"
          }
        ],
        "allowed": []
      },
      "out": null
    }
    "#);
}

#[test]
fn the_kept_plan_is_for_the_user_alone_and_has_its_review_beside_it() {
    let estate = two_pipelines();
    change(&estate, "2022-08-31");
    run(&estate, &["plan", "2022-08-31", "--out", "a.tfplan"]).ends_with(0).says("a.tfplan.json");
    let (plan, review) = (estate.file("a.tfplan"), estate.file("a.tfplan.json"));
    assert_eq!((mode(&plan), mode(&review)), (0o600, 0o600));
    let review: Value = serde_json::from_str(&estate.read("a.tfplan.json").expect("readable")).expect("JSON");
    assert_eq!(review["namespace"], "2022-08-31");
    assert_eq!(review["verdict"], "passed");
    assert_eq!(review["commit"].as_str(), Some(estate.commits()[3].id.as_str()));
    assert_eq!(review["plan_sha256"].as_str().map(str::len), Some(64));
    let live = estate.aws().expect("an AWS").tagged("weco/concepts_ingestor", "2022-08-31").expect("an answer");
    assert_eq!(
        review["digests"]["weco/concepts_ingestor:2022-08-31"].as_str(),
        live.map(|image| image.digest).as_deref()
    );
    // terraform itself can read it
    assert!(estate.terraform(&["show", "-no-color", "../a.tfplan"]).expect("a plan").contains("concepts-2022-08-31-b"));
}

#[test]
fn a_refused_plan_and_a_dry_run_keep_nothing() {
    let estate = two_pipelines();
    change(&estate, "2022-08-31");
    run(&estate, &["plan", "2022-10-01", "--out", "a.tfplan"]).ends_with(3);
    run(&estate, &["plan", "2022-08-31", "--out", "a.tfplan", "--dry-run"]).ends_with(0);
    assert!(!estate.file("a.tfplan").exists() && !estate.file("a.tfplan.json").exists());
}

#[test]
fn without_the_lock_it_works_while_another_has_the_state() {
    let estate = two_pipelines();
    change(&estate, "2022-08-31");
    let held = hold_state(&estate);
    run(&estate, &["plan", "2022-08-31", "--no-lock"]).ends_with(0).does_not_say("locked");
    run(&estate, &["plan", "2022-08-31", "--dry-run"]).ends_with(0).does_not_say("locked");
    drop(held);
}

#[test]
fn what_is_sensitive_is_never_shown() {
    let estate = two_pipelines();
    let text = estate.read("infrastructure/stack/main.tf").expect("readable");
    let more = "\nvariable \"password\" {\n  type      = string\n  sensitive = true\n}\n\nresource \"terraform_data\" \"password\" {\n  input            = \
                var.password\n  triggers_replace = [var.password]\n}\n";
    estate.write("infrastructure/stack/main.tf", &format!("{text}{more}")).expect("writable");
    let text = estate.read("infrastructure/main.tf").expect("readable");
    let text =
        text.replace("namespace = \"2022-10-01\"", "namespace = \"2022-10-01\"\n  password  = \"correct-horse\"");
    let text = text.replace("namespace = \"2022-08-31\"", "namespace = \"2022-08-31\"\n  password  = var.password");
    estate
        .write("infrastructure/main.tf", &format!("{text}\nvariable \"password\" {{\n  type = string\n}}\n"))
        .expect("writable");
    let toml = estate.read("pipelinectl.toml").expect("readable");
    let secret = "\n[terraform]\nenv = { TF_VAR_password = { secret = \"concepts/password\" } }\n";
    estate.write("pipelinectl.toml", &format!("{toml}{secret}")).expect("writable");
    estate.aws().expect("an AWS").create_secret("concepts/password", "battery-staple").expect("a secret");
    let both = ["plan", "--base", "HEAD", "--out", "a.tfplan"];
    for more in [&[][..], &["--verbose"], &["--format", "json"]] {
        run(&estate, &[&both, more].concat()).ends_with(0).does_not_say("correct-horse").does_not_say("battery-staple");
    }
    let review = estate.read("a.tfplan.json").expect("readable");
    assert!(!review.contains("correct-horse") && !review.contains("battery-staple"), "{review}");
    // Nor where terraform fails over it.
    estate
        .write("infrastructure/bad.tf", "resource \"terraform_data\" \"bad\" {\n  input = tonumber(var.password)\n}\n")
        .expect("writable");
    run(&estate, &[&both[..], &["--verbose"]].concat()).ends_with(64).does_not_say("battery-staple");
}

#[test]
fn nothing_is_left_in_the_folder_for_temporary_files() {
    let estate = two_pipelines();
    change(&estate, "2022-08-31");
    let folder = tempfile::tempdir().expect("a folder");
    for (arguments, code) in [(&["plan", "2022-08-31", "--out", "a.tfplan"][..], 0), (&["plan", "2022-10-01"], 3)] {
        let mut command = program(&estate, arguments);
        Run::from(command.env("TMPDIR", folder.path()).output().expect("it runs")).ends_with(code);
        let left: Vec<_> = fs::read_dir(folder.path()).expect("a folder").collect();
        assert!(left.is_empty(), "{left:?}");
    }
    let beside: Vec<_> =
        fs::read_dir(estate.root()).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert!(beside.iter().all(|name| !name.to_string_lossy().starts_with(".tmp")), "{beside:?}");
}

/// A project in a folder of a bigger repository: git's paths are not ours. `attributes` is the repository's
/// `.gitattributes`.
fn in_a_subfolder(attributes: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let below = |path: &str| folder.path().join(path);
    let block = |namespace: &str| {
        format!("module \"p_{namespace}\" {{\n  source    = \"./stack\"\n  namespace = \"{namespace}\"\n}}\n")
    };
    fs::create_dir_all(below("sub/infra/stack")).expect("made");
    fs::write(below(".gitattributes"), attributes).expect("written");
    let configuration =
        "[project]\nterraform_dir = \"infra\"\n[pipeline]\nsource = \"./stack\"\nmodule = \"p_{namespace}\"\n";
    fs::write(below("sub/pipelinectl.toml"), configuration).expect("written");
    fs::write(below("sub/infra/main.tf"), block("2022-08-31") + "\n" + &block("2022-10-01")).expect("written");
    fs::write(below("sub/infra/stack/main.tf"), "variable \"namespace\" {}\n").expect("written");
    for arguments in [
        &["init", "-q", "-b", "main"][..],
        &["add", "-A"],
        &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "first"],
        &["rm", "-q", "--cached", "sub/infra/main.tf"],
        &["reset", "-q", "--hard"],
    ] {
        let done = std::process::Command::new("git").args(arguments).current_dir(folder.path()).status();
        assert!(done.expect("git runs").success(), "{arguments:?}");
    }
    folder
}

#[test]
fn what_git_has_elsewhere_than_we_is_not_taken_for_a_change() {
    for attributes in ["", "*.tf text eol=crlf\n"] {
        let folder = in_a_subfolder(attributes);
        let project = folder.path().join("sub");
        let text = fs::read_to_string(project.join("infra/main.tf")).expect("there");
        assert_eq!(text.contains("\r\n"), !attributes.is_empty());
        let run = crate::support::run_in(&project, &["plan", "--base", "HEAD"]).ends_with(0);
        run.says("No pipeline's block differs").says("No changes");

        let changed = text.replace("\"2022-10-01\"", "\"2022-10-01\" # new");
        fs::write(project.join("infra/main.tf"), changed).expect("written");
        crate::support::run_in(&project, &["plan", "--base", "HEAD"]).ends_with(0).says("(HEAD): 2022-10-01");

        // The same through a root that lies elsewhere.
        let other = tempfile::tempdir().expect("a folder");
        fs::create_dir(other.path().join("project")).expect("made");
        let configuration = fs::read_to_string(project.join("pipelinectl.toml")).expect("there");
        let root = format!("terraform_dir = \"{}\"", project.join("infra").display());
        let configuration = configuration.replace("terraform_dir = \"infra\"", &root);
        fs::write(other.path().join("project/pipelinectl.toml"), configuration).expect("written");
        let run = crate::support::run_in(&other.path().join("project"), &["plan", "--base", "HEAD"]);
        run.ends_with(0).says("(HEAD): 2022-10-01").does_not_say("2022-08-31");
    }
}

#[test]
fn the_live_pipeline_is_not_lost_with_its_block() {
    let estate = two_pipelines();
    let text = estate.read("infrastructure/main.tf").expect("readable");
    let start = text.find("module \"concepts_pipeline_2022-08-31\"").expect("the live one");
    let end = start + text[start..].find("\n}\n").expect("its end") + 3;
    estate.write("infrastructure/main.tf", &format!("{}{}", &text[..start], &text[end..])).expect("writable");
    run(&estate, &["plan", "--base", "HEAD"]).ends_with(3).says("2022-08-31 is live, and its block is gone");

    let settings = estate.read("pipelinectl.toml").expect("readable");
    let protected = settings.replace("[pipeline]\n", "[pipeline]\nprotected = [\"2022-08-31\"]\n");
    estate.write("pipelinectl.toml", &protected).expect("writable");
    let pointer = estate.read(".buildkite/pipeline.yml").expect("readable").replace("2022-08-31", "2022-10-01");
    estate.write(".buildkite/pipeline.yml", &pointer).expect("writable");
    run(&estate, &["plan", "--base", "HEAD"]).ends_with(3).says("2022-08-31 is protected");
    estate.write("pipelinectl.toml", &settings).expect("writable");
    run(&estate, &["plan", "--base", "HEAD", "--detailed-exitcode"]).ends_with(2).says("(to destroy)");
}

#[test]
fn a_copy_of_a_pipeline_lets_the_first_one_change_no_more_than_before() {
    let estate = two_pipelines();
    let text = estate.read("infrastructure/main.tf").expect("readable");
    let start = text.find("module \"concepts_pipeline_2022-10-01\"").expect("a pipeline");
    let copy = text[start..].replace("concepts_pipeline_2022-10-01", "copy");
    estate.write("infrastructure/main.tf", &format!("{text}\n{copy}")).expect("writable");
    change_stack(&estate);
    let refused = run(&estate, &["plan", "--base", "HEAD"]).ends_with(3);
    refused
        .says("module.concepts_pipeline_2022-10-01: update of 2 resources, none of them is part of the pipeline")
        .says("--allow 'module.concepts_pipeline_2022-10-01.terraform_data.service[\"concepts_ingestor\"]=update'");
}

#[test]
fn the_repository_of_a_hook_is_not_ours() {
    let estate = two_pipelines();
    let elsewhere = tempfile::tempdir().expect("a folder");
    let mut command = program(&estate, &["plan", "--base", "HEAD"]);
    let run = command.env("GIT_DIR", elsewhere.path()).env("GIT_INDEX_FILE", elsewhere.path().join("index")).output();
    Run::from(run.expect("it runs")).ends_with(0).says("No pipeline's block differs");
}

#[test]
fn another_state_is_told_in_a_few_lines() {
    let estate = two_pipelines();
    std::fs::remove_file(estate.file("infrastructure/terraform.tfstate")).expect("removed");
    let refused = run(&estate, &["plan", "2022-10-01"]).ends_with(3);
    insta::assert_snapshot!(refused.err[refused.err.find("error:").expect("an error")..], @r#"
    error: the plan is refused: only 2022-10-01 may change
      ✗ module.concepts_pipeline_2022-08-31: create of 3 resources, none of them is part of the pipeline
          --allow module.concepts_pipeline_2022-08-31.terraform_data.index=create
          --allow 'module.concepts_pipeline_2022-08-31.terraform_data.service["concepts_aggregator"]=create'
          --allow 'module.concepts_pipeline_2022-08-31.terraform_data.service["concepts_ingestor"]=create'
    hint: nothing was applied; find out why terraform wants that
    hint: terraform's state knows nothing of module.concepts_pipeline_2022-08-31. Was that ever applied? If it was, this is another state: see the backend, its init_args and the workspace
    hint: with the --allow that stands below a change, it would pass nevertheless
    "#);
    let all = run(&estate, &["plan", "2022-10-01", "--verbose"]).ends_with(3);
    all.says("create of 3 resources");
}
