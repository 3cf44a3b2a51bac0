//! ECS services.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use pipelinectl::operations::verify_images::Verdict;
use sandbox::{Kind, Switches};
use serde_json::json;

use super::{TAG, World, all_verified, restarted};

const ROLLOUT: Duration = Duration::from_secs(3);

#[tokio::test]
async fn ten_services_are_restarted_side_by_side_and_read_together() {
    let world = World::of_ecs(10).await;
    world.release("first");
    world.ecs_services(2);
    world.release("second");
    world.aws.forget().expect("an empty log");
    world.set(&Switches::new().ecs_rollout(ROLLOUT).latency_ms(50));
    let begun = Instant::now();
    let rows = world.rollout().await;
    let took = begun.elapsed();
    all_verified(&rows);
    assert_eq!(restarted(&rows), [true; 10]);
    // Alone on the machine it takes less than twice as long as one; beside other tests, that is not sure.
    assert!(took > ROLLOUT && took < 4 * ROLLOUT, "{took:?}");
    assert_eq!(world.count("UpdateService"), 10);
    let (services, tasks) = (world.count("DescribeServices"), world.count("DescribeTasks"));
    assert!(services < 20, "ten services a call: {services}");
    assert!(tasks <= 6, "a hundred tasks a call: {tasks}");
    let told = world.told.of(&format!("{}/s3", world.cluster()));
    assert_eq!(told[..3], [" … looking", " … restarting", " … 0 of 2 tasks run"]);
    assert_eq!(told[3..], [" Done: restarted, verified"], "told once how it ended");
    let rows = world.rollout().await;
    all_verified(&rows);
    assert_eq!(restarted(&rows), [false; 10]);
    assert_eq!(world.count("UpdateService"), 10, "the second time nothing is restarted");
}

/// An ECS service that runs the images of two of our services, the second as a sidecar of the first.
async fn with_a_sidecar() -> World {
    let target = json!({ "ecs": { "cluster": "c-{namespace}", "service": "s0" } });
    let world = World::of([target.clone(), target].into_iter()).await;
    world.ask_ecs("CreateCluster", &json!({ "clusterName": world.cluster() }));
    world.release("first");
    let container =
        |n: usize| json!({ "name": format!("c{n}"), "image": world.uri(n, &format!(":{TAG}")), "memory": 64 });
    let containers = [container(0), container(1)];
    world.ask_ecs("RegisterTaskDefinition", &json!({ "family": "s0", "containerDefinitions": containers }));
    let body = json!({
        "cluster": world.cluster(), "serviceName": "s0", "taskDefinition": "s0", "desiredCount": 2,
        "launchType": "FARGATE",
    });
    world.ask_ecs("CreateService", &body);
    world
}

#[tokio::test]
async fn a_service_that_runs_the_images_of_two_is_restarted_once() {
    let world = with_a_sidecar().await;
    all_verified(&world.verify().await);
    world.release("second");
    world.set(&Switches::new().ecs_rollout(Duration::from_secs(1)));
    world.aws.forget().expect("an empty log");
    let rows = world.rollout().await;
    all_verified(&rows);
    assert_eq!(restarted(&rows), [true, true]);
    assert_eq!(world.count("UpdateService"), 1);
    let digests = world.digests();
    for row in &rows {
        assert_eq!(row.running.as_ref(), digests.get(&row.repository), "its own image");
    }
    assert_ne!(rows[0].running, rows[1].running);
    let calls = world.aws.calls().expect("a log");
    let asked = calls.iter().filter(|call| call.operation == "DescribeServices");
    assert!(asked.into_iter().all(|call| call.parameters["services"] == json!(["s0"])), "asked for once a call");
}

#[tokio::test]
async fn the_new_image_of_a_sidecar_alone_restarts_both() {
    let world = with_a_sidecar().await;
    world.push(1, "second", Kind::Docker, &[TAG]);
    let seen = world.verify().await;
    assert_eq!(seen[0].verdict, Verdict::Verified);
    assert!(seen[1].verdict.needs_restart(), "{seen:?}");
    let rows = world.rollout().await;
    all_verified(&rows);
    assert_eq!((restarted(&rows), world.count("UpdateService")), (vec![true, true], 1));
}

