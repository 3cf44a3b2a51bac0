//! Stopped anywhere, the same command goes on.

use std::os::unix::fs::PermissionsExt as _;

use rustix::process::kill_process_group;
use sandbox::Kind;

use super::*;
use crate::support::run;

/// The same command again, and everything is there once.
#[track_caller]
fn completes(estate: &Estate, resources: usize) -> Run {
    let run = run(estate, &["new", NEW, "--yes"]).ends_with(0);
    assert_eq!(estate.read(MAIN).expect("readable").matches(MODULE_HEAD).count(), 1);
    assert_eq!(tags_made(estate), 5);
    assert_eq!(made(estate), resources, "{:?}", state(estate));
    assert!(!state(estate).iter().any(|address| address.contains("(tainted)")), "{:?}", state(estate));
    crate::support::run(estate, &["new", NEW, "--yes"]).ends_with(0).says("Nothing to do");
    run
}

#[test]
fn killed_after_the_edit() {
    let estate = live();
    throttle(&estate, &estate.repositories());
    start(&estate, &["new", NEW, "--yes"]).until("the first request", || calls(&estate, "PutImage") > 0).kill();
    assert!(estate.read(MAIN).expect("readable").contains(MODULE_HEAD));
    assert_eq!((tags_made(&estate), made(&estate)), (0, 0));
    no_faults(&estate);
    completes(&estate, 6);
}

#[test]
fn killed_after_two_tags() {
    let estate = live();
    throttle(&estate, &estate.repositories()[2..]);
    start(&estate, &["new", NEW, "--yes"]).until("the second tag", || tags_made(&estate) == 2).kill();
    no_faults(&estate);
    completes(&estate, 6);
    assert_eq!(digests(&estate, NEW), digests(&estate, "latest"));
}

#[test]
fn the_images_of_the_first_run_are_used_although_latest_has_moved() {
    let estate = live();
    let wanted = digests(&estate, "latest");
    throttle(&estate, &estate.repositories()[2..]);
    start(&estate, &["new", NEW, "--yes"]).until("the second tag", || tags_made(&estate) == 2).kill();
    for repository in estate.repositories() {
        aws_of(&estate).seed_image(&repository, "of a later build", Kind::Oci, &["latest"]).expect("an image");
    }
    no_faults(&estate);
    completes(&estate, 6);
    assert_eq!(digests(&estate, NEW), wanted);
    assert_ne!(digests(&estate, "latest"), wanted);
}

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
            r#"#!/bin/sh
if [ "$1" = apply ]; then
  echo $$ > '{applying}.part'
  mv '{applying}.part' '{applying}'
  for turn in $(seq 1200); do [ -e '{go}' ] || sleep 0.1; done
fi
exec terraform "$@"
"#,
            applying = applying.display(),
            go = go.display()
        );
        fs::write(&script, text).expect("written");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("made executable");
        Self { script: script.display().to_string(), applying, go }
    }
}

#[test]
fn killed_after_the_plan() {
    let estate = live();
    let held = Held::new(&estate);
    let arguments = ["new", NEW, "--yes", "--terraform", &held.script];
    start(&estate, &arguments).until("the apply", || held.applying.exists()).kill();
    let stuck = fs::read_to_string(&held.applying).expect("its process").trim().parse().expect("a number");
    kill_process(Pid::from_raw(stuck).expect("a process"), Signal::KILL).expect("a process of ours");
    assert_eq!((tags_made(&estate), made(&estate)), (5, 0));
    completes(&estate, 6);
}

/// A live estate in which each resource of a pipeline is written down when it is made, and the last takes its time.
fn slow() -> Estate {
    let estate = laid_out();
    let stack = "infrastructure/stack/main.tf";
    let with = r#"
  provisioner "local-exec" {
    command = "echo ${self.input} >> made.log"
  }
}

resource "terraform_data" "slow" {
  input      = "${var.namespace}-slow"
  depends_on = [terraform_data.service]

  provisioner "local-exec" {
    command = "echo ${self.input} >> made.log; [ ${var.namespace} = 2022-08-31 ] || [ -e quick ] || sleep 3"
  }
}
"#;
    change(
        &estate,
        stack,
        "\n  input = \"${var.namespace}-${each.key}\"\n}\n",
        &format!("\n  input = \"${{var.namespace}}-${{each.key}}\"\n{with}"),
    );
    estate.apply_live().expect("it applies");
    fs::remove_file(estate.file("infrastructure/made.log")).expect("the log of the live one");
    estate
}

