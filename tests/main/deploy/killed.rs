//! Killed or interrupted between any two steps, the same command goes on.

use serde_json::json;

use super::*;

/// How many tags and targets were written.
fn writes(estate: &Estate) -> usize {
    let calls = aws(estate).calls().expect("a call log");
    calls.iter().filter(|call| call.is_write() && call.service != "dynamodb").count()
}

/// Slow enough to be killed in between.
fn slow(estate: &Estate) {
    set(estate, &Switches::new().latency_ms(40).lambda_update(Duration::from_millis(400)));
    set(estate, &Switches::new().ecs_rollout(Duration::from_millis(400)));
}

/// Each tag was given once and each target restarted once, whoever did it.
#[track_caller]
fn everything_was_done_once(estate: &Estate) {
    assert_eq!(restarted(estate), targets(&estate.services().iter().map(String::as_str).collect::<Vec<_>>()));
    assert_eq!(moved(estate).len(), estate.repositories().len(), "{:?}", moved(estate));
}

#[test]
fn killed_after_any_write_the_same_command_ends_well() {
    let estate = built(Estate::deployed().with_services(4).with_ecs(1));
    for number in 1.. {
        let commit = estate.change(&format!("Change {number}")).expect("a commit");
        estate.publish(&commit).expect("images");
        forget(&estate);
        slow(&estate);
        let mut going = start(&estate, &["deploy", "live", "--yes"]);
        let killed = going.until("the write", || writes(&estate) >= number);
        going.signal(Signal::KILL);
        let first = going.ended();
        let again = run(&estate, &["deploy", "live", "--yes"]).ends_with(0);
        is_at(&estate, "latest");
        everything_was_done_once(&estate);
        let record = record(&estate);
        assert_eq!((&record["outcome"], records(&estate).len()), (&"verified".into(), number), "{first:?} {again:?}");
        let moved = record["services"].as_array().expect("services").iter();
        assert!(moved.clone().all(|service| service["digest_before"] != service["digest_after"]), "{record:#}");
        if !killed || number > 8 {
            assert!(number > 8, "every write was waited for: {number}");
            break;
        }
        again.says("Going on with");
    }
}

#[test]
fn killed_at_any_time_the_same_command_ends_well() {
    let estate = built(Estate::deployed().with_services(3).with_ecs(1));
    for number in 0..6u64 {
        let commit = estate.change(&format!("Change {number}")).expect("a commit");
        estate.publish(&commit).expect("images");
        forget(&estate);
        slow(&estate);
        let going = start(&estate, &["deploy", "live", "--ref", &commit.id, "--if-newer", "--yes"]);
        std::thread::sleep(Duration::from_millis(60 + number * 170));
        going.signal(Signal::KILL);
        going.ended();
        run(&estate, &["deploy", "live", "--ref", &commit.id, "--if-newer", "--yes"]).ends_with(0);
        is_at(&estate, &commit.tag());
        everything_was_done_once(&estate);
        assert_eq!(record(&estate)["outcome"], "verified");
    }
}

#[test]
fn the_images_of_the_first_run_are_used_although_latest_has_moved() {
    let estate = functions(3);
    let first = estate.commits()[3].clone();
    slow(&estate);
    let mut going = start(&estate, &["deploy", "live", "--yes"]);
    assert!(going.until("a write", || writes(&estate) > 0));
    going.signal(Signal::KILL);
    going.ended();
    let next = estate.change("Drop empty labels").expect("a commit");
    estate.publish(&next).expect("images");
    run(&estate, &["deploy", "live", "--yes"]).ends_with(0).says("Going on with").says("whatever latest names now");
    is_at(&estate, &first.tag());
    run(&estate, &["deploy", "live", "--yes"]).ends_with(0).does_not_say("Going on with");
    is_at(&estate, &next.tag());
}

#[test]
fn another_release_may_take_the_place_of_one_that_was_killed() {
    let estate = functions(3);
    slow(&estate);
    let mut going = start(&estate, &["deploy", "live", "--yes"]);
    assert!(going.until("a write", || writes(&estate) > 0));
    going.signal(Signal::KILL);
    going.ended();
    let next = estate.change("Drop empty labels").expect("a commit");
    estate.publish(&next).expect("images");
    run(&estate, &["deploy", "live", "--ref", &next.id, "--yes"]).ends_with(0);
    is_at(&estate, &next.tag());
    assert_eq!(outcomes(&estate), ["abandoned", "verified"]);
}

