//! Lambda functions.

use std::time::{Duration, Instant};

use pipelinectl::operations::verify_images::Verdict;
use sandbox::{Fault, Kind, Switches};
use serde_json::json;

use super::{TAG, World, all_verified, restarted};

#[tokio::test]
async fn a_function_is_updated_in_the_form_that_its_image_has_and_the_second_time_none_is() {
    let world = World::of_functions(3).await;
    world.release("first");
    world.function(0, &format!(":{TAG}"));
    world.function(1, &format!("@{}", world.digests()[&world.services[1].repository_in(&world.registry)]));
    world.release("second");
    world.function(2, &format!(":{TAG}"));
    let rows = world.rollout().await;
    all_verified(&rows);
    assert_eq!(restarted(&rows), [true, true, false], "the third runs it already");
    let wanted = rows[1].wanted.clone().expect("a digest");
    let calls = world.aws.calls().expect("a call log");
    let updates: Vec<_> = calls.iter().filter(|call| call.operation == "UpdateFunctionCode").collect();
    assert_eq!(updates.len(), 2);
    for update in updates {
        let n = usize::from(update.parameter("ImageUri").expect("a URI").contains("weco/s1"));
        let form = [format!(":{TAG}"), format!("@{wanted}")][n].clone();
        assert_eq!(update.parameter("ImageUri"), Some(world.uri(n, &form).as_str()));
        assert_ne!(update.parameters["Publish"], json!(true), "no version is published");
        assert_eq!(update.parameters["Architectures"], json!(["arm64"]), "they stay what they are");
    }
    let rows = world.rollout().await;
    all_verified(&rows);
    assert_eq!(restarted(&rows), [false; 3]);
    assert_eq!(world.count("UpdateFunctionCode"), 2, "the second time nothing is updated");
}

#[tokio::test]
async fn one_failure_does_not_stop_the_others_and_a_rerun_restarts_only_what_is_left() {
    let mut world = World::of_functions(4).await;
    world.services[3].repository = "weco/s2".to_owned();
    world.release("first");
    world.functions();
    world.release("second");
    let denied = Fault::always("UpdateFunctionCode", "AccessDeniedException").on(&format!("{TAG}-s1")).status(403);
    world.set(&Switches::new().faults(vec![denied]));
    let rows = world.rollout().await;
    let Verdict::NotRestarted(error) = &rows[1].verdict else { panic!("{rows:#?}") };
    assert!(
        error.to_string().starts_with("no permission for lambda:UpdateFunctionCode on the function 2022-10-14-s1"),
        "{error}"
    );
    assert_eq!(restarted(&rows), [true, false, true, true], "both services of one image");
    assert_eq!(rows.iter().filter(|row| row.verdict == Verdict::Verified).count(), 3);
    world.aws.forget().expect("switched back");
    let rows = world.rollout().await;
    all_verified(&rows);
    assert_eq!(restarted(&rows), [false, true, false, false]);
    assert_eq!(world.count("UpdateFunctionCode"), 1);
}

#[tokio::test]
async fn a_function_that_is_changing_is_waited_for_and_then_updated() {
    let world = World::of_functions(1).await;
    world.release("first");
    world.functions();
    world.set(&Switches::new().lambda_update(Duration::from_millis(1500)));
    let other = world.push(0, "other", Kind::Oci, &["other"]);
    let path = format!("/2015-03-31/functions/{TAG}-s0/code");
    let body = json!({ "ImageUri": world.uri(0, &format!(":{TAG}")) });
    world.release("second");
    world.aws.ask_rest("lambda", "PUT", &path, &body).expect("somebody else updates it");
    world.release("third");
    let rows = world.rollout().await;
    all_verified(&rows);
    assert_eq!(restarted(&rows), [true]);
    assert_ne!(rows[0].running, Some(other));
    let told = world.told.of(&format!("{TAG}-s0"));
    let lines = [" … looking", " … waiting for the change before", " … updating", " Done: restarted, verified"];
    assert_eq!(told, lines);
}

#[tokio::test]
async fn a_conflict_with_another_update_is_tried_again() {
    let world = World::of_functions(1).await;
    world.release("first");
    world.functions();
    world.release("second");
    world.set(
        &Switches::new().faults(vec![Fault::nth("UpdateFunctionCode", 1, "ResourceConflictException").status(409)]),
    );
    all_verified(&world.rollout().await);
    assert_eq!(world.count("UpdateFunctionCode"), 2);
}

#[tokio::test]
async fn a_failed_update_ends_at_once_with_its_reason_and_can_be_done_again() {
    let world = World::of_functions(2).await;
    world.release("first");
    world.functions();
    world.release("second");
    let name = format!("{TAG}-s0");
    let update = Duration::from_secs(1);
    world.set(&Switches::new().lambda_update(update).lambda_failing(&name, "ImageAccessDenied", "no pull for you"));
    let begun = Instant::now();
    let rows = world.rollout().await;
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    let failed = Verdict::Failed { code: "ImageAccessDenied".into(), reason: "no pull for you".into() };
    assert_eq!((&rows[0].verdict, rows[0].restarted), (&failed, true));
    assert_eq!(rows[1].verdict, Verdict::Verified);
    assert_eq!(world.verify().await[0].verdict, failed);
    world.set(&Switches::new().lambda_healthy());
    let rows = world.rollout().await;
    all_verified(&rows);
    assert_eq!(restarted(&rows), [true, false]);
}

#[tokio::test]
async fn what_an_update_cannot_mend_is_said_and_left_alone() {
    let mut world = World::of_functions(5).await;
    world.release("first");
    for n in 0..3 {
        world.push(n, "other", Kind::Docker, &["other"]);
    }
    world.function(0, ":other");
    world.function(1, &format!(":{TAG}"));
    world.services[1].repository = "weco/s2".to_owned();
    world.services[3].optional = true;
    let rows = world.rollout().await;
    assert_eq!(rows[0].verdict, Verdict::NamesOtherTag("other".to_owned()));
    assert!(matches!(&rows[1].verdict, Verdict::OtherRepository(image) if image.contains("/weco/s1:")), "{rows:#?}");
    assert_eq!(rows[2].verdict, Verdict::Absent);
    assert_eq!(rows[3].verdict, Verdict::AbsentOptional);
    assert!(!rows[3].verdict.is_failure());
    assert_eq!(world.count("UpdateFunctionCode"), 0);
}

#[tokio::test]
async fn the_rates_of_lambda_are_kept() {
    let world = World::of_functions(40).await;
    world.release("first");
    world.functions();
    world.release("second");
    world.aws.forget().expect("an empty log");
    world.set(&Switches::new().lambda_rate(true).latency_ms(50));
    let begun = Instant::now();
    all_verified(&world.rollout().await);
    let took = begun.elapsed();
    let calls = world.aws.calls().expect("a call log");
    let throttled = calls.iter().filter(|call| call.status == Some(429)).count();
    // Requests that open a connection come late, so that a few may come too close together.
    assert!(throttled <= 10, "{throttled}");
    let updates: Vec<f64> =
        calls.iter().filter(|call| call.operation == "UpdateFunctionCode").map(|call| call.at).collect();
    let between = updates[updates.len() - 1] - updates[0];
    // Fifteen at once, twenty-five more at fifteen a second.
    assert!((1.5..6.0).contains(&between), "{between}, {took:?}");
}
