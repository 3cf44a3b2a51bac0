//! `pipelinectl history` and `pipelinectl show`

use pipelinectl::pipeline::Namespace;
use pipelinectl::pipeline::image::Digest;
use pipelinectl::releases::{FileStore, Record, Store};
use sandbox::Estate;
use serde_json::{Value, json};

use crate::errors::shown;
use crate::support::{Run, program, run};

const LIVE: &str = "2022-08-31";

fn estate() -> Estate {
    Estate::small().pipelines(&[LIVE, "2022-10-14"]).build().expect("an estate")
}

/// The store that the program uses: it tells where that is.
pub fn store(estate: &Estate) -> Store {
    let said = run(estate, &["history"]).ends_with(0).err;
    let folder = said.trim().strip_prefix("No release is recorded in ").and_then(|rest| rest.strip_suffix('.'));
    Store::File(FileStore::at(folder.expect("the folder is told").into()))
}

pub fn service(name: &str, before: Option<&str>, after: &str) -> Value {
    let digest = |commit: &str| Digest::of_manifest(&format!("{name} {commit}")).to_string();
    json!({
        "service": name,
        "repository": format!("weco/{name}"),
        "commit_before": before,
        "commit_after": after,
        "digest_before": before.map(digest),
        "digest_after": digest(after),
    })
}

pub fn record(id: &str, namespace: &str, outcome: &str, services: &[Value]) -> Value {
    let at = |from: usize, to: usize| id[from..to].to_owned();
    let started = format!("{}-{}-{}T{}:{}:{}Z", at(0, 4), at(4, 6), at(6, 8), at(9, 11), at(11, 13), at(13, 15));
    let started: jiff::Timestamp = started.parse().expect("a time");
    json!({
        "id": id,
        "command": "deploy",
        "namespace": namespace,
        "started": started,
        "by": "alex@laptop",
        "source": "latest",
        "digests": {},
        "services": services,
        "finished": started + jiff::SignedDuration::from_secs(72),
        "outcome": outcome,
    })
}

pub fn keep(store: &Store, record: &Value) {
    let record: Record = serde_json::from_value(record.clone()).expect("a record");
    let namespace: Namespace = record.namespace.parse().expect("a namespace");
    store.begin(&namespace, &record).expect("begun");
    if record.outcome.is_some() {
        store.finish(&namespace, &record).expect("finished");
    }
}

/// Four releases: one good, one of another pipeline, one that failed for a service, one that is unfinished.
fn with_records() -> Estate {
    let estate = estate();
    let commits: Vec<String> = estate.commits().iter().map(|commit| commit.id.clone()).collect();
    let store = store(&estate);
    let (a, b) = ("concepts_aggregator", "concepts_ingestor");
    let mut first = record(
        "20220901T120304.123Z-0a1b2c3d",
        LIVE,
        "verified",
        &[service(a, Some(&commits[1]), &commits[2]), service(b, Some(&commits[1]), &commits[2])],
    );
    first["by"] = "Sam Lee in Buildkite concepts #12".into();
    first["origin"] =
        json!({"name": "Buildkite concepts #12", "url": "https://buildkite.com/example/concepts/builds/12"});
    first["commit"] = commits[3].as_str().into();
    first["services"][0]["targets"] = json!([{"target": format!("{LIVE}-{a}"), "ending": "verified"}]);
    first["services"][1]["targets"] = json!([{"target": format!("concepts/{LIVE}-{b}"), "ending": "idle"}]);
    keep(&store, &first);
    let services = &[service(a, None, &commits[2]), service(b, None, "0123456789abcdef0123456789abcdef01234567")];
    keep(&store, &record("20220902T080000.000Z-11111111", "2022-10-14", "done", services));
    let mut failed =
        record("20220903T090000.500Z-22222222", LIVE, "failed", &[service(a, Some(&commits[2]), &commits[3])]);
    failed["command"] = "rollback".into();
    failed["reason"] = "the new one loses concepts".into();
    failed["allowed"] = json!(["--allow-unmerged"]);
    failed["services"][0]["targets"] = json!([{"target": format!("{LIVE}-{a}"), "ending": "failed", "detail": "ImageAccessDenied: no access to the image"}]);
    keep(&store, &failed);
    let mut unfinished = record(
        "20220903T090000.600Z-33333333",
        LIVE,
        "done",
        &[service(a, Some(&commits[3]), &commits[3]), service(b, Some(&commits[2]), &commits[3])],
    );
    unfinished["outcome"] = Value::Null;
    unfinished["finished"] = Value::Null;
    keep(&store, &unfinished);
    estate
}

