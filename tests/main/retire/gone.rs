//! The block, or more, is gone already.

use super::*;
use crate::errors::shown;

#[test]
fn resources_go_although_the_block_is_gone() {
    let estate = standing();
    retire(&estate, &["--edit-only"]).ends_with(0);
    let done = retire(&estate, &[]).ends_with(0);
    insta::assert_snapshot!(shown(&estate, &done), @r#"
    exit code 0
    --- stdout

    Tags 2022-10-01
      REPOSITORY                DIGEST        TAG                       OTHER TAGS
    - weco/concepts_ingestor    21bb8d5c8cb4  2022-10-01 is taken away  2022-08-31, ref.commit 2
    - weco/concepts_aggregator  0f85fd9632ad  2022-10-01 is taken away  2022-08-31, ref.commit 2

    module.concepts_pipeline_2022-10-01
      - terraform_data.index  (to destroy)
      - terraform_data.service["concepts_aggregator"]  (to destroy)
      - terraform_data.service["concepts_ingestor"]  (to destroy)
    Plan: 0 to create, 0 to change, 3 to destroy, 0 unchanged
    --- stderr
    Reading the estate and the tags of 2022-10-01 …
    The block of 2022-10-01 is gone.
    Planning with terraform …

    Applying …
      ✓ terraform_data.index  destroyed
      ✓ terraform_data.service["concepts_aggregator"]  destroyed
      ✓ terraform_data.service["concepts_ingestor"]  destroyed
      ✓ weco/concepts_aggregator  2022-10-01 is taken away
      ✓ weco/concepts_ingestor  2022-10-01 is taken away

    2022-10-01 is retired: 3 resources destroyed, 2 tags taken away.
    "#);
    assert_eq!(left(&estate), NOTHING);
    assert_eq!(state(&estate).len(), 3);
}

#[test]
fn the_label_that_the_block_had_is_found() {
    let estate = standing();
    estate.terraform(&["state", "mv", MODULE, "module.concepts_autumn"]).expect("moved");
    // A label of another form: git knows which it was.
    let text = estate.read(MAIN).expect("readable").replace("concepts_pipeline_2022-10-01", "concepts_autumn");
    estate.write(MAIN, &text).expect("written");
    estate.commit("Name it otherwise").expect("committed");
    retire(&estate, &["--edit-only"]).ends_with(0);
    let resources = || state(&estate).iter().filter(|address| address.contains("concepts_autumn.")).count();
    assert_eq!(resources(), 3);
    retire(&estate, &[]).ends_with(0).says("module.concepts_autumn");
    assert_eq!((resources(), state(&estate).len()), (0, 3));
}

#[test]
fn the_label_is_found_in_the_state_where_git_has_forgotten_it() {
    let estate = standing();
    estate.terraform(&["state", "mv", MODULE, "module.concepts_pipeline_2022_10_01"]).expect("moved");
    retire(&estate, &["--edit-only"]).ends_with(0);
    estate.commit("Take the block out").expect("committed");
    let resources = || state(&estate).iter().filter(|address| address.contains("2022_10_01.")).count();
    assert_eq!(resources(), 3);
    retire(&estate, &[]).ends_with(0).says("module.concepts_pipeline_2022_10_01");
    assert_eq!((resources(), state(&estate).len()), (0, 3));
}

#[test]
fn where_nothing_is_in_the_state_block_and_tags_go() {
    let estate = standing();
    estate.terraform(&["state", "rm", MODULE]).expect("removed");
    retire(&estate, &[]).ends_with(0).says("Terraform's state has nothing in module.concepts_pipeline_2022-10-01.");
    assert_eq!(left(&estate), NOTHING);
    assert_eq!(state(&estate).len(), 3);
}

#[test]
fn where_nothing_but_tags_is_left_they_go() {
    let estate = standing();
    estate.terraform(&["destroy", "-auto-approve", "-target", MODULE]).expect("destroyed");
    retire(&estate, &["--edit-only"]).ends_with(0);
    assert_eq!(left(&estate), (false, 0, 2));
    retire(&estate, &[]).ends_with(0).says("2 tags taken away");
    assert_eq!(left(&estate), NOTHING);
}

#[test]
fn the_tags_of_what_runs_still_stay() {
    let aws = LocalAws::shared().expect("a local AWS");
    let built = Estate::deployed().with_services(2).with_ecs(1).pipelines(&[LIVE, OLD]).aws(&aws).build();
    let estate = built.expect("an estate");
    aws.forget().expect("an empty log");
    // As where another workspace or backend is selected.
    let refused = retire(&estate, &[]).ends_with(3);
    insta::assert_snapshot!(refused.err[refused.err.find("error:").expect("an error")..], @r"
    error: Terraform's state has nothing of 2022-10-01, but this is there: 2022-10-01-concepts_ingestor, concepts/2022-10-01-concepts_aggregator
    hint: see that the state is the right one: root, backend, workspace
    hint: or delete by hand what terraform no longer knows, then run the same command again
    ");
    assert_eq!(left(&estate), (true, 0, 2));
    assert!(crate::support::writes(&estate).is_empty());
}

#[test]
fn where_there_was_nothing_there_is_nothing_to_do() {
    let estate = standing();
    let nothing = run(&estate, &["retire", "2022-12-24", "--confirm", "2022-12-24"]).ends_with(0);
    nothing.says("Nothing to do: there is nothing of 2022-12-24. There are: 2022-10-01, 2022-08-31");
    assert_eq!(left(&estate), WHOLE);
}
