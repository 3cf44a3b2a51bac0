//! `pipelinectl new`, the main job.

pub(crate) mod asked;
mod aws;
mod elsewhere;
mod guard;
mod images;
mod names;
mod replace;
mod stopped;
mod whole;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use regex_lite::Regex;
use rustix::process::{Pid, Signal, kill_process};
use sandbox::estate::Builder;
use sandbox::{Estate, Fault, Image, LocalAws, Switches};

use crate::support::{Run, program};

/// The pipeline that the tests make.
const NEW: &str = "2022-10-14";
/// The one that is there and live.
const LIVE: &str = "2022-08-31";
/// The address of the new one's module.
const MODULE: &str = "module.concepts_pipeline_2022-10-14";
/// How its block begins.
const MODULE_HEAD: &str = "module \"concepts_pipeline_2022-10-14\"";
/// The file that `new` edits.
const MAIN: &str = "infrastructure/main.tf";

/// A local AWS with an account of this test's own.
pub(crate) fn aws() -> LocalAws {
    LocalAws::shared().expect("the local AWS starts")
}

/// An estate without Lambda functions whose files stand, but which nobody has applied.
fn laid_out() -> Estate {
    built(Estate::small())
}

/// The estate with a local AWS, whose log begins now.
pub(crate) fn built(builder: Builder) -> Estate {
    let estate = builder.aws(&aws()).build().expect("an estate");
    aws_of(&estate).forget().expect("forgotten");
    estate
}

/// An estate without Lambda functions whose live pipeline exists.
fn live() -> Estate {
    let estate = laid_out();
    estate.apply_live().expect("it applies");
    estate
}

pub(crate) fn aws_of(estate: &Estate) -> &LocalAws {
    estate.aws().expect("the estate has an AWS")
}

/// Changes a file of the estate that must have the text `from` once.
#[track_caller]
pub(crate) fn change(estate: &Estate, path: &str, from: &str, to: &str) {
    let text = estate.read(path).expect("readable");
    assert_eq!(text.matches(from).count(), 1, "'{from}' in {path}:\n{text}");
    estate.write(path, &text.replace(from, to)).expect("written");
}

/// The image that a tag names in each repository.
pub(crate) fn tagged(estate: &Estate, tag: &str) -> Vec<Option<Image>> {
    let aws = aws_of(estate);
    estate.repositories().iter().map(|repository| aws.tagged(repository, tag).expect("an answer")).collect()
}

/// The digest that a tag names in each repository; none where there is no such tag.
pub(crate) fn digests(estate: &Estate, tag: &str) -> Vec<Option<String>> {
    tagged(estate, tag).into_iter().map(|image| image.map(|image| image.digest)).collect()
}

/// How many tags of the new pipeline there are.
fn tags_made(estate: &Estate) -> usize {
    digests(estate, NEW).iter().flatten().count()
}

/// How often an operation was asked for.
pub(crate) fn calls(estate: &Estate, operation: &str) -> usize {
    let calls = aws_of(estate).calls().expect("a call log");
    calls.iter().filter(|call| call.operation == operation).count()
}

/// Lets nobody make tags in these repositories, for as long as it lasts.
pub(crate) fn throttle(estate: &Estate, repositories: &[String]) {
    let faults = repositories.iter().map(|name| Fault::always("PutImage", "ThrottlingException").on(name)).collect();
    aws_of(estate).set(&Switches::new().faults(faults)).expect("switched");
}

pub(crate) fn no_faults(estate: &Estate) {
    aws_of(estate).set(&Switches::new().faults(Vec::new())).expect("switched");
}

/// The addresses in the local state of the estate, and which of them are tainted.
pub(crate) fn state(estate: &Estate) -> Vec<String> {
    let Ok(text) = estate.read("infrastructure/terraform.tfstate") else { return Vec::new() };
    let state: serde_json::Value = serde_json::from_str(&text).expect("a state is JSON");
    let mut found = Vec::new();
    for resource in state["resources"].as_array().into_iter().flatten() {
        if resource["mode"] != "managed" {
            continue;
        }
        for instance in resource["instances"].as_array().into_iter().flatten() {
            let text = |name: &str| resource[name].as_str().unwrap_or_default();
            let key = instance["index_key"].as_str().map(|key| format!("[\"{key}\"]")).unwrap_or_default();
            let tainted = instance["status"].as_str().map(|status| format!(" ({status})")).unwrap_or_default();
            found.push(format!("{}.{}.{}{key}{tainted}", text("module"), text("type"), text("name")));
        }
    }
    found
}

/// How many resources of the new pipeline are in the state.
fn made(estate: &Estate) -> usize {
    state(estate).iter().filter(|address| address.starts_with(&format!("{MODULE}."))).count()
}