pub fn in_columns(estate: &Estate, columns: usize, arguments: &[&str]) -> String {
    // A terminal of that width on standard error, which is where the program looks.
    let mut command = std::process::Command::new("script");
    estate.prepare(&mut command);
    let words = arguments.join(" ");
    let line = format!("stty cols {columns} rows 50; {} {words} > out.txt", env!("CARGO_BIN_EXE_pipelinectl"));
    let output = command.args(["-qec", &line, "/dev/null"]).stdin(std::process::Stdio::null()).output();
    assert!(output.expect("it runs").status.success());
    estate.read("out.txt").expect("readable")
}

#[test]
fn the_newest_comes_first_with_how_it_ended() {
    let estate = with_records();
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["history"])), @r"
    exit code 0
    --- stdout
    RELEASE            PIPELINE    COMMAND   ENDED       BY           COMMITS
    20220903T090000.6  2022-08-31  deploy    unfinished  [WHO]  commit 2 → commit 3 Aggregate concepts by identifier,…
    20220903T090000.5  2022-08-31  rollback  failed      [WHO]  commit 2 → commit 3 Aggregate concepts by iden… (skew)
    20220902T080000.0  2022-10-14  deploy    done        [WHO]  2 services → 01234567, commit 2 (skew)
    20220901T120304.1  2022-08-31  deploy    verified    Sam Lee in…  commit 1 → commit 2 Keep concepts that no work uses a…
    --- stderr
    ");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["history", "live"])), @r"
    exit code 0
    --- stdout
    RELEASE            WHEN (UTC)        COMMAND   ENDED       BY                        COMMITS
    20220903T090000.6  2022-09-03 09:00  deploy    unfinished  [WHO]               commit 2 → commit 3 Aggregate conc…
    20220903T090000.5  2022-09-03 09:00  rollback  failed      [WHO]               commit 2 → commit 3 (skew)
    20220901T120304.1  2022-09-01 12:03  deploy    verified    Sam Lee in Buildkite co…  commit 1 → commit 2 Keep concepts…
    --- stderr
    ");
    run(&estate, &["history", "--limit", "1"])
        .ends_with(0)
        .says("unfinished")
        .says("The newest 1; --limit 0 shows all.");
    run(&estate, &["history", "--limit", "0"]).ends_with(0).does_not_say("--limit");
    run(&estate, &["history", "module.concepts_pipeline_2022-10-14"])
        .ends_with(0)
        .says("done")
        .does_not_say("verified");
}

