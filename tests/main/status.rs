//! `pipelinectl status`

use std::collections::BTreeMap;

use sandbox::{Estate, Fault, LocalAws, Switches};
use serde_json::json;

use crate::errors::shown;
use crate::support::{program, run};

const LIVE: &str = "2022-08-31";

fn deployed(services: usize, ecs: usize) -> Estate {
    let aws = LocalAws::shared().expect("a local AWS");
    let pipelines = [LIVE, "2022-10-01"];
    Estate::deployed().with_services(services).with_ecs(ecs).pipelines(&pipelines).aws(&aws).build().expect("an estate")
}

fn aws(estate: &Estate) -> &LocalAws {
    estate.aws().expect("the estate has an AWS")
}

/// The pipeline's tag in one repository names the newest commit; what runs stays.
fn move_tag(estate: &Estate, repository: &str) {
    let newest = estate.commits().last().expect("a commit").tag();
    let image = aws(estate).tagged(repository, &newest).expect("an answer").expect("an image");
    aws(estate).tag_image(repository, &image.digest, LIVE).expect("tagged");
}

#[test]
fn every_service_runs_what_its_tag_names() {
    let estate = deployed(3, 1);
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["status", "live"])), @r"
    exit code 0
    --- stdout
    2022-08-31  live

    SERVICE                   TAG       RUNNING  APPLIED  BEHIND  DEPLOYED  SUBJECT
    concepts_ingestor         commit 2  same     -        1       -         Keep concepts that no work uses any more
    concepts_aggregator       commit 2  same     -        1       -         Keep concepts that no work uses any more
    concepts_aggregator_bulk  commit 2  same     -        1       -         Keep concepts that no work uses any more
    --- stderr
    What Terraform applied last is not known: terraform is not initialized here; 'pipelinectl plan' does that
    ");
    run(&estate, &["status", "live", "--detailed-exitcode"]).ends_with(0);
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["status"])), @r"
    exit code 0
    --- stdout
      PIPELINE    COMMIT    TAGGED  RUNNING  APPLIED  BEHIND  LAST RELEASE  STATE
      2022-10-01  commit 2  all 3   all 3    -        1       -
    * 2022-08-31  commit 2  all 3   all 3    -        1       -             live
    --- stderr
    What Terraform applied last is not known: terraform is not initialized here; 'pipelinectl plan' does that
    ");
    run(&estate, &["status", "--detailed-exitcode"]).ends_with(0);
}

#[test]
fn a_tag_that_nothing_runs_is_skew() {
    let estate = deployed(3, 1);
    for repository in estate.repositories() {
        move_tag(&estate, &repository);
    }
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["status", LIVE])), @r"
    exit code 0
    --- stdout
    2022-08-31  live

    SERVICE                   TAG       RUNNING       APPLIED  BEHIND  DEPLOYED  SUBJECT
    concepts_ingestor         commit 3  commit 2      -        0       -         Aggregate concepts by identifier, not by l…
    concepts_aggregator       commit 3  commit 2      -        0       -         Aggregate concepts by identifier, not by l…
    concepts_aggregator_bulk  commit 3  7e910de74ba7  -        0       -         Aggregate concepts by identifier, not by l…
    --- stderr
    What Terraform applied last is not known: terraform is not initialized here; 'pipelinectl plan' does that
    ");
    run(&estate, &["status", LIVE]).ends_with(0);
    run(&estate, &["status", LIVE, "--detailed-exitcode"]).ends_with(2);
    run(&estate, &["status", "2022-10-01", "--detailed-exitcode"]).ends_with(0);
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["status", "--detailed-exitcode"])), @r"
    exit code 2
    --- stdout
      PIPELINE    COMMIT    TAGGED  RUNNING  APPLIED  BEHIND  LAST RELEASE  STATE
      2022-10-01  commit 2  all 3   all 3    -        1       -
    * 2022-08-31  commit 3  all 3   0 of 3   -        0       -             live, skew
    --- stderr
    What Terraform applied last is not known: terraform is not initialized here; 'pipelinectl plan' does that
    ");
}

