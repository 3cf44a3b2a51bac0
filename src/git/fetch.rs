//! Fetching: the upstream of a branch, and the main branch with what a shallow clone lacks of it.

use super::{Git, GitError};

/// How many commits a shallow clone is deepened by at first: enough for releases of the last months.
const DEEPER: &str = "--deepen=1000";

/// How much of the history is fetched into a shallow clone. A clone that is not shallow has everything anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// A thousand commits more.
    More,
    /// All of it.
    All,
}

/// What a fetch left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// Everything there is of the branch is here.
    Whole,
    /// The clone is shallow still: a deeper fetch brings more.
    Shallow,
    /// There is no remote to fetch the branch from.
    NoRemote,
}

impl Git {
    /// Fetches what the upstream of the current branch has. A branch without one is left alone.
    pub fn fetch_upstream(&self) -> Result<(), GitError> {
        let Some(branch) = self.line(&["symbolic-ref", "--quiet", "--short", "HEAD"])? else { return Ok(()) };
        let key = format!("branch.{branch}.remote");
        let Some(remote) = self.line(&["config", "--get", &key])? else { return Ok(()) };
        self.fetch(&["fetch", "--quiet", "--no-tags", "--end-of-options", &remote])
    }

    /// Fetches a main branch such as `origin/main`, also where the clone was made for another branch alone; a shallow
    /// clone is deepened.
    pub fn fetch_branch(&self, branch: &str, depth: Depth) -> Result<Fetched, GitError> {
        let Some((remote, refs)) = self.remote_of(branch)? else { return Ok(Fetched::NoRemote) };
        let mut arguments = vec!["fetch", "--quiet", "--no-tags"];
        if self.is_shallow()? {
            arguments.push(if depth == Depth::All { "--unshallow" } else { DEEPER });
        }
        arguments.extend(["--end-of-options", &remote, &refs]);
        self.fetch(&arguments)?;
        Ok(if self.is_shallow()? { Fetched::Shallow } else { Fetched::Whole })
    }

    /// The remote of a branch, and what is fetched from it to where: `origin` and `+refs/heads/main:refs/remotes/origin/main`.
    fn remote_of(&self, branch: &str) -> Result<Option<(String, String)>, GitError> {
        let remotes = self.remotes()?;
        let named = remotes.iter().filter(|remote| branch.starts_with(&format!("{remote}/")));
        if let Some(remote) = named.max_by_key(|remote| remote.len()) {
            let name = &branch[remote.len() + 1..];
            return Ok(Some((remote.clone(), format!("+refs/heads/{name}:refs/remotes/{remote}/{name}"))));
        }
        let set = |key: &str| self.line(&["config", "--get", &format!("branch.{branch}.{key}")]);
        let (Some(remote), Some(merge)) = (set("remote")?, set("merge")?) else { return Ok(None) };
        let name = merge.trim_start_matches("refs/heads/");
        let refs = format!("+{merge}:refs/remotes/{remote}/{name}");
        Ok(remotes.contains(&remote).then_some((remote, refs)))
    }

    /// The remotes by name.
    pub fn remotes(&self) -> Result<Vec<String>, GitError> {
        let output = self.run(&["remote"])?;
        Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
    }

    fn fetch(&self, arguments: &[&str]) -> Result<(), GitError> {
        let output = self.run(arguments)?;
        if output.status.success() { Ok(()) } else { Err(self.failed(arguments, &output)) }
    }
}
