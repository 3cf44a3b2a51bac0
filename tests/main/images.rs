//! Images, tags and what runs them, on the local AWS: resolve, move, put back, take away, verify.

mod removed;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecr::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::SystemTimeSource;
use pipelinectl::aws::{AwsError, Session, SessionOptions};
use pipelinectl::clock::SystemClock;
use pipelinectl::operations::move_tags::{MoveOutcome, MoveReport, StayReason, move_tags};
use pipelinectl::operations::resolve_images::{ImageRequest, ResolveError, resolve_images};
use pipelinectl::operations::verify_images::{Verdict, VerifyRequest, verify_images};
use pipelinectl::pipeline::history::Histories;
use pipelinectl::pipeline::image::{CommitScheme, Digest};
use pipelinectl::pipeline::release::{
    Decision, Goal, ImageSource, Policy, PolicyKind, Problem, Refusal, Source, TagAction, TagPlan, TagState, moves,
};
use pipelinectl::pipeline::service::{Registry, Repository, Service, Target};
use pipelinectl::progress::{Outcome, Progress};
use pipelinectl::releases::{Holder, Lock, Permit, Store, TableStore, Times};
use sandbox::{Fault, Kind, LocalAws, Switches};
use serde_json::json;
use tokio::runtime::Runtime;

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

#[tokio::test]
async fn every_repository_is_tagged_and_the_second_time_nothing_is_done() {
    let (world, digests) = World::seeded(5).await;
    let plan = world.plan().await;
    assert_eq!(plan.changes().count(), 5);
    assert_eq!(plan.moves[0].after.commits, [COMMIT]);
    assert_eq!((world.count("BatchGetImage"), world.count("DescribeImages")), (5, 5), "one of each a repository");
    assert!(world.apply(&plan).await.is_done());
    for (n, digest) in digests.iter().enumerate() {
        assert_eq!(world.digest(n).as_ref(), Some(digest));
    }
    assert_eq!(world.count("PutImage"), 5);
    let plan = world.plan().await;
    assert!(plan.is_nothing());
    assert!(world.apply(&plan).await.is_done());
    assert_eq!(world.count("PutImage"), 5, "the second time none is put");
}

#[tokio::test]
async fn a_tag_that_exists_is_never_moved() {
    let (world, digests) = World::seeded(2).await;
    let old = world.push(0, "old", Kind::Oci, &[TAG]);
    let plan = world.plan().await;
    assert!(world.apply(&plan).await.is_done());
    assert_eq!(world.digest(0).as_ref(), Some(&old));
    assert_eq!(world.digest(1).as_ref(), Some(&digests[1]));
    assert_eq!(plan.digests()[&world.repository(0)], old);
}

#[tokio::test]
async fn every_kind_of_manifest_passes_byte_for_byte() {
    let mut world = World::new(4).await;
    world.services.iter_mut().for_each(|service| service.lambda.clear());
    for (n, kind) in Kind::ALL.into_iter().enumerate() {
        world.push(n, "one", kind, &["latest"]);
    }
    let report = world.apply(&world.plan().await).await;
    assert!(report.is_done(), "{report:?}");
    for n in 0..4 {
        let (ours, theirs) = (world.tagged(n, TAG).expect("tagged"), world.tagged(n, "latest").expect("tagged"));
        assert_eq!((ours.manifest, ours.media_type), (theirs.manifest, theirs.media_type));
    }
}

#[tokio::test]
async fn an_index_for_lambda_is_said_before_any_tag_moves() {
    let (world, _) = World::seeded(2).await;
    world.push(0, "index", Kind::OciIndex, &["latest"]);
    let refusal = decided(PolicyKind::Create, &world.states().await).expect_err("an index");
    assert!(matches!(&refusal.problems[..], [Problem::IndexForLambda { .. }]), "{refusal:?}");
}

