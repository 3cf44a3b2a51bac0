//! The same tests on both stores: a folder, and a table of the local AWS.

#![allow(clippy::disallowed_methods, reason = "tests run programs and look at the clock themselves")]

mod lease;
mod locks;
mod processes;
mod records;

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use sandbox::LocalAws;

use super::{FileStore, Holder, Record, Store, TableStore, Times};
use crate::aws::{Session, SessionOptions};
use crate::clock::{Clock, SystemClock};
use crate::pipeline::Namespace;
use crate::pipeline::image::Digest;
use crate::pipeline::service::{Registry, Repository};
use crate::progress::Silent;

const TABLE: &str = "pipelinectl-releases";

/// Short leases: nobody waits a minute in a test.
const SHORT: Times = Times {
    lease: Duration::from_secs(2),
    renew_every: Duration::from_millis(500),
    margin: Duration::from_millis(500),
    look_every: Duration::from_millis(50),
};

/// A store of its own, and what must live as long.
struct Case {
    store: Store,
    /// How another process finds it.
    address: String,
    _folder: Option<tempfile::TempDir>,
    aws: Option<LocalAws>,
}

fn runtime() -> tokio::runtime::Handle {
    static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads")
    });
    RUNTIME.handle().clone()
}

fn in_folder() -> Case {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("concepts");
    let address = format!("file {}", path.display());
    Case { store: store_at(&address, SHORT), address, _folder: Some(folder), aws: None }
}

fn in_table() -> Case {
    let aws = LocalAws::shared().expect("a local AWS");
    aws.create_table(TABLE, "project", "item").expect("a table");
    let key = aws.environment().set.into_iter().find(|(name, _)| *name == "AWS_ACCESS_KEY_ID").expect("a key").1;
    let address = format!("dynamodb {} {key}", aws.endpoint());
    Case { store: store_at(&address, SHORT), address, _folder: None, aws: Some(aws) }
}

/// The store of an address, `file FOLDER` or `dynamodb ENDPOINT KEY`.
fn store_at(address: &str, times: Times) -> Store {
    match address.split(' ').collect::<Vec<_>>().as_slice() {
        ["file", folder] => Store::File(FileStore::at(Path::new(folder).to_owned())),
        ["dynamodb", endpoint, key] => {
            Store::DynamoDb(table_store(endpoint, key, Arc::new(SystemClock)).with_times(times))
        }
        other => panic!("no address of a store: {other:?}"),
    }
}

fn table_store(endpoint: &str, key: &str, clock: Arc<dyn Clock>) -> TableStore {
    let credentials = Credentials::new(key, "test", None, None, "tests");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
        .time_source(aws_smithy_async::time::SystemTimeSource::new())
        .build();
    let session = Session::with_config(config, SessionOptions::new(Arc::new(Silent)));
    let session = runtime().block_on(session).expect("a session");
    TableStore::new(session.table(TABLE), "concepts", runtime(), clock)
}

fn namespace() -> Namespace {
    "2022-10-14".parse().expect("a namespace")
}

fn holder(token: &str) -> Holder {
    Holder {
        by: "alex@host".to_owned(),
        process: std::process::id(),
        command: "deploy 2022-10-14".to_owned(),
        since: SystemClock.now(),
        token: token.to_owned(),
    }
}

fn record(id: &str) -> Record {
    let repository = Repository { registry: Registry::default(), name: "weco/a".to_owned() };
    Record {
        id: id.to_owned(),
        command: "deploy".to_owned(),
        namespace: namespace().to_string(),
        started: "2026-01-02T03:04:05Z".parse().expect("a time"),
        by: "alex@host".to_owned(),
        origin: None,
        commit: None,
        source: Some("latest".to_owned()),
        reason: None,
        digests: [(repository, Digest::of_manifest(id))].into(),
        services: Vec::new(),
        allowed: Vec::new(),
        block_added: false,
        replaces: None,
        applying: false,
        finished: None,
        outcome: None,
    }
}

/// Makes a test for each store of each function.
macro_rules! on_both_stores {
    ($($test:ident),* $(,)?) => {
        mod file_store {
            $(#[test] fn $test() { super::$test(&super::super::in_folder()); })*
        }
        mod dynamodb_store {
            $(#[test] fn $test() { super::$test(&super::super::in_table()); })*
        }
    };
}
use on_both_stores;
