//! Answers that the local AWS cannot give, replayed below the SDK.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecr::config::{Credentials, RuntimeComponents, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::SystemTimeSource;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::shared::IntoShared as _;
use aws_smithy_types::body::SdkBody;

use super::ecr::{ImageName, Put};
use super::lambda::{Function, Readiness, Updated};
use super::{AwsError, Session, SessionOptions};
use crate::pipeline::image::{Digest, Image, ManifestKind};
use crate::pipeline::service::{EcsTarget, Registry};
use crate::progress::Silent;

/// One answer.
#[derive(Debug)]
enum Answer {
    /// Status and body.
    Says(u16, String),
    /// None: the connection breaks.
    Breaks,
}

use Answer::{Breaks, Says};

/// Gives the answers in turn and remembers what was asked.
#[derive(Debug, Clone)]
struct Replay {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Replay {
    fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.into_iter().collect())), requests: Arc::default() }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl HttpConnector for Replay {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(body);
        let answer = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        HttpConnectorFuture::ready(match answer.expect("one answer for each request") {
            Says(status, body) => {
                Ok(HttpResponse::new(status.try_into().expect("a status"), SdkBody::from(body.as_str())))
            }
            Breaks => Err(ConnectorError::io("connection reset by peer".into())),
        })
    }
}

impl HttpClient for Replay {
    fn http_connector(&self, _settings: &HttpConnectorSettings, _parts: &RuntimeComponents) -> SharedHttpConnector {
        self.clone().into_shared()
    }
}

async fn session(replay: &Replay, change: impl FnOnce(&mut SessionOptions)) -> Session {
    let credentials = Credentials::new("id", "secret", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(replay.clone())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SystemTimeSource::new())
        .build();
    let mut options = SessionOptions::new(Arc::new(Silent));
    change(&mut options);
    Session::with_config(config, options).await.expect("a session")
}

