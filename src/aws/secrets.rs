//! Secrets Manager: values for the environment of Terraform.

use super::error::AwsError;
use super::place::Place;

/// Reads secrets.
#[derive(Debug, Clone)]
pub struct Secrets {
    client: aws_sdk_secretsmanager::Client,
    place: Place,
}

impl Secrets {
    pub(super) fn new(client: aws_sdk_secretsmanager::Client, place: Place) -> Self {
        Self { client, place }
    }

    /// The text of a secret, as it is: JSON is not taken apart. `secret` is a name or an ARN. The value must never be
    /// shown or logged.
    pub async fn text(&self, secret: &str) -> Result<String, AwsError> {
        let answer = self.client.get_secret_value().secret_id(secret).send().await;
        let resource = format!("the secret {secret}");
        let answer = answer.map_err(|error| self.place.error("GetSecretValue", &resource, &error))?;
        answer.secret_string.ok_or_else(|| AwsError::BinarySecret { secret: secret.to_owned() })
    }
}