#[test]
fn rows_fit_into_the_terminal() {
    let estate = with_records();
    for (columns, arguments) in [(80, &["history", "live"][..]), (120, &["history"]), (80, &["show", "20220901"])] {
        let text = in_columns(&estate, columns, arguments);
        assert!(text.lines().all(|line| line.chars().count() <= columns), "{text}");
    }
    let text = in_columns(&estate, 80, &["history", "live"]);
    insta::assert_snapshot!(shown(&estate, &Run { code: 0, out: text, err: String::new() }), @r"
    exit code 0
    --- stdout
    RELEASE            COMMAND   ENDED       BY           COMMITS
    20220903T090000.6  deploy    unfinished  [WHO]  commit 2 → commit 3
    20220903T090000.5  rollback  failed      [WHO]  commit 2 → commit 3 (skew)
    20220901T120304.1  deploy    verified    Sam Lee in…  commit 1 → commit 2
    --- stderr
    ");
}

#[test]
fn show_tells_everything() {
    let estate = with_records();
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["show", "20220901"])), @r"
    exit code 0
    --- stdout
    20220901T120304.123Z-0a1b2c3d  verified
    command  deploy 2022-08-31
    images   latest
    begun    [TIME], took 1m 12s
    by       Sam Lee in Buildkite concepts #12
    build    https://buildkite.com/example/concepts/builds/12
    estate   commit 3 2022-09-01 Aggregate concepts by identifier, not by label

      SERVICE              IMAGE         COMMIT
      concepts_aggregator  27c17b28d0f2  commit 1 2022-09-01 Fetch the names of the Library of Congress page by page
    →                      c8c86ff92eb0  commit 2 2022-09-01 Keep concepts that no work uses any more
      concepts_ingestor    82d52113a112  commit 1 2022-09-01 Fetch the names of the Library of Congress page by page
    →                      b5da52adcf1a  commit 2 2022-09-01 Keep concepts that no work uses any more

      SERVICE              RUNS AS                                ENDED
      concepts_aggregator  2022-08-31-concepts_aggregator         verified
      concepts_ingestor    concepts/2022-08-31-concepts_ingestor  idle

    To go back to it (2 images must still be in the repositories):
      pipelinectl rollback 2022-08-31 --to 20220901T120304.123Z-0a1b2c3d
    --- stderr
    ");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["show", "20220903T090000.500Z-22222222"])), @r"
    exit code 0
    --- stdout
    20220903T090000.500Z-22222222  failed
    command  rollback 2022-08-31
    images   latest
    begun    [TIME], took 1m 12s
    by       [WHO]
    reason   the new one loses concepts
    allowed  --allow-unmerged

      SERVICE              IMAGE         COMMIT
      concepts_aggregator  c8c86ff92eb0  commit 2 2022-09-01 Keep concepts that no work uses any more
    →                      a66f2c1dd123  commit 3 2022-09-01 Aggregate concepts by identifier, not by label

      SERVICE              RUNS AS                         ENDED
      concepts_aggregator  2022-08-31-concepts_aggregator  failed: ImageAccessDenied: no access to the image

    It did not end well. To go back to it (1 image must still be in the repositories):
      pipelinectl rollback 2022-08-31 --to 20220903T090000.500Z-22222222
    --- stderr
    ");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["show", "20220902"])), @r"
    exit code 0
    --- stdout
    20220902T080000.000Z-11111111  done
    command  deploy 2022-10-14
    images   latest
    begun    [TIME], took 1m 12s
    by       [WHO]

      SERVICE              IMAGE         COMMIT
    + concepts_aggregator  c8c86ff92eb0  commit 2 2022-09-01 Keep concepts that no work uses any more
    + concepts_ingestor    c09f32bc943b  01234567

    To go back to it (2 images must still be in the repositories):
      pipelinectl rollback 2022-10-14 --to 20220902T080000.000Z-11111111
    --- stderr
    ");
    run(&estate, &["show", "20220903T090000.6"]).ends_with(0).says("it has not ended");
}

#[test]
fn a_release_that_is_not_there_or_not_the_only_one() {
    let estate = with_records();
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["show", "20220903"])), @r"
    exit code 64
    --- stdout
    --- stderr
    error: '20220903' is the beginning of several releases: 20220903T090000.600Z-33333333, 20220903T090000.500Z-22222222
    hint: give more of its name
    ");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["show", "20220801"])), @r"
    exit code 64
    --- stdout
    --- stderr
    error: no release is called '20220801', nor begins so
    hint: did you mean 20220901T120304.123Z-0a1b2c3d?
    ");
    run(&estate, &["show", "../../etc/passwd"]).ends_with(64);
}

