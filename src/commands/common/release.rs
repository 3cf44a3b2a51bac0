//! The tags of a pipeline: observed, judged, shown.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;

use super::tag_rows::TagRow;
use crate::aws::sts::Identity;
use crate::context::Context;
use crate::failure::Failure;
use crate::git::{Depth, Git};
use crate::operations::read_history::Sources;
use crate::operations::resolve_images::{ImageRequest, resolve_images};
use crate::pipeline::image::Digest;
use crate::pipeline::release::{
    Decision, Flag, Goal, ImageSource, Policy, PolicyKind, Problem, Refusal, Superseded, TagPlan, TagState, moves,
    pipeline_tag,
};
use crate::pipeline::service::{Registry, Repository, Service};
use crate::pipeline::{Namespace, image};
use crate::releases::Record;
use crate::settings::{FILE_NAME, Settings};
use crate::ui::tags;

/// How many releases of a pipeline are looked through for the commit of an image that lost its commit tag.
const REMEMBERED: usize = 20;

/// Which images a pipeline is to run.
#[derive(Debug, Clone, Args)]
pub struct SourceArguments {
    /// Take the images that have this tag
    #[arg(long, value_name = "TAG", default_value = "latest")]
    pub source_tag: String,
    /// Take the images that were built from this commit
    #[arg(long = "ref", value_name = "COMMIT", conflicts_with = "source_tag")]
    pub commit: Option<String>,
    /// Take no older image where a repository has none of that commit
    #[arg(long, requires = "commit")]
    pub exact_ref: bool,
}

impl SourceArguments {
    /// The source, with a revision such as a branch turned into its commit where git knows it.
    pub fn source(&self, context: &Context) -> Result<ImageSource, Failure> {
        match &self.commit {
            None => Ok(ImageSource::Tag(self.source_tag.clone())),
            Some(revision) => self::revision(context, revision),
        }
    }
}

/// What may pass although it was not merged, or nobody knows what it is.
#[derive(Debug, Clone, Copy, Args)]
pub struct GuardArguments {
    /// Take images whose commit is not on the main branch
    #[arg(long)]
    pub allow_unmerged: bool,
    /// Take images without a commit tag, or whose commit git does not know
    #[arg(long)]
    pub allow_unknown_commit: bool,
}

impl GuardArguments {
    /// The rules for a command that does this with tags.
    pub fn policy(self, kind: PolicyKind) -> Policy {
        let Self { allow_unmerged, allow_unknown_commit } = self;
        Policy { allow_unmerged, allow_unknown_commit, ..Policy::new(kind) }
    }
}

/// Whether git may fetch.
#[derive(Debug, Clone, Copy, Args)]
pub struct FetchArguments {
    /// Do not fetch the main branch where git does not know enough
    #[arg(long)]
    pub no_fetch: bool,
}

/// The images of a revision: a commit, whole or abbreviated, or a branch of one of the repositories of the images' code.
pub fn revision(context: &Context, revision: &str) -> Result<ImageSource, Failure> {
    let sources = sources(context, &context.settings.services);
    let found = sources.gits().find_map(|git| git.commit(revision).ok());
    if let Some(commit) = found {
        return Ok(ImageSource::Commit(commit));
    }
    if image::is_commit(revision) {
        return Ok(ImageSource::Commit(revision.to_owned()));
    }
    Err(Failure::usage(format!(
        "'{revision}' is no commit: git does not know it, and it is not 7 to 40 hexadecimal digits"
    ))
    .hint("fetch it first, or name the commit by its digits"))
}

/// The tag of a pipeline; refused where it could be confused with another sort of tag.
pub fn tag_of(settings: &Settings, namespace: &Namespace, source: &ImageSource) -> Result<String, Failure> {
    let mut sources = vec!["latest"];
    if let ImageSource::Tag(tag) = source {
        sources.push(tag);
    }
    pipeline_tag(&settings.images.pipeline_tag, namespace, &sources, &settings.commit_scheme)
        .map_err(|error| Failure::usage(error.to_string()).hint("choose another namespace, such as a date"))
}

