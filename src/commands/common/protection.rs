//! Pipelines that nobody may take away: the live one and the protected ones.

use std::path::{Path, PathBuf};

use super::estate;
use super::live::{self, Pointer};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::files;
use crate::git::{Depth, Git, GitError};
use crate::pipeline::Namespace;
use crate::settings::file::ConfigurationFile;
use crate::settings::{FILE_NAME, LiveMode};

/// Refuses a pipeline that is protected or live: in the checkout, or on the main branch, where others may have made it
/// live since.
///
/// What speaks for it and is not certain is warned of at the first look.
pub fn refuse(context: &Context, namespace: &Namespace, look: Look) -> Result<(), Failure> {
    refuse_here(context, namespace, look)?;
    if look == Look::Files {
        return Ok(());
    }
    let Some(main) = Main::find(context, look)? else { return Ok(()) };
    if main.protects(context, namespace) {
        return Err(protected(namespace, &format!(" on {}", main.name)));
    }
    for (value, place) in main.live(context)? {
        if is(namespace, &value) {
            return Err(is_live(context, namespace, &place));
        }
    }
    Ok(())
}

/// How often it was looked already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Not yet.
    First {
        /// Whether the main branch is fetched. That writes into the repository, which a dry run leaves alone.
        fetch: bool,
    },
    /// Under the lock, once more.
    Again,
    /// At the files that are here, for a command that needs no git.
    Files,
}

fn refuse_here(context: &Context, namespace: &Namespace, look: Look) -> Result<(), Failure> {
    let settings = &context.settings;
    if settings.pipeline.protected.iter().any(|name| is(namespace, name)) {
        return Err(protected(namespace, ""));
    }
    match settings.live.as_ref().map(|live| live.mode) {
        None | Some(LiveMode::All) if look == Look::Again => {}
        None => {
            context.ui.warn(&format!("nothing says which pipeline is live: [live] is not configured in {FILE_NAME}"));
        }
        Some(LiveMode::All) => context.ui.warn(&format!(
            "every pipeline is live: a merge to main deploys to {namespace} until its block is gone there"
        )),
        Some(LiveMode::Newest) => {
            if estate::read(context)?.newest().is_some_and(|newest| newest.namespace == *namespace) {
                return Err(is_live(context, namespace, "the newest one"));
            }
        }
        Some(LiveMode::Pointer) => {
            // Each by itself: where the places do not agree, none of them may name it.
            let pointers = live::pointers(settings)?;
            if let Some(pointer) = pointers.iter().find(|pointer| is(namespace, &pointer.found.value)) {
                return Err(is_live(context, namespace, &pointer.at()));
            }
        }
    }
    Ok(())
}

/// Whether a text of a file means this pipeline, however it is spelled.
fn is(namespace: &Namespace, text: &str) -> bool {
    namespace.spellings().iter().any(|spelling| spelling == text)
}

fn protected(namespace: &Namespace, place: &str) -> Failure {
    Failure::refused(format!("{namespace} is protected{place}: it is never taken away"))
        .hint(format!("if it may go, take it off 'protected' below [pipeline] in {FILE_NAME}, and have that merged"))
}

fn is_live(context: &Context, namespace: &Namespace, place: &str) -> Failure {
    let failure = Failure::refused(format!("{namespace} is the live pipeline ({place}): it is not taken away"));
    failure.hint(match context.settings.live.as_ref().map(|live| live.mode) {
        Some(LiveMode::Newest) => "make a newer one first, and have that merged",
        _ => "make another one live first ('pipelinectl live <NS>'), and have that merged",
    })
}

/// The main branch as it was fetched last.
struct Main {
    git: Git,
    name: String,
    commit: String,
    /// The project's folder, relative to the work tree.
    project: PathBuf,
}

impl Main {
    /// None where the project is in no repository, or in one that is shared with nobody and has no such branch: then its
    /// files are all there is.
    fn find(context: &Context, look: Look) -> Result<Option<Self>, Failure> {
        let directory = files::real_path(&context.settings.directory)?;
        let git = Git::new(&directory, context.ui.progress());
        let top = match git.top() {
            Ok(top) => files::real_path(&top)?,
            Err(GitError::NotFound | GitError::NoRepository { .. }) if look == Look::Again => return Ok(None),
            Err(error @ (GitError::NotFound | GitError::NoRepository { .. })) => {
                context.ui.warn(&format!("{error}: only the files that are here say which pipeline is live"));
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        if look == (Look::First { fetch: true }) && !context.dry_run {
            let progress = context.ui.reading();
            progress.started("git", "fetching");
            let fetched = git.fetch_branch(&context.settings.images.main_branch, Depth::More);
            progress.dismissed("git");
            fetched.map_err(|error| {
                Failure::from(error)
                    .hint(format!("if it is called otherwise, mend main_branch below [images] in {FILE_NAME}"))
                    .hint("use --no-fetch to compare with what was fetched last, if you know it")
            })?;
        }
        let name = context.settings.images.main_branch.clone();
        let known = git.commit(&name);
        if known.is_err() && git.remotes()?.is_empty() {
            if look != Look::Again {
                context.ui.warn(&format!("there is no remote to know {name} from: only the files that are here count"));
            }
            return Ok(None);
        }
        let commit = known.map_err(|error| {
            let failure = Failure::from(error).hint(format!("or mend main_branch below [images] in {FILE_NAME}"));
            Failure { kind: Kind::Refused, ..failure }
        })?;
        let project = directory.strip_prefix(&top).map(Path::to_owned).unwrap_or_default();
        Ok(Some(Self { git, name, commit, project }))
    }

    fn read(&self, path: &Path) -> Option<String> {
        self.git.file_at(&self.commit, &self.project.join(path)).ok()
    }

    /// Whether the configuration there protects it; one that cannot be read is none.
    fn protects(&self, context: &Context, namespace: &Namespace) -> bool {
        let file = context.settings.file.as_ref().and_then(|file| file.strip_prefix(&context.settings.directory).ok());
        let file = file.and_then(|file| ConfigurationFile::parse(file, &self.read(file)?).ok());
        file.is_some_and(|file| file.pipeline.protected.iter().any(|name| is(namespace, name)))
    }

    /// What is live there, each with its place.
    fn live(&self, context: &Context) -> Result<Vec<(String, String)>, Failure> {
        let settings = &context.settings;
        let Some(live) = &settings.live else { return Ok(Vec::new()) };
        if live.mode == LiveMode::Newest {
            let folder = self.project.join(&settings.terraform_dir);
            let layout = estate::layout(settings)?;
            let files = estate::files_at(settings, &layout, &self.git, &self.commit, &folder)?;
            let reading = layout.read(&files).map_err(|error| self.unknown(&error.to_string()))?;
            let newest = reading.estate().newest().map(|newest| newest.namespace.to_string());
            return Ok(newest.map(|newest| (newest, format!("the newest one on {}", self.name))).into_iter().collect());
        }
        let mut found = Vec::new();
        for place in &live.places {
            let Some(text) = self.read(&place.file) else {
                return Err(self.unknown(&format!("it has no {}", place.file.display())));
            };
            let pointer: Pointer<'_> = live::pointer(place, text).map_err(|error| self.unknown(&error.to_string()))?;
            found.push((pointer.found.value.clone(), format!("{} on {}", pointer.at(), self.name)));
        }
        Ok(found)
    }

    fn unknown(&self, reason: &str) -> Failure {
        Failure::refused(format!("nobody knows which pipeline is live on {}: {reason}", self.name))
            .hint(format!("have what [live] in {FILE_NAME} says merged first"))
    }
}
