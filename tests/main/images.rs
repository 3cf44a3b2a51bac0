//! Images, tags and what runs them, on the local AWS: resolve, move, put back, take away, verify.

mod found;
mod locked;
mod moved;
mod put_back;
mod removed;
mod verified;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecr::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::SystemTimeSource;
use pipelinectl::aws::{Session, SessionOptions};
use pipelinectl::operations::move_tags::{MoveReport, move_tags};
use pipelinectl::operations::resolve_images::{ImageRequest, ResolveError, resolve_images};
use pipelinectl::pipeline::history::Histories;
use pipelinectl::pipeline::image::{CommitScheme, Digest};
use pipelinectl::pipeline::release::{
    Decision, Goal, ImageSource, Policy, PolicyKind, Refusal, TagPlan, TagState, moves,
};
use pipelinectl::pipeline::service::{Registry, Repository, Service};
use pipelinectl::progress::{Outcome, Progress};
use pipelinectl::releases::Permit;
use sandbox::{Fault, Kind, LocalAws, Switches};
use serde_json::json;

const TAG: &str = "2022-10-14";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// Keeps what is shown with `--verbose`.
#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Progress for Lines {
    fn started(&self, _item: &str, _what: &str) {}
    fn changed(&self, _item: &str, _what: &str) {}
    fn finished(&self, _item: &str, _outcome: Outcome, _what: &str) {}
    fn dismissed(&self, _item: &str) {}

    fn note(&self, _line: &str) {}
    fn detail(&self, line: &str) {
        self.0.lock().expect("the lines").push(line.to_owned());
    }
}

/// A fresh account with repositories `weco/s0` and so on, a service for each.
struct World {
    aws: LocalAws,
    session: Session,
    lines: Arc<Lines>,
    services: Vec<Service>,
    registry: Registry,
    commits: CommitScheme,
}

impl World {
    async fn new(services: usize) -> Self {
        let aws = LocalAws::shared().expect("the local AWS starts");
        let lines = Arc::new(Lines::default());
        let session =
            Session::with_config(config(&aws), SessionOptions::new(lines.clone())).await.expect("a configuration");
        let services: Vec<Service> = (0..services)
            .map(|n| json!({ "name": format!("s{n}"), "repository": format!("weco/s{n}"), "lambda": format!("{{namespace}}-s{n}") }))
            .map(|service| serde_json::from_value(service).expect("a service"))
            .collect();
        for service in &services {
            aws.create_repository(&service.repository).expect("a repository");
        }
        Self { aws, session, lines, services, registry: Registry::default(), commits: CommitScheme::default() }
    }

    /// The same, each repository with an image of its own that has two tags.
    async fn seeded(services: usize) -> (Self, Vec<Digest>) {
        let world = Self::new(services).await;
        let commit = format!("ref.{COMMIT}");
        let digests = (0..services).map(|n| world.push(n, "first", Kind::Docker, &["latest", &commit])).collect();
        (world, digests)
    }

    fn push(&self, n: usize, seed: &str, kind: Kind, tags: &[&str]) -> Digest {
        let seed = format!("{seed} {n}");
        let image = self.aws.seed_image(&self.services[n].repository, &seed, kind, tags).expect("an image");
        image.digest.parse().expect("a digest")
    }

    fn untag(&self, n: usize, tag: &str) {
        let body = json!({ "repositoryName": self.services[n].repository, "imageIds": [{ "imageTag": tag }] });
        let target = "AmazonEC2ContainerRegistry_V20150921.BatchDeleteImage";
        self.aws.ask("ecr", target, &body).expect("the tag is taken away");
    }

    fn faults(&self, faults: Vec<Fault>) {
        self.aws.set(&Switches::new().faults(faults)).expect("switches");
    }

    fn tagged(&self, n: usize, tag: &str) -> Option<sandbox::Image> {
        self.aws.tagged(&self.services[n].repository, tag).expect("a repository")
    }

    fn digest(&self, n: usize) -> Option<Digest> {
        self.tagged(n, TAG).map(|image| image.digest.parse().expect("a digest"))
    }

    fn count(&self, operation: &str) -> usize {
        self.aws.calls().expect("a call log").iter().filter(|call| call.operation == operation).count()
    }

    fn repository(&self, n: usize) -> Repository {
        self.services[n].repository_in(&self.registry)
    }

    async fn resolve(
        &self,
        source: &ImageSource,
        pinned: &BTreeMap<Repository, Digest>,
    ) -> Result<Vec<TagState>, ResolveError> {
        let (services, registry, commits) = (&self.services, &self.registry, &self.commits);
        let lineages = BTreeMap::new();
        let existing_stay = true;
        let request = ImageRequest {
            services,
            registry,
            pipeline_tag: TAG,
            source,
            commits,
            pinned,
            lineages: &lineages,
            existing_stay,
        };
        resolve_images(&self.session, &request, &*self.lines).await
    }

    async fn states(&self) -> Vec<TagState> {
        self.resolve(&latest(), &BTreeMap::new()).await.expect("every repository can be read")
    }

    async fn plan(&self) -> TagPlan {
        decided(PolicyKind::Create, &self.states().await).expect("no problem")
    }

    /// The plan that also moves tags that exist.
    async fn moving_plan(&self) -> TagPlan {
        decided(PolicyKind::Restore, &self.states().await).expect("no problem")
    }

    async fn apply(&self, plan: &TagPlan) -> MoveReport {
        move_tags(&self.session, plan, &Permit::always(), &*self.lines).await
    }
}

/// What becomes of the tags. No git knows the commits of these images, and that is meant here.
fn decided(kind: PolicyKind, states: &[TagState]) -> Result<TagPlan, Refusal> {
    let namespace = TAG.parse().expect("a namespace");
    let policy = Policy { allow_unknown_commit: true, ..Policy::new(kind) };
    let goal = Goal { namespace: &namespace, tag: TAG, policy, asked: None };
    match moves(&goal, states, &Histories::default())? {
        Decision::Plan(plan) => Ok(plan),
        Decision::Superseded(superseded) => panic!("{superseded:?}"),
    }
}

pub fn config(aws: &LocalAws) -> SdkConfig {
    let environment = aws.environment();
    let variable = |name| environment.set.iter().find(|(known, _)| *known == name).expect("a variable").1.clone();
    let credentials = Credentials::new(variable("AWS_ACCESS_KEY_ID"), "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(aws.region().to_owned()))
        .endpoint_url(aws.endpoint())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SystemTimeSource::new())
        .build()
}

fn latest() -> ImageSource {
    ImageSource::Tag("latest".to_owned())
}
