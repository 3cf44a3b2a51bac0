//! The file that names the live pipeline.

#[path = "../../src/ci/live_pointer/mod.rs"]
pub mod live_pointer;
