//! Targets for fuzzing: each takes bytes, makes a file and a wish of them, and panics when something does not hold.

mod copies;
mod edits;
mod scanner;
mod source;

/// The room that reads and edits HCL.
#[path = "../../src/hcl/mod.rs"]
pub mod hcl;
/// The room that knows where pipelines live.
#[path = "../../src/layout/mod.rs"]
pub mod layout;
pub mod pipeline;
/// Templates.
#[path = "../../src/template.rs"]
pub mod template;

pub use copies::copies;
pub use edits::edits;
pub use scanner::scanner;

/// A target by its name.
pub const TARGETS: [(&str, fn(&[u8])); 3] = [("scanner", scanner), ("edits", edits), ("copies", copies)];
