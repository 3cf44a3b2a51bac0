//! The repository's own Buildkite file: a pipeline that Buildkite takes, and that deploys after it has published.

use std::path::PathBuf;

use sandbox::Estate;
use sandbox::schemas::is_buildkite;

fn own() -> PathBuf {
    sandbox::workspace_folder().join(".buildkite/pipeline.yml")
}

#[test]
fn it_fits_the_schema_of_buildkite() {
    is_buildkite(&own()).expect("it fits");
    let estate = Estate::small().build().expect("an estate");
    is_buildkite(&estate.file(".buildkite/pipeline.yml")).expect("that of an estate fits too");
}

#[test]
fn what_does_not_fit_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = std::fs::read_to_string(own()).expect("the file");
    for (good, bad) in [("concurrency: 1", "concurrency: \"one\""), ("branches: \"main\"", "branchs: \"main\"")] {
        assert!(text.contains(good), "{good}");
        let path = folder.path().join("pipeline.yml");
        std::fs::write(&path, text.replace(good, bad)).expect("written");
        let said = is_buildkite(&path).expect_err(bad).to_string();
        assert!(said.contains("Schema validation errors"), "{said}");
    }
}

#[test]
fn it_tests_then_publishes_then_deploys_to_the_live_pipeline() {
    let text = std::fs::read_to_string(own()).expect("the file");
    let mut at = 0;
    for part in [
        ".ci/run",
        "- wait",
        "docker push $REGISTRY/weco/{{matrix}}:ref.$BUILDKITE_COMMIT",
        "- wait",
        "pipelinectl deploy live --ref $BUILDKITE_COMMIT --if-newer --yes",
    ] {
        at += text[at..].find(part).unwrap_or_else(|| panic!("{part:?} is not there, or too early:\n{text}"))
            + part.len();
    }
    let deploy = text.split("- label: ").last().expect("a step");
    assert!(deploy.contains("branches: \"main\"") && deploy.contains("concurrency_group: "), "{deploy}");
}
