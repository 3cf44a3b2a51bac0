//! Ctrl-C, and the death of our own process.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::support::*;
use crate::operations::terraform_run::{self, Planned};
use crate::terraform::*;

const SLOW: &str = r#"
resource "terraform_data" "before" {}
resource "terraform_data" "slow" {
  depends_on = [terraform_data.before]
  provisioner "local-exec" { command = "touch began; sleep 5; touch ended" }
}
resource "terraform_data" "after" { depends_on = [terraform_data.slow] }
"#;

fn wait_for(path: &Path) {
    let until = Instant::now() + Duration::from_secs(30);
    while !path.exists() {
        assert!(Instant::now() < until, "{} never came", path.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn one_interrupt_stops_terraform_and_keeps_the_state() {
    let estate = Estate::new(SLOW);
    estate.script("wrapper", &format!("echo 'a wrapper talks'\n{} \"$@\"", terraform_for_tests()));
    let mut settings = estate.settings();
    settings.program = "./wrapper".into();
    let program = Program::find(settings).expect("found");
    let recorder = Recorder::default();
    let planned =
        terraform_run::plan(&program, &PlanOptions::default(), &Rules::default(), &recorder).expect("planned");
    let applied = std::thread::scope(|scope| {
        scope.spawn(|| {
            wait_for(&estate.path("began"));
            estate.interrupts.press();
            std::thread::sleep(Duration::from_millis(30));
            estate.interrupts.press();
        });
        program.apply(&planned.saved, &planned.plan, &recorder).expect("it began")
    });
    let names = |steps: &[Step]| steps.iter().map(|it| it.address.clone()).collect::<Vec<_>>();
    assert_eq!(applied.ending, Ending::Interrupted, "{applied:?}");
    assert_eq!(names(&applied.done), ["terraform_data.before"]);
    assert_eq!(names(&applied.broken), ["terraform_data.slow"]);
    assert_eq!(names(&applied.not_begun), ["terraform_data.after"]);
    assert!(!estate.path("ended").exists() && !estate.path(".terraform.tfstate.lock.info").exists());
    let signals = recorder.lines().iter().filter(|line| line.contains("interrupted")).count();
    assert_eq!(signals, 1, "{:?}", recorder.lines());

    let state = estate.read("terraform.tfstate");
    assert!(state.contains("\"before\"") && state.contains("tainted"), "{state}");
    let again = estate.plan(&Rules::default());
    assert_eq!((again.summary.counts.replace, again.summary.counts.create), (1, 1));
}

#[test]
fn an_interrupted_plan_changes_nothing() {
    let estate = Estate::new("");
    estate.script("slow", "echo '{\"type\":\"version\",\"terraform\":\"1.11.4\"}'; touch began; sleep 20");
    let mut settings = estate.settings();
    settings.program = "./slow".into();
    let program = Program::find(settings).expect("found");
    let started = Instant::now();
    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            wait_for(&estate.path("began"));
            estate.interrupts.press();
        });
        program.plan(&PlanOptions::default(), &Recorder::default()).expect_err("interrupted")
    });
    assert!(matches!(error, Error::Interrupted { command: "plan", .. }), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

/// Plays pipelinectl, in a folder that says what to do: the tests below end it in several ways.
#[test]
#[ignore = "is started by other tests, in a folder of their own"]
fn pipelinectl_in_the_working_folder() {
    let folder = std::env::current_dir().expect("a folder");
    let Ok(task) = std::fs::read_to_string(folder.join("task")) else { return };
    let mut settings = Estate::new("").settings();
    settings.interrupts = Interrupts::of_process().expect("signals can be watched");
    (settings.root, settings.base) = (folder.clone(), folder.clone());
    let program = Program::find(settings).expect("found");
    let planned = terraform_run::plan(&program, &PlanOptions::default(), &Rules::default(), &Recorder::default());
    let planned = planned.expect("planned");
    std::fs::write(folder.join("plan-is-in"), planned.saved.path().to_str().expect("a text")).expect("written");
    if task == "ask" {
        std::thread::sleep(Duration::from_secs(60));
    }
    let allows = planned.verdict.refusals.iter().filter_map(|it| it.allow.clone()).collect();
    let rules = Rules { allows, ..Rules::default() };
    let planned = Planned { verdict: judge(&planned.plan, &rules), ..planned };
    let applied = terraform_run::apply(&program, &planned, &Recorder::default()).expect("applied");
    std::fs::write(folder.join("ending"), format!("{:?}", applied.ending)).expect("written");
}

fn start(estate: &Estate, task: &str) -> Child {
    estate.write("task", task);
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--ignored", "--exact", "terraform::tests::stopping::pipelinectl_in_the_working_folder"])
        .current_dir(estate.folder.path())
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("started")
}

#[test]
fn terraform_outlives_us() {
    let estate = Estate::new(SLOW);
    let mut child = start(&estate, "apply");
    wait_for(&estate.path("began"));
    kill_process(Pid::from_child(&child), Signal::KILL).expect("killed");
    child.wait().expect("gone");
    assert!(!estate.path("ended").exists(), "terraform is still at it");

    let recorder = Recorder::default();
    let planned = terraform_run::plan(&estate.program(), &PlanOptions::default(), &Rules::default(), &recorder)
        .expect("it waits");
    assert!(estate.path("ended").exists() && recorder.has("force-unlock"), "{:?}", recorder.lines());
    assert!(!planned.has_changes(), "terraform finished: {:?}", planned.summary);
    assert!(!estate.path(".terraform.tfstate.lock.info").exists());
    let left = std::path::PathBuf::from(estate.read("plan-is-in"));
    std::fs::remove_dir_all(left.parent().expect("a folder")).expect("the folder was left for terraform");
}

#[test]
fn a_signal_to_us_is_passed_on_while_terraform_runs() {
    let estate = Estate::new(SLOW);
    let mut child = start(&estate, "apply");
    wait_for(&estate.path("began"));
    kill_process(Pid::from_child(&child), Signal::TERM).expect("told");
    assert!(child.wait().expect("gone").success(), "it waits, and ends as it wants");
    assert_eq!(estate.read("ending"), "Interrupted");
    assert!(!estate.path("ended").exists() && !estate.path(".terraform.tfstate.lock.info").exists());
}

#[test]
fn a_signal_at_rest_ends_us_and_leaves_no_plan_behind() {
    let estate = Estate::new(SLOW);
    let mut child = start(&estate, "ask");
    wait_for(&estate.path("plan-is-in"));
    std::thread::sleep(Duration::from_millis(100));
    let plan = std::path::PathBuf::from(estate.read("plan-is-in"));
    assert!(plan.exists());
    kill_process(Pid::from_child(&child), Signal::INT).expect("told");
    let status = child.wait().expect("gone");
    assert_eq!(status.signal(), Some(Signal::INT.as_raw()), "{status}");
    assert!(!plan.exists() && !plan.parent().expect("a folder").exists());
}
