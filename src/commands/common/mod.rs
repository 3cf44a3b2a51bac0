//! Steps that several commands share.

pub mod changes;
pub mod commits;
pub mod deployment;
pub mod edits;
pub mod estate;
pub mod former;
pub mod live;
pub mod lock;
pub mod make_tags;
pub mod protection;
pub mod records;
pub mod release;
pub mod retired_tags;
pub mod running;
pub mod selection;
pub mod service_records;
pub mod stage;
pub mod tag_rows;
pub mod target;
pub mod upstream;
pub mod verification;
