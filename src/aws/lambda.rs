//! Lambda functions that run an image.

use aws_sdk_lambda::operation::get_function::GetFunctionError;
use aws_sdk_lambda::types::{LastUpdateStatus, State};

use super::error::AwsError;
use super::place::Place;
use crate::pipeline::image::Digest;

/// Reads Lambda functions.
#[derive(Debug, Clone)]
pub struct Lambda {
    client: aws_sdk_lambda::Client,
    place: Place,
}

/// What a function runs, and how its last change went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The image as it was given, `…:tag` or `…@digest`; none for a function from a ZIP file.
    pub image_uri: Option<String>,
    /// The image that runs ("`GetFunction`", `Code.ResolvedImageUri`).
    pub digest: Option<Digest>,
    /// Whether it can run and its last change is done.
    pub readiness: Readiness,
}

/// How far a function is ("Lambda function states").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It runs what its image says. An inactive function (idle for long) counts: the next call wakes it.
    Ready,
    /// It is being created or updated.
    Changing,
    /// Creation or the last update failed, and will not go on.
    Failed {
        /// The reason code, `ImageAccessDenied` for instance.
        code: String,
        /// What AWS said.
        reason: String,
    },
}

impl Lambda {
    pub(super) fn new(client: aws_sdk_lambda::Client, place: Place) -> Self {
        Self { client, place }
    }

    /// The function with this name; none if there is none.
    pub async fn function(&self, name: &str) -> Result<Option<Function>, AwsError> {
        let answer = match self.client.get_function().function_name(name).send().await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(GetFunctionError::is_resource_not_found_exception) => {
                return Ok(None);
            }
            Err(error) => return Err(self.place.error("GetFunction", &format!("the function {name}"), &error)),
        };
        let (image_uri, resolved) =
            answer.code.map(|code| (code.image_uri, code.resolved_image_uri)).unwrap_or_default();
        let digest = resolved.and_then(|uri| uri.split_once('@').and_then(|(_, digest)| digest.parse().ok()));
        let readiness = answer.configuration.map_or(Readiness::Ready, |configuration| {
            let code = configuration.last_update_status_reason_code.map(|code| code.as_str().to_owned());
            let state_code = configuration.state_reason_code.map(|code| code.as_str().to_owned());
            match (configuration.state, configuration.last_update_status) {
                (Some(State::Failed), _) => failed(state_code, configuration.state_reason),
                (_, Some(LastUpdateStatus::Failed)) => failed(code, configuration.last_update_status_reason),
                (Some(State::Pending), _) | (_, Some(LastUpdateStatus::InProgress)) => Readiness::Changing,
                _ => Readiness::Ready,
            }
        });
        Ok(Some(Function { name: name.to_owned(), image_uri, digest, readiness }))
    }
}

fn failed(code: Option<String>, reason: Option<String>) -> Readiness {
    let code = code.unwrap_or_else(|| "Failed".to_owned());
    Readiness::Failed { code, reason: reason.unwrap_or_else(|| "no reason was given".to_owned()) }
}
