//! What git says of the commits of images, wherever they live.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::git::{Commit, Git, GitError};
pub use crate::pipeline::history::short;
use crate::pipeline::service::Service;

/// The folder of the git repository that a service's images are built from.
pub fn folder(context: &Context, service: &Service) -> PathBuf {
    let settings = &context.settings;
    let git = service.git.as_ref().or(settings.images.git.as_ref());
    git.map_or_else(|| settings.directory.clone(), |git| settings.directory.join(git))
}

/// The git repositories of these services' images, each once, with its folder.
pub fn repositories(context: &Context, services: &[Service]) -> Vec<(PathBuf, Git)> {
    let mut gits: Vec<(PathBuf, Git)> = Vec::new();
    for service in services {
        let folder = folder(context, service);
        if !gits.iter().any(|(known, _)| *known == folder) {
            let git = Git::new(&folder, context.ui.progress());
            gits.push((folder, git));
        }
    }
    gits
}

/// What these commits say of themselves, by the digits they were asked by. Subjects are only shown: without git, commits
/// are shown by their digits.
pub fn describe(context: &Context, commits: BTreeSet<String>) -> BTreeMap<String, Commit> {
    let commits: Vec<String> = commits.into_iter().collect();
    if commits.is_empty() {
        return BTreeMap::new();
    }
    let gits = repositories(context, &context.settings.services);
    gits.iter().flat_map(|(_, git)| git.describe(&commits).unwrap_or_default()).collect()
}

/// A commit that an image was built from.
#[derive(Debug, Clone)]
pub struct Build {
    /// The commit.
    pub commit: Commit,
    /// Its place on the main branch; none where it is not on it.
    pub place: Option<usize>,
}

/// What git says of the commits of images, by the folder of their git repository and the digits in a tag.
#[derive(Debug, Clone, Default)]
pub struct Builds {
    known: BTreeMap<(PathBuf, String), Build>,
    behind: BTreeMap<String, usize>,
}

impl Builds {
    /// Asks git about these digits, and tells what it could not say: a few runs for each repository.
    pub fn read(context: &Context, asked: &BTreeMap<PathBuf, BTreeSet<String>>) -> (Self, Vec<String>) {
        let main = &context.settings.images.main_branch;
        let (mut builds, mut problems) = (Self::default(), Vec::new());
        for (folder, digits) in asked.iter().filter(|(_, digits)| !digits.is_empty()) {
            let git = Git::new(folder, context.ui.progress());
            if let Err(error) = builds.add(&git, main, folder, digits) {
                problems.push(error.to_string());
            }
        }
        (builds, problems)
    }

    fn add(&mut self, git: &Git, main: &str, folder: &Path, digits: &BTreeSet<String>) -> Result<(), GitError> {
        let commits = git.describe(&digits.iter().cloned().collect::<Vec<_>>())?;
        let ids: BTreeSet<&str> = commits.values().map(|commit| commit.id.as_str()).collect();
        let places = git.places(main, &ids);
        for id in ids.iter().filter(|_| places.is_ok()) {
            if let Some((behind, _)) = git.distance(main, id)? {
                self.behind.insert((*id).to_owned(), behind);
            }
        }
        let place = |id: &str| places.as_ref().ok().and_then(|places| places.get(id).copied());
        let known = commits
            .into_iter()
            .map(|(digits, commit)| ((folder.to_owned(), digits), Build { place: place(&commit.id), commit }));
        self.known.extend(known.collect::<Vec<_>>());
        places.map(|_| ())
    }

    /// The newest of these commits of one image: one on the main branch before any other.
    pub fn newest(&self, folder: &Path, commits: &[String]) -> Option<&Build> {
        let known = commits.iter().filter_map(|digits| self.known.get(&(folder.to_owned(), digits.clone())));
        known.min_by_key(|build| build.place.unwrap_or(usize::MAX))
    }

    /// How many commits the main branch has that this one, in full, lacks.
    pub fn behind(&self, commit: &str) -> Option<usize> {
        self.behind.get(commit).copied()
    }
}
