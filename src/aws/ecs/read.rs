//! What is read of a service.

use aws_sdk_ecs::types::{self, DeploymentRolloutState};
use jiff::Timestamp;

use super::time;
use crate::pipeline::image::Digest;

/// A service that is active.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// How many tasks shall run.
    pub desired: i32,
    /// How many do.
    pub running: i32,
    /// Its deployments, the newest first.
    pub deployments: Vec<Deployment>,
    /// Who makes its deployments: `ECS`, or `CODE_DEPLOY` or `EXTERNAL`.
    pub controller: String,
    /// The last about hundred events, the newest first.
    pub events: Vec<Event>,
}

/// A deployment of a service ("Deployment", Amazon ECS API Reference).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Its id, `ecs-svc/…`, which stands in each of its tasks.
    pub id: String,
    /// Whether it is the newest: `PRIMARY`.
    pub primary: bool,
    /// The ARN of its task definition.
    pub task_definition: String,
    /// How far it is.
    pub rollout: Rollout,
    /// Why it is so.
    pub reason: String,
    /// How many of its tasks shall run.
    pub desired: i32,
    /// How many do.
    pub running: i32,
    /// How many have failed to start, as far as the circuit breaker counts them.
    pub failed: i32,
    /// When it began.
    pub created: Option<Timestamp>,
}

/// How far a deployment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rollout {
    /// Its tasks are being started.
    InProgress,
    /// All run.
    Completed,
    /// The circuit breaker gave it up.
    Failed,
}

/// Something that ECS told about a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Option<Timestamp>,
    /// What.
    pub message: String,
}

/// The image that a task definition names for a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageOf {
    /// The container's name.
    pub container: String,
    /// The image, with tag or digest.
    pub image: String,
}

/// A task of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its ARN.
    pub arn: String,
    /// The id of its deployment.
    pub started_by: String,
    /// `PENDING`, `RUNNING`, `STOPPED` and what lies between.
    pub status: String,
    /// Why it stopped, if it did.
    pub stopped_reason: Option<String>,
    /// What runs in it.
    pub containers: Vec<Container>,
}

/// A container of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Its name in the task definition.
    pub name: String,
    /// The image that it runs, as soon as that has been pulled.
    pub digest: Option<Digest>,
    /// Why it stopped or did not start.
    pub reason: Option<String>,
    /// What its program ended with.
    pub exit_code: Option<i32>,
}

impl Service {
    /// The newest deployment; none where another than ECS makes them.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.primary)
    }

    /// The deployment with this id, as long as ECS shows it.
    pub fn deployment(&self, id: &str) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.id == id)
    }

    pub(super) fn of(given: &types::Service) -> Self {
        let event = |event: &types::ServiceEvent| Event {
            at: time(event.created_at()),
            message: event.message().unwrap_or_default().to_owned(),
        };
        let controller = given.deployment_controller().map(|controller| controller.r#type().as_str());
        Self {
            desired: given.desired_count(),
            running: given.running_count(),
            deployments: given.deployments().iter().map(Deployment::of).collect(),
            controller: controller.unwrap_or("ECS").to_owned(),
            events: given.events().iter().map(event).collect(),
        }
    }
}

impl Deployment {
    fn of(given: &types::Deployment) -> Self {
        let (desired, running) = (given.desired_count(), given.running_count());
        let rollout = match given.rollout_state() {
            Some(DeploymentRolloutState::Completed) => Rollout::Completed,
            Some(DeploymentRolloutState::Failed) => Rollout::Failed,
            Some(_) => Rollout::InProgress,
            // It is told for rolling updates only.
            None if running >= desired => Rollout::Completed,
            None => Rollout::InProgress,
        };
        Self {
            id: given.id().unwrap_or_default().to_owned(),
            primary: given.status() == Some("PRIMARY"),
            task_definition: given.task_definition().unwrap_or_default().to_owned(),
            rollout,
            reason: given.rollout_state_reason().unwrap_or_default().to_owned(),
            desired,
            running,
            failed: given.failed_tasks(),
            created: time(given.created_at()),
        }
    }
}

impl Task {
    pub(super) fn of(given: &types::Task) -> Self {
        let container = |container: &types::Container| Container {
            name: container.name().unwrap_or_default().to_owned(),
            digest: container.image_digest().and_then(|digest| digest.parse().ok()),
            reason: container.reason().map(str::to_owned),
            exit_code: container.exit_code(),
        };
        Self {
            arn: given.task_arn().unwrap_or_default().to_owned(),
            started_by: given.started_by().unwrap_or_default().to_owned(),
            status: given.last_status().unwrap_or_default().to_owned(),
            stopped_reason: given.stopped_reason().map(str::to_owned),
            containers: given.containers().iter().map(container).collect(),
        }
    }
}
