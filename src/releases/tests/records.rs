//! Records and holds.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use super::{Case, in_folder, in_table, namespace, on_both_stores, record};
use crate::pipeline::Namespace;
use crate::releases::{FileStore, Hold, Outcome, Record, ReleaseError, Store};

on_both_stores!(
    a_record_is_unfinished_until_it_ends,
    what_took_the_place_of_another_does_not_lose_it,
    the_record_of_a_command_that_took_over_stays,
    only_the_same_hold_is_taken_back,
    the_newest_comes_first_whatever_its_pipeline,
    a_record_is_found_by_the_beginning_of_its_name,
    a_hold_is_kept_until_it_is_lifted,
    a_list_sees_all_marks_at_once,
);

fn ended(id: &str) -> Record {
    let finished = Some("2026-01-02T03:05:05Z".parse().expect("a time"));
    Record { outcome: Some(Outcome::Verified), finished, ..record(id) }
}

fn ids(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| record.id.as_str()).collect()
}

fn a_record_is_unfinished_until_it_ends(case: &Case) {
    let (store, namespace) = (&case.store, namespace());
    assert_eq!(store.unfinished(&namespace).expect("read"), None);
    assert_eq!(store.history(Some(&namespace), 10).expect("read"), []);
    let begun = record("20260102T030405.000Z-aa");
    store.begin(&namespace, &begun).expect("begun");
    let more = Record { applying: true, ..begun };
    store.begin(&namespace, &more).expect("begun further");
    assert_eq!(store.unfinished(&namespace).expect("read").as_ref(), Some(&more));
    assert_eq!(store.history(Some(&namespace), 10).expect("read"), std::slice::from_ref(&more));
    assert_eq!(store.find(&more.id).expect("read").as_ref(), Some(&more));
    let done = ended(&more.id);
    store.finish(&namespace, &done).expect("finished");
    assert_eq!(store.unfinished(&namespace).expect("read"), None);
    assert_eq!(store.history(Some(&namespace), 10).expect("read"), std::slice::from_ref(&done));
    store.finish(&namespace, &done).expect("a command that was killed just then ends it again");
    assert_eq!(store.history(None, 10).expect("read"), [done]);
}

fn what_took_the_place_of_another_does_not_lose_it(case: &Case) {
    let (store, namespace) = (&case.store, namespace());
    let (first, second) = (record("20260102T030405.000Z-aa"), record("20260102T030406.000Z-bb"));
    store.begin(&namespace, &first).expect("begun");
    store.begin(&namespace, &second).expect("begun");
    assert_eq!(store.unfinished(&namespace).expect("read").as_ref(), Some(&second));
    let history = store.history(Some(&namespace), 10).expect("read");
    let outcomes: Vec<_> = history.iter().map(|record| (record.id.as_str(), record.outcome)).collect();
    assert_eq!(outcomes, [(second.id.as_str(), None), (first.id.as_str(), Some(Outcome::Abandoned))]);
    assert!(!history[1].ended_well() && !history[1].is_unfinished());
}

fn the_record_of_a_command_that_took_over_stays(case: &Case) {
    let (store, namespace) = (&case.store, namespace());
    let (ours, theirs) = (record("20260102T030405.000Z-aa"), record("20260102T030406.000Z-bb"));
    store.begin(&namespace, &ours).expect("begun");
    store.begin(&namespace, &theirs).expect("another command takes ours for abandoned");
    let lost = store.begin(&namespace, &Record { applying: true, ..ours.clone() }).expect_err("no longer ours");
    assert!(matches!(&lost, ReleaseError::LeaseLost { namespace } if namespace == "2022-10-14"), "{lost:?}");
    assert_eq!(store.unfinished(&namespace).expect("read").as_ref(), Some(&theirs));
    store.finish(&namespace, &ended(&ours.id)).expect("finished");
    assert_eq!(store.unfinished(&namespace).expect("read").as_ref(), Some(&theirs));
    let history = store.history(Some(&namespace), 10).expect("read");
    assert_eq!(history, [theirs.clone(), ended(&ours.id)], "how it really ended");
    store.finish(&namespace, &ended(&theirs.id)).expect("finished");
    assert_eq!(store.unfinished(&namespace).expect("read"), None);
}

fn only_the_same_hold_is_taken_back(case: &Case) {
    let (store, namespace) = (&case.store, namespace());
    let (ours, theirs) = (hold("bad parser"), hold("worse parser"));
    assert!(!store.take_back_hold(&namespace, &ours).expect("nothing to lift"));
    store.set_hold(&namespace, &theirs).expect("held");
    assert!(!store.take_back_hold(&namespace, &ours).expect("somebody else's"));
    assert_eq!(store.hold(&namespace).expect("read").as_ref(), Some(&theirs));
    store.set_hold(&namespace, &ours).expect("held");
    assert!(store.take_back_hold(&namespace, &ours).expect("lifted"));
    assert_eq!(store.hold(&namespace).expect("read"), None);
}