#[test]
fn they_are_json_too() {
    let estate = with_records();
    let history = run(&estate, &["history", "live", "--format", "json"]).ends_with(0).json();
    let releases = history["releases"].as_array().expect("rows");
    let seen: Vec<_> = releases.iter().map(|row| (&row["outcome"], &row["commits"], &row["running"])).collect();
    let (null, no) = (Value::Null, Value::Bool(false));
    assert_eq!(
        seen,
        [(&null, &json!(1), &no), (&json!("failed"), &json!(2), &no), (&json!("verified"), &json!(1), &no)]
    );
    let show = run(&estate, &["show", "20220901", "--format", "json"]).ends_with(0).json();
    assert_eq!(show["release"], releases[2]);
    assert_eq!(show["can_be_restored"], true);
    assert_eq!(show["restores"]["concepts_ingestor"], show["release"]["services"][1]["after"]["digest"]);
    assert_eq!(show["release"]["services"][1]["targets"][0]["ending"], "idle");
    assert_eq!(show["release"]["services"][0]["after"]["subject"], estate.commits()[2].subject.as_str());
}

#[test]
fn a_release_under_way_is_told_from_one_that_stopped() {
    let estate = with_records();
    let (namespace, holder) = (
        LIVE.parse::<Namespace>().expect("a namespace"),
        json!({
            "by": "sam@ci", "process": 7, "command": "deploy 2022-08-31", "since": "2022-09-03T09:00:00Z", "token": "t",
        }),
    );
    let place = run(&estate, &["history", "2000-01-01"]).ends_with(0).err;
    let folder =
        place.trim().rsplit(" in ").next().and_then(|rest| rest.strip_suffix('.')).expect("a folder").to_owned();
    let store = Store::File(FileStore::at(folder.into()));
    let holder = serde_json::from_value(holder).expect("a holder");
    let lock = store.lock(&namespace, &holder, None, std::time::Duration::ZERO, |_| ()).expect("free");
    run(&estate, &["history", "live"]).ends_with(0).says("running").does_not_say("unfinished");
    run(&estate, &["show", "20220903T090000.6"]).ends_with(0).says("it is under way");
    drop(lock);
    run(&estate, &["history", "live"]).ends_with(0).says("unfinished").does_not_say("running");
}

#[test]
fn they_need_neither_aws_nor_git() {
    let estate = with_records();
    std::fs::remove_dir_all(estate.file(".git")).expect("removed");
    for arguments in [&["history"][..], &["show", "20220901"]] {
        let mut command = program(&estate, arguments);
        command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        Run::from(command.output().expect("it runs")).ends_with(0).says(&estate.commits()[2].id[..8]);
    }
}

#[test]
fn a_deployment_and_its_rollback_are_told_as_they_were() {
    let aws = sandbox::LocalAws::shared().expect("a local AWS");
    let estate =
        Estate::deployed().with_services(2).with_ecs(1).pipelines(&[LIVE]).aws(&aws).build().expect("an estate");
    run(&estate, &["deploy", "live", "--yes"]).ends_with(0);
    run(&estate, &["status", "live", "--detailed-exitcode"]).ends_with(0).says("last release  deploy");
    run(&estate, &["rollback", "live", "--yes", "--reason", "it loses concepts"]).ends_with(0);
    let history = run(&estate, &["history", "live", "--format", "json"]).ends_with(0).json();
    let releases = history["releases"].as_array().expect("rows");
    let commands: Vec<_> = releases.iter().map(|row| (row["command"].as_str(), row["outcome"].as_str())).collect();
    assert_eq!(commands, [(Some("rollback"), Some("verified")), (Some("deploy"), Some("verified"))]);
    let (before, after) = (&estate.commits()[2], &estate.commits()[3]);
    for service in releases[1]["services"].as_array().expect("services") {
        assert_eq!((&service["before"]["commit"], &service["after"]["commit"]), (&json!(before.id), &json!(after.id)));
        assert_eq!((&service["moved"], &service["targets"][0]["ending"]), (&json!(true), &json!("verified")));
        assert_eq!(service["after"]["subject"], after.subject.as_str());
    }
    let id = releases[1]["id"].as_str().expect("a name");
    run(&estate, &["show", &id[..19]]).ends_with(0).says(&format!("pipelinectl rollback {LIVE} --to {id}"));
    run(&estate, &["history"]).ends_with(0).says(&format!("{} → {}", &before.id[..8], &after.id[..8]));
    run(&estate, &["status", "live", "--detailed-exitcode"]).ends_with(0).says("held").says("it loses concepts");
    run(&estate, &["images"]).ends_with(0).says(LIVE);
}
