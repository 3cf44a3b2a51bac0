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
