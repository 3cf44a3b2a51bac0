//! Several processes: this test binary, started again.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Case, SHORT, holder, namespace, on_both_stores, record, store_at};
use crate::environment::Environment;
use crate::releases::{Outcome, Record};

on_both_stores!(ten_processes_at_once_lose_nothing, a_killed_holder_blocks_no_longer_than_its_lease);

const ROLE: &str = "TEST_ROLE";
const STORE: &str = "TEST_STORE";
const FOLDER: &str = "TEST_FOLDER";

fn start(case: &Case, role: &str, folder: &Path) -> Child {
    let program = std::env::current_exe().expect("the test binary");
    let mut command = Command::new(program);
    command.args(["releases::tests::processes::the_other_process", "--exact", "--ignored", "--nocapture"]);
    command.env(ROLE, role).env(STORE, &case.address).env(FOLDER, folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
}

#[test]
#[ignore = "what the other tests start; it does nothing by itself"]
fn the_other_process() {
    let environment = Environment::of_process();
    let Some(role) = environment.get(ROLE) else { return };
    let store = store_at(environment.get(STORE).expect("a store"), SHORT);
    let folder = Path::new(environment.get(FOLDER).expect("a folder"));
    let token = format!("process {}", std::process::id());
    let patience = Duration::from_secs(120);
    let _lock = store.lock(&namespace(), &holder(&token), None, patience, |_| ()).expect("got it");
    if role == "hold" {
        std::thread::sleep(Duration::from_secs(600));
        return;
    }
    // Who is alone can count without a lock of the file.
    let inside = folder.join("inside");
    fs::File::create_new(&inside).expect("nobody else is inside");
    let count: u32 = fs::read_to_string(folder.join("count")).expect("a count").parse().expect("a number");
    let begun = record(&format!("20260102T030405.{count:03}Z-{:08x}", std::process::id()));
    store.begin(&namespace(), &begun).expect("begun");
    std::thread::sleep(Duration::from_millis(30));
    fs::write(folder.join("count"), (count + 1).to_string()).expect("counted");
    store.finish(&namespace(), &Record { outcome: Some(Outcome::Verified), ..begun }).expect("finished");
    fs::remove_file(&inside).expect("left");
}

fn ten_processes_at_once_lose_nothing(case: &Case) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("count"), "0").expect("a count");
    let processes: Vec<Child> = (0..10).map(|_| start(case, "count", folder.path())).collect();
    for process in processes {
        let output = process.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
    }
    assert_eq!(fs::read_to_string(folder.path().join("count")).expect("a count"), "10");
    let history = case.store.history(Some(&namespace()), 100).expect("read");
    let ends: Vec<&str> = history.iter().map(|record| &record.id[..19]).collect();
    let expected: Vec<String> = (0..10).rev().map(|count| format!("20260102T030405.{count:03}")).collect();
    assert_eq!(ends, expected, "one record for each, none in the place of another");
    assert!(history.iter().all(Record::ended_well));
    assert_eq!(case.store.unfinished(&namespace()).expect("read"), None);
    assert_eq!(case.store.holder(&namespace()).expect("read"), None);
}

fn a_killed_holder_blocks_no_longer_than_its_lease(case: &Case) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut process = start(case, "hold", folder.path());
    let begun = Instant::now();
    while case.store.holder(&namespace()).expect("read").is_none() {
        if let Some(status) = process.try_wait().expect("asked") {
            let mut said = String::new();
            process.stderr.take().expect("a stream").read_to_string(&mut said).expect("text");
            panic!("{status} {said}");
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not get the lock");
        std::thread::sleep(Duration::from_millis(50));
    }
    process.kill().expect("killed");
    process.wait().expect("gone");
    let begun = Instant::now();
    let lock = case.store.lock(&namespace(), &holder("next"), None, Duration::from_secs(30), |_| ()).expect("got it");
    let limit = if case.aws.is_some() { SHORT.lease + Duration::from_secs(1) } else { Duration::from_millis(500) };
    assert!(begun.elapsed() < limit, "{:?}", begun.elapsed());
    lock.permit().check().expect("ours");
}
