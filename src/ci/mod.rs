//! What a build system sees: the file that names the live pipeline, and the build that a run is a part of.

pub mod build;
pub mod live_pointer;
