//! The nouns that the other rooms need.

#[path = "../../src/pipeline/estate.rs"]
pub mod estate;
#[path = "../../src/pipeline/namespace.rs"]
pub mod namespace;
#[path = "../../src/pipeline/nearest.rs"]
pub mod nearest;
#[path = "../../src/pipeline/service.rs"]
pub mod service;

pub use estate::{Estate, Pipeline, Reach, Unclear};
pub use namespace::{Namespace, NamespaceError};
