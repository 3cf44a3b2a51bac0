//! The terraform program: started in a clean environment, followed through files, its saved plan read and judged.

mod address;
mod allow;
mod applied;
mod apply;
mod child;
mod classify;
mod contents;
mod delta;
mod diagnostic;
mod differences;
mod digest;
mod environment;
mod error;
mod events;
mod folder;
mod guard;
#[cfg(test)]
mod guard_tests;
mod init;
mod interrupts;
mod marks;
mod ownership;
mod physical_names;
mod plan;
mod plan_json;
mod program;
mod redact;
mod review;
mod shorten;
mod show;
mod summary;
mod verdict;
mod version;

pub use address::{Address, AddressError};
pub use allow::{Action, Allow, AllowError};
pub use applied::AppliedImages;
pub use apply::{Applied, Ending, Step};
pub use contents::{Change, Check, Deferred, Drift, Effect, Invocation, OutputChange, Plan};
pub use diagnostic::{Diagnostic, Place};
pub use differences::{Difference, Differences};
pub use environment::Value;
pub use error::{Error, StateLock};
pub use events::{Totals, Verb};
pub use guard::{Permits, Rules, Scope, judge};
pub use interrupts::{Interrupts, Watch};
pub use ownership::carries;
pub use plan::{Destroy, PlanOptions, SavedPlan};
pub use plan_json::read_plan;
pub use program::{LOCK_TIMEOUT, Program, ProgramSettings};
pub use redact::Redactor;
pub use review::Review;
pub use summary::{Counts, Line, Summary};
pub use verdict::{Block, NameWarning, Reason, Refusal, Verdict};
pub use version::{OLDEST, Version, VersionError};

#[cfg(test)]
mod tests;
