//! The git program: where the checkout stands, what commits say, and how they follow on each other.

mod ancestry;
mod fetch;
mod places;
#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

pub use fetch::{Depth, Fetched};

pub use crate::pipeline::history::Commit;
use crate::progress::Progress;

/// Variables that lead git to another repository than the one of its working folder ("Git Internals - Environment
/// Variables").
const OF_A_HOOK: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
    "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE",
];

/// The files that are a Terraform configuration, as git's patterns.
const OF_TERRAFORM: [&str; 5] = ["*.tf", "*.tf.json", "*.tfvars", "*.tfvars.json", "*.hcl"];

/// A git repository on this machine.
#[derive(Clone)]
pub struct Git {
    directory: PathBuf,
    progress: Arc<dyn Progress>,
}

/// What can go wrong with git.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no git program.
    #[error("the program git was not found")]
    NotFound,
    /// The folder is in no repository.
    #[error("{} is in no git repository", directory.display())]
    NoRepository {
        /// The folder.
        directory: PathBuf,
    },
    /// The folder is not there.
    #[error("there is no folder {}, where git was to look", directory.display())]
    NoFolder {
        /// The folder.
        directory: PathBuf,
    },
    /// A revision that git does not know.
    #[error("git knows no commit '{revision}' in {}", directory.display())]
    UnknownRevision {
        /// The revision as given.
        revision: String,
        /// The repository.
        directory: PathBuf,
    },
    /// Anything else that git said.
    #[error("git {command} failed in {}: {message}", directory.display())]
    Failed {
        /// The arguments.
        command: String,
        /// The repository.
        directory: PathBuf,
        /// The last lines of standard error.
        message: String,
    },
}

impl Git {
    /// The repository that `directory` is in. Nothing is run yet.
    pub fn new(directory: &Path, progress: Arc<dyn Progress>) -> Self {
        Self { directory: directory.to_owned(), progress }
    }

    /// Where it is, for people.
    pub fn place(&self) -> impl std::fmt::Display {
        self.directory.display()
    }

    /// The commit that is checked out.
    pub fn head(&self) -> Result<String, GitError> {
        self.commit("HEAD")
    }

