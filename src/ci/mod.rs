//! What a build system sees: the file that names the live pipeline, the build that a run is a part of, and how images
//! are tagged.

pub mod build;
pub mod discover;
pub mod live_pointer;