/// Without services there is nothing to tag.
pub fn require_services(settings: &Settings) -> Result<(), Failure> {
    settings.require_file()?;
    if settings.services.is_empty() {
        return Err(Failure::usage(format!("{FILE_NAME} names no [[service]]"))
            .hint("name each service and its repository there: a pipeline's tags are made in those"));
    }
    Ok(())
}

/// The images that a record names, by repository.
pub fn recorded(settings: &Settings, record: &Record) -> BTreeMap<Repository, Digest> {
    let repositories: Vec<Repository> =
        settings.services.iter().map(|service| service.repository_in(&settings.ecr)).collect();
    record.digests_of(&repositories)
}

/// What is to become of a pipeline's tags.
#[derive(Debug, Clone, Copy)]
pub struct ReleaseRequest<'a> {
    /// The pipeline.
    pub namespace: &'a Namespace,
    /// Its tag.
    pub tag: &'a str,
    /// Which images it is to run.
    pub source: &'a ImageSource,
    /// The services whose repositories are tagged.
    pub services: &'a [Service],
    /// Images by digest, which win over the source: those of a record, or those that were shown.
    pub pinned: &'a BTreeMap<Repository, Digest>,
    /// What may be done with tags.
    pub policy: Policy,
    /// Whether git may fetch the main branch where it does not know enough.
    pub fetch: bool,
    /// Whether a commit means that very commit, also where not every commit builds every image.
    pub exact: bool,
}

/// What AWS and git say before anything changes: who we are, and the release as it would be.
#[derive(Debug)]
pub struct Release {
    /// Whose credentials they are.
    pub identity: Identity,
    /// The tags that are made, those that are moved and those that stay.
    pub plan: TagPlan,
}

/// What became of a request.
#[derive(Debug)]
pub enum Observed {
    /// The release as it would be.
    Release(Release),
    /// Nothing is to be done: a newer release came first. Only with `--if-newer`.
    Superseded(Superseded),
}

impl Observed {
    /// The release; for commands without `--if-newer`.
    pub fn release(self) -> Result<Release, Failure> {
        match self {
            Self::Release(release) => Ok(release),
            Self::Superseded(_) => Err(Failure::failed("a newer release came first; nothing was changed")),
        }
    }
}

/// Reads every repository, asks git about the images' commits, and decides what becomes of the pipeline's tag.
pub fn observe(context: &Context, request: &ReleaseRequest<'_>) -> Result<Observed, Failure> {
    let (identity, decision) = look(context, request)?;
    let decision = decision.map_err(|refusal| {
        let places = places_of_missing(context, &identity, &refusal);
        let failure = Failure::from(refusal);
        if places.is_empty() { failure } else { failure.hint(format!("looked for in {}", places.join(" and in "))) }
    })?;
    Ok(match decision {
        Decision::Plan(plan) => Observed::Release(Release { identity, plan }),
        Decision::Superseded(superseded) => Observed::Superseded(superseded),
    })
}

/// The registries in which repositories are missing: it may be the wrong one.
fn places_of_missing(context: &Context, identity: &Identity, refusal: &Refusal) -> Vec<String> {
    let region = context.session().ok().map(|session| session.region().to_owned());
    let ours = Registry { account_id: Some(identity.account_id.clone()), region };
    let missing = refusal.problems.iter().filter(|problem| matches!(problem, Problem::RepositoryMissing { .. }));
    let place = |registry: Registry| {
        format!(
            "the account {}, region {}",
            registry.account_id.unwrap_or_default(),
            registry.region.unwrap_or_default()
        )
    };
    let places: BTreeSet<String> = missing.map(|problem| place(problem.repository().registry.or(&ours))).collect();
    places.into_iter().collect()
}