    /// The commit that a revision names, in full.
    pub fn commit(&self, revision: &str) -> Result<String, GitError> {
        let wanted = format!("{revision}^{{commit}}");
        let found = self.line(&["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted])?;
        found.ok_or_else(|| self.unknown(revision))
    }

    /// The URL of the repository that this one was cloned from; none where it was not.
    pub fn origin(&self) -> Result<Option<String>, GitError> {
        self.line(&["config", "--get", "remote.origin.url"])
    }

    /// The folder of the work tree.
    pub fn top(&self) -> Result<PathBuf, GitError> {
        let top = self.line(&["rev-parse", "--show-toplevel"])?;
        top.map(PathBuf::from).ok_or_else(|| GitError::NoRepository { directory: self.directory.clone() })
    }

    /// The best common ancestor of `HEAD` and a revision; none where their histories have nothing in common.
    pub fn merge_base(&self, revision: &str) -> Result<Option<String>, GitError> {
        let commit = self.commit(revision)?;
        self.line(&["merge-base", "HEAD", &commit])
    }

    /// The text of a file that is there at a commit. `path` is relative to the work tree's folder.
    pub fn file_at(&self, commit: &str, path: &Path) -> Result<String, GitError> {
        let name = format!("{commit}:{}", path.display());
        let arguments = ["show", "--end-of-options", &name];
        let output = self.run(&arguments)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(self.failed(&arguments, &output))
    }

    /// The names of the files in a folder at a commit, not those in folders below it; none where there was no such folder.
    /// `folder` is relative to the work tree's folder.
    pub fn names_at(&self, commit: &str, folder: &Path) -> Result<Vec<String>, GitError> {
        let folder = if folder == Path::new(".") { Path::new("") } else { folder };
        let tree = format!("{commit}:{}", folder.display());
        if self.line(&["rev-parse", "--verify", "--quiet", "--end-of-options", &tree])?.is_none() {
            // Only a folder that is missing may count as empty, not a commit or a tree that git cannot read.
            self.commit(commit)?;
            return Ok(Vec::new());
        }
        let arguments = ["ls-tree", "--full-tree", "--name-only", "-z", "--end-of-options", &tree];
        let output = self.run(&arguments)?;
        if !output.status.success() {
            return Err(self.failed(&arguments, &output));
        }
        let names = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    /// The paths of all files in a folder and below it at a commit, relative to the folder; none where there was no such
    /// folder. `folder` is relative to the work tree's folder.
    pub fn paths_at(&self, commit: &str, folder: &Path) -> Result<Vec<String>, GitError> {
        let folder = if folder == Path::new(".") { Path::new("") } else { folder };
        let tree = format!("{commit}:{}", folder.display());
        if self.line(&["rev-parse", "--verify", "--quiet", "--end-of-options", &tree])?.is_none() {
            self.commit(commit)?;
            return Ok(Vec::new());
        }
        self.paths(&["ls-tree", "-r", "--full-tree", "--name-only", "-z", "--end-of-options", &tree])
    }

    /// The paths, relative to this folder, of the files in it and below that git tracks and that are there; where it
    /// tracks none, of those that it does not ignore.
    pub fn files(&self) -> Result<Vec<String>, GitError> {
        let tracked = self.paths(&["ls-files", "-z", "--cached"])?;
        let found = match tracked.as_slice() {
            [] => self.untracked()?,
            _ => tracked,
        };
        Ok(found.into_iter().filter(|path| self.directory.join(path).symlink_metadata().is_ok()).collect())
    }

    /// The paths, relative to this folder, of the files in it and below that git neither tracks nor ignores.
    pub fn untracked(&self) -> Result<Vec<String>, GitError> {
        self.paths(&["ls-files", "-z", "--others", "--exclude-standard"])
    }

    /// The paths, relative to this folder, of the files in it and below that differ from a commit, or that git does not know
    /// and does not ignore.
    pub fn changed_since(&self, commit: &str) -> Result<Vec<String>, GitError> {
        let differing = ["diff", "--name-only", "--relative", "--no-renames", "--no-ext-diff", "-z", commit, "--", "."];
        let mut paths = self.paths(&differing)?;
        paths.extend(self.untracked()?);
        Ok(paths)
    }

    fn paths(&self, arguments: &[&str]) -> Result<Vec<String>, GitError> {
        let output = self.run(arguments)?;
        if !output.status.success() {
            return Err(self.failed(arguments, &output));
        }
        let names = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    /// How many commits for this folder the upstream of the current branch has that this checkout lacks; none where the
    /// branch has no upstream.
    pub fn commits_behind(&self) -> Result<Option<usize>, GitError> {
        let upstream = ["rev-parse", "--abbrev-ref", "--symbolic-full-name", "@{upstream}"];
        if self.line(&upstream)?.is_none() {
            return Ok(None);
        }
        let arguments = ["rev-list", "--count", "HEAD..@{upstream}", "--", "."];
        let output = self.run(&arguments)?;
        if !output.status.success() {
            return Err(self.failed(&arguments, &output));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().parse().ok())
    }

    /// Whether a Terraform file in this folder is not as the checked out commit says, or not known to git.
    pub fn has_changes(&self) -> Result<bool, GitError> {
        let mut arguments = vec!["status", "--porcelain", "--untracked-files=all", "--"];
        arguments.extend(OF_TERRAFORM);
        Ok(self.line(&arguments)?.is_some())
    }

    /// The version that git says it has.
    pub fn version(&self) -> Result<String, GitError> {
        Ok(self.line(&["--version"])?.unwrap_or_default().trim_start_matches("git version ").to_owned())
    }

    /// The first line of the output; none where git failed or said nothing.
    fn line(&self, arguments: &[&str]) -> Result<Option<String>, GitError> {
        let output = self.run(arguments)?;
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().next().unwrap_or_default().trim().to_owned();
        if output.status.success() {
            return Ok((!line.is_empty()).then_some(line));
        }
        if String::from_utf8_lossy(&output.stderr).contains("not a git repository") {
            return Err(GitError::NoRepository { directory: self.directory.clone() });
        }
        Ok(None)
    }

    #[allow(clippy::disallowed_methods, reason = "this is the room of the git program")]
    fn run(&self, arguments: &[&str]) -> Result<Output, GitError> {
        self.progress.detail(&format!("git {}", arguments.join(" ")));
        let mut command = Command::new("git");
        // A hook sets them for the repository that it runs in, which need not be the one that is meant.
        for variable in OF_A_HOOK {
            command.env_remove(variable);
        }
        command
            .args(["--no-pager", "-c", "core.quotepath=off"].map(OsStr::new))
            .args(arguments)
            .current_dir(&self.directory)
            // Nobody is there to type a password while a command checks something.
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .output()
            .map_err(|source| match source.kind() {
                std::io::ErrorKind::NotFound if self.directory.is_dir() => GitError::NotFound,
                std::io::ErrorKind::NotFound => GitError::NoFolder { directory: self.directory.clone() },
                _ => GitError::Failed {
                    command: arguments.join(" "),
                    directory: self.directory.clone(),
                    message: source.to_string(),
                },
            })
    }

    fn unknown(&self, revision: &str) -> GitError {
        GitError::UnknownRevision { revision: revision.to_owned(), directory: self.directory.clone() }
    }

    fn failed(&self, arguments: &[&str], output: &Output) -> GitError {
        let text = String::from_utf8_lossy(&output.stderr);
        // Git says the same of a repository that is broken.
        let is_there = || self.directory.ancestors().any(|folder| folder.join(".git").symlink_metadata().is_ok());
        if text.contains("not a git repository") && !is_there() {
            return GitError::NoRepository { directory: self.directory.clone() };
        }
        let last: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let message = last.iter().rev().take(3).rev().copied().collect::<Vec<_>>().join("; ");
        GitError::Failed { command: arguments.join(" "), directory: self.directory.clone(), message }
    }
}
