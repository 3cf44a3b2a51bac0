//! Which image is meant: by tag, by commit, by a record; and what is said where there is none.

use pipelinectl::pipeline::release::{Problem, Source};

use super::*;

#[tokio::test]
async fn an_index_for_lambda_is_said_before_any_tag_moves() {
    let (world, _) = World::seeded(2).await;
    world.push(0, "index", Kind::OciIndex, &["latest"]);
    let refusal = decided(PolicyKind::Create, &world.states().await).expect_err("an index");
    assert!(matches!(&refusal.problems[..], [Problem::IndexForLambda { .. }]), "{refusal:?}");
}

#[tokio::test]
async fn missing_images_and_repositories_are_listed_with_what_is_near() {
    let (mut world, _) = World::seeded(4).await;
    world.push(2, "other", Kind::Oci, &["latst", "main"]);
    world.untag(2, "latest");
    world.services[3].repository = "weco/s33".to_owned();
    let refusal = decided(PolicyKind::Create, &world.states().await).expect_err("two problems");
    let [
        Problem::ImageMissing { repository, asked, nearest },
        Problem::RepositoryMissing { nearest: repositories, .. },
    ] = &refusal.problems[..]
    else {
        panic!("{refusal:?}");
    };
    assert_eq!((repository.name.as_str(), asked.as_str(), nearest[0].as_str()), ("weco/s2", "latest", "latst"));
    assert_eq!(repositories[0], "weco/s3");
}

#[tokio::test]
async fn a_commit_may_be_abbreviated() {
    let (world, digests) = World::seeded(1).await;
    for commit in [COMMIT, "0123456"] {
        let states = world.resolve(&ImageSource::Commit(commit.into()), &BTreeMap::new()).await.expect("states");
        let Source::Found(found) = &states[0].source else { panic!("{commit}: {states:?}") };
        assert_eq!(found.image.digest, digests[0]);
    }
    world.push(0, "other", Kind::Oci, &["ref.0123456fff"]);
    let states = world.resolve(&ImageSource::Commit("0123456".into()), &BTreeMap::new()).await.expect("states");
    assert!(matches!(&states[0].source, Source::Ambiguous { candidates, .. } if candidates.len() == 2), "{states:?}");
}

#[tokio::test]
async fn a_rerun_takes_the_recorded_digests() {
    let (world, digests) = World::seeded(2).await;
    world.push(1, "newer", Kind::Oci, &["latest"]);
    let pinned =
        BTreeMap::from([(world.repository(0), Digest::of_manifest("gone")), (world.repository(1), digests[1].clone())]);
    let states = world.resolve(&latest(), &pinned).await.expect("states");
    assert!(matches!(&states[0].source, Source::Missing { asked, .. } if asked.starts_with("sha256:")));
    let plan = decided(PolicyKind::Create, &states[1..]).expect("no problem");
    assert!(world.apply(&plan).await.is_done());
    assert_eq!(world.digest(1).as_ref(), Some(&digests[1]));
}

#[tokio::test]
async fn the_pipelines_own_tag_is_asked_for_once() {
    let (world, _) = World::seeded(1).await;
    let tagged = world.push(0, "tagged", Kind::Oci, &[TAG]);
    let states = world.resolve(&ImageSource::Tag(TAG.to_owned()), &BTreeMap::new()).await.expect("states");
    let Source::Found(found) = &states[0].source else { panic!("{states:?}") };
    let current = states[0].current.as_ref().expect("it is there");
    assert_eq!((&found.image.digest, &current.image.digest), (&tagged, &tagged));
    let calls = world.aws.calls().expect("a call log");
    let asked: Vec<_> = calls.iter().filter(|call| call.operation == "BatchGetImage").collect();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].parameters["imageIds"], json!([{ "imageTag": TAG }]));
}

#[tokio::test]
async fn repositories_may_be_in_another_region() {
    let (mut world, _) = World::seeded(1).await;
    let elsewhere = world.aws.in_region("eu-central-1");
    elsewhere.create_repository("weco/far").expect("a repository");
    let far = elsewhere.seed_image("weco/far", "far", Kind::Docker, &["latest"]).expect("an image");
    let service = json!({ "name": "far", "repository": "weco/far", "ecr": { "region": "eu-central-1" } });
    world.services.push(serde_json::from_value(service).expect("a service"));
    assert!(world.apply(&world.plan().await).await.is_done());
    assert_eq!(elsewhere.tagged("weco/far", TAG).expect("a repository").map(|image| image.digest), Some(far.digest));
}

#[tokio::test]
async fn no_permission_to_read_is_said_for_each_repository() {
    let (world, _) = World::seeded(3).await;
    let denied = |n: usize| Fault::always("BatchGetImage", "AccessDeniedException").on(&format!("weco/s{n}"));
    world.faults(vec![denied(0), denied(2)]);
    let error = world.resolve(&latest(), &BTreeMap::new()).await.expect_err("denied");
    let ResolveError::Repositories(failures) = error else { panic!("{error}") };
    assert_eq!(failures.iter().map(|(repository, _)| &repository.name[..]).collect::<Vec<_>>(), ["weco/s0", "weco/s2"]);
    assert!(failures[0].1.to_string().starts_with("no permission for ecr:BatchGetImage on the repository weco/s0"));
}

#[tokio::test]
async fn expired_credentials_are_said_once() {
    let (world, _) = World::seeded(3).await;
    world.aws.set(&Switches::new().expired_credentials(true)).expect("switches");
    let error = world.resolve(&latest(), &BTreeMap::new()).await.expect_err("expired");
    assert_eq!(error.to_string(), "the AWS credentials have expired");
}
