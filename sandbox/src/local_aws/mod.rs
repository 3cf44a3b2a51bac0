//! The local AWS as a test sees it: started, steered, asked, ended.

mod call;
mod image;
mod server;
mod services;
mod switches;

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

pub use call::{Call, is_write};
pub use image::{Image, Kind};
use server::Server;
pub use switches::{Fault, Switches};

use crate::{Error, Result};

/// The account when no other is asked for.
pub const ACCOUNT: &str = "123456789012";
/// The region when no other is asked for.
pub const REGION: &str = "eu-west-1";

/// One account of a running local AWS. Clones share the server, which ends with the last of them, and in any case with
/// this process.
#[derive(Debug, Clone)]
pub struct LocalAws {
    server: Arc<Server>,
    account: String,
    region: String,
}

impl LocalAws {
    /// Starts a server of its own and gives its account [`ACCOUNT`]. Takes two to three seconds: moto is big.
    pub fn start() -> Result<Self> {
        Ok(Self::on(Arc::new(Server::start()?), ACCOUNT))
    }

    /// A fresh account on the server that all users of this function in this process share: no waiting but for the
    /// first. Resources, faults, latency and call log are the account's own; bucket names are not.
    pub fn shared() -> Result<Self> {
        static SHARED: Mutex<Option<Arc<Server>>> = Mutex::new(None);
        static NEXT: AtomicU64 = AtomicU64::new(200_000_000_001);
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let server = match &*shared {
            Some(server) => Arc::clone(server),
            None => Arc::clone(shared.insert(Arc::new(Server::start()?))),
        };
        Ok(Self::on(server, &NEXT.fetch_add(1, Ordering::Relaxed).to_string()))
    }

    fn on(server: Arc<Server>, account: &str) -> Self {
        Self { server, account: account.into(), region: REGION.into() }
    }

    /// Another account of the same server: twelve digits.
    #[must_use]
    pub fn in_account(&self, account: &str) -> Self {
        Self { account: account.into(), ..self.clone() }
    }

