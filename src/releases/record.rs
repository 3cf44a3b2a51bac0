//! The record of one command on one pipeline.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::pipeline::image::Digest;

/// What a command set out to do, and how it ended. Written before the first tag moves, completed afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Names the record: the time it was begun and the process.
    pub id: String,
    /// The command, `new`.
    pub command: String,
    /// The pipeline.
    pub namespace: String,
    /// When it was begun.
    pub started: Timestamp,
    /// Who began it, on which machine.
    pub by: String,
    /// The commit of the estate that was checked out, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The digest that each repository's tag shall name.
    pub digests: BTreeMap<String, Digest>,
    /// The `--allow` flags that were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// Whether it put the block of the pipeline into its file: one that was there before is nobody's to take out.
    #[serde(default)]
    pub block_added: bool,
    /// Whether its apply was begun: from then on resources may be half made.
    #[serde(default)]
    pub applying: bool,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// How it ended; none while it is unfinished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything was done and what runs was verified.
    Verified,
    /// Everything was done; something could not be verified.
    Done,
    /// Something failed after the tags had been made.
    Failed,
}
