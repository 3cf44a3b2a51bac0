//! The configuration for all calls to AWS, made once.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::identity::IdentityCache;
use aws_config::imds;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecr::config::SharedCredentialsProvider;
use aws_sdk_ecr::config::retry::RetryPartition;

use super::dynamodb::{self, Table};
use super::ecr::Ecr;
use super::ecs::Ecs;
use super::error::AwsError;
use super::lambda::{Lambda, Rates};
use super::place::Place;
use super::secrets::Secrets;
use super::sts::Sts;
use super::talk::Talk;
use super::{http, retry};
use crate::pipeline::service::Registry;
use crate::progress::Progress;

/// The machine's own metadata service answers at once or is not there.
const METADATA_TIMEOUT: Duration = Duration::from_millis(500);
/// A credential process may ask its user something.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

/// What a session is made from. The rest comes from where every AWS tool takes it: environment and shared files,
/// `AWS_ENDPOINT_URL` included.
#[derive(Clone)]
pub struct SessionOptions {
    /// Else `AWS_REGION`, `AWS_DEFAULT_REGION`, or the profile's.
    pub region: Option<String>,
    /// A profile named by flag or configuration. It is preferred to keys in the environment; `AWS_PROFILE`, which is
    /// not, need not be given here.
    pub profile: Option<String>,
    /// The role that all calls are made as.
    pub role_arn: Option<String>,
    /// The account that the credentials must belong to.
    pub account_id: Option<String>,
    /// PEM of the certificates to trust besides the system's: the content of the file that `AWS_CA_BUNDLE` names.
    pub certificates: Option<Vec<u8>>,
    /// How long one call may take, with all its retries.
    pub time_limit: Duration,
    /// Is told of every call.
    pub progress: Arc<dyn Progress>,
}

impl SessionOptions {
    /// Everything from the environment, a minute for a call.
    pub fn new(progress: Arc<dyn Progress>) -> Self {
        let time_limit = Duration::from_secs(60);
        Self { region: None, profile: None, role_arn: None, account_id: None, certificates: None, time_limit, progress }
    }
}

impl fmt::Debug for SessionOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SessionOptions")
            .field("region", &self.region)
            .field("profile", &self.profile)
            .field("role_arn", &self.role_arn)
            .field("account_id", &self.account_id)
            .field("time_limit", &self.time_limit)
            .finish_non_exhaustive()
    }
}

/// Gives clients that share configuration, connections and rate limits. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: SdkConfig,
    region: String,
    options: SessionOptions,
    partition: RetryPartition,
    registries: Mutex<HashMap<Registry, Ecr>>,
    lambda_rates: Arc<Rates>,
}

impl Session {
    /// Reads the configuration. Sends no request: credentials are fetched when the first call needs them.
    pub async fn new(options: SessionOptions) -> Result<Self, AwsError> {
        let http = http::client(options.certificates.as_deref())?;
        let region = region(&options).await.ok_or(AwsError::NoRegion)?;
        let provider = ProviderConfig::default()
            .with_http_client(http.clone())
            .with_region(Some(region.clone()))
            .with_behavior_version(Some(BehaviorVersion::latest()));
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .identity_cache(IdentityCache::lazy().load_timeout(CREDENTIALS_TIMEOUT).build())
            .credentials_provider(credentials(&options, provider, &region).await)
            .region(region);
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        Self::with_config(loader.load().await, options).await
    }

