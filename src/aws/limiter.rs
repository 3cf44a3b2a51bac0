//! A rate limit: some at once, then so many a second, slower when AWS says that it is too much.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const LEAST_A_SECOND: f64 = 1.0;
/// The first requests open connections and so arrive later than they were sent; those after the burst must not arrive
/// earlier than AWS's own count allows.
const LATE: Duration = Duration::from_millis(25);
/// Requests that were under way together are throttled together: they slow it down once.
const ONE_THROTTLING: Duration = Duration::from_millis(500);
/// Now and then a waiter looks whether it is still wanted.
const LONGEST_NAP: Duration = Duration::from_millis(250);

/// Lets callers through at a bounded rate, in the order in which they came.
#[derive(Debug)]
pub struct Limiter {
    most_a_second: f64,
    /// How many may start at once after a rest.
    burst: u32,
    /// Held by whoever is next, so that a slower rate holds for all that wait behind.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    a_second: f64,
    /// When the burst would be full again. Each permit moves it on by one interval; a permit is there while it is at
    /// most one interval less than the burst ahead.
    full_at: Instant,
    /// Whether the burst has not been used up since the last rest.
    rested: bool,
    slowed_at: Option<Instant>,
}

impl State {
    fn interval(&self) -> Duration {
        Duration::from_secs_f64(self.a_second.recip())
    }
}

impl Limiter {
    /// Lets `a_second` requests through at once, and then as many in each second.
    pub fn new(a_second: u32) -> Self {
        let most = f64::from(a_second);
        let state = State { a_second: most, full_at: Instant::now(), rested: true, slowed_at: None };
        Self { most_a_second: most, burst: a_second, turn: tokio::sync::Mutex::new(()), state: Mutex::new(state) }
    }

    /// Waits until one more request may be sent.
    pub async fn wait(&self) {
        self.wait_while(&|| true).await;
    }

    /// The same, but no longer than `wanted` says so; no permit is taken then.
    pub async fn wait_while(&self, wanted: &(dyn Fn() -> bool + Sync)) {
        let _turn = self.turn.lock().await;
        while wanted() {
            let Some(pause) = self.take() else { return };
            tokio::time::sleep(pause.min(LONGEST_NAP)).await;
        }
    }

    /// Takes a permit, or says how long to wait before asking again.
    fn take(&self) -> Option<Duration> {
        let now = Instant::now();
        let mut state = self.state();
        let interval = state.interval();
        if state.full_at <= now {
            state.full_at = now;
            state.rested = true;
        }
        let pause = state.full_at.duration_since(now).saturating_sub(interval * (self.burst - 1));
        if pause.is_zero() {
            state.full_at += interval;
            return None;
        }
        if !state.rested {
            return Some(pause);
        }
        state.rested = false;
        state.full_at += LATE;
        Some(pause + LATE)
    }

    /// To be told when a request was refused as one too many: lowers the rate by a fifth, takes the burst away.
    pub fn throttled(&self) {
        let now = Instant::now();
        let mut state = self.state();
        if state.slowed_at.is_some_and(|then| now.duration_since(then) < ONE_THROTTLING) {
            return;
        }
        state.slowed_at = Some(now);
        state.a_second = (state.a_second * 0.8).max(LEAST_A_SECOND);
        state.full_at = state.full_at.max(now + state.interval() * self.burst);
    }

    /// To be told when a request went through: after a throttling the rate comes back step by step.
    pub fn succeeded(&self) {
        let mut state = self.state();
        state.a_second = (state.a_second + 0.2).min(self.most_a_second);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    async fn seconds_for(limiter: &Limiter, requests: usize) -> f64 {
        let start = Instant::now();
        join_all((0..requests).map(|_| limiter.wait())).await;
        start.elapsed().as_secs_f64()
    }

    #[tokio::test]
    async fn ten_at_once_then_ten_a_second() {
        let limiter = Limiter::new(10);
        let burst = seconds_for(&limiter, 10).await;
        assert!(burst < 0.05, "{burst}");
        let rest = seconds_for(&limiter, 5).await;
        assert!((0.50..0.70).contains(&rest), "{rest}");
    }

    #[tokio::test]
    async fn slower_when_throttled_also_for_those_that_wait() {
        let limiter = Limiter::new(10);
        seconds_for(&limiter, 10).await;
        let (waited, ()) = tokio::join!(seconds_for(&limiter, 3), async {
            limiter.throttled();
            limiter.throttled();
        });
        assert!((0.35..0.55).contains(&waited), "three at eight a second, slowed once: {waited}");
    }

    #[test]
    fn the_rate_comes_back() {
        let limiter = Limiter::new(10);
        limiter.throttled();
        assert!(limiter.state().a_second < 9.0);
        (0..100).for_each(|_| limiter.succeeded());
        assert!((limiter.state().a_second - 10.0).abs() < f64::EPSILON);
    }
}
