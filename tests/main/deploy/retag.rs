//! `pipelinectl retag` and `pipelinectl notify`, in place of the two scripts.

use super::*;

const REPOSITORY: &str = "weco/concepts_ingestor";

#[test]
fn a_commit_is_given_the_tag_of_a_pipeline_and_the_service_is_notified() {
    let estate = functions(2);
    let newest = estate.commits()[3].clone();
    let (old, new) = (named(&estate, LIVE), named(&estate, &newest.tag()));
    let run_retag = run(&estate, &["retag", REPOSITORY, &newest.tag(), LIVE, "--yes"]);
    insta::assert_snapshot!(told(&estate, &run_retag, &[]), @r"
    exit code 0
    --- stdout
      REPOSITORY              FROM                                        TO                                        ORDER
    ~ weco/concepts_ingestor  commit 2 Keep concepts that no work use…  → commit 3 Aggregate concepts by identifi…  1 ahead
    --- stderr
      ✓ weco/concepts_ingestor  tagged 2022-08-31
    2022-08-31 names this image. No service was restarted; to make them run it: pipelinectl notify 2022-08-31
    ");
    assert_eq!(named(&estate, LIVE).iter().collect::<Vec<_>>(), [&new[0], &old[1]]);
    assert!(restarted(&estate).is_empty());
    let dry = run(&estate, &["notify", "live", "--dry-run"]);
    insta::assert_snapshot!(told(&estate, &dry, &[]), @r"
    exit code 0
    --- stdout
      REPOSITORY                DIGEST        COMMIT                                                     TAG
    = weco/concepts_ingestor    [the digest]  commit 3 2022-09-01 Aggregate concepts by identifier, no…  2022-08-31 is there
    = weco/concepts_aggregator  [the digest]  commit 2 2022-09-01 Keep concepts that no work uses any…   2022-08-31 is there

      RESTARTED          RUNS AS                       RUNS NOW      WILL RUN
    ~ concepts_ingestor  2022-08-31-concepts_ingestor  [the digest]  [the digest]
    --- stderr
    Dry run: nothing was changed.
    ");
    let notified = run(&estate, &["notify", "live", INGESTOR, "--yes"]);
    insta::assert_snapshot!(told(&estate, &notified, &[]), @r"
    exit code 0
    --- stdout
      REPOSITORY              DIGEST        COMMIT                                                      TAG
    = weco/concepts_ingestor  [the digest]  commit 3 2022-09-01 Aggregate concepts by identifier, not…  2022-08-31 is there

      RESTARTED          RUNS AS                       RUNS NOW      WILL RUN
    ~ concepts_ingestor  2022-08-31-concepts_ingestor  [the digest]  [the digest]

    SERVICE            RUNS AS                       DIGEST        STATE
    concepts_ingestor  2022-08-31-concepts_ingestor  [the digest]  restarted, verified
    --- stderr
      ✓ 2022-08-31-concepts_ingestor  restarted, verified
    2022-08-31 runs this release: [RELEASE].
    ");
    assert_eq!(running(&estate), named(&estate, LIVE));
    assert_eq!(restarted(&estate), targets(&[INGESTOR]));
}

#[test]
fn the_tag_of_a_pipeline_does_not_go_back() {
    let estate = functions(2);
    let older = estate.commits()[1].clone();
    let refused = run(&estate, &["retag", REPOSITORY, &older.tag(), LIVE, "--yes"]);
    insta::assert_snapshot!(told(&estate, &refused, &[]), @r"
    exit code 3
    --- stdout
    --- stderr
    error: the tag 2022-08-31 cannot be given
      weco/concepts_ingestor: the tag would go back by 1 commit
        from commit 2 2022-09-01 Keep concepts that no work uses any more
        to   commit 1 2022-09-01 Fetch the names of the Library of Congress page by page
    hint: nothing was changed
    hint: to go back on purpose: pipelinectl rollback 2022-08-31 --to commit 1
    ");
    let unmerged = estate.branch("labels", "Try other labels").expect("a commit");
    estate.build(&unmerged).expect("images");
    run(&estate, &["retag", REPOSITORY, &unmerged.tag(), LIVE, "--yes"]).ends_with(3).says("--allow-unmerged");
    nothing_was_changed(&estate);
}

#[test]
fn a_tag_of_no_pipeline_is_just_given() {
    let estate = functions(2);
    let older = estate.commits()[1].clone();
    let dry = run(&estate, &["retag", REPOSITORY, &older.tag(), "candidate", "--dry-run"]);
    insta::assert_snapshot!(told(&estate, &dry, &[]), @r"
    exit code 0
    --- stdout
      REPOSITORY              DIGEST        COMMIT                                                        TAG
    + weco/concepts_ingestor  [the digest]  commit 1 2022-09-01 Fetch the names of the Library of Congr…  → candidate
    --- stderr
    Dry run: nothing was changed.
    ");
    nothing_was_changed(&estate);
    run(&estate, &["retag", REPOSITORY, &older.tag(), "candidate", "--yes"]).ends_with(0);
    assert_eq!(named(&estate, "candidate")[0], named(&estate, &older.tag())[0]);
    assert_eq!(named(&estate, "candidate")[1], "-");
    run(&estate, &["retag", REPOSITORY, &older.tag(), "candidate", "--yes"]).ends_with(0).says("Nothing to do");
    assert!(records(&estate).is_empty());
}

#[test]
fn the_tag_of_a_commit_is_given_to_no_other_image() {
    let estate = functions(2);
    let [older, newest] = [&estate.commits()[1], &estate.commits()[3]];
    let refused = run(&estate, &["retag", REPOSITORY, &older.tag(), &newest.tag(), "--yes"]);
    insta::assert_snapshot!(told(&estate, &refused, &[]), @r"
    exit code 3
    --- stdout
    --- stderr
    error: 'ref.[COMMIT]' says which commit an image was built from: no other image may get it
        commit 3 2022-09-01 Aggregate concepts by identifier, not by label
    hint: push the image that was built from that commit, or choose another tag
    ");
    nothing_was_changed(&estate);
}

#[test]
fn what_is_not_there_is_said_with_what_is_near() {
    let estate = functions(2);
    let no_image = run(&estate, &["retag", REPOSITORY, "lastest", "candidate", "--yes"]);
    insta::assert_snapshot!(told(&estate, &no_image, &[]), @r"
    exit code 1
    --- stdout
    --- stderr
    error: the tag candidate cannot be given
      the repository weco/concepts_ingestor has no image lastest; nearest: latest, 2022-08-31
    hint: nothing was changed
    hint: push what is missing, or choose other images; --help tells how
    ");
    let no_repository = run(&estate, &["retag", "weco/concept_ingestor", "latest", "candidate", "--yes"]);
    insta::assert_snapshot!(told(&estate, &no_repository, &[]), @r"
    exit code 1
    --- stdout
    --- stderr
    error: the tag candidate cannot be given
      there is no repository weco/concept_ingestor; nearest: weco/concepts_ingestor, weco/concepts_aggregator
    hint: nothing was changed
    hint: make the repository with terraform first, or mend the name in pipelinectl.toml
    hint: looked for in the account [ACCOUNT], region eu-west-1
    ");
    nothing_was_changed(&estate);
}

#[test]
fn services_that_run_what_their_tags_name_are_left_alone() {
    let estate = built(Estate::deployed().with_services(3).with_ecs(1));
    let nothing = run(&estate, &["notify", "live", "--yes"]);
    insta::assert_snapshot!(told(&estate, &nothing, &[]), @r"
    exit code 0
    --- stdout
      REPOSITORY                     DIGEST        COMMIT                                                TAG
    = weco/concepts_ingestor         [the digest]  commit 2 2022-09-01 Keep concepts that no work uses…  2022-08-31 is there
    = weco/concepts_aggregator       [the digest]  commit 2 2022-09-01 Keep concepts that no work uses…  2022-08-31 is there
    = weco/concepts_aggregator_bulk  [the digest]  commit 2 2022-09-01 Keep concepts that no work uses…  2022-08-31 is there
    Nothing to do: the tags name these images, and every service runs them.
    --- stderr
    ");
    nothing_was_changed(&estate);
}

#[test]
fn a_pipeline_without_tags_cannot_be_notified() {
    let estate = functions(2);
    let refused = run(&estate, &["notify", "2022-10-14", "--yes"]);
    insta::assert_snapshot!(told(&estate, &refused, &[]), @r"
    exit code 1
    --- stdout
    --- stderr
    error: 2 of 2 repositories cannot be tagged 2022-10-14
      the repository weco/concepts_ingestor has no image 2022-10-14; nearest: 2022-08-31, latest
      the repository weco/concepts_aggregator has no image 2022-10-14; nearest: 2022-08-31, latest
    hint: nothing was changed
    hint: make the tag with: pipelinectl tag 2022-10-14
    ");
    nothing_was_changed(&estate);
}
