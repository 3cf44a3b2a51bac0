//! A call that changes something while a lock allows it.
//!
//! The SDK tries a call again for up to a minute, and a lease may end meanwhile: so writes have their own attempts, and
//! before each of them the lock is asked.

use std::error::Error;
use std::time::Duration;

use aws_sdk_ecr::config::retry::RetryConfig;
use aws_sdk_ecr::config::timeout::TimeoutConfig;
use aws_sdk_ecr::error::{ProvideErrorMetadata, SdkError};
use tokio::time::{Instant, sleep};

use super::limiter::Limiter;
use super::retry::{ATTEMPTS, Kind, pause};

/// How long one attempt may take. A lease has at least fifteen seconds left when it begins, so it has ended before the
/// lock can be somebody else's.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// How a write is tried.
pub(super) struct Write<'a> {
    /// Each attempt counts against it, where there is one.
    pub limiter: Option<&'a Limiter>,
    /// Asked before each attempt: where it says no, nothing more is sent.
    pub may: &'a (dyn Fn() -> bool + Sync),
    /// How long all attempts together may take.
    pub time_limit: Duration,
}

/// How a write ended of which something was sent.
pub(super) struct Sent<T, E> {
    /// The answer to the last attempt.
    pub result: Result<T, SdkError<E>>,
    /// Whether the answer to an attempt before it was lost: that one may have done the work.
    pub answer_lost: bool,
}

impl Write<'_> {
    /// Makes the call until it is answered for good. None where `may` said no before anything was sent.
    pub async fn send<T, E, F>(&self, call: impl Fn() -> F) -> Option<Sent<T, E>>
    where
        F: Future<Output = Result<T, SdkError<E>>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        if !self.is_allowed().await {
            return None;
        }
        let deadline = Instant::now() + self.time_limit;
        let mut attempt = 1;
        let mut answer_lost = false;
        loop {
            let error = match call().await {
                Ok(answer) => {
                    self.limiter.inspect(|limiter| limiter.succeeded());
                    return Some(Sent { result: Ok(answer), answer_lost });
                }
                Err(error) => error,
            };
            let kind = Kind::of_error(&error);
            if kind == Kind::Throttled {
                self.limiter.inspect(|limiter| limiter.throttled());
            }
            let pause = pause(attempt);
            let again = matches!(kind, Kind::Throttled | Kind::Transient);
            if !again || attempt == ATTEMPTS || Instant::now() + pause >= deadline {
                return Some(Sent { result: Err(error), answer_lost });
            }
            sleep(pause).await;
            if !self.is_allowed().await {
                return Some(Sent { result: Err(error), answer_lost });
            }
            attempt += 1;
            answer_lost |= kind == Kind::Transient;
        }
    }

    async fn is_allowed(&self) -> bool {
        if let Some(limiter) = self.limiter {
            limiter.wait_while(self.may).await;
        }
        (self.may)()
    }
}

/// Leaves the attempts to [`Write`].
pub(super) fn once() -> RetryConfig {
    RetryConfig::disabled()
}

/// Bounds one attempt.
pub(super) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build()
}
