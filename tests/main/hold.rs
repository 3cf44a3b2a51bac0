//! `pipelinectl hold` and `pipelinectl unhold`, and what `list` and `doctor` say of them

use sandbox::{Estate, LocalAws};

use crate::errors::{configure, shown};
use crate::support::{Run, program, run};

const LIVE: &str = "2022-08-31";
const REASON: &str = "the new parser loses authors";

fn in_folder() -> Estate {
    Estate::small().with_services(2).pipelines(&[LIVE, "2022-10-01"]).build().expect("an estate")
}

fn in_table() -> Estate {
    let aws = LocalAws::shared().expect("a local AWS");
    let builder = Estate::small().with_services(2).pipelines(&[LIVE, "2022-10-01"]);
    builder.aws(&aws).dynamodb().build().expect("an estate")
}

/// Puts a hold on, changes it, lists it, lifts it: the same on both stores.
#[track_caller]
fn a_hold_comes_and_goes(estate: &Estate) {
    insta::allow_duplicates! {
    run(estate, &["unhold", "live"]).ends_with(0).says("Nothing to do: 2022-08-31 is not held.");
    run(estate, &["hold", "live", "--reason", REASON, "--dry-run"]).ends_with(0).says("would be held");
    run(estate, &["list"]).ends_with(0).does_not_say("held");

    insta::assert_snapshot!(shown(estate, &run(estate, &["hold", "live", "--reason", REASON])), @r"
    exit code 0
    --- stdout
    2022-08-31 is held, by [WHO] since [TIME]: the new parser loses authors
    --- stderr
    To let deployments in again: pipelinectl unhold 2022-08-31
    ");
    insta::assert_snapshot!(shown(estate, &run(estate, &["hold", LIVE, "--reason", REASON])), @r"
    exit code 0
    --- stdout
    --- stderr
    2022-08-31 is held already, by [WHO] since [TIME]: the new parser loses authors
    Nothing to do.
    ");
    insta::assert_snapshot!(shown(estate, &run(estate, &["hold", LIVE, "--reason", " and titles "])), @r"
    exit code 0
    --- stdout
    2022-08-31 is held, by [WHO] since [TIME]: and titles
    --- stderr
    2022-08-31 is held already, by [WHO] since [TIME]: the new parser loses authors
    To let deployments in again: pipelinectl unhold 2022-08-31
    ");
    let list = run(estate, &["list", "--format", "json"]).ends_with(0).json();
    let held = |row: usize| (list["pipelines"][row]["namespace"].clone(), list["pipelines"][row]["held"].clone());
    assert_eq!(held(0), ("2022-10-01".into(), false.into()));
    assert_eq!(held(1), (LIVE.into(), true.into()));
    run(estate, &["list"]).ends_with(0).says("live, held");
    run(estate, &["doctor"]).says("1 pipeline held");

    insta::assert_snapshot!(shown(estate, &run(estate, &["unhold", "live", "--dry-run"])), @r"
    exit code 0
    --- stdout
    --- stderr
    Dry run: a hold would be lifted: 2022-08-31 is held, by [WHO] since [TIME]: and titles
    ");
    insta::assert_snapshot!(shown(estate, &run(estate, &["unhold", "live"])), @r"
    exit code 0
    --- stdout
    2022-08-31 is no longer held; it was, by [WHO] since [TIME]: and titles
    --- stderr
    ");
    run(estate, &["list"]).ends_with(0).does_not_say("held");
    }
}

#[test]
fn in_the_file_store() {
    a_hold_comes_and_goes(&in_folder());
}

#[test]
fn in_the_dynamodb_store() {
    a_hold_comes_and_goes(&in_table());
}

#[test]
fn a_clone_of_the_estate_sees_the_hold_of_the_table() {
    let estate = in_table();
    run(&estate, &["hold", "live", "--reason", REASON]).ends_with(0);
    let mut elsewhere = program(&estate, &["list"]);
    let home = tempfile::tempdir().expect("a folder");
    elsewhere.env("HOME", home.path()).env("XDG_STATE_HOME", home.path());
    Run::from(elsewhere.output().expect("it runs")).ends_with(0).says("live, held");
}

#[test]
fn the_report_names_who_when_and_why() {
    let estate = in_folder();
    let mut command = program(&estate, &["hold", "live", "--reason", REASON, "--format", "json"]);
    command.env("BUILDKITE_BUILD_URL", "https://buildkite.com/weco/concepts/builds/12");
    command.env("BUILDKITE_BUILD_NUMBER", "12").env("BUILDKITE_PIPELINE_SLUG", "concepts");
    command.env("BUILDKITE_BUILD_CREATOR", "Alex Doe");
    let report = Run::from(command.output().expect("it runs")).ends_with(0).json();
    assert_eq!(report["hold"]["by"], "Alex Doe in Buildkite concepts #12");
    assert_eq!((&report["namespace"], &report["changed"]), (&LIVE.into(), &true.into()));
    assert_eq!((&report["hold"]["reason"], &report["before"]), (&REASON.into(), &serde_json::Value::Null));
    let lifted = run(&estate, &["unhold", LIVE, "--format", "json"]).ends_with(0).json();
    assert_eq!((&lifted["changed"], &lifted["hold"]), (&true.into(), &report["hold"]));
    let nothing = run(&estate, &["unhold", LIVE, "--format", "json"]).ends_with(0).json();
    assert_eq!((&nothing["changed"], &nothing["hold"]), (&false.into(), &serde_json::Value::Null));
}

#[test]
fn a_hold_that_would_keep_nobody_away_is_refused() {
    let estate = in_folder();
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["hold", "2022-08-13", "--reason", REASON])), @r"
    exit code 64
    --- stdout
    --- stderr
    error: there is no pipeline 2022-08-13 in the estate
    hint: did you mean '2022-08-31'?
    hint: 'pipelinectl list' shows the pipelines of this checkout; it may be behind its upstream
    ");
    run(&estate, &["hold", "live"]).ends_with(64).says("--reason <TEXT>");
    run(&estate, &["hold", "live", "--reason", "  "]).ends_with(64).says("a hold needs a reason");
}

#[test]
fn a_hold_on_this_machine_only_is_warned_of() {
    let estate = in_folder();
    configure(&estate, "[releases]\nstore = \"file\"\n", "");
    run(&estate, &["hold", "live", "--reason", REASON]).ends_with(0).says("of this machine only");
}

#[test]
fn a_missing_table_is_told_with_how_to_make_it() {
    let estate = in_table();
    configure(&estate, "table = \"pipelinectl-releases\"", "table = \"releases\"");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["hold", "live", "--reason", REASON])), @r"
    exit code 1
    --- stdout
    --- stderr
    error: there is no DynamoDB table releases in eu-west-1
    hint: make it with terraform: hash key 'project', range key 'item', both strings, paid per request; infrastructure/ shows one
    hint: or mend table, region and account in pipelinectl.toml
    hint: it is wanted for locks and records: see [releases] in pipelinectl.toml
    ");
    let list = run(&estate, &["list"]).ends_with(0).says(LIVE);
    insta::assert_snapshot!(list.err, @"warning: what is held or unfinished is not known: there is no DynamoDB table releases in eu-west-1");
    run(&estate, &["doctor"]).ends_with(1).says("✗ records        there is no DynamoDB table releases in eu-west-1");
}

#[test]
fn credentials_of_another_account_write_nothing_to_its_table() {
    let estate = in_table();
    let aws = estate.aws().expect("an AWS");
    let other = LocalAws::shared().expect("a local AWS");
    let text = estate.read("pipelinectl.toml").expect("readable");
    estate.write("pipelinectl.toml", &text.replace(aws.account_id(), other.account_id())).expect("writable");
    aws.forget().expect("an empty log");
    run(&estate, &["hold", "live", "--reason", REASON]).ends_with(3).says("the AWS credentials belong to the account");
    let calls = aws.calls().expect("a log");
    assert!(calls.iter().all(|call| call.service == "sts"), "{calls:?}");
}

#[test]
fn the_table_must_be_named() {
    let estate = in_folder();
    configure(&estate, "store = \"file\"", "store = \"dynamodb\"");
    let said = run(&estate, &["list"]).ends_with(64).says("releases.store: 'dynamodb' needs a table");
    let line = estate.read("pipelinectl.toml").expect("readable").lines().position(|line| line.contains("dynamodb"));
    assert!(said.err.contains(&format!("pipelinectl.toml:{}:1:", line.expect("there") + 1)), "{}", said.err);
}