#[test]
fn an_overtaken_release_leaves_one_that_was_killed_unfinished() {
    for builder in [Estate::deployed(), Estate::deployed().dynamodb()] {
        let estate = built(builder.with_services(3));
        let [older, newer] = [&estate.commits()[2], &estate.commits()[3]];
        let throttled = |service: &str| Fault::always("PutImage", "ThrottlingException").on(&format!("weco/{service}"));
        faults(&estate, vec![throttled(AGGREGATOR), throttled(BULK)]);
        let mut going = start(&estate, &["deploy", "live", "--ref", &newer.id, "--if-newer", "--yes"]);
        assert!(going.until("a tag", || !moved(&estate).is_empty()));
        going.signal(Signal::KILL);
        going.ended();
        if estate.read("pipelinectl.toml").expect("readable").contains("dynamodb") {
            shorten_lease(&estate);
        }
        faults(&estate, Vec::new());
        run(&estate, &["deploy", "live", "--ref", &older.id, "--if-newer", "--yes"]).ends_with(0).says("Superseded");
        assert_eq!(outcomes(&estate), ["unfinished", "superseded"]);
        run(&estate, &["deploy", "live", "--ref", &newer.id, "--if-newer", "--yes"]).ends_with(0).says("Going on with");
        is_at(&estate, &newer.tag());
        assert_eq!(outcomes(&estate), ["verified", "superseded"]);
    }
}

#[test]
fn killed_in_a_rollback_the_same_command_goes_to_the_same_release() {
    let estate = functions(4);
    run(&estate, &["deploy", "live", "--yes"]).ends_with(0);
    let good = estate.commits()[3].clone();
    let bad = estate.change("Read authorities in one go").expect("a commit");
    estate.publish(&bad).expect("images");
    run(&estate, &["deploy", "live", "--yes"]).ends_with(0);
    // Half of the tags have gone back.
    let throttled = |service: &str| Fault::always("PutImage", "ThrottlingException").on(&format!("weco/{service}"));
    forget(&estate);
    faults(&estate, vec![throttled(AGGREGATOR), throttled(RECORDER)]);
    let mut going = start(&estate, &["rollback", "live", "--yes"]);
    let reached = going.until("two tags", || moved(&estate).len() == 2);
    going.signal(Signal::KILL);
    let killed = going.ended();
    assert!(reached, "{killed:#?}");
    faults(&estate, Vec::new());
    run(&estate, &["rollback", "live", "--yes"]).ends_with(0).says("Going on with");
    is_at(&estate, &good.tag());
    everything_was_done_once(&estate);
    assert_eq!(outcomes(&estate), ["verified", "verified", "verified"]);
    run(&estate, &["deploy", "live", "--yes"]).ends_with(3).says("unhold");
}

/// Three seconds in place of a minute for the dead holder of the lock: a minute is long for a test.
fn shorten_lease(estate: &Estate) {
    let key = json!({ "project": { "S": "concepts" }, "item": { "S": format!("lock#{LIVE}") } });
    let shorter = json!({
        "TableName": "pipelinectl-releases", "Key": key, "UpdateExpression": "SET lease_ms = :lease",
        "ConditionExpression": "attribute_exists(holder)", "ExpressionAttributeValues": { ":lease": { "S": "3000" } },
    });
    aws(estate).dynamodb("UpdateItem", &shorter).expect("the dead one has the lock");
}

#[test]
fn a_dead_holder_keeps_others_away_for_its_lease_and_no_longer() {
    let estate = built(Estate::deployed().with_services(2).dynamodb());
    slow(&estate);
    let mut going = start(&estate, &["deploy", "live", "--yes"]);
    assert!(going.until("a restart", || !restarted(&estate).is_empty()));
    going.signal(Signal::KILL);
    going.ended();
    // It may still be alive, for all that anybody knows.
    run(&estate, &["deploy", "live", "--wait-lock", "0s", "--yes"]).ends_with(1).says("is locked by");
    shorten_lease(&estate);
    let begun = Instant::now();
    let run = run(&estate, &["deploy", "live", "--yes"]).ends_with(0);
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(3), "{took:?}");
    assert!(took < Duration::from_secs(30), "{took:?}");
    run.says("Waiting for").says("Going on with");
    is_at(&estate, "latest");
    everything_was_done_once(&estate);
    assert_eq!(outcomes(&estate), ["verified"]);
}

