//! What only a lease can do wrong: run out, be taken over, have its answers lost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use sandbox::{Fault, Switches};

use super::{Case, SHORT, holder, in_table, namespace, record, store_at, table_store};
use crate::clock::{Clock, SystemClock};
use crate::releases::{Outcome, Record, ReleaseError, Store, Times};

/// A holder that does not renew, as one whose machine hangs.
const HANGING: Times = Times { renew_every: Duration::from_secs(3600), ..SHORT };

/// A clock that is wrong by so many seconds.
struct Wrong(i64);

impl Clock for Wrong {
    fn now(&self) -> Timestamp {
        SystemClock.now() + jiff::SignedDuration::from_secs(self.0)
    }
}

fn with_clock(case: &Case, clock: Wrong) -> Store {
    let parts: Vec<&str> = case.address.split(' ').collect();
    Store::DynamoDb(table_store(parts[1], parts[2], Arc::new(clock)).with_times(SHORT))
}

#[test]
fn a_holder_that_hangs_is_taken_over_and_writes_no_more() {
    let case = in_table();
    let hanging = store_at(&case.address, HANGING);
    let first = hanging.lock(&namespace(), &holder("one"), None, Duration::ZERO, |_| ()).expect("free");
    let permit = first.permit();
    permit.check().expect("fresh");
    let begun = Instant::now();
    let second = case.store.lock(&namespace(), &holder("two"), None, Duration::from_secs(20), |_| ()).expect("got it");
    assert!(matches!(permit.check(), Err(ReleaseError::LeaseShort { .. })), "it knew before the other had it");
    let waited = begun.elapsed();
    assert!(waited >= SHORT.lease && waited < SHORT.lease * 2, "{waited:?}");
    drop(first);
    second.permit().check().expect("the first one gave back nothing that is the second's");
    assert_eq!(case.store.holder(&namespace()).expect("read").expect("held").token, "two");
}

#[test]
fn a_permit_ends_before_the_lease_when_the_table_cannot_be_reached() {
    let case = in_table();
    let aws = case.aws.as_ref().expect("a table");
    let lock = case.store.lock(&namespace(), &holder("one"), None, Duration::ZERO, |_| ()).expect("free");
    let begun = Instant::now();
    aws.set(&Switches::new().faults(vec![Fault::always("PutItem", "InternalServerError").status(500)])).expect("set");
    while lock.permit().check().is_ok() {
        assert!(begun.elapsed() < SHORT.lease, "it must have ended before its lease");
        std::thread::sleep(Duration::from_millis(20));
    }
    aws.set(&Switches::new().faults(Vec::new())).expect("set");
    let begun = Instant::now();
    while lock.permit().check().is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10), "nobody took it, so it is renewed in the end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_holder_whose_lock_was_taken_away_learns_it() {
    let case = in_table();
    let aws = case.aws.as_ref().expect("a table");
    let lock = case.store.lock(&namespace(), &holder("one"), None, Duration::ZERO, |_| ()).expect("free");
    let key = serde_json::json!({
        "TableName": super::TABLE,
        "Key": { "project": { "S": "concepts" }, "item": { "S": "lock#2022-10-14" } },
    });
    aws.dynamodb("DeleteItem", &key).expect("deleted");
    std::thread::sleep(SHORT.renew_every * 2);
    assert!(matches!(lock.permit().check(), Err(ReleaseError::LeaseLost { .. })));
    assert_eq!(case.store.holder(&namespace()).expect("read"), None, "a renewal does not bring it back");
}

#[test]
fn an_answer_that_was_lost_is_recognised_by_our_token() {
    let case = in_table();
    let aws = case.aws.as_ref().expect("a table");
    let lost = Fault::nth("PutItem", 1, "InternalServerError").status(500).after_effect();
    aws.set(&Switches::new().faults(vec![lost])).expect("set");
    let begun = Instant::now();
    let lock = case.store.lock(&namespace(), &holder("one"), None, Duration::ZERO, |_| ()).expect("ours");
    assert!(begun.elapsed() < SHORT.lease, "nobody waits for oneself: {:?}", begun.elapsed());
    lock.permit().check().expect("ours");
    assert!(matches!(
        case.store.lock(&namespace(), &holder("two"), None, Duration::ZERO, |_| ()),
        Err(ReleaseError::Held { .. })
    ));
}

