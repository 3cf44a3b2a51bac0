//! What an ECS service runs.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::{Children, Row, Verdict, Verification};
use crate::aws::ecs::{Deployment, Ecs, ImageOf, Rollout, Service, Task};
use crate::aws::{AwsError, Session};
use crate::pipeline::image::Digest;
use crate::pipeline::image_uri::{ImageUri, UriName};
use crate::pipeline::service::EcsTarget;

/// What was found, and the service itself for whoever wants to follow its deployments.
#[derive(Debug, Clone)]
pub struct Seen {
    pub found: Verification,
    pub service: Option<Service>,
}

/// A service with what its newest deployment runs.
#[derive(Debug, Clone)]
struct Running {
    service: Service,
    /// What the task definition names.
    images: Vec<ImageOf>,
    /// The tasks that shall run, those of older deployments too.
    tasks: Vec<Task>,
}

/// Looks at all these services at once and judges them.
pub async fn look(session: &Session, rows: &[&Row<'_>], children: &mut Children) -> Vec<Seen> {
    let ecs = session.ecs();
    // Several of our services may be containers of one.
    let mut clusters: BTreeMap<&str, BTreeSet<&EcsTarget>> = BTreeMap::new();
    for target in rows.iter().filter_map(|row| row.ecs()) {
        clusters.entry(&target.cluster).or_default().insert(target);
    }
    let clusters: Vec<(&str, Vec<&EcsTarget>)> =
        clusters.into_iter().map(|(cluster, targets)| (cluster, targets.into_iter().collect())).collect();
    let reads = clusters.iter().map(|(cluster, targets)| read(&ecs, cluster, targets));
    let read: BTreeMap<&EcsTarget, _> = join_all(reads).await.into_iter().flatten().collect();
    let mut unlike = BTreeSet::new();
    for row in rows {
        let running = row.ecs().and_then(|target| read.get(target)).and_then(|found| found.as_ref().ok()?.as_ref());
        if let (Some(running), Some(wanted)) = (running, &row.wanted)
            && running.digests(row).iter().flatten().any(|digest| digest != wanted)
        {
            unlike.insert((row.repository.clone(), wanted.clone()));
        }
    }
    children.fetch(session, unlike).await;
    let seen = |row: &&Row<'_>| match row.ecs().and_then(|target| read.get(target)) {
        None | Some(Ok(None)) => Seen { found: row.absent(), service: None },
        Some(Err(error)) => Seen { found: row.found(Verdict::Error(error.clone()), None), service: None },
        Some(Ok(Some(running))) => {
            let (verdict, digest) = running.judge(row, children);
            Seen { found: row.found(verdict, digest), service: Some(running.service.clone()) }
        }
    };
    rows.iter().map(seen).collect()
}

type Read<'a> = (&'a EcsTarget, Result<Option<Running>, AwsError>);

async fn read<'a>(ecs: &Ecs, cluster: &str, targets: &[&'a EcsTarget]) -> Vec<Read<'a>> {
    let names: Vec<&str> = targets.iter().map(|target| target.service.as_str()).collect();
    let services = ecs.services(cluster, &names).await;
    let parts = targets.iter().zip(services).map(|(target, service)| async move {
        let service = match service {
            Ok(Some(service)) => service,
            Ok(None) => return (*target, Ok(None)),
            Err(error) => return (*target, Err(error)),
        };
        let images = async {
            match service.primary() {
                Some(primary) => ecs.images_of(&primary.task_definition).await,
                None => Ok(Vec::new()),
            }
        };
        let tasks = async { if service.desired > 0 { ecs.running(target).await } else { Ok(Vec::new()) } };
        let parts = tokio::try_join!(images, tasks);
        (*target, parts.map(|(images, arns)| Some((service, images, arns))))
    });
    let parts = join_all(parts).await;
    let arns: BTreeSet<&String> =
        parts.iter().filter_map(|(_, part)| part.as_ref().ok()?.as_ref()).flat_map(|(_, _, arns)| arns).collect();
    let tasks = ecs.tasks(cluster, &arns.into_iter().cloned().collect::<Vec<_>>()).await;
    let with_tasks = |(service, images, arns): (Service, Vec<ImageOf>, Vec<String>)| {
        let tasks = if arns.is_empty() { Vec::new() } else { tasks.clone()? };
        let tasks = tasks.into_iter().filter(|task| arns.contains(&task.arn)).collect();
        Ok(Running { service, images, tasks })
    };
    parts.into_iter().map(|(target, part)| (target, part.and_then(|part| part.map(with_tasks).transpose()))).collect()
}