#[tokio::test]
async fn missing_images_and_repositories_are_listed_with_what_is_near() {
    let (mut world, _) = World::seeded(4).await;
    world.push(2, "other", Kind::Oci, &["latst", "main"]);
    world.untag(2, "latest");
    world.services[3].repository = "weco/s33".to_owned();
    let refusal = decided(PolicyKind::Create, &world.states().await).expect_err("two problems");
    let [
        Problem::ImageMissing { repository, asked, nearest },
        Problem::RepositoryMissing { nearest: repositories, .. },
    ] = &refusal.problems[..]
    else {
        panic!("{refusal:?}");
    };
    assert_eq!((repository.name.as_str(), asked.as_str(), nearest[0].as_str()), ("weco/s2", "latest", "latst"));
    assert_eq!(repositories[0], "weco/s3");
}

#[tokio::test]
async fn a_commit_may_be_abbreviated() {
    let (world, digests) = World::seeded(1).await;
    for commit in [COMMIT, "0123456"] {
        let states = world.resolve(&ImageSource::Commit(commit.into()), &BTreeMap::new()).await.expect("states");
        let Source::Found(found) = &states[0].source else { panic!("{commit}: {states:?}") };
        assert_eq!(found.image.digest, digests[0]);
    }
    world.push(0, "other", Kind::Oci, &["ref.0123456fff"]);
    let states = world.resolve(&ImageSource::Commit("0123456".into()), &BTreeMap::new()).await.expect("states");
    assert!(matches!(&states[0].source, Source::Ambiguous { candidates, .. } if candidates.len() == 2), "{states:?}");
}

#[tokio::test]
async fn a_rerun_takes_the_recorded_digests() {
    let (world, digests) = World::seeded(2).await;
    world.push(1, "newer", Kind::Oci, &["latest"]);
    let pinned =
        BTreeMap::from([(world.repository(0), Digest::of_manifest("gone")), (world.repository(1), digests[1].clone())]);
    let states = world.resolve(&latest(), &pinned).await.expect("states");
    assert!(matches!(&states[0].source, Source::Missing { asked, .. } if asked.starts_with("sha256:")));
    let plan = decided(PolicyKind::Create, &states[1..]).expect("no problem");
    assert!(world.apply(&plan).await.is_done());
    assert_eq!(world.digest(1).as_ref(), Some(&digests[1]));
}

#[tokio::test]
async fn a_denial_on_the_third_puts_back_the_others_and_a_second_run_completes() {
    let (world, _) = World::seeded(5).await;
    let plan = world.plan().await;
    world.faults(vec![Fault::nth("PutImage", 3, "AccessDeniedException").message("no policy allows it")]);
    let report = world.apply(&plan).await;
    let failures: Vec<_> = report.failures().collect();
    assert!(matches!(failures[..], [(_, AwsError::AccessDenied { .. })]), "{report:?}");
    assert_eq!(report.rows.iter().filter(|row| row.outcome == MoveOutcome::PutBack).count(), 4, "{report:?}");
    for n in 0..5 {
        assert!(world.tagged(n, TAG).is_none());
        assert!(world.tagged(n, "latest").is_some(), "the image itself stays");
    }
    world.faults(vec![]);
    assert!(world.apply(&world.plan().await).await.is_done());
}

#[tokio::test]
async fn tags_move_and_the_second_time_nothing_is_done() {
    let (world, digests) = World::seeded(3).await;
    for n in 0..2 {
        world.push(n, "old", Kind::Oci, &[TAG]);
    }
    let plan = world.moving_plan().await;
    let actions: Vec<_> = plan.moves.iter().map(|item| item.action.clone()).collect();
    assert_eq!(actions, [TagAction::Move, TagAction::Move, TagAction::Create]);
    let report = world.apply(&plan).await;
    assert!(report.is_done(), "{report:?}");
    assert_eq!((0..3).map(|n| world.digest(n).expect("tagged")).collect::<Vec<_>>(), digests);
    assert!(world.moving_plan().await.is_nothing());
    assert!(world.apply(&plan).await.rows.iter().all(|row| row.outcome == MoveOutcome::AlreadyThere));
}

