//! The call log.

use serde_json::Value;

/// One call as the local AWS saw it.
#[derive(Debug, Clone)]
pub struct Call {
    /// Such as `PutImage`.
    pub operation: String,
    /// The signing name, such as `ecr`.
    pub service: String,
    /// Such as `eu-west-1`.
    pub region: String,
    /// The parameters, without manifests and secrets.
    pub parameters: Value,
    /// When it came, in seconds since 1970.
    pub at: f64,
    /// The HTTP status of the answer; `None` while it is under way.
    pub status: Option<u16>,
}

impl Call {
    pub(super) fn from_json(call: &Value) -> Self {
        let text = |name: &str| call[name].as_str().unwrap_or_default().to_owned();
        Self {
            operation: text("operation"),
            service: text("service"),
            region: text("region"),
            parameters: call["parameters"].clone(),
            at: call["at"].as_f64().unwrap_or_default(),
            status: call["status"].as_u64().and_then(|status| status.try_into().ok()),
        }
    }

    /// A parameter that is text: `repositoryName`, `imageTag`, `FunctionName`.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters[name].as_str()
    }

    /// Whether it changes anything.
    pub fn is_write(&self) -> bool {
        is_write(&self.operation)
    }
}

/// Whether an operation changes anything. By its verb, as AWS names its operations ("Actions, resources, and condition
/// keys for AWS services", access levels); one not known to read counts as writing.
pub fn is_write(operation: &str) -> bool {
    const READS: [&str; 11] =
        ["Get", "List", "Describe", "BatchGet", "BatchCheck", "Head", "Lookup", "Query", "Scan", "Assume", "Filter"];
    !READS.iter().any(|verb| operation.starts_with(verb))
}
