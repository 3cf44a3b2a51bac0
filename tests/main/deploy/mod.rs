//! Code reaches a pipeline: `deploy`, `rollback`, `notify` and `retag` on the local AWS, through the built program.

mod choose;
mod incidents;
mod killed;
mod restore;
mod retag;
mod terraform;
mod together;
mod trouble;
mod weather;

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use regex_lite::Regex;
use rustix::process::{Pid, Signal, kill_process};
use sandbox::estate::{Builder, Commit};
use sandbox::{Call, Estate, Fault, LocalAws, Switches};
use serde_json::Value;

use crate::errors::shown;
use crate::support::{Run, program, run};

/// The pipeline that is live.
const LIVE: &str = "2022-08-31";

/// The first services of every estate.
const INGESTOR: &str = "concepts_ingestor";
const AGGREGATOR: &str = "concepts_aggregator";
const BULK: &str = "concepts_aggregator_bulk";
const RECORDER: &str = "concepts_recorder";

/// An estate whose live pipeline runs, in an account of its own whose log begins now.
fn built(builder: Builder) -> Estate {
    let estate = builder.aws(&LocalAws::shared().expect("the local AWS starts")).build().expect("an estate");
    aws(&estate).forget().expect("an empty log");
    estate
}

/// So many services, Lambda functions all.
fn functions(services: usize) -> Estate {
    built(Estate::deployed().with_services(services))
}

fn aws(estate: &Estate) -> &LocalAws {
    estate.aws().expect("the estate has an AWS")
}

fn set(estate: &Estate, switches: &Switches) {
    aws(estate).set(switches).expect("switched");
}

fn faults(estate: &Estate, faults: Vec<Fault>) {
    set(estate, &Switches::new().faults(faults));
}

fn forget(estate: &Estate) {
    aws(estate).forget().expect("an empty log");
}

/// The name of what runs a service of the live pipeline.
fn target(service: &str) -> String {
    format!("{LIVE}-{service}")
}

/// What a tag names in each repository; `-` where there is none.
fn named(estate: &Estate, tag: &str) -> Vec<String> {
    let digest = |repository: &String| {
        let image = aws(estate).tagged(repository, tag).expect("an answer");
        image.map_or_else(|| "-".to_owned(), |image| image.digest)
    };
    estate.repositories().iter().map(digest).collect()
}

/// What runs each service of the live pipeline.
fn running(estate: &Estate) -> Vec<String> {
    estate.services().iter().map(|service| runs(estate, service)).collect()
}

/// What a service of the live pipeline runs.
fn runs(estate: &Estate, service: &str) -> String {
    let name = target(service);
    if let Some(digest) = estate.running_function(&name).expect("an answer") {
        return digest;
    }
    let digests = estate.running_tasks(&name).expect("an answer");
    // A task of an index tells the digest of the index's child.
    let image = aws(estate).tagged(&repository(estate, service), LIVE).expect("an answer");
    match (digests.as_slice(), image) {
        ([child], Some(image)) if image.manifest.contains(child) => image.digest,
        _ => digests.join(" and "),
    }
}

/// The repository of a service's images.
fn repository(estate: &Estate, service: &str) -> String {
    let settings = estate.read("pipelinectl.toml").expect("readable");
    let (_, rest) = settings.split_once(&format!("name = \"{service}\"\nrepository = \"")).expect("a service");
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// The live pipeline's tags name the images of this tag, and its services run them.
#[track_caller]
fn is_at(estate: &Estate, tag: &str) {
    assert!(!named(estate, tag).contains(&"-".to_owned()), "{tag} is not everywhere");
    assert_eq!(named(estate, LIVE), named(estate, tag), "the tags do not name the images of {tag}");
    for service in estate.services() {
        let image = aws(estate).tagged(&repository(estate, service), tag).expect("an answer");
        assert_eq!(Some(runs(estate, service)), image.map(|image| image.digest), "{service} does not run {tag}");
    }
}

/// The calls that did something, in their order.
fn done(estate: &Estate, operation: &str) -> Vec<Call> {
    let calls = aws(estate).calls().expect("a call log");
    calls.into_iter().filter(|call| call.operation == operation && call.status == Some(200)).collect()
}

/// The repositories in which a tag was given, in order of their names.
fn moved(estate: &Estate) -> Vec<String> {
    names(&done(estate, "PutImage"), "repositoryName")
}

/// The functions and ECS services that were restarted, in order of their names, once for each time.
fn restarted(estate: &Estate) -> Vec<String> {
    let mut names =
        [names(&done(estate, "UpdateFunctionCode"), "FunctionName"), names(&done(estate, "UpdateService"), "service")]
            .concat();
    names.sort();
    names
}

fn names(calls: &[Call], parameter: &str) -> Vec<String> {
    let mut names: Vec<String> =
        calls.iter().filter_map(|call| Some(call.parameter(parameter)?.rsplit('/').next()?.to_owned())).collect();
    names.sort();
    names
}

/// The functions and ECS services of these services of the live pipeline, in order of their names.
fn targets(services: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = services.iter().map(|service| target(service)).collect();
    names.sort();
    names
}

/// Nothing was changed but locks and records.
#[track_caller]
fn nothing_was_changed(estate: &Estate) {
    let calls = aws(estate).calls().expect("a call log");
    let writes: Vec<&Call> = calls
        .iter()
        .filter(|call| call.is_write() && call.service != "dynamodb" && !call.operation.ends_with("Preview"))
        .collect();
    assert!(writes.is_empty(), "{writes:#?}");
}

/// The records of the live pipeline, oldest first; those that did not end come last.
fn records(estate: &Estate) -> Vec<Value> {
    let mut records = if estate.read("pipelinectl.toml").expect("readable").contains("dynamodb") {
        records_of_table(estate)
    } else {
        records_of_files(estate)
    };
    records.sort_by_key(|record| record["id"].as_str().map(str::to_owned));
    records
}

fn records_of_files(estate: &Estate) -> Vec<Value> {
    let mut found = Vec::new();
    let mut folders = vec![estate.home()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path: PathBuf = entry.expect("an entry").path();
            let is_record = folder.ends_with("releases") || path.ends_with("unfinished.json");
            if path.is_dir() {
                folders.push(path);
            } else if is_record && path.extension().is_some_and(|extension| extension == "json") {
                found.push(serde_json::from_str(&fs::read_to_string(&path).expect("readable")).expect("a record"));
            }
        }
    }
    found
}