#[tokio::test]
async fn moved_tags_are_put_back_and_what_was_made_is_taken_away() {
    let (world, digests) = World::seeded(4).await;
    let old: Vec<Digest> = (0..3).map(|n| world.push(n, "old", Kind::DockerList, &[TAG])).collect();
    let plan = world.moving_plan().await;
    world.faults(vec![Fault::always("PutImage", "AccessDeniedException").on("weco/s2")]);
    let report = world.apply(&plan).await;
    assert_eq!(report.failures().count(), 1, "{report:?}");
    assert_eq!(report.rows.iter().filter(|row| row.outcome == MoveOutcome::PutBack).count(), 3, "{report:?}");
    assert_eq!((0..3).map(|n| world.digest(n).expect("tagged")).collect::<Vec<_>>(), old);
    assert_eq!(world.tagged(0, TAG).expect("tagged").media_type, Kind::DockerList.media_type());
    assert_eq!(world.digest(3), None);
    assert_eq!(report.rows[0].before.as_ref(), Some(&old[0]));
    world.faults(vec![]);
    assert!(world.apply(&world.moving_plan().await).await.is_done());
    assert_eq!((0..4).map(|n| world.digest(n).expect("tagged")).collect::<Vec<_>>(), digests);
}

#[tokio::test]
async fn a_tag_that_cannot_be_put_back_is_told() {
    let (world, digests) = World::seeded(2).await;
    let old: Vec<Digest> = (0..2).map(|n| world.push(n, "old", Kind::Oci, &[TAG])).collect();
    let plan = world.moving_plan().await;
    world.faults(vec![
        Fault::always("PutImage", "AccessDeniedException").on("weco/s1"),
        Fault::nth("PutImage", 2, "AccessDeniedException").on("weco/s0"),
    ]);
    let report = world.apply(&plan).await;
    let left: Vec<_> = report.left_standing().collect();
    assert!(matches!(left[..], [(_, StayReason::Error(AwsError::AccessDenied { .. }))]), "{report:?}");
    assert_eq!((world.digest(0).as_ref(), world.digest(1).as_ref()), (Some(&digests[0]), Some(&old[1])));
}

#[tokio::test]
async fn after_a_lost_answer_a_refusal_does_not_tell_what_the_tag_names() {
    let (world, digests) = World::seeded(1).await;
    let old = world.push(0, "old", Kind::Oci, &[TAG]);
    let plan = world.moving_plan().await;
    let lost = || Fault::nth("PutImage", 1, "InternalServerError").status(500).after_effect();
    world.faults(vec![lost(), Fault::nth("PutImage", 2, "AccessDeniedException")]);
    let report = world.apply(&plan).await;
    assert!(matches!(report.rows[0].outcome, MoveOutcome::Failed(AwsError::AccessDenied { .. })), "{report:?}");
    assert_eq!(world.digest(0), Some(old), "the first attempt moved it, and it was put back");
    let expired = |operation| Fault::always(operation, "ExpiredTokenException");
    world.faults(vec![lost(), Fault::nth("PutImage", 2, "ExpiredTokenException"), expired("BatchGetImage")]);
    let report = world.apply(&plan).await;
    assert!(
        matches!(report.rows[0].outcome, MoveOutcome::FailedAndStays(_, StayReason::Error(_))),
        "nobody can look: {report:?}"
    );
    world.faults(vec![]);
    assert_eq!(world.digest(0).as_ref(), Some(&digests[0]));
}

#[tokio::test]
async fn the_pipelines_own_tag_is_asked_for_once() {
    let (world, _) = World::seeded(1).await;
    let tagged = world.push(0, "tagged", Kind::Oci, &[TAG]);
    let states = world.resolve(&ImageSource::Tag(TAG.to_owned()), &BTreeMap::new()).await.expect("states");
    let Source::Found(found) = &states[0].source else { panic!("{states:?}") };
    let current = states[0].current.as_ref().expect("it is there");
    assert_eq!((&found.image.digest, &current.image.digest), (&tagged, &tagged));
    let calls = world.aws.calls().expect("a call log");
    let asked: Vec<_> = calls.iter().filter(|call| call.operation == "BatchGetImage").collect();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].parameters["imageIds"], json!([{ "imageTag": TAG }]));
}

