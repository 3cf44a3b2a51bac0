//! Commits, branches and clones of what the images are built from.

use std::path::{Path, PathBuf};

use super::history::{self, Commit};
use crate::{Estate, Result};

impl Estate {
    /// The repository that images are built from: the checkout itself, or the one of [`super::Builder::code_apart`].
    pub fn code(&self) -> PathBuf {
        if self.shape.code_apart { self.folder.path().join("code") } else { self.root() }
    }

    /// A change of the services on `main`, pushed.
    pub fn change(&self, subject: &str) -> Result<Commit> {
        let commit = self.commit_change(subject)?;
        history::git(&self.code(), &["push", "--quiet", "origin", "HEAD"])?;
        Ok(commit)
    }

    /// A change of the services on a branch that is not merged, pushed; the branch begins at `main` where it is new.
    /// Afterwards `main` is checked out again.
    pub fn branch(&self, name: &str, subject: &str) -> Result<Commit> {
        let code = self.code();
        let is_new = history::git(&code, &["rev-parse", "--quiet", "--verify", &format!("refs/heads/{name}")]).is_err();
        let checkout: &[&str] =
            if is_new { &["checkout", "--quiet", "-b", name] } else { &["checkout", "--quiet", name] };
        history::git(&code, checkout)?;
        let commit = self.commit_change(subject)?;
        history::git(&code, &["push", "--quiet", "origin", "HEAD"])?;
        history::git(&code, &["checkout", "--quiet", "main"])?;
        Ok(commit)
    }

    /// Merges a branch into `main` with a merge commit, and pushes it.
    pub fn merge(&self, name: &str) -> Result<Commit> {
        let code = self.code();
        let subject = format!("Merge {name}");
        history::git(&code, &["merge", "--quiet", "--no-ff", "--no-commit", name])?;
        let commit = history::commit(&code, &subject, history::next_date(&code)?, &self.shape.commit_tag)?;
        history::git(&code, &["push", "--quiet", "origin", "HEAD"])?;
        Ok(commit)
    }

    fn commit_change(&self, subject: &str) -> Result<Commit> {
        let code = self.code();
        let number = history::git(&code, &["rev-list", "--count", "--all"])?.trim().to_owned();
        super::write(&code.join(format!("src/change_{number}.txt")), &format!("{subject}\n"))?;
        history::commit(&code, subject, history::next_date(&code)?, &self.shape.commit_tag)
    }

    /// Another checkout of the estate from its remote, with `main` and only the newest `depth` commits, as a build agent
    /// has it. For commands there, set the folder after [`Self::prepare`].
    pub fn shallow_clone(&self, depth: u32) -> Result<PathBuf> {
        self.cloned(&["--single-branch", "--depth", &depth.to_string()])
    }

    /// Another whole checkout of the estate, as a colleague has it.
    pub fn full_clone(&self) -> Result<PathBuf> {
        self.cloned(&[])
    }

    fn cloned(&self, options: &[&str]) -> Result<PathBuf> {
        let beside = self.folder.path();
        let mut number = 1;
        while beside.join(format!("clone-{number}")).exists() {
            number += 1;
        }
        let path = beside.join(format!("clone-{number}"));
        // A depth is not honoured for a plain path.
        let origin = format!("file://{}", beside.join("origin.git").display());
        let target = path.to_string_lossy().into_owned();
        let mut arguments = vec!["clone", "--quiet"];
        arguments.extend(options);
        arguments.extend([origin.as_str(), target.as_str()]);
        history::git(beside, &arguments)?;
        history::introduce(&path)?;
        Ok(path)
    }

    /// Runs git in another checkout, as [`Self::git`] does in this one.
    pub fn git_in(&self, folder: &Path, arguments: &[&str]) -> Result<String> {
        history::git(folder, arguments)
    }
}
