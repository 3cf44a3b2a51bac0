//! What several verbs do across effects.

pub mod expiring_images;
pub mod fingerprint;
pub mod move_tags;
pub mod read_estate;
pub mod read_history;
pub mod read_images;
pub mod read_status;
pub mod resolve_images;
pub mod retire;
pub mod rollout;
pub mod terraform_run;
pub mod verify_images;
pub mod write_edits;
