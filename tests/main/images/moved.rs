//! Tags that are made and moved: every one of them, and each once.

use pipelinectl::aws::AwsError;
use pipelinectl::operations::move_tags::MoveOutcome;
use pipelinectl::pipeline::release::TagAction;

use super::*;

#[tokio::test]
async fn every_repository_is_tagged_and_the_second_time_nothing_is_done() {
    let (world, digests) = World::seeded(5).await;
    let plan = world.plan().await;
    assert_eq!(plan.changes().count(), 5);
    assert_eq!(plan.moves[0].after.commits, [COMMIT]);
    assert_eq!((world.count("BatchGetImage"), world.count("DescribeImages")), (5, 5), "one of each a repository");
    assert!(world.apply(&plan).await.is_done());
    for (n, digest) in digests.iter().enumerate() {
        assert_eq!(world.digest(n).as_ref(), Some(digest));
    }
    assert_eq!(world.count("PutImage"), 5);
    let plan = world.plan().await;
    assert!(plan.is_nothing());
    assert!(world.apply(&plan).await.is_done());
    assert_eq!(world.count("PutImage"), 5, "the second time none is put");
}

#[tokio::test]
async fn a_tag_that_exists_is_never_moved() {
    let (world, digests) = World::seeded(2).await;
    let old = world.push(0, "old", Kind::Oci, &[TAG]);
    let plan = world.plan().await;
    assert!(world.apply(&plan).await.is_done());
    assert_eq!(world.digest(0).as_ref(), Some(&old));
    assert_eq!(world.digest(1).as_ref(), Some(&digests[1]));
    assert_eq!(plan.digests()[&world.repository(0)], old);
}

#[tokio::test]
async fn tags_move_and_the_second_time_nothing_is_done() {
    let (world, digests) = World::seeded(3).await;
    for n in 0..2 {
        world.push(n, "old", Kind::Oci, &[TAG]);
    }
    let plan = world.moving_plan().await;
    let actions: Vec<_> = plan.moves.iter().map(|item| item.action.clone()).collect();
    assert_eq!(actions, [TagAction::Move, TagAction::Move, TagAction::Create]);
    let report = world.apply(&plan).await;
    assert!(report.is_done(), "{report:?}");
    assert_eq!((0..3).map(|n| world.digest(n).expect("tagged")).collect::<Vec<_>>(), digests);
    assert!(world.moving_plan().await.is_nothing());
    assert!(world.apply(&plan).await.rows.iter().all(|row| row.outcome == MoveOutcome::AlreadyThere));
}

#[tokio::test]
async fn every_kind_of_manifest_passes_byte_for_byte() {
    let mut world = World::new(4).await;
    world.services.iter_mut().for_each(|service| service.lambda.clear());
    for (n, kind) in Kind::ALL.into_iter().enumerate() {
        world.push(n, "one", kind, &["latest"]);
    }
    let report = world.apply(&world.plan().await).await;
    assert!(report.is_done(), "{report:?}");
    for n in 0..4 {
        let (ours, theirs) = (world.tagged(n, TAG).expect("tagged"), world.tagged(n, "latest").expect("tagged"));
        assert_eq!((ours.manifest, ours.media_type), (theirs.manifest, theirs.media_type));
    }
}

#[tokio::test]
async fn services_that_share_a_repository_are_tagged_once() {
    let (mut world, _) = World::seeded(2).await;
    world.services[1].repository = "weco/s0".to_owned();
    let plan = world.plan().await;
    assert_eq!((plan.moves.len(), &plan.moves[0].services[..]), (1, &["s0".to_owned(), "s1".to_owned()][..]));
    assert!(world.apply(&plan).await.is_done());
    assert_eq!(world.count("PutImage"), 1);
}

#[tokio::test]
async fn a_tag_that_somebody_makes_meanwhile_in_an_immutable_repository_is_its_own_error() {
    let (world, _) = World::seeded(1).await;
    let body = json!({ "repositoryName": "weco/s0", "imageTagMutability": "IMMUTABLE" });
    let target = "AmazonEC2ContainerRegistry_V20150921.PutImageTagMutability";
    world.aws.ask("ecr", target, &body).expect("immutable");
    let plan = world.plan().await;
    world.push(0, "somebody else", Kind::Oci, &[TAG]);
    let report = world.apply(&plan).await;
    assert!(matches!(&report.rows[0].outcome, MoveOutcome::Failed(AwsError::ImmutableTag { .. })), "{report:?}");
}

#[tokio::test]
async fn a_lost_answer_is_no_failure() {
    let (world, digests) = World::seeded(1).await;
    let plan = world.plan().await;
    world.faults(vec![Fault::nth("PutImage", 1, "ServerException").status(500).after_effect()]);
    let report = world.apply(&plan).await;
    assert_eq!(report.rows[0].outcome, MoveOutcome::Made);
    assert_eq!(world.digest(0).as_ref(), Some(&digests[0]));
}

#[tokio::test]
async fn throttling_and_server_errors_are_tried_again_and_told() {
    let (world, _) = World::seeded(3).await;
    let faults = ["BatchGetImage", "PutImage"].map(|operation| {
        [Fault::nth(operation, 1, "ThrottlingException"), Fault::nth(operation, 2, "ServerException").status(500)]
    });
    world.faults(faults.into_iter().flatten().collect());
    let report = world.apply(&world.plan().await).await;
    assert!(report.is_done(), "{report:?}");
    assert_eq!(world.count("PutImage"), 5);
    let lines = world.lines.0.lock().expect("the lines");
    assert!(lines.iter().any(|line| line.contains("PutImage") && line.contains("failed: 400")), "{lines:?}");
}

#[tokio::test]
async fn every_third_call_fails_and_no_tag_names_two_images() {
    let (world, digests) = World::seeded(8).await;
    (0..8).for_each(|n| drop(world.push(n, "old", Kind::Oci, &[TAG])));
    let errors = ["ThrottlingException", "ServerException"];
    let faults = ["BatchGetImage", "DescribeImages", "PutImage"].into_iter().flat_map(|operation| {
        (1..60_u32).filter(|n| n % 3 == 1).map(move |n| match errors[(n % 2) as usize] {
            "ServerException" if n % 4 == 3 => Fault::nth(operation, n, "ServerException").status(500).after_effect(),
            "ServerException" => Fault::nth(operation, n, "ServerException").status(500),
            code => Fault::nth(operation, n, code),
        })
    });
    world.faults(faults.collect());
    let report = world.apply(&world.moving_plan().await).await;
    assert!(report.is_done(), "{report:?}");
    assert_eq!((0..8).map(|n| world.digest(n).expect("tagged")).collect::<Vec<_>>(), digests);
    let calls = world.aws.calls().expect("a call log");
    let puts: Vec<_> = calls.iter().filter(|call| call.operation == "PutImage").collect();
    assert!(puts.len() > 10, "some were tried again: {}", puts.len());
    for (n, digest) in digests.iter().enumerate() {
        let name = format!("weco/s{n}");
        let mut of_this = puts.iter().filter(|call| call.parameter("repositoryName") == Some(&name)).peekable();
        assert!(of_this.peek().is_some(), "{name}");
        assert!(of_this.all(|call| call.parameter("imageDigest") == Some(digest.as_str())), "{name}");
    }
}