#[tokio::test]
async fn what_somebody_else_moved_meanwhile_is_not_put_back() {
    let (world, _) = World::seeded(1).await;
    world.push(0, "old", Kind::Oci, &[TAG]);
    let plan = world.moving_plan().await;
    let lost = (1..=10).map(|n| Fault::nth("PutImage", n, "ValidationException"));
    world.faults(lost.collect());
    let theirs = world.push(0, "somebody else's", Kind::Oci, &[TAG]);
    let report = world.apply(&plan).await;
    assert!(matches!(report.rows[0].outcome, MoveOutcome::Failed(AwsError::Other { .. })), "{report:?}");
    assert_eq!(world.digest(0), Some(theirs));
}

#[tokio::test]
async fn every_third_call_fails_and_no_tag_names_two_images() {
    let (world, digests) = World::seeded(8).await;
    (0..8).for_each(|n| drop(world.push(n, "old", Kind::Oci, &[TAG])));
    let errors = ["ThrottlingException", "ServerException"];
    let faults = ["BatchGetImage", "DescribeImages", "PutImage"].into_iter().flat_map(|operation| {
        (1..60_u32).filter(|n| n % 3 == 1).map(move |n| match errors[(n % 2) as usize] {
            "ServerException" if n % 4 == 3 => Fault::nth(operation, n, "ServerException").status(500).after_effect(),
            "ServerException" => Fault::nth(operation, n, "ServerException").status(500),
            code => Fault::nth(operation, n, code),
        })
    });
    world.faults(faults.collect());
    let report = world.apply(&world.moving_plan().await).await;
    assert!(report.is_done(), "{report:?}");
    assert_eq!((0..8).map(|n| world.digest(n).expect("tagged")).collect::<Vec<_>>(), digests);
    let calls = world.aws.calls().expect("a call log");
    let puts: Vec<_> = calls.iter().filter(|call| call.operation == "PutImage").collect();
    assert!(puts.len() > 10, "some were tried again: {}", puts.len());
    for (n, digest) in digests.iter().enumerate() {
        let name = format!("weco/s{n}");
        let mut of_this = puts.iter().filter(|call| call.parameter("repositoryName") == Some(&name)).peekable();
        assert!(of_this.peek().is_some(), "{name}");
        assert!(of_this.all(|call| call.parameter("imageDigest") == Some(digest.as_str())), "{name}");
    }
}

/// A lock that soon lets nothing be written any more.
fn short_lock(world: &World, runtime: &Runtime) -> Lock {
    world.aws.create_table("locks", "project", "item").expect("a table");
    let times = Times {
        lease: Duration::from_secs(20),
        renew_every: Duration::from_secs(600),
        margin: Duration::from_secs(18),
        look_every: Duration::from_secs(1),
    };
    let (clock, handle) = (Arc::new(SystemClock), runtime.handle().clone());
    let store = TableStore::new(world.session.table("locks"), "concepts", handle, clock).with_times(times);
    let since = "2026-01-02T03:04:05Z".parse().expect("a time");
    let (by, command, token) = ("alex@host".to_owned(), "tag".to_owned(), "1".to_owned());
    let holder = Holder { by, process: 1, command, since, token };
    let namespace = TAG.parse().expect("a namespace");
    Store::DynamoDb(store).lock(&namespace, &holder, None, Duration::ZERO, |_| {}).expect("a lock")
}

#[test]
fn nothing_is_written_when_the_lock_is_about_to_end() {
    let runtime = Runtime::new().expect("threads");
    let (world, _) = runtime.block_on(World::seeded(12));
    let old: Vec<Digest> = (0..12).map(|n| world.push(n, "old", Kind::Oci, &[TAG])).collect();
    let plan = runtime.block_on(world.moving_plan());
    let lock = short_lock(&world, &runtime);
    // One repository is busy for longer than the lock allows to write.
    world.faults(vec![Fault::always("PutImage", "ThrottlingException").on("weco/s3")]);
    let permit = lock.permit();
    let report = runtime.block_on(move_tags(&world.session, &plan, &permit, &*world.lines));
    assert!(!report.is_done(), "{report:?}");
    assert_eq!(world.digest(3).as_ref(), Some(&old[3]));
    assert!(permit.check().is_err());
    let puts = world.count("PutImage");
    let stays = report.left_standing().filter(|(_, why)| matches!(why, StayReason::NotPermitted(_))).count();
    assert!(stays > 0 && report.not_permitted().is_some(), "nothing is put back without the lock: {report:?}");
    let report = runtime.block_on(move_tags(&world.session, &plan, &permit, &*world.lines));
    assert!(report.rows.iter().any(|row| matches!(row.outcome, MoveOutcome::NotPermitted(_))), "{report:?}");
    assert_eq!(world.count("PutImage"), puts, "nothing is sent any more");
}

