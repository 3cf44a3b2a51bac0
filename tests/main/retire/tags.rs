//! The pipeline's tags, and the images that they name.

use sandbox::{Fault, Kind, Switches};

use super::*;
use crate::errors::{configure, shown};
use crate::support::writes;

const FIRST: &str = "weco/concepts_ingestor";

/// The first image has no other tag than that of the pipeline.
fn with_an_only_tag() -> (Estate, String) {
    let estate = standing();
    let image = aws_of(&estate).seed_image(FIRST, "built by hand", Kind::Oci, &[OLD]).expect("an image");
    (estate, image.digest)
}

#[test]
fn the_last_tag_of_an_image_stays() {
    let (estate, digest) = with_an_only_tag();
    let done = retire(&estate, &[]).ends_with(0);
    insta::assert_snapshot!(shown(&estate, &done), @r#"
    exit code 0
    --- stdout
    --- infrastructure/main.tf
    +++ infrastructure/main.tf
    @@ -8,13 +8,3 @@
         index          = "concepts-2022-08-31"
       }
     }
    -
    -module "concepts_pipeline_2022-10-01" {
    -  source    = "./stack"
    -  namespace = "2022-10-01"
    -
    -  reindexing_state = {
    -    scale_up_tasks = false
    -    index          = "concepts-2022-10-01"
    -  }
    -}

    Tags 2022-10-01
      REPOSITORY                DIGEST        TAG                                   OTHER TAGS
    = weco/concepts_ingestor    9c41386c7284  2022-10-01 stays, it is the only tag
    - weco/concepts_aggregator  0f85fd9632ad  2022-10-01 is taken away              2022-08-31, ref.commit 2

    module.concepts_pipeline_2022-10-01
      - terraform_data.index  (to destroy)
      - terraform_data.service["concepts_aggregator"]  (to destroy)
      - terraform_data.service["concepts_ingestor"]  (to destroy)
    Plan: 0 to create, 0 to change, 3 to destroy, 0 unchanged
    --- stderr
    Reading the estate and the tags of 2022-10-01 …
    Planning with terraform …

    Applying …
      ✓ terraform_data.index  destroyed
      ✓ terraform_data.service["concepts_aggregator"]  destroyed
      ✓ terraform_data.service["concepts_ingestor"]  destroyed
    Removed module.concepts_pipeline_2022-10-01 from infrastructure/main.tf.
      ✓ weco/concepts_aggregator  2022-10-01 is taken away

    2022-10-01 is retired: 3 resources destroyed, 1 tag taken away.
    The tag 2022-10-01 stays in 1 repository: it is the only tag of its image (--delete-images takes both away).
    next: commit infrastructure/main.tf and open a pull request
    "#);
    assert_eq!(left(&estate), (false, 0, 1));
    assert!(aws_of(&estate).image(FIRST, &digest).expect("an answer").is_some());
    let history = history(&estate);
    let services = &history.last().expect("a record")["services"];
    assert_eq!(services[0]["digest_after"].as_str(), Some(digest.as_str()), "{services}");
    assert!(services[1]["digest_after"].is_null(), "{services}");
    retire(&estate, &[]).ends_with(0).says("Nothing to do").says("The tag 2022-10-01 stays in 1 repository");
}

#[test]
fn images_without_another_tag_go_when_that_is_said() {
    let (estate, digest) = with_an_only_tag();
    let dry = run(&estate, &["retire", OLD, "--dry-run", "--delete-images"]).ends_with(0);
    assert!(dry.out.contains("2022-10-01 and the image are deleted"), "{}", dry.out);
    let done = retire(&estate, &["--delete-images"]).ends_with(0);
    done.says("2022-10-01 is retired: 3 resources destroyed, 2 tags taken away, 1 image deleted.");
    assert_eq!(left(&estate), NOTHING);
    assert!(aws_of(&estate).image(FIRST, &digest).expect("an answer").is_none());
    assert!(digests(&estate, LIVE).iter().all(Option::is_some), "an image with other tags stays");
    let history = history(&estate);
    assert_eq!(history.last().expect("a record")["allowed"], serde_json::json!(["--delete-images"]));
}

#[test]
fn one_that_cannot_be_taken_away_does_not_keep_the_others() {
    let estate = standing();
    let fault = Fault::always("BatchDeleteImage", "AccessDeniedException").on(FIRST).status(400);
    aws_of(&estate).set(&Switches::new().faults(vec![fault])).expect("switched");
    let failed = retire(&estate, &[]).ends_with(1);
    assert_eq!(left(&estate), (false, 0, 1));
    assert!(is_unfinished(&estate));
    insta::assert_snapshot!(failed.err[failed.err.find("error:").expect("an error")..], @r"
    error: 1 tag 2022-10-01 could not be taken away
      weco/concepts_ingestor: no permission for ecr:BatchDeleteImage on the tag 2022-10-01 of the repository weco/concepts_ingestor: AccessDeniedException
    hint: ask for ecr:BatchDeleteImage on the tag 2022-10-01 of the repository weco/concepts_ingestor, or use credentials that have it
    hint: everything else is done; run the same command again: it takes away what is left
    ");
    aws_of(&estate).set(&Switches::new().faults(Vec::new())).expect("switched");
    retire(&estate, &[]).ends_with(0).says("Going on with what").says("2022-10-01 is retired");
    assert_eq!(left(&estate), NOTHING);
    let history = history(&estate);
    let services = history.last().expect("a record")["services"].as_array().expect("services").clone();
    assert!(services.iter().all(|it| it["digest_before"].is_string() && it["digest_after"].is_null()), "{services:?}");
    assert!(!is_unfinished(&estate));
}

#[test]
fn a_repository_that_is_gone_has_no_tag() {
    let estate = standing();
    configure(&estate, "repository = \"weco/concepts_ingestor\"", "repository = \"weco/nowhere\"");
    retire(&estate, &[]).ends_with(0).says("has no such tag");
    assert_eq!(left(&estate), (false, 0, 1));
}

#[test]
fn a_tag_that_is_no_pipelines_is_left_alone() {
    let estate = standing();
    for repository in estate.repositories() {
        aws_of(&estate).seed_image(&repository, "of the main branch", Kind::Oci, &["main", "green"]).expect("an image");
    }
    aws_of(&estate).forget().expect("an empty log");
    run(&estate, &["retire", "main", "--confirm", "main"]).ends_with(64).says("namespace_pattern");
    configure(&estate, "namespace_pattern", "# namespace_pattern");
    for (tag, code) in [("main", 3), ("latest", 64), ("2022-12-24", 0)] {
        run(&estate, &["retire", tag, "--confirm", tag]).ends_with(code);
    }
    assert!(writes(&estate).is_empty(), "{:?}", writes(&estate));
}
