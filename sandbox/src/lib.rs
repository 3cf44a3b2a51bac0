//! What tests and the demo of pipelinectl stand on: a local AWS, terraform, and an estate in a temporary folder.
//!
//! Nothing here is left behind. [`LocalAws`] ends with the process that started it, however that ends, and an
//! [`Estate`] takes its folder away when it is dropped. What is worth keeping between runs (a Python environment, a
//! downloaded terraform, provider plugins) is below `target/sandbox`.

mod error;
pub mod estate;
mod http;
pub mod local_aws;
mod lock;
mod places;
pub mod process;
mod provider;
mod python;
pub mod schemas;
pub mod terraform;

pub use error::{Error, Result};
pub use estate::Estate;
pub use local_aws::{Call, Environment, Fault, Image, Kind, LocalAws, Switches, is_write};
pub use places::{source_folder, target_folder, workspace_folder};
pub use terraform::Terraform;
