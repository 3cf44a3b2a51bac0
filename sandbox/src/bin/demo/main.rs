//! `cargo demo`: pipelinectl makes a new pipeline beside a live one, on a local AWS.

mod kept;
mod talk;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use sandbox::{Error, Estate, LocalAws, Result};
use serde_json::Value;
use talk::say;

const LIVE: &str = "2022-08-31";
const NEW: &str = "2022-10-14";
const HELP: &str = "\
Usage: cargo demo [--keep]

Starts a local AWS with a live pipeline, lets pipelinectl make a second one beside it, and takes all away again.

  --keep  leave it up at the end, and print the environment to try by hand";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let keep = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--keep"] => true,
        ["--help" | "-h"] => {
            talk::print(HELP);
            return ExitCode::SUCCESS;
        }
        _ => {
            talk::print(HELP);
            return ExitCode::from(64);
        }
    };
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        if let Err(error) = signal_hook::flag::register(signal, Arc::clone(&interrupted)) {
            say(&format!("Ctrl-C cannot be watched for: {error}"));
        }
    }
    match demo(keep, &interrupted) {
        Ok(Some(true)) => ExitCode::SUCCESS,
        Ok(Some(false)) => ExitCode::FAILURE,
        Err(error) if !interrupted.load(Ordering::SeqCst) => {
            say(&format!("The demo cannot go on: {error}"));
            ExitCode::FAILURE
        }
        Ok(None) | Err(_) => {
            say("Interrupted. Nothing is left running.");
            ExitCode::from(130)
        }
    }
}

/// Runs it all: whether everything ended as it should, or nothing where it was interrupted.
fn demo(keep: bool, interrupted: &AtomicBool) -> Result<Option<bool>> {
    let started = Instant::now();
    say("Lines like this one are the demo's. All else is pipelinectl's own output, or cargo's.");
    say("Building pipelinectl, and starting a local AWS on this machine. No real AWS is touched.");
    let aws = thread::spawn(LocalAws::start);
    let program = build();
    let aws = aws.join().map_err(|_| missing("the local AWS could not be started"))??;
    let program = program?;

    let estate = Estate::full().aws(&aws).build()?;
    say(&format!("Making the live pipeline {LIVE} with terraform: half a minute, a whole one the first time."));
    if interrupted.load(Ordering::SeqCst) {
        return Ok(None);
    }
    estate.apply_live()?;
    show(&estate, &aws);

    say("Now pipelinectl. Its apply takes about a minute: terraform's AWS provider waits 25 seconds for each new");
    say("queue, and for the dead-letter queue before it.");
    let mut well = true;
    for arguments in [&["new", NEW, "--yes"][..], &["list"]] {
        if interrupted.load(Ordering::SeqCst) {
            return Ok(None);
        }
        well &= run(&program, &estate, arguments)?;
    }
    well &= verified(&estate, &aws)?;
    let seconds = started.elapsed().as_secs();
    say(&if well {
        format!("Done in {seconds} s: {NEW} runs beside {LIVE}, which nothing has touched.")
    } else {
        format!("Something failed, see above ({seconds} s).")
    });
    if keep {
        kept::wait(&program, &estate, interrupted);
    }
    say("Ending the local AWS and removing the estate.");
    Ok(Some(well))
}

/// Lets cargo build the program where it has built this demo, and gives its path.
fn build() -> Result<PathBuf> {
    let own = std::env::current_exe().map_err(|error| missing(&format!("where this demo is: {error}")))?;
    let folder = own.parent().unwrap_or(Path::new("."));
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(["build", "--package", "pipelinectl", "--bin", "pipelinectl"])
        .current_dir(sandbox::workspace_folder());
    command.arg("--target-dir").arg(folder.parent().unwrap_or(folder));
    if folder.ends_with("release") {
        command.arg("--release");
    }
    let shown = sandbox::process::shown(&command);
    let ended = command.status().map_err(|error| missing(&format!("`{shown}`: {error}")))?;
    if !ended.success() {
        return Err(Error::Process { command: shown, status: ended.to_string(), output: "see above".into() });
    }
    Ok(folder.join("pipelinectl"))
}

fn show(estate: &Estate, aws: &LocalAws) {
    let commit = |age: usize| match estate.commits().iter().rev().nth(age) {
        Some(commit) => format!("{:.7} ({})", commit.id, commit.subject),
        None => "none".into(),
    };
    say(&format!("  services   {}; account {}", estate.services().join(", "), aws.account_id()));
    say(&format!("  {LIVE} is live, from commit {}", commit(1)));
    say(&format!("  latest     is commit {}: what the new pipeline shall run", commit(0)));
}

/// Runs pipelinectl as a user would; true when it exits with 0.
fn run(program: &Path, estate: &Estate, arguments: &[&str]) -> Result<bool> {
    talk::print("");
    say(&format!("$ pipelinectl {}", arguments.join(" ")));
    let mut command = Command::new(program);
    estate.prepare(&mut command);
    let ended = command.args(arguments).status().map_err(|error| missing(&format!("pipelinectl: {error}")))?;
    talk::print("");
    if !ended.success() {
        say(&format!("`pipelinectl {}` ended with {ended}", arguments.join(" ")));
    }
    Ok(ended.success())
}

/// Asks the local AWS itself what runs: the demo does not take the program's word for it.
fn verified(estate: &Estate, aws: &LocalAws) -> Result<bool> {
    let mut well = true;
    for (namespace, source) in [(LIVE, LIVE), (NEW, "latest")] {
        let mut right = 0;
        for (service, repository) in estate.services().iter().zip(estate.repositories()) {
            let path = format!("/2015-03-31/functions/{namespace}-{service}");
            let function = aws.ask_rest("lambda", "GET", &path, &Value::Null).unwrap_or_default();
            let running = function["Code"]["ResolvedImageUri"].as_str().unwrap_or_default();
            let wanted = aws.tagged(&repository, source)?;
            right += usize::from(wanted.is_some_and(|image| running.ends_with(&image.digest)));
        }
        let all = estate.services().len();
        say(&format!("Asked AWS: {right} of {all} functions of {namespace} run the images that {source} names."));
        well &= right == all;
    }
    Ok(well)
}

fn missing(what: &str) -> Error {
    Error::Missing { what: what.into(), advice: "Start it with `cargo demo` from the repository.".into() }
}
