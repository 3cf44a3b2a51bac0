//! `pipelinectl images`

use sandbox::{Estate, Fault, Kind, LocalAws, Switches};

use crate::errors::{configure, shown};
use crate::support::run;

const INGESTOR: &str = "weco/concepts_ingestor";

fn estate() -> Estate {
    let aws = LocalAws::shared().expect("a local AWS");
    let pipelines = ["2022-08-31", "2022-10-01"];
    Estate::small().with_services(2).pipelines(&pipelines).aws(&aws).build().expect("an estate")
}

fn aws(estate: &Estate) -> &LocalAws {
    estate.aws().expect("the estate has an AWS")
}

/// The output with times and sizes replaced, which are those of the run.
fn stable(text: &str) -> String {
    let time = regex_lite::Regex::new(r"20\d\d-\d\d-\d\d \d\d:\d\d").expect("valid");
    let size = regex_lite::Regex::new(r"\b\d+ (B|kB|MB)").expect("valid");
    size.replace_all(&time.replace_all(text, "[YEAR-MM-DD TIM]"), "[SIZE]").into_owned()
}

#[test]
fn commits_come_in_the_order_of_main_with_what_runs_them() {
    let estate = estate();
    insta::assert_snapshot!(stable(&shown(&estate, &run(&estate, &["images"]))), @r"
    exit code 0
    --- stdout
    COMMIT    PUSHED (UTC)      SIZE   IMAGES  RUN BY                  TAGS    SUBJECT
    commit 3  [YEAR-MM-DD TIM]  [SIZE]  2 of 2                          latest  Aggregate concepts by identifier, not by lab…
    commit 2  [YEAR-MM-DD TIM]  [SIZE]  2 of 2  2022-10-01, 2022-08-31          Keep concepts that no work uses any more
    commit 1  [YEAR-MM-DD TIM]  [SIZE]  2 of 2                                  Fetch the names of the Library of Congress p…
    --- stderr
    6 images without a tag left out; --untagged shows them.
    ");
    insta::assert_snapshot!(stable(&shown(&estate, &run(&estate, &["images", "concepts_ingestor", "--limit", "1"]))), @r"
    exit code 0
    --- stdout
    COMMIT    PUSHED (UTC)      SIZE   RUN BY  TAGS    SUBJECT
    commit 3  [YEAR-MM-DD TIM]  [SIZE]          latest  Aggregate concepts by identifier, not by label
    --- stderr
    The newest 1 of 3; --limit 0 shows all.
    2 images without a tag left out; --untagged shows them.
    ");
}

#[test]
fn odd_images_are_shown_as_what_they_are() {
    let estate = estate();
    let aws = aws(&estate);
    aws.seed_image_at(INGESTOR, "by hand", Kind::Oci, &["my-test"], 4_000_000_001).expect("seeded");
    aws.seed_image_at(
        INGESTOR,
        "elsewhere",
        Kind::Oci,
        &["ref.0123456789abcdef0123456789abcdef01234567"],
        4_000_000_002,
    )
    .expect("seeded");
    aws.seed_image_at(INGESTOR, "old", Kind::Oci, &[], 4_000_000_003).expect("seeded");
    estate.git(&["checkout", "-q", "-b", "feature"]).expect("a branch");
    estate
        .git(&["commit", "-q", "--allow-empty", "-m", "Try something else that is not merged yet"])
        .expect("committed");
    let unmerged = estate.git(&["rev-parse", "HEAD"]).expect("a commit").trim().to_owned();
    aws.seed_image_at(INGESTOR, "unmerged", Kind::Oci, &[&format!("ref.{unmerged}"), "latest"], 4_000_000_004)
        .expect("seeded");
    let text = shown(&estate, &run(&estate, &["images"])).replace(&unmerged[..8], "unmerged");
    insta::assert_snapshot!(stable(&text), @r"
    exit code 0
    --- stdout
    COMMIT    PUSHED (UTC)      SIZE   IMAGES  RUN BY                  TAGS             SUBJECT
    unmerged  [YEAR-MM-DD TIM]  [SIZE]  1 of 2                          latest           (unmerged) Try something else that…
    01234567  [YEAR-MM-DD TIM]  [SIZE]  1 of 2                                           (git does not know it)
    -         [YEAR-MM-DD TIM]  [SIZE]  1 of 2                          my-test          (no commit tag) weco/[WHO]
    commit 3  [YEAR-MM-DD TIM]  [SIZE]  2 of 2                          latest (1 of 2)  Aggregate concepts by identifier, n…
    commit 2  [YEAR-MM-DD TIM]  [SIZE]  2 of 2  2022-10-01, 2022-08-31                   Keep concepts that no work uses any…
    commit 1  [YEAR-MM-DD TIM]  [SIZE]  2 of 2                                           Fetch the names of the Library of C…
    --- stderr
    7 images without a tag left out; --untagged shows them.
    ");
    run(&estate, &["images", "--untagged"]).ends_with(0).does_not_say("left out");
}

#[test]
fn it_is_json_too() {
    let estate = estate();
    let report = run(&estate, &["images", "concepts_aggregator", "--format", "json"]).ends_with(0).json();
    assert_eq!(report["total"], 3);
    let commits = report["commits"].as_array().expect("rows");
    let newest = estate.commits().last().expect("a commit");
    assert_eq!(commits[0]["commit"], newest.id.as_str());
    assert_eq!((&commits[0]["subject"], &commits[0]["on_main"]), (&newest.subject.as_str().into(), &true.into()));
    assert_eq!(commits[0]["pipelines"].as_array().map(Vec::len), Some(0));
    assert_eq!(commits[1]["pipelines"], serde_json::json!(["2022-10-01", "2022-08-31"]));
    let image = &commits[1]["images"][0];
    assert_eq!(image["pipelines"], commits[1]["pipelines"]);
    assert_eq!(image["services"], serde_json::json!(["concepts_aggregator"]));
    let seeded = aws(&estate).tagged("weco/concepts_aggregator", "2022-08-31").expect("an answer").expect("an image");
    assert_eq!(image["digest"], seeded.digest.as_str());
}

#[test]
fn a_call_for_each_repository_all_at_once() {
    let estate = Estate::small().aws(&LocalAws::shared().expect("a local AWS")).build().expect("an estate");
    aws(&estate).forget().expect("an empty log");
    run(&estate, &["images"]).ends_with(0);
    let calls = aws(&estate).calls().expect("a log");
    let described = calls.iter().filter(|call| call.operation == "DescribeImages").count();
    assert_eq!((described, calls.len()), (5, 6), "and GetCallerIdentity");
}

#[test]
fn a_thousand_images_are_a_page() {
    let estate =
        Estate::small().with_services(1).aws(&LocalAws::shared().expect("a local AWS")).build().expect("an estate");
    let repository = &estate.repositories()[0];
    for number in 0..1100 {
        let tag = format!("ref.{number:040}");
        aws(&estate).seed_image_at(repository, &tag, Kind::Oci, &[&tag], 1_600_000_000 + number).expect("seeded");
    }
    aws(&estate).forget().expect("an empty log");
    let report = run(&estate, &["images", "--limit", "0", "--format", "json"]).ends_with(0).json();
    assert_eq!(report["total"], 1103);
    let commits = report["commits"].as_array().expect("rows");
    assert_eq!(commits.len(), 1103);
    assert_eq!(commits[1102]["commit"], format!("{:040}", 0), "the oldest push comes last");
    let calls = aws(&estate).calls().expect("a log");
    assert_eq!(calls.iter().filter(|call| call.operation == "DescribeImages").count(), 2);
}

#[test]
fn what_it_cannot_know_it_says() {
    let estate = estate();
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["images", "concepts_agregator"])), @r"
    exit code 64
    --- stdout
    --- stderr
    error: there is no service 'concepts_agregator' in pipelinectl.toml
    hint: did you mean 'concepts_aggregator'?
    ");
    std::fs::remove_dir_all(estate.file(".git")).expect("removed");
    run(&estate, &["images"]).ends_with(0).says("the order is that of the pushes").says("git does not know it");
    configure(&estate, "weco/concepts_ingestor", "weco/concepts_ingestr");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["images"])), @r"
    exit code 1
    --- stdout
    --- stderr
    error: a repository cannot be read
      there is no repository weco/concepts_ingestr in the registry [ACCOUNT] in eu-west-1
    hint: make it with terraform first, or mend the name in pipelinectl.toml; see [aws.ecr] when it is elsewhere
    hint: nothing was changed
    ");
    let denied = Fault::always("DescribeImages", "AccessDeniedException").status(400);
    aws(&estate).set(&Switches::new().faults(vec![denied])).expect("set");
    run(&estate, &["images", "concepts_aggregator"]).ends_with(1).says("ecr:DescribeImages");
}
