//! AWS: one session, and a client for each service. They fetch and act, and decide nothing.

pub mod dynamodb;
pub mod ecr;
pub mod ecs;
pub mod error;
mod http;
pub mod lambda;
pub mod limiter;
mod place;
mod retry;
pub mod secrets;
pub mod session;
pub mod sts;
mod talk;
mod write;

pub use error::AwsError;
pub use session::{Session, SessionOptions};

#[cfg(test)]
mod tests;
