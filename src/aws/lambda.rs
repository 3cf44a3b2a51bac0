//! Lambda functions that run an image.

use std::sync::Arc;

use aws_sdk_lambda::config::Config;
use aws_sdk_lambda::operation::get_function::{GetFunctionError, GetFunctionOutput};
use aws_sdk_lambda::operation::update_function_code::UpdateFunctionCodeError;
use aws_sdk_lambda::types::{Architecture, LastUpdateStatus, State};

use super::error::AwsError;
use super::limiter::Limiter;
use super::place::Place;
use super::write::{self, Write};
use crate::pipeline::image::Digest;

/// `GetFunction` ("Lambda quotas").
const READS_A_SECOND: u32 = 100;
/// All other control calls together ("Lambda quotas").
const CONTROLS_A_SECOND: u32 = 15;

/// Reads and updates Lambda functions.
#[derive(Debug, Clone)]
pub struct Lambda {
    client: aws_sdk_lambda::Client,
    place: Place,
    rates: Arc<Rates>,
}

/// How often a session may call.
#[derive(Debug)]
pub(super) struct Rates {
    reads: Limiter,
    controls: Limiter,
}

impl Default for Rates {
    fn default() -> Self {
        Self { reads: Limiter::new(READS_A_SECOND), controls: Limiter::new(CONTROLS_A_SECOND) }
    }
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
    /// `x86_64` or `arm64`: an update that does not repeat it would mean the former ("`UpdateFunctionCode`").
    pub architectures: Vec<String>,
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

/// What became of a request to update a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Updated {
    /// The update has begun.
    Begun,
    /// Another change of the function is still under way: ask again when that is done.
    Busy,
    /// `may` said no before anything was sent.
    Stopped,
}

impl Lambda {
    pub(super) fn new(client: aws_sdk_lambda::Client, place: Place, rates: Arc<Rates>) -> Self {
        Self { client, place, rates }
    }

    /// The function with this name; none if there is none.
    pub async fn function(&self, name: &str) -> Result<Option<Function>, AwsError> {
        self.rates.reads.wait().await;
        match self.client.get_function().function_name(name).send().await {
            Ok(answer) => Ok(Some(read(name, answer))),
            Err(error) if error.as_service_error().is_some_and(GetFunctionError::is_resource_not_found_exception) => {
                Ok(None)
            }
            Err(error) => Err(self.place.error("GetFunction", &resource(name), &error)),
        }
    }

    /// Makes the function run another image, and publishes no version of it. It has only begun when this returns.
    /// Before each attempt `may` is asked.
    pub async fn update_image(
        &self,
        function: &Function,
        image_uri: &str,
        may: &(dyn Fn() -> bool + Sync),
    ) -> Result<Updated, AwsError> {
        let architectures = function.architectures.iter().map(|name| Architecture::from(name.as_str()));
        let architectures = Some(architectures.collect()).filter(|all: &Vec<_>| !all.is_empty());
        let call = || {
            let call = self.client.update_function_code().function_name(&function.name).image_uri(image_uri);
            let call = call.set_architectures(architectures.clone()).customize();
            let once = Config::builder().retry_config(write::once()).timeout_config(write::timeouts());
            call.config_override(once).send()
        };
        let write = Write { limiter: Some(&self.rates.controls), may, time_limit: self.place.time_limit };
        let Some(sent) = write.send(call).await else { return Ok(Updated::Stopped) };
        let Err(error) = sent.result else { return Ok(Updated::Begun) };
        if error.as_service_error().is_some_and(UpdateFunctionCodeError::is_resource_conflict_exception) {
            return Ok(Updated::Busy);
        }
        Err(self.place.error("UpdateFunctionCode", &resource(&function.name), &error))
    }
}

fn resource(name: &str) -> String {
    format!("the function {name}")
}

fn read(name: &str, answer: GetFunctionOutput) -> Function {
    let (image_uri, resolved) = answer.code.map(|code| (code.image_uri, code.resolved_image_uri)).unwrap_or_default();
    let digest = resolved.and_then(|uri| uri.split_once('@').and_then(|(_, digest)| digest.parse().ok()));
    let name = name.to_owned();
    let Some(configuration) = answer.configuration else {
        return Function { name, image_uri, digest, readiness: Readiness::Ready, architectures: Vec::new() };
    };
    let architectures = configuration.architectures.unwrap_or_default();
    let architectures = architectures.iter().map(|architecture| architecture.as_str().to_owned()).collect();
    let code = configuration.last_update_status_reason_code.map(|code| code.as_str().to_owned());
    let state_code = configuration.state_reason_code.map(|code| code.as_str().to_owned());
    let readiness = match (configuration.state, configuration.last_update_status) {
        (Some(State::Failed), _) => failed(state_code, configuration.state_reason),
        (_, Some(LastUpdateStatus::Failed)) => failed(code, configuration.last_update_status_reason),
        (Some(State::Pending), _) | (_, Some(LastUpdateStatus::InProgress)) => Readiness::Changing,
        _ => Readiness::Ready,
    };
    Function { name, image_uri, digest, readiness, architectures }
}

fn failed(code: Option<String>, reason: Option<String>) -> Readiness {
    let code = code.unwrap_or_else(|| "Failed".to_owned());
    Readiness::Failed { code, reason: reason.unwrap_or_else(|| "no reason was given".to_owned()) }
}
