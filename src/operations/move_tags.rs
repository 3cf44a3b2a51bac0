//! Makes the tags of a [`TagPlan`], all at once, and puts back what was made when one of them fails.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream;

use crate::aws::ecr::{Ecr, ImageName, Put};
use crate::aws::{AwsError, Session};
use crate::pipeline::image::{Digest, Image};
use crate::pipeline::release::{TagAction, TagMove, TagPlan};
use crate::pipeline::service::Repository;
use crate::progress::{Outcome, Progress};

/// How many requests are under way at once; the rate limit of PutImage rules before this does.
const AT_ONCE: usize = 64;

/// What became of every tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveReport {
    /// The pipeline's tag.
    pub tag: String,
    /// One for each repository, in the order of the plan.
    pub rows: Vec<MoveRow>,
}

/// What became of the tag in one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveRow {
    /// Which one.
    pub repository: Repository,
    /// What the tag was to name.
    pub digest: Digest,
    /// How it ended.
    pub outcome: MoveOutcome,
}

/// How it ended for one tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoveOutcome {
    /// It was made, and names the image.
    Made,
    /// It was there before, and was not touched.
    AlreadyThere,
    /// Another one had failed before its turn came.
    NotTried,
    /// It could not be made, and does not name the image.
    Failed(AwsError),
    /// It was made, and is as before again, because another one failed.
    PutBack,
    /// It was made, another one failed, and it stays.
    Stays(StayReason),
}

/// Why a tag was not put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StayReason {
    /// The image has no other tag: taking this one away would delete the image.
    OnlyTag,
    /// It no longer names the image that we gave it: somebody else moved it, or took it away.
    MovedSince(Option<Digest>),
    /// Putting it back did not work.
    Error(AwsError),
}

impl MoveReport {
    /// Whether every tag names what it should.
    pub fn is_done(&self) -> bool {
        self.rows.iter().all(|row| matches!(row.outcome, MoveOutcome::Made | MoveOutcome::AlreadyThere))
    }

    /// The tags that failed, and why.
    pub fn failures(&self) -> impl Iterator<Item = (&Repository, &AwsError)> {
        self.rows.iter().filter_map(|row| match &row.outcome {
            MoveOutcome::Failed(error) => Some((&row.repository, error)),
            _ => None,
        })
    }

    /// The tags that were made and still stand although the release is not whole.
    pub fn left_standing(&self) -> impl Iterator<Item = (&Repository, &StayReason)> {
        self.rows.iter().filter_map(|row| match &row.outcome {
            MoveOutcome::Stays(reason) => Some((&row.repository, reason)),
            _ => None,
        })
    }
}

/// Makes the tags that the plan creates. If one fails, no further one is begun, those under way are waited for, and all
/// that were made are put back.
pub async fn move_tags(session: &Session, plan: &TagPlan, progress: &dyn Progress) -> MoveReport {
    let failed = AtomicBool::new(false);
    let makes = plan.moves.iter().map(|tag_move| make(session, &plan.tag, tag_move, &failed, progress));
    let mut outcomes: Vec<MoveOutcome> = stream::iter(makes).buffered(AT_ONCE).collect().await;
    if failed.load(Ordering::Relaxed) {
        let back = plan.moves.iter().zip(outcomes).map(|(tag_move, outcome)| async move {
            match outcome {
                MoveOutcome::Made => put_back(session, &plan.tag, tag_move, progress).await,
                MoveOutcome::Failed(error) => after_failure(session, &plan.tag, tag_move, error, progress).await,
                other => other,
            }
        });
        outcomes = join_all(back).await;
    }
    let row = |(tag_move, outcome): (&TagMove, MoveOutcome)| MoveRow {
        repository: tag_move.repository.clone(),
        digest: tag_move.after.image.digest.clone(),
        outcome,
    };
    MoveReport { tag: plan.tag.clone(), rows: plan.moves.iter().zip(outcomes).map(row).collect() }
}

