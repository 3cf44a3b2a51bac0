//! Runs of the real terraform, on its built-in `terraform_data`, which needs no provider.

mod judging;
mod running;
mod stopping;
mod support;
mod trouble;
