//! `pipelinectl rollback`

use super::*;

/// The live pipeline has had two good releases: the first is of the commit that the estate has as `latest`.
fn two_releases(builder: Builder) -> (Estate, Commit, Commit) {
    let estate = built(builder);
    run(&estate, &["deploy", "live", "--yes"]).ends_with(0);
    let (first, second) = (estate.commits()[3].clone(), estate.change("Read authorities in one go").expect("a commit"));
    estate.publish(&second).expect("images");
    run(&estate, &["deploy", "live", "--yes"]).ends_with(0);
    is_at(&estate, &second.tag());
    forget(&estate);
    (estate, first, second)
}

fn two_functions() -> Builder {
    Estate::deployed().with_services(2)
}

fn rollback(estate: &Estate, more: &[&str]) -> Run {
    run(estate, &[&["rollback", "live", "--yes"], more].concat())
}

fn id(record: &Value) -> String {
    record["id"].as_str().expect("an id").to_owned()
}

#[test]
fn without_arguments_it_goes_to_the_last_good_release_and_holds_the_pipeline() {
    let (estate, first, second) = two_releases(two_functions());
    let dry = run(&estate, &["rollback", "live", "--dry-run"]);
    insta::assert_snapshot!(told(&estate, &dry, &[&second]), @r"
    exit code 0
    --- stdout
      REPOSITORY                FROM                                   TO                                       ORDER
    ~ weco/concepts_ingestor    commit A Read authorities in one go  → commit 3 Aggregate concepts by identif…  1 behind
    ~ weco/concepts_aggregator  commit A Read authorities in one go  → commit 3 Aggregate concepts by identif…  1 behind

      RESTARTED            RUNS AS                         RUNS NOW      WILL RUN
    ~ concepts_ingestor    2022-08-31-concepts_ingestor    [the digest]  [the digest]
    ~ concepts_aggregator  2022-08-31-concepts_aggregator  [the digest]  [the digest]
    --- stderr
    Going back to release [RELEASE].
    The pipeline will be put on hold: rolled back to release [RELEASE]
    Dry run: nothing was changed.
    ");
    nothing_was_changed(&estate);
    let back = rollback(&estate, &[]);
    insta::assert_snapshot!(told(&estate, &back, &[&second]), @r"
    exit code 0
    --- stdout
      REPOSITORY                FROM                                   TO                                       ORDER
    ~ weco/concepts_ingestor    commit A Read authorities in one go  → commit 3 Aggregate concepts by identif…  1 behind
    ~ weco/concepts_aggregator  commit A Read authorities in one go  → commit 3 Aggregate concepts by identif…  1 behind

      RESTARTED            RUNS AS                         RUNS NOW      WILL RUN
    ~ concepts_ingestor    2022-08-31-concepts_ingestor    [the digest]  [the digest]
    ~ concepts_aggregator  2022-08-31-concepts_aggregator  [the digest]  [the digest]

    SERVICE              RUNS AS                         DIGEST        STATE
    concepts_ingestor    2022-08-31-concepts_ingestor    [the digest]  restarted, verified
    concepts_aggregator  2022-08-31-concepts_aggregator  [the digest]  restarted, verified
    --- stderr
    Going back to release [RELEASE].
    The pipeline will be put on hold: rolled back to release [RELEASE]
      ✓ 2022-08-31-concepts_aggregator  restarted, verified
      ✓ 2022-08-31-concepts_ingestor  restarted, verified
      ✓ weco/concepts_aggregator  tagged 2022-08-31
      ✓ weco/concepts_ingestor  tagged 2022-08-31
    2022-08-31 runs this release: [RELEASE].
    It is on hold, so that the next merge does not undo this. Lift it with: pipelinectl unhold 2022-08-31
    ");
    is_at(&estate, &first.tag());
    let record = record(&estate);
    assert_eq!((&record["command"], &record["outcome"]), (&"rollback".into(), &"verified".into()));
    run(&estate, &["list"]).says("live, held");
}

#[test]
fn a_rollback_is_a_release_and_can_be_rolled_back() {
    let (estate, first, second) = two_releases(two_functions());
    rollback(&estate, &[]).ends_with(0);
    is_at(&estate, &first.tag());
    rollback(&estate, &[]).ends_with(0);
    is_at(&estate, &second.tag());
    rollback(&estate, &["--no-hold"]).ends_with(0);
    is_at(&estate, &first.tag());
    assert_eq!(outcomes(&estate), ["verified"; 5]);
}

#[test]
fn it_goes_past_releases_that_failed() {
    let (estate, _, second) = two_releases(two_functions());
    let third = estate.change("Drop empty labels").expect("a commit");
    estate.publish(&third).expect("images");
    set(&estate, &Switches::new().lambda_failing(&target(AGGREGATOR), "InvalidImage", "exec format error"));
    run(&estate, &["deploy", "live", "--yes"]).ends_with(1);
    set(&estate, &Switches::new().lambda_healthy());
    rollback(&estate, &[]).ends_with(0);
    is_at(&estate, &second.tag());
}

#[test]
fn a_rollback_that_failed_goes_to_the_same_release_again() {
    let (estate, first, _) = two_releases(two_functions());
    faults(&estate, vec![Fault::always("UpdateFunctionCode", "AccessDeniedException").on(&target(AGGREGATOR))]);
    rollback(&estate, &[]).ends_with(1);
    assert_eq!(outcomes(&estate).last().map(String::as_str), Some("failed"));
    faults(&estate, Vec::new());
    rollback(&estate, &[]).ends_with(0);
    is_at(&estate, &first.tag());
    // Before its first tag, too.
    run(&estate, &["unhold", "live"]).ends_with(0);
    run(&estate, &["deploy", "live", "--yes"]).ends_with(0);
    faults(&estate, vec![Fault::always("PutImage", "AccessDeniedException")]);
    rollback(&estate, &[]).ends_with(1);
    run(&estate, &["list"]).does_not_say("held");
    faults(&estate, Vec::new());
    rollback(&estate, &[]).ends_with(0);
    is_at(&estate, &first.tag());
}

#[test]
fn a_hold_that_was_there_stands_when_a_rollback_was_put_back() {
    let (estate, ..) = two_releases(two_functions());
    run(&estate, &["hold", "live", "--reason", "the demo is on Friday"]).ends_with(0);
    faults(&estate, vec![Fault::always("PutImage", "AccessDeniedException")]);
    rollback(&estate, &["--reason", "it loses labels"]).ends_with(1);
    run(&estate, &["deploy", "live", "--yes"]).ends_with(3).says("the demo is on Friday");
}

#[test]
fn it_goes_to_a_release_by_its_name_or_the_beginning_of_it() {
    let (estate, first, second) = two_releases(two_functions());
    let ids: Vec<String> = records(&estate).iter().map(id).collect();
    rollback(&estate, &["--to", &ids[0]]).ends_with(0).says(&format!("rolled back to release {}", ids[0]));
    is_at(&estate, &first.tag());
    rollback(&estate, &["--to", &ids[1][..ids[1].len() - 1]]).ends_with(0);
    is_at(&estate, &second.tag());
    rollback(&estate, &["--to", &ids[0][..6]]).ends_with(64).says("is the beginning of several releases");
    let neither = rollback(&estate, &["--to", "20220831T000000"]);
    insta::assert_snapshot!(told(&estate, &neither, &[]), @r"
    exit code 64
    --- stdout
    --- stderr
    error: '20220831T000000' is neither a release of 2022-08-31 nor a commit that git knows
    hint: 'pipelinectl history 2022-08-31' lists the releases, 'pipelinectl images' the commits
    ");
}

#[test]
fn a_release_that_moved_nothing_is_no_place_to_go_back_to() {
    let (estate, first, second) = two_releases(two_functions());
    run(&estate, &["deploy", "live", "--ref", &first.id, "--if-newer", "--yes"]).ends_with(0).says("Superseded");
    let superseded = id(&record(&estate));
    rollback(&estate, &["--to", &superseded]).ends_with(64).says("moved nothing");
    is_at(&estate, &second.tag());
    rollback(&estate, &[]).ends_with(0);
    is_at(&estate, &first.tag());
}

#[test]
fn a_release_that_failed_is_gone_to_with_a_warning() {
    let (estate, ..) = two_releases(two_functions());
    let third = estate.change("Drop empty labels").expect("a commit");
    estate.publish(&third).expect("images");
    faults(&estate, vec![Fault::always("UpdateFunctionCode", "AccessDeniedException").on(&target(AGGREGATOR))]);
    run(&estate, &["deploy", "live", "--yes"]).ends_with(1);
    faults(&estate, Vec::new());
    let failed = id(&record(&estate));
    rollback(&estate, &[]).ends_with(0);
    rollback(&estate, &["--to", &failed]).ends_with(0).says("did not end well");
    is_at(&estate, &third.tag());
}

#[test]
fn it_goes_to_a_commit_older_or_newer() {
    let (estate, first, _) = two_releases(two_functions());
    let oldest = estate.commits()[1].clone();
    rollback(&estate, &["--to", &oldest.id[..8]]).ends_with(0).says("3 behind");
    is_at(&estate, &oldest.tag());
    rollback(&estate, &["--to", &first.id]).ends_with(0).says("2 ahead");
    is_at(&estate, &first.tag());
    let unmerged = estate.branch("labels", "Try other labels").expect("a commit");
    estate.build(&unmerged).expect("images");
    rollback(&estate, &["--to", &unmerged.id]).ends_with(3).says("Try other labels").says("--allow-unmerged");
}

#[test]
fn one_service_alone_goes_back() {
    let (estate, first, second) = two_releases(Estate::deployed().with_services(3));
    run(&estate, &["rollback", "live", AGGREGATOR, "--yes"]).ends_with(0);
    let (one, two) = (named(&estate, &first.tag()), named(&estate, &second.tag()));
    assert_eq!(named(&estate, LIVE).iter().collect::<Vec<_>>(), [&two[0], &one[1], &two[2]]);
    assert_eq!(running(&estate), named(&estate, LIVE));
    assert_eq!(restarted(&estate), targets(&[AGGREGATOR]));
    let record = record(&estate);
    assert_eq!(record["services"].as_array().map(Vec::len), Some(3), "a record is a snapshot of all: {record:#}");
    // The next one is of all services again: the newest good state that is another one.
    rollback(&estate, &[]).ends_with(0);
    is_at(&estate, &second.tag());
}

#[test]
fn an_image_that_is_gone_is_said_before_anything_moves() {
    let (estate, first, second) = two_releases(two_functions());
    let gone = named(&estate, &first.tag())[1].clone();
    let image =
        serde_json::json!({ "repositoryName": "weco/concepts_aggregator", "imageIds": [{ "imageDigest": gone }] });
    aws(&estate).ecr("BatchDeleteImage", &image).expect("deleted");
    forget(&estate);
    let refused = rollback(&estate, &[]);
    insta::assert_snapshot!(told(&estate, &refused, &[&second]), @r"
    exit code 1
    --- stdout
    --- stderr
    error: 1 of 2 repositories cannot be tagged 2022-08-31
      the repository weco/concepts_aggregator has no image [DIGEST]
    hint: nothing was changed
    hint: the image was deleted: build its commit again, or choose another release or commit
    ");
    nothing_was_changed(&estate);
    is_at(&estate, &second.tag());
    assert!(!run(&estate, &["list"]).out.contains("held"));
}

#[test]
fn an_image_that_is_about_to_expire_is_warned_of() {
    let (estate, first, second) = two_releases(two_functions());
    let policy = serde_json::json!({ "rules": [{
        "rulePriority": 1, "action": { "type": "expire" },
        "selection": { "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1 },
    }] });
    let put =
        serde_json::json!({ "repositoryName": "weco/concepts_aggregator", "lifecyclePolicyText": policy.to_string() });
    aws(&estate).ecr("PutLifecyclePolicy", &put).expect("a policy");
    forget(&estate);
    let dry = run(&estate, &["rollback", "live", "--dry-run"]);
    insta::assert_snapshot!(told(&estate, &dry, &[&second]), @r"
    exit code 0
    --- stdout
      REPOSITORY                FROM                                   TO                                       ORDER
    ~ weco/concepts_ingestor    commit A Read authorities in one go  → commit 3 Aggregate concepts by identif…  1 behind
    ~ weco/concepts_aggregator  commit A Read authorities in one go  → commit 3 Aggregate concepts by identif…  1 behind

      RESTARTED            RUNS AS                         RUNS NOW      WILL RUN
    ~ concepts_ingestor    2022-08-31-concepts_ingestor    [the digest]  [the digest]
    ~ concepts_aggregator  2022-08-31-concepts_aggregator  [the digest]  [the digest]
    --- stderr
    Going back to release [RELEASE].
    warning: a lifecycle policy is about to expire the image of this release in weco/concepts_aggregator: change the policy, or go on to a newer release soon
    The pipeline will be put on hold: rolled back to release [RELEASE]
    Dry run: nothing was changed.
    ");
    rollback(&estate, &[]).ends_with(0).says("lifecycle policy");
    is_at(&estate, &first.tag());
    // Who may not ask for it is told, and not kept from going back.
    faults(&estate, vec![Fault::always("StartLifecyclePolicyPreview", "AccessDeniedException")]);
    rollback(&estate, &[]).ends_with(0).says("lifecycle polic");
}

#[test]
fn before_the_first_release_ever_is_what_ran_then() {
    let estate = functions(2);
    let before = estate.commits()[2].clone();
    run(&estate, &["rollback", "live", "--yes"]).ends_with(1).says("no earlier release of 2022-08-31 is known");
    run(&estate, &["deploy", "live", "--yes"]).ends_with(0);
    rollback(&estate, &[]).ends_with(0).says("what ran before release");
    is_at(&estate, &before.tag());
}

#[test]
fn without_any_release_it_says_how_to_choose_one() {
    let estate = functions(2);
    let refused = rollback(&estate, &[]);
    insta::assert_snapshot!(told(&estate, &refused, &[]), @r"
    exit code 1
    --- stdout
    --- stderr
    error: no earlier release of 2022-08-31 is known that ended well and is another one than what its tags name
    hint: choose one yourself: pipelinectl images shows the commits, and --to takes one
    ");
    nothing_was_changed(&estate);
}

#[test]
fn a_release_of_another_pipeline_is_not_taken() {
    let estate = built(two_functions().pipelines(&[LIVE, "2022-10-01"]));
    run(&estate, &["deploy", "2022-10-01", "--yes"]).ends_with(0);
    let id = id(&records(&estate)[0]);
    let refused = rollback(&estate, &["--to", &id]);
    insta::assert_snapshot!(told(&estate, &refused, &[]), @r"
    exit code 64
    --- stdout
    --- stderr
    error: the release [RELEASE] is of the pipeline 2022-10-01, not of 2022-08-31
    hint: take another pipeline's images with: pipelinectl deploy 2022-08-31 --from 2022-10-01
    ");
}

#[test]
fn it_works_on_the_table_as_on_files() {
    let (estate, first, second) = two_releases(two_functions().dynamodb());
    rollback(&estate, &[]).ends_with(0);
    is_at(&estate, &first.tag());
    run(&estate, &["deploy", "live", "--yes"]).ends_with(3).says("unhold");
    rollback(&estate, &[]).ends_with(0);
    is_at(&estate, &second.tag());
    assert_eq!(outcomes(&estate), ["verified"; 4]);
}
