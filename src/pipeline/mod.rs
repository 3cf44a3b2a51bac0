//! Nouns and decisions, without any input or output.

pub mod catalogue;
pub mod estate;
pub mod history;
pub mod image;
pub mod image_uri;
pub mod namespace;
pub mod nearest;
pub mod release;
pub mod rollback;
pub mod service;

pub use estate::{Estate, Pipeline, Reach, Unclear};
pub use namespace::{Namespace, NamespaceError};
