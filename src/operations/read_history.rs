//! Asks git about the commits of a release's images: a handful of runs for each git repository, however many images.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::git::{Depth, Fetched, Git, GitError};
use crate::pipeline::history::{Histories, History, Lineage};
use crate::pipeline::release::{Source, TagState};
use crate::pipeline::service::Repository;

/// The git repositories that the images of a release were built from.
pub struct Sources {
    main_branch: String,
    folders: BTreeMap<PathBuf, Folder>,
}

struct Folder {
    git: Git,
    repositories: Vec<Repository>,
    /// What is to be said of a fetch that did not work.
    not_fetched: Vec<String>,
}

impl Sources {
    /// None yet. `main_branch` is the branch that images are built from, `origin/main`.
    pub fn new(main_branch: &str) -> Self {
        Self { main_branch: main_branch.to_owned(), folders: BTreeMap::new() }
    }

    /// The images of this repository were built from the git repository in `folder`.
    pub fn add(&mut self, folder: PathBuf, repository: Repository, git: impl FnOnce(&PathBuf) -> Git) {
        if self.folders.values().any(|known| known.repositories.contains(&repository)) {
            return;
        }
        let git = git(&folder);
        let new = || Folder { git, repositories: Vec::new(), not_fetched: Vec::new() };
        self.folders.entry(folder).or_insert_with(new).repositories.push(repository);
    }

    /// The git repositories, each once.
    pub fn gits(&self) -> impl Iterator<Item = &Git> {
        self.folders.values().map(|folder| &folder.git)
    }

    /// Where not every commit builds every image: the commits up to `commit`, for each repository whose git knows it.
    pub fn lineages(&self, commit: &str) -> Result<BTreeMap<Repository, Arc<Lineage>>, GitError> {
        let mut lineages = BTreeMap::new();
        for folder in self.folders.values() {
            if folder.git.commit(commit).is_err() {
                continue;
            }
            let lineage = Arc::new(folder.git.lineage(commit)?);
            lineages.extend(folder.repositories.iter().map(|name| (name.clone(), lineage.clone())));
        }
        Ok(lineages)
    }

    /// The repositories whose git does not know all the commits up to this one.
    pub fn lacking(&self, commit: &str) -> BTreeSet<Repository> {
        let lacks = |folder: &&Folder| folder.git.commit(commit).is_err() || folder.git.is_shallow().unwrap_or(false);
        self.folders.values().filter(lacks).flat_map(|folder| folder.repositories.iter().cloned()).collect()
    }

    /// What git knows of the commits of these images, and of the one that was asked for. Where `judged` is false nothing
    /// depends on it: subjects and dates are enough. That git does not know something is no error but noted.
    pub fn read(&self, states: &[TagState], asked: Option<&str>, judged: bool) -> Histories {
        let mut histories = Histories::default();
        for folder in self.folders.values() {
            let mut commits: BTreeSet<&str> = asked.into_iter().collect();
            for state in states.iter().filter(|state| folder.repositories.contains(&state.repository)) {
                let source = match &state.source {
                    Source::Found(image) => Some(image),
                    _ => None,
                };
                let images = state.current.iter().chain(source);
                commits.extend(images.flat_map(|image| &image.commits).map(String::as_str));
            }
            let commits: Vec<String> = commits.into_iter().map(str::to_owned).collect();
            histories.insert(folder.repositories.iter().cloned(), folder.read(&self.main_branch, &commits, judged));
        }
        histories
    }

    /// Fetches the main branch into the git repositories of these images; into a shallow clone `depth` of it. Says whether
    /// a deeper fetch would bring more.
    pub fn fetch(&mut self, repositories: &BTreeSet<Repository>, depth: Depth) -> bool {
        let mut deeper = false;
        for folder in self.folders.values_mut() {
            if !folder.repositories.iter().any(|name| repositories.contains(name)) {
                continue;
            }
            folder.not_fetched.clear();
            match folder.git.fetch_branch(&self.main_branch, depth) {
                Ok(Fetched::Whole) => {}
                Ok(Fetched::Shallow) => deeper = true,
                Ok(Fetched::NoRemote) => {
                    folder.not_fetched.push(format!("there is no remote to fetch {} from", self.main_branch));
                }
                Err(GitError::Failed { message, .. }) => {
                    folder.not_fetched.push(format!("{} could not be fetched: {message}", self.main_branch));
                }
                // Reading says it, too.
                Err(_) => {}
            }
        }
        deeper
    }
}

impl Folder {
    fn read(&self, main_branch: &str, commits: &[String], judged: bool) -> History {
        let mut history = History { main_branch: main_branch.to_owned(), ..History::default() };
        history.limits.extend(self.not_fetched.iter().cloned());
        match self.git.describe(commits) {
            Ok(known) => history.known = known,
            Err(error) => history.limits.push(error.to_string()),
        }
        if !judged {
            return history;
        }
        if let Err(error) = self.place(&mut history) {
            history.limits.push(error.to_string());
        }
        history
    }

    /// Adds how the commits follow on each other and on the main branch.
    fn place(&self, history: &mut History) -> Result<(), GitError> {
        match self.git.commit(&history.main_branch) {
            Ok(main) => history.main = Some(main),
            Err(GitError::UnknownRevision { .. }) => {}
            Err(error) => return Err(error),
        }
        let known = history.known.values().map(|commit| commit.id.as_str());
        let tips: BTreeSet<&str> = known.chain(history.main.as_deref()).collect();
        history.graph = self.git.graph(&tips.into_iter().collect::<Vec<_>>())?;
        if history.graph.is_shallow() {
            let place = self.git.place();
            let advice = "'git fetch --unshallow' brings them";
            history.limits.push(format!("{place} is a shallow clone, which lacks older commits; {advice}"));
        }
        Ok(())
    }
}
