//! What can go wrong with AWS, in words.

use std::time::Duration;

use super::retry::Kind;

/// An error of AWS, or on the way to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AwsError {
    /// Neither the command, nor the environment, nor the configuration names a region.
    #[error("no AWS region is configured")]
    NoRegion,
    /// The certificates of the configured bundle cannot be used.
    #[error("the certificate bundle cannot be used: {reason}")]
    CertificateBundle {
        /// What is wrong with it.
        reason: String,
    },
    /// No credentials anywhere.
    #[error("no AWS credentials were found{}", profile.as_ref().map(|name| format!(" for the profile {name}")).unwrap_or_default())]
    NoCredentials {
        /// The profile that was asked for.
        profile: Option<String>,
        /// What the provider of the credentials said.
        reason: String,
    },
    /// They were valid once.
    #[error("the AWS credentials have expired")]
    ExpiredCredentials {
        /// What was said about them.
        reason: String,
    },
    /// AWS does not know them, or the signature is wrong.
    #[error("AWS does not accept the credentials: {reason}")]
    RefusedCredentials {
        /// What was said about them.
        reason: String,
    },
    /// They belong to another account than the configured one.
    #[error("the AWS credentials belong to the account {found}, not {expected}")]
    WrongAccount {
        /// The configured account.
        expected: String,
        /// The account of the credentials.
        found: String,
        /// Who the credentials are.
        arn: String,
    },
    /// The configured role, or that of the profile, is refused.
    #[error("the role {role} cannot be assumed: {reason}")]
    CannotAssumeRole {
        /// The ARN of the role.
        role: String,
        /// What STS said.
        reason: String,
    },
    /// The credentials may not do this.
    #[error("no permission for {operation} on {resource}: {reason}")]
    AccessDenied {
        /// For instance `ecr:PutImage`.
        operation: String,
        /// What it was to be done to.
        resource: String,
        /// What AWS said.
        reason: String,
    },
    /// No such repository in the registry.
    #[error("there is no repository {repository} in {registry}")]
    RepositoryNotFound {
        /// Its name.
        repository: String,
        /// Account and region.
        registry: String,
    },
    /// The repository's tags cannot move ("Preventing image tags from being overwritten in Amazon ECR").
    #[error("the repository {repository} is immutable and its tag {tag} names another image already")]
    ImmutableTag {
        /// The repository's name.
        repository: String,
        /// The tag.
        tag: String,
    },
    /// A manifest whose bytes are not what its digest says; it is not passed on.
    #[error("the manifest of {image} in {repository} has the digest {found}, not {expected}")]
    DigestMismatch {
        /// The repository's name.
        repository: String,
        /// The tag or digest asked for.
        image: String,
        /// What the registry says.
        expected: String,
        /// What the bytes say.
        found: String,
    },
    /// Something that has a tag but is none of the four kinds of image.
    #[error("{image} in {repository} has the media type {media_type}, which is no image")]
    UnknownMediaType {
        /// The repository's name.
        repository: String,
        /// The tag or digest asked for.
        image: String,
        /// Its media type.
        media_type: String,
    },
    /// No such table.
    #[error("there is no DynamoDB table {table} in {region}")]
    TableNotFound {
        /// Its name.
        table: String,
        /// Where it was looked for.
        region: String,
    },
    /// Anything else that is not there.
    #[error("{resource} does not exist")]
    NotFound {
        /// What was asked for.
        resource: String,
    },
    /// A secret without text.
    #[error("the secret {secret} holds bytes, not text")]
    BinarySecret {
        /// Its name.
        secret: String,
    },
    /// Too many requests, even after all attempts.
    #[error("AWS has too many requests to do {operation} on {resource}")]
    Throttled {
        /// For instance `ecr:PutImage`.
        operation: String,
        /// What it was to be done to.
        resource: String,
    },
    /// No connection, or one that broke.
    #[error("{endpoint} cannot be reached: {reason}")]
    Unreachable {
        /// A URL, or service and region.
        endpoint: String,
        /// What the connection said.
        reason: String,
    },
    /// No answer in time, after all attempts.
    #[error("{operation} on {resource} had no answer within {} s", limit.as_secs())]
    TimedOut {
        /// For instance `ecr:PutImage`.
        operation: String,
        /// What it was to be done to.
        resource: String,
        /// How long was waited.
        limit: Duration,
    },
    /// Anything else that AWS answered.
    #[error("{operation} on {resource} failed with {code}: {message}")]
    Other {
        /// For instance `ecr:PutImage`.
        operation: String,
        /// What it was to be done to.
        resource: String,
        /// The code of the error.
        code: String,
        /// What AWS said.
        message: String,
        /// By which the support of AWS finds the request.
        request_id: Option<String>,
    },
}

impl AwsError {
    /// Whether it is about credentials, region or connection, and so about every call alike: shown once.
    pub fn concerns_every_call(&self) -> bool {
        matches!(
            self,
            Self::NoRegion
                | Self::CertificateBundle { .. }
                | Self::NoCredentials { .. }
                | Self::ExpiredCredentials { .. }
                | Self::RefusedCredentials { .. }
                | Self::WrongAccount { .. }
                | Self::CannotAssumeRole { .. }
                | Self::Unreachable { .. }
        )
    }

    /// Whether the same call may well work later, although all its attempts failed: not for lack of a right or a thing.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Throttled { .. } | Self::TimedOut { .. } | Self::Unreachable { .. } => true,
            Self::Other { code, .. } => Kind::of_code(code) == Kind::Transient || code.starts_with("HTTP status 5"),
            _ => false,
        }
    }
}