/// The same; that tags cannot be given is an answer of its own.
fn look(context: &Context, request: &ReleaseRequest<'_>) -> Result<(Identity, Result<Decision, Refusal>), Failure> {
    require_services(&context.settings)?;
    let mut sources = sources(context, request.services);
    let (identity, mut states) = read(context, request, &mut sources)?;
    remember(context, request.namespace, &mut states);
    let asked = match request.source {
        ImageSource::Commit(commit) => Some(commit.as_str()),
        ImageSource::Tag(_) => None,
    };
    let goal = Goal { namespace: request.namespace, tag: request.tag, policy: request.policy, asked };
    // Whoever lets things pass shall know what they are: flags do not make git ask for less.
    let strict = Goal { policy: goal.policy.strict(), ..goal };
    let judged = may_change(request.policy, &states);
    let mut histories = sources.read(&states, asked, judged);
    for depth in [Depth::More, Depth::All] {
        let Err(refusal) = moves(&strict, &states, &histories) else { break };
        let unclear: BTreeSet<Repository> = refusal.to_fetch().into_iter().cloned().collect();
        if unclear.is_empty() || !request.fetch {
            break;
        }
        let deeper = fetch(context, &mut sources, &unclear, depth);
        histories = sources.read(&states, asked, judged);
        if !deeper {
            break;
        }
    }
    let decision = moves(&goal, &states, &histories).map_err(|mut refusal| {
        if !request.fetch && !refusal.to_fetch().is_empty() {
            refusal.limits.push("nothing was fetched, as --no-fetch says".to_owned());
        }
        refusal
    });
    Ok((identity, decision))
}

/// An image whose commit tag went to a rebuild has none any more: what it was built from stands in the record of the
/// release that brought it.
fn remember(context: &Context, namespace: &Namespace, states: &mut [TagState]) {
    let nameless = |state: &&mut TagState| state.current.as_ref().is_some_and(|image| image.commits.is_empty());
    let mut nameless: Vec<&mut TagState> = states.iter_mut().filter(nameless).collect();
    if nameless.is_empty() {
        return;
    }
    // It is no more than a help: without records, the commit is not known.
    let records = context.store().and_then(|store| Ok(store.history(Some(namespace), REMEMBERED)?)).unwrap_or_default();
    for state in &mut nameless {
        let Some(current) = &mut state.current else { continue };
        let services = records.iter().flat_map(|record| &record.services);
        let mut brought = services
            .filter(|service| service.repository == state.repository)
            .filter(|service| service.digest_after.as_ref() == Some(&current.image.digest));
        current.commits.extend(brought.find_map(|service| service.commit_after.clone()));
    }
}

/// Whether any tag would be made or moved, so that it matters which commit is newer.
fn may_change(policy: Policy, states: &[TagState]) -> bool {
    policy.kind != PolicyKind::Create || states.iter().any(|state| state.current.is_none())
}

/// Who we are, and what every repository has.
fn read(
    context: &Context,
    request: &ReleaseRequest<'_>,
    sources: &mut Sources,
) -> Result<(Identity, Vec<TagState>), Failure> {
    let settings = &context.settings;
    let session = context.session()?;
    let progress = context.ui.reading();
    let mut lineages = BTreeMap::new();
    if let ImageSource::Commit(commit) = request.source
        && !request.exact
        && !settings.images.every_commit
    {
        let lacking = sources.lacking(commit);
        if request.fetch && !lacking.is_empty() {
            fetch(context, sources, &lacking, Depth::All);
        }
        lineages = sources.lineages(commit)?;
    }
    let images = ImageRequest {
        services: request.services,
        registry: &settings.ecr,
        pipeline_tag: request.tag,
        source: request.source,
        commits: &settings.commit_scheme,
        pinned: request.pinned,
        lineages: &lineages,
        existing_stay: request.policy.kind == PolicyKind::Create,
    };
    let sts = session.sts();
    let (identity, states) =
        context.wait(async { tokio::join!(sts.check(), resolve_images(session, &images, &*progress)) })?;
    // The account first: repositories that seem to be missing may just be those of another account.
    Ok((identity?, states?))
}

fn fetch(context: &Context, sources: &mut Sources, unclear: &BTreeSet<Repository>, depth: Depth) -> bool {
    let progress = context.ui.reading();
    progress.started("git", &format!("fetching {}", context.settings.images.main_branch));
    let deeper = sources.fetch(unclear, depth);
    progress.dismissed("git");
    deeper
}

