//! The tags of a pipeline: observed, planned, shown and made.

use std::collections::BTreeMap;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::aws::sts::Identity;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::git::Commit;
use crate::operations::move_tags::{MoveOutcome, MoveReport, StayReason, move_tags};
use crate::operations::resolve_images::{ImageRequest, resolve_images};
use crate::pipeline::image::Digest;
use crate::pipeline::release::{ImageSource, Refusal, TagAction, TagPlan, moves, pipeline_tag};
use crate::pipeline::service::Repository;
use crate::pipeline::{Namespace, image};
use crate::settings::{FILE_NAME, Settings};
use crate::terraform::Interrupts;
use crate::ui::Ui;

/// Which images a pipeline is to run.
#[derive(Debug, Clone, Args)]
pub struct SourceArguments {
    /// Take the images that have this tag
    #[arg(long, value_name = "TAG", default_value = "latest")]
    pub source_tag: String,
    /// Take the images that were built from this commit
    #[arg(long = "ref", value_name = "COMMIT", conflicts_with = "source_tag")]
    pub commit: Option<String>,
}

impl SourceArguments {
    /// The source, with a revision such as a branch turned into its commit where git knows it.
    pub fn source(&self, context: &Context) -> Result<ImageSource, Failure> {
        let Some(revision) = &self.commit else { return Ok(ImageSource::Tag(self.source_tag.clone())) };
        if let Ok(commit) = context.images_git().commit(revision) {
            return Ok(ImageSource::Commit(commit));
        }
        if image::is_commit(revision) {
            return Ok(ImageSource::Commit(revision.clone()));
        }
        Err(Failure::usage(format!(
            "'{revision}' is no commit: git does not know it, and it is not 7 to 40 hexadecimal digits"
        ))
        .hint("fetch it first, or name the commit by its digits"))
    }
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

/// What AWS says before anything changes: who we are, and the release as it would be.
pub struct Release {
    /// Whose credentials they are.
    pub identity: Identity,
    /// The tags that are made and those that stay.
    pub plan: TagPlan,
    /// What the images' commits say of themselves, as far as git knows them.
    pub commits: BTreeMap<String, Commit>,
}

/// Without services there is nothing to tag.
pub fn require_services(settings: &Settings) -> Result<(), Failure> {
    settings.require_file()?;
    if settings.services.is_empty() {
        return Err(Failure::usage(format!("{FILE_NAME} names no [[service]]"))
            .hint("name each service and its repository there"));
    }
    Ok(())
}

/// Reads every repository and decides what becomes of the pipeline's tag there.
pub fn observe(
    context: &Context,
    tag: &str,
    source: &ImageSource,
    pinned: &BTreeMap<String, Digest>,
) -> Result<Release, Failure> {
    Ok(look(context, tag, source, pinned)??)
}

/// The same; that tags cannot be made is an answer of its own.
fn look(
    context: &Context,
    tag: &str,
    source: &ImageSource,
    pinned: &BTreeMap<String, Digest>,
) -> Result<Result<Release, Refusal>, Failure> {
    let settings = &context.settings;
    require_services(settings)?;
    let session = context.session()?;
    let progress = context.ui.reading();
    let pinned: BTreeMap<Repository, Digest> = settings
        .services
        .iter()
        .map(|service| service.repository_in(&settings.ecr))
        .filter_map(|repository| Some((repository.clone(), pinned.get(&repository.name)?.clone())))
        .collect();
    let request = ImageRequest {
        services: &settings.services,
        registry: &settings.ecr,
        pipeline_tag: tag,
        source,
        commits: &settings.commit_scheme,
        pinned: &pinned,
    };
    let sts = session.sts();
    let (identity, states) =
        context.wait(async { tokio::join!(sts.check(), resolve_images(session, &request, &*progress)) })?;
    // The account first: repositories that seem to be missing may just be those of another account.
    let identity = identity?;
    let plan = match moves(tag, &states?) {
        Ok(plan) => plan,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let named: Vec<String> = plan.moves.iter().filter_map(|item| item.after.commits.first().cloned()).collect();
    // Subjects are only shown: without git, the commits are shown by their digits.
    let commits = context.images_git().describe(&named).unwrap_or_default();
    Ok(Ok(Release { identity, plan, commits }))
}

/// What the tags of pipelines name, by repository and tag: `weco/concepts_aggregator:2022-08-31`. A pipeline that is
/// taken away may have none any more.
pub fn digests(context: &Context, namespace: &Namespace) -> Result<BTreeMap<String, String>, Failure> {
    if context.settings.services.is_empty() {
        return Ok(BTreeMap::new());
    }
    Ok(standing(context, namespace)?.named())
}

/// The pipeline's tags as they are. Without one there is nothing that a plan could have been reviewed for: refused.
pub fn standing(context: &Context, namespace: &Namespace) -> Result<Release, Failure> {
    let tag = context.settings.images.pipeline_tag.replace("{namespace}", namespace.as_str());
    look(context, &tag, &ImageSource::Tag(tag.clone()), &BTreeMap::new())?.map_err(|refusal| {
        let problems: Vec<String> = refusal.problems.iter().map(ToString::to_string).collect();
        Failure::refused(format!("the tags {tag} are not complete:\n  {}", problems.join("\n  ")))
            .hint(format!("make what is missing with 'pipelinectl tag {namespace}', then plan again"))
    })
}

/// Makes the tags. If one cannot be made, says what was put back and what stands, and fails.
pub fn make(context: &Context, plan: &TagPlan) -> Result<(), Failure> {
    if plan.is_nothing() {
        return Ok(());
    }
    let session = context.session()?;
    let progress = context.ui.progress();
    // Ctrl-C lets the tags be made: half a release is worse than a moment's wait.
    let interrupts = Interrupts::of_process()
        .map_err(|error| Failure::failed(format!("the signals of this process cannot be watched: {error}")))?;
    let watch = interrupts.watch();
    let report = context.wait(move_tags(session, plan, &*progress))?;
    let pressed = interrupts.pressed();
    drop(watch);
    if !report.is_done() {
        return Err(not_done(&context.ui, &report));
    }
    if pressed {
        return Err(Failure::new(Kind::Interrupted, "interrupted after the tags were made; nothing was applied"));
    }
    Ok(())
}

fn not_done(ui: &Ui, report: &MoveReport) -> Failure {
    let mut message = format!("the tag {} could not be made everywhere", report.tag);
    let mut hints = Vec::new();
    for (repository, error) in report.failures() {
        let failure = Failure::from(error.clone());
        message.push_str(&format!("\n  {repository}: {}", failure.message));
        for hint in failure.hints {
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
    }
    for row in &report.rows {
        match &row.outcome {
            MoveOutcome::PutBack => ui.say(&format!("  {}: put back, it has no tag {}", row.repository, report.tag)),
            MoveOutcome::Stays(reason) => ui.say(&format!("  {}: {}", row.repository, stays(reason, &report.tag))),
            MoveOutcome::NotTried => ui.say(&format!("  {}: not tried", row.repository)),
            MoveOutcome::Made | MoveOutcome::AlreadyThere | MoveOutcome::Failed(_) => {}
        }
    }
    let mut failure = Failure::new(Kind::Failed, message);
    failure.hints = hints;
    let standing: Vec<&str> = report
        .rows
        .iter()
        .filter(|row| matches!(row.outcome, MoveOutcome::AlreadyThere | MoveOutcome::Stays(_)))
        .map(|row| row.repository.name.as_str())
        .collect();
    let failure = failure.hint(match standing.as_slice() {
        [] => format!("no repository has the tag {}", report.tag),
        names => format!("the tag {} is in {}", report.tag, names.join(", ")),
    });
    failure.hint("run the same command again: it makes what is missing")
}

fn stays(reason: &StayReason, tag: &str) -> String {
    match reason {
        StayReason::OnlyTag => format!("{tag} stays, it is the image's only tag"),
        StayReason::MovedSince(Some(_)) => format!("{tag} stays, somebody else moved it"),
        StayReason::MovedSince(None) => format!("{tag} is gone, somebody else took it away"),
        StayReason::Error(error) => format!("{tag} stays, it could not be put back: {error}"),
    }
}

/// A tag in a report.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TagRow {
    /// The repository's name.
    pub repository: String,
    /// The services that run its images.
    pub services: Vec<String>,
    /// The digest that the tag names.
    pub digest: String,
    /// The commit of the image, if it has a commit tag.
    pub commit: Option<String>,
    /// The first line of the commit's message, if git knows it.
    pub subject: Option<String>,
    /// Whether the tag is made; otherwise it was there and stays.
    pub created: bool,
}

impl Release {
    /// The tags as a report shows them.
    pub fn rows(&self) -> Vec<TagRow> {
        let row = |item: &crate::pipeline::release::TagMove| {
            let commit = item.after.commits.first().cloned();
            TagRow {
                repository: item.repository.name.clone(),
                services: item.services.clone(),
                digest: item.after.image.digest.to_string(),
                subject: commit.as_ref().and_then(|id| self.commits.get(id)).map(|commit| commit.subject.clone()),
                commit,
                created: item.action == TagAction::Create,
            }
        };
        self.plan.moves.iter().map(row).collect()
    }

    /// The digest of each tag by repository and tag, as a review keeps it.
    pub fn named(&self) -> BTreeMap<String, String> {
        let name =
            |(repository, digest): (String, Digest)| (format!("{repository}:{}", self.plan.tag), digest.to_string());
        self.digests().into_iter().map(name).collect()
    }

    /// The digest of each repository by its name, as a record keeps it.
    pub fn digests(&self) -> BTreeMap<String, Digest> {
        self.plan.digests().into_iter().map(|(repository, digest)| (repository.name, digest)).collect()
    }
}