#[test]
fn services_on_several_commits_are_skew_unless_not_every_commit_builds_all() {
    let estate = deployed(2, 0);
    let repository = estate.repositories()[0].clone();
    move_tag(&estate, &repository);
    let function = format!("{LIVE}-{}", estate.services()[0]);
    let host = format!("{}.dkr.ecr.eu-west-1.amazonaws.com", aws(&estate).account_id());
    let digest = aws(&estate).tagged(&repository, LIVE).expect("an answer").expect("an image").digest;
    let path = format!("/2015-03-31/functions/{function}/code");
    aws(&estate)
        .ask_rest("lambda", "PUT", &path, &json!({"ImageUri": format!("{host}/{repository}@{digest}")}))
        .expect("updated");
    let skew = run(&estate, &["status", LIVE, "--detailed-exitcode"]).ends_with(2);
    insta::assert_snapshot!(shown(&estate, &skew), @r"
    exit code 2
    --- stdout
    2022-08-31  live

    SERVICE              TAG       RUNNING  APPLIED  BEHIND  DEPLOYED  SUBJECT
    concepts_ingestor    commit 3  same     -        0       -         Aggregate concepts by identifier, not by label
    concepts_aggregator  commit 2  same     -        1       -         Keep concepts that no work uses any more
    --- stderr
    warning: 2022-08-31: its services are on 2 commits
    What Terraform applied last is not known: terraform is not initialized here; 'pipelinectl plan' does that
    ");
    let text = estate.read("pipelinectl.toml").expect("readable").replace("[images]", "[images]\nevery_commit = false");
    let text = if text.contains("every_commit") { text } else { format!("{text}\n[images]\nevery_commit = false\n") };
    estate.write("pipelinectl.toml", &text).expect("writable");
    run(&estate, &["status", LIVE, "--detailed-exitcode"])
        .ends_with(0)
        .does_not_say("several commits")
        .does_not_say("warning");
}

#[test]
fn what_is_missing_or_broken_is_told_at_its_service() {
    let estate = deployed(4, 1);
    let services = estate.services();
    let path = format!("/2015-03-31/functions/{LIVE}-{}", services[0]);
    aws(&estate).ask_rest("lambda", "DELETE", &path, &serde_json::Value::Null).expect("deleted");
    let untag = json!({"repositoryName": estate.repositories()[1], "imageIds": [{"imageTag": LIVE}]});
    aws(&estate).ecr("BatchDeleteImage", &untag).expect("untagged");
    let cluster = json!({"cluster": "concepts", "service": format!("{LIVE}-{}", services[3]), "desiredCount": 0});
    aws(&estate).ecs("UpdateService", &cluster).expect("updated");
    let status = run(&estate, &["status", LIVE, "--detailed-exitcode"]).ends_with(2);
    insta::assert_snapshot!(shown(&estate, &status), @r"
    exit code 2
    --- stdout
    2022-08-31  live

    SERVICE                   TAG       RUNNING   APPLIED  BEHIND  DEPLOYED  SUBJECT
    concepts_ingestor         commit 2  absent    -        1       -         Keep concepts that no work uses any more
    concepts_aggregator       no tag    commit 2  -        -       -
    concepts_aggregator_bulk  commit 2  same      -        1       -         Keep concepts that no work uses any more
    concepts_recorder         commit 2  idle      -        1       -         Keep concepts that no work uses any more
    --- stderr
    warning: 2022-08-31-concepts_aggregator: the pipeline has no tag there
    What Terraform applied last is not known: terraform is not initialized here; 'pipelinectl plan' does that
    ");
}

#[test]
fn a_hold_and_the_last_release_are_told() {
    let estate = deployed(2, 0);
    let store = crate::history::store(&estate);
    let commits: Vec<String> = estate.commits().iter().map(|commit| commit.id.clone()).collect();
    let services = [crate::history::service(&estate.services()[0], Some(&commits[1]), &commits[2])];
    crate::history::keep(&store, &crate::history::record("20220901T120304.123Z-0a1b2c3d", LIVE, "verified", &services));
    let hold = json!({"by": "sam@laptop", "since": "2022-09-02T08:00:00Z", "reason": "the index is being mended"});
    let namespace = LIVE.parse().expect("a namespace");
    store.set_hold(&namespace, &serde_json::from_value(hold).expect("a hold")).expect("held");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["status", "live"])), @r"
    exit code 0
    --- stdout
    2022-08-31  live
    last release  deploy 2022-09-01 12:03 UTC by alex@laptop, verified
    held          by [WHO] since 2022-09-02 08:00 UTC: the index is being mended

    SERVICE              TAG       RUNNING  APPLIED  BEHIND  DEPLOYED    SUBJECT
    concepts_ingestor    commit 2  same     -        1       2022-09-01  Keep concepts that no work uses any more
    concepts_aggregator  commit 2  same     -        1       -           Keep concepts that no work uses any more
    --- stderr
    What Terraform applied last is not known: terraform is not initialized here; 'pipelinectl plan' does that
    ");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["status"])), @r"
    exit code 0
    --- stdout
      PIPELINE    COMMIT    TAGGED  RUNNING  APPLIED  BEHIND  LAST RELEASE                 STATE
      2022-10-01  commit 2  all 2   all 2    -        1       -
    * 2022-08-31  commit 2  all 2   all 2    -        1       2022-09-01 deploy, verified  live, held
    --- stderr
    What Terraform applied last is not known: terraform is not initialized here; 'pipelinectl plan' does that
    ");
    for (columns, arguments) in [(80, &["status", "live"][..]), (120, &["status", "live"]), (80, &["status"])] {
        let text = crate::history::in_columns(&estate, columns, arguments);
        let table = text.lines().skip_while(|line| !line.contains("BEHIND"));
        assert!(table.clone().count() > 2 && table.clone().all(|line| line.chars().count() <= columns), "{text}");
    }
    let report = run(&estate, &["status", "live", "--format", "json"]).ends_with(0).json();
    let row = &report["pipelines"][0];
    assert_eq!((&row["hold"]["reason"], &row["live"]), (&json!("the index is being mended"), &json!(true)));
    assert_eq!(row["last_release"]["id"], "20220901T120304.123Z-0a1b2c3d");
    assert_eq!(row["services"][0]["deployed"], "2022-09-01T12:03:04Z");
    assert_eq!((&row["services"][0]["behind"], &row["commits"]), (&json!(1), &json!(1)));
    assert_eq!(row["services"][0]["targets"][0]["same"], true);
    assert_eq!(row["services"][0]["tagged"]["commit"], commits[2].as_str());
}