/// All that a command may leave behind: every file of the checkout and the state folder, with time and content.
pub(crate) fn snapshot(estate: &Estate) -> Vec<(PathBuf, Duration, Vec<u8>)> {
    let mut found = Vec::new();
    for folder in [estate.root(), estate.home()] {
        collect(&folder, &mut found);
    }
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<(PathBuf, Duration, Vec<u8>)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.ends_with(".git") {
            continue;
        }
        let metadata = fs::symlink_metadata(&path).expect("it is there");
        if metadata.is_dir() {
            found.push((path.clone(), Duration::ZERO, Vec::new()));
            collect(&path, found);
        } else if metadata.is_file() {
            let time = metadata.modified().expect("a time").duration_since(std::time::UNIX_EPOCH).expect("after 1970");
            let content = fs::read(&path).expect("readable");
            found.push((path, time, content));
        }
    }
}

/// What was put in, if all else is as it was; otherwise the test fails.
#[track_caller]
pub(crate) fn inserted<'a>(before: &str, after: &'a str) -> &'a str {
    assert!(after.len() > before.len(), "nothing was put in");
    let common = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
    // Not within a character: the first byte of one may be that of another.
    let common = (0..=common).rev().find(|at| after.is_char_boundary(*at)).unwrap_or_default();
    let end = common + after.len() - before.len();
    assert_eq!(&before.as_bytes()[common..], &after.as_bytes()[end..], "what comes after the edit is as it was");
    &after[common..end]
}

/// What a run said, with what differs from run to run replaced. What goes on side by side ends in any order.
pub(crate) fn shown(estate: &Estate, run: &Run) -> String {
    let mut text = run.shown(&estate.root()).replace(&estate.home().display().to_string(), "[HOME]");
    if let Some(aws) = estate.aws() {
        text = text.replace(aws.account_id(), "[ACCOUNT]");
    }
    for (number, commit) in estate.commits().iter().enumerate() {
        text = text
            .replace(&commit.id, &format!("[COMMIT {number}]"))
            .replace(&commit.id[..8], &format!("COMMIT-{number}"));
    }
    // Which of the commit tags comes first depends on their digits, and those on the account.
    for (pattern, stands_for) in [
        (r"ref\.\[COMMIT \d\]", "ref.[COMMIT]"),
        (r"[\w-]+@[\w.-]+", "[WHO]"),
        (r"\d{4}-\d{2}-\d{2}T[\d:.]+Z", "[TIME]"),
    ] {
        text = Regex::new(pattern).expect("a pattern").replace_all(&text, stands_for).into_owned();
    }
    let mut lines: Vec<&str> = text.lines().collect();
    lines
        .chunk_by_mut(|one, two| [one, two].iter().all(|line| line.starts_with("  ✓")))
        .for_each(<[&str]>::sort_unstable);
    lines.join("\n")
}

/// What of it is on standard error.
pub(crate) fn talk(estate: &Estate, run: &Run) -> String {
    shown(estate, run).split("--- stderr\n").nth(1).unwrap_or_default().to_owned()
}

/// The program while it runs. What it says goes to files, so that a test can watch it.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) out: PathBuf,
    pub(crate) err: PathBuf,
}

/// Starts the program.
pub(crate) fn start(estate: &Estate, arguments: &[&str]) -> Running {
    begin(estate, program(estate, arguments))
}

/// Starts a command whose output and temporary files are in a folder of the estate's home.
pub(crate) fn begin(estate: &Estate, mut command: Command) -> Running {
    let folder = tempfile::tempdir_in(estate.home()).expect("a folder").keep();
    let (out, err) = (folder.join("out"), folder.join("err"));
    let file = |path: &Path| Stdio::from(File::create(path).expect("a file"));
    command.env("TMPDIR", &folder).stdout(file(&out)).stderr(file(&err));
    Running { child: command.spawn().expect("it starts"), out, err }
}

impl Running {
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.err).unwrap_or_default()
    }

    /// Waits until something holds; fails the test if the program ends before that.
    #[track_caller]
    pub(crate) fn until(&mut self, what: &str, mut holds: impl FnMut() -> bool) -> &mut Self {
        let begun = Instant::now();
        while !holds() {
            let ended = self.child.try_wait().expect("a child of ours");
            assert!(ended.is_none(), "it ended ({ended:?}) before {what}\n{}", self.said());
            assert!(begun.elapsed() < Duration::from_secs(60), "no {what} in a minute\n{}", self.said());
            std::thread::sleep(Duration::from_millis(5));
        }
        self
    }

    /// As Ctrl-C does.
    pub(crate) fn interrupt(&mut self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::INT).expect("a child of ours");
    }

    /// As `kill -9` does: only the program, not what it has started.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a child of ours");
        self.child.wait().expect("a child of ours");
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Run {
        let status = self.child.wait().expect("a child of ours");
        let read = |path: &Path| fs::read_to_string(path).expect("text");
        let folder = self.err.parent().expect("a folder");
        let mut left: Vec<_> = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
        left.retain(|path| *path != self.err && *path != self.out);
        assert!(left.is_empty(), "plans were left behind: {left:?}");
        Run { code: status.code().unwrap_or(-1), out: read(&self.out), err: read(&self.err) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Only where the test failed is it still there.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