impl Running {
    /// The containers that run images of the row's repository, each with what names its image.
    fn containers(&self, row: &Row<'_>) -> Vec<(&str, UriName)> {
        let image = |image: &ImageOf| ImageUri::of(&image.image);
        let images = self.images.iter().map(|one| (one.container.as_str(), image(one)));
        images.filter(|(_, uri)| uri.is_of(&row.repository)).map(|(name, uri)| (name, uri.name)).collect()
    }

    /// What runs in each of these containers of each running task of the newest deployment.
    fn digests(&self, row: &Row<'_>) -> Vec<Option<Digest>> {
        let id = self.service.primary().map(|primary| primary.id.as_str());
        let ours = self.containers(row);
        let tasks = self.tasks.iter().filter(|task| Some(task.started_by.as_str()) == id && task.status == "RUNNING");
        let containers = tasks.flat_map(|task| &task.containers);
        let containers = containers.filter(|container| ours.iter().any(|(name, _)| *name == container.name));
        containers.map(|container| container.digest.clone()).collect()
    }

    /// The verdict, and the image that runs.
    fn judge(&self, row: &Row<'_>, children: &Children) -> (Verdict, Option<Digest>) {
        let Some(primary) = self.service.primary() else {
            return (Verdict::OtherController(self.service.controller.clone()), None);
        };
        let digests = self.digests(row);
        let first = digests.iter().flatten().next().cloned();
        let containers = self.containers(row);
        if containers.is_empty() {
            let images: Vec<&str> = self.images.iter().map(|image| image.image.as_str()).collect();
            return (Verdict::OtherRepository(images.join(", ")), None);
        }
        let Some(wanted) = &row.wanted else { return (Verdict::NoTag, first) };
        let mut other = None;
        for digest in digests.iter().flatten() {
            match children.is(&row.repository, wanted, digest) {
                Ok(true) => {}
                Ok(false) => other = other.or(Some(digest.clone())),
                Err(error) => return (Verdict::Error(error), first),
            }
        }
        // An index's child stands for the index.
        let running = other.clone().or(first.map(|_| wanted.clone()));
        let told = digests.iter().all(Option::is_some);
        let exact = containers.iter().all(|(_, name)| matches!(name, UriName::Digest(digest) if digest == wanted));
        let verdict = self.verdict(row, primary, &Found { other, count: digests.len(), told, exact });
        let cannot_help = |name: &UriName| match name {
            UriName::Tag(tag) => (tag != row.tag).then(|| Verdict::NamesOtherTag(tag.clone())),
            UriName::Digest(digest) => match children.is(&row.repository, wanted, digest) {
                Ok(true) => None,
                _ => Some(Verdict::NamesDigest(digest.clone())),
            },
        };
        let helpless = || containers.iter().find_map(|(_, name)| cannot_help(name));
        let settled = matches!(verdict, Verdict::Verified | Verdict::StillChanging { outdated: false });
        let verdict = if settled { verdict } else { helpless().unwrap_or(verdict) };
        (verdict, running)
    }

    fn verdict(&self, row: &Row<'_>, primary: &Deployment, found: &Found) -> Verdict {
        // Without a time, a deployment may be of either side.
        let older = |moved| !found.exact && primary.created.is_none_or(|created| created <= moved);
        if self.service.desired == 0 {
            return Verdict::Idle { outdated: row.moved.is_some_and(older) };
        }
        if let Some(other) = &found.other {
            return Verdict::RunsOther(other.clone());
        }
        match primary.rollout {
            Rollout::Failed => Verdict::Failed { code: "DeploymentFailed".to_owned(), reason: primary.reason.clone() },
            Rollout::Completed if found.count > 0 && found.told => Verdict::Verified,
            Rollout::Completed if found.count > 0 => Verdict::DigestUnknown,
            _ if found.count > 0 => Verdict::StillChanging { outdated: false },
            _ => Verdict::StillChanging { outdated: row.moved.map_or(!found.exact, older) },
        }
    }
}

/// What the containers of a service's newest deployment run.
struct Found {
    /// An image that is not the wanted one.
    other: Option<Digest>,
    /// How many containers there are.
    count: usize,
    /// Whether all tell what they run.
    told: bool,
    /// Whether the task definition names the wanted image by its digest.
    exact: bool,
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::aws::ecs::Container;
    use crate::pipeline::service::Registry;

    const WANTED: &str = "wanted";

    fn digest(seed: &str) -> Digest {
        Digest::of_manifest(seed)
    }

    fn at(second: i64) -> Option<Timestamp> {
        Timestamp::from_second(second).ok()
    }

