//! Tags that move, and those that stay.

use pipelinectl::releases::{FileStore, Hold, Store};
use sandbox::{Fault, Kind, Switches};

use super::*;
use crate::support::{program, run, writes};

fn store(estate: &Estate) -> Store {
    let project = format!("concepts-{}", aws(estate).account_id());
    Store::File(FileStore::at(estate.home().join("state/pipelinectl").join(project)))
}

#[test]
fn tags_move_to_what_is_newer_and_then_there_is_nothing_to_do() {
    let estate = estate();
    let dry = run(&estate, &["tag", LIVE, "--move", "--dry-run"]).ends_with(0);
    assert_eq!(writes(&estate), Vec::<String>::new());
    insta::assert_snapshot!(told(&estate, &dry, &[]), @r"
    exit code 0
    --- stdout
      REPOSITORY                FROM                                       TO                                       ORDER
    ~ weco/concepts_ingestor    commit 2 Keep concepts that no work us…  → commit 3 Aggregate concepts by identif…  1 ahead
    ~ weco/concepts_aggregator  commit 2 Keep concepts that no work us…  → commit 3 Aggregate concepts by identif…  1 ahead
    --- stderr
    Reading 2 services' repositories …
    Dry run: nothing was changed.
    ");
    let moved = run(&estate, &["tag", LIVE, "--move", "--yes"]).ends_with(0);
    assert_eq!(moved.out, dry.out);
    assert_eq!(digests(&estate, LIVE), digests(&estate, "latest"));
    insta::assert_snapshot!(told(&estate, &Run { out: String::new(), ..moved }, &[]), @r"
    exit code 0
    --- stdout
    --- stderr
    Reading 2 services' repositories …
      ✓ weco/concepts_aggregator  tagged 2022-08-31
      ✓ weco/concepts_ingestor  tagged 2022-08-31
    ");
    aws(&estate).forget().expect("an empty log");
    run(&estate, &["tag", LIVE, "--move", "--yes"]).ends_with(0).says("Nothing to do: every tag names that image");
    assert_eq!(writes(&estate), Vec::<String>::new());

    let namespace = LIVE.parse().expect("a namespace");
    let records = store(&estate).history(Some(&namespace), 10).expect("records");
    let [record] = &records[..] else { panic!("{records:?}") };
    assert_eq!((record.command.as_str(), record.source.as_deref()), ("tag", Some("latest")));
    assert!(
        record.ended_well() && record.services.iter().all(pipelinectl::releases::ServiceRecord::moved),
        "{record:?}"
    );
    assert_eq!(record.services[0].commit_before.as_deref(), Some(estate.commits()[2].id.as_str()));
    assert_eq!(record.services[0].commit_after.as_deref(), Some(estate.commits()[3].id.as_str()));
}

#[test]
fn it_is_json_too() {
    let estate = estate();
    let report = run(&estate, &["tag", LIVE, "--move", "--dry-run", "--format", "json"]).ends_with(0).json();
    let row = &report["tags"][0];
    let (before, after) = (&estate.commits()[2], &estate.commits()[3]);
    assert_eq!((row["action"].as_str(), row["commit"].as_str()), (Some("move"), Some(after.id.as_str())));
    assert_eq!(row["before"]["commit"].as_str(), Some(before.id.as_str()));
    assert_eq!(row["before"]["subject"].as_str(), Some(before.subject.as_str()));
    assert_eq!(row["before"]["digest"].as_str(), digests(&estate, LIVE)[0].as_deref());
    assert_eq!(row["order"], serde_json::json!({"relation": "ahead", "ahead": 1, "behind": 0}));
}

#[test]
fn a_slower_older_build_that_finishes_last_moves_no_tag_back() {
    let estate = estate();
    let slow = estate.change("Write in bulk").expect("a commit");
    let fast = estate.change("Skip what has no label").expect("a commit");
    estate.publish(&fast).expect("pushed");
    run(&estate, &["tag", LIVE, "--move", "--yes"]).ends_with(0);
    let newest = digests(&estate, LIVE);
    // The slow build ends: its images are pushed later, and `latest` goes back to them.
    estate.publish(&slow).expect("pushed");
    assert_eq!(digests(&estate, "latest"), digests(&estate, &slow.tag()));
    aws(&estate).forget().expect("an empty log");
    run(&estate, &["tag", LIVE, "--move", "--yes"])
        .ends_with(3)
        .says("the tag would go back by 1 commit")
        .says("rollback");
    assert_eq!(digests(&estate, LIVE), newest);
    assert_eq!(writes(&estate), Vec::<String>::new());
}

#[test]
fn a_rebuild_of_the_same_commit_moves() {
    let estate = estate();
    run(&estate, &["tag", LIVE, "--move", "--yes"]).ends_with(0);
    // The commit tag goes to the rebuild; what the live image was built from stands in the record of its release.
    let commit = estate.commits()[3].tag();
    let repository = "weco/concepts_ingestor";
    let again = aws(&estate).seed_image(repository, "built again", Kind::Docker, &["latest", &commit]).expect("seeded");
    run(&estate, &["tag", LIVE, "--move", "--yes"]).ends_with(0).says("same commit").says("stays");
    assert_eq!(digests(&estate, LIVE)[0], Some(again.digest));
}

#[test]
fn moved_tags_are_put_back_when_one_is_denied() {
    let estate = estate();
    let before = digests(&estate, LIVE);
    let fault =
        Fault::always("PutImage", "AccessDeniedException").on("weco/concepts_aggregator").message("not authorized");
    aws(&estate).set(&Switches::new().faults(vec![fault])).expect("switched");
    run(&estate, &["tag", LIVE, "--move", "--yes"])
        .ends_with(1)
        .says("no permission for ecr:PutImage")
        .says("every tag 2022-08-31 is as it was");
    assert_eq!(digests(&estate, LIVE), before);
    let namespace = LIVE.parse().expect("a namespace");
    let records = store(&estate).history(Some(&namespace), 10).expect("records");
    assert!(!records[0].ended_well() && !records[0].is_unfinished(), "{records:?}");
    aws(&estate).set(&Switches::new().faults(vec![])).expect("switched");
    run(&estate, &["tag", LIVE, "--move", "--yes"]).ends_with(0);
    assert_eq!(digests(&estate, LIVE), digests(&estate, "latest"));
}

#[test]
fn killed_while_tags_move_the_same_command_ends_with_the_images_of_then() {
    let estate = estate();
    let wanted = digests(&estate, "latest");
    let repositories = ["weco/concepts_ingestor", "weco/concepts_aggregator"];
    let busy = repositories.map(|name| Fault::always("PutImage", "ThrottlingException").on(name));
    aws(&estate).set(&Switches::new().faults(busy.into())).expect("switched");
    let mut killed = program(&estate, &["tag", LIVE, "--move", "--yes"]).spawn().expect("it starts");
    let begun = std::time::Instant::now();
    while !writes(&estate).contains(&"PutImage".to_owned()) {
        assert!(begun.elapsed().as_secs() < 60, "it moves nothing");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    killed.kill().expect("killed");
    killed.wait().expect("ended");
    aws(&estate).set(&Switches::new().faults(vec![])).expect("switched");
    let newer = estate.change("Skip what has no label").expect("a commit");
    estate.publish(&newer).expect("pushed");
    run(&estate, &["tag", LIVE, "--move", "--yes"]).ends_with(0);
    assert_eq!(digests(&estate, LIVE), wanted, "a release is what it set out to be");
    run(&estate, &["tag", LIVE, "--move", "--yes"]).ends_with(0);
    assert_eq!(digests(&estate, LIVE), digests(&estate, "latest"));
}

#[test]
fn what_is_held_does_not_move() {
    let estate = estate();
    let namespace = LIVE.parse().expect("a namespace");
    let since = "2026-01-02T03:04:05Z".parse().expect("a time");
    let hold = Hold { by: "alex@host".into(), since, reason: "the index is broken".into(), release: None };
    store(&estate).set_hold(&namespace, &hold).expect("held");
    run(&estate, &["tag", LIVE, "--move", "--yes"]).ends_with(3).says("the index is broken").says("unhold");
    assert_eq!(writes(&estate), Vec::<String>::new());
    run(&estate, &["tag", LIVE, "--yes"]).ends_with(0).says("Nothing to do");
    store(&estate).remove_hold(&namespace).expect("lifted");
    run(&estate, &["tag", LIVE, "--move", "--yes"]).ends_with(0);
}
