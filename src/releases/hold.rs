//! What keeps deployments away from a pipeline.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Keeps deployments away from a pipeline until it is lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hold {
    /// Who put it on, on which machine or in which build.
    pub by: String,
    /// Since when.
    #[schemars(with = "String")]
    pub since: Timestamp,
    /// Why.
    pub reason: String,
    /// The rollback that put it on; none where somebody did it by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
}
