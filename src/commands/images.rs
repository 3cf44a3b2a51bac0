//! `pipelinectl images`

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::common::selection::SelectionArguments;
use super::common::{commits, estate, release};
use super::{End, Outcome};
use crate::context::Context;
use crate::git::{Git, GitError};
use crate::operations::read_images::{RepositoryImages, read_images};
use crate::pipeline::catalogue::{Entry, KnownCommit, KnownCommits, ListedImage, Subject, by_commit};
use crate::ui::catalogue::{Manner, catalogue};
use crate::ui::counted;

/// The images in the repositories, by commit, the newest first
///
/// Tells which commits can be deployed, and which pipelines run them. The order is that of the main branch; images of
/// commits that git does not know, or that are not on that branch, stand where their push puts them.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl images                     of all services
  pipelinectl images ingestor --limit 5  the newest five of one")]
pub struct Arguments {
    /// Of which services
    #[command(flatten)]
    selection: SelectionArguments,
    /// Show at most so many commits; 0 shows all
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: usize,
    /// Show images without any tag too
    #[arg(long)]
    untagged: bool,
}

/// What `pipelinectl images --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// The newest first.
    pub commits: Vec<CommitRow>,
    /// How many there are, those beyond `--limit` included.
    pub total: usize,
    /// How many images without any tag were left out.
    pub untagged: usize,
}

/// The images of one commit, or one image that no commit tag names.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CommitRow {
    /// The commit, in full where git knows it.
    pub commit: Option<String>,
    /// The first line of its message, where git knows it.
    pub subject: Option<String>,
    /// Its day.
    pub date: Option<String>,
    /// Whether it is on the main branch; absent where git does not know it.
    pub on_main: Option<bool>,
    /// The pipelines that run one of the images.
    pub pipelines: Vec<String>,
    /// One for each repository that has one.
    pub images: Vec<ImageRow>,
}

/// One image.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ImageRow {
    /// The services that run images of this repository.
    pub services: Vec<String>,
    /// The repository.
    pub repository: String,
    /// Its name by content.
    pub digest: String,
    /// All its tags, sorted.
    pub tags: Vec<String>,
    /// The pipelines whose tag names it.
    pub pipelines: Vec<String>,
    /// When it was pushed.
    pub pushed_at: Option<String>,
    /// In bytes; absent for an index of several images.
    pub size: Option<u64>,
}

/// Lists the repositories, asks git about the commits, and prints both.
pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let (ui, settings) = (&context.ui, &context.settings);
    release::require_services(settings)?;
    let chosen = arguments.selection.services(context)?;
    let pipelines = pipelines(context);
    let session = context.session()?;
    let progress = ui.reading();
    let sts = session.sts();
    let (identity, listed) =
        context.wait(async { tokio::join!(sts.check(), read_images(session, &chosen, &settings.ecr, &*progress)) })?;
    // The account first: repositories that seem to be missing may just be those of another account.
    identity?;
    let listed = listed?;
    let repositories = listed.len();
    let gits = Gits(commits::repositories(context, &chosen));
    let mut images = gits.number(context, listed);
    let all = images.len();
    if !arguments.untagged {
        images.retain(|image| !image.tags.is_empty());
    }
    let untagged = all - images.len();
    let known = gits.known(context, &images);
    let mut entries = by_commit(&images, &settings.commit_scheme, &known);
    let total = entries.len();
    if arguments.limit > 0 {
        entries.truncate(arguments.limit);
    }

    let report = Report { commits: entries.iter().map(|entry| row(entry, &pipelines)).collect(), total, untagged };
    let manner = Manner { commits: &settings.commit_scheme, pipelines: &pipelines, repositories, width: ui.width() };
    let text = |_: &Report| if entries.is_empty() { String::new() } else { catalogue(&entries, &manner) };
    ui.report(&report, text);
    if entries.is_empty() {
        ui.say("There is no image with a tag yet.");
    } else if entries.len() < total {
        ui.say(&format!("The newest {} of {total}; --limit 0 shows all.", entries.len()));
    }
    if untagged > 0 {
        ui.say(&format!("{} without a tag left out; --untagged shows them.", counted(untagged, "image")));
    }
    Ok(End::Done)
}

