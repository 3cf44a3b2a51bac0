//! Whether a lock still allows to write.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::super::ReleaseError;
use crate::clock::Clock;

/// Says before each write whether the lock still holds. Cheap: nothing is asked for it.
#[derive(Debug, Clone)]
pub struct Permit {
    lease: Option<Arc<Lease>>,
}

impl Permit {
    /// Of a lock that the operating system keeps for as long as the process lives.
    pub fn always() -> Self {
        Self { lease: None }
    }

    pub(super) fn of(lease: Arc<Lease>) -> Self {
        Self { lease: Some(lease) }
    }

    /// An error when so little of the lease is left that a write might come after its end.
    pub fn check(&self) -> Result<(), ReleaseError> {
        self.lease.as_ref().map_or(Ok(()), |lease| lease.check())
    }
}

/// How long a lock is ours, as far as we know.
pub(super) struct Lease {
    namespace: String,
    /// How much must be left for a write.
    margin: Duration,
    clock: Arc<dyn Clock>,
    until: Mutex<Until>,
    lost: AtomicBool,
}

/// The same moment on two clocks. The first one stands still while the machine sleeps, the second one may be set: the
/// lease counts only while both agree to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Until {
    monotonic: Instant,
    wall: Timestamp,
}

impl Until {
    /// A moment from now on the two clocks.
    pub fn after(clock: &dyn Clock, time: Duration) -> Self {
        let wall = clock.now().saturating_add(time).unwrap_or(Timestamp::MIN);
        Self { monotonic: Instant::now() + time, wall }
    }
}

impl Lease {
    pub fn new(namespace: &str, margin: Duration, clock: Arc<dyn Clock>, until: Until) -> Self {
        Self { namespace: namespace.to_owned(), margin, clock, until: Mutex::new(until), lost: AtomicBool::new(false) }
    }

    /// The lease was renewed.
    pub fn extend(&self, until: Until) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }

    /// Somebody else has the lock, or it was given back.
    pub fn lose(&self) {
        self.lost.store(true, Ordering::SeqCst);
    }

    fn check(&self) -> Result<(), ReleaseError> {
        let namespace = self.namespace.clone();
        if self.lost.load(Ordering::SeqCst) {
            return Err(ReleaseError::LeaseLost { namespace });
        }
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let left = until.monotonic.saturating_duration_since(Instant::now());
        let on_the_wall = until.wall.duration_since(self.clock.now());
        let on_the_wall = Duration::try_from(on_the_wall).unwrap_or(Duration::ZERO);
        if left.min(on_the_wall) < self.margin {
            return Err(ReleaseError::LeaseShort { namespace });
        }
        Ok(())
    }
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Lease")
            .field("namespace", &self.namespace)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct At(Mutex<Timestamp>);

    impl Clock for At {
        fn now(&self) -> Timestamp {
            *self.0.lock().expect("not poisoned")
        }
    }

    fn lease(clock: &Arc<At>, left: u64) -> (Arc<Lease>, Permit) {
        let clock: Arc<dyn Clock> = Arc::clone(clock) as Arc<dyn Clock>;
        let until = Until::after(&*clock, Duration::from_secs(left));
        let lease = Arc::new(Lease::new("2022-10-14", Duration::from_secs(15), clock, until));
        (Arc::clone(&lease), Permit::of(lease))
    }

    fn clock() -> Arc<At> {
        Arc::new(At(Mutex::new("2026-01-02T03:04:05Z".parse().expect("a time"))))
    }

    #[test]
    fn nothing_is_written_in_the_last_seconds_of_a_lease() {
        let clock = clock();
        assert!(lease(&clock, 17).1.check().is_ok());
        let (lease, permit) = lease(&clock, 14);
        assert!(matches!(permit.check(), Err(ReleaseError::LeaseShort { .. })));
        lease.extend(Until::after(&*clock, Duration::from_secs(60)));
        assert!(permit.check().is_ok(), "renewed");
        lease.lose();
        assert!(matches!(permit.check(), Err(ReleaseError::LeaseLost { .. })));
        assert!(Permit::always().check().is_ok());
    }

    #[test]
    fn a_machine_that_slept_has_no_lease_left() {
        let clock = clock();
        let (_lease, permit) = lease(&clock, 60);
        assert!(permit.check().is_ok());
        // The monotonic clock stood still meanwhile.
        let later = clock.now() + Duration::from_secs(600);
        *clock.0.lock().expect("not poisoned") = later;
        assert!(matches!(permit.check(), Err(ReleaseError::LeaseShort { .. })));
    }
}