#[test]
fn a_wrong_clock_takes_no_lock_away() {
    let case = in_table();
    let _lock = case.store.lock(&namespace(), &holder("one"), None, Duration::ZERO, |_| ()).expect("free");
    for wrong in [-86400, 86400] {
        let store = with_clock(&case, Wrong(wrong));
        let begun = Instant::now();
        let result = store.lock(&namespace(), &holder("two"), None, Duration::ZERO, |_| ());
        assert!(matches!(result, Err(ReleaseError::Held { .. })), "a clock that is wrong by {wrong} s");
        assert!(begun.elapsed() < SHORT.lease, "one renewal says that it lives: {:?}", begun.elapsed());
    }
}

#[test]
fn a_dead_holder_is_waited_for_also_without_patience() {
    let case = in_table();
    let hanging = store_at(&case.address, HANGING);
    let dead = hanging.lock(&namespace(), &holder("one"), None, Duration::ZERO, |_| ()).expect("free");
    let result = case.store.lock(&namespace(), &holder("two"), None, Duration::ZERO, |_| ());
    assert!(matches!(result, Err(ReleaseError::Held { .. })), "it may still live");
    std::thread::sleep(SHORT.lease + Duration::from_millis(200));
    assert_eq!(case.store.holder(&namespace()).expect("read"), None, "it seems to be dead");
    case.store.lock(&namespace(), &holder("two"), None, Duration::ZERO, |_| ()).expect("taken over");
    drop(dead);
}

#[test]
fn a_child_keeps_the_lease_of_a_parent_that_died() {
    let case = in_table();
    let hanging = store_at(&case.address, HANGING);
    let parent = hanging.lock(&namespace(), &holder("parent"), None, Duration::ZERO, |_| ()).expect("free");
    let child =
        case.store.lock(&namespace(), &holder("child"), Some("parent"), Duration::ZERO, |_| ()).expect("let in");
    std::thread::sleep(SHORT.lease + SHORT.renew_every);
    child.permit().check().expect("renewed by the child");
    assert_eq!(case.store.holder(&namespace()).expect("read").expect("held").token, "parent");
    drop(parent);
    std::thread::sleep(SHORT.renew_every * 2);
    assert!(matches!(child.permit().check(), Err(ReleaseError::LeaseLost { .. })), "the parent gave it back");
}

#[test]
fn it_works_while_a_third_of_all_calls_fail() {
    let case = in_table();
    let aws = case.aws.as_ref().expect("a table");
    let fault = |nth: u32| match nth % 9 {
        2 => Some(Fault::nth("*", nth, "ThrottlingException")),
        5 => Some(Fault::nth("*", nth, "ProvisionedThroughputExceededException")),
        7 => Some(Fault::nth("*", nth, "InternalServerError").status(500).after_effect()),
        _ => None,
    };
    let namespace = namespace();
    for number in 0..8 {
        // First by plan, with answers that are lost; then by chance.
        let faults = Switches::new().faults((1..400).filter_map(fault).collect());
        let chance = Switches::new().faults(Vec::new()).chaos(0.3, &["ThrottlingException", "InternalServerError"]);
        match number {
            0 => aws.set(&faults).expect("set"),
            4 => aws.set(&chance).expect("set"),
            _ => {}
        }
        let begun = record(&format!("2026010{number}T030405.000Z-aa"));
        let lock =
            case.store.lock(&namespace, &holder(&begun.id), None, Duration::from_secs(20), |_| ()).expect("got it");
        case.store.begin(&namespace, &begun).expect("begun");
        lock.permit().check().expect("ours");
        case.store.finish(&namespace, &Record { outcome: Some(Outcome::Verified), ..begun }).expect("finished");
    }
    aws.set(&Switches::new().calm()).expect("set");
    let history = case.store.history(Some(&namespace), 10).expect("read");
    assert_eq!(history.len(), 8);
    assert!(history.iter().all(Record::ended_well));
    let failed = aws.calls().expect("a log").iter().filter(|call| call.status >= Some(400)).count();
    assert!(failed >= 10, "{failed} calls failed");
}

#[test]
fn a_missing_table_says_so() {
    let case = in_table();
    let aws = case.aws.as_ref().expect("a table");
    let name = serde_json::json!({ "TableName": super::TABLE });
    aws.dynamodb("DeleteTable", &name).expect("deleted");
    let error = case.store.unfinished(&namespace()).expect_err("no table");
    assert_eq!(error.to_string(), "there is no DynamoDB table pipelinectl-releases in eu-west-1");
    let Err(error) = case.store.lock(&namespace(), &holder("one"), None, Duration::ZERO, |_| ()) else {
        panic!("no table")
    };
    assert_eq!(error.to_string(), "there is no DynamoDB table pipelinectl-releases in eu-west-1");
}
