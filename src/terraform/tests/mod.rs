//! Runs of the real terraform, on its built-in `terraform_data`, which needs no provider.

#![allow(clippy::disallowed_methods, reason = "tests lay out folders and play processes")]

mod judging;
mod memory;
mod running;
mod stopping;
mod support;
mod trouble;
