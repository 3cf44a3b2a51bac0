//! Deployments that fail, users that lose patience, and an AWS that has a bad day.

use std::time::{Duration, Instant};

use pipelinectl::failure::{Failure, Kind as FailureKind};
use pipelinectl::operations::verify_images::Verdict;
use sandbox::{Fault, Kind, Switches};
use serde_json::json;

use super::{HOUR, TAG, World, all_verified, restarted};

#[tokio::test]
async fn a_deployment_that_the_circuit_breaker_takes_back_is_a_failure_with_reasons() {
    let world = World::of_ecs(2).await;
    world.release("first");
    (0..2).for_each(|n| world.ecs(n, 2, &format!(":{TAG}"), true));
    world.release("second");
    world.set(&Switches::new().ecs_rollout(Duration::from_secs(2)).ecs_failing(&["s0"]));
    let begun = Instant::now();
    let rows = world.rollout().await;
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert!(matches!(rows[0].verdict, Verdict::Failed { .. }), "{rows:#?}");
    assert_eq!(restarted(&rows), [true, true]);
    assert_eq!(rows[1].verdict, Verdict::Verified);
    let failure = Failure::not_running(TAG, &rows).expect("a failure");
    assert_eq!(failure.kind, FailureKind::Failed);
    let text = format!("{}\n\nhints:\n{}", failure.message, failure.hints.join("\n"));
    insta::with_settings!({ filters => vec![(r"ecs-svc/\d+", "ecs-svc/[ID]"), (r"\d{12}\.dkr", "[ACCOUNT].dkr")] }, {
        insta::assert_snapshot!(text, @r"
        one of 2 targets is not known to run what the tag of 2022-10-14 names
          c-2022-10-14/s0: failed, RolledBack: ECS deployment circuit breaker: tasks failed to start.
            3 tasks stopped: ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed
            (service s0) (deployment ecs-svc/[ID]) deployment failed: tasks failed to start.
            (service s0) rolling back to deployment ecs-svc/[ID].

        hints:
        mend the reason, then run 'pipelinectl notify 2022-10-14'
        'pipelinectl rollback 2022-10-14' goes back to the last release that ran
        ");
    });
    world.set(&Switches::new().ecs_failing(&[]));
    all_verified(&world.rollout().await);
}

#[tokio::test]
async fn a_deployment_that_never_ends_is_waited_for_until_the_timeout_and_no_longer() {
    let world = World::of_ecs(1).await;
    world.release("first");
    world.ecs_services(1);
    world.release("second");
    world.set(&Switches::new().ecs_rollout(Duration::from_millis(500)).ecs_crashing(&["s0"]));
    let begun = Instant::now();
    let rows = world.rollout_with(Duration::from_secs(3), &|| false).await;
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(3) && took < Duration::from_secs(5), "{took:?}");
    assert!(rows[0].verdict.is_changing() && rows[0].verdict.is_failure(), "{rows:#?}");
    assert!(rows[0].details.iter().any(|line| line.contains("stopped")), "{rows:#?}");
}

#[tokio::test]
async fn an_interrupt_ends_the_waiting_and_tells_what_was_done() {
    let mut world = World::of_ecs(2).await;
    world.services.push(
        serde_json::from_value(json!({ "name": "f", "repository": "weco/s1", "lambda": "{namespace}-f" }))
            .expect("a service"),
    );
    world.release("first");
    world.ecs_services(1);
    world.function(2, &format!(":{TAG}"));
    world.push(0, "second", Kind::Docker, &[TAG]);
    world.set(&Switches::new().ecs_rollout(HOUR));
    let begun = Instant::now();
    let rows = world.rollout_with(HOUR, &|| begun.elapsed() > Duration::from_secs(2)).await;
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(rows[0].verdict, Verdict::NotAwaited);
    assert_eq!((&rows[1].verdict, &rows[2].verdict), (&Verdict::Verified, &Verdict::Verified));
    let failure = Failure::not_running(TAG, &rows).expect("a failure");
    assert_eq!(failure.kind, FailureKind::Interrupted);
    world.push(1, "third", Kind::Docker, &[TAG]);
    let rows = world.rollout_with(HOUR, &|| true).await;
    assert_eq!((&rows[1].verdict, &rows[2].verdict), (&Verdict::Interrupted, &Verdict::Interrupted));
    assert_eq!((world.count("UpdateService"), world.count("UpdateFunctionCode")), (1, 0));
}

#[tokio::test]
async fn a_failed_restart_of_one_service_of_ten_is_the_only_thing_left_to_do() {
    let world = World::of_ecs(10).await;
    world.release("first");
    world.ecs_services(1);
    world.release("second");
    world.set(&Switches::new().faults(vec![Fault::always("UpdateService", "AccessDeniedException").on("s7")]));
    let rows = world.rollout().await;
    let failed: Vec<_> = rows.iter().filter(|row| row.verdict.is_failure()).map(|row| row.service.as_str()).collect();
    assert_eq!(failed, ["s7"], "{rows:#?}");
    world.aws.forget().expect("switched back");
    let rows = world.rollout().await;
    all_verified(&rows);
    assert_eq!(rows.iter().filter(|row| row.restarted).count(), 1);
}

#[tokio::test]
async fn with_a_third_of_all_calls_failing_it_still_ends_well() {
    let mut world = World::of_ecs(5).await;
    for n in 0..5 {
        let service = json!({ "name": format!("f{n}"), "repository": format!("weco/s{n}"), "lambda": format!("{{namespace}}-f{n}") });
        world.services.push(serde_json::from_value(service).expect("a service"));
    }
    world.release("first");
    (0..5).for_each(|n| world.ecs(n, 2, &format!(":{TAG}"), false));
    (5..10).for_each(|n| world.function(n, &format!(":{TAG}")));
    (0..5).for_each(|n| drop(world.push(n, "second", Kind::Docker, &[TAG])));
    let chaos = Switches::new().chaos(0.3, &["ThrottlingException", "InternalServerError"]).chaos_seed(7);
    world.set(&chaos.ecs_rollout(Duration::from_secs(1)).lambda_update(Duration::from_secs(1)));
    let rows = world.rollout_with(Duration::from_secs(120), &|| false).await;
    all_verified(&rows);
    world.set(&Switches::new().calm());
    let rows = world.rollout().await;
    all_verified(&rows);
    assert_eq!(restarted(&rows), [false; 10]);
}