#[tokio::test]
async fn the_last_tag_of_an_image_stays() {
    let (world, digests) = World::seeded(2).await;
    let plan = world.plan().await;
    for n in 0..2 {
        // Both other tags move on while the plan is shown.
        world.push(n, "newer", Kind::Oci, &["latest", &format!("ref.{COMMIT}")]);
    }
    world.faults(vec![Fault::always("PutImage", "AccessDeniedException").on("weco/s1")]);
    let report = world.apply(&plan).await;
    let left: Vec<_> = report.left_standing().collect();
    assert!(matches!(left[..], [(_, StayReason::OnlyTag)]), "{report:?}");
    assert_eq!(world.digest(0).as_ref(), Some(&digests[0]));
}

#[tokio::test]
async fn a_tag_that_was_made_although_the_answer_was_lost_is_put_back_too() {
    let (world, _) = World::seeded(1).await;
    let plan = world.plan().await;
    let lost = (1..=10).map(|n| Fault::nth("PutImage", n, "ValidationException").after_effect());
    world.faults(lost.collect());
    let report = world.apply(&plan).await;
    assert!(matches!(report.rows[0].outcome, MoveOutcome::Failed(AwsError::Other { .. })), "{report:?}");
    assert!(world.tagged(0, TAG).is_none());
}

#[tokio::test]
async fn a_lost_answer_is_no_failure() {
    let (world, digests) = World::seeded(1).await;
    let plan = world.plan().await;
    world.faults(vec![Fault::nth("PutImage", 1, "ServerException").status(500).after_effect()]);
    let report = world.apply(&plan).await;
    assert_eq!(report.rows[0].outcome, MoveOutcome::Made);
    assert_eq!(world.digest(0).as_ref(), Some(&digests[0]));
}

#[tokio::test]
async fn a_tag_that_somebody_makes_meanwhile_in_an_immutable_repository_is_its_own_error() {
    let (world, _) = World::seeded(1).await;
    let body = json!({ "repositoryName": "weco/s0", "imageTagMutability": "IMMUTABLE" });
    let target = "AmazonEC2ContainerRegistry_V20150921.PutImageTagMutability";
    world.aws.ask("ecr", target, &body).expect("immutable");
    let plan = world.plan().await;
    world.push(0, "somebody else", Kind::Oci, &[TAG]);
    let report = world.apply(&plan).await;
    assert!(matches!(&report.rows[0].outcome, MoveOutcome::Failed(AwsError::ImmutableTag { .. })), "{report:?}");
}

#[tokio::test]
async fn throttling_and_server_errors_are_tried_again_and_told() {
    let (world, _) = World::seeded(3).await;
    let faults = ["BatchGetImage", "PutImage"].map(|operation| {
        [Fault::nth(operation, 1, "ThrottlingException"), Fault::nth(operation, 2, "ServerException").status(500)]
    });
    world.faults(faults.into_iter().flatten().collect());
    let report = world.apply(&world.plan().await).await;
    assert!(report.is_done(), "{report:?}");
    assert_eq!(world.count("PutImage"), 5);
    let lines = world.lines.0.lock().expect("the lines");
    assert!(lines.iter().any(|line| line.contains("PutImage") && line.contains("failed: 400")), "{lines:?}");
}

#[tokio::test]
async fn services_that_share_a_repository_are_tagged_once() {
    let (mut world, _) = World::seeded(2).await;
    world.services[1].repository = "weco/s0".to_owned();
    let plan = world.plan().await;
    assert_eq!((plan.moves.len(), &plan.moves[0].services[..]), (1, &["s0".to_owned(), "s1".to_owned()][..]));
    assert!(world.apply(&plan).await.is_done());
    assert_eq!(world.count("PutImage"), 1);
}

