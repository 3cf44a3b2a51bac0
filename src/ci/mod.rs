//! What a build system sees: the file that names the live pipeline.

pub mod live_pointer;
