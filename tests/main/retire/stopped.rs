//! Stopped anywhere, the same command goes on; and nobody works on a pipeline that another one works on.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use sandbox::{Fault, Switches};

use super::*;
use crate::errors::shown;
use crate::new::{Running, calls, start};
use crate::support::writes;

/// A terraform that waits before an apply until it is told to go on.
struct Held {
    script: String,
    applying: PathBuf,
    go: PathBuf,
}

impl Held {
    fn new(estate: &Estate) -> Self {
        let path = |name: &str| estate.home().join(name);
        let (script, applying, go) = (path("held"), path("applying"), path("go"));
        let text = format!(
            "#!/bin/sh\nif [ \"$1\" = apply ]; then\n  touch '{}'\n  for turn in $(seq 1200); do [ -e '{}' ] || sleep 0.1; done\nfi\n\
             exec terraform \"$@\"\n",
            applying.display(),
            go.display()
        );
        fs::write(&script, text).expect("written");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("made executable");
        Self { script: script.display().to_string(), applying, go }
    }

    /// Retires the pipeline until terraform is about to destroy it.
    fn begin(&self, estate: &Estate) -> Running {
        let mut running = start(estate, &["retire", OLD, "--confirm", OLD, "--terraform", &self.script]);
        running.until("the apply", || self.applying.exists());
        running
    }
}

/// Waits for a terraform that goes on without us.
fn until_destroyed(estate: &Estate) {
    let begun = Instant::now();
    let stands = || {
        let text = estate.read("infrastructure/terraform.tfstate").expect("a state");
        // While it is written it may be cut.
        let state: Option<Value> = serde_json::from_str(&text).ok();
        state.is_none_or(|state| state.to_string().contains(MODULE))
    };
    while stands() || estate.file("infrastructure/.terraform.tfstate.lock.info").exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "terraform does not go on without us");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn killed_before_anything_is_destroyed() {
    let estate = standing();
    let held = Held::new(&estate);
    held.begin(&estate).kill();
    assert_eq!(left(&estate), WHOLE);
    assert!(is_unfinished(&estate));
    // What it started goes on without it, and finds out that the plan is no longer what it was.
    let done = retire(&estate, &[]).ends_with(0);
    fs::write(&held.go, "").expect("written");
    assert!(done.err.contains("Going on with what"), "{}", done.err);
    assert_eq!(left(&estate), NOTHING);
    assert_eq!((history(&estate).len(), is_unfinished(&estate)), (1, false));
}

#[test]
fn killed_after_its_resources_were_destroyed() {
    let estate = standing();
    let held = Held::new(&estate);
    held.begin(&estate).kill();
    fs::write(&held.go, "").expect("written");
    until_destroyed(&estate);
    assert_eq!(left(&estate), (true, 0, 2));
    retire(&estate, &[]).ends_with(0).says("Terraform's state has nothing in");
    assert_eq!(left(&estate), NOTHING);
    assert_eq!(state(&estate).len(), 3);
    retire(&estate, &[]).ends_with(0).says("Nothing to do");
}

#[test]
fn killed_after_the_edit_and_one_tag() {
    let estate = standing();
    let second = &estate.repositories()[1];
    let fault = Fault::always("BatchDeleteImage", "ThrottlingException").on(second);
    aws_of(&estate).set(&Switches::new().faults(vec![fault])).expect("switched");
    let mut running = start(&estate, &["retire", OLD, "--confirm", OLD]);
    running.until("the second tag", || calls(&estate, "BatchDeleteImage") > 2);
    running.kill();
    assert_eq!(left(&estate), (false, 0, 1));
    aws_of(&estate).set(&Switches::new().faults(Vec::new())).expect("switched");
    retire(&estate, &[]).ends_with(0);
    assert_eq!(left(&estate), NOTHING);
    let history = history(&estate);
    let services = history.last().expect("a record")["services"].as_array().expect("services").clone();
    assert!(services.iter().all(|it| it["digest_before"].is_string()), "{services:?}");
}

#[test]
fn interrupted_it_says_how_to_go_on() {
    let estate = standing();
    let held = Held::new(&estate);
    let mut running = held.begin(&estate);
    running.interrupt();
    fs::write(&held.go, "").expect("written");
    let run = running.end();
    assert!(run.code == 130 || run.code == 1, "{run:?}");
    assert!(run.err.contains("run the same command again"), "{}", run.err);
    assert!(left(&estate).0 && left(&estate).2 == 2);
    retire(&estate, &[]).ends_with(0);
    assert_eq!(left(&estate), NOTHING);
}

#[test]
fn one_that_somebody_works_on_waits() {
    let estate = standing();
    let held = Held::new(&estate);
    let first = held.begin(&estate);
    let process = first.child.id().to_string();
    let refused = retire(&estate, &[]).ends_with(1);
    let told = shown(&estate, &refused).replace(&process, "[PROCESS]");
    insta::assert_snapshot!(told, @r"
    exit code 1
    --- stdout
    --- stderr
    error: the pipeline 2022-10-01 is locked by [WHO] (process [PROCESS], 'retire 2022-10-01', since [TIME])
    hint: run it again when that is done, or wait for it with --wait-lock 10m
    ");
    run(&estate, &["tag", OLD, "--yes"]).ends_with(1).says(&process);
    let mut patient = start(&estate, &["retire", OLD, "--confirm", OLD, "--wait-lock", "60s"]);
    let said = patient.err.clone();
    patient.until("that it waits", || fs::read_to_string(&said).unwrap_or_default().contains("Waiting for"));
    fs::write(&held.go, "").expect("written");
    first.end().ends_with(0);
    patient.end().ends_with(0).says("Nothing to do");
    assert_eq!(left(&estate), NOTHING);
}

#[test]
fn what_another_command_left_unfinished_is_told() {
    let estate = standing();
    fs::create_dir_all(records(&estate, OLD)).expect("made");
    let record = serde_json::json!({
        "id": "20220901T000000.000Z-1", "command": "deploy", "namespace": OLD, "started": "2022-09-01T00:00:00Z",
        "by": "alex@host", "digests": {}
    });
    fs::write(records(&estate, OLD).join("unfinished.json"), record.to_string()).expect("written");
    let dry = run(&estate, &["retire", OLD, "--dry-run"]).ends_with(0);
    assert!(
        dry.err.contains("'deploy 2022-10-01' that alex@host began 2022-09-01 00:00:00 UTC has not ended"),
        "{}",
        dry.err
    );
    retire(&estate, &[]).ends_with(0);
    let ends: Vec<_> = history(&estate).iter().map(|record| record["outcome"].clone()).collect();
    assert_eq!(ends, ["abandoned", "done"]);
    assert_eq!(writes(&estate), ["BatchDeleteImage"; 2]);
}

#[test]
fn new_does_not_go_on_with_what_retire_began() {
    let estate = standing();
    let held = Held::new(&estate);
    held.begin(&estate).kill();
    fs::write(&held.go, "").expect("written");
    until_destroyed(&estate);
    run(&estate, &["new", OLD, "--dry-run"]).ends_with(0).does_not_say("Going on with what");
}
