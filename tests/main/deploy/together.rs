//! Ten deployments to one pipeline at once.

use std::collections::BTreeMap;

use super::*;

/// Ten commits with their images, oldest first.
fn ten(estate: &Estate) -> Vec<Commit> {
    let commits: Vec<Commit> =
        (0..10).map(|number| estate.change(&format!("Change {number}")).expect("a commit")).collect();
    for commit in &commits {
        estate.build(commit).expect("images");
    }
    forget(estate);
    commits
}

/// Which of the commits each tag and each function was given, in the order in which that was done.
fn given(estate: &Estate, commits: &[Commit]) -> Vec<(f64, String, usize)> {
    let mut number_of: BTreeMap<String, usize> = BTreeMap::new();
    for (number, commit) in commits.iter().enumerate() {
        number_of.extend(named(estate, &commit.tag()).into_iter().map(|digest| (digest, number)));
    }
    let tags = done(estate, "PutImage").into_iter().map(|call| {
        assert_eq!(call.parameter("imageTag"), Some(LIVE));
        let repository = call.parameter("repositoryName").expect("a repository").to_owned();
        (call.at, repository, number_of[call.parameter("imageDigest").expect("a digest")])
    });
    let functions = done(estate, "UpdateFunctionCode").into_iter().map(|call| {
        let uri = call.parameter("ImageUri").expect("an image");
        let (_, digest) = uri.split_once('@').expect("a digest");
        (call.at, call.parameter("FunctionName").expect("a name").to_owned(), number_of[digest])
    });
    let mut given: Vec<_> = tags.chain(functions).collect();
    given.sort_by(|one, other| one.0.total_cmp(&other.0));
    given
}

/// They are started together, the newest neither first nor last.
#[track_caller]
fn ten_at_once(estate: &Estate, if_newer: impl Fn(usize) -> bool) {
    let commits = ten(estate);
    let order = [3, 7, 0, 9, 5, 1, 8, 2, 6, 4];
    let going: Vec<(usize, Going)> = order
        .into_iter()
        .map(|number| {
            let arguments = ["deploy", "live", "--yes", "--ref", &commits[number].id, "--if-newer"];
            let arguments = if if_newer(number) { &arguments[..] } else { &arguments[..5] };
            (number, start(estate, arguments))
        })
        .collect();
    for (number, going) in going {
        let run = going.ended();
        match run.code {
            0 => {}
            3 if !if_newer(number) => drop(run.says("the tag would go back by").says(&format!("Change {number}"))),
            _ => panic!("{number}: {run:#?}"),
        }
    }
    is_at(estate, &commits[9].tag());

    // One at a time, and never back.
    let given = given(estate, &commits);
    let mut releases: Vec<usize> = given.iter().map(|(_, _, number)| *number).collect();
    releases.dedup();
    assert!(releases.windows(2).all(|pair| pair[0] < pair[1]), "{releases:?}: {given:#?}");
    assert_eq!(releases.last(), Some(&9));

    // None is lost: it went out, was overtaken, or was refused.
    let outcomes = outcomes(estate);
    let count = |wanted: &str| outcomes.iter().filter(|outcome| *outcome == wanted).count();
    assert_eq!(count("verified"), releases.len(), "{outcomes:?}");
    assert_eq!(count("verified") + count("superseded"), outcomes.len(), "{outcomes:?}");
    let refused = (0..10).filter(|number| !if_newer(*number) && !releases.contains(number)).count();
    assert_eq!(outcomes.len() + refused, 10, "{outcomes:?}");
    let mut asked: Vec<String> =
        records(estate).iter().map(|record| record["source"].as_str().unwrap_or_default().to_owned()).collect();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), outcomes.len(), "each of its own commit: {asked:?}");
}

#[test]
fn ten_deployments_at_once_that_share_a_folder() {
    ten_at_once(&functions(3), |_| true);
}

#[test]
fn ten_deployments_at_once_that_share_a_table() {
    ten_at_once(&built(Estate::deployed().with_services(3).dynamodb()), |_| true);
}

#[test]
fn of_ten_deployments_at_once_those_that_come_too_late_are_refused() {
    ten_at_once(&functions(2), |number| number % 2 == 0);
}

#[test]
fn whoever_does_not_wait_is_told_who_is_at_work() {
    let estate = functions(2);
    set(&estate, &Switches::new().lambda_update(Duration::from_secs(3)));
    let mut first = start(&estate, &["deploy", "live", "--yes"]);
    assert!(first.until("the first restart", || !restarted(&estate).is_empty()));
    let second = run(&estate, &["deploy", "live", "--wait-lock", "0s", "--yes"]);
    insta::assert_snapshot!(told(&estate, &second, &[]).replace(&first.child.id().to_string(), "[PROCESS]"), @r"
    exit code 1
    --- stdout
    --- stderr
    error: the pipeline 2022-08-31 is locked by [WHO] (process [PROCESS], 'deploy 2022-08-31', since [TIME])
    hint: run it again when that is done, or wait for it with --wait-lock 10m
    ");
    // A dry run looks, and waits for nobody.
    run(&estate, &["deploy", "live", "--dry-run"]).ends_with(0);
    let waited = run(&estate, &["deploy", "live", "--yes"]).ends_with(0).says("Waiting for").says("Nothing to do");
    assert!(waited.err.contains("'deploy 2022-08-31'"), "{}", waited.err);
    first.ended().ends_with(0);
    assert_eq!(outcomes(&estate), ["verified"]);
}