#[tokio::test]
async fn of_an_index_the_child_that_runs_counts() {
    let world = World::of_ecs(1).await;
    world.push(0, "first", Kind::Docker, &[TAG]);
    world.ecs_services(1);
    let index = world.push(0, "second", Kind::OciIndex, &[TAG]);
    assert!(world.verify().await[0].verdict.needs_restart());
    let rows = world.rollout().await;
    all_verified(&rows);
    assert_eq!(rows[0].running, Some(index), "the child stands for it");
    all_verified(&world.verify().await);
}

#[tokio::test]
async fn services_without_tasks_are_idle_and_restarted_once_after_the_tag_moved() {
    let mut world = World::of_ecs(1).await;
    world.release("first");
    world.ecs_services(0);
    world.release("second");
    assert_eq!(world.rollout().await[0].verdict, Verdict::Idle { outdated: false }, "nothing is known of a move");
    assert_eq!(world.count("UpdateService"), 0);
    let repository = world.services[0].repository_in(&world.registry);
    world.moved.insert(repository, Timestamp::now());
    let seen = world.verify().await;
    assert_eq!(seen[0].verdict, Verdict::Idle { outdated: true });
    assert!(seen[0].verdict.needs_restart() && !seen[0].verdict.is_failure());
    let rows = world.rollout().await;
    assert_eq!((&rows[0].verdict, rows[0].restarted), (&Verdict::Idle { outdated: false }, true));
    let rows = world.rollout().await;
    assert_eq!((&rows[0].verdict, rows[0].restarted), (&Verdict::Idle { outdated: false }, false));
    assert_eq!(world.count("UpdateService"), 1);
}

#[tokio::test]
async fn a_deployment_begun_after_the_move_is_followed_and_not_doubled() {
    let mut world = World::of_ecs(2).await;
    world.release("first");
    world.ecs_services(1);
    let moved = Timestamp::now();
    world.release("second");
    world.set(&Switches::new().ecs_rollout(Duration::from_secs(2)));
    for n in 0..2 {
        let restart = json!({ "cluster": world.cluster(), "service": format!("s{n}"), "forceNewDeployment": true });
        world.ask_ecs("UpdateService", &restart);
    }
    world.aws.forget().expect("an empty log");
    world.set(&Switches::new().ecs_rollout(Duration::from_secs(2)));
    // Of the second it is not known when its tag moved.
    world.moved.insert(world.services[0].repository_in(&world.registry), moved);
    let rows = world.rollout().await;
    all_verified(&rows);
    assert_eq!(restarted(&rows), [false, true]);
    assert_eq!(world.count("UpdateService"), 1);
}

#[tokio::test]
async fn what_a_restart_cannot_mend_is_said_and_left_alone() {
    let mut world = World::of_ecs(5).await;
    world.release("first");
    let first = world.digests()[&world.services[0].repository_in(&world.registry)].clone();
    world.ecs(0, 1, &format!("@{first}"), false);
    world.push(1, "other", Kind::Docker, &["other"]);
    world.ecs(1, 1, ":other", false);
    world.ecs(2, 0, &format!(":{TAG}"), false);
    world.release("second");
    world.services[2].repository = "weco/s1".to_owned();
    world.services[4].optional = true;
    world.services[4].ecs[0].cluster = "nowhere".to_owned();
    let rows = world.rollout().await;
    assert_eq!(rows[0].verdict, Verdict::NamesDigest(first));
    assert_eq!(rows[1].verdict, Verdict::NamesOtherTag("other".to_owned()));
    assert!(matches!(&rows[2].verdict, Verdict::OtherRepository(image) if image.contains("weco/s2")), "{rows:#?}");
    assert_eq!(rows[3].verdict, Verdict::Absent);
    assert_eq!(rows[4].verdict, Verdict::AbsentOptional);
    assert_eq!(world.count("UpdateService"), 0);
    let pinned = World::of_ecs(1).await;
    pinned.release("first");
    let first = pinned.digests()[&pinned.services[0].repository_in(&pinned.registry)].clone();
    pinned.ecs(0, 1, &format!("@{first}"), false);
    all_verified(&pinned.rollout().await);
}
