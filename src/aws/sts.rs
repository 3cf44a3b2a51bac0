//! Who the credentials are.

use super::error::AwsError;
use super::place::Place;
use super::retry;

/// This is the first call of a command and nothing depends on it yet: who has no network, or mistyped the region,
/// should hear of it after a second or two, not after the ten attempts of all other calls.
const FIRST_ATTEMPTS: u32 = 6;

/// Security Token Service.
#[derive(Debug, Clone)]
pub struct Sts {
    client: aws_sdk_sts::Client,
    place: Place,
    expected: Option<String>,
}

/// Whose credentials these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Twelve digits.
    pub account_id: String,
    /// The user or the session of a role.
    pub arn: String,
}

impl Sts {
    pub(super) fn new(client: aws_sdk_sts::Client, place: Place, expected: Option<String>) -> Self {
        Self { client, place, expected }
    }

    /// Whose credentials these are. It needs no permission.
    pub async fn identity(&self) -> Result<Identity, AwsError> {
        let few =
            aws_sdk_sts::config::Config::builder().retry_config(retry::config().with_max_attempts(FIRST_ATTEMPTS));
        let answer = self.client.get_caller_identity().customize().config_override(few).send().await;
        let answer = answer.map_err(|error| self.place.error("GetCallerIdentity", "the credentials", &error))?;
        let account_id = answer.account.unwrap_or_default();
        Ok(Identity { account_id, arn: answer.arn.unwrap_or_default() })
    }

    /// The same, and an error if the account is not the configured one. To be called before anything changes.
    pub async fn check(&self) -> Result<Identity, AwsError> {
        let identity = self.identity().await?;
        match &self.expected {
            Some(expected) if *expected != identity.account_id => Err(AwsError::WrongAccount {
                expected: expected.clone(),
                found: identity.account_id,
                arn: identity.arn,
            }),
            _ => Ok(identity),
        }
    }
}