    fn row(service: &crate::pipeline::service::Service, moved: Option<Timestamp>) -> Row<'_> {
        let repository = service.repository_in(&Registry::default());
        Row { index: 0, service, repository, target: None, tag: "t", wanted: Some(digest(WANTED)), moved }
    }

    /// A service whose deployment began at second 100, with tasks of these deployments that run these images.
    fn running(desired: i32, rollout: Rollout, image: &str, tasks: &[(&str, Option<&str>)]) -> Running {
        let primary = Deployment {
            id: "new".to_owned(),
            primary: true,
            task_definition: "t:1".to_owned(),
            rollout,
            reason: "why".to_owned(),
            desired,
            running: 0,
            failed: 0,
            created: at(100),
        };
        let container = |seed: Option<&str>| Container {
            name: "main".to_owned(),
            digest: seed.map(digest),
            reason: None,
            exit_code: None,
        };
        let task = |(by, seed): &(&str, Option<&str>)| Task {
            arn: String::new(),
            started_by: (*by).to_owned(),
            status: "RUNNING".to_owned(),
            stopped_reason: None,
            containers: vec![container(*seed)],
        };
        Running {
            service: Service {
                desired,
                running: 0,
                deployments: vec![primary],
                controller: "ECS".to_owned(),
                events: Vec::new(),
            },
            images: vec![ImageOf { container: "main".to_owned(), image: format!("host.io/weco/a{image}") }],
            tasks: tasks.iter().map(task).collect(),
        }
    }

    fn verdict(running: &Running, moved: Option<Timestamp>) -> Verdict {
        let service = serde_json::json!({ "name": "a", "repository": "weco/a" });
        let service = serde_json::from_value(service).expect("a service");
        running.judge(&row(&service, moved), &Children::default()).0
    }

    #[test]
    fn only_tasks_of_the_newest_deployment_count() {
        let both = [("new", Some(WANTED)), ("old", Some("other"))];
        assert_eq!(verdict(&running(1, Rollout::Completed, ":t", &both), None), Verdict::Verified);
        let one_differs = [("new", Some(WANTED)), ("new", Some("other"))];
        let found = verdict(&running(2, Rollout::Completed, ":t", &one_differs), None);
        assert_eq!(found, Verdict::RunsOther(digest("other")));
        let untold = [("new", Some(WANTED)), ("new", None)];
        assert_eq!(verdict(&running(2, Rollout::Completed, ":t", &untold), None), Verdict::DigestUnknown);
        assert_eq!(
            verdict(&running(1, Rollout::Failed, ":t", &[]), None),
            Verdict::Failed { code: "DeploymentFailed".to_owned(), reason: "why".to_owned() }
        );
    }

    #[test]
    fn what_has_no_tasks_yet_is_judged_by_its_age() {
        let starting = running(1, Rollout::InProgress, ":t", &[("old", Some("other"))]);
        assert_eq!(verdict(&starting, at(50)), Verdict::StillChanging { outdated: false });
        assert_eq!(verdict(&starting, at(150)), Verdict::StillChanging { outdated: true });
        assert_eq!(verdict(&starting, None), Verdict::StillChanging { outdated: true }, "in doubt");
        let exact = format!("@{}", digest(WANTED));
        let exact = running(1, Rollout::InProgress, &exact, &[]);
        assert_eq!(verdict(&exact, at(150)), Verdict::StillChanging { outdated: false }, "it names the image itself");
        let idle = running(0, Rollout::Completed, ":t", &[]);
        assert_eq!(verdict(&idle, at(150)), Verdict::Idle { outdated: true });
        assert_eq!(verdict(&idle, at(50)), Verdict::Idle { outdated: false });
        assert_eq!(verdict(&idle, None), Verdict::Idle { outdated: false });
    }

    #[test]
    fn what_a_restart_cannot_change_is_told() {
        let other = [("new", Some("other"))];
        let found = verdict(&running(1, Rollout::Completed, ":u", &other), None);
        assert_eq!(found, Verdict::NamesOtherTag("u".to_owned()));
        let exact = format!("@{}", digest("other"));
        let found = verdict(&running(1, Rollout::Completed, &exact, &other), None);
        assert_eq!(found, Verdict::NamesDigest(digest("other")));
        let same = [("new", Some(WANTED))];
        assert_eq!(verdict(&running(1, Rollout::Completed, ":u", &same), None), Verdict::Verified, "it runs after all");
        assert_eq!(
            verdict(&running(1, Rollout::Completed, "b:t", &same), None),
            Verdict::OtherRepository("host.io/weco/ab:t".to_owned())
        );
        let mut foreign = running(1, Rollout::Completed, ":t", &same);
        foreign.service.deployments.clear();
        foreign.service.controller = "CODE_DEPLOY".to_owned();
        assert_eq!(verdict(&foreign, None), Verdict::OtherController("CODE_DEPLOY".to_owned()));
    }
}
