//! The tests of the whole program: one binary, a module for each command.
#![allow(clippy::disallowed_methods, reason = "tests run programs and read the environment themselves")]
#![allow(missing_docs, reason = "tests are no interface")]

mod support;

mod apply;
mod check;
mod completions;
mod deploy;
mod doctor;
mod errors;
mod fixtures;
mod history;
mod hold;
mod iam;
mod images;
mod images_command;
mod infrastructure;
mod init;
mod layers;
mod layouts;
mod life;
mod list;
mod live;
mod locks;
mod new;
mod order;
mod plan;
mod reference;
mod retire;
mod rollout;
mod set;
mod status;
mod tag;
mod tfvars;
mod usage;
