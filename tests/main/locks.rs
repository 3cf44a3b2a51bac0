//! The lock of a pipeline in a table, through the built program.

use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sandbox::{Estate, LocalAws, Switches};
use serde_json::{Value, json};

use crate::support::{Run, program, run};

const TAG: &str = "2022-10-14";

fn estate() -> Estate {
    let aws = LocalAws::shared().expect("a local AWS");
    Estate::small().with_services(2).aws(&aws).dynamodb().build().expect("an estate")
}

fn aws(estate: &Estate) -> &LocalAws {
    estate.aws().expect("the estate has an AWS")
}

fn item(estate: &Estate, key: &str) -> Value {
    let key = json!({ "project": { "S": "concepts" }, "item": { "S": key } });
    let body = json!({ "TableName": "pipelinectl-releases", "Key": key });
    aws(estate).dynamodb("GetItem", &body).expect("an answer")["Item"].clone()
}

#[test]
fn a_lock_is_given_back_at_the_end_and_says_who_had_it_until_then() {
    let estate = estate();
    aws(&estate).forget().expect("an empty log");
    run(&estate, &["tag", TAG, "--yes"]).ends_with(0);
    let calls = aws(&estate).calls().expect("a log");
    let operations: Vec<&str> =
        calls.iter().filter(|call| call.service == "dynamodb").map(|call| call.operation.as_str()).collect();
    assert_eq!((operations.first(), operations.last()), (Some(&"PutItem"), Some(&"DeleteItem")), "{operations:?}");
    let holder =
        &calls.iter().find(|call| call.operation == "PutItem").expect("taken").parameters["Item"]["holder"]["S"];
    assert!(holder.as_str().is_some_and(|holder| holder.contains("\"command\":\"tag 2022-10-14\"")), "{holder}");
    assert_eq!(item(&estate, "lock#2022-10-14"), Value::Null);
}

#[test]
fn whoever_comes_second_is_told_who_is_at_work() {
    let estate = estate();
    let holder = json!({
        "by": "alex@host", "process": 7, "command": "deploy 2022-10-14", "since": "2026-01-02T03:04:05Z", "token": "one",
    });
    let text = |value: &str| json!({ "S": value });
    let item = json!({
        "project": text("concepts"), "item": text("lock#2022-10-14"), "token": text("one"), "sequence": text("7-1"),
        "holder": text(&holder.to_string()), "lease_ms": text("60000"), "renewed": text("2099-01-02T03:04:05Z"),
    });
    let body = json!({ "TableName": "pipelinectl-releases", "Item": item });
    aws(&estate).dynamodb("PutItem", &body).expect("written");
    run(&estate, &["tag", TAG, "--yes"])
        .ends_with(1)
        .says("2022-10-14 is locked by alex@host (process 7, 'deploy 2022-10-14', since 2026-01-02 03:04:05 UTC)")
        .says("--wait-lock 10m");
    assert_eq!(aws(&estate).tagged(&estate.repositories()[0], TAG).expect("an answer"), None);
    // A child of that holder is let in, renews the lock, and leaves it in its place.
    let mut child = program(&estate, &["tag", TAG, "--yes"]);
    child.env("PIPELINECTL_LOCK_TOKEN", "zero,one");
    Run::from(child.output().expect("it runs")).ends_with(0);
    let after = self::item(&estate, "lock#2022-10-14");
    assert_eq!(after["token"]["S"], "one");
    assert_ne!(after["sequence"]["S"], "7-1");
}

#[test]
fn whoever_is_told_to_end_gives_its_lock_back_first() {
    let estate = estate();
    aws(&estate).set(&Switches::new().latency_ms(1500)).expect("set");
    aws(&estate).calls().expect("a log");
    let mut command = program(&estate, &["tag", TAG, "--yes"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
    let begun = Instant::now();
    let reads = || {
        let calls = aws(&estate).calls().expect("a log");
        let locked = calls.iter().position(|call| call.operation == "PutItem");
        locked.is_some_and(|locked| calls[locked..].iter().any(|call| call.service == "ecr"))
    };
    while !reads() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never gets its lock");
        std::thread::sleep(Duration::from_millis(20));
    }
    let process = Pid::from_raw(i32::try_from(child.id()).expect("a process id")).expect("a process id");
    kill_process(process, Signal::TERM).expect("told");
    let status = child.wait().expect("it ends");
    assert!(!status.success());
    aws(&estate).set(&Switches::new().latency_ms(0)).expect("set");
    assert_eq!(item(&estate, "lock#2022-10-14"), Value::Null);
    assert_eq!(aws(&estate).tagged(&estate.repositories()[0], TAG).expect("an answer"), None);
}