/// The pipelines of the estate with their tags, the newest first. Without an estate the images are still worth seeing.
fn pipelines(context: &Context) -> Vec<(String, String)> {
    match estate::read(context) {
        Ok(estate) => {
            let tag = |name: &str| context.settings.images.pipeline_tag.replace("{namespace}", name);
            let names = estate.newest_first().into_iter().map(|pipeline| pipeline.namespace.to_string());
            names.map(|name| (name.clone(), tag(&name))).collect()
        }
        Err(failure) => {
            context.ui.warn(&format!("which pipelines run them is not known: {}", failure.message));
            Vec::new()
        }
    }
}

/// The git repositories of the services' commits.
struct Gits(Vec<(PathBuf, Git)>);

impl Gits {
    /// The images, each with the number of its git repository.
    fn number(&self, context: &Context, listed: Vec<RepositoryImages>) -> Vec<ListedImage> {
        let mut images = Vec::new();
        for RepositoryImages { repository, services, images: found } in listed {
            let folder = services.first().map(|service| commits::folder(context, service));
            let git = self.0.iter().position(|(known, _)| Some(known) == folder.as_ref()).unwrap_or_default();
            let services: Vec<String> = services.into_iter().map(|service| service.name).collect();
            images.extend(found.into_iter().map(|details| ListedImage {
                repository: repository.clone(),
                services: services.clone(),
                git,
                digest: details.digest,
                tags: details.tags,
                pushed_at: details.pushed_at,
                size: details.size,
            }));
        }
        images
    }

    /// What git says of the commits of these images. Where it says nothing, the pushes tell the order.
    fn known(&self, context: &Context, images: &[ListedImage]) -> KnownCommits {
        let scheme = &context.settings.commit_scheme;
        let mut known = KnownCommits::new();
        for (number, (_, git)) in self.0.iter().enumerate() {
            let tags = images.iter().filter(|image| image.git == number).flat_map(|image| &image.tags);
            let digits: BTreeSet<String> = scheme.commits_in(tags.map(String::as_str)).into_iter().collect();
            match ask(git, &context.settings.images.main_branch, digits) {
                Ok(commits) => known.extend(commits.into_iter().map(|(digits, commit)| ((number, digits), commit))),
                Err(error) => context.ui.warn(&format!("the order is that of the pushes: {error}")),
            }
        }
        known
    }
}

fn ask(git: &Git, main: &str, digits: BTreeSet<String>) -> Result<BTreeMap<String, KnownCommit>, GitError> {
    let commits = git.describe(&digits.into_iter().collect::<Vec<_>>())?;
    let places = git.places(main, &commits.values().map(|commit| commit.id.as_str()).collect())?;
    let known = commits.into_iter().map(|(digits, commit)| {
        let place = places.get(&commit.id).copied();
        (digits, KnownCommit { id: commit.id, subject: commit.subject, date: commit.date, place })
    });
    Ok(known.collect())
}

fn row(entry: &Entry, pipelines: &[(String, String)]) -> CommitRow {
    let running = |tags: &[&String]| -> Vec<String> {
        let running = pipelines.iter().filter(|(_, tag)| tags.contains(&tag));
        running.map(|(name, _)| name.clone()).collect()
    };
    let images = entry.images.iter().map(|image| ImageRow {
        services: image.services.clone(),
        repository: image.repository.name.clone(),
        digest: image.digest.to_string(),
        tags: image.tags.clone(),
        pipelines: running(&image.tags.iter().collect::<Vec<_>>()),
        pushed_at: image.pushed_at.map(|at| at.to_string()),
        size: image.size,
    });
    CommitRow {
        commit: match &entry.subject {
            Subject::Commit(id) => Some(id.clone()),
            Subject::Image(_) => None,
        },
        subject: entry.commit.as_ref().map(|commit| commit.subject.clone()),
        date: entry.commit.as_ref().map(|commit| commit.date.clone()),
        on_main: entry.commit.as_ref().map(|commit| commit.place.is_some()),
        pipelines: running(&entry.images.iter().flat_map(|image| &image.tags).collect::<Vec<_>>()),
        images: images.collect(),
    }
}
