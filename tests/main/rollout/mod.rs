//! What runs a pipeline is restarted, awaited and verified, on the local AWS.

mod drift;
mod ecs;
mod functions;
mod repositories;
mod trouble;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use pipelinectl::aws::{Session, SessionOptions};
use pipelinectl::operations::rollout::{RolloutRequest, rollout};
use pipelinectl::operations::verify_images::{Verdict, Verification, VerifyRequest, verify_images};
use pipelinectl::pipeline::Namespace;
use pipelinectl::pipeline::image::Digest;
use pipelinectl::pipeline::service::{Registry, Repository, Service};
use pipelinectl::progress::{Outcome, Progress, Silent};
use pipelinectl::releases::Permit;
use sandbox::{Kind, LocalAws, Switches};
use serde_json::{Value, json};

use super::images::config;

const TAG: &str = "2022-10-14";
const HOUR: Duration = Duration::from_secs(3600);

/// Keeps what is told of the targets.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn tell(&self, line: String) {
        self.0.lock().expect("the lines").push(line);
    }

    /// What was told of a target, without repetitions.
    fn of(&self, target: &str) -> Vec<String> {
        let lines = self.0.lock().expect("the lines");
        let mut lines: Vec<_> = lines.iter().filter_map(|line| Some(line.strip_prefix(target)?.to_owned())).collect();
        lines.dedup();
        lines
    }
}

impl Progress for Told {
    fn started(&self, item: &str, what: &str) {
        self.tell(format!("{item} … {what}"));
    }
    fn changed(&self, item: &str, what: &str) {
        self.tell(format!("{item} … {what}"));
    }
    fn finished(&self, item: &str, outcome: Outcome, what: &str) {
        self.tell(format!("{item} {outcome:?}: {what}"));
    }
    fn dismissed(&self, _item: &str) {}
    fn note(&self, _line: &str) {}
    fn detail(&self, _line: &str) {}
}

/// A fresh account with a repository, and a service of it for each target.
struct World {
    aws: LocalAws,
    session: Session,
    services: Vec<Service>,
    registry: Registry,
    namespace: Namespace,
    moved: BTreeMap<Repository, Timestamp>,
    told: Told,
}

impl World {
    /// Services `s0` and so on with a Lambda function each.
    async fn of_functions(count: usize) -> Self {
        Self::of((0..count).map(|n| json!({ "lambda": format!("{{namespace}}-s{n}") }))).await
    }

    /// Services `s0` and so on with an ECS service each.
    async fn of_ecs(count: usize) -> Self {
        let world =
            Self::of((0..count).map(|n| json!({ "ecs": { "cluster": "c-{namespace}", "service": format!("s{n}") } })))
                .await;
        world.ask_ecs("CreateCluster", &json!({ "clusterName": world.cluster() }));
        world
    }

    async fn of(targets: impl Iterator<Item = Value>) -> Self {
        let aws = LocalAws::shared().expect("the local AWS starts");
        let options = SessionOptions::new(Arc::new(Silent));
        let session = Session::with_config(config(&aws), options).await.expect("a configuration");
        let service = |(n, mut service): (usize, Value)| {
            service["name"] = json!(format!("s{n}"));
            service["repository"] = json!(format!("weco/s{n}"));
            serde_json::from_value::<Service>(service).expect("a service")
        };
        let services: Vec<Service> = targets.enumerate().map(service).collect();
        for service in &services {
            aws.create_repository(&service.repository).expect("a repository");
        }
        let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
        let form = [("Action", "CreateRole"), ("Version", "2010-05-08"), ("RoleName", "r")];
        aws.ask_query("iam", &[&form[..], &[("AssumeRolePolicyDocument", policy)]].concat()).expect("a role");
        let namespace = TAG.parse().expect("a namespace");
        Self {
            aws,
            session,
            services,
            registry: Registry::default(),
            namespace,
            moved: BTreeMap::new(),
            told: Told::default(),
        }
    }

    fn cluster(&self) -> String {
        format!("c-{}", self.namespace)
    }

    /// An image takes these tags in the repository of the service.
    fn push(&self, n: usize, seed: &str, kind: Kind, tags: &[&str]) -> Digest {
        let repository = &self.services[n].repository;
        let image = self.aws.seed_image(repository, &format!("{seed} {n}"), kind, tags).expect("an image");
        image.digest.parse().expect("a digest")
    }

