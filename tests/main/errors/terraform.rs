//! terraform itself, its state and what it finds wrong.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{NEW, hold_state, impatient_terraform, main_tf, script, shown, small};
use crate::support::{Run, program, run, writes};

#[test]
fn without_git_it_says_to_install_it() {
    let estate = small();
    let mut command = program(&estate, &["tag", "2022-10-14", "--yes"]);
    command.env("PATH", estate.home());
    let refused = Run::from(command.output().expect("it runs")).ends_with(3);
    refused.says("git: the program git was not found").says("hint: install git").does_not_say("--allow-unknown-commit");
}

#[test]
fn terraform_that_is_not_there_is_told_before_any_change() {
    let estate = small();
    let before = main_tf(&estate);
    let mut command = program(&estate, &NEW);
    command.env("PATH", estate.home());
    insta::assert_snapshot!(shown(&estate, &command.output().expect("it runs").into()), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading the estate and what 2 services have in ECR …
    warning: git was not found: nothing is known of the upstream branch
    error: the program 'terraform' was not found
    hint: looked in [HOME]
    hint: install terraform or tofu, or name it with --terraform or [terraform] program in pipelinectl.toml
    ");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &[&NEW[..], &["--terraform", "./tf"]].concat())), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading the estate and what 2 services have in ECR …
    error: the program '[FOLDER]/tf' was not found
    hint: looked in [FOLDER]/tf
    hint: install terraform or tofu, or name it with --terraform or [terraform] program in pipelinectl.toml
    ");
    estate.write("tf", "no program").expect("writable");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &[&NEW[..], &["--terraform", "./tf"]].concat())), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading the estate and what 2 services have in ECR …
    error: [FOLDER]/tf cannot be run: it is not an executable file
    hint: chmod +x [FOLDER]/tf
    ");
    assert_eq!(main_tf(&estate), before);
    assert!(writes(&estate).is_empty());
}

#[test]
fn terraform_that_is_too_old_is_told_before_any_change() {
    let estate = small();
    let before = main_tf(&estate);
    script(&estate, "old", "#!/bin/sh\necho '{\"terraform_version\": \"1.4.7\", \"platform\": \"linux_amd64\"}'\n");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &[&NEW[..], &["--terraform", "./old"]].concat())), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading the estate and what 2 services have in ECR …
    error: [FOLDER]/old has version 1.4.7; at least 1.5.0 is needed
    hint: install version 1.5.0 or newer, or name another with --terraform
    ");
    script(&estate, "other", "#!/bin/sh\necho 'hello, I am something else'\n");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &[&NEW[..], &["--terraform", "./other"]].concat())), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading the estate and what 2 services have in ECR …
    error: [FOLDER]/other does not answer as terraform does: it tells no version
    hint: it said: hello, I am something else
    hint: name another program with --terraform
    ");
    assert_eq!(main_tf(&estate), before);
    assert!(writes(&estate).is_empty());
}

#[test]
fn variables_that_change_what_terraform_does_are_refused() {
    let estate = small();
    let before = main_tf(&estate);
    let with = |name: &str, value: &str| Run::from(program(&estate, &NEW).env(name, value).output().expect("it runs"));
    insta::assert_snapshot!(shown(&estate, &with("TF_CLI_ARGS_plan", "-no-color -target=module.x")), @r"
    exit code 3
    --- stdout
    --- stderr
    Reading the estate and what 2 services have in ECR …
    error: TF_CLI_ARGS_plan is set to something that pipelinectl cannot allow: -target=module.x
    hint: unset TF_CLI_ARGS_plan: it would make terraform do something else than what is shown here
    ");
    insta::assert_snapshot!(shown(&estate, &with("TF_WORKSPACE", "staging")), @r"
    exit code 3
    --- stdout
    --- stderr
    Reading the estate and what 2 services have in ECR …
    error: TF_WORKSPACE is set to something that pipelinectl cannot allow: 'staging' is not the configured workspace 'default'
    hint: unset TF_WORKSPACE: it would make terraform do something else than what is shown here
    ");
    for value in ["-destroy", "-replace=a.b", "-state=other.tfstate", "-lock=false", "-chdir=.."] {
        with("TF_CLI_ARGS", value).ends_with(3).says("TF_CLI_ARGS").says(value.split('=').next().unwrap_or(value));
    }
    assert_eq!(main_tf(&estate), before);
    assert!(writes(&estate).is_empty());
}

#[test]
fn what_only_terraform_finds_wrong_is_shown_where_it_is() {
    let estate = small();
    let wrong = format!("{}\noutput \"x\" {{\n  value = local.nowhere\n}}\n", main_tf(&estate));
    estate.write("infrastructure/main.tf", &wrong).expect("writable");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["plan", "2022-08-31"])), @r#"
    exit code 64
    --- stdout
    --- stderr
    Reading the estate …
    Planning with terraform …
    error: the Terraform configuration has errors

      Reference to undeclared local value
      at infrastructure/main.tf:13:11
          value = local.nowhere
      A local value with the name "nowhere" has not been declared.
    hint: mend the configuration and run the same command again
    "#);
}

