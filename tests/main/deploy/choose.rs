//! Which services, which images, and what is shown of it.

use super::*;

#[test]
fn a_dry_run_tells_what_would_move_and_restart_and_changes_nothing() {
    let estate = built(Estate::deployed().with_services(4).with_ecs(1));
    let commit = estate.change("Read authorities in one go").expect("a commit");
    estate.publish(&commit).expect("images");
    forget(&estate);
    let dry = run(&estate, &["deploy", "live", "--dry-run"]);
    insta::assert_snapshot!(told(&estate, &dry, &[&commit]), @r"
    exit code 0
    --- stdout
      REPOSITORY                     FROM                                    TO                                   ORDER
    ~ weco/concepts_ingestor         commit 2 Keep concepts that no work…  → commit A Read authorities in one go  2 ahead
    ~ weco/concepts_aggregator       commit 2 Keep concepts that no work…  → commit A Read authorities in one go  2 ahead
    ~ weco/concepts_aggregator_bulk  commit 2 Keep concepts that no work…  → commit A Read authorities in one go  2 ahead
    ~ weco/concepts_recorder         commit 2 Keep concepts that no work…  → commit A Read authorities in one go  2 ahead

      RESTARTED                 RUNS AS                                RUNS NOW      WILL RUN
    ~ concepts_ingestor         2022-08-31-concepts_ingestor           [the digest]  [the digest]
    ~ concepts_aggregator       2022-08-31-concepts_aggregator         [the digest]  [the digest]
    ~ concepts_aggregator_bulk  2022-08-31-concepts_aggregator_bulk    [the digest]  [the digest]
    ~ concepts_recorder         concepts/2022-08-31-concepts_recorder  [the digest]  [the digest]
    --- stderr
    Dry run: nothing was changed.
    ");
    nothing_was_changed(&estate);
    assert!(records(&estate).is_empty());
    let real = run(&estate, &["deploy", "live", "--yes"]);
    insta::assert_snapshot!(told(&estate, &real, &[&commit]), @r"
    exit code 0
    --- stdout
      REPOSITORY                     FROM                                    TO                                   ORDER
    ~ weco/concepts_ingestor         commit 2 Keep concepts that no work…  → commit A Read authorities in one go  2 ahead
    ~ weco/concepts_aggregator       commit 2 Keep concepts that no work…  → commit A Read authorities in one go  2 ahead
    ~ weco/concepts_aggregator_bulk  commit 2 Keep concepts that no work…  → commit A Read authorities in one go  2 ahead
    ~ weco/concepts_recorder         commit 2 Keep concepts that no work…  → commit A Read authorities in one go  2 ahead

      RESTARTED                 RUNS AS                                RUNS NOW      WILL RUN
    ~ concepts_ingestor         2022-08-31-concepts_ingestor           [the digest]  [the digest]
    ~ concepts_aggregator       2022-08-31-concepts_aggregator         [the digest]  [the digest]
    ~ concepts_aggregator_bulk  2022-08-31-concepts_aggregator_bulk    [the digest]  [the digest]
    ~ concepts_recorder         concepts/2022-08-31-concepts_recorder  [the digest]  [the digest]

    SERVICE                   RUNS AS                                DIGEST        STATE
    concepts_ingestor         2022-08-31-concepts_ingestor           [the digest]  restarted, verified
    concepts_aggregator       2022-08-31-concepts_aggregator         [the digest]  restarted, verified
    concepts_aggregator_bulk  2022-08-31-concepts_aggregator_bulk    [the digest]  restarted, verified
    concepts_recorder         concepts/2022-08-31-concepts_recorder  [the digest]  restarted, verified
    --- stderr
      ✓ 2022-08-31-concepts_aggregator  restarted, verified
      ✓ 2022-08-31-concepts_aggregator_bulk  restarted, verified
      ✓ 2022-08-31-concepts_ingestor  restarted, verified
      ✓ concepts/2022-08-31-concepts_recorder  restarted, verified
      ✓ weco/concepts_aggregator  tagged 2022-08-31
      ✓ weco/concepts_aggregator_bulk  tagged 2022-08-31
      ✓ weco/concepts_ingestor  tagged 2022-08-31
      ✓ weco/concepts_recorder  tagged 2022-08-31
    2022-08-31 runs this release: [RELEASE].
    ");
    is_at(&estate, "latest");
    let nothing = run(&estate, &["deploy", "live", "--yes"]);
    insta::assert_snapshot!(told(&estate, &nothing, &[&commit]), @r"
    exit code 0
    --- stdout
      REPOSITORY                     DIGEST        COMMIT                                          TAG
    = weco/concepts_ingestor         [the digest]  commit A 2022-09-01 Read authorities in one go  2022-08-31 is there
    = weco/concepts_aggregator       [the digest]  commit A 2022-09-01 Read authorities in one go  2022-08-31 is there
    = weco/concepts_aggregator_bulk  [the digest]  commit A 2022-09-01 Read authorities in one go  2022-08-31 is there
    = weco/concepts_recorder         [the digest]  commit A 2022-09-01 Read authorities in one go  2022-08-31 is there
    Nothing to do: the tags name these images, and every service runs them.
    --- stderr
    ");
}

#[test]
fn the_report_has_each_tag_and_each_target() {
    let estate = built(Estate::deployed().with_services(2).with_ecs(1));
    let before = named(&estate, LIVE);
    let dry = run(&estate, &["deploy", "live", "--dry-run", "--format", "json"]).ends_with(0).json();
    assert_eq!((&dry["namespace"], &dry["tag"], &dry["changed"]), (&LIVE.into(), &LIVE.into(), &false.into()));
    assert_eq!((&dry["release"], &dry["outcome"], &dry["superseded"]), (&Value::Null, &Value::Null, &Value::Null));
    let tag = &dry["tags"][0];
    let [old, new] = [&estate.commits()[2], &estate.commits()[3]];
    assert_eq!((&tag["repository"], &tag["action"]), (&"weco/concepts_ingestor".into(), &"move".into()));
    assert_eq!((&tag["commit"], &tag["subject"]), (&new.id.clone().into(), &new.subject.clone().into()));
    assert_eq!(
        (&tag["before"]["commit"], &tag["before"]["digest"]),
        (&old.id.clone().into(), &before[0].clone().into())
    );
    assert_eq!(tag["order"], serde_json::json!({ "relation": "ahead", "ahead": 1, "behind": 0 }));
    let row = &dry["services"][1];
    assert_eq!(
        (&row["target"], &row["running"]),
        (&format!("concepts/{}", target(AGGREGATOR)).into(), &before[1].clone().into())
    );
    assert_eq!(row["digest"], named(&estate, "latest")[1]);

    let done = run(&estate, &["deploy", "live", "--yes", "--format", "json"]).ends_with(0).json();
    assert_eq!((&done["changed"], &done["outcome"]), (&true.into(), &"verified".into()));
    assert_eq!(done["release"], record(&estate)["id"]);
    for row in done["services"].as_array().expect("services") {
        assert_eq!(
            (&row["verdict"], &row["restarted"], &row["failed"]),
            (&"verified".into(), &true.into(), &false.into())
        );
        assert_eq!(row["running"], row["digest"]);
    }
}

#[test]
fn one_service_alone_is_deployed_and_recorded_with_all_others() {
    let estate = functions(3);
    let (old, new) = (named(&estate, LIVE), named(&estate, "latest"));
    run(&estate, &["deploy", "live", AGGREGATOR, "--yes"]).ends_with(0);
    assert_eq!(named(&estate, LIVE).iter().collect::<Vec<_>>(), [&old[0], &new[1], &old[2]]);
    assert_eq!((moved(&estate), restarted(&estate)), (vec![AGGREGATOR.to_owned()], targets(&[AGGREGATOR])));
    let after: Vec<Value> = record(&estate)["services"]
        .as_array()
        .expect("services")
        .iter()
        .map(|one| one["digest_after"].clone())
        .collect();
    let mut sorted: Vec<String> = named(&estate, LIVE);
    sorted.sort();
    let mut recorded: Vec<String> = after.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect();
    recorded.sort();
    assert_eq!(recorded, sorted);
    run(&estate, &["deploy", "live", "concepts_agregator", "--yes"])
        .ends_with(64)
        .says("did you mean 'concepts_aggregator'?");
}

#[test]
fn a_group_is_deployed() {
    let estate = built(
        Estate::deployed().with_services(4).setting(BULK, "group = \"bulk\"").setting(RECORDER, "group = \"bulk\""),
    );
    run(&estate, &["deploy", "live", "--group", "bulk", "--yes"]).ends_with(0);
    assert_eq!(
        (moved(&estate), restarted(&estate)),
        (vec![BULK.to_owned(), RECORDER.to_owned()], targets(&[BULK, RECORDER]))
    );
    run(&estate, &["deploy", "live", "--group", "bluk", "--yes"]).ends_with(64).says("did you mean 'bulk'?");
}

#[test]
fn a_service_takes_along_what_shares_its_image() {
    let estate = built(Estate::deployed().with_services(3).shares_image(BULK, AGGREGATOR));
    run(&estate, &["deploy", "live", AGGREGATOR, "--yes"])
        .ends_with(0)
        .says("concepts_aggregator_bulk is taken along: it runs the images of weco/concepts_aggregator");
    assert_eq!((moved(&estate), restarted(&estate)), (vec![AGGREGATOR.to_owned()], targets(&[AGGREGATOR, BULK])));
}

#[test]
fn what_another_pipeline_runs_is_deployed() {
    let estate = built(Estate::deployed().with_services(2).pipelines(&[LIVE, "2022-10-01"]));
    let newest = estate.change("Drop empty labels").expect("a commit");
    estate.build(&newest).expect("images");
    run(&estate, &["deploy", "2022-10-01", "--ref", &newest.id, "--yes"]).ends_with(0);
    run(&estate, &["deploy", "live", "--from", "2022-10-01", "--yes"]).ends_with(0);
    is_at(&estate, "2022-10-01");
    is_at(&estate, &newest.tag());
    assert_eq!(record(&estate)["source"], "pipeline 2022-10-01");
    let refused = run(&estate, &["deploy", "live", "--from", "2022-11-01", "--yes"]);
    insta::assert_snapshot!(told(&estate, &refused, &[]), @r"
    exit code 1
    --- stdout
    --- stderr
    error: 2 of 2 repositories cannot be tagged 2022-08-31
      the repository weco/concepts_ingestor has no image 2022-11-01; nearest: 2022-10-01, 2022-08-31, latest
      the repository weco/concepts_aggregator has no image 2022-11-01; nearest: 2022-10-01, 2022-08-31, latest
    hint: nothing was changed
    hint: push what is missing, or choose other images; --help tells how
    ");
}

#[test]
fn a_short_commit_is_enough() {
    let estate = functions(2);
    let newest = estate.commits()[3].clone();
    run(&estate, &["deploy", "live", "--ref", &newest.id[..7], "--yes"]).ends_with(0);
    is_at(&estate, &newest.tag());
    assert_eq!(record(&estate)["source"], format!("commit {}", newest.id));
    run(&estate, &["deploy", "live", "--ref", "main", "--yes"]).ends_with(0).says("Nothing to do");
    let unknown = run(&estate, &["deploy", "live", "--ref", "nosuchbranch", "--yes"]);
    insta::assert_snapshot!(told(&estate, &unknown, &[]), @r"
    exit code 64
    --- stdout
    --- stderr
    error: 'nosuchbranch' is no commit: git does not know it, and it is not 7 to 40 hexadecimal digits
    hint: fetch it first, or name the commit by its digits
    ");
    let no_image = run(&estate, &["deploy", "live", "--ref", "0123456789", "--yes"]);
    insta::assert_snapshot!(told(&estate, &no_image, &[]), @r"
    exit code 1
    --- stdout
    --- stderr
    error: 2 of 2 repositories cannot be tagged 2022-08-31
      the repository weco/concepts_ingestor has no image ref.0123456789; nearest: ref.[COMMIT], ref.[COMMIT], ref.[COMMIT]
      the repository weco/concepts_aggregator has no image ref.0123456789; nearest: ref.[COMMIT], ref.[COMMIT], ref.[COMMIT]
    hint: nothing was changed
    hint: push what is missing, or choose other images; --help tells how
    ");
}

#[test]
fn where_not_every_commit_builds_every_image_the_newest_up_to_it_is_taken() {
    let estate = built(Estate::deployed().with_services(3).not_every_commit());
    let first = estate.change("Read authorities in one go").expect("a commit");
    estate.build_some(&first, &[INGESTOR]).expect("an image");
    let second = estate.change("Drop empty labels").expect("a commit");
    estate.build_some(&second, &[AGGREGATOR]).expect("an image");
    let exact = run(&estate, &["deploy", "live", "--ref", &second.id, "--exact-ref", "--yes"]);
    insta::assert_snapshot!(told(&estate, &exact, &[&first, &second]), @r"
    exit code 1
    --- stdout
    --- stderr
    error: 2 of 3 repositories cannot be tagged 2022-08-31
      the repository weco/concepts_ingestor has no image ref.[COMMIT]; nearest: ref.[COMMIT], ref.[COMMIT], ref.[COMMIT]
      the repository weco/concepts_aggregator_bulk has no image ref.[COMMIT]; nearest: ref.[COMMIT], ref.[COMMIT], ref.[COMMIT]
    hint: nothing was changed
    hint: push what is missing, or choose other images; --help tells how
    ");
    nothing_was_changed(&estate);
    let dry = run(&estate, &["deploy", "live", "--ref", &second.id, "--dry-run"]);
    insta::assert_snapshot!(told(&estate, &dry, &[&first, &second]), @r"
    exit code 0
    --- stdout
      REPOSITORY                     FROM                                    TO                                     ORDER
    ~ weco/concepts_ingestor         commit 2 Keep concepts that no work…  → commit A Read authorities in one go    2 ahead
    ~ weco/concepts_aggregator       commit 2 Keep concepts that no work…  → commit B Drop empty labels             3 ahead
    ~ weco/concepts_aggregator_bulk  commit 2 Keep concepts that no work…  → commit 3 Aggregate concepts by ident…  1 ahead

      weco/concepts_ingestor         1 commit older than the one asked for: it has no image of a newer one
      weco/concepts_aggregator_bulk  2 commits older than the one asked for: it has no image of a newer one

      RESTARTED                 RUNS AS                              RUNS NOW      WILL RUN
    ~ concepts_ingestor         2022-08-31-concepts_ingestor         [the digest]  [the digest]
    ~ concepts_aggregator       2022-08-31-concepts_aggregator       [the digest]  [the digest]
    ~ concepts_aggregator_bulk  2022-08-31-concepts_aggregator_bulk  [the digest]  [the digest]
    --- stderr
    Dry run: nothing was changed.
    ");
    run(&estate, &["deploy", "live", "--ref", &second.id, "--if-newer", "--yes"]).ends_with(0);
    let expected = [
        named(&estate, &first.tag())[0].clone(),
        named(&estate, &second.tag())[1].clone(),
        named(&estate, "latest")[2].clone(),
    ];
    assert_eq!(named(&estate, LIVE), expected);
    assert_eq!(running(&estate), expected);
    // The one before comes too late.
    run(&estate, &["deploy", "live", "--ref", &first.id, "--if-newer", "--yes"]).ends_with(0).says("Superseded");
    run(&estate, &["deploy", "live", "--ref", &first.id, "--yes"]).ends_with(3).says("would go back by");
}

#[test]
fn a_build_agent_with_a_shallow_clone_knows_what_is_newer() {
    let estate = functions(2);
    let first = estate.change("Read authorities in one go").expect("a commit");
    let second = estate.change("Drop empty labels").expect("a commit");
    estate.publish(&first).expect("images");
    estate.build(&second).expect("images");
    let clone = estate.shallow_clone(1).expect("a clone");
    let deploy = |commit: &Commit| {
        let mut command = program(&estate, &["deploy", "live", "--ref", &commit.id, "--if-newer", "--yes"]);
        Run::from(command.current_dir(&clone).output().expect("it runs"))
    };
    deploy(&second).ends_with(0).says("runs this release");
    is_at(&estate, &second.tag());
    deploy(&first).ends_with(0).says("Superseded");
    is_at(&estate, &second.tag());
}

#[test]
fn images_of_another_repository_are_judged_by_its_commits() {
    let estate =
        built(Estate::deployed().with_services(2).code_apart().commit_tag("{commit}").pipeline_tag("env.{namespace}"));
    let older = estate.commits()[1].clone();
    run(&estate, &["deploy", "live", "--yes"]).ends_with(0);
    assert_eq!(named(&estate, "env.2022-08-31"), named(&estate, "latest"));
    assert_eq!(running(&estate), named(&estate, "latest"));
    run(&estate, &["deploy", "live", "--ref", &older.id[..8], "--yes"])
        .ends_with(3)
        .says("the tag would go back by 2 commits")
        .says(&older.subject);
    let unmerged = estate.branch("labels", "Try other labels").expect("a commit");
    estate.publish(&unmerged).expect("images");
    run(&estate, &["deploy", "live", "--yes"]).ends_with(3).says("not on origin/main").says("Try other labels");
}

#[test]
fn a_pipeline_that_does_not_exist_is_no_pipeline_to_deploy_to() {
    let estate = functions(2);
    let refused = run(&estate, &["deploy", "2022-08-13", "--yes"]);
    insta::assert_snapshot!(told(&estate, &refused, &[]), @r"
    exit code 64
    --- stdout
    --- stderr
    error: there is no pipeline 2022-08-13 in the estate
    hint: did you mean '2022-08-31'?
    hint: 'pipelinectl list' shows the pipelines of this checkout; it may be behind its upstream
    ");
    nothing_was_changed(&estate);
    // Neither is it where nothing would be missed: services that are tagged, no more.
    let small = built(Estate::small().with_services(2));
    run(&small, &["deploy", "2022-08-13", "--yes"]).ends_with(64).says("2022-08-31");
    nothing_was_changed(&small);
    run(&small, &["deploy", "live", "--yes"]).ends_with(0);
}
