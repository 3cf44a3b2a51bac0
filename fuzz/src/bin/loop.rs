//! Runs a target on random bytes for some seconds: `loop TARGET SECONDS [SEED]`. What fails is printed by its seed.

use std::panic::catch_unwind;
use std::time::{Duration, Instant};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let seconds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(60);
    let only: Option<u64> = arguments.next().and_then(|text| text.parse().ok());
    let Some((_, target)) = fuzz::TARGETS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<&str> = fuzz::TARGETS.iter().map(|(name, _)| *name).collect();
        eprintln!("loop TARGET SECONDS [SEED], where TARGET is one of {}", known.join(", "));
        std::process::exit(64);
    };
    let begun = Instant::now();
    let mut failed = 0;
    let mut seed = only.unwrap_or(1);
    while begun.elapsed() < Duration::from_secs(seconds) && failed < 5 {
        let bytes = random(seed);
        if catch_unwind(|| target(&bytes)).is_err() {
            failed += 1;
            eprintln!("=== {name} fails with seed {seed}\n");
        }
        if only.is_some() {
            break;
        }
        seed += 1;
    }
    println!("{name}: {} inputs, {failed} failures", seed - 1);
    std::process::exit(i32::from(failed > 0));
}

/// Between 10 and 400 bytes (xorshift, by George Marsaglia).
fn random(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let length = 10 + next() % 390;
    (0..length).map(|_| next().to_le_bytes()[3]).collect()
}
