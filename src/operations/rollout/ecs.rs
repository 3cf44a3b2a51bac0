//! The restart of ECS services: a new deployment of each, followed by its id.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::{LAST_LOOK, Pace, Run, Waited, trouble};
use crate::aws::AwsError;
use crate::aws::ecs::{Ecs, Rollout, Service};
use crate::operations::verify_images::{Children, Row, Verdict, Verification, ecs::Seen, ecs::look, finished};
use crate::pipeline::service::EcsTarget;

/// Answers of ECS may be a little old ("Eventual consistency", Amazon ECS API Reference): so long may it take until a new
/// deployment stands in them.
const VISIBLE_AFTER: Duration = Duration::from_secs(15);

/// A service whose deployment is waited for.
struct Followed<'a> {
    row: &'a Row<'a>,
    target: &'a EcsTarget,
    /// The deployment.
    id: String,
    /// Since when.
    since: Instant,
    restarted: bool,
    /// As it was seen last.
    service: Option<Service>,
}

/// How far a deployment is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// All its tasks run.
    Completed,
    /// It goes on.
    Going(String),
    /// It has ended, and its tasks do not run.
    Ended(Verdict),
}

/// Looks at the ECS services, restarts those that must be, and waits for them. They are looked at together.
pub async fn roll<'a>(run: &Run<'_>, rows: &'a [Row<'a>]) -> Vec<(usize, Verification)> {
    let rows: Vec<&Row> = rows.iter().filter(|row| row.ecs().is_some()).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    for row in &rows {
        run.progress.started(&row.name(), "looking");
    }
    let mut children = Children::default();
    let seen = look(run.session, &rows, &mut children).await;
    let ecs = run.session.ecs();
    let mut shared: BTreeMap<Option<&EcsTarget>, Vec<(&Row, Seen)>> = BTreeMap::new();
    for (row, seen) in rows.into_iter().zip(seen) {
        shared.entry(row.ecs()).or_default().push((row, seen));
    }
    let begun = shared.into_values().map(|sharing| begin(run, &ecs, sharing));
    let mut done = Vec::new();
    let mut left = Vec::new();
    for begun in join_all(begun).await.into_iter().flatten() {
        match begun {
            Begun::Followed(followed) => left.push(*followed),
            Begun::Done(index, found) => done.push((index, found)),
        }
    }
    let mut pace = Pace::new();
    while !left.is_empty() {
        let waited = pace.wait(run).await;
        if waited == Waited::Look {
            left = advance(run, &ecs, left, &mut children, &mut done).await;
            continue;
        }
        for followed in left.drain(..) {
            done.push(given_up(run, &ecs, followed, waited).await);
        }
    }
    done
}

/// How it begins for one of our services.
enum Begun<'a> {
    /// Its deployment is waited for.
    Followed(Box<Followed<'a>>),
    /// It ended at once.
    Done(usize, Verification),
}

/// Restarts an ECS service that must be restarted: once, although it may run the images of several of our services, one
/// in each container. Then all of them are judged by the same deployment.
async fn begin<'a>(run: &Run<'_>, ecs: &Ecs, sharing: Vec<(&'a Row<'a>, Seen)>) -> Vec<Begun<'a>> {
    let restart = match sharing.iter().find(|(_, seen)| seen.found.verdict.needs_restart()) {
        Some((row, Seen { service: Some(service), .. })) if service.primary().is_some() => restart(run, ecs, row).await,
        _ => Ok(None),
    };
    let begun = sharing.into_iter().map(|(row, Seen { mut found, service })| {
        let name = row.name();
        let followed = |id, restarted, service| {
            let target = row.ecs()?;
            Some(Followed { row, target, id, since: Instant::now(), restarted, service })
        };
        let primary = service.as_ref().and_then(Service::primary).map(|primary| primary.id.clone());
        let followed = match (&restart, primary) {
            (Ok(Some(id)), _) => {
                run.progress.changed(&name, "restarting");
                followed(id.clone(), true, None)
            }
            (Ok(None), Some(id)) if found.verdict.is_changing() => {
                run.progress.changed(&name, "waiting for the deployment before");
                followed(id, false, service)
            }
            _ => None,
        };
        if let Err(verdict) = &restart
            && found.verdict.needs_restart()
        {
            found.verdict = verdict.clone();
        }
        if let Some(followed) = followed {
            return Begun::Followed(Box::new(followed));
        }
        finished(run.progress, &name, &found);
        Begun::Done(row.index, found)
    });
    begun.collect()
}

/// The id of the new deployment, or why there is none.
async fn restart(run: &Run<'_>, ecs: &Ecs, row: &Row<'_>) -> Result<Option<String>, Verdict> {
    let Some(target) = row.ecs() else { return Ok(None) };
    match ecs.restart(target, &|| run.forbidden().is_none()).await {
        Ok(Some(id)) => Ok(Some(id)),
        Ok(None) => Err(run.why_forbidden()),
        Err(error) => Err(Verdict::NotRestarted(error)),
    }
}

