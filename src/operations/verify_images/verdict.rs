//! Whether a target runs what it should.

use crate::aws::AwsError;
use crate::pipeline::image::Digest;

/// Whether a target runs what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Verified,
    /// An ECS service of which no tasks are wanted now.
    Idle {
        /// Whether its deployment is older than the move of the tag: ECS has fixed the image before for it.
        outdated: bool,
    },
    /// It runs another image.
    RunsOther(Digest),
    /// Its tasks do not tell which image they run.
    DigestUnknown,
    /// It runs no image: its code is a ZIP file.
    RunsNoImage,
    /// It was still changing when the time was over.
    StillChanging {
        /// Whether the change may have begun before the tag moved, and so may end with another image.
        outdated: bool,
    },
    /// Its creation, last update or last deployment failed.
    Failed {
        /// The reason code.
        code: String,
        /// What AWS said.
        reason: String,
    },
    /// It names another tag than the pipeline's: giving it the pipeline's would be drift in every later plan.
    NamesOtherTag(String),
    /// Its task definition names another image by digest: a restart cannot change that.
    NamesDigest(Digest),
    /// It runs images of other repositories, such as this one.
    OtherRepository(String),
    /// Its deployments are not made by ECS but by this controller.
    OtherController(String),
    /// The pipeline has no tag in the service's repository.
    NoTag,
    /// There is no such target, and there should be.
    Absent,
    /// There is no such target, and there need not be.
    AbsentOptional,
    /// The service has no target, so there is nothing to look at.
    TagOnly,
    /// It was restarted, and the user interrupted the wait for it.
    NotAwaited,
    /// The user interrupted before it was restarted, or while an earlier change of it was waited for.
    Interrupted,
    /// It should have been restarted and was not, and why.
    NotTried(String),
    /// AWS refused the restart.
    NotRestarted(AwsError),
    /// AWS could not be asked.
    Error(AwsError),
}

impl Verdict {
    /// Whether it speaks against the release: anything that should run the image and does not, or is not known to.
    pub fn is_failure(&self) -> bool {
        !matches!(self, Self::Verified | Self::Idle { .. } | Self::AbsentOptional | Self::TagOnly)
    }

    /// Whether a restart would make it run what it should.
    pub fn needs_restart(&self) -> bool {
        matches!(
            self,
            Self::RunsOther(_)
                | Self::DigestUnknown
                | Self::Failed { .. }
                | Self::Idle { outdated: true }
                | Self::StillChanging { outdated: true }
        )
    }

    /// Whether it will be another one soon.
    pub fn is_changing(&self) -> bool {
        matches!(self, Self::StillChanging { .. })
    }

    /// For a table: `verified`, or what is wrong.
    pub fn text(&self) -> String {
        match self {
            Self::Verified => "verified".to_owned(),
            Self::Idle { outdated: false } => "idle".to_owned(),
            Self::Idle { outdated: true } => "idle, would start another image".to_owned(),
            Self::RunsOther(digest) => format!("runs another image, {}", digest.short()),
            Self::DigestUnknown => "does not tell which image it runs".to_owned(),
            Self::RunsNoImage => "runs no image".to_owned(),
            Self::StillChanging { .. } => "is still changing".to_owned(),
            Self::Failed { code, reason } => format!("failed, {code}: {reason}"),
            Self::NamesOtherTag(tag) => format!("names the tag {tag}"),
            Self::NamesDigest(digest) => format!("names the digest {}", digest.short()),
            Self::OtherRepository(image) => format!("runs another repository, {image}"),
            Self::OtherController(controller) => format!("is deployed by {controller}"),
            Self::NoTag => "the pipeline has no tag there".to_owned(),
            Self::Absent => "is not there".to_owned(),
            Self::AbsentOptional => "is not there, which is allowed".to_owned(),
            Self::TagOnly => "has a tag only".to_owned(),
            Self::NotAwaited => "restarted, not waited for".to_owned(),
            Self::Interrupted => "interrupted before a restart".to_owned(),
            Self::NotTried(why) => format!("not restarted: {why}"),
            Self::NotRestarted(error) => format!("not restarted: {error}"),
            Self::Error(error) => format!("not verified: {error}"),
        }
    }
}
