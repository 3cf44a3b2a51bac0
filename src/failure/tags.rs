//! What the user is told when tags cannot, or may not, be given.

use super::{Failure, Kind};
use crate::git::GitError;
use crate::pipeline::history::{BuiltFrom, short};
use crate::pipeline::release::{Flag, Guard, Problem, Refusal};
use crate::settings::FILE_NAME;

/// How many repositories with one and the same problem are named.
const NAMED: usize = 4;

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let guarded = refusal.problems.iter().any(|problem| matches!(problem, Problem::Guarded { .. }));
        let kind = if guarded { Kind::Refused } else { Kind::Failed };
        let mut message = refusal.to_string();
        let mut told: Vec<&Guard> = Vec::new();
        for problem in &refusal.problems {
            let Problem::Guarded { guard, .. } = problem else {
                message.push_str(&format!("\n  {problem}{}", nearest(problem)));
                continue;
            };
            if !told.contains(&guard) {
                told.push(guard);
                message.push_str(&format!("\n  {}: {guard}", places(&refusal, guard)));
            }
        }
        for limit in &refusal.limits {
            message.push_str(&format!("\n  git: {limit}"));
        }
        let mut failure = Self::new(kind, message).hint("nothing was changed");
        let no_git = GitError::NotFound.to_string();
        if refusal.limits.contains(&no_git) {
            return failure.hint(
                "install git, or see that it is on PATH: without it nobody knows what the images are built from",
            );
        }
        for hint in refusal.problems.iter().filter_map(|problem| advice(problem, &refusal)) {
            if !failure.hints.contains(&hint) {
                failure.hints.push(hint);
            }
        }
        failure
    }
}

fn nearest(problem: &Problem) -> String {
    match problem {
        // No tag is like a digest.
        Problem::ImageMissing { asked, .. } if asked.starts_with("sha256:") => String::new(),
        Problem::ImageMissing { nearest, .. } | Problem::RepositoryMissing { nearest, .. } if !nearest.is_empty() => {
            format!("; nearest: {}", nearest.join(", "))
        }
        _ => String::new(),
    }
}

/// The repositories where this guard says no.
fn places(refusal: &Refusal, guard: &Guard) -> String {
    let names: Vec<&str> = refusal
        .problems
        .iter()
        .filter(|problem| matches!(problem, Problem::Guarded { guard: other, .. } if other == guard))
        .map(|problem| problem.repository().name.as_str())
        .collect();
    let more = names.len().saturating_sub(NAMED);
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

fn advice(problem: &Problem, refusal: &Refusal) -> Option<String> {
    match problem {
        Problem::ImageMissing { asked, .. } if *asked == refusal.tag => {
            Some(format!("make the tag with: pipelinectl tag {}", refusal.namespace))
        }
        Problem::ImageMissing { asked, .. } if asked.starts_with("sha256:") => {
            Some("the image was deleted: build its commit again, or choose another release or commit".to_owned())
        }
        Problem::ImageMissing { .. } => {
            Some("push what is missing, or choose other images; --help tells how".to_owned())
        }
        Problem::NoneUpTo { .. } => Some("push an image, or choose a newer commit".to_owned()),
        Problem::RepositoryMissing { .. } => {
            Some(format!("make the repository with terraform first, or mend the name in {FILE_NAME}"))
        }
        Problem::IndexForLambda { .. } => {
            Some("build the image for one platform: docker buildx build --provenance=false --platform …".to_owned())
        }
        Problem::CommitAmbiguous { .. } => None,
        Problem::Guarded { guard, .. } => Some(of_guard(guard, refusal)),
    }
}

fn of_guard(guard: &Guard, refusal: &Refusal) -> String {
    let rollback = |after: &BuiltFrom| {
        let commit = after.id().map_or("COMMIT", short);
        format!("pipelinectl rollback {} --to {commit}", refusal.namespace)
    };
    match guard {
        Guard::Older { after, .. } => format!("to go back on purpose: {}", rollback(after)),
        Guard::Diverged { flag: Some(flag), .. } | Guard::OrderUnknown { flag: Some(flag), .. } => {
            format!("if the new one is meant to run all the same, use {flag}")
        }
        Guard::Diverged { after, flag: None, .. } => {
            format!("if the new one is meant to run all the same: {}", rollback(after))
        }
        Guard::OrderUnknown { after, flag: None, .. } => {
            format!(
                "let git know more (git fetch --unshallow); if the new one is meant to run anyway: {}",
                rollback(after)
            )
        }
        Guard::Unmerged { main_branch, .. } => {
            format!("merge it to {main_branch} first; if it is meant to run unmerged, use {}", Flag::AllowUnmerged)
        }
        Guard::MainUnknown { .. } => format!(
            "fetch the branch, or mend main_branch below [images] in {FILE_NAME}; to go on without it, use {}",
            Flag::AllowUnmerged
        ),
        Guard::CommitUnknown { .. } => format!(
            "fetch that commit, or name its repository (git below [images] in {FILE_NAME}); if it is meant to run all the \
             same, use {}",
            Flag::AllowUnknownCommit
        ),
        Guard::NoCommitTag { .. } => format!(
            "push the image with the tag of its commit, too; if it is meant to run all the same, use {}",
            Flag::AllowUnknownCommit
        ),
    }
}