    /// The pipeline's tag goes to another image in the repository of each service.
    fn release(&self, seed: &str) {
        for n in 0..self.services.len() {
            self.push(n, seed, Kind::Docker, &[TAG]);
        }
    }

    fn uri(&self, n: usize, name: &str) -> String {
        let account = self.aws.account_id();
        format!("{account}.dkr.ecr.eu-west-1.amazonaws.com/{}{name}", self.services[n].repository)
    }

    /// Makes the function of a service from `:tag` or `@digest`.
    fn function(&self, n: usize, name: &str) {
        let account = self.aws.account_id();
        let body = json!({
            "FunctionName": self.services[n].functions_of(&self.namespace)[0], "PackageType": "Image",
            "Role": format!("arn:aws:iam::{account}:role/r"), "Code": { "ImageUri": self.uri(n, name) },
            "Architectures": ["arm64"],
        });
        self.aws.ask_rest("lambda", "POST", "/2015-03-31/functions", &body).expect("a function");
    }

    fn functions(&self) {
        (0..self.services.len()).for_each(|n| self.function(n, &format!(":{TAG}")));
    }

    /// Makes the ECS service of a service from `:tag` or `@digest`, with another container beside it.
    fn ecs(&self, n: usize, desired: usize, name: &str, breaker: bool) {
        let service = format!("s{n}");
        let containers = [
            json!({ "name": "proxy", "image": "public.ecr.aws/nginx/nginx:1", "memory": 64 }),
            json!({ "name": "main", "image": self.uri(n, name), "memory": 64 }),
        ];
        self.ask_ecs("RegisterTaskDefinition", &json!({ "family": service, "containerDefinitions": containers }));
        let mut body = json!({
            "cluster": self.cluster(), "serviceName": service, "taskDefinition": service, "desiredCount": desired,
            "launchType": "FARGATE",
        });
        if breaker {
            let breaker = json!({ "deploymentCircuitBreaker": { "enable": true, "rollback": true } });
            body["deploymentConfiguration"] = breaker;
        }
        self.ask_ecs("CreateService", &body);
    }

    fn ecs_services(&self, desired: usize) {
        (0..self.services.len()).for_each(|n| self.ecs(n, desired, &format!(":{TAG}"), false));
    }

    fn ask_ecs(&self, operation: &str, body: &Value) -> Value {
        self.aws.ask("ecs", &format!("AmazonEC2ContainerServiceV20141113.{operation}"), body).expect("an answer")
    }

    fn set(&self, switches: &Switches) {
        self.aws.set(switches).expect("switches");
    }

    fn count(&self, operation: &str) -> usize {
        self.aws.calls().expect("a call log").iter().filter(|call| call.operation == operation).count()
    }

    /// What the pipeline's tag names.
    fn digests(&self) -> BTreeMap<Repository, Digest> {
        let digest = |service: &Service| {
            let image = self.aws.tagged(&service.repository, TAG).expect("a repository")?;
            Some((service.repository_in(&self.registry), image.digest.parse().expect("a digest")))
        };
        self.services.iter().filter_map(digest).collect()
    }

    async fn verify(&self) -> Vec<Verification> {
        let digests = self.digests();
        let request = VerifyRequest {
            namespace: &self.namespace,
            services: &self.services,
            registry: &self.registry,
            tag: TAG,
            digests: &digests,
            moved: &self.moved,
            wait: Duration::ZERO,
        };
        verify_images(&self.session, &request, &Silent).await
    }

    async fn rollout(&self) -> Vec<Verification> {
        self.rollout_with(HOUR, &|| false).await
    }

    async fn rollout_with(&self, timeout: Duration, stop: &(dyn Fn() -> bool + Send + Sync)) -> Vec<Verification> {
        let digests = self.digests();
        let request = RolloutRequest {
            namespace: &self.namespace,
            services: &self.services,
            registry: &self.registry,
            tag: TAG,
            digests: &digests,
            moved: &self.moved,
            timeout,
            permit: Permit::always(),
            stop,
        };
        rollout(&self.session, &request, &self.told).await
    }
}

#[track_caller]
fn all_verified(rows: &[Verification]) {
    assert!(rows.iter().all(|row| row.verdict == Verdict::Verified), "{rows:#?}");
}

fn restarted(rows: &[Verification]) -> Vec<bool> {
    rows.iter().map(|row| row.restarted).collect()
}