/// Looks at all of them once; those that have ended go to `done`.
async fn advance<'a>(
    run: &Run<'_>,
    ecs: &Ecs,
    followed: Vec<Followed<'a>>,
    children: &mut Children,
    done: &mut Vec<(usize, Verification)>,
) -> Vec<Followed<'a>> {
    let Some(services) = run.until_stopped(services(ecs, &followed)).await else { return followed };
    let mut left = Vec::new();
    let mut completed = Vec::new();
    for (mut followed, service) in followed.into_iter().zip(services) {
        let step = match &service {
            Ok(Some(service)) => step(service, &followed.id, followed.since.elapsed() < VISIBLE_AFTER),
            Ok(None) => Step::Ended(Verdict::Absent),
            Err(error) if error.may_pass() => Step::Going(format!("waiting: {error}")),
            Err(error) => Step::Ended(Verdict::Error(error.clone())),
        };
        if let Ok(Some(service)) = service {
            followed.service = Some(service);
        }
        match step {
            Step::Completed => completed.push(followed),
            Step::Going(text) => {
                run.progress.changed(&followed.row.name(), &text);
                left.push(followed);
            }
            Step::Ended(verdict) => done.push(ended(run, ecs, followed, verdict).await),
        }
    }
    // Those that we restarted are newer than any move of a tag.
    let fresh: Vec<Row> = completed.iter().map(|one| Row { moved: None, ..one.row.clone() }).collect();
    let fresh: Vec<&Row> = fresh.iter().collect();
    let Some(seen) = run.until_stopped(look(run.session, &fresh, children)).await else {
        left.extend(completed);
        return left;
    };
    let mut restarts: BTreeMap<Option<&EcsTarget>, Result<Option<String>, Verdict>> = BTreeMap::new();
    for (mut followed, seen) in completed.into_iter().zip(seen) {
        let mut found = seen.found;
        // A deployment that was under way may have been of other images: when ECS goes back, for instance.
        if !followed.restarted && found.verdict.needs_restart() {
            let target = followed.row.ecs();
            if let Entry::Vacant(place) = restarts.entry(target) {
                place.insert(restart(run, ecs, followed.row).await);
            }
            match restarts.get(&target) {
                Some(Ok(Some(id))) => {
                    run.progress.changed(&followed.row.name(), "restarting");
                    (followed.id, followed.since, followed.restarted) = (id.clone(), Instant::now(), true);
                    followed.service = None;
                    left.push(followed);
                    continue;
                }
                Some(Err(verdict)) => found.verdict = verdict.clone(),
                _ => {}
            }
        }
        match &found.verdict {
            Verdict::StillChanging { .. } => left.push(followed),
            Verdict::Error(error) if error.may_pass() => left.push(followed),
            _ => {
                found.restarted = followed.restarted;
                finished(run.progress, &followed.row.name(), &found);
                done.push((followed.row.index, found));
            }
        }
    }
    left
}

