//! The order and the provenance of images: no tag goes where it should not.

mod git;
mod moved;
mod refused;

use sandbox::estate::Builder;
use sandbox::estate::Commit;
use sandbox::{Estate, LocalAws};

use crate::errors::shown;
use crate::support::Run;

/// The pipeline that is live, with the images of the commit before the newest.
const LIVE: &str = "2022-08-31";
/// One that has no tags yet.
const NEW: &str = "2022-10-14";

/// Two services, the live pipeline one commit behind `latest`, an empty log of calls.
fn estate() -> Estate {
    built(Estate::small().with_services(2))
}

fn built(builder: Builder) -> Estate {
    let aws = LocalAws::shared().expect("a local AWS");
    let estate = builder.aws(&aws).build().expect("an estate");
    aws.forget().expect("an empty log");
    estate
}

fn aws(estate: &Estate) -> &LocalAws {
    estate.aws().expect("the estate has an AWS")
}

/// What a tag names in each repository.
fn digests(estate: &Estate, tag: &str) -> Vec<Option<String>> {
    let digest =
        |repository: &String| aws(estate).tagged(repository, tag).expect("an answer").map(|image| image.digest);
    estate.repositories().iter().map(digest).collect()
}

/// Takes a tag away, past the log.
fn untag(estate: &Estate, repository: &str, tag: &str) {
    let body = serde_json::json!({"repositoryName": repository, "imageIds": [{"imageTag": tag}]});
    aws(estate).ask("ecr", "AmazonEC2ContainerRegistry_V20150921.BatchDeleteImage", &body).expect("untagged");
    aws(estate).forget().expect("an empty log");
}

/// The run as a snapshot shows it, with names for commits that were made later.
#[track_caller]
fn told(estate: &Estate, run: &Run, commits: &[(&str, &Commit)]) -> String {
    let mut text = shown(estate, run);
    for (name, commit) in commits {
        text = text.replace(&commit.id[..8], name);
    }
    text
}
