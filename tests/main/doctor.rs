//! `pipelinectl doctor`

use std::fs;

use regex_lite::Regex;
use sandbox::{Estate, Kind, LocalAws, Switches};

use crate::errors::{configure, script, shown, small};
use crate::support::{Run, program, run, writes};

/// The run as a snapshot shows it, without the versions of this machine's programs.
fn told(estate: &Estate, run: &Run) -> String {
    let mut text = shown(estate, run);
    for (pattern, stands_for) in [
        (r"git( +)\d+\.\d+[.\w]*,", "git$1[VERSION],"),
        (r"\S*/terraform \d+\.\d+\.\d+", "[TERRAFORM]"),
        (r"pipelinectl( +)\d+\.\d+\.\d+", "pipelinectl$1[VERSION]"),
    ] {
        text = Regex::new(pattern).expect("a pattern").replace_all(&text, stands_for).into_owned();
    }
    text
}

#[test]
fn where_all_is_well_it_says_so_and_changes_nothing() {
    let estate = small();
    let status = |estate: &Estate| estate.git(&["status", "--porcelain", "--ignored"]).expect("git runs");
    let before = status(&estate);
    let run = run(&estate, &["doctor"]).ends_with(0);
    insta::assert_snapshot!(told(&estate, &run), @r"
    exit code 0
    --- stdout
    ✓ pipelinectl    [VERSION]
    ✓ configuration  [FOLDER]/pipelinectl.toml, 2 services
    ✓ estate         infrastructure, 1 pipeline
    ✓ live pipeline  2022-08-31
    ✓ git            [VERSION], at commit 3, origin/main is known
    ✓ terraform      [TERRAFORM], workspace default
    ✓ backend        not initialized here yet: the first plan does that
    ✓ region         eu-west-1 (pipelinectl.toml)
    ✓ credentials    arn:aws:sts::[ACCOUNT]:user/moto, account [ACCOUNT]
    ✓ repositories   2 of 2 have an image latest with a commit tag
    ✓ records        [HOME]/state/pipelinectl/concepts-[ACCOUNT]
    --- stderr
    Looking around …
    ");
    assert!(writes(&estate).is_empty());
    assert_eq!(status(&estate), before);
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_what_to_do() {
    let estate = small();
    configure(&estate, "\"weco/concepts_aggregator\"", "\"weco/concepts_agregator\"");
    configure(&estate, "main_branch = \"origin/main\"", "main_branch = \"origin/trunk\"");
    let aws = estate.aws().expect("an AWS");
    aws.seed_image("weco/concepts_ingestor", "without a commit", Kind::Oci, &["latest"]).expect("seeded");
    let live = estate.read(".buildkite/pipeline.yml").expect("readable").replace("2022-08-31", "2020-01-01");
    estate.write(".buildkite/pipeline.yml", &live).expect("writable");
    let unclear = "\nmodule \"other\" {\n  source    = \"./stack\"\n  namespace = var.namespace\n}\n";
    let main = estate.read("infrastructure/main.tf").expect("readable");
    estate.write("infrastructure/main.tf", &format!("{main}{unclear}")).expect("writable");
    script(&estate, "old", "#!/bin/sh\necho '{\"terraform_version\": \"1.4.7\"}'\n");
    let run = run(&estate, &["doctor", "--terraform", "./old"]).ends_with(1);
    insta::assert_snapshot!(told(&estate, &run), @r"
    exit code 1
    --- stdout
    ✓ pipelinectl    [VERSION]
    ✓ configuration  [FOLDER]/pipelinectl.toml, 2 services
    ✓ estate         infrastructure, 1 pipeline
    ! modules        a module does not say which pipeline it is
                     hint: pipelinectl list names them
    ! live pipeline  2020-01-01, which is not in the estate
                     hint: mend the file that [live] names
    ! git            [VERSION], at commit 3; git knows no commit 'origin/trunk' in [FOLDER]
                     hint: fetch it, or mend main_branch below [images]
    ✗ terraform      [FOLDER]/old has version 1.4.7; at least 1.5.0 is needed
                     hint: install version 1.5.0 or newer, or name another with --terraform
    ✓ region         eu-west-1 (pipelinectl.toml)
    ✓ credentials    arn:aws:sts::[ACCOUNT]:user/moto, account [ACCOUNT]
    ! repositories   weco/concepts_ingestor: latest has no commit tag
                     hint: tag each image with its commit, as commit_tag below [images] says
    ✗ repositories   the repository weco/concepts_agregator does not exist
                     hint: there are: weco/concepts_aggregator, weco/concepts_ingestor
                     hint: see that the name, the account and the region are right
    ✓ records        [HOME]/state/pipelinectl/concepts-[ACCOUNT]
    --- stderr
    Looking around …
    ");
}

#[test]
fn without_credentials_the_rest_is_looked_at() {
    let estate = small();
    let mut command = program(&estate, &["doctor"]);
    command
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    let run = Run::from(command.output().expect("it runs")).ends_with(1);
    run.says("no AWS credentials were found").says("terraform").says("git").says("2 services");
    estate.aws().expect("an AWS").set(&Switches::new().expired_credentials(true)).expect("switched");
    crate::support::run(&estate, &["doctor"])
        .ends_with(1)
        .says("the AWS credentials have expired")
        .says("sign in again");
    let other = LocalAws::shared().expect("a local AWS");
    let mut command = program(&estate, &["doctor"]);
    other.environment().apply(&mut command);
    Run::from(command.output().expect("it runs")).ends_with(1).says(&format!("the account {}", other.account_id()));
}

#[test]
fn without_a_configuration_it_says_how_to_begin() {
    let estate = small();
    fs::remove_file(estate.file("pipelinectl.toml")).expect("removed");
    let run = run(&estate, &["doctor"]).ends_with(1).says("there is no pipelinectl.toml").says("hint:");
    assert!(!run.out.contains("names no [[service]]"), "{}", run.out);
}

#[test]
fn in_ci_it_warns_that_records_are_not_shared() {
    let estate = small();
    configure(&estate, "[releases]\nstore = \"file\"\n", "");
    let mut command = program(&estate, &["doctor"]);
    Run::from(command.env("CI", "true").output().expect("it runs")).ends_with(0).says("set store below [releases]");
}

#[test]
fn it_is_json_too() {
    let estate = small();
    let report = run(&estate, &["doctor", "--format", "json"]).ends_with(0).json();
    let checks = report["checks"].as_array().expect("rows");
    let state = |name: &str| checks.iter().find(|row| row["name"] == name).map(|row| row["state"].clone());
    for name in [
        "configuration",
        "estate",
        "live pipeline",
        "git",
        "terraform",
        "region",
        "credentials",
        "repositories",
        "records",
    ] {
        assert_eq!(state(name), Some("good".into()), "{name}: {report:#}");
    }
    configure(&estate, "account_id = \"", "account_id = \"1");
    assert_eq!(run(&estate, &["doctor"]).code, 64, "a configuration that cannot be read is no finding");
}
