//! Makes and moves the tags of a [`TagPlan`], all at once, and puts them back when one of them fails.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream;

use crate::aws::ecr::{Ecr, ImageName, Put, PutError};
use crate::aws::{AwsError, Session};
use crate::pipeline::image::Digest;
use crate::pipeline::release::{TagMove, TagPlan};
use crate::pipeline::service::Repository;
use crate::progress::{Outcome, Progress};
use crate::releases::Permit;

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
    /// What the tag named before; none where it was to be made.
    pub before: Option<Digest>,
    /// What the tag was to name.
    pub digest: Digest,
    /// How it ended.
    pub outcome: MoveOutcome,
}

/// How it ended for one tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MoveOutcome {
    /// It was made or moved, and names the image.
    Made,
    /// It named the image before, and was not touched.
    AlreadyThere,
    /// Another one had failed before its turn came.
    NotTried,
    /// It could not be given, and is as before.
    Failed(AwsError),
    /// The lock was about to end, or had ended: nothing was sent, and it is as before.
    NotPermitted(String),
    /// It was given, and is as before again, because another one failed.
    PutBack,
    /// It was given, another one failed, and it stays.
    Stays(StayReason),
    /// It could not be given as far as the answer says, and yet it names the image, and could not be put back.
    FailedAndStays(AwsError, StayReason),
}

/// Why a tag was not put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StayReason {
    /// The image has no other tag: taking this one away would delete the image.
    OnlyTag,
    /// It no longer names the image that we gave it: somebody else moved it, or took it away.
    MovedSince(Option<Digest>),
    /// The lock was about to end, or had ended.
    NotPermitted(String),
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
            MoveOutcome::Failed(error) | MoveOutcome::FailedAndStays(error, _) => Some((&row.repository, error)),
            _ => None,
        })
    }

    /// Why the lock did not allow to write, if it did not.
    pub fn not_permitted(&self) -> Option<&str> {
        self.rows.iter().find_map(|row| match &row.outcome {
            MoveOutcome::NotPermitted(why) | MoveOutcome::Stays(StayReason::NotPermitted(why)) => Some(why.as_str()),
            _ => None,
        })
    }

    /// The tags that were given and still stand although the release is not whole.
    pub fn left_standing(&self) -> impl Iterator<Item = (&Repository, &StayReason)> {
        self.rows.iter().filter_map(|row| match &row.outcome {
            MoveOutcome::Stays(reason) | MoveOutcome::FailedAndStays(_, reason) => Some((&row.repository, reason)),
            _ => None,
        })
    }
}

/// One tag in one repository.
struct Job<'a> {
    ecr: Ecr,
    tag: &'a str,
    tag_move: &'a TagMove,
    permit: &'a Permit,
    progress: &'a dyn Progress,
}

/// Gives the tags that the plan makes or moves. If one fails, no further one is begun, those under way are waited for, and
/// all that were given are put back. Before each request the lock is asked whether it still allows to write.
pub async fn move_tags(session: &Session, plan: &TagPlan, permit: &Permit, progress: &dyn Progress) -> MoveReport {
    let failed = AtomicBool::new(false);
    let jobs: Vec<Job<'_>> = plan
        .moves
        .iter()
        .map(|tag_move| {
            let ecr = session.ecr(&tag_move.repository.registry);
            Job { ecr, tag: &plan.tag, tag_move, permit, progress }
        })
        .collect();
    let given = jobs.iter().map(|job| job.give(&failed));
    let given: Vec<Result<MoveOutcome, PutError>> = stream::iter(given).buffered(AT_ONCE).collect().await;
    let whole = !failed.load(Ordering::Relaxed);
    let settled = jobs.iter().zip(given).map(|(job, given)| async move {
        match given {
            Ok(MoveOutcome::Made) if !whole => job.put_back().await,
            Ok(outcome) => outcome,
            Err(failure) => job.after_failure(failure).await,
        }
    });
    let outcomes = join_all(settled).await;
    let row = |(tag_move, outcome): (&TagMove, MoveOutcome)| MoveRow {
        repository: tag_move.repository.clone(),
        before: tag_move.before.as_ref().map(|image| image.digest.clone()),
        digest: tag_move.after.image.digest.clone(),
        outcome,
    };
    MoveReport { tag: plan.tag.clone(), rows: plan.moves.iter().zip(outcomes).map(row).collect() }
}