fn the_newest_comes_first_whatever_its_pipeline(case: &Case) {
    let store = &case.store;
    let other: Namespace = "2022-10-14-2".parse().expect("a namespace");
    for second in 0..30 {
        let mut record = ended(&format!("20260102T0304{second:02}.000Z-aa"));
        let namespace = if second % 2 == 0 { namespace() } else { other.clone() };
        record.namespace = namespace.to_string();
        store.finish(&namespace, &record).expect("finished");
    }
    let newest = store.history(None, 3).expect("read");
    assert_eq!(ids(&newest), ["20260102T030429.000Z-aa", "20260102T030428.000Z-aa", "20260102T030427.000Z-aa"]);
    let newest = store.history(Some(&namespace()), 2).expect("read");
    assert_eq!(ids(&newest), ["20260102T030428.000Z-aa", "20260102T030426.000Z-aa"]);
    let under_way = Record { namespace: other.to_string(), ..record("20260102T030428.500Z-aa") };
    store.begin(&other, &under_way).expect("begun");
    let newest = store.history(None, 2).expect("read");
    assert_eq!(ids(&newest), ["20260102T030429.000Z-aa", "20260102T030428.500Z-aa"]);
    assert_eq!(store.history(Some(&other), 100).expect("read").len(), 16, "all there are");
    assert_eq!(store.history(None, 0).expect("read"), []);
}

fn a_record_is_found_by_the_beginning_of_its_name(case: &Case) {
    let (store, namespace) = (&case.store, namespace());
    for id in ["20260102T030405.000Z-aa", "20260102T030405.000Z-aab", "20260103T030405.000Z-bb"] {
        store.finish(&namespace, &ended(id)).expect("finished");
    }
    let found = |text: &str| store.find(text).map(|record| record.map(|record| record.id));
    assert_eq!(found("20260103").expect("one").as_deref(), Some("20260103T030405.000Z-bb"));
    assert_eq!(found("20260102T030405.000Z-aa").expect("the very one").as_deref(), Some("20260102T030405.000Z-aa"));
    assert_eq!(found("2025").expect("none"), None);
    let Err(ReleaseError::Ambiguous { ids, .. }) = found("20260102") else { panic!("two begin so") };
    assert_eq!(ids, ["20260102T030405.000Z-aab", "20260102T030405.000Z-aa"]);
}

fn hold(reason: &str) -> Hold {
    Hold {
        by: "alex@host".to_owned(),
        since: "2026-01-02T03:04:05Z".parse().expect("a time"),
        reason: reason.to_owned(),
        release: Some("20260102T030405.000Z-aa".to_owned()),
    }
}

fn a_hold_is_kept_until_it_is_lifted(case: &Case) {
    let (store, namespace) = (&case.store, namespace());
    assert_eq!(store.hold(&namespace).expect("read"), None);
    store.refuse_held(&namespace).expect("nothing keeps deployments away");
    store.set_hold(&namespace, &hold("bad parser")).expect("held");
    store.set_hold(&namespace, &hold("worse parser")).expect("held again");
    assert_eq!(store.hold(&namespace).expect("read"), Some(hold("worse parser")));
    let refusal = store.refuse_held(&namespace).expect_err("held").to_string();
    assert_eq!(refusal, "the pipeline 2022-10-14 is held by alex@host since 2026-01-02 03:04:05 UTC: worse parser");
    assert_eq!(store.remove_hold(&namespace).expect("lifted"), Some(hold("worse parser")));
    assert_eq!(store.remove_hold(&namespace).expect("nothing to lift"), None);
}

fn a_list_sees_all_marks_at_once(case: &Case) {
    let (store, one) = (&case.store, namespace());
    let other: Namespace = "2022-10-14-2".parse().expect("a namespace");
    store.set_hold(&one, &hold("bad parser")).expect("held");
    store.begin(&other, &record("20260102T030405.000Z-aa")).expect("begun");
    let marks = store.marks().expect("read");
    assert_eq!(marks.held.keys().collect::<Vec<_>>(), [one.as_str()]);
    assert_eq!(marks.unfinished.keys().collect::<Vec<_>>(), [other.as_str()]);
}

#[test]
fn a_record_in_a_file_is_private() {
    let case = in_folder();
    let (namespace, record) = (namespace(), record("20260102T030405.000Z-aa"));
    let Store::File(_) = &case.store else { panic!("a file store") };
    case.store.begin(&namespace, &record).expect("begun");
    case.store.set_hold(&namespace, &hold("bad parser")).expect("held");
    let folder = std::path::PathBuf::from(case.store.place()).join(namespace.as_str());
    let mode = |name: &str| fs::metadata(folder.join(name)).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode("unfinished.json"), mode("hold.json")), (0o600, 0o600));
    case.store.finish(&namespace, &ended(&record.id)).expect("finished");
    assert_eq!(mode("releases/20260102T030405.000Z-aa.json"), 0o600);
}