#[test]
fn a_state_that_another_has_locked_names_who_has_it() {
    let estate = small();
    let held = hold_state(&estate);
    let terraform = impatient_terraform(&estate);
    let locked = run(&estate, &["plan", "2022-08-31", "--terraform", &terraform]);
    insta::assert_snapshot!(shown(&estate, &locked), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading the estate …
    Planning with impatient …
    the Terraform state is locked by [WHO] (OperationTypeApply, since [TIME]); waiting up to 600 s. If that process is dead: [FOLDER]/impatient force-unlock [ID]
    error: the Terraform state is locked by [WHO]
    hint: it was taken [TIME] for apply (lock [ID])
    hint: wait until that is done and run the same command again
    hint: only if its owner is dead: [FOLDER]/impatient force-unlock [ID]
    ");
    drop(held);
    run(&estate, &["plan", "2022-08-31"]).ends_with(0);
}

#[test]
fn a_locked_state_is_waited_for_and_its_holder_named_meanwhile() {
    let estate = small();
    let held = hold_state(&estate);
    let said = estate.home().join("said");
    let talk = fs::File::create(&said).expect("a file");
    let mut waiting =
        program(&estate, &["plan", "2022-08-31"]).stdout(Stdio::null()).stderr(talk).spawn().expect("it starts");
    let begun = Instant::now();
    while !fs::read_to_string(&said).expect("readable").contains("force-unlock") {
        assert!(begun.elapsed() < Duration::from_secs(60), "the holder is never named");
        assert!(waiting.try_wait().expect("watched").is_none(), "it does not wait");
        sleep(Duration::from_millis(50));
    }
    drop(held);
    assert_eq!(waiting.wait().expect("it ends").code(), Some(0), "{}", fs::read_to_string(&said).expect("readable"));
}

#[test]
fn a_backend_that_cannot_be_reached_is_told() {
    let estate = small();
    estate
        .write(
            "infrastructure/backend.tf",
            "terraform {\n  backend \"http\" {\n    address   = \"http://127.0.0.1:9/state\"\n    retry_max = 0\n  }\n}\n",
        )
        .expect("writable");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["plan", "2022-08-31"])), @r#"
    exit code 1
    --- stdout
    --- stderr
    Reading the estate …
    Planning with terraform …
    error: Terraform cannot reach its state

      Error refreshing state: Failed to get state: GET http://127.0.0.1:[PORT]/state giving up after 1 attempt(s): Get "http://127.0.0.1:[PORT]/state": dial tcp 127.0.0.1:[PORT]: connect: connection refused
    hint: see the credentials, the bucket, the region and init_args of the backend
    "#);
}

#[test]
fn a_state_bucket_that_is_not_there_is_told() {
    let estate = small();
    estate
        .write(
            "infrastructure/backend.tf",
            "terraform {\n  backend \"s3\" {\n    bucket = \"nowhere-at-all\"\n    key    = \"concepts.tfstate\"\n    region = \
             \"eu-west-1\"\n  }\n}\n",
        )
        .expect("writable");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["plan", "2022-08-31"])), @r#"
    exit code 1
    --- stdout
    --- stderr
    Reading the estate …
    Planning with terraform …
    error: Terraform cannot reach its state

      Failed to get existing workspaces: S3 bucket "nowhere-at-all" does not exist.
      The referenced S3 bucket must have been previously created. If the S3 bucket
      was created within the last minute, please wait for a minute or two and try
      again.

      S3 ListObjectsV2: NoSuchBucket:
    hint: see the credentials, the bucket, the region and init_args of the backend
    "#);
}

#[test]
fn a_backend_that_was_changed_is_left_to_the_user() {
    let estate = small();
    estate.apply_live().expect("a live pipeline");
    let moved = "terraform {\n  backend \"local\" {\n    path = \"elsewhere.tfstate\"\n  }\n}\n";
    estate.write("infrastructure/backend.tf", moved).expect("writable");
    let run = run(&estate, &["plan", "2022-08-31"]).ends_with(1).says("init -migrate-state").says("init -reconfigure");
    assert!(!shown(&estate, &run).contains("-input=false"), "{}", run.err);
}

#[test]
fn a_provider_that_cannot_be_had_is_told() {
    let estate = small();
    let provider = "terraform {\n  required_providers {\n    nowhere = {\n      source = \"example.invalid/team/nowhere\"\n    }\n  }\n}\n";
    estate.write("infrastructure/provider.tf", provider).expect("writable");
    let run = run(&estate, &["plan", "2022-08-31"]).ends_with(1).says("nowhere").says("terraform init");
    assert!(shown(&estate, &run).lines().count() < 40, "{}", run.err);
}
