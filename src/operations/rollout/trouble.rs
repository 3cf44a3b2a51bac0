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
            (Some(reason), _) => parts.push(format!("{}: {reason}", container.name)),
            (None, Some(code)) if code != 0 => parts.push(format!("{} ended with {code}", container.name)),
            _ => {}
        }
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The last events since the deployment began, the oldest of them first.
fn events(service: &Service, id: &str) -> Vec<String> {
    let since = service.deployment(id).and_then(|deployment| deployment.created);
    let recent = service.events.iter().filter(|event| match (event.at, since) {
        (Some(at), Some(since)) => at >= since,
        _ => event.message.contains(id),
    });
    let mut lines: Vec<String> = recent.take(MOST).map(|event| event.message.clone()).collect();
    lines.reverse();
    lines
}