fn records_of_table(estate: &Estate) -> Vec<Value> {
    let scan = serde_json::json!({ "TableName": "pipelinectl-releases" });
    let items = aws(estate).dynamodb("Scan", &scan).expect("an answer")["Items"].take();
    let is_record = |item: &&Value| {
        let key = item["item"]["S"].as_str().unwrap_or_default();
        key.starts_with("release#") || key.starts_with("unfinished#")
    };
    let body = |item: &Value| serde_json::from_str(item["body"]["S"].as_str()?).ok();
    items.as_array().expect("items").iter().filter(is_record).filter_map(body).collect()
}

/// The newest record.
#[track_caller]
fn record(estate: &Estate) -> Value {
    records(estate).pop().expect("a record")
}

/// How each record ended, oldest first.
fn outcomes(estate: &Estate) -> Vec<String> {
    let outcome = |record: &Value| record["outcome"].as_str().unwrap_or("unfinished").to_owned();
    records(estate).iter().map(outcome).collect()
}

/// How it ended for the target of each service, by the newest record.
fn endings(estate: &Estate) -> Vec<(String, String)> {
    let record = record(estate);
    let services = record["services"].as_array().expect("services").iter();
    let ending = |service: &Value| {
        let ending = service["targets"][0]["ending"].as_str().unwrap_or("none");
        (service["service"].as_str().unwrap_or_default().to_owned(), ending.to_owned())
    };
    services.map(ending).collect()
}

/// A run as a snapshot shows it; these commits, which were made after the estate, are `commit A` and so on.
fn told(estate: &Estate, run: &Run, commits: &[&Commit]) -> String {
    let mut text = shown(estate, run);
    for (letter, commit) in ('A'..='Z').zip(commits) {
        text = text.replace(&commit.id, &format!("[COMMIT {letter}]"));
        text = text.replace(&commit.id[..8], &format!("commit {letter}"));
    }
    for (pattern, stands_for) in [
        (r"\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{8}", "[RELEASE]"),
        (r"ecs-svc/\d+", "ecs-svc/[ID]"),
        (r"\b[0-9a-f]{12}\b", "[the digest]"),
    ] {
        text = text.replace("999999999999", "[OTHER]");
        text = Regex::new(pattern).expect("a pattern").replace_all(&text, stands_for).into_owned();
    }
    text
}

/// A run of the program that goes on beside the test, with a deadline.
struct Going {
    child: Child,
}

fn start(estate: &Estate, arguments: &[&str]) -> Going {
    let mut command = program(estate, arguments);
    Going { child: command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts") }
}

impl Going {
    /// Waits until something is so; false when the program ended before.
    #[track_caller]
    fn until(&mut self, what: &str, is_so: impl Fn() -> bool) -> bool {
        let begun = Instant::now();
        loop {
            if is_so() {
                return true;
            }
            if self.child.try_wait().expect("waited").is_some() {
                return false;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{what} never comes");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn signal(&self, signal: Signal) {
        let process = Pid::from_raw(i32::try_from(self.child.id()).expect("a number")).expect("a process");
        // It may have ended by itself.
        let _ = kill_process(process, signal);
    }

    fn ended(self) -> Run {
        self.child.wait_with_output().expect("it ends").into()
    }
}
