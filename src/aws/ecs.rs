//! ECS services: their deployments and the tasks that run them.

use aws_sdk_ecs::config::Config;
use aws_sdk_ecs::operation::describe_services::DescribeServicesError;
use aws_sdk_ecs::types::DesiredStatus;
use futures_util::future::try_join_all;
use jiff::Timestamp;

use super::error::AwsError;
use super::place::Place;
use super::write::{self, Write};
use crate::pipeline::service::EcsTarget;

mod read;

pub use read::{Container, Deployment, Event, ImageOf, Rollout, Service, Task};

/// `DescribeServices` takes no more services, `ListTasks` gives and `DescribeTasks` takes no more tasks ("Amazon ECS API
/// Reference").
const MOST_SERVICES: usize = 10;
const MOST_TASKS: usize = 100;

/// Reads and restarts ECS services.
#[derive(Debug, Clone)]
pub struct Ecs {
    client: aws_sdk_ecs::Client,
    place: Place,
}

impl Ecs {
    pub(super) fn new(client: aws_sdk_ecs::Client, place: Place) -> Self {
        Self { client, place }
    }

    /// The services of a cluster with these names, in their order: ten a call. None where there is no such service, or
    /// none that is active, or no such cluster. One call's failure is that of its services only.
    pub async fn services(&self, cluster: &str, names: &[&str]) -> Vec<Result<Option<Service>, AwsError>> {
        let calls = names.chunks(MOST_SERVICES).map(|names| async move {
            match self.describe_services(cluster, names).await {
                Ok(found) => found.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error); names.len()],
            }
        });
        futures_util::future::join_all(calls).await.into_iter().flatten().collect()
    }

    async fn describe_services(&self, cluster: &str, names: &[&str]) -> Result<Vec<Option<Service>>, AwsError> {
        let services = names.iter().map(|name| (*name).to_owned()).collect();
        let call = self.client.describe_services().cluster(cluster).set_services(Some(services));
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(error)
                if error.as_service_error().is_some_and(DescribeServicesError::is_cluster_not_found_exception) =>
            {
                return Ok(vec![None; names.len()]);
            }
            Err(error) => return Err(self.place.error("DescribeServices", &in_cluster(names, cluster), &error)),
        };
        for failure in answer.failures() {
            if failure.reason() != Some("MISSING") {
                return Err(AwsError::Other {
                    operation: format!("{}:DescribeServices", self.place.service),
                    resource: in_cluster(&[failure.arn().unwrap_or(cluster)], cluster),
                    code: failure.reason().unwrap_or("Failed").to_owned(),
                    message: failure.detail().unwrap_or("no reason was given").to_owned(),
                    request_id: None,
                });
            }
        }
        // One that is deleted stays visible for a while, as DRAINING or INACTIVE.
        let active = |name: &&str| {
            let known = answer.services().iter();
            known.filter(|one| one.status() == Some("ACTIVE")).find(|one| one.service_name() == Some(*name))
        };
        Ok(names.iter().map(|name| active(name).map(Service::of)).collect())
    }

    /// Begins a new deployment of the service as it is, and gives the deployment's id. The tag in its task definition
    /// is looked up for it once more ("Container image resolution", Amazon ECS Developer Guide). Before each attempt `may`
    /// is asked; none where it said no before anything was sent.
    pub async fn restart(
        &self,
        target: &EcsTarget,
        may: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<String>, AwsError> {
        let call = || {
            let call = self.client.update_service().cluster(&target.cluster).service(&target.service);
            let once = Config::builder().retry_config(write::once()).timeout_config(write::timeouts());
            call.force_new_deployment(true).customize().config_override(once).send()
        };
        let write = Write { limiter: None, may, time_limit: self.place.time_limit };
        let Some(sent) = write.send(call).await else { return Ok(None) };
        let resource = format!("the service {target}");
        let answer = sent.result.map_err(|error| self.place.error("UpdateService", &resource, &error))?;
        let service = answer.service.as_ref().map(Service::of);
        let id = service.and_then(|service| service.primary().map(|primary| primary.id.clone()));
        id.map(Some).ok_or_else(|| AwsError::Other {
            operation: format!("{}:UpdateService", self.place.service),
            resource,
            code: "NoDeployment".to_owned(),
            message: "the answer names no new deployment".to_owned(),
            request_id: None,
        })
    }

    /// The images that a task definition names, one for each container.
    pub async fn images_of(&self, task_definition: &str) -> Result<Vec<ImageOf>, AwsError> {
        let answer = self.client.describe_task_definition().task_definition(task_definition).send().await;
        let answer = answer.map_err(|error| {
            self.place.error("DescribeTaskDefinition", &format!("the task definition {task_definition}"), &error)
        })?;
        let definition =
            answer.task_definition.unwrap_or_else(|| aws_sdk_ecs::types::TaskDefinition::builder().build());
        let containers = definition.container_definitions().iter();
        Ok(containers
            .filter_map(|one| Some(ImageOf { container: one.name()?.into(), image: one.image()?.into() }))
            .collect())
    }

    /// The tasks of a service that shall run, by their ARN.
    pub async fn running(&self, target: &EcsTarget) -> Result<Vec<String>, AwsError> {
        self.list_tasks(target, DesiredStatus::Running).await
    }

    /// The tasks of a service that stopped within about the last hour, by their ARN.
    pub async fn stopped(&self, target: &EcsTarget) -> Result<Vec<String>, AwsError> {
        self.list_tasks(target, DesiredStatus::Stopped).await
    }

    async fn list_tasks(&self, target: &EcsTarget, status: DesiredStatus) -> Result<Vec<String>, AwsError> {
        let call = self.client.list_tasks().cluster(&target.cluster).service_name(&target.service);
        let mut pages = call.desired_status(status).into_paginator().send();
        let mut tasks = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.place.error("ListTasks", &format!("the service {target}"), &error))?;
            tasks.extend(page.task_arns.unwrap_or_default());
        }
        Ok(tasks)
    }

    /// The tasks of a cluster with these ARNs: a hundred a call. One that is gone meanwhile is left out.
    pub async fn tasks(&self, cluster: &str, arns: &[String]) -> Result<Vec<Task>, AwsError> {
        let calls = arns.chunks(MOST_TASKS).map(|arns| async move {
            let call = self.client.describe_tasks().cluster(cluster).set_tasks(Some(arns.to_vec()));
            let answer = call.send().await.map_err(|error| {
                self.place.error("DescribeTasks", &format!("the tasks of the cluster {cluster}"), &error)
            })?;
            Ok::<_, AwsError>(answer.tasks().iter().map(Task::of).collect::<Vec<_>>())
        });
        Ok(try_join_all(calls).await?.into_iter().flatten().collect())
    }
}

fn in_cluster(names: &[&str], cluster: &str) -> String {
    match names {
        [name] => format!("the service {cluster}/{name}"),
        names => format!("{} services of the cluster {cluster}", names.len()),
    }
}

/// A time of the SDK; none if it is none.
fn time(at: Option<&aws_sdk_ecs::primitives::DateTime>) -> Option<Timestamp> {
    let at = at?;
    Timestamp::new(at.secs(), i32::try_from(at.subsec_nanos()).ok()?).ok()
}
