//! `--keep`: the sandbox stays up for trying by hand.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use sandbox::Estate;

use crate::talk::{print, say};

/// Prints the environment and waits for Ctrl-C.
pub fn wait(program: &Path, estate: &Estate, interrupted: &AtomicBool) {
    say("It stays up. Paste this into another terminal:");
    print("");
    for line in estate.exports() {
        print(&line);
    }
    if let Some(folder) = program.parent() {
        print(&format!("export PATH='{}':\"$PATH\"", folder.display()));
    }
    print(&format!("cd '{}'", estate.root().display()));
    print("");
    say("Then, for example: pipelinectl list, pipelinectl new 2022-11-01, terraform -chdir=infrastructure plan.");
    say("Ctrl-C here ends it and removes the folder.");
    while !interrupted.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(100));
    }
}
