//! Why a deployment of an ECS service does not get on: what its tasks stopped for, and what ECS told of it.

use std::collections::BTreeMap;

use crate::aws::ecs::{Ecs, Service, Task};
use crate::pipeline::service::EcsTarget;

/// How many reasons and how many events are shown.
const MOST: usize = 5;

/// The reasons and events of the deployment `id`, a line each.
pub async fn of(ecs: &Ecs, target: &EcsTarget, service: &Service, id: &str) -> Vec<String> {
    let stopped = async {
        let arns = ecs.stopped(target).await?;
        ecs.tasks(&target.cluster, &arns).await
    };
    let mut lines = match stopped.await {
        Ok(tasks) => reasons(&tasks, id),
        Err(error) => vec![format!("why its tasks stopped cannot be read: {error}")],
    };
    lines.extend(events(service, id));
    lines
}

/// Why tasks of the deployment stopped, the most frequent reason first.
fn reasons(tasks: &[Task], id: &str) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for task in tasks.iter().filter(|task| task.started_by == id) {
        if let Some(reason) = reason(task) {
            *counts.entry(reason).or_default() += 1;
        }
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let line = |(reason, count): (String, usize)| match count {
        1 => format!("a task stopped: {reason}"),
        count => format!("{count} tasks stopped: {reason}"),
    };
    counts.into_iter().take(MOST).map(line).collect()
}

fn reason(task: &Task) -> Option<String> {
    let mut parts: Vec<String> = task.stopped_reason.iter().cloned().collect();
    for container in &task.containers {
        match (&container.reason, container.exit_code) {
            // Each container of a task that could not be started repeats why.
            (Some(reason), _) if parts.contains(reason) => {}
            (Some(reason), _) => parts.push(format!("{}: {reason}", container.name)),
            (None, Some(code)) if code != 0 => parts.push(format!("{} ended with {code}", container.name)),
            _ => {}
        }
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The last events since the deployment began, the oldest of them first. That tasks were started is no news.
fn events(service: &Service, id: &str) -> Vec<String> {
    let since = service.deployment(id).and_then(|deployment| deployment.created);
    let recent = service.events.iter().filter(|event| match (event.at, since) {
        (Some(at), Some(since)) => at >= since,
        _ => event.message.contains(id),
    });
    let recent = recent.filter(|event| !event.message.contains(") has started "));
    let mut lines: Vec<String> = recent.take(MOST).map(|event| event.message.clone()).collect();
    lines.reverse();
    lines
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::aws::ecs::{Container, Deployment, Event, Rollout};

    fn task(by: &str, stopped: &str, reason: Option<&str>, exit_code: Option<i32>) -> Task {
        let container =
            Container { name: "main".to_owned(), digest: None, reason: reason.map(str::to_owned), exit_code };
        Task {
            arn: String::new(),
            started_by: by.to_owned(),
            status: "STOPPED".to_owned(),
            stopped_reason: Some(stopped.to_owned()),
            containers: vec![container],
        }
    }

    #[test]
    fn reasons_are_counted_and_those_of_other_deployments_left_out() {
        let tasks = [
            task("new", "no memory", Some("no memory"), None),
            task("new", "Essential container exited", None, Some(1)),
            task("new", "Essential container exited", None, Some(1)),
            task("old", "Scaling activity", None, Some(0)),
        ];
        assert_eq!(
            reasons(&tasks, "new"),
            ["2 tasks stopped: Essential container exited; main ended with 1", "a task stopped: no memory"]
        );
    }

    #[test]
    fn the_last_events_since_the_deployment_began_in_their_order() {
        let at = |second: i64| Timestamp::from_second(second).ok();
        let event = |second, message: &str| Event { at: at(second), message: message.to_owned() };
        let events =
            vec![event(9, "c"), event(8, "(service s) has started 1 tasks: (task x)."), event(7, "b"), event(1, "a")];
        let deployment = Deployment {
            id: "new".to_owned(),
            primary: true,
            task_definition: String::new(),
            rollout: Rollout::Failed,
            reason: String::new(),
            desired: 1,
            running: 0,
            failed: 1,
            created: at(5),
        };
        let controller = "ECS".to_owned();
        let service = Service { desired: 1, running: 0, deployments: vec![deployment], controller, events };
        assert_eq!(super::events(&service, "new"), ["b", "c"]);
    }
}
