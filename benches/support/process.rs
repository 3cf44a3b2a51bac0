//! Programs that are run and timed.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Result;

/// What a run took.
#[derive(Debug, Clone, Copy)]
pub struct Spent {
    /// From its start to its end.
    pub time: Duration,
    /// The most memory it had resident, in bytes.
    pub memory: u64,
}

/// Runs a program to its end and gives the time. One that fails is an error with what it said.
pub fn run(command: &mut Command) -> Result<Duration> {
    let begin = Instant::now();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    let time = begin.elapsed();
    if output.status.success() {
        return Ok(time);
    }
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!("{command:?}: {}\n{out}{err}", output.status).into())
}

/// The time until a program says its first word, on either stream. It is let run to its end, however it ends.
pub fn first_output(command: &mut Command) -> Result<Duration> {
    let (mut reader, writer) = std::io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let begin = Instant::now();
    let mut child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
    // The command keeps its ends of the pipe until it is given others.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let read = reader.read(&mut [0; 1])?;
    let time = begin.elapsed();
    std::io::copy(&mut reader, &mut std::io::sink())?;
    child.wait()?;
    if read == 0 { Err(format!("{command:?} said nothing").into()) } else { Ok(time) }
}

/// Runs a program in a folder and gives time and memory. Only the parent that waits is told of the memory, and Rust's
/// library does not pass it on: Python, which the sandbox needs anyway, does.
pub fn stopwatch(folder: &Path, program: &str, arguments: &[&str]) -> Result<Spent> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/support/stopwatch.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(program).args(arguments).current_dir(folder).env("HOME", folder);
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let mut numbers = said.split_whitespace();
    match (output.status.success(), numbers.next(), numbers.next()) {
        (true, Some(seconds), Some(memory)) => {
            Ok(Spent { time: Duration::from_secs_f64(seconds.parse()?), memory: memory.parse()? })
        }
        _ => Err(format!("{command:?}: {}\n{said}{}", output.status, String::from_utf8_lossy(&output.stderr)).into()),
    }
}
