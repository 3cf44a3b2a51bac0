//! AWS has a bad day.

use super::*;

/// Throttling and inner errors, some of them after the work was done.
const CODES: [&str; 2] = ["ThrottlingException", "InternalServerError"];

/// A share of all calls fails, and it ends well all the same: no tag is ever given to two images.
#[track_caller]
fn ends_well_in_chaos(builder: Builder, seed: u64) {
    let estate = built(builder);
    let commit = estate.change("Drop empty labels").expect("a commit");
    estate.publish(&commit).expect("images");
    set(&estate, &Switches::new().chaos(0.3, &CODES).chaos_seed(seed));
    let begun = Instant::now();
    let run = run(&estate, &["deploy", "live", "--timeout", "5m", "--yes"]);
    let took = begun.elapsed();
    set(&estate, &Switches::new().calm());
    run.ends_with(0).says("runs this release");
    assert!(took < Duration::from_secs(300), "{took:?}");
    is_at(&estate, "latest");
    assert_eq!(outcomes(&estate), ["verified"]);
    // Whether it was told of the effect or not: each request was for the same image.
    let calls = aws(&estate).calls().expect("a call log");
    let failed = calls.iter().filter(|call| call.status.is_some_and(|status| status >= 400)).count();
    assert!(failed > 5, "{failed} of {} calls failed", calls.len());
    let mut given: Vec<(String, String)> = calls
        .iter()
        .filter(|call| call.operation == "PutImage")
        .filter_map(|call| {
            Some((call.parameter("repositoryName")?.to_owned(), call.parameter("imageDigest")?.to_owned()))
        })
        .collect();
    given.sort();
    given.dedup();
    assert_eq!(given.len(), estate.repositories().len(), "{given:?}");
}

#[test]
fn a_third_of_all_calls_fails_and_functions_follow() {
    for seed in [1, 2] {
        ends_well_in_chaos(Estate::deployed().with_services(5), seed);
    }
}

#[test]
fn a_third_of_all_calls_fails_and_ecs_services_follow() {
    for seed in [3, 4] {
        ends_well_in_chaos(Estate::deployed().with_services(5).with_ecs(3), seed);
    }
}

#[test]
fn a_third_of_all_calls_fails_and_the_table_keeps_the_record() {
    ends_well_in_chaos(Estate::deployed().with_services(3).with_ecs(1).dynamodb(), 5);
}

#[test]
fn what_cannot_be_reached_any_more_is_told_and_the_tags_are_put_back() {
    let estate = functions(4);
    let before = named(&estate, LIVE);
    faults(&estate, vec![Fault::nth("PutImage", 3, "AccessDeniedException")]);
    let run = run(&estate, &["deploy", "live", "--yes"]).ends_with(1);
    run.says("every tag 2022-08-31 is as it was").says("run the same command again").says("pipelinectl show");
    assert_eq!(named(&estate, LIVE), before);
    assert!(restarted(&estate).is_empty());
    assert_eq!(outcomes(&estate), ["failed"]);
    crate::support::run(&estate, &["deploy", "live", "--yes"]).ends_with(0);
    is_at(&estate, "latest");
}
