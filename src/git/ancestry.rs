//! What commits say of themselves and how they follow on each other, for many commits in few runs of git.

use std::collections::BTreeMap;

use super::{Commit, Git, GitError};
use crate::pipeline::history::{Graph, Lineage};

/// How many commits one run is asked about: far below what a command line may hold.
const AT_ONCE: usize = 500;

impl Git {
    /// What these commits say of themselves, by the name they were asked by, which may be abbreviated. Those git does not
    /// know, and abbreviations of several commits, are left out.
    pub fn describe(&self, commits: &[String]) -> Result<BTreeMap<String, Commit>, GitError> {
        let mut known = BTreeMap::new();
        for chunk in commits.chunks(AT_ONCE) {
            let mut arguments = vec!["log", "--no-walk=unsorted", "--ignore-missing", "--format=%H%x09%cs%x09%s"];
            arguments.extend(chunk.iter().map(String::as_str).filter(|commit| !commit.starts_with('-')));
            if arguments.len() == 4 {
                continue;
            }
            let output = self.run(&arguments)?;
            for line in String::from_utf8_lossy(&output.stdout).lines() {
                let mut parts = line.splitn(3, '\t');
                let (Some(id), Some(date), Some(subject)) = (parts.next(), parts.next(), parts.next()) else {
                    continue;
                };
                let found = Commit { id: id.to_owned(), subject: subject.to_owned(), date: date.to_owned() };
                for asked in chunk.iter().filter(|asked| id.starts_with(asked.as_str())) {
                    known.insert(asked.clone(), found.clone());
                }
            }
        }
        Ok(known)
    }

    /// How these commits, given in full, follow on each other: two runs of git, however many they are. What all of them
    /// have in common is left out.
    pub fn graph(&self, commits: &[&str]) -> Result<Graph, GitError> {
        if commits.is_empty() {
            return Ok(Graph::default());
        }
        let arguments = [&["merge-base", "--octopus"], commits].concat();
        let common = self.line(&arguments)?;
        let mut arguments = [&["rev-list", "--topo-order", "--parents"], commits].concat();
        let without = common.as_ref().map(|common| format!("^{common}"));
        arguments.extend(without.as_deref());
        let output = self.run(&arguments)?;
        if !output.status.success() {
            return Err(self.failed(&arguments, &output));
        }
        let shallow = self.is_shallow()?;
        Ok(Graph::new(&String::from_utf8_lossy(&output.stdout), common, shallow))
    }

    /// Every commit at or before this one.
    pub fn lineage(&self, commit: &str) -> Result<Lineage, GitError> {
        let arguments = ["rev-list", "--topo-order", commit];
        let output = self.run(&arguments)?;
        if !output.status.success() {
            return Err(self.failed(&arguments, &output));
        }
        Ok(Lineage::new(String::from_utf8_lossy(&output.stdout).lines()))
    }

    /// Whether older commits are missing here.
    pub fn is_shallow(&self) -> Result<bool, GitError> {
        Ok(self.line(&["rev-parse", "--is-shallow-repository"])?.as_deref() == Some("true"))
    }
}
