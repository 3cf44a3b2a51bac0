//! What every command pays before it does anything: the process, the configuration, the clients for AWS.
//!
//! Each time is that of a fresh process, the middle one of many. There is nothing to compare with but what was wanted.
#![allow(clippy::disallowed_methods, reason = "a bench runs programs and reads the environment itself")]
#![allow(clippy::print_stdout, reason = "a bench prints what it found")]

mod support;

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pipelinectl::clock::SystemClock;
use pipelinectl::context::Context;
use pipelinectl::environment::Environment;
use pipelinectl::settings::{Overrides, Settings};
use pipelinectl::ui::{Manner, Ui};
use sandbox::{Estate, LocalAws, Switches};
use support::process::{first_output, run};
use support::table::Row;
use support::{PROGRAM, Result, median, table};

const RUNS: usize = 41;
const WANTED: Duration = Duration::from_millis(10);
const LATENCY_MS: u64 = 50;
/// With this argument the bench is the fresh process in which configuration and clients are made.
const INSIDE: &str = "--inside";

fn main() -> Result<()> {
    if std::env::args().any(|argument| argument == INSIDE) {
        return inside();
    }
    let aws = LocalAws::start()?;
    let estate = Estate::small().aws(&aws).build()?;
    aws.set(&Switches::new().latency_ms(LATENCY_MS))?;
    let inside = (0..RUNS).map(|_| ready(&estate)).collect::<Result<Vec<_>>>()?;
    let mut rows = vec![in_time("configuration and clients are ready", median(inside))];
    for arguments in [&["--version"][..], &["list"], &["check"]] {
        let times = (0..RUNS).map(|_| run(&mut program(&estate, arguments))).collect::<Result<Vec<_>>>()?;
        rows.push(Row::times(&format!("pipelinectl {}, all of it", arguments.join(" ")), median(times), None));
    }
    for arguments in [
        &["--version"][..],
        &["list"],
        &["check"],
        &["new", "2022-10-14", "--edit-only", "--dry-run"],
        &["tag", "2022-10-14", "--dry-run"],
        &["new", "2022-10-14", "--dry-run"],
        &["plan", "2022-08-31"],
        &["doctor"],
    ] {
        // Those that ask AWS or terraform take a while to their end.
        let runs = if arguments.len() > 1 { RUNS / 4 } else { RUNS };
        let times = (0..runs).map(|_| first_output(&mut program(&estate, arguments))).collect::<Result<Vec<_>>>()?;
        rows.push(in_time(&format!("pipelinectl {}, first output", arguments.join(" ")), median(times)));
    }
    table::print("Starting: fresh processes, 50 ms a request to AWS", None, &rows);
    Ok(())
}

fn in_time(case: &str, time: Duration) -> Row {
    Row::times(case, time, None).wanted("in 10 ms", time <= WANTED)
}

fn program(estate: &Estate, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    estate.prepare(&mut command);
    command.args(arguments);
    command
}

/// Starts this bench once more and reads the time that it measured inside.
fn ready(estate: &Estate) -> Result<Duration> {
    let mut command = Command::new(std::env::current_exe()?);
    estate.prepare(&mut command);
    let output = command.arg(INSIDE).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let nanoseconds = said.trim().parse();
    Ok(Duration::from_nanos(nanoseconds.map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?))
}

fn inside() -> Result<()> {
    let begin = Instant::now();
    let environment = Environment::of_process();
    let settings = Settings::load(Overrides::default(), &environment)?;
    let registry = settings.ecr.clone();
    let manner =
        Manner { json: false, quiet: false, verbose: false, yes: false, colour_out: false, colour_talk: false };
    let context = Context::new(Ui::new(manner), settings, Arc::new(SystemClock), environment, false);
    let session = context.session().map_err(|failure| failure.message)?;
    let clients = (session.ecr(&registry), session.lambda(), session.sts());
    let time = begin.elapsed();
    std::hint::black_box(clients);
    println!("{}", time.as_nanos());
    Ok(())
}