    /// Another region of the same account.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self { region: region.into(), ..self.clone() }
    }

    /// The twelve digits of the account.
    pub fn account_id(&self) -> &str {
        &self.account
    }

    /// The region that [`Self::environment`] and the methods here name.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The URL for `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// The process id of the server.
    pub fn process_id(&self) -> u32 {
        self.server.process_id()
    }

    /// What a program needs in its environment to reach this account, and nothing else.
    pub fn environment(&self) -> Environment {
        Environment {
            set: vec![
                ("AWS_ACCESS_KEY_ID", self.access_key()),
                ("AWS_SECRET_ACCESS_KEY", "test".into()),
                ("AWS_DEFAULT_REGION", self.region.clone()),
                ("AWS_REGION", self.region.clone()),
                ("AWS_ENDPOINT_URL", self.endpoint()),
                ("AWS_EC2_METADATA_DISABLED", "true".into()),
                ("AWS_CONFIG_FILE", "/dev/null".into()),
                ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".into()),
            ],
            removed: vec![
                "AWS_CA_BUNDLE",
                "AWS_PROFILE",
                "AWS_SESSION_TOKEN",
                "AWS_ROLE_ARN",
                "AWS_WEB_IDENTITY_TOKEN_FILE",
            ],
        }
    }

    /// The server derives the account from the key, as AWS does.
    fn access_key(&self) -> String {
        if self.account == ACCOUNT { "test".into() } else { format!("SANDBOX0{}", self.account) }
    }

    /// Turns switches of this account; those left out of `switches` stay.
    pub fn set(&self, switches: &Switches) -> Result<()> {
        self.control("POST", "set", "", &switches.as_json()).map(drop)
    }

    /// Puts every switch of this account back and empties its call log. Resources stay.
    pub fn forget(&self) -> Result<()> {
        self.control("POST", "forget", "", &Value::Null).map(drop)
    }

    /// The calls of this account so far, in order.
    pub fn calls(&self) -> Result<Vec<Call>> {
        let answer = self.control("GET", "calls", "", &Value::Null)?;
        let calls = answer["calls"].as_array().ok_or_else(|| Error::answer("its calls", &answer))?;
        Ok(calls.iter().map(Call::from_json).collect())
    }

    /// Puts an image in a repository. `seed` decides its content; the same seed and kind is the same image. It comes
    /// past `PutImage` and its rate limit, and is in no call log.
    pub fn seed_image(&self, repository: &str, seed: &str, kind: Kind, tags: &[&str]) -> Result<Image> {
        self.seed(repository, seed, kind, tags, None)
    }

    /// [`Self::seed_image`] with the time it was pushed, in seconds since 1970.
    pub fn seed_image_at(
        &self,
        repository: &str,
        seed: &str,
        kind: Kind,
        tags: &[&str],
        pushed_at: u64,
    ) -> Result<Image> {
        self.seed(repository, seed, kind, tags, Some(pushed_at))
    }

    fn seed(&self, repository: &str, seed: &str, kind: Kind, tags: &[&str], at: Option<u64>) -> Result<Image> {
        let body = json!({
            "region": self.region, "repository": repository, "seed": seed, "kind": kind.name(), "tags": tags, "pushed_at": at,
        });
        Ok(Image::from_json(&self.control("POST", "image", "", &body)?))
    }

    /// Gives the image of a digest another tag, past `PutImage`, its rate limit and the call log.
    pub fn tag_image(&self, repository: &str, digest: &str, tag: &str) -> Result<Image> {
        let body = json!({"region": self.region, "repository": repository, "digest": digest, "tag": tag});
        Ok(Image::from_json(&self.control("POST", "tag", "", &body)?))
    }

    /// The image that a tag names; `None` when there is no such tag.
    pub fn tagged(&self, repository: &str, tag: &str) -> Result<Option<Image>> {
        let query = format!("&region={}&repository={repository}&tag={tag}", self.region);
        let answer = self.control("GET", "image", &query, &Value::Null)?;
        Ok((!answer.is_null()).then(|| Image::from_json(&answer)))
    }

    /// The image of a digest; `None` when the repository has none.
    pub fn image(&self, repository: &str, digest: &str) -> Result<Option<Image>> {
        let query = format!("&region={}&repository={repository}&digest={digest}", self.region);
        let answer = self.control("GET", "image", &query, &Value::Null)?;
        Ok((!answer.is_null()).then(|| Image::from_json(&answer)))
    }

    /// A call of an AWS service that speaks JSON, such as `secretsmanager` with the target
    /// `secretsmanager.CreateSecret`; a refusal is an error. The call is in the log, as any.
    pub fn ask(&self, service: &str, target: &str, body: &Value) -> Result<Value> {
        let (signed, content) = (self.signature(service), "application/x-amz-json-1.1");
        let headers = [("X-Amz-Target", target), ("Content-Type", content), ("Authorization", signed.as_str())];
        self.server.request("POST", "/", &headers, &body.to_string())
    }

    /// A call of an AWS service that speaks Query, such as `sns`; gives the XML of the answer.
    pub fn ask_query(&self, service: &str, form: &[(&str, &str)]) -> Result<String> {
        let signed = self.signature(service);
        let body: Vec<_> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let content = "application/x-www-form-urlencoded; charset=utf-8";
        let headers = [("Content-Type", content), ("Authorization", signed.as_str())];
        match self.server.request("POST", "/", &headers, &body.join("&"))? {
            Value::String(answer) => Ok(answer),
            other => Ok(other.to_string()),
        }
    }

    /// A call of an AWS service that speaks REST, such as `lambda` with `GET` and `/2015-03-31/functions/name`.
    pub fn ask_rest(&self, service: &str, method: &str, path: &str, body: &Value) -> Result<Value> {
        let signed = self.signature(service);
        let headers = [("Content-Type", "application/json"), ("Authorization", signed.as_str())];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.server.request(method, path, &headers, &body)
    }

    /// moto reads account, region and service from the header; nobody checks the signature itself.
    fn signature(&self, service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential={}/20260101/{}/{service}/aws4_request, SignedHeaders=host, Signature=0",
            self.access_key(),
            self.region
        )
    }

    fn control(&self, method: &str, name: &str, query: &str, body: &Value) -> Result<Value> {
        let path = format!("/_sandbox/{name}?account={}{query}", self.account);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.server.request(method, &path, &[], &body)
    }
}

/// Variables that lead a program to a local AWS.
#[derive(Debug, Clone)]
pub struct Environment {
    /// To be set.
    pub set: Vec<(&'static str, String)>,
    /// Not to be inherited: they would lead elsewhere.
    pub removed: Vec<&'static str>,
}

impl Environment {
    /// Gives them to a command.
    pub fn apply(&self, command: &mut Command) {
        for name in &self.removed {
            command.env_remove(name);
        }
        command.envs(self.set.iter().map(|(name, value)| (name, value)));
    }
}

#[cfg(test)]
mod tests;
