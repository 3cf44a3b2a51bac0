//! Git: commits whose author and dates are fixed, so that each run makes the same ones.

use std::path::Path;
use std::process::Command;

use crate::{Error, Result, process};

/// When the first commit is made: 2022-09-01 09:00:00 UTC. Each later one comes an hour after the one before.
const FIRST: u64 = 1_662_022_800;
const HOUR: u64 = 3600;

/// Under these git reads no configuration but the checkout's own.
pub(super) const VARIABLES: [(&str, &str); 3] =
    [("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_TERMINAL_PROMPT", "0")];

/// One commit of `main`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Forty hexadecimal digits.
    pub id: String,
    /// Its first line.
    pub subject: String,
    /// When, in seconds since 1970.
    pub date: u64,
    /// The commit tag of images built from it.
    tag: String,
}

impl Commit {
    /// The commit tag of images built from it, `ref.<id>` where the builder was not told of another form.
    pub fn tag(&self) -> String {
        self.tag.clone()
    }
}

/// Makes the repository in `root`, and beside it a bare one of the name `origin` that is its remote.
pub(super) fn begin(root: &Path, origin: &str) -> Result<()> {
    let origin = root.with_file_name(origin);
    let origin = origin.to_string_lossy();
    git(root, &["init", "--quiet", "--initial-branch", "main"])?;
    git(root, &["init", "--quiet", "--bare", "--initial-branch", "main", &origin])?;
    introduce(root)?;
    git(root, &["remote", "add", "origin", &origin]).map(drop)
}

/// Says who commits, and keeps git from doing things by itself.
pub(super) fn introduce(root: &Path) -> Result<()> {
    for (name, value) in [
        ("user.name", "A. Engineer"),
        ("user.email", "engineer@example.org"),
        ("commit.gpgsign", "false"),
        ("core.autocrlf", "false"),
        ("gc.auto", "0"),
    ] {
        git(root, &["config", name, value])?;
    }
    Ok(())
}

/// Pushes a new `main`.
pub(super) fn push(root: &Path) -> Result<()> {
    git(root, &["push", "--quiet", "--set-upstream", "origin", "main"]).map(drop)
}

/// Commits all changes in `root`; `form` is that of commit tags, with `{commit}`.
pub(super) fn commit(root: &Path, subject: &str, date: u64, form: &str) -> Result<Commit> {
    git(root, &["add", "--all"])?;
    let stamp = format!("{date} +0000");
    let mut command = command(root);
    command.args(["commit", "--quiet", "--allow-empty", "--message", subject]);
    process::run(command.env("GIT_AUTHOR_DATE", &stamp).env("GIT_COMMITTER_DATE", &stamp))?;
    let id = git(root, &["rev-parse", "HEAD"])?.trim().to_owned();
    let tag = form.replace("{commit}", &id);
    Ok(Commit { id, subject: subject.into(), date, tag })
}

/// The date of the next commit: an hour after the last one.
pub(super) fn next_date(root: &Path) -> Result<u64> {
    if git(root, &["rev-parse", "--quiet", "--verify", "HEAD"]).is_err() {
        return Ok(FIRST);
    }
    let last = git(root, &["log", "-1", "--format=%ct"])?;
    last.trim().parse::<u64>().map(|date| date + HOUR).map_err(|_| Error::Process {
        command: "git log -1 --format=%ct".into(),
        status: "an answer that is no date".into(),
        output: last,
    })
}

/// Runs git in `root`.
pub(super) fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    process::run(command(root).args(arguments))
}

fn command(root: &Path) -> Command {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    command.envs(VARIABLES).current_dir(root);
    command
}
