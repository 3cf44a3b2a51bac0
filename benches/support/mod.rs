//! What the benches share: the clock, the stopwatch that also sees memory, and the table at the end.
#![allow(dead_code, reason = "each bench is a program of its own and takes what it needs")]

pub mod process;
pub mod shell;
pub mod table;

use std::time::Duration;

/// Whatever goes wrong in a bench ends it.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The program as it is released: cargo builds it for the benches in their profile.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_pipelinectl");

/// The middle one of several times.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
