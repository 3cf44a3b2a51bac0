//! What a test can switch on for an account of the local AWS.

use std::time::Duration;

use serde_json::{Map, Value, json};

/// Switches to turn; those not named stay as they are.
///
/// ```
/// use sandbox::{Fault, Switches};
/// let slow = Switches::new().latency_ms(50);
/// let refused = Switches::new().faults(vec![Fault::nth("PutImage", 3, "AccessDeniedException")]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Switches(Map<String, Value>);

impl Switches {
    /// None turned yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds this many milliseconds to each call. Calls wait side by side.
    #[must_use]
    pub fn latency_ms(self, milliseconds: u64) -> Self {
        self.with("latency_ms", json!(milliseconds))
    }

    /// How long a Lambda function is Pending or its update `InProgress`; at first no time.
    #[must_use]
    pub fn lambda_update(self, time: Duration) -> Self {
        self.with("lambda_update_s", json!(time.as_secs_f64()))
    }

    /// How long an ECS deployment is `IN_PROGRESS`; at first no time.
    #[must_use]
    pub fn ecs_rollout(self, time: Duration) -> Self {
        self.with("ecs_rollout_s", json!(time.as_secs_f64()))
    }

    /// Code updates of this Lambda function from now on, or its creation, end as `Failed` with this reason code, such as
    /// `InvalidImage`, and this reason ("Lambda function states"). What ran before goes on. Can be said of several.
    #[must_use]
    pub fn lambda_failing(mut self, function: &str, code: &str, reason: &str) -> Self {
        let failing = self.0.entry("lambda_failing").or_insert_with(|| json!({}));
        failing[function] = json!({"code": code, "reason": reason});
        self
    }

    /// No Lambda function fails any more.
    #[must_use]
    pub fn lambda_healthy(self) -> Self {
        self.with("lambda_failing", json!({}))
    }

    /// Whether Lambda's control calls are limited to 15 at once and then 15 a second, together; at first they are not.
    /// `GetFunction` is apart ("Lambda quotas").
    #[must_use]
    pub fn lambda_rate(self, on: bool) -> Self {
        self.with("lambda_rate", json!(on))
    }

    /// The tasks of every deployment of these ECS services that begins from now on cannot start. With a circuit breaker
    /// the deployment is `FAILED` after the time of [`Self::ecs_rollout`]. `service` or `cluster/service`; none: all are well.
    #[must_use]
    pub fn ecs_failing(self, services: &[&str]) -> Self {
        self.with("ecs_failing", json!(services))
    }

    /// The tasks of every deployment of these ECS services that begins from now on start and then exit with 1, again and
    /// again. No breaker counts that: the deployment stays `IN_PROGRESS` with `failedTasks` 0.
    #[must_use]
    pub fn ecs_crashing(self, services: &[&str]) -> Self {
        self.with("ecs_crashing", json!(services))
    }

    /// How long the preview of an ECR lifecycle policy is `IN_PROGRESS`; at first no time.
    #[must_use]
    pub fn lifecycle_preview(self, time: Duration) -> Self {
        self.with("lifecycle_preview_s", json!(time.as_secs_f64()))
    }

    /// This share of all calls (0 to 1) fails with one of these codes: a throttled one without effect, every second one of
    /// the others after it. Which ones is the same in each run: the nth call of an operation fails or does not.
    #[must_use]
    pub fn chaos(self, share: f64, codes: &[&str]) -> Self {
        self.with("chaos", json!({"share": share, "codes": codes}))
    }

    /// Another throw of the dice for [`Self::chaos`].
    #[must_use]
    pub fn chaos_seed(mut self, seed: u64) -> Self {
        self.0.entry("chaos").or_insert_with(|| json!({}))["seed"] = json!(seed);
        self
    }

    /// Keeps [`Self::chaos`] to the calls of these services, by signing name: `ecr`, `lambda`, `ecs`, `dynamodb`.
    #[must_use]
    pub fn chaos_services(mut self, services: &[&str]) -> Self {
        self.0.entry("chaos").or_insert_with(|| json!({}))["services"] = json!(services);
        self
    }

    /// No more chaos.
    #[must_use]
    pub fn calm(self) -> Self {
        self.with("chaos", Value::Null)
    }

    /// Whether `PutImage` is limited to 10 at once and then 10 a second; at first it is.
    #[must_use]
    pub fn put_image_rate(self, on: bool) -> Self {
        self.with("put_image_rate", json!(on))
    }

    /// Whether each call is refused because the credentials have expired.
    #[must_use]
    pub fn expired_credentials(self, on: bool) -> Self {
        self.with("expired", json!(on))
    }

    /// The refusals to come, in place of those before. An empty list takes them away.
    #[must_use]
    pub fn faults(self, faults: Vec<Fault>) -> Self {
        let faults = faults.into_iter().map(|fault| Value::Object(fault.0)).collect();
        self.with("faults", Value::Array(faults))
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.into(), value);
        self
    }

    pub(super) fn as_json(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

/// One refusal to come.
#[derive(Debug, Clone)]
pub struct Fault(Map<String, Value>);

impl Fault {
    /// The `nth` matching call of `operation` (1 is the next) fails with this error code and status 400.
    pub fn nth(operation: &str, nth: u32, code: &str) -> Self {
        Self(Map::new()).with("operation", json!(operation)).with("nth", json!(nth)).with("code", json!(code))
    }

    /// Each matching call fails. The operation `*` is every one.
    pub fn always(operation: &str, code: &str) -> Self {
        Self(Map::new()).with("operation", json!(operation)).with("always", json!(true)).with("code", json!(code))
    }

    /// Only calls one of whose parameters has this value: a repository, a tag, a function.
    #[must_use]
    pub fn on(self, resource: &str) -> Self {
        self.with("resource", json!(resource))
    }

    /// Another HTTP status than 400.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        self.with("status", json!(status))
    }

    /// The message beside the code.
    #[must_use]
    pub fn message(self, message: &str) -> Self {
        self.with("message", json!(message))
    }

    /// The call takes effect and only its answer is lost.
    #[must_use]
    pub fn after_effect(self) -> Self {
        self.with("after", json!(true))
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.into(), value);
        self
    }
}
