//! Steps that several commands share.

pub mod estate;
pub mod live;
pub mod lock;
pub mod release;
pub mod stage;
pub mod target;
pub mod verification;