async fn make(
    session: &Session,
    tag: &str,
    tag_move: &TagMove,
    failed: &AtomicBool,
    progress: &dyn Progress,
) -> MoveOutcome {
    let repository = &tag_move.repository;
    if matches!(tag_move.action, TagAction::Keep { .. }) {
        return MoveOutcome::AlreadyThere;
    }
    if failed.load(Ordering::Relaxed) {
        return MoveOutcome::NotTried;
    }
    progress.started(&repository.name, "tagging");
    let ecr = session.ecr(&repository.registry);
    match ecr.put_tag(&repository.name, tag, &tag_move.after.image, failed).await {
        Ok(Put::Made) => {
            progress.finished(&repository.name, Outcome::Done, &format!("tagged {tag}"));
            MoveOutcome::Made
        }
        Ok(Put::AlreadyThere) => {
            progress.finished(&repository.name, Outcome::Skipped, &format!("has {tag} already"));
            MoveOutcome::AlreadyThere
        }
        Ok(Put::Stopped) => {
            progress.finished(&repository.name, Outcome::Skipped, "not tagged");
            MoveOutcome::NotTried
        }
        Err(error) => {
            failed.store(true, Ordering::Relaxed);
            progress.finished(&repository.name, Outcome::Failed, &error.to_string());
            MoveOutcome::Failed(error)
        }
    }
}

/// A request may have done its work although its answer was an error or was lost.
async fn after_failure(
    session: &Session,
    tag: &str,
    tag_move: &TagMove,
    error: AwsError,
    progress: &dyn Progress,
) -> MoveOutcome {
    if !matches!(error, AwsError::TimedOut { .. } | AwsError::Unreachable { .. } | AwsError::Other { .. }) {
        return MoveOutcome::Failed(error);
    }
    match put_back(session, tag, tag_move, progress).await {
        MoveOutcome::Stays(StayReason::OnlyTag) => MoveOutcome::Stays(StayReason::OnlyTag),
        _ => MoveOutcome::Failed(error),
    }
}

async fn put_back(session: &Session, tag: &str, tag_move: &TagMove, progress: &dyn Progress) -> MoveOutcome {
    let name = &tag_move.repository.name;
    let ecr = session.ecr(&tag_move.repository.registry);
    progress.started(name, "putting back");
    match restore(&ecr, name, tag, tag_move.before.as_ref(), &tag_move.after.image).await {
        Ok(None) => {
            progress.finished(name, Outcome::Done, &format!("{tag} is as before"));
            MoveOutcome::PutBack
        }
        Ok(Some(reason)) => {
            progress.finished(name, Outcome::Skipped, &format!("{tag} stays"));
            MoveOutcome::Stays(reason)
        }
        Err(error) => {
            progress.finished(name, Outcome::Failed, &error.to_string());
            MoveOutcome::Stays(StayReason::Error(error))
        }
    }
}

/// Gives the tag back to the image before, or takes it away; or says why not.
async fn restore(
    ecr: &Ecr,
    repository: &str,
    tag: &str,
    before: Option<&Image>,
    ours: &Image,
) -> Result<Option<StayReason>, AwsError> {
    let named = ecr.image(repository, &ImageName::Tag(tag.to_owned())).await?.map(|image| image.digest);
    if named.as_ref() != Some(&ours.digest) {
        return Ok(Some(StayReason::MovedSince(named)));
    }
    if let Some(before) = before {
        ecr.put_tag(repository, tag, before, &AtomicBool::new(false)).await?;
        return Ok(None);
    }
    let details = ecr.details(repository, &[ImageName::Digest(ours.digest.clone())]).await?.pop().flatten();
    if details.is_some_and(|details| details.tags.iter().any(|other| other != tag)) {
        ecr.delete_tag(repository, tag).await?;
        return Ok(None);
    }
    Ok(Some(StayReason::OnlyTag))
}