#[test]
fn an_image_that_a_lifecycle_policy_is_about_to_expire_is_warned_of() {
    let estate = deployed(2, 0);
    let repository = &estate.repositories()[0];
    let policy = json!({"rules": [{"rulePriority": 1, "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}, "action": {"type": "expire"}}]});
    aws(&estate)
        .ecr("PutLifecyclePolicy", &json!({"repositoryName": repository, "lifecyclePolicyText": policy.to_string()}))
        .expect("put");
    let warned = run(&estate, &["status", LIVE]).ends_with(0).says("a lifecycle policy is about to expire");
    insta::assert_snapshot!(shown(&estate, &crate::support::Run { out: String::new(), ..warned }), @r"
    exit code 0
    --- stdout
    --- stderr
    warning: 2022-08-31: a lifecycle policy is about to expire the image that concepts_ingestor runs, in weco/concepts_ingestor
    What Terraform applied last is not known: terraform is not initialized here; 'pipelinectl plan' does that
    ");
    let report = run(&estate, &["status", LIVE, "--format", "json"]).ends_with(0).json();
    let expiring: Vec<_> = report["pipelines"][0]["services"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["expiring"].clone())
        .collect();
    assert_eq!(expiring, [json!(true), json!(false)]);
    let denied = Fault::always("StartLifecyclePolicyPreview", "AccessDeniedException").status(400);
    aws(&estate).set(&Switches::new().faults(vec![denied])).expect("set");
    run(&estate, &["status", LIVE]).ends_with(0).says("is not known").does_not_say("is about to expire the image");
}

#[test]
fn a_hundred_services_cost_a_few_round_trips() {
    let aws = LocalAws::shared().expect("a local AWS");
    let estate = Estate::deployed().with_services(100).with_ecs(50).aws(&aws).build().expect("an estate");
    aws.forget().expect("an empty log");
    let report = run(&estate, &["status", "live", "--format", "json"]).ends_with(0).json();
    let services = report["pipelines"][0]["services"].as_array().expect("rows");
    assert!(services.len() == 100 && services.iter().all(|row| row["targets"][0]["same"] == true), "{report}");
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for call in aws.calls().expect("a log") {
        *counts.entry(call.operation).or_default() += 1;
    }
    // A call for each repository and each step, a function each, ten ECS services and a hundred tasks at once.
    for (operation, most) in [
        ("GetCallerIdentity", 2),
        ("BatchGetImage", 150),
        ("DescribeImages", 100),
        ("GetFunction", 50),
        ("DescribeServices", 5),
        ("DescribeTaskDefinition", 50),
        ("ListTasks", 50),
        ("DescribeTasks", 1),
        ("StartLifecyclePolicyPreview", 100),
    ] {
        let count = counts.remove(operation).unwrap_or_default();
        assert!((1..=most).contains(&count), "{operation}: {count}");
    }
    assert!(counts.is_empty(), "{counts:?}");
}

#[test]
fn what_aws_refuses_is_told_beside_the_rest() {
    let estate = deployed(2, 0);
    let denied = Fault::nth("GetFunction", 1, "AccessDeniedException").status(400);
    aws(&estate).set(&Switches::new().faults(vec![denied])).expect("set");
    let failed = run(&estate, &["status", LIVE]).ends_with(1);
    assert!(failed.out.contains("unknown") && failed.out.contains("same"), "{}", failed.out);
    failed.says("not everything could be read").says("lambda:GetFunction");
}

#[test]
fn without_terraform_or_git_the_rest_is_told() {
    let estate = deployed(2, 0);
    std::fs::remove_dir_all(estate.file(".git")).expect("removed");
    let mut command = program(&estate, &["status", LIVE, "--terraform", "no-such-terraform"]);
    let bare = crate::support::Run::from(command.output().expect("it runs")).ends_with(0);
    insta::assert_snapshot!(shown(&estate, &bare), @r"
    exit code 0
    --- stdout
    2022-08-31  live

    SERVICE              TAG       RUNNING  APPLIED  BEHIND  DEPLOYED  SUBJECT
    concepts_ingestor    commit 2  same     -        -       -         (git does not know it)
    concepts_aggregator  commit 2  same     -        -       -         (git does not know it)
    --- stderr
    What Terraform applied last is not known: the program 'no-such-terraform' was not found
    How far behind the services are is not known: [FOLDER] is in no git repository
    ");
}

#[test]
fn what_terraform_applied_is_compared_by_digest_and_by_tag() {
    for by_tag in [false, true] {
        let aws = LocalAws::shared().expect("a local AWS");
        let builder = Estate::medium().with_services(3).with_ecs(1).aws(&aws);
        let builder = if by_tag { builder.by_tag() } else { builder };
        let estate = builder.build().expect("an estate");
        estate.apply_live().expect("applied");
        let status = run(&estate, &["status", LIVE, "--detailed-exitcode"]).ends_with(0);
        let report = run(&estate, &["status", LIVE, "--format", "json"]).ends_with(0).json();
        let services = report["pipelines"][0]["services"].as_array().expect("rows").clone();
        assert!(services.iter().all(|row| row["targets"][0]["applied"]["same"] == true), "{}\n{report}", status.out);
        if by_tag {
            insta::assert_snapshot!(shown(&estate, &status), @r"
            exit code 0
            --- stdout
            2022-08-31  live

            SERVICE                   TAG       RUNNING  APPLIED  BEHIND  DEPLOYED  SUBJECT
            concepts_ingestor         commit 2  same     same     1       -         Keep concepts that no work uses any more
            concepts_aggregator       commit 2  same     same     1       -         Keep concepts that no work uses any more
            concepts_aggregator_bulk  commit 2  same     same     1       -         Keep concepts that no work uses any more
            --- stderr
            ");
        } else {
            move_tag(&estate, &estate.repositories()[0]);
            let moved = run(&estate, &["status", LIVE, "--detailed-exitcode"]).ends_with(2);
            insta::assert_snapshot!(shown(&estate, &moved), @r"
            exit code 2
            --- stdout
            2022-08-31  live

            SERVICE                   TAG       RUNNING   APPLIED   BEHIND  DEPLOYED  SUBJECT
            concepts_ingestor         commit 3  commit 2  commit 2  0       -         Aggregate concepts by identifier, not by label
            concepts_aggregator       commit 2  same      same      1       -         Keep concepts that no work uses any more
            concepts_aggregator_bulk  commit 2  same      same      1       -         Keep concepts that no work uses any more
            --- stderr
            warning: 2022-08-31: its services are on 2 commits
            ");
        }
    }
}
