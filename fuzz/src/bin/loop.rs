//! Runs a law on random bytes for some seconds: `loop LAW SECONDS [SEED]`. What fails is made small and printed with its
//! seed. `loop corpus FOLDER` runs every edit on the Terraform files of a folder.

use std::panic::{catch_unwind, set_hook, take_hook};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fuzz::laws::{Counts, LAWS, corpus_file, random};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    if name == "corpus" {
        return corpus(Path::new(&arguments.next().unwrap_or_default()));
    }
    let seconds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(60);
    let only: Option<u64> = arguments.next().and_then(|text| text.parse().ok());
    let Some((_, law)) = LAWS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<&str> = LAWS.iter().map(|(name, _)| *name).collect();
        eprintln!("loop LAW SECONDS [SEED], where LAW is one of {}", known.join(", "));
        eprintln!("loop corpus FOLDER");
        std::process::exit(64);
    };
    let begun = Instant::now();
    let mut failed = 0;
    let mut seed = only.unwrap_or(1);
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let mut small: Vec<Vec<u8>> = Vec::new();
    while begun.elapsed() < Duration::from_secs(seconds) && failed < 5 {
        let bytes = random(seed);
        if catch_unwind(|| law(&bytes)).is_err() {
            failed += 1;
            eprintln!("{name} fails with seed {seed}");
            small.push(minimal(*law, bytes));
        }
        if only.is_some() {
            break;
        }
        seed += 1;
    }
    set_hook(hook);
    for bytes in small {
        eprintln!("=== {} bytes", bytes.len());
        let _ = catch_unwind(|| law(&bytes));
    }
    println!("{name}: {} inputs in {} s, {failed} failures", seed - 1, begun.elapsed().as_secs());
    std::process::exit(i32::from(failed > 0));
}

/// The same failure, or another, with fewer bytes and more zeros.
fn minimal(law: fn(&[u8]), mut bytes: Vec<u8>) -> Vec<u8> {
    let fails = |bytes: &[u8]| catch_unwind(|| law(bytes)).is_err();
    let mut size = bytes.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < bytes.len() {
            let end = (at + size).min(bytes.len());
            let without = [&bytes[..at], &bytes[end..]].concat();
            if fails(&without) {
                bytes = without;
                continue;
            }
            if bytes[at..end].iter().any(|byte| *byte != 0) {
                let mut zeros = bytes.clone();
                zeros[at..end].fill(0);
                if fails(&zeros) {
                    bytes = zeros;
                }
            }
            at = end;
        }
        size /= 2;
    }
    bytes
}

fn corpus(folder: &Path) {
    let mut counts = Counts::default();
    let mut files = Vec::new();
    below(folder, &mut files);
    files.sort();
    for file in files {
        if let Ok(text) = std::fs::read_to_string(&file) {
            corpus_file(&file.display().to_string(), &text, &mut counts);
        }
    }
    println!("{counts}");
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        if path.is_dir() {
            below(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "tf" || ending == "hcl") {
            files.push(path);
        }
    }
}