/// The git repositories that these services' images are built from.
fn sources(context: &Context, services: &[Service]) -> Sources {
    let settings = &context.settings;
    let mut sources = Sources::new(&settings.images.main_branch);
    for service in services {
        let git = service.git.as_ref().or(settings.images.git.as_ref());
        let folder = git.map_or_else(|| settings.directory.clone(), |git| settings.directory.join(git));
        let open = |folder: &std::path::PathBuf| Git::new(folder, context.ui.progress());
        sources.add(folder, service.repository_in(&settings.ecr), open);
    }
    sources
}

/// What the tags of pipelines name, by repository and tag: `weco/concepts_aggregator:2022-08-31`. A pipeline that is
/// taken away may have none any more.
pub fn digests(context: &Context, namespace: &Namespace) -> Result<BTreeMap<String, String>, Failure> {
    if context.settings.services.is_empty() {
        return Ok(BTreeMap::new());
    }
    Ok(standing(context, namespace)?.named(context))
}

/// The pipeline's tags as they are. Without one there is nothing that a plan could have been reviewed for: refused.
pub fn standing(context: &Context, namespace: &Namespace) -> Result<Release, Failure> {
    let tag = context.settings.images.pipeline_tag.replace("{namespace}", namespace.as_str());
    let request = ReleaseRequest {
        namespace,
        tag: &tag,
        source: &ImageSource::Tag(tag.clone()),
        services: &context.settings.services,
        pinned: &BTreeMap::new(),
        policy: Policy::new(PolicyKind::Create),
        fetch: false,
        exact: true,
    };
    let (identity, decision) = look(context, &request)?;
    match decision {
        Ok(Decision::Plan(plan)) => Ok(Release { identity, plan }),
        Ok(Decision::Superseded(_)) => Err(Failure::failed("a newer release came first")),
        Err(refusal) => {
            let problems: Vec<String> = refusal.problems.iter().map(ToString::to_string).collect();
            let no_repository = |problem: &Problem| matches!(problem, Problem::RepositoryMissing { .. });
            let hint = if refusal.problems.iter().any(no_repository) {
                format!("make the repository with terraform first, or mend its name or registry in {FILE_NAME}")
            } else {
                format!("make what is missing with 'pipelinectl tag {namespace}', then try again")
            };
            Err(Failure::refused(format!("the tags {tag} are not complete:\n  {}", problems.join("\n  "))).hint(hint))
        }
    }
}

/// Shows the tags, and what only a flag lets pass.
pub fn show(context: &Context, release: &Release) {
    let ui = &context.ui;
    ui.show(&tags::tags(&release.plan, ui.width()));
    for flag in [Flag::AllowUnmerged, Flag::AllowUnknownCommit] {
        let passed = release.plan.moves.iter().filter(|item| item.allowed.contains(&flag));
        let names: Vec<&str> = passed.map(|item| item.repository.name.as_str()).collect();
        if !names.is_empty() {
            ui.warn(&format!("only {flag} lets this pass: {}", names.join(", ")));
        }
    }
}

impl Release {
    /// The tags as a report shows them.
    pub fn rows(&self) -> Vec<TagRow> {
        self.plan.moves.iter().map(TagRow::of).collect()
    }

    /// The digest of each tag by repository and tag, as a review keeps it.
    pub fn named(&self, context: &Context) -> BTreeMap<String, String> {
        let name = |(repository, digest): (Repository, Digest)| {
            (format!("{}:{}", repository.key(&context.settings.ecr), self.plan.tag), digest.to_string())
        };
        self.digests().into_iter().map(name).collect()
    }

    /// The digest of each repository, as a record keeps it.
    pub fn digests(&self) -> BTreeMap<Repository, Digest> {
        self.plan.digests()
    }

    /// The flags without which it would have been refused, as a record keeps them.
    pub fn allowed(&self) -> BTreeSet<Flag> {
        self.plan.moves.iter().flat_map(|item| item.allowed.iter().copied()).collect()
    }
}
