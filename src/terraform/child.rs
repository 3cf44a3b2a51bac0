//! One run of terraform: a process group of its own that writes to files, which we follow.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use super::error::Error;
use super::folder::{PrivateFolder, held_file};
use super::program::Program;
use crate::progress::Progress;

/// How often the output is read and Ctrl-C is looked for.
const PAUSE: Duration = Duration::from_millis(25);
/// How long we wait for what an interrupted wrapper script has left behind.
const STRAGGLERS: Duration = Duration::from_secs(60);
/// How much of the standard error an error message keeps.
const KEPT_STDERR: usize = 4000;

/// How a run ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// The end of what it wrote to standard error, without secrets.
    pub(super) stderr: String,
    pub(super) stdout: PathBuf,
    pub(super) interrupted: bool,
}

/// Runs `program` with `arguments` and calls `each_line`, if there is one, with every line of its standard output while it
/// runs.
///
/// The output goes to files and not to pipes: a terraform that writes to a pipe dies at its next line when we are killed,
/// and what it has made is in no state. The files are in `folder`.
pub(super) fn run(
    program: &Program,
    folder: &PrivateFolder,
    arguments: &[OsString],
    progress: &dyn Progress,
    each_line: Option<&mut dyn FnMut(&str)>,
) -> Result<Ended, Error> {
    let command = arguments.first().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    let (stdout_path, stderr_path) = folder.outputs(&command);
    let (stdout, stderr) = (held_file(&stdout_path)?, held_file(&stderr_path)?);
    let reading = |source| Error::File { path: stdout_path.clone(), what: "read", source };
    let mut follower = Follower { file: File::open(&stdout_path).map_err(reading)?, partial: Vec::new(), each_line };
    let shown: Vec<_> = arguments.iter().map(|it| it.to_string_lossy()).collect();
    progress.detail(&program.redactor().hide(&format!("{} {}", program.name(), shown.join(" "))));

    let _watch = program.interrupts().watch();
    let mut child = start(program, arguments, &stdout, &stderr)?;
    let group = Pid::from_child(&child);
    let waiting = |source| Error::Wait { program: program.name().to_owned(), source };
    let (ended, end) = mpsc::channel();
    thread::Builder::new().spawn(move || ended.send(child.wait())).map_err(waiting)?;
    let mut interrupted = false;
    let mut unread: Option<io::Error> = None;
    let status = loop {
        if let Err(error) = follower.read() {
            unread = unread.or(Some(error));
        }
        match end.recv_timeout(PAUSE) {
            Ok(status) => break status.map_err(waiting)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(waiting(io::Error::other("the waiting thread ended"))),
        }
        if !interrupted && program.interrupts().pressed() {
            interrupted = true;
            interrupt(program, group, progress)?;
        }
    };
    if interrupted {
        wait_for_stragglers(group);
    }
    follower.read().map_err(reading)?;
    follower.rest();
    if let Some(error) = unread {
        return Err(reading(error));
    }
    let stderr = tail(program, &stderr_path, progress)?;
    Ok(Ended { status, stderr, stdout: stdout_path, interrupted })
}

#[allow(clippy::disallowed_methods, reason = "this is the room of the terraform program")]
fn start(program: &Program, arguments: &[OsString], stdout: &File, stderr: &File) -> Result<Child, Error> {
    let wrong = |source| Error::Start { program: program.name().to_owned(), source };
    let mut attempts = 0;
    loop {
        let started = Command::new(program.path())
            .args(arguments)
            .current_dir(program.root())
            .env_clear()
            .envs(&program.environment().variables)
            .stdin(Stdio::null())
            .stdout(stdout.try_clone().map_err(wrong)?)
            .stderr(stderr.try_clone().map_err(wrong)?)
            .process_group(0)
            .spawn();
        match started {
            // somebody else's fork still has the program open for writing: it was installed a moment ago
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy && attempts < 10 => sleep(PAUSE),
            other => return other.map_err(wrong),
        }
        attempts += 1;
    }
}

/// One SIGINT, to the whole group: a wrapper script alone would not pass it on, and a second one makes terraform give up
/// without saving its state.
fn interrupt(program: &Program, group: Pid, progress: &dyn Progress) -> Result<(), Error> {
    progress.note("interrupted: waiting for terraform to stop and to save its state");
    match kill_process_group(group, Signal::INT) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(Error::Wait { program: program.name().to_owned(), source: error.into() }),
    }
}

fn wait_for_stragglers(group: Pid) {
    let until = Instant::now() + STRAGGLERS;
    while test_kill_process_group(group).is_ok() && Instant::now() < until {
        sleep(PAUSE);
    }
}

fn tail(program: &Program, path: &Path, progress: &dyn Progress) -> Result<String, Error> {
    let mut bytes = Vec::new();
    File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(|source| Error::File {
        path: path.to_owned(),
        what: "read",
        source,
    })?;
    let text = program.redactor().hide(&String::from_utf8_lossy(&bytes));
    text.lines().filter(|line| !line.trim().is_empty()).for_each(|line| progress.detail(line));
    let start = text.char_indices().map(|(index, _)| index).find(|index| text.len() - index <= KEPT_STDERR);
    Ok(text[start.unwrap_or(text.len())..].to_owned())
}

/// Reads a file that another process still writes, line by line.
struct Follower<'a> {
    file: File,
    partial: Vec<u8>,
    each_line: Option<&'a mut dyn FnMut(&str)>,
}

impl Follower<'_> {
    fn read(&mut self) -> io::Result<()> {
        let Some(each_line) = &mut self.each_line else { return Ok(()) };
        let mut buffer = [0; 16 * 1024];
        loop {
            let count = self.file.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            let mut rest = &buffer[..count];
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                self.partial.extend_from_slice(&rest[..end]);
                each_line(&String::from_utf8_lossy(&self.partial));
                self.partial.clear();
                rest = &rest[end + 1..];
            }
            self.partial.extend_from_slice(rest);
        }
    }

    /// The last line, when nothing ends it.
    fn rest(&mut self) {
        if let Some(each_line) = &mut self.each_line
            && !self.partial.is_empty()
        {
            each_line(&String::from_utf8_lossy(&self.partial));
            self.partial.clear();
        }
    }
}