#[test]
fn interrupted_in_the_rollout_it_says_what_was_done_and_the_next_run_goes_on() {
    let estate = built(Estate::deployed().with_services(3).with_ecs(1));
    set(&estate, &Switches::new().lambda_update(Duration::from_secs(20)).ecs_rollout(Duration::from_secs(20)));
    let mut going = start(&estate, &["deploy", "live", "--yes"]);
    assert!(going.until("every restart", || restarted(&estate).len() == 3));
    going.signal(Signal::INT);
    let begun = Instant::now();
    let interrupted = going.ended();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    insta::assert_snapshot!(told(&estate, &interrupted, &[]), @r"
    exit code 130
    --- stdout
      REPOSITORY                     FROM                                    TO                                     ORDER
    ~ weco/concepts_ingestor         commit 2 Keep concepts that no work…  → commit 3 Aggregate concepts by ident…  1 ahead
    ~ weco/concepts_aggregator       commit 2 Keep concepts that no work…  → commit 3 Aggregate concepts by ident…  1 ahead
    ~ weco/concepts_aggregator_bulk  commit 2 Keep concepts that no work…  → commit 3 Aggregate concepts by ident…  1 ahead

      RESTARTED                 RUNS AS                                       RUNS NOW      WILL RUN
    ~ concepts_ingestor         2022-08-31-concepts_ingestor                  [the digest]  [the digest]
    ~ concepts_aggregator       2022-08-31-concepts_aggregator                [the digest]  [the digest]
    ~ concepts_aggregator_bulk  concepts/2022-08-31-concepts_aggregator_bulk  [the digest]  [the digest]

    SERVICE                   RUNS AS                                       DIGEST        STATE
    concepts_ingestor         2022-08-31-concepts_ingestor                  [the digest]  restarted, not waited for
    concepts_aggregator       2022-08-31-concepts_aggregator                [the digest]  restarted, not waited for
    concepts_aggregator_bulk  concepts/2022-08-31-concepts_aggregator_bulk  [the digest]  restarted, not waited for
    --- stderr
      ✓ weco/concepts_aggregator  tagged 2022-08-31
      ✓ weco/concepts_aggregator_bulk  tagged 2022-08-31
      ✓ weco/concepts_ingestor  tagged 2022-08-31
      ✗ 2022-08-31-concepts_aggregator  restarted, not waited for
      ✗ 2022-08-31-concepts_ingestor  restarted, not waited for
      ✗ concepts/2022-08-31-concepts_aggregator_bulk  restarted, not waited for
    error: interrupted: all 3 targets are not known to run what the tag of 2022-08-31 names
      2022-08-31-concepts_ingestor: restarted, not waited for
      2022-08-31-concepts_aggregator: restarted, not waited for
      concepts/2022-08-31-concepts_aggregator_bulk: restarted, not waited for
    hint: it goes on without us: 'pipelinectl status 2022-08-31' tells what runs
    hint: run the same command again: it goes on from here
    hint: to go back: pipelinectl rollback 2022-08-31
    ");
    assert_eq!(outcomes(&estate), ["unfinished"]);
    assert!(endings(&estate).iter().all(|(_, ending)| ending == "not-verified"), "{:?}", endings(&estate));
    // What it had begun goes on without it, and is not begun again.
    set(&estate, &Switches::new().lambda_update(Duration::ZERO).ecs_rollout(Duration::ZERO));
    run(&estate, &["deploy", "live", "--yes"]).ends_with(0).says("Going on with");
    is_at(&estate, "latest");
    everything_was_done_once(&estate);
    assert_eq!(outcomes(&estate), ["verified"]);
}

#[test]
fn interrupted_while_tags_move_it_lets_them_and_restarts_nothing() {
    let estate = functions(3);
    set(&estate, &Switches::new().latency_ms(300));
    let mut going = start(&estate, &["deploy", "live", "--yes"]);
    let asked = || aws(&estate).calls().expect("a log").iter().any(|call| call.operation == "PutImage");
    assert!(going.until("the first tag", asked));
    going.signal(Signal::INT);
    let interrupted = going.ended();
    set(&estate, &Switches::new().latency_ms(0));
    insta::assert_snapshot!(told(&estate, &interrupted, &[]), @r"
    exit code 130
    --- stdout
      REPOSITORY                     FROM                                    TO                                     ORDER
    ~ weco/concepts_ingestor         commit 2 Keep concepts that no work…  → commit 3 Aggregate concepts by ident…  1 ahead
    ~ weco/concepts_aggregator       commit 2 Keep concepts that no work…  → commit 3 Aggregate concepts by ident…  1 ahead
    ~ weco/concepts_aggregator_bulk  commit 2 Keep concepts that no work…  → commit 3 Aggregate concepts by ident…  1 ahead

      RESTARTED                 RUNS AS                              RUNS NOW      WILL RUN
    ~ concepts_ingestor         2022-08-31-concepts_ingestor         [the digest]  [the digest]
    ~ concepts_aggregator       2022-08-31-concepts_aggregator       [the digest]  [the digest]
    ~ concepts_aggregator_bulk  2022-08-31-concepts_aggregator_bulk  [the digest]  [the digest]
    --- stderr
      ✓ weco/concepts_aggregator  tagged 2022-08-31
      ✓ weco/concepts_aggregator_bulk  tagged 2022-08-31
      ✓ weco/concepts_ingestor  tagged 2022-08-31
    error: interrupted after the tags were made; nothing else was done
    hint: run the same command again: it goes on from here
    ");
    assert_eq!(named(&estate, LIVE), named(&estate, "latest"));
    assert!(restarted(&estate).is_empty());
    assert_eq!(outcomes(&estate), ["unfinished"]);
    run(&estate, &["deploy", "live", "--yes"]).ends_with(0).says("Going on with");
    is_at(&estate, "latest");
    everything_was_done_once(&estate);
}