fn json(status: u16, code: &str, message: &str) -> Answer {
    Says(status, format!(r#"{{"__type":"{code}","message":"{message}"}}"#))
}

fn xml(status: u16, code: &str, message: &str) -> Answer {
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
    Says(status, format!("<ErrorResponse>{error}<RequestId>r-1</RequestId></ErrorResponse>"))
}

fn who(account: &str) -> Answer {
    let result = format!("<Arn>arn:aws:iam::{account}:user/a</Arn><UserId>u</UserId><Account>{account}</Account>");
    let result = format!("<GetCallerIdentityResult>{result}</GetCallerIdentityResult>");
    Says(200, format!("<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>"))
}

fn image() -> Image {
    let manifest = "{ \"schemaVersion\":  2 }\n";
    Image { digest: Digest::of_manifest(manifest), kind: ManifestKind::OciImage, manifest: manifest.into() }
}

fn put_answer() -> Answer {
    Says(200, format!(r#"{{"image":{{"imageId":{{"imageDigest":"{}","imageTag":"t"}}}}}}"#, image().digest))
}

async fn put(answers: impl IntoIterator<Item = Answer>) -> (Result<Put, AwsError>, Vec<String>) {
    let replay = Replay::new(answers);
    let ecr = session(&replay, |_| ()).await.ecr(&Registry::default());
    let result = ecr.put_tag("weco/a", "t", &image(), &|| true).await;
    (result.map_err(AwsError::from), replay.requests())
}

async fn check(answers: impl IntoIterator<Item = Answer>, change: impl FnOnce(&mut SessionOptions)) -> AwsError {
    let replay = Replay::new(answers);
    session(&replay, change).await.sts().check().await.expect_err("an error")
}

#[tokio::test]
async fn four_errors_of_credentials() {
    let expired =
        check([xml(403, "ExpiredToken", "The security token included in the request is expired")], |_| ()).await;
    assert_eq!(expired.to_string(), "the AWS credentials have expired");
    let refused = check([xml(403, "InvalidClientTokenId", "The security token is invalid.")], |_| ()).await;
    assert_eq!(refused.to_string(), "AWS does not accept the credentials: The security token is invalid.");
    let wrong = check([who("222222222222")], |options| options.account_id = Some("111111111111".into())).await;
    assert_eq!(wrong.to_string(), "the AWS credentials belong to the account 222222222222, not 111111111111");
    let role = "arn:aws:iam::111111111111:role/deployer";
    let denied = xml(403, "AccessDenied", "User: a is not authorized to perform: sts:AssumeRole");
    let denied = check([denied], |options| options.role_arn = Some(role.into())).await;
    let reason = "User: a is not authorized to perform: sts:AssumeRole".to_owned();
    assert_eq!(denied, AwsError::CannotAssumeRole { role: role.to_owned(), reason });
}

#[tokio::test]
async fn a_role_is_not_assumed_with_expired_credentials() {
    let expired = xml(403, "ExpiredTokenException", "The security token included in the request is expired");
    let error = check([expired], |options| options.role_arn = Some("arn:aws:iam::1:role/r".into())).await;
    assert!(matches!(error, AwsError::ExpiredCredentials { .. }), "{error:?}");
}

#[tokio::test]
async fn a_broken_connection_is_tried_again_and_then_said() {
    let error = check((0..6).map(|_| Breaks), |_| ()).await;
    assert_eq!(error.to_string(), "sts in eu-west-1 cannot be reached: connection reset by peer");
}

#[tokio::test]
async fn the_manifest_is_passed_byte_for_byte() {
    let (result, requests) = put([put_answer()]).await;
    assert_eq!(result, Ok(Put::Made));
    let request: serde_json::Value = serde_json::from_str(&requests[0]).expect("JSON");
    assert_eq!(request["imageManifest"], "{ \"schemaVersion\":  2 }\n");
    assert_eq!(request["imageManifestMediaType"], "application/vnd.oci.image.manifest.v1+json");
    assert_eq!(request["imageDigest"], image().digest.as_str());
}

#[tokio::test]
async fn a_tag_that_is_there_is_not_made_unless_an_answer_was_lost() {
    let there = || json(400, "ImageAlreadyExistsException", "Image already exists");
    assert_eq!(put([there()]).await.0, Ok(Put::AlreadyThere));
    assert_eq!(put([Breaks, there()]).await.0, Ok(Put::Made));
    assert_eq!(put([json(400, "ThrottlingException", "Rate exceeded"), there()]).await.0, Ok(Put::AlreadyThere));
}

#[tokio::test]
async fn an_answer_with_another_digest_is_an_error() {
    let other = format!(r#"{{"image":{{"imageId":{{"imageDigest":"{}"}}}}}}"#, Digest::of_manifest("other"));
    let (result, _) = put([Says(200, other)]).await;
    assert!(matches!(result, Err(AwsError::DigestMismatch { .. })), "{result:?}");
}

#[tokio::test]
async fn a_denial_is_not_tried_again() {
    let (result, requests) = put([json(400, "AccessDeniedException", "no policy allows it")]).await;
    let error = result.expect_err("denied").to_string();
    assert_eq!(error, "no permission for ecr:PutImage on the tag t of the repository weco/a: no policy allows it");
    assert_eq!(requests.len(), 1);
}

#[tokio::test]
async fn retries_end_with_the_time_limit() {
    let replay = Replay::new((0..10).map(|_| json(500, "ServerException", "")));
    let session = session(&replay, |options| options.time_limit = Duration::from_millis(1)).await;
    let result = session.ecr(&Registry::default()).put_tag("weco/a", "t", &image(), &|| true).await;
    assert!(result.is_err());
    assert!(replay.requests().len() < 4, "{}", replay.requests().len());
}

#[tokio::test]
async fn a_damaged_manifest_is_not_passed_on() {
    let image = image();
    let answer = format!(
        r#"{{"images":[{{"imageId":{{"imageDigest":"{}","imageTag":"t"}},"imageManifest":"damaged"}}],"failures":[]}}"#,
        image.digest
    );
    let replay = Replay::new([Says(200, answer)]);
    let ecr = session(&replay, |_| ()).await.ecr(&Registry::default());
    let result = ecr.image("weco/a", &ImageName::Tag("t".into())).await;
    assert!(matches!(result, Err(AwsError::DigestMismatch { .. })), "{result:?}");
}

#[tokio::test]
async fn many_retries_at_once_do_not_spend_the_tokens_of_the_sdk() {
    // Its bucket has 500 tokens and a throttled attempt costs five: it would be empty after a hundred.
    let throttled = (0..120).map(|_| json(400, "ThrottlingException", "Rate exceeded"));
    let empty = (0..60).map(|_| Says(200, r#"{"images":[],"failures":[]}"#.to_owned()));
    let replay = Replay::new(throttled.chain(empty));
    let ecr = session(&replay, |_| ()).await.ecr(&Registry::default());
    let tag = [ImageName::Tag("t".into())];
    let results = futures_util::future::join_all((0..60).map(|_| ecr.images("weco/a", &tag))).await;
    assert!(results.iter().all(|result| *result == Ok(vec![None])), "{results:?}");
    assert_eq!(replay.requests().len(), 180);
}

/// Says yes so many times, then no.
fn allowed(times: usize) -> impl Fn() -> bool + Sync {
    let left = AtomicUsize::new(times);
    move || left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

#[tokio::test]
async fn every_attempt_of_a_write_needs_the_permit() {
    let target = EcsTarget { cluster: "c".to_owned(), service: "s".to_owned() };
    let function = Function {
        name: "f".to_owned(),
        image_uri: None,
        digest: None,
        readiness: Readiness::Ready,
        architectures: Vec::new(),
    };
    let answers = || Replay::new((0..10).map(|_| json(500, "ServerException", "")));
    for times in [0, 1, 2] {
        let replay = answers();
        let restarted = session(&replay, |_| ()).await.ecs().restart(&target, &allowed(times)).await;
        assert_eq!(replay.requests().len(), times, "UpdateService");
        assert_eq!(restarted == Ok(None), times == 0, "{restarted:?}");
        let replay = answers();
        let lambda = session(&replay, |_| ()).await.lambda();
        // The limiter asks once, and so does the attempt.
        let updated = lambda.update_image(&function, "i:t", &allowed(times * 2)).await;
        assert_eq!(replay.requests().len(), times, "UpdateFunctionCode");
        assert_eq!(updated == Ok(Updated::Stopped), times == 0, "{updated:?}");
        let replay = answers();
        let ecr = session(&replay, |_| ()).await.ecr(&Registry::default());
        let put = ecr.put_tag("weco/a", "t", &image(), &allowed(times * 2)).await;
        assert_eq!(replay.requests().len(), times, "PutImage");
        assert_eq!(put == Ok(Put::Stopped), times == 0, "{put:?}");
        let replay = answers();
        let ecr = session(&replay, |_| ()).await.ecr(&Registry::default());
        let deleted = ecr.delete_tag_while("weco/a", "t", &allowed(times)).await;
        assert_eq!(replay.requests().len(), times, "BatchDeleteImage");
        assert_eq!(deleted == Ok(false), times == 0, "{deleted:?}");
    }
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_made_again() {
    let service = r#"{"service":{"deployments":[{"id":"ecs-svc/1","status":"PRIMARY"}]}}"#;
    let replay = Replay::new([Breaks, json(400, "ThrottlingException", ""), Says(200, service.to_owned())]);
    let target = EcsTarget { cluster: "c".to_owned(), service: "s".to_owned() };
    let restarted = session(&replay, |_| ()).await.ecs().restart(&target, &|| true).await;
    assert_eq!(restarted, Ok(Some("ecs-svc/1".to_owned())));
}
