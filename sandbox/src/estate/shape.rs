//! What an estate shall look like: plain values that its files, images and targets are made from.

use crate::Kind;

/// How much of AWS the terraform code of an estate needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// `terraform_data` only, and services that are tagged, no more.
    Small,
    /// `terraform_data` only; what runs the services is made by calls to AWS.
    Deployed,
    /// Functions and ECS services made by terraform.
    Medium,
    /// The repository's own `infrastructure`.
    Full,
}

/// What runs a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runner {
    Nothing,
    Lambda,
    Ecs,
}

/// One service.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub name: String,
    /// Without the registry.
    pub repository: String,
    pub runner: Runner,
    /// Lines of its table in `pipelinectl.toml`.
    pub settings: Vec<String>,
}

impl Service {
    /// What its images are like. Lambda takes no image indexes.
    pub fn kinds(&self) -> &'static [Kind] {
        if self.runner == Runner::Lambda { &[Kind::Docker, Kind::Oci] } else { &Kind::ALL }
    }
}

/// The ECS cluster of all pipelines.
pub(super) const CLUSTER: &str = "concepts";
/// The table of the releases.
pub(super) const TABLE: &str = "pipelinectl-releases";

/// The whole of it.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub size: Size,
    pub services: Vec<Service>,
    /// The first is live.
    pub pipelines: Vec<String>,
    /// Where images are.
    pub registry: Registry,
    /// With `{namespace}`.
    pub pipeline_tag: String,
    /// With `{commit}`.
    pub commit_tag: String,
    /// Whether functions name their image by tag, not by digest.
    pub by_tag: bool,
    /// Whether releases are kept in `DynamoDB`.
    pub dynamodb: bool,
    /// Whether images are built from a git repository of their own.
    pub code_apart: bool,
    /// Lines more of `[images]` in `pipelinectl.toml`.
    pub image_settings: Vec<String>,
}

/// An account and a region.
#[derive(Debug, Clone)]
pub(super) struct Registry {
    pub account: String,
    pub region: String,
}

impl Registry {
    /// The host of its images.
    pub fn host(&self) -> String {
        format!("{}.dkr.ecr.{}.amazonaws.com", self.account, self.region)
    }
}

impl Shape {
    /// The pipeline tag of a namespace.
    pub fn pipeline_tag(&self, namespace: &str) -> String {
        self.pipeline_tag.replace("{namespace}", namespace)
    }

    /// The services that `runner` runs, by name.
    pub fn run_by(&self, runner: Runner) -> impl Iterator<Item = &Service> {
        self.services.iter().filter(move |service| service.runner == runner)
    }

    /// Each repository once, with a service that it feeds.
    pub fn repositories(&self) -> Vec<&Service> {
        let mut seen: Vec<&Service> = Vec::new();
        for service in &self.services {
            if seen.iter().all(|known| known.repository != service.repository) {
                seen.push(service);
            }
        }
        seen
    }
}
