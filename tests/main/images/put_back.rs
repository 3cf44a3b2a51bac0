//! A tag that cannot be moved: the others are put back, where that loses no image.

use pipelinectl::aws::AwsError;
use pipelinectl::operations::move_tags::{MoveOutcome, StayReason};

use super::*;

#[tokio::test]
async fn a_denial_on_the_third_puts_back_the_others_and_a_second_run_completes() {
    let (world, _) = World::seeded(5).await;
    let plan = world.plan().await;
    world.faults(vec![Fault::nth("PutImage", 3, "AccessDeniedException").message("no policy allows it")]);
    let report = world.apply(&plan).await;
    let failures: Vec<_> = report.failures().collect();
    assert!(matches!(failures[..], [(_, AwsError::AccessDenied { .. })]), "{report:?}");
    assert_eq!(report.rows.iter().filter(|row| row.outcome == MoveOutcome::PutBack).count(), 4, "{report:?}");
    for n in 0..5 {
        assert!(world.tagged(n, TAG).is_none());
        assert!(world.tagged(n, "latest").is_some(), "the image itself stays");
    }
    world.faults(vec![]);
    assert!(world.apply(&world.plan().await).await.is_done());
}

#[tokio::test]
async fn moved_tags_are_put_back_and_what_was_made_is_taken_away() {
    let (world, digests) = World::seeded(4).await;
    let old: Vec<Digest> = (0..3).map(|n| world.push(n, "old", Kind::DockerList, &[TAG])).collect();
    let plan = world.moving_plan().await;
    world.faults(vec![Fault::always("PutImage", "AccessDeniedException").on("weco/s2")]);
    let report = world.apply(&plan).await;
    assert_eq!(report.failures().count(), 1, "{report:?}");
    assert_eq!(report.rows.iter().filter(|row| row.outcome == MoveOutcome::PutBack).count(), 3, "{report:?}");
    assert_eq!((0..3).map(|n| world.digest(n).expect("tagged")).collect::<Vec<_>>(), old);
    assert_eq!(world.tagged(0, TAG).expect("tagged").media_type, Kind::DockerList.media_type());
    assert_eq!(world.digest(3), None);
    assert_eq!(report.rows[0].before.as_ref(), Some(&old[0]));
    world.faults(vec![]);
    assert!(world.apply(&world.moving_plan().await).await.is_done());
    assert_eq!((0..4).map(|n| world.digest(n).expect("tagged")).collect::<Vec<_>>(), digests);
}

#[tokio::test]
async fn a_tag_that_was_made_although_the_answer_was_lost_is_put_back_too() {
    let (world, _) = World::seeded(1).await;
    let plan = world.plan().await;
    let lost = (1..=10).map(|n| Fault::nth("PutImage", n, "ValidationException").after_effect());
    world.faults(lost.collect());
    let report = world.apply(&plan).await;
    assert!(matches!(report.rows[0].outcome, MoveOutcome::Failed(AwsError::Other { .. })), "{report:?}");
    assert!(world.tagged(0, TAG).is_none());
}

#[tokio::test]
async fn a_tag_that_cannot_be_put_back_is_told() {
    let (world, digests) = World::seeded(2).await;
    let old: Vec<Digest> = (0..2).map(|n| world.push(n, "old", Kind::Oci, &[TAG])).collect();
    let plan = world.moving_plan().await;
    world.faults(vec![
        Fault::always("PutImage", "AccessDeniedException").on("weco/s1"),
        Fault::nth("PutImage", 2, "AccessDeniedException").on("weco/s0"),
    ]);
    let report = world.apply(&plan).await;
    let left: Vec<_> = report.left_standing().collect();
    assert!(matches!(left[..], [(_, StayReason::Error(AwsError::AccessDenied { .. }))]), "{report:?}");
    assert_eq!((world.digest(0).as_ref(), world.digest(1).as_ref()), (Some(&digests[0]), Some(&old[1])));
}

#[tokio::test]
async fn after_a_lost_answer_a_refusal_does_not_tell_what_the_tag_names() {
    let (world, digests) = World::seeded(1).await;
    let old = world.push(0, "old", Kind::Oci, &[TAG]);
    let plan = world.moving_plan().await;
    let lost = || Fault::nth("PutImage", 1, "InternalServerError").status(500).after_effect();
    world.faults(vec![lost(), Fault::nth("PutImage", 2, "AccessDeniedException")]);
    let report = world.apply(&plan).await;
    assert!(matches!(report.rows[0].outcome, MoveOutcome::Failed(AwsError::AccessDenied { .. })), "{report:?}");
    assert_eq!(world.digest(0), Some(old), "the first attempt moved it, and it was put back");
    let expired = |operation| Fault::always(operation, "ExpiredTokenException");
    world.faults(vec![lost(), Fault::nth("PutImage", 2, "ExpiredTokenException"), expired("BatchGetImage")]);
    let report = world.apply(&plan).await;
    assert!(
        matches!(report.rows[0].outcome, MoveOutcome::FailedAndStays(_, StayReason::Error(_))),
        "nobody can look: {report:?}"
    );
    world.faults(vec![]);
    assert_eq!(world.digest(0).as_ref(), Some(&digests[0]));
}

#[tokio::test]
async fn what_somebody_else_moved_meanwhile_is_not_put_back() {
    let (world, _) = World::seeded(1).await;
    world.push(0, "old", Kind::Oci, &[TAG]);
    let plan = world.moving_plan().await;
    let lost = (1..=10).map(|n| Fault::nth("PutImage", n, "ValidationException"));
    world.faults(lost.collect());
    let theirs = world.push(0, "somebody else's", Kind::Oci, &[TAG]);
    let report = world.apply(&plan).await;
    assert!(matches!(report.rows[0].outcome, MoveOutcome::Failed(AwsError::Other { .. })), "{report:?}");
    assert_eq!(world.digest(0), Some(theirs));
}

#[tokio::test]
async fn the_last_tag_of_an_image_stays() {
    let (world, digests) = World::seeded(2).await;
    let plan = world.plan().await;
    for n in 0..2 {
        // Both other tags move on while the plan is shown.
        world.push(n, "newer", Kind::Oci, &["latest", &format!("ref.{COMMIT}")]);
    }
    world.faults(vec![Fault::always("PutImage", "AccessDeniedException").on("weco/s1")]);
    let report = world.apply(&plan).await;
    let left: Vec<_> = report.left_standing().collect();
    assert!(matches!(left[..], [(_, StayReason::OnlyTag)]), "{report:?}");
    assert_eq!(world.digest(0).as_ref(), Some(&digests[0]));
}
