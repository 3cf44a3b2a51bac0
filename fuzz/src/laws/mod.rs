//! What holds of every edit, of files as people write them.
//!
//! A law takes bytes, makes files and a wish of them, and panics when something does not hold. `cargo test` runs each law
//! on some thousands of inputs, always the same ones (`PIPELINECTL_CASES` says how many); fuzz/src/bin/loop.rs runs one
//! for as long as is wanted.

mod blocks;
#[cfg(not(test))]
mod corpus;
mod edits;
mod entries;
mod folders;
mod leaves;
mod live;
mod outside;
mod scanner;
mod source;
mod written;

#[cfg(not(test))]
pub use corpus::{Counts, file as corpus_file};

use crate::layout::Edit;
use crate::pipeline::Namespace;

/// Panics when something does not hold of what the bytes say.
pub type Law = fn(&[u8]);

/// The laws by their names.
pub const LAWS: [(&str, Law); 6] = [
    ("scanner", scanner::scanner),
    ("edits", edits::edits),
    ("blocks", blocks::blocks),
    ("entries", entries::entries),
    ("folders", folders::folders),
    ("live", live::live),
];

/// The law of this name.
///
/// # Panics
///
/// When there is none.
pub fn law(name: &str) -> Law {
    let found = LAWS.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("there is no law '{name}'")).1
}

/// Between 10 and 1,200 bytes (xorshift, by George Marsaglia).
pub fn random(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let length = 10 + next() % 1190;
    (0..length).map(|_| next().to_le_bytes()[3]).collect()
}

/// A namespace.
fn name(text: &str) -> Namespace {
    text.parse().expect("a namespace")
}

/// What the one file that is written says then.
fn after(edits: &[Edit]) -> Option<&str> {
    match edits {
        [Edit::Write { after, .. }] => Some(after),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    fn holds(name: &str, cases: u64) {
        let law = law(name);
        #[allow(clippy::disallowed_methods, reason = "a test is asked for more cases this way")]
        let asked = std::env::var("PIPELINECTL_CASES").ok().and_then(|text| text.parse().ok());
        for seed in 1..=asked.unwrap_or(cases) {
            let bytes = random(seed);
            let holds = catch_unwind(|| law(&bytes)).is_ok();
            assert!(holds, "it can be seen again in fuzz/: cargo run --release --bin loop -- {name} 1 {seed}");
        }
    }

    #[test]
    fn reading() {
        holds("scanner", 3000);
    }

    #[test]
    fn changes_of_a_block() {
        holds("edits", 4000);
    }

    #[test]
    fn module_blocks() {
        holds("blocks", 2000);
    }

    #[test]
    fn map_entries() {
        holds("entries", 2000);
    }

    #[test]
    fn directories() {
        holds("folders", 1000);
    }

    #[test]
    fn live_pointers() {
        holds("live", 2000);
    }
}
