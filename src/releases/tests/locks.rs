//! One at a time, whoever waits gets it, children are let in.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use super::{Case, holder, namespace, on_both_stores, store_at};
use crate::releases::{Lock, ReleaseError, Store, Times};

on_both_stores!(
    one_is_let_in_at_a_time_and_the_other_is_told_who_that_is,
    pipelines_do_not_wait_for_each_other,
    a_waiter_gets_it_when_it_is_given_back,
    a_waiter_is_told_of_each_holder_once,
    a_child_works_under_its_parents_lock_and_does_not_give_it_back,
    a_token_that_nobody_holds_lets_nobody_in,
);

const LONG: Duration = Duration::from_secs(20);

fn take(store: &Store, token: &str, inherited: Option<&str>, patience: Duration) -> Result<Lock, ReleaseError> {
    store.lock(&namespace(), &holder(token), inherited, patience, |_| ())
}

fn one_is_let_in_at_a_time_and_the_other_is_told_who_that_is(case: &Case) {
    let store = &case.store;
    assert_eq!(store.holder(&namespace()).expect("read"), None);
    let first = take(store, "one", None, Duration::ZERO).expect("free");
    first.permit().check().expect("ours");
    assert_eq!(store.holder(&namespace()).expect("read").expect("held").token, "one");
    let Err(ReleaseError::Held { holder, namespace: name }) = take(store, "two", None, Duration::ZERO) else {
        panic!("held")
    };
    assert_eq!((holder.by.as_str(), holder.command.as_str()), ("alex@host", "deploy 2022-10-14"));
    assert_eq!(name, "2022-10-14");
    drop(first);
    assert_eq!(store.holder(&namespace()).expect("read"), None);
    take(store, "two", None, Duration::ZERO).expect("free again");
}

fn pipelines_do_not_wait_for_each_other(case: &Case) {
    let _first = take(&case.store, "one", None, Duration::ZERO).expect("free");
    let other = "2022-10-14-2".parse().expect("a namespace");
    case.store.lock(&other, &holder("two"), None, Duration::ZERO, |_| ()).expect("free");
}

fn a_waiter_gets_it_when_it_is_given_back(case: &Case) {
    let first = take(&case.store, "one", None, Duration::ZERO).expect("free");
    let begun = Instant::now();
    let freed = std::thread::spawn(move || {
        // Longer than a lease, so the first one must have renewed.
        std::thread::sleep(Duration::from_millis(2600));
        first.permit().check().expect("still ours");
        drop(first);
    });
    let second = take(&case.store, "two", None, LONG).expect("got it");
    assert!(begun.elapsed() >= Duration::from_millis(2600), "{:?}", begun.elapsed());
    second.permit().check().expect("ours");
    freed.join().expect("ended");
}

fn a_waiter_is_told_of_each_holder_once(case: &Case) {
    let first = take(&case.store, "one", None, Duration::ZERO).expect("free");
    let (address, told) = (case.address.clone(), RefCell::new(Vec::new()));
    let others = std::thread::spawn(move || {
        let store = store_at(&address, super::SHORT);
        std::thread::sleep(Duration::from_millis(400));
        drop(first);
        let second = take(&store, "two", None, Duration::ZERO).expect("free");
        std::thread::sleep(Duration::from_millis(700));
        drop(second);
    });
    // It looks so rarely that the second one is there before it looks again.
    let times = Times { look_every: Duration::from_millis(600), ..super::SHORT };
    let store = store_at(&case.address, times);
    let waiting = |other: &crate::releases::Holder| told.borrow_mut().push(other.token.clone());
    let third = store.lock(&namespace(), &holder("three"), None, LONG, waiting);
    others.join().expect("ended");
    third.expect("got it");
    let told = told.into_inner();
    // The waiter of a folder looks more often, and may be let in between the two.
    assert!(told == ["one", "two"] || (told == ["one"] && case.aws.is_none()), "{told:?}");
}

fn a_child_works_under_its_parents_lock_and_does_not_give_it_back(case: &Case) {
    let parent = take(&case.store, "parent", None, Duration::ZERO).expect("free");
    let child = take(&case.store, "child", Some("grandparent,parent"), Duration::ZERO).expect("let in");
    let another = take(&case.store, "another", Some("parent"), Duration::ZERO).expect("let in");
    child.permit().check().expect("the parent's lease is there");
    drop(child);
    drop(another);
    parent.permit().check().expect("still the parent's");
    assert!(matches!(take(&case.store, "two", None, Duration::ZERO), Err(ReleaseError::Held { .. })));
    assert!(matches!(take(&case.store, "two", Some("child"), Duration::ZERO), Err(ReleaseError::Held { .. })));
    drop(parent);
    take(&case.store, "two", None, Duration::ZERO).expect("free again");
}

fn a_token_that_nobody_holds_lets_nobody_in(case: &Case) {
    // Two children of a parent that has another pipeline's lock: they exclude each other.
    let first = take(&case.store, "child 1", Some("parent"), Duration::ZERO).expect("free");
    assert!(matches!(take(&case.store, "child 2", Some("parent"), Duration::ZERO), Err(ReleaseError::Held { .. })));
    drop(first);
}
