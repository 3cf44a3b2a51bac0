//! What went wrong in public, with every build green.

use super::*;

/// Two changes are merged; the build of the second one is done first, and is live.
fn overtaken() -> (Estate, Commit, Commit) {
    let estate = functions(3);
    let slower = estate.change("Read authorities in one go").expect("a commit");
    let faster = estate.change("Drop empty labels").expect("a commit");
    estate.publish(&faster).expect("images");
    run(&estate, &["deploy", "live", "--ref", &faster.id, "--if-newer", "--yes"]).ends_with(0);
    is_at(&estate, &faster.tag());
    estate.publish(&slower).expect("images");
    forget(&estate);
    (estate, slower, faster)
}

#[test]
fn a_slower_older_build_that_ends_last_does_not_move_the_tags_back() {
    let (estate, slower, faster) = overtaken();
    let refused = run(&estate, &["deploy", "live", "--ref", &slower.id, "--yes"]);
    insta::assert_snapshot!(told(&estate, &refused, &[&slower, &faster]), @r"
    exit code 3
    --- stdout
    --- stderr
    error: 3 of 3 repositories cannot be tagged 2022-08-31
      weco/concepts_ingestor, weco/concepts_aggregator, weco/concepts_aggregator_bulk: the tag would go back by 1 commit
        from commit B 2022-09-01 Drop empty labels
        to   commit A 2022-09-01 Read authorities in one go
    hint: nothing was changed
    hint: to go back on purpose: pipelinectl rollback 2022-08-31 --to commit A
    ");
    // `latest` went back with it: it is no better.
    let latest = run(&estate, &["deploy", "live", "--yes"]).ends_with(3);
    assert_eq!(latest.err, refused.err);
    nothing_was_changed(&estate);
    is_at(&estate, &faster.tag());
}

#[test]
fn an_overtaken_deployment_of_ci_ends_well_and_says_by_what() {
    let (estate, slower, faster) = overtaken();
    let superseded = run(&estate, &["deploy", "live", "--ref", &slower.id, "--if-newer", "--yes"]);
    insta::assert_snapshot!(told(&estate, &superseded, &[&slower, &faster]), @r"
    exit code 0
    --- stdout
    Superseded: 2022-08-31 already names something newer in weco/concepts_ingestor, weco/concepts_aggregator, weco/concepts_aggregator_bulk: commit B 2022-09-01 Drop empty labels, 1 ahead of commit A 2022-09-01 Read authorities in one go. Nothing was changed.
    --- stderr
    ");
    nothing_was_changed(&estate);
    assert_eq!(outcomes(&estate), ["verified", "superseded"]);
    let again = ["deploy", "live", "--ref", &slower.id, "--if-newer", "--yes", "--format", "json"];
    let report = run(&estate, &again).ends_with(0).json();
    assert_eq!((&report["changed"], &report["outcome"]), (&false.into(), &"superseded".into()));
    assert!(report["superseded"].as_str().is_some_and(|text| text.contains("Drop empty labels")), "{report}");
    is_at(&estate, &faster.tag());
}

#[test]
fn an_unmerged_build_that_was_pushed_as_latest_is_refused() {
    let estate = functions(2);
    let unmerged = estate.branch("labels", "Try other labels").expect("a commit");
    estate.publish(&unmerged).expect("images");
    let before = named(&estate, LIVE);
    let refused = run(&estate, &["deploy", "live", "--yes"]);
    insta::assert_snapshot!(told(&estate, &refused, &[&unmerged]), @r"
    exit code 3
    --- stdout
    --- stderr
    error: 2 of 2 repositories cannot be tagged 2022-08-31
      weco/concepts_ingestor, weco/concepts_aggregator: the image was built from a commit that is not on origin/main
        commit A 2022-09-01 Try other labels
    hint: nothing was changed
    hint: merge it to origin/main first; if it is meant to run unmerged, use --allow-unmerged
    ");
    // Neither is it by its commit, nor where nothing is older than anything: in a new pipeline.
    run(&estate, &["deploy", "live", "--ref", &unmerged.id, "--if-newer", "--yes"])
        .ends_with(3)
        .says("Try other labels");
    run(&estate, &["new", "2022-10-14", "--yes"]).ends_with(3).says("Try other labels").says("--allow-unmerged");
    run(&estate, &["tag", "2022-10-14", "--yes"]).ends_with(3).says("Try other labels").says("--allow-unmerged");
    nothing_was_changed(&estate);
    assert_eq!(named(&estate, LIVE), before);
    // Whoever means it can do it, and the record tells.
    run(&estate, &["deploy", "live", "--allow-unmerged", "--yes"])
        .ends_with(0)
        .says("only --allow-unmerged lets this pass");
    is_at(&estate, &unmerged.tag());
    assert_eq!(record(&estate)["allowed"], serde_json::json!(["--allow-unmerged"]));
    // The merge that comes after it is newer.
    let merged = estate.merge("labels").expect("a commit");
    estate.publish(&merged).expect("images");
    run(&estate, &["deploy", "live", "--yes"]).ends_with(0);
    is_at(&estate, &merged.tag());
}

#[test]
fn one_repository_of_twelve_missing_stops_everything_before_the_first_move() {
    let estate = functions(12);
    aws(&estate)
        .ecr("DeleteRepository", &serde_json::json!({ "repositoryName": "weco/concepts_service_9", "force": true }))
        .expect("deleted");
    forget(&estate);
    let refused = run(&estate, &["deploy", "live", "--yes"]);
    insta::assert_snapshot!(told(&estate, &refused, &[]), @r"
    exit code 1
    --- stdout
    --- stderr
    error: 1 of 12 repositories cannot be tagged 2022-08-31
      there is no repository weco/concepts_service_9; nearest: weco/concepts_service_6, weco/concepts_service_7, weco/concepts_service_8
    hint: nothing was changed
    hint: make the repository with terraform first, or mend the name in pipelinectl.toml
    hint: looked for in the account [ACCOUNT], region eu-west-1
    ");
    nothing_was_changed(&estate);
    assert!(records(&estate).is_empty());
}

#[test]
fn one_image_of_twelve_missing_stops_everything_before_the_first_move() {
    let estate = functions(12);
    let commit = estate.change("Drop empty labels").expect("a commit");
    let all = estate.services().to_vec();
    let built: Vec<&str> = all.iter().map(String::as_str).filter(|name| *name != "concepts_service_9").collect();
    estate.build_some(&commit, &built).expect("images");
    let refused = run(&estate, &["deploy", "live", "--ref", &commit.id, "--yes"]);
    insta::assert_snapshot!(told(&estate, &refused, &[&commit]), @r"
    exit code 1
    --- stdout
    --- stderr
    error: 1 of 12 repositories cannot be tagged 2022-08-31
      the repository weco/concepts_service_9 has no image ref.[COMMIT]; nearest: ref.[COMMIT], ref.[COMMIT], ref.[COMMIT]
    hint: nothing was changed
    hint: push what is missing, or choose other images; --help tells how
    ");
    nothing_was_changed(&estate);
    assert!(records(&estate).is_empty());
}

/// Ten services, of which one cannot be restarted; then it can.
fn one_of_ten(builder: Builder, operation: &str, failing: &str) {
    let estate = built(builder.with_services(10).shares_image(BULK, AGGREGATOR));
    let denied = || vec![Fault::always(operation, "AccessDeniedException").on(&target(failing))];
    faults(&estate, denied());
    let commit = estate.change("Drop empty labels").expect("a commit");
    estate.publish(&commit).expect("images");
    run(&estate, &["deploy", "live", "--yes"])
        .ends_with(1)
        .says(&target(failing))
        .says("one of 10 targets is not known to run what the tag of 2022-08-31 names")
        .says("run the same command again");
    assert_eq!(restarted(&estate).len(), 9);
    assert_eq!(outcomes(&estate), ["failed"]);
    let failed: Vec<(String, String)> =
        endings(&estate).into_iter().filter(|(_, ending)| ending != "verified").collect();
    assert_eq!(failed, [(failing.to_owned(), "failed".to_owned())]);
    assert_eq!(named(&estate, LIVE), named(&estate, "latest"), "tags are not put back after the last of them");

    // Nothing has changed: a rerun tries that one, and no other.
    forget(&estate);
    faults(&estate, denied());
    run(&estate, &["deploy", "live", "--yes"]).ends_with(1);
    assert!(restarted(&estate).is_empty() && moved(&estate).is_empty());
    faults(&estate, Vec::new());
    run(&estate, &["notify", "live", "--dry-run"]).ends_with(0).says(&target(failing)).does_not_say(&target(INGESTOR));
    run(&estate, &["notify", "live", "--yes"]).ends_with(0).says("runs this release");
    assert_eq!(restarted(&estate), [target(failing)]);
    is_at(&estate, "latest");
    assert_eq!(outcomes(&estate), ["failed", "failed", "verified"]);
    // A third time there is nothing to do.
    forget(&estate);
    run(&estate, &["deploy", "live", "--yes"]).ends_with(0).says("Nothing to do");
    run(&estate, &["notify", "live", "--yes"]).ends_with(0).says("Nothing to do");
    nothing_was_changed(&estate);
}

#[test]
fn one_function_of_ten_that_cannot_be_updated_is_recorded_and_a_rerun_restarts_only_that() {
    one_of_ten(Estate::deployed(), "UpdateFunctionCode", "concepts_service_7");
}

#[test]
fn one_ecs_service_of_ten_that_cannot_be_updated_is_recorded_and_a_rerun_restarts_only_that() {
    one_of_ten(Estate::deployed().with_ecs(4), "UpdateService", "concepts_service_9");
}

#[test]
fn deploy_again_restarts_what_was_not_restarted_and_both_services_of_a_shared_image() {
    let estate = built(Estate::deployed().with_services(4).shares_image(BULK, AGGREGATOR));
    let denied = |service: &str| Fault::always("UpdateFunctionCode", "AccessDeniedException").on(&target(service));
    faults(&estate, vec![denied(AGGREGATOR), denied(BULK)]);
    run(&estate, &["deploy", "live", "--yes"]).ends_with(1).says("2 of 4 targets are not known to run");
    assert_eq!(restarted(&estate), targets(&[INGESTOR, RECORDER]));
    assert_eq!(moved(&estate), [AGGREGATOR, INGESTOR, RECORDER]);
    faults(&estate, Vec::new());
    forget(&estate);
    run(&estate, &["deploy", "live", "--yes"]).ends_with(0);
    assert_eq!(restarted(&estate), targets(&[AGGREGATOR, BULK]));
    assert!(moved(&estate).is_empty());
    let [aggregator, bulk] = [AGGREGATOR, BULK].map(|service| runs(&estate, service));
    assert_eq!(aggregator, bulk);
    assert_eq!(
        Some(aggregator),
        aws(&estate).tagged("weco/concepts_aggregator", LIVE).expect("an answer").map(|image| image.digest)
    );
}

#[test]
fn a_rollback_is_not_undone_by_the_next_merge() {
    let estate = functions(2);
    run(&estate, &["deploy", "live", "--yes"]).ends_with(0);
    let bad = estate.change("Read authorities in one go").expect("a commit");
    estate.publish(&bad).expect("images");
    run(&estate, &["deploy", "live", "--ref", &bad.id, "--if-newer", "--yes"]).ends_with(0);
    run(&estate, &["rollback", "live", "--reason", "it loses every second label", "--yes"]).ends_with(0);
    is_at(&estate, &estate.commits()[3].tag());

    let next = estate.change("Drop empty labels").expect("a commit");
    estate.publish(&next).expect("images");
    forget(&estate);
    let deploy = ["deploy", "live", "--ref", &next.id, "--if-newer", "--yes"];
    let refused = run(&estate, &deploy);
    insta::assert_snapshot!(told(&estate, &refused, &[&bad, &next]), @r"
    exit code 3
    --- stdout
    --- stderr
    error: the pipeline 2022-08-31 is held by [WHO] since [TIME]: it loses every second label
    hint: when the reason is gone, lift the hold: pipelinectl unhold 2022-08-31
    ");
    run(&estate, &["deploy", "live", "--dry-run"]).ends_with(3).says("it loses every second label");
    run(&estate, &["retag", "weco/concepts_ingestor", "latest", LIVE, "--yes"]).ends_with(3);
    nothing_was_changed(&estate);
    // What is about what runs already may go on.
    run(&estate, &["notify", "live", "--yes"]).ends_with(0);

    run(&estate, &["unhold", "live"]).ends_with(0).says("it loses every second label");
    run(&estate, &deploy).ends_with(0);
    is_at(&estate, &next.tag());
}