/// The services in their order, ten a call, each asked for once.
async fn services(ecs: &Ecs, followed: &[Followed<'_>]) -> Vec<Result<Option<Service>, AwsError>> {
    let mut clusters: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for one in followed {
        clusters.entry(&one.target.cluster).or_default().insert(&one.target.service);
    }
    let looks = clusters.into_iter().map(|(cluster, names)| async move {
        let names: Vec<&str> = names.into_iter().collect();
        let found = ecs.services(cluster, &names).await;
        names.into_iter().map(|name| (cluster, name)).zip(found).collect::<Vec<_>>()
    });
    let found: BTreeMap<_, _> = join_all(looks).await.into_iter().flatten().collect();
    let of = |target: &EcsTarget| found.get(&(target.cluster.as_str(), target.service.as_str())).cloned();
    followed.iter().map(|one| of(one.target).unwrap_or(Ok(None))).collect()
}

/// How far the deployment `id` of the service is; `fresh` while answers may not show it yet.
fn step(service: &Service, id: &str, fresh: bool) -> Step {
    let (ours, primary) = (service.deployment(id), service.primary());
    if let Some(ours) = ours.filter(|ours| ours.rollout == Rollout::Failed) {
        let reason = if ours.reason.is_empty() { "no reason was given" } else { &ours.reason };
        return failed(if ours.primary { "DeploymentFailed" } else { "RolledBack" }, reason);
    }
    if let Some(ours) = ours.filter(|ours| ours.primary) {
        return match (ours.rollout, ours.failed) {
            (Rollout::Completed, _) => Step::Completed,
            (_, 0) => Step::Going(format!("{} of {} tasks run", ours.running, ours.desired)),
            (_, count) => Step::Going(format!("{} of {} tasks run, {count} failed", ours.running, ours.desired)),
        };
    }
    // It is no longer the newest: the circuit breaker has gone back to the one before, or somebody made another.
    let back = primary.map(|primary| primary.reason.as_str()).filter(|reason| reason.contains("rolling back"));
    let told = service.events.iter().map(|event| event.message.as_str());
    let told = back.or(told.filter(|message| message.contains(id)).find(|message| message.contains("failed")));
    match told {
        Some(reason) => failed("RolledBack", reason),
        None if ours.is_none() && fresh => Step::Going("waiting for the deployment to be seen".to_owned()),
        None => failed("Replaced", "another deployment took the place of ours"),
    }
}

fn failed(code: &str, reason: &str) -> Step {
    Step::Ended(Verdict::Failed { code: code.to_owned(), reason: reason.to_owned() })
}

async fn ended(run: &Run<'_>, ecs: &Ecs, followed: Followed<'_>, verdict: Verdict) -> (usize, Verification) {
    let mut found = followed.row.found(verdict, None);
    found.restarted = followed.restarted;
    if let (Verdict::Failed { .. } | Verdict::StillChanging { .. }, Some(service)) = (&found.verdict, &followed.service)
    {
        let trouble = trouble::of(ecs, followed.target, service, &followed.id);
        let untold = || vec!["why its tasks do not run could not be read in time".to_owned()];
        found.details = tokio::time::timeout(LAST_LOOK, trouble).await.unwrap_or_else(|_| untold());
    }
    finished(run.progress, &followed.row.name(), &found);
    (followed.row.index, found)
}

/// The time is over, or the user wants to stop.
async fn given_up(run: &Run<'_>, ecs: &Ecs, followed: Followed<'_>, waited: Waited) -> (usize, Verification) {
    let verdict = match waited {
        Waited::Stopped if followed.restarted => Verdict::NotAwaited,
        Waited::Stopped => Verdict::Interrupted,
        Waited::Over | Waited::Look => Verdict::StillChanging { outdated: false },
    };
    ended(run, ecs, followed, verdict).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::ecs::{Deployment, Event};

    fn deployment(id: &str, primary: bool, rollout: Rollout, reason: &str) -> Deployment {
        Deployment {
            id: id.to_owned(),
            primary,
            task_definition: "t:1".to_owned(),
            rollout,
            reason: reason.to_owned(),
            desired: 2,
            running: 1,
            failed: 0,
            created: None,
        }
    }

    fn service(deployments: Vec<Deployment>, event: &str) -> Service {
        let events = vec![Event { at: None, message: event.to_owned() }];
        Service { desired: 2, running: 2, deployments, controller: "ECS".to_owned(), events }
    }

    fn code(step: Step) -> String {
        match step {
            Step::Ended(Verdict::Failed { code, reason }) => format!("{code}: {reason}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn our_deployment_is_followed_by_its_id() {
        let going = service(vec![deployment("new", true, Rollout::InProgress, "")], "");
        assert_eq!(step(&going, "new", true), Step::Going("1 of 2 tasks run".to_owned()));
        let mut failing = deployment("new", true, Rollout::InProgress, "");
        failing.failed = 3;
        assert_eq!(
            step(&service(vec![failing], ""), "new", false),
            Step::Going("1 of 2 tasks run, 3 failed".to_owned())
        );
        let done = service(vec![deployment("new", true, Rollout::Completed, "")], "");
        assert_eq!(step(&done, "new", false), Step::Completed);
        let failed = service(vec![deployment("new", true, Rollout::Failed, "tasks failed to start")], "");
        assert_eq!(code(step(&failed, "new", false)), "DeploymentFailed: tasks failed to start");
    }

    #[test]
    fn a_completed_deployment_that_is_not_ours_is_no_success() {
        let old = || deployment("old", true, Rollout::Completed, "");
        assert!(matches!(step(&service(vec![old()], ""), "new", true), Step::Going(_)), "not visible yet");
        let replaced = "Replaced: another deployment took the place of ours";
        assert_eq!(code(step(&service(vec![old()], ""), "new", false)), replaced);
        let event = "(service s) (deployment new) deployment failed: tasks failed to start.";
        assert_eq!(code(step(&service(vec![old()], event), "new", true)), format!("RolledBack: {event}"));
        let back = deployment("back", true, Rollout::InProgress, "circuit breaker: rolling back to deploymentId old");
        let rolled = service(vec![back, deployment("new", false, Rollout::Failed, "tasks failed to start")], "");
        assert_eq!(code(step(&rolled, "new", true)), "RolledBack: tasks failed to start");
        let other = service(vec![old(), deployment("new", false, Rollout::InProgress, "")], "");
        assert_eq!(code(step(&other, "new", true)), replaced);
    }
}
