//! What is tried again, how often, and after which pause.

use std::error::Error;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use aws_sdk_ecr::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_ecr::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

/// How often a call is tried at most.
pub(super) const ATTEMPTS: u32 = 10;
const FIRST_PAUSE: Duration = Duration::from_millis(150);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Ten attempts, with pauses that grow from 150 ms to 5 s, each shortened by chance.
pub(super) fn config() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_PAUSE)
        .with_max_backoff(LONGEST_PAUSE)
}

/// The SDK shares 500 retry tokens among all calls to a service, and gives up without a further attempt when they are
/// spent. Fifty repositories throttled at once spend them, so our calls have a bucket without a bottom.
pub(super) fn partition() -> RetryPartition {
    RetryPartition::custom("pipelinectl").token_bucket(TokenBucket::unlimited()).build()
}

/// The pause after the given attempt (the first is 1).
pub(super) fn pause(attempt: u32) -> Duration {
    let longest = FIRST_PAUSE.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(LONGEST_PAUSE);
    // The standard library's only source of chance: a fresh hasher has random keys.
    let chance = u32::try_from(RandomState::new().build_hasher().finish() % 1000).unwrap_or(0);
    longest * chance / 1000
}

/// What the code of an error means ("Common Errors" of the API references of ECR, Lambda, STS and DynamoDB).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The credentials are no longer valid.
    Expired,
    /// The credentials are not accepted.
    Refused,
    /// The credentials may not do this.
    Denied,
    /// Too many requests.
    Throttled,
    /// What was asked for is not there.
    Missing,
    /// It may well work the next time.
    Transient,
    /// Anything else.
    Other,
}

impl Kind {
    /// What this code means.
    pub fn of_code(code: &str) -> Self {
        match code {
            "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => Self::Expired,
            "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "SignatureDoesNotMatch"
            | "InvalidSignatureException"
            | "InvalidAccessKeyId"
            | "AuthFailure"
            | "IncompleteSignature"
            | "IncompleteSignatureException"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException" => Self::Refused,
            "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "NotAuthorized" => Self::Denied,
            "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "TooManyRequestsException"
            | "RequestLimitExceeded"
            | "ProvisionedThroughputExceededException"
            | "SlowDown" => Self::Throttled,
            "ResourceNotFoundException" | "ImageNotFoundException" => Self::Missing,
            "ServerException"
            | "InternalFailure"
            | "InternalError"
            | "InternalServerError"
            | "InternalServerException"
            | "ServiceUnavailable"
            | "ServiceUnavailableException"
            | "RequestTimeout"
            | "RequestTimeoutException" => Self::Transient,
            _ => Self::Other,
        }
    }

    /// Whether, and why, a failed call may be made again.
    pub fn of_error<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::ServiceError(context) => match context.err().code().map_or(Self::Other, Self::of_code) {
                Self::Other if context.raw().status().as_u16() == 429 => Self::Throttled,
                Self::Other if context.raw().status().is_server_error() => Self::Transient,
                kind => kind,
            },
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => Self::Transient,
            SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => Self::Transient,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_below_five_seconds() {
        for attempt in 1..=ATTEMPTS + 30 {
            assert!(pause(attempt) <= LONGEST_PAUSE);
        }
        assert!((0..100).all(|_| pause(1) <= FIRST_PAUSE));
        assert!((0..100).any(|_| pause(6) > FIRST_PAUSE), "the sixth pause is longer than the first");
    }

    #[test]
    fn codes_have_a_meaning() {
        assert_eq!(Kind::of_code("ExpiredTokenException"), Kind::Expired);
        assert_eq!(Kind::of_code("AccessDeniedException"), Kind::Denied);
        assert_eq!(Kind::of_code("ThrottlingException"), Kind::Throttled);
        assert_eq!(Kind::of_code("LayersNotFoundException"), Kind::Other);
    }
}
