//! `pipelinectl retag` and `pipelinectl notify`, in place of the two scripts.

use super::*;

const REPOSITORY: &str = "weco/concepts_ingestor";

#[test]
fn a_commit_is_given_the_tag_of_a_pipeline_and_the_service_is_notified() {
    let estate = functions(2);
    let newest = estate.commits()[3].clone();
    let (old, new) = (named(&estate, LIVE), named(&estate, &newest.tag()));
    let run_retag = run(&estate, &["retag", REPOSITORY, &newest.tag(), LIVE, "--yes"]);
    insta::assert_snapshot!(told(&estate, &run_retag, &[]), @"");
    assert_eq!(named(&estate, LIVE).iter().collect::<Vec<_>>(), [&new[0], &old[1]]);
    assert!(restarted(&estate).is_empty());
    let dry = run(&estate, &["notify", "live", "--dry-run"]);
    insta::assert_snapshot!(told(&estate, &dry, &[]), @"");
    let notified = run(&estate, &["notify", "live", INGESTOR, "--yes"]);
    insta::assert_snapshot!(told(&estate, &notified, &[]), @"");
    assert_eq!(running(&estate), named(&estate, LIVE));
    assert_eq!(restarted(&estate), targets(&[INGESTOR]));
}

#[test]
fn the_tag_of_a_pipeline_does_not_go_back() {
    let estate = functions(2);
    let older = estate.commits()[1].clone();
    let refused = run(&estate, &["retag", REPOSITORY, &older.tag(), LIVE, "--yes"]);
    insta::assert_snapshot!(told(&estate, &refused, &[]), @"");
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
    insta::assert_snapshot!(told(&estate, &dry, &[]), @"");
    nothing_was_changed(&estate);
    run(&estate, &["retag", REPOSITORY, &older.tag(), "candidate", "--yes"]).ends_with(0);
    assert_eq!(named(&estate, "candidate")[0], named(&estate, &older.tag())[0]);
    assert_eq!(named(&estate, "candidate")[1], "-");
    run(&estate, &["retag", REPOSITORY, &older.tag(), "candidate", "--yes"]).ends_with(0).says("Nothing to do");
    assert!(records(&estate).is_empty());
}

#[test]
fn the_tag_of_a_commit_never_moves() {
    let estate = functions(2);
    let [older, newest] = [&estate.commits()[1], &estate.commits()[3]];
    let refused = run(&estate, &["retag", REPOSITORY, &older.tag(), &newest.tag(), "--yes"]);
    insta::assert_snapshot!(told(&estate, &refused, &[]), @"");
    nothing_was_changed(&estate);
}

#[test]
fn what_is_not_there_is_said_with_what_is_near() {
    let estate = functions(2);
    let no_image = run(&estate, &["retag", REPOSITORY, "lastest", "candidate", "--yes"]);
    insta::assert_snapshot!(told(&estate, &no_image, &[]), @"");
    let no_repository = run(&estate, &["retag", "weco/concept_ingestor", "latest", "candidate", "--yes"]);
    insta::assert_snapshot!(told(&estate, &no_repository, &[]), @"");
    nothing_was_changed(&estate);
}

#[test]
fn services_that_run_what_their_tags_name_are_left_alone() {
    let estate = built(Estate::deployed().with_services(3).with_ecs(1));
    let nothing = run(&estate, &["notify", "live", "--yes"]);
    insta::assert_snapshot!(told(&estate, &nothing, &[]), @"");
    nothing_was_changed(&estate);
}

#[test]
fn a_pipeline_without_tags_cannot_be_notified() {
    let estate = functions(2);
    let refused = run(&estate, &["notify", "2022-10-14", "--yes"]);
    insta::assert_snapshot!(told(&estate, &refused, &[]), @"");
    nothing_was_changed(&estate);
}
