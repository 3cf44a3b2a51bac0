//! What the user is told of AWS.

use super::Failure;
use crate::aws::AwsError;
use crate::operations::resolve_images::ResolveError;
use crate::settings::FILE_NAME;

impl From<AwsError> for Failure {
    fn from(error: AwsError) -> Self {
        let message = error.to_string();
        match error {
            AwsError::NoRegion => {
                Self::usage(message).hint(format!("set region below [aws] in {FILE_NAME}, or use --region eu-west-1"))
            }
            AwsError::CertificateBundle { .. } => {
                Self::failed(message).hint("see that AWS_CA_BUNDLE names a file of certificates in PEM form")
            }
            AwsError::NoCredentials { profile, reason } => Self::failed(message).hint(reason).hint(match profile {
                Some(profile) => format!("sign in with 'aws sso login --profile {profile}', or use another --profile"),
                None => {
                    "sign in with 'aws sso login', use --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                        .to_owned()
                }
            }),
            AwsError::ExpiredCredentials { reason } => {
                Self::failed(message).hint(reason).hint("sign in again, for instance with 'aws sso login'")
            }
            AwsError::RefusedCredentials { .. } => {
                Self::failed(message).hint("see which credentials are used: 'aws sts get-caller-identity'")
            }
            AwsError::WrongAccount { expected, arn, .. } => Self::refused(message)
                .hint(format!("they are those of {arn}"))
                .hint(format!("sign in to the account {expected}, or mend account_id in {FILE_NAME}")),
            AwsError::CannotAssumeRole { .. } => Self::failed(message)
                .hint("see that the role exists, trusts your identity, and that you may call sts:AssumeRole on it"),
            AwsError::AccessDenied { operation, resource, .. } => Self::failed(message)
                .hint(format!("ask for {operation} on {resource}, or use credentials that have it")),
            AwsError::RepositoryNotFound { .. } => Self::failed(message).hint(format!(
                "make it with terraform first, or mend the name in {FILE_NAME}; see [aws.ecr] when it is elsewhere"
            )),
            AwsError::ImmutableTag { .. } => Self::failed(message)
                .hint("allow its tags to move: image_tag_mutability = \"MUTABLE\" for that repository"),
            AwsError::DigestMismatch { .. } => {
                Self::failed(message).hint("nothing was written; push the image again, it is damaged")
            }
            AwsError::UnknownMediaType { .. } => Self::failed(message).hint("name the tag of an image"),
            AwsError::TableNotFound { .. } => Self::failed(message)
                .hint("make it with terraform: hash key 'project', range key 'item', both strings, paid per request; infrastructure/ shows one")
                .hint(format!("or mend table, region and account in {FILE_NAME}")),
            AwsError::NotFound { .. } => {
                Self::failed(message).hint("see that the name, the account and the region are right")
            }
            AwsError::BinarySecret { .. } => Self::failed(message).hint("store it as text"),
            AwsError::Throttled { .. } | AwsError::TimedOut { .. } => {
                Self::failed(message).hint("run the same command again: it goes on where it stopped")
            }
            AwsError::Unreachable { .. } => {
                Self::failed(message).hint("see the network, the region, and AWS_ENDPOINT_URL")
            }
            AwsError::Other { request_id, .. } => {
                let failure = Self::failed(message);
                match request_id {
                    Some(id) => failure.hint(format!("AWS's support finds it by the request {id}")),
                    None => failure,
                }
            }
        }
    }
}

impl From<ResolveError> for Failure {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Aws(error) => error.into(),
            ResolveError::Repositories(errors) => {
                let mut message = match errors.len() {
                    1 => "a repository cannot be read".to_owned(),
                    count => format!("{count} repositories cannot be read"),
                };
                let mut hints = Vec::new();
                for (_, error) in errors {
                    let failure = Self::from(error);
                    message.push_str(&format!("\n  {}", failure.message));
                    hints.extend(failure.hints);
                }
                hints.dedup();
                Self { hints, ..Self::failed(message) }.hint("nothing was changed")
            }
        }
    }
}