impl Job<'_> {
    fn name(&self) -> &str {
        &self.tag_move.repository.name
    }

    fn is_permitted(&self) -> bool {
        self.permit.check().is_ok()
    }

    /// Why nothing might be written a moment ago; by now the lock may have been renewed.
    fn why_not_permitted(&self) -> String {
        self.permit.check().err().map_or_else(|| "the lock was about to end".to_owned(), |error| error.to_string())
    }

    async fn give(&self, failed: &AtomicBool) -> Result<MoveOutcome, PutError> {
        if !self.tag_move.is_change() {
            return Ok(MoveOutcome::AlreadyThere);
        }
        if failed.load(Ordering::Relaxed) {
            return Ok(MoveOutcome::NotTried);
        }
        let (name, tag, progress) = (self.name(), self.tag, self.progress);
        progress.started(name, "tagging");
        let may = || !failed.load(Ordering::Relaxed) && self.is_permitted();
        match self.ecr.put_tag(name, tag, &self.tag_move.after.image, &may).await {
            Ok(Put::Made) => {
                progress.finished(name, Outcome::Done, &format!("tagged {tag}"));
                Ok(MoveOutcome::Made)
            }
            Ok(Put::AlreadyThere) => {
                progress.finished(name, Outcome::Skipped, &format!("has {tag} already"));
                Ok(MoveOutcome::AlreadyThere)
            }
            Ok(Put::Stopped) if failed.load(Ordering::Relaxed) => {
                progress.finished(name, Outcome::Skipped, "not tagged");
                Ok(MoveOutcome::NotTried)
            }
            Ok(Put::Stopped) => {
                failed.store(true, Ordering::Relaxed);
                let why = self.why_not_permitted();
                progress.finished(name, Outcome::Failed, &why);
                Ok(MoveOutcome::NotPermitted(why))
            }
            Err(failure) => {
                failed.store(true, Ordering::Relaxed);
                progress.finished(name, Outcome::Failed, &failure.error.to_string());
                Err(failure)
            }
        }
    }

    /// A request may have done its work although its answer was an error or was lost.
    async fn after_failure(&self, PutError { error, answer_lost }: PutError) -> MoveOutcome {
        if !answer_lost {
            return MoveOutcome::Failed(error);
        }
        match self.put_back().await {
            // Then the request did nothing, as its answer says.
            MoveOutcome::Stays(StayReason::MovedSince(_)) => MoveOutcome::Failed(error),
            MoveOutcome::Stays(reason) => MoveOutcome::FailedAndStays(error, reason),
            _ => MoveOutcome::Failed(error),
        }
    }

    async fn put_back(&self) -> MoveOutcome {
        let (name, tag, progress) = (self.name(), self.tag, self.progress);
        progress.started(name, "putting back");
        match self.restore().await {
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
    async fn restore(&self) -> Result<Option<StayReason>, AwsError> {
        let (ecr, name, tag) = (&self.ecr, self.name(), self.tag);
        let ours = &self.tag_move.after.image.digest;
        let named = ecr.image(name, &ImageName::Tag(tag.to_owned())).await?.map(|image| image.digest);
        if named.as_ref() != Some(ours) {
            return Ok(Some(StayReason::MovedSince(named)));
        }
        if let Some(before) = &self.tag_move.before {
            let put = ecr.put_tag(name, tag, before, &|| self.is_permitted()).await?;
            return Ok((put == Put::Stopped).then(|| StayReason::NotPermitted(self.why_not_permitted())));
        }
        let details = ecr.details(name, &[ImageName::Digest(ours.clone())]).await?.pop().flatten();
        if !details.is_some_and(|details| details.tags.iter().any(|other| other != tag)) {
            return Ok(Some(StayReason::OnlyTag));
        }
        let sent = ecr.delete_tag_while(name, tag, &|| self.is_permitted()).await?;
        Ok((!sent).then(|| StayReason::NotPermitted(self.why_not_permitted())))
    }
}
