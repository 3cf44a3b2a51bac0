//! What can go wrong: each has its own message, what to do next, and its exit code.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use regex_lite::Regex;
use sandbox::{Estate, LocalAws};

use crate::support::Run;

mod aws;
mod configuration;
mod garbage;
mod terraform;

/// What a panic, or an error of the SDK printed as it is, would look like.
const NEVER: [&str; 10] = [
    "panicked",
    "RUST_BACKTRACE",
    "DispatchFailure",
    "ServiceError",
    "SdkError",
    "ConnectorError",
    "Unhandled",
    "unhandled error",
    "ErrorMetadata",
    "Some(",
];

/// The run as a snapshot shows it: what differs between runs is replaced.
#[track_caller]
pub fn shown(estate: &Estate, run: &Run) -> String {
    let mut text = run.shown(&estate.root());
    for never in NEVER {
        assert!(!text.contains(never), "'{never}' is said: {text}");
    }
    text = text.replace(&estate.home().display().to_string(), "[HOME]");
    for (number, commit) in estate.commits().iter().enumerate() {
        text = text
            .replace(&commit.id, &format!("[COMMIT {number}]"))
            .replace(&commit.id[..8], &format!("commit {number}"));
    }
    if let Some(aws) = estate.aws() {
        text = text.replace(aws.account_id(), "[ACCOUNT]");
    }
    for (pattern, stands_for) in [
        (r"127\.0\.0\.1:\d+", "127.0.0.1:[PORT]"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[ID]"),
        (r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}[.\d]*( [+-]\d{4})?( UTC)?", "[TIME]"),
        (r"sha256:[0-9a-f]{64}", "[DIGEST]"),
        (r"\b[0-9a-f]{40}\b", "[COMMIT]"),
        (r"(  [✓✗] .*?) {2,}", "$1  "),
        (r"ref\.\[COMMIT \d\]", "ref.[COMMIT]"),
        (r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[.\d]*Z", "[TIME]"),
        (r"[\w.-]+@[\w.-]+ ", "[WHO] "),
        (r"(?m)[\w.-]+@[\w.-]+$", "[WHO]"),
    ] {
        text = Regex::new(pattern).expect("a pattern").replace_all(&text, stands_for).into_owned();
    }
    in_order(&text)
}

/// What is done side by side ends in any order: neighbouring lines of progress are sorted.
fn in_order(text: &str) -> String {
    let is_progress = |line: &&str| line.starts_with("  ✓ ") || line.starts_with("  ✗ ");
    let mut lines: Vec<&str> = text.lines().collect();
    for run in lines.chunk_by_mut(|one, other| is_progress(one) == is_progress(other)) {
        if is_progress(&run[0]) {
            run.sort_unstable();
        }
    }
    lines.join("\n")
}

/// Two services, a live pipeline, an empty log of calls.
pub fn small() -> Estate {
    let aws = LocalAws::shared().expect("a local AWS");
    let estate = Estate::small().with_services(2).aws(&aws).build().expect("an estate");
    // Making the repositories is in the log of calls.
    aws.forget().expect("an empty log");
    estate
}

/// Changes `pipelinectl.toml`.
pub fn configure(estate: &Estate, from: &str, to: &str) {
    let text = estate.read("pipelinectl.toml").expect("readable");
    assert!(text.contains(from), "{from} in {text}");
    estate.write("pipelinectl.toml", &text.replace(from, to)).expect("writable");
}

/// An executable script in the estate.
pub fn script(estate: &Estate, name: &str, text: &str) -> PathBuf {
    estate.write(name, text).expect("writable");
    let path = estate.file(name);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    path
}

pub const NEW: [&str; 3] = ["new", "2022-10-14", "--yes"];

/// The file that `new` edits.
pub fn main_tf(estate: &Estate) -> String {
    estate.read("infrastructure/main.tf").expect("readable")
}

/// A terraform that stands at its question, with the lock of the state. Dropped, it answers no and ends.
pub struct HeldState(Child);

/// Holds the state's lock as a colleague does who thinks about an apply.
pub fn hold_state(estate: &Estate) -> HeldState {
    estate.init().expect("initialized");
    let mut command = estate.terraform_command();
    command.arg("apply").env("TF_INPUT", "1").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let held = HeldState(command.spawn().expect("terraform starts"));
    let lock = estate.file("infrastructure/.terraform.tfstate.lock.info");
    let begun = Instant::now();
    while !lock.exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the state is never locked");
        sleep(Duration::from_millis(20));
    }
    held
}

impl Drop for HeldState {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// A terraform that does not wait for the state's lock.
pub fn impatient_terraform(estate: &Estate) -> String {
    let script_text = "#!/bin/sh\nfor argument; do\n  shift\n  case $argument in -lock-timeout=*) argument=-lock-timeout=0s ;; esac\n  \
                       set -- \"$@\" \"$argument\"\ndone\nexec terraform \"$@\"\n";
    script(estate, "impatient", script_text).display().to_string()
}
