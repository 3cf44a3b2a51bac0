//! What the guard says of a plan.

use serde::Serialize;

use super::address::Address;
use super::allow::Allow;
use super::contents::Drift;

/// Why the guard refuses something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Reason {
    /// It is in no pipeline that the command may change.
    Outside,
    /// It is in the pipeline, but the command does not do that.
    NotAsked,
    /// It would be destroyed, and none of its names carries the pipeline's namespace: another may use it.
    ForeignName {
        /// Its names.
        names: Vec<String>,
        /// The namespace none of them carries.
        namespace: String,
    },
    /// It is put off to a later plan, which nobody can see now.
    Deferred,
    /// A provider action.
    ProviderAction,
    /// A kind of change that this program does not know.
    Unknown,
}

/// One thing that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The resource, output or action.
    pub address: Address,
    /// What would be done: `delete`, `move`, `invoke`.
    pub action: String,
    /// Where it was before, for a move.
    pub previous_address: Option<Address>,
    /// The deposed object it is about.
    pub deposed: Option<String>,
    /// Why terraform would do it: `replace_because_tainted`.
    pub cause: Option<String>,
    /// Why it is refused.
    #[serde(flatten)]
    pub reason: Reason,
    /// What would let it pass; nothing can where this is empty.
    pub allow: Option<Allow>,
}

/// Why a plan is refused as a whole. Nothing overrides it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Block {
    /// Its JSON has a form that this program does not know.
    Format {
        /// The form.
        version: String,
    },
    /// Planning failed on the way.
    Errored,
    /// Applying it would leave something to do.
    Incomplete,
}

/// A resource that would be made under a name that does not carry its pipeline's namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NameWarning {
    /// The resource.
    pub address: Address,
    /// Its names.
    pub names: Vec<String>,
    /// The namespace none of them carries.
    pub namespace: String,
}

/// What the guard says of a plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Verdict {
    /// Why it is refused as a whole.
    pub blocks: Vec<Block>,
    /// What is refused in it.
    pub refusals: Vec<Refusal>,
    /// What is worth a second look.
    pub warnings: Vec<NameWarning>,
    /// Data sources that are read while applying. They are allowed everywhere.
    pub reads: Vec<Address>,
    /// Modules that were there before the command, in which everything would be made: the state knows nothing of them.
    pub strangers: Vec<Address>,
    /// What was changed outside the pipelines, behind terraform's back, and stays as it is.
    pub drift: Vec<Drift>,
    /// What only passed because the user allows it.
    pub allowed: Vec<Allow>,
    /// What the user allows and nothing needed.
    pub unused: Vec<Allow>,
}

impl Verdict {
    /// Whether the plan may be applied.
    pub fn passes(&self) -> bool {
        self.blocks.is_empty() && self.refusals.is_empty()
    }
}