#[tokio::test]
async fn repositories_may_be_in_another_region() {
    let (mut world, _) = World::seeded(1).await;
    let elsewhere = world.aws.in_region("eu-central-1");
    elsewhere.create_repository("weco/far").expect("a repository");
    let far = elsewhere.seed_image("weco/far", "far", Kind::Docker, &["latest"]).expect("an image");
    let service = json!({ "name": "far", "repository": "weco/far", "ecr": { "region": "eu-central-1" } });
    world.services.push(serde_json::from_value(service).expect("a service"));
    assert!(world.apply(&world.plan().await).await.is_done());
    assert_eq!(elsewhere.tagged("weco/far", TAG).expect("a repository").map(|image| image.digest), Some(far.digest));
}

#[tokio::test]
async fn no_permission_to_read_is_said_for_each_repository() {
    let (world, _) = World::seeded(3).await;
    let denied = |n: usize| Fault::always("BatchGetImage", "AccessDeniedException").on(&format!("weco/s{n}"));
    world.faults(vec![denied(0), denied(2)]);
    let error = world.resolve(&latest(), &BTreeMap::new()).await.expect_err("denied");
    let ResolveError::Repositories(failures) = error else { panic!("{error}") };
    assert_eq!(failures.iter().map(|(repository, _)| &repository.name[..]).collect::<Vec<_>>(), ["weco/s0", "weco/s2"]);
    assert!(failures[0].1.to_string().starts_with("no permission for ecr:BatchGetImage on the repository weco/s0"));
}

#[tokio::test]
async fn expired_credentials_are_said_once() {
    let (world, _) = World::seeded(3).await;
    world.aws.set(&Switches::new().expired_credentials(true)).expect("switches");
    let error = world.resolve(&latest(), &BTreeMap::new()).await.expect_err("expired");
    assert_eq!(error.to_string(), "the AWS credentials have expired");
}

#[tokio::test]
async fn what_runs_is_compared_with_what_the_tag_names() {
    let (world, digests) = World::seeded(3).await;
    let plan = world.plan().await;
    assert!(world.apply(&plan).await.is_done());
    let other = world.push(1, "other", Kind::Oci, &["other"]);
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let form = [("Action", "CreateRole"), ("Version", "2010-05-08"), ("RoleName", "r")];
    world.aws.ask_query("iam", &[&form[..], &[("AssumeRolePolicyDocument", policy)]].concat()).expect("a role");
    let account = world.aws.account_id();
    for (n, tag) in [(0, TAG), (1, "other")] {
        let body = json!({
            "FunctionName": format!("{TAG}-s{n}"), "PackageType": "Image", "Role": format!("arn:aws:iam::{account}:role/r"),
            "Code": { "ImageUri": format!("{account}.dkr.ecr.eu-west-1.amazonaws.com/weco/s{n}:{tag}") },
        });
        world.aws.ask_rest("lambda", "POST", "/2015-03-31/functions", &body).expect("a function");
    }
    let namespace = TAG.parse().expect("a namespace");
    let digests_of = plan.digests();
    let request = VerifyRequest {
        namespace: &namespace,
        services: &world.services,
        registry: &world.registry,
        tag: TAG,
        digests: &digests_of,
        moved: &BTreeMap::new(),
        wait: Duration::from_secs(10),
    };
    let rows = verify_images(&world.session, &request, &*world.lines).await;
    assert_eq!(rows[0].verdict, Verdict::Verified);
    assert_eq!(rows[0].wanted.as_ref(), Some(&digests[0]));
    assert_eq!(rows[0].target, Some(Target::Lambda(format!("{TAG}-s0"))));
    assert_eq!(rows[1].verdict, Verdict::NamesOtherTag("other".to_owned()));
    assert_eq!(rows[1].running, Some(other));
    assert_eq!(rows[2].verdict, Verdict::Absent);
    assert!(rows[2].verdict.is_failure());
}
