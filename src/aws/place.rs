//! Where a client's requests go, and the reading of the SDK's errors: here and nowhere else.

use std::error::Error;
use std::time::Duration;

use aws_config::imds::client::error::ImdsError;
use aws_config::profile::ProfileFileLoadError;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ecr::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_types::request_id::RequestId;

use super::error::AwsError;
use super::retry::Kind;

/// What a client knows of itself, for its errors.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// As in the names of permissions: `ecr`.
    pub service: &'static str,
    /// The region of the client.
    pub region: String,
    /// Where the requests go, if not to AWS itself.
    pub endpoint: Option<String>,
    /// The role that is assumed.
    pub role: Option<String>,
    /// The profile that is asked for.
    pub profile: Option<String>,
    /// How long one call may take, retries included.
    pub time_limit: Duration,
}

impl Place {
    /// Puts the error of a call into words.
    pub fn error<E>(&self, operation: &str, resource: &str, error: &SdkError<E, HttpResponse>) -> AwsError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let operation = format!("{}:{operation}", self.service);
        let resource = resource.to_owned();
        let request_id = error.request_id().map(str::to_owned);
        match error {
            SdkError::ServiceError(context) => {
                let status = context.raw().status().as_u16();
                let code = context.err().code().map_or_else(|| format!("HTTP status {status}"), str::to_owned);
                let message = context.err().message().unwrap_or("no reason was given").trim().to_owned();
                match Kind::of_code(&code) {
                    Kind::Expired => AwsError::ExpiredCredentials { reason: message },
                    Kind::Refused => AwsError::RefusedCredentials { reason: message },
                    Kind::Denied => AwsError::AccessDenied { operation, resource, reason: message },
                    Kind::Throttled => AwsError::Throttled { operation, resource },
                    Kind::Missing => AwsError::NotFound { resource },
                    Kind::Transient | Kind::Other => AwsError::Other { operation, resource, code, message, request_id },
                }
            }
            SdkError::TimeoutError(_) => AwsError::TimedOut { operation, resource, limit: self.time_limit },
            SdkError::ResponseError(context) => AwsError::Other {
                operation,
                resource,
                code: format!("HTTP status {}", context.raw().status().as_u16()),
                message: "the answer could not be read".to_owned(),
                request_id,
            },
            _ => self
                .credentials_error(error)
                .unwrap_or_else(|| AwsError::Unreachable { endpoint: self.endpoint(), reason: innermost(error) }),
        }
    }

    /// Service and region, or the address of the stand-in.
    fn endpoint(&self) -> String {
        self.endpoint.clone().unwrap_or_else(|| format!("{} in {}", self.service, self.region))
    }

    /// The error of the provider of the credentials, somewhere inside the error of the call.
    fn credentials_error(&self, error: &(dyn Error + 'static)) -> Option<AwsError> {
        let mut of_credentials = None;
        for error in chain(error) {
            if let Some(error) = error.downcast_ref::<AssumeRoleError>() {
                return Some(self.role_error(error.code(), error.message()));
            }
            if let Some(error) = error.downcast_ref::<AssumeRoleWithWebIdentityError>() {
                return Some(self.role_error(error.code(), error.message()));
            }
            if error.is::<ProfileFileLoadError>() {
                return Some(self.no_credentials(innermost(error)));
            }
            if let Some(error) = error.downcast_ref::<CredentialsError>() {
                of_credentials = Some(error);
            }
        }
        let error = of_credentials?;
        let none = matches!(error, CredentialsError::CredentialsNotLoaded(_));
        Some(if chain(error).any(|error| error.to_string().contains("expired")) {
            AwsError::ExpiredCredentials { reason: causes(error) }
        } else if !none && !chain(error).any(<dyn Error>::is::<ImdsError>) {
            self.no_credentials(causes(error))
        } else if self.profile.is_some() {
            self.no_credentials("the shared AWS files have no such profile, or none with credentials".to_owned())
        } else {
            self.no_credentials("the environment, the shared AWS files and the machine's role have none".to_owned())
        })
    }

    fn no_credentials(&self, reason: String) -> AwsError {
        AwsError::NoCredentials { profile: self.profile.clone(), reason }
    }

    fn role_error(&self, code: Option<&str>, message: Option<&str>) -> AwsError {
        let reason = message.or(code).unwrap_or("no reason was given").trim().to_owned();
        match code.map(Kind::of_code) {
            Some(Kind::Expired) => AwsError::ExpiredCredentials { reason },
            Some(Kind::Refused) => AwsError::RefusedCredentials { reason },
            _ => {
                let role = self.role.clone().unwrap_or_else(|| "of the profile".to_owned());
                AwsError::CannotAssumeRole { role, reason }
            }
        }
    }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// What lies below an error, from the outermost to the innermost cause, in one line.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut causes: Vec<String> = chain(error).skip(1).map(ToString::to_string).collect();
    // Some errors repeat their cause in their own words.
    causes.dedup_by(|inner, outer| outer.contains(inner.as_str()));
    let causes = if causes.is_empty() { error.to_string() } else { causes.join(": ") };
    causes.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches(" Stderr:").to_owned()
}