#[test]
fn what_ended_just_before_its_command_was_killed_is_not_abandoned() {
    let case = in_folder();
    let (store, namespace) = (&case.store, namespace());
    let (first, next) = (record("20260102T030405.000Z-aa"), record("20260102T030406.000Z-bb"));
    store.begin(&namespace, &first).expect("begun");
    store.keep(&namespace, &ended(&first.id)).expect("the first of two steps of ending it");
    store.begin(&namespace, &next).expect("begun");
    assert_eq!(store.history(Some(&namespace), 10).expect("read"), [next, ended(&first.id)]);
}

#[test]
fn a_hundred_thousand_files_do_not_make_it_slow() {
    let case = in_folder();
    let namespace = namespace();
    case.store.finish(&namespace, &ended("20260102T030405.000Z-aa")).expect("finished");
    let folder = std::path::PathBuf::from(case.store.place()).join(namespace.as_str()).join("releases");
    for number in 0..100_000 {
        // Older ones, and empty: who reads one of them fails.
        fs::File::create(folder.join(format!("20250102T030405.000Z-{number:08x}.json"))).expect("a file");
    }
    let begun = Instant::now();
    let newest = case.store.history(Some(&namespace), 1).expect("read");
    assert_eq!(ids(&newest), ["20260102T030405.000Z-aa"]);
    assert_eq!(case.store.find("2026").expect("one").expect("found").id, newest[0].id);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[test]
fn a_long_history_in_a_table_is_read_no_further_than_needed() {
    let case = in_table();
    let (namespace, aws) = (namespace(), case.aws.as_ref().expect("a table"));
    for number in 0..40 {
        case.store.finish(&namespace, &ended(&format!("20260102T030405.0{number:02}Z-aa"))).expect("finished");
    }
    aws.forget().expect("an empty log");
    assert_eq!(case.store.history(Some(&namespace), 5).expect("read").len(), 5);
    let calls = aws.calls().expect("a log");
    let queries: Vec<_> = calls.iter().filter(|call| call.operation == "Query").collect();
    assert_eq!(queries.len(), 1);
    assert_eq!(
        (&queries[0].parameters["Limit"], &queries[0].parameters["ScanIndexForward"]),
        (&5.into(), &false.into())
    );
    assert!(calls.iter().all(|call| ["Query", "GetItem"].contains(&call.operation.as_str())));
}

#[test]
fn records_that_fill_several_pages_are_all_read() {
    let case = in_table();
    let namespace = namespace();
    for number in 0..12 {
        let mut record = ended(&format!("20260102T030405.0{number:02}Z-aa"));
        // A page of DynamoDB ends at one megabyte ("Query", "Paginating the Results").
        record.reason = Some("x".repeat(150_000));
        case.store.finish(&namespace, &record).expect("finished");
    }
    let calls_before = case.aws.as_ref().expect("a table").calls().expect("a log").len();
    assert_eq!(case.store.history(Some(&namespace), 100).expect("read").len(), 12);
    let calls = case.aws.as_ref().expect("a table").calls().expect("a log");
    let queries = calls[calls_before..].iter().filter(|call| call.operation == "Query").count();
    assert!(queries >= 2, "{queries} pages");
}

/// What was written before the account was configured is found afterwards.
#[test]
fn the_account_may_be_configured_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = |account| Store::File(FileStore::below(folder.path(), "concepts", account));
    let (before, after, namespace) = (store(None), store(Some("123456789012")), namespace());
    let hold = |reason: &str| Hold {
        by: "you".to_owned(),
        since: "2026-01-02T03:04:05Z".parse().expect("a time"),
        reason: reason.to_owned(),
        release: None,
    };
    let (old, begun) = (ended("20260102T030405.000Z-aa"), record("20260102T030406.000Z-bb"));
    before.set_hold(&namespace, &hold("first")).expect("held");
    before.keep(&namespace, &old).expect("kept");
    before.begin(&namespace, &begun).expect("begun");

    assert_eq!(after.hold(&namespace).expect("read"), Some(hold("first")));
    assert_eq!(ids(&after.history(Some(&namespace), 10).expect("read")), [&*begun.id, &*old.id]);
    assert_eq!(ids(&after.history(None, 10).expect("read")), [&*begun.id, &*old.id]);
    assert_eq!(after.find(&old.id).expect("read").as_ref(), Some(&old));
    assert_eq!(after.unfinished(&namespace).expect("read").as_ref(), Some(&begun));
    let marks = after.marks().expect("read");
    assert_eq!((marks.held.len(), marks.unfinished.len()), (1, 1));

    after.finish(&namespace, &ended(&begun.id)).expect("finished");
    assert_eq!(after.unfinished(&namespace).expect("read"), None);
    assert_eq!(before.unfinished(&namespace).expect("read"), None);
    after.set_hold(&namespace, &hold("second")).expect("held");
    assert_eq!(after.marks().expect("read").held.values().collect::<Vec<_>>(), [&hold("second")]);
    assert_eq!(after.remove_hold(&namespace).expect("lifted"), Some(hold("second")));
    assert_eq!(after.hold(&namespace).expect("read"), None, "no older one comes back");
    assert_eq!(ids(&after.history(None, 10).expect("read")), [&*begun.id, &*old.id]);
    assert_eq!(ids(&before.history(None, 10).expect("read")), [&*old.id], "nothing is written there any more");
}
