//! The release as a whole: all tags are made, or it is said which are not and why.

use sandbox::Kind;
use serde_json::json;

use super::*;
use crate::support::{run, writes};

/// Takes a tag away, and forgets that we did.
fn untag(estate: &Estate, repository: &str, tag: &str) {
    let body = json!({"repositoryName": repository, "imageIds": [{"imageTag": tag}]});
    let aws = aws_of(estate);
    aws.ask("ecr", "AmazonEC2ContainerRegistry_V20150921.BatchDeleteImage", &body).expect("untagged");
    aws.forget().expect("forgotten");
}

#[test]
fn a_missing_image_stops_everything_before_the_first_change() {
    let estate = laid_out();
    untag(&estate, "weco/concepts_recorder", "latest");
    let before = estate.read(MAIN).expect("readable");
    let run = run(&estate, &["new", NEW, "--yes"]).ends_with(1);
    assert_eq!(estate.read(MAIN).expect("readable"), before);
    assert_eq!(writes(&estate), Vec::<String>::new());
    insta::assert_snapshot!(talk(&estate, &run), @r#"
    Reading the estate and what 5 services have in ECR …
    error: 1 of 5 repositories cannot be tagged 2022-10-14
      the repository weco/concepts_recorder has no image latest; nearest: 2022-08-31
    hint: nothing was changed
    hint: push what is missing, or choose other images; --help tells how
    "#);
}

#[test]
fn a_missing_source_tag_names_the_nearest() {
    let estate = laid_out();
    let aws = aws_of(&estate);
    for repository in estate.repositories() {
        aws.seed_image(&repository, "candidate", Kind::Oci, &["candidate-7"]).expect("an image");
    }
    run(&estate, &["new", NEW, "--yes", "--source-tag", "candidate-8"])
        .ends_with(1)
        .says("weco/concepts_ingestor")
        .says("candidate-8")
        .says("nearest: candidate-7");
    assert_eq!(writes(&estate), Vec::<String>::new());
}

#[test]
fn an_image_index_for_a_lambda_function_is_said_before_any_tag_moves() {
    let estate = built(Estate::medium().with_services(3));
    let aws = aws_of(&estate);
    untag(&estate, "weco/concepts_aggregator", "latest");
    aws.seed_image("weco/concepts_aggregator", "for two platforms", Kind::OciIndex, &["latest"]).expect("an image");
    let run = run(&estate, &["new", NEW, "--yes"]).ends_with(1);
    assert!(!estate.read(MAIN).expect("readable").contains(NEW));
    assert_eq!(writes(&estate), Vec::<String>::new());
    insta::assert_snapshot!(talk(&estate, &run), @r#"
    Reading the estate and what 3 services have in ECR …
    error: 1 of 3 repositories cannot be tagged 2022-10-14
      Lambda does not run the image 4c30b14cff79 in weco/concepts_aggregator: it is an index of several images (OCI image index)
    hint: nothing was changed
    hint: build the image for one platform: docker buildx build --provenance=false --platform …
    "#);
}

#[test]
fn the_images_of_a_commit_are_taken() {
    let estate = live();
    let commit = estate.commits()[1].clone();
    run(&estate, &["new", NEW, "--yes", "--ref", &commit.id]).ends_with(0).says("Fetch the names of the");
    assert_eq!(digests(&estate, NEW), digests(&estate, &commit.tag()));
}

#[test]
fn what_was_tagged_is_put_back_when_one_tag_is_denied() {
    let estate = live();
    let denied = "weco/concepts_aggregator_bulk";
    throttle(&estate, &[denied.to_owned()]);
    let mut first = start(&estate, &["new", NEW, "--yes"]);
    first.until("the other four tags", || tags_made(&estate) == 4);
    let fault = Fault::always("PutImage", "AccessDeniedException").on(denied).message("not authorized");
    aws_of(&estate).set(&Switches::new().faults(vec![fault])).expect("switched");
    let failed = first.end().ends_with(1);
    assert_eq!((tags_made(&estate), made(&estate)), (0, 0), "{}", failed.err);
    insta::assert_snapshot!(talk(&estate, &failed), @r#"
    Reading the estate and what 5 services have in ECR …
    Wrote module.concepts_pipeline_2022-10-14 to infrastructure/main.tf:12.
      ✓ weco/concepts_aggregator          tagged 2022-10-14
      ✓ weco/concepts_ingestor            tagged 2022-10-14
      ✓ weco/concepts_recorder            tagged 2022-10-14
      ✓ weco/concepts_recorder_bulk       tagged 2022-10-14
      ✗ weco/concepts_aggregator_bulk     no permission for ecr:PutImage on the tag 2022-10-14 of the repository weco/concepts_aggregator_bulk: not authorized
      ✓ weco/concepts_aggregator          2022-10-14 is as before
      ✓ weco/concepts_ingestor            2022-10-14 is as before
      ✓ weco/concepts_recorder            2022-10-14 is as before
      ✓ weco/concepts_recorder_bulk       2022-10-14 is as before
      weco/concepts_ingestor: put back, it has no tag 2022-10-14
      weco/concepts_aggregator: put back, it has no tag 2022-10-14
      weco/concepts_recorder: put back, it has no tag 2022-10-14
      weco/concepts_recorder_bulk: put back, it has no tag 2022-10-14
    error: the tag 2022-10-14 could not be made everywhere
      weco/concepts_aggregator_bulk: no permission for ecr:PutImage on the tag 2022-10-14 of the repository weco/concepts_aggregator_bulk: not authorized
    hint: ask for ecr:PutImage on the tag 2022-10-14 of the repository weco/concepts_aggregator_bulk, or use credentials that have it
    hint: no repository has the tag 2022-10-14
    hint: run the same command again: it makes what is missing
    hint: the block module.concepts_pipeline_2022-10-14 stays in infrastructure/main.tf:12
    "#);
    no_faults(&estate);
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    assert_eq!(digests(&estate, NEW), digests(&estate, "latest"));
    assert_eq!((estate.read(MAIN).expect("readable").matches(MODULE_HEAD).count(), made(&estate)), (1, 6));
}

#[test]
fn whichever_request_is_denied_no_part_of_a_release_stays() {
    let estate = live();
    aws_of(&estate)
        .set(&Switches::new().faults(vec![Fault::nth("PutImage", 3, "AccessDeniedException")]))
        .expect("set");
    run(&estate, &["new", NEW, "--yes"]).ends_with(1).says("no permission for ecr:PutImage");
    assert_eq!(tags_made(&estate), 0);
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    assert_eq!(digests(&estate, NEW), digests(&estate, "latest"));
}

#[test]
fn the_only_tag_of_an_image_is_not_put_back() {
    let estate = live();
    let (lonely, denied) = ("weco/concepts_ingestor", "weco/concepts_recorder");
    let aws = aws_of(&estate);
    let image = aws.seed_image(lonely, "without a commit", Kind::Docker, &["latest"]).expect("an image");
    let command = ["new", NEW, "--yes", "--allow-unknown-commit"];
    // The first run is killed before it has made a tag; then `latest` moves on.
    throttle(&estate, &estate.repositories());
    let mut first = start(&estate, &command);
    first.until("the first request", || calls(&estate, "PutImage") > 0).kill();
    aws.seed_image(lonely, "later", Kind::Docker, &["latest"]).expect("an image");
    assert_eq!(aws.image(lonely, &image.digest).expect("an answer").expect("the image").tags, Vec::<String>::new());

    aws.set(&Switches::new().faults(vec![Fault::always("PutImage", "AccessDeniedException").on(denied)])).expect("set");
    run(&estate, &command)
        .ends_with(1)
        .says("weco/concepts_ingestor: 2022-10-14 stays, it is the image's only tag")
        .says("weco/concepts_recorder: no permission for ecr:PutImage")
        .does_not_say("up to 5 repositories");
    assert_eq!(tags_made(&estate), 1);
    no_faults(&estate);
    run(&estate, &command).ends_with(0);
    let made = aws.tagged(lonely, NEW).expect("an answer").expect("the tag");
    assert_eq!((tags_made(&estate), made.digest), (5, image.digest));
}

#[test]
fn a_tag_that_is_there_stays_where_it_is() {
    let estate = live();
    let aws = aws_of(&estate);
    let old = aws.seed_image("weco/concepts_ingestor", "older", Kind::Oci, &[NEW]).expect("an image");
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    let tag = aws.tagged("weco/concepts_ingestor", NEW).expect("an answer").expect("the tag");
    assert_eq!((tag.digest, calls(&estate, "PutImage"), tags_made(&estate)), (old.digest, 4, 5));
}

#[test]
fn a_lost_answer_is_no_failure() {
    let estate = live();
    let fault = Fault::nth("PutImage", 2, "InternalServerError").status(500).after_effect();
    aws_of(&estate).set(&Switches::new().faults(vec![fault])).expect("switched");
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    assert_eq!(digests(&estate, NEW), digests(&estate, "latest"));
}
