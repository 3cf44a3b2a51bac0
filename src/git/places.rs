//! Where commits stand on a branch.

use std::collections::{BTreeMap, BTreeSet};

use super::{Git, GitError};

impl Git {
    /// Which of these commits, in full, are at or before `branch`, and how many of its commits git lists before each: the
    /// newest first, none before one that follows on it.
    pub fn places(&self, branch: &str, commits: &BTreeSet<&str>) -> Result<BTreeMap<String, usize>, GitError> {
        let tip = self.commit(branch)?;
        let arguments = ["rev-list", "--topo-order", &tip];
        let output = self.run(&arguments)?;
        if !output.status.success() {
            return Err(self.failed(&arguments, &output));
        }
        let listed = String::from_utf8_lossy(&output.stdout);
        let places = listed.lines().enumerate().filter(|(_, commit)| commits.contains(commit));
        Ok(places.map(|(place, commit)| (commit.to_owned(), place)).collect())
    }

    /// How many commits `branch` has that `commit` lacks, and how many it lacks itself; none where git does not know one
    /// of them.
    pub fn distance(&self, branch: &str, commit: &str) -> Result<Option<(usize, usize)>, GitError> {
        let range = format!("{branch}...{commit}");
        let line = self.line(&["rev-list", "--left-right", "--count", "--end-of-options", &range])?;
        let counts = line.as_deref().and_then(|line| line.split_once('\t'));
        Ok(counts.and_then(|(branch, commit)| Some((branch.parse().ok()?, commit.parse().ok()?))))
    }
}