    /// The same from a configuration that is there already: region, credentials, HTTP client and endpoint are taken
    /// from it; retries, time limits and the role are ours.
    pub async fn with_config(config: SdkConfig, options: SessionOptions) -> Result<Self, AwsError> {
        let region = config.region().ok_or(AwsError::NoRegion)?.to_string();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT.min(options.time_limit))
            .operation_timeout(options.time_limit)
            .build();
        let mut config = config.into_builder().retry_config(retry::config()).timeout_config(timeouts).build();
        if let Some(role) = &options.role_arn {
            let role = AssumeRoleProvider::builder(role).session_name("pipelinectl").configure(&config).build().await;
            config = config.into_builder().credentials_provider(SharedCredentialsProvider::new(role)).build();
        }
        let shared = Shared {
            config,
            region,
            options,
            partition: retry::partition(),
            registries: Mutex::default(),
            lambda_rates: Arc::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The region of all calls, but those to a registry elsewhere.
    pub fn region(&self) -> &str {
        &self.shared.region
    }

    /// The account that the credentials must belong to, if one is configured.
    pub fn account_id(&self) -> Option<&str> {
        self.shared.options.account_id.as_deref()
    }

    /// The repositories of a registry. What `registry` leaves open is the session's.
    pub fn ecr(&self, registry: &Registry) -> Ecr {
        let own =
            Registry { account_id: self.shared.options.account_id.clone(), region: Some(self.shared.region.clone()) };
        let registry = registry.or(&own);
        let mut registries = self.shared.registries.lock().unwrap_or_else(PoisonError::into_inner);
        registries.entry(registry).or_insert_with_key(|registry| self.new_ecr(registry)).clone()
    }

    fn new_ecr(&self, registry: &Registry) -> Ecr {
        let region = registry.region.clone().unwrap_or_else(|| self.shared.region.clone());
        let config = aws_sdk_ecr::config::Builder::from(&self.shared.config)
            .region(Region::new(region.clone()))
            .retry_partition(self.shared.partition.clone())
            .interceptor(self.talk())
            .build();
        let client = aws_sdk_ecr::Client::from_conf(config);
        Ecr::new(client, self.place("ecr", region), registry.account_id.clone())
    }

    /// The Lambda functions.
    pub fn lambda(&self) -> Lambda {
        let config = aws_sdk_lambda::config::Builder::from(&self.shared.config)
            .retry_partition(self.shared.partition.clone())
            .interceptor(self.talk())
            .build();
        let place = self.place("lambda", self.shared.region.clone());
        Lambda::new(aws_sdk_lambda::Client::from_conf(config), place, Arc::clone(&self.shared.lambda_rates))
    }

    /// The ECS services.
    pub fn ecs(&self) -> Ecs {
        let config = aws_sdk_ecs::config::Builder::from(&self.shared.config)
            .retry_partition(self.shared.partition.clone())
            .interceptor(self.talk())
            .build();
        Ecs::new(aws_sdk_ecs::Client::from_conf(config), self.place("ecs", self.shared.region.clone()))
    }

    /// A table of DynamoDB.
    pub fn table(&self, name: &str) -> Table {
        let limit = self.shared.options.time_limit.min(dynamodb::CALL_TIMEOUT);
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(dynamodb::ATTEMPT_TIMEOUT.min(limit))
            .operation_timeout(limit)
            .build();
        let config = aws_sdk_dynamodb::config::Builder::from(&self.shared.config)
            .retry_partition(self.shared.partition.clone())
            .timeout_config(timeouts)
            .interceptor(self.talk())
            .build();
        let place = Place { time_limit: limit, ..self.place("dynamodb", self.shared.region.clone()) };
        Table::new(aws_sdk_dynamodb::Client::from_conf(config), place, name)
    }

    /// Secrets Manager.
    pub fn secrets(&self) -> Secrets {
        let config = aws_sdk_secretsmanager::config::Builder::from(&self.shared.config)
            .retry_partition(self.shared.partition.clone())
            .interceptor(self.talk())
            .build();
        let place = self.place("secretsmanager", self.shared.region.clone());
        Secrets::new(aws_sdk_secretsmanager::Client::from_conf(config), place)
    }

    /// Who we are.
    pub fn sts(&self) -> Sts {
        let config = aws_sdk_sts::config::Builder::from(&self.shared.config)
            .retry_partition(self.shared.partition.clone())
            .interceptor(self.talk())
            .build();
        let client = aws_sdk_sts::Client::from_conf(config);
        Sts::new(client, self.place("sts", self.shared.region.clone()), self.shared.options.account_id.clone())
    }

    fn talk(&self) -> Talk {
        Talk(Arc::clone(&self.shared.options.progress))
    }

    fn place(&self, service: &'static str, region: String) -> Place {
        let options = &self.shared.options;
        Place {
            service,
            region,
            endpoint: self.shared.config.endpoint_url().map(str::to_owned),
            role: options.role_arn.clone(),
            profile: options.profile.clone(),
            time_limit: options.time_limit,
        }
    }
}

/// The region as given, else from the environment, else from the profile. The metadata service is not asked: outside
/// of EC2 that costs seconds, and a deployment tool should not deploy to wherever it happens to run.
async fn region(options: &SessionOptions) -> Option<Region> {
    let mut profile = ProfileFileRegionProvider::builder();
    if let Some(name) = &options.profile {
        profile = profile.profile_name(name);
    }
    RegionProviderChain::first_try(options.region.clone().map(Region::new))
        .or_else(EnvironmentVariableRegionProvider::new())
        .or_else(profile.build())
        .region()
        .await
}

async fn credentials(options: &SessionOptions, config: ProviderConfig, region: &Region) -> SharedCredentialsProvider {
    if let Some(profile) = &options.profile {
        let provider = ProfileFileCredentialsProvider::builder().configure(&config).profile_name(profile).build();
        return SharedCredentialsProvider::new(provider);
    }
    let metadata = imds::Client::builder()
        .configure(&config)
        .max_attempts(1)
        .connect_timeout(METADATA_TIMEOUT)
        .read_timeout(METADATA_TIMEOUT)
        .build();
    let chain = DefaultCredentialsChain::builder().configure(config).region(region.clone()).imds_client(metadata);
    SharedCredentialsProvider::new(chain.build().await)
}
