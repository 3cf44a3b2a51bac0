//! The demo, with a stand-in for cargo that makes a stand-in for pipelinectl: what the demo does around it is real.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};

/// Puts a program that tells its arguments where the demo looks for pipelinectl.
const CARGO: &str = r#"#!/bin/sh
while [ "$1" != --target-dir ]; do shift; done
printf '#!/bin/sh\necho "called with: $* in $(basename "$PWD"), AWS at $AWS_ENDPOINT_URL"\n' > "$2/debug/pipelinectl"
chmod +x "$2/debug/pipelinectl"
"#;

fn executable(path: &Path, text: &str) {
    std::fs::write(path, text).expect("a script");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
}

/// Held while programs are written and started: a child that the other test starts meanwhile has them open for writing
/// until it becomes another program, and Linux starts none that is ("Text file busy").
static STARTING: Mutex<()> = Mutex::new(());

/// Starts a copy of the demo in a target folder of its own, so that no real pipelinectl is overwritten.
fn start(folder: &Path, argument: &str) -> Child {
    let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    std::fs::create_dir_all(folder.join("target/debug")).expect("a target folder");
    std::fs::create_dir_all(folder.join("tmp")).expect("a folder for what is temporary");
    let copy = folder.join("target/debug/demo");
    std::fs::copy(env!("CARGO_BIN_EXE_demo"), &copy).expect("the demo");
    executable(&folder.join("cargo"), CARGO);
    Command::new(copy)
        .arg(argument)
        .env("CARGO", folder.join("cargo"))
        .env("TMPDIR", folder.join("tmp"))
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .expect("the demo starts")
}

#[test]
fn it_checks_for_itself_stays_up_when_asked_and_takes_everything_away_at_ctrl_c() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut child = start(folder.path(), "--keep");
    let mut text = String::new();
    for line in BufReader::new(child.stdout.take().expect("its output")).lines() {
        let line = line.expect("a line");
        text.push_str(&line);
        text.push('\n');
        if line.contains("Ctrl-C here ends it") {
            let endpoint =
                text.split("export AWS_ENDPOINT_URL='http://").nth(1).and_then(|rest| rest.split('\'').next());
            std::net::TcpStream::connect(endpoint.expect("the endpoint")).expect("it is up");
            let group = Pid::from_raw(child.id().try_into().expect("a process id")).expect("not zero");
            kill_process_group(group, Signal::INT).expect("Ctrl-C");
        }
    }
    let ended = child.wait().expect("it ends");
    for part in [
        "called with: new 2022-10-14 --yes in estate, AWS at http://127.0.0.1:",
        "called with: list in estate",
        "5 of 5 functions of 2022-08-31 run the images that 2022-08-31 names.",
        "0 of 5 functions of 2022-10-14 run the images that latest names.",
        "unset AWS_PROFILE",
        "Ending the local AWS and removing the estate.",
    ] {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    assert_eq!(ended.code(), Some(1), "the stand-in has made nothing, and the demo must see it:\n{text}");
    let endpoint = text.split("AWS at http://").nth(1).and_then(|rest| rest.split('\n').next()).expect("the endpoint");
    assert!(std::net::TcpStream::connect(endpoint).is_err(), "the local AWS is still there");
    let left: Vec<_> = std::fs::read_dir(folder.path().join("tmp")).expect("the folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_unknown_argument_is_a_usage_error() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = start(folder.path(), "--kep").wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stdout).contains("Usage: cargo demo [--keep]"));
}
