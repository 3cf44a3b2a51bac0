//! What a saved plan would do, reduced to what is judged and shown. No values are kept but names, and the beginnings of
//! those that change.

use std::collections::BTreeSet;

use serde::Serialize;

use super::address::Address;
use super::differences::Differences;

/// A plan, reduced. Resources that stay as they are, are only counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Plan {
    /// The version of the plan's JSON: `1.2`.
    pub format_version: String,
    /// The version of the program that made it.
    pub terraform_version: String,
    /// Whether planning failed on the way.
    pub errored: bool,
    /// Whether applying it brings everything to what the configuration says. Absent before Terraform 1.8 and in tofu.
    pub complete: Option<bool>,
    /// Whether terraform would apply it. Absent before Terraform 1.8 and in tofu.
    pub applyable: Option<bool>,
    /// Every resource on which something is done, in the plan's order.
    pub changes: Vec<Change>,
    /// How many resources stay as they are.
    pub unchanged: usize,
    /// The modules of the root, itself included, that have something in the state.
    pub standing: BTreeSet<Address>,
    /// Root outputs that change.
    pub outputs: Vec<OutputChange>,
    /// What was changed behind terraform's back.
    pub drift: Vec<Drift>,
    /// Checks and conditions that do not pass.
    pub checks: Vec<Check>,
    /// What is put off to a later plan.
    pub deferred: Vec<Deferred>,
    /// Provider actions that would be invoked.
    pub invocations: Vec<Invocation>,
}

/// Something that is done to one resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Which resource.
    pub address: Address,
    /// Where it was before, when it is moved.
    pub previous_address: Option<Address>,
    /// Whether it is a data source.
    pub data: bool,
    /// Its type: `aws_sqs_queue`.
    pub resource_type: String,
    /// Why: `replace_because_tainted`.
    pub reason: Option<String>,
    /// The key of the deposed object it is about.
    pub deposed: Option<String>,
    /// What is done.
    pub effect: Effect,
    /// Whether it comes from outside into the state.
    pub importing: bool,
    /// The attributes that force a replacement.
    pub replace_paths: Vec<String>,
    /// Physical names and ARNs that it has, when it is destroyed.
    pub names_before: Vec<String>,
    /// Physical names and ARNs that it will have, as far as they are known, when it is made and has a name of its own.
    pub names_after: Vec<String>,
    /// What changes in it, when it is changed in place or made anew.
    pub differences: Differences,
}

impl Change {
    /// Whether it was moved, from another address.
    pub fn is_moved(&self) -> bool {
        self.previous_address.as_ref().is_some_and(|previous| *previous != self.address)
    }

    /// Whether it is in the state already.
    pub(super) fn stands(&self) -> bool {
        !self.data && self.effect != Effect::Create && self.effect != Effect::Read
    }

    /// Whether nothing is done but reading.
    pub fn is_quiet(&self) -> bool {
        matches!(self.effect, Effect::NoOp | Effect::Read) && !self.is_moved() && !self.importing
    }
}

/// What is done to a resource or an output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Nothing.
    NoOp,
    /// A data source is read while applying.
    Read,
    /// Made.
    Create,
    /// Changed in place.
    Update,
    /// Destroyed.
    Delete,
    /// Destroyed, then made.
    Replace,
    /// Made, then the old one destroyed.
    ReplaceCreateFirst,
    /// Dropped from the state, not destroyed.
    Forget,
    /// Made, the old one dropped from the state.
    ReplaceForget,
    /// What this program does not know.
    Unknown(String),
}

impl Effect {
    /// Source: "JSON Output Format" of the Terraform documentation, change representation.
    pub(super) fn from_actions(actions: &[String]) -> Self {
        match actions.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["no-op"] => Self::NoOp,
            ["read"] => Self::Read,
            ["create"] => Self::Create,
            ["update"] => Self::Update,
            ["delete"] => Self::Delete,
            ["delete", "create"] => Self::Replace,
            ["create", "delete"] => Self::ReplaceCreateFirst,
            ["forget"] => Self::Forget,
            ["create", "forget"] | ["forget", "create"] => Self::ReplaceForget,
            other => Self::Unknown(other.join("+")),
        }
    }

    /// Whether something that exists is destroyed.
    pub fn destroys(&self) -> bool {
        matches!(self, Self::Delete | Self::Replace | Self::ReplaceCreateFirst)
    }

    /// Whether something is made.
    pub fn creates(&self) -> bool {
        matches!(self, Self::Create | Self::Replace | Self::ReplaceCreateFirst | Self::ReplaceForget)
    }
}

/// A root output that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutputChange {
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub effect: Effect,
}

/// A resource that is not as the state says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// Which resource.
    pub address: Address,
    /// `update`: changed outside, `delete`: gone.
    pub effect: Effect,
}

/// A check block, or a condition, that does not pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// `check.name`, or the address of what has the condition.
    pub address: String,
    /// `fail` or `error`.
    pub status: String,
}

/// A change that is put off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deferred {
    /// Which resource or action.
    pub address: Address,
    /// Why.
    pub reason: String,
}

/// A provider action (Terraform 1.14).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Invocation {
    /// The action's address.
    pub address: Address,
}

impl Plan {
    /// Whether applying would do anything. Reads do not count.
    pub fn has_changes(&self) -> bool {
        self.changes.iter().any(|change| !change.is_quiet())
            || !self.outputs.is_empty()
            || !self.deferred.is_empty()
            || !self.invocations.is_empty()
    }
}