fn log(estate: &Estate) -> Vec<String> {
    let text = estate.read("infrastructure/made.log").unwrap_or_default();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

fn is_slow(estate: &Estate) -> bool {
    log(estate).contains(&format!("{NEW}-slow"))
}

/// What the log says when each resource was made once.
fn each_once(estate: &Estate) -> Vec<String> {
    let mut expected: Vec<String> = estate.services().iter().map(|service| format!("{NEW}-{service}")).collect();
    expected.push(format!("{NEW}-slow"));
    expected.sort();
    expected
}

#[test]
fn killed_during_the_apply_nothing_that_was_made_is_lost() {
    let estate = slow();
    start(&estate, &["new", NEW, "--yes"]).until("the slow one", || is_slow(&estate)).kill();
    // Terraform is still at it: the second run waits for its lock.
    completes(&estate, 7);
    assert_eq!(log(&estate), each_once(&estate), "nothing was made twice");
}

#[test]
fn killed_with_terraform_during_the_apply() {
    let estate = slow();
    let mut first = start(&estate, &["new", NEW, "--yes"]);
    first.until("the slow one", || is_slow(&estate));
    let children = children(first.child.id());
    assert_eq!(children.len(), 1, "terraform: {children:?}");
    first.kill();
    kill_process_group(children[0], Signal::KILL).expect("a process of ours");
    fs::write(estate.file("infrastructure/quick"), "").expect("written");
    completes(&estate, 7);
    let mut unique = log(&estate);
    unique.dedup();
    assert_eq!(unique, each_once(&estate));
}

/// The processes that a process has started, in whichever thread.
fn children(process: u32) -> Vec<Pid> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("its threads");
    let lists = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let found: Vec<i32> =
        lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect();
    found.into_iter().filter_map(Pid::from_raw).collect()
}

#[test]
fn interrupted_during_the_apply_it_says_what_was_done() {
    let estate = slow();
    let mut first = start(&estate, &["new", NEW, "--yes"]);
    first.until("the slow one", || is_slow(&estate)).interrupt();
    first
        .end()
        .ends_with(130)
        .says("interrupted: waiting for terraform to stop and to save its state")
        .says("error: terraform apply was interrupted; the state is saved")
        .says("  done: 6\n")
        .says("  not finished: module.concepts_pipeline_2022-10-14.terraform_data.slow\n")
        .says("hint: to go on, run the same command again");
    assert_eq!(made(&estate), 7, "{:?}", state(&estate));
    fs::write(estate.file("infrastructure/quick"), "").expect("written");
    completes(&estate, 7);
}

#[test]
fn interrupted_while_tags_are_made_it_makes_them_all_and_applies_nothing() {
    let estate = live();
    throttle(&estate, &estate.repositories()[3..]);
    let mut first = start(&estate, &["new", NEW, "--yes"]);
    first.until("the third tag", || tags_made(&estate) == 3).interrupt();
    no_faults(&estate);
    first.end().ends_with(130).says("interrupted after the tags were made; nothing else was done").says("what stands");
    assert_eq!((tags_made(&estate), made(&estate)), (5, 0));
    completes(&estate, 6);
}

#[test]
fn of_two_at_once_one_says_who_has_the_lock_or_waits() {
    let estate = live();
    let held = Held::new(&estate);
    let mut first = start(&estate, &["new", NEW, "--yes", "--terraform", &held.script]);
    first.until("the apply", || held.applying.exists());
    let holder = format!("(process {}, 'new 2022-10-14', since ", first.child.id());
    run(&estate, &["new", NEW, "--yes"])
        .ends_with(1)
        .says("the pipeline 2022-10-14 is locked by ")
        .says(&holder)
        .says("--wait-lock 10m");
    let mut second = start(&estate, &["new", NEW, "--yes", "--wait-lock", "60s"]);
    let said = second.err.clone();
    second.until("word of the lock", || fs::read_to_string(&said).unwrap_or_default().contains("Waiting for "));
    fs::write(&held.go, "").expect("written");
    first.end().ends_with(0);
    second.end().ends_with(0).says(&holder).says("Nothing to do: 2022-10-14 is complete.");
    assert_eq!((tags_made(&estate), made(&estate)), (5, 6));
}
