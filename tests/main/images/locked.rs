//! Nothing is written without a lock that lasts.

use std::time::Duration;

use pipelinectl::clock::SystemClock;
use pipelinectl::operations::move_tags::{MoveOutcome, StayReason};
use pipelinectl::releases::{Holder, Lock, Store, TableStore, Times};
use tokio::runtime::Runtime;

use super::*;

/// A lock that soon lets nothing be written any more.
fn short_lock(world: &World, runtime: &Runtime) -> Lock {
    world.aws.create_table("locks", "project", "item").expect("a table");
    let times = Times {
        lease: Duration::from_secs(20),
        renew_every: Duration::from_secs(600),
        margin: Duration::from_secs(18),
        look_every: Duration::from_secs(1),
    };
    let (clock, handle) = (Arc::new(SystemClock), runtime.handle().clone());
    let store = TableStore::new(world.session.table("locks"), "concepts", handle, clock).with_times(times);
    let since = "2026-01-02T03:04:05Z".parse().expect("a time");
    let (by, command, token) = ("alex@host".to_owned(), "tag".to_owned(), "1".to_owned());
    let holder = Holder { by, process: 1, command, since, token };
    let namespace = TAG.parse().expect("a namespace");
    Store::DynamoDb(store).lock(&namespace, &holder, None, Duration::ZERO, |_| {}).expect("a lock")
}

#[test]
fn nothing_is_written_when_the_lock_is_about_to_end() {
    let runtime = Runtime::new().expect("threads");
    let (world, _) = runtime.block_on(World::seeded(12));
    let old: Vec<Digest> = (0..12).map(|n| world.push(n, "old", Kind::Oci, &[TAG])).collect();
    let plan = runtime.block_on(world.moving_plan());
    let lock = short_lock(&world, &runtime);
    // One repository is busy for longer than the lock allows to write.
    world.faults(vec![Fault::always("PutImage", "ThrottlingException").on("weco/s3")]);
    let permit = lock.permit();
    let report = runtime.block_on(move_tags(&world.session, &plan, &permit, &*world.lines));
    assert!(!report.is_done(), "{report:?}");
    assert_eq!(world.digest(3).as_ref(), Some(&old[3]));
    assert!(permit.check().is_err());
    let puts = world.count("PutImage");
    let stays = report.left_standing().filter(|(_, why)| matches!(why, StayReason::NotPermitted(_))).count();
    assert!(stays > 0 && report.not_permitted().is_some(), "nothing is put back without the lock: {report:?}");
    let report = runtime.block_on(move_tags(&world.session, &plan, &permit, &*world.lines));
    assert!(report.rows.iter().any(|row| matches!(row.outcome, MoveOutcome::NotPermitted(_))), "{report:?}");
    assert_eq!(world.count("PutImage"), puts, "nothing is sent any more");
}
