//! Records of what was done to a pipeline, holds that keep deployments away, and the lock that keeps two from doing it at
//! once. They are kept in the user's state folder, or in a table of DynamoDB that a team and its CI share.

pub mod error;
pub mod file_store;
pub mod hold;
pub mod lock;
pub mod record;
mod repository_key;
pub mod store;
pub mod table_store;

pub use error::ReleaseError;
pub use file_store::FileStore;
pub use hold::Hold;
pub use lock::{Holder, Lock, Permit, Times};
pub use record::{Origin, Outcome, Record, Replaces, ServiceRecord, TargetEnding, TargetRecord};
pub use store::{Marks, Store};
pub use table_store::TableStore;

#[cfg(test)]
mod tests;
