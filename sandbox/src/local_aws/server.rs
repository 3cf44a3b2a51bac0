//! The process that runs the Python part.

use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::Value;

use crate::{Error, Result, http, process, python};

/// A running server; ended when dropped.
///
/// It also ends when its standard input does, which the operating system sees to when this process is gone, however it
/// went.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    address: String,
    stdin: Option<ChildStdin>,
    talk: std::fs::File,
}

impl Server {
    /// Starts it on a free port and waits until it listens.
    pub(super) fn start() -> Result<Self> {
        let talk = tempfile::tempfile().map_err(Error::file(&std::env::temp_dir()))?;
        let for_child = talk.try_clone().map_err(Error::file(&std::env::temp_dir()))?;
        let mut command = Command::new(python::of_local_aws()?);
        command.args(["-m", "local_aws"]).envs(python::variables());
        command.env_remove("PYTHONHOME").env_remove("PYTHONDONTWRITEBYTECODE").env_remove("MOTO_ACCOUNT_ID");
        // A Ctrl-C is for the programs that use it: they still need it while they wind down.
        command.process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(for_child);
        let shown = process::shown(&command);
        let failed = |status: String, output: String| Error::Process { command: shown.clone(), status, output };
        let mut child = command.spawn().map_err(|error| failed("an error at its start".into(), error.to_string()))?;
        let stdin = child.stdin.take();
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(|error| failed("no port".into(), error.to_string()))?;
        }
        let mut server = Self { child, address: String::new(), stdin, talk };
        match line.trim().parse::<u16>() {
            Ok(port) => server.address = format!("127.0.0.1:{port}"),
            Err(_) => return Err(failed("no port".into(), server.said())),
        }
        Ok(server)
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// One request; anything but a 2xx answer is an error.
    pub(super) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Value> {
        let target = headers.iter().find(|(name, _)| *name == "X-Amz-Target").map_or("", |(_, value)| value);
        let asked = format!("{method} {path} {target}");
        let (status, answer) = http::request(&self.address, method, path, headers, body)
            .map_err(|error| Error::answer(&asked, format!("{error}\n{}", self.said())))?;
        if !(200..300).contains(&status) {
            return Err(Error::answer(&asked, format!("{status} {answer}")));
        }
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        // S3 answers in XML, of which only the status matters here.
        Ok(serde_json::from_str(&answer).unwrap_or(Value::String(answer)))
    }

    /// The end of what it wrote on standard error.
    fn said(&self) -> String {
        let mut talk = &self.talk;
        let end = talk.seek(SeekFrom::End(0)).unwrap_or(0);
        let mut bytes = Vec::new();
        let from = talk.seek(SeekFrom::Start(end.saturating_sub(8_000)));
        let _ = from.and_then(|_| std::io::Read::read_to_end(&mut talk, &mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
