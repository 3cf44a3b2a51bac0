//! Targets for fuzzing: each takes bytes, makes files and a wish of them, and panics when a law does not hold.
//!
//! The pure rooms are compiled from their sources; `cargo test` of the program compiles the laws the same way.

pub mod ci;
pub mod laws;
pub mod pipeline;

/// The room that reads and edits HCL.
#[path = "../../src/hcl/mod.rs"]
pub mod hcl;
/// The room that knows where pipelines live.
#[path = "../../src/layout/mod.rs"]
pub mod layout;
/// Templates.
#[path = "../../src/template.rs"]
pub mod template;
