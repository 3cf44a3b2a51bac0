//! Makes and moves the tags of a release, and says what stands when that fails.

use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::operations::move_tags::{MoveOutcome, MoveReport, MoveRow, StayReason, move_tags};
use crate::pipeline::release::TagPlan;
use crate::releases::Permit;
use crate::terraform::Interrupts;
use crate::ui::Ui;

/// What became of the tags.
#[derive(Debug)]
pub struct Made {
    /// Every tag.
    pub report: MoveReport,
    /// Whether all name what they shall; else what is to be said of that.
    pub ending: Result<(), Failure>,
}

/// Makes and moves the tags. If one cannot be given, says what was put back and what stands.
pub fn make(context: &Context, plan: &TagPlan, permit: &Permit) -> Result<Made, Failure> {
    if plan.is_nothing() {
        let report = MoveReport { tag: plan.tag.clone(), rows: Vec::new() };
        return Ok(Made { report, ending: Ok(()) });
    }
    let session = context.session()?;
    let progress = context.ui.progress();
    // Ctrl-C lets the tags be made: half a release is worse than a moment's wait.
    let interrupts = Interrupts::of_process()
        .map_err(|error| Failure::failed(format!("the signals of this process cannot be watched: {error}")))?;
    let watch = interrupts.watch();
    let report = context.wait(move_tags(session, plan, permit, &*progress))?;
    let pressed = interrupts.pressed();
    drop(watch);
    let ending = if !report.is_done() {
        Err(not_done(&context.ui, &report))
    } else if pressed {
        Err(Failure::new(Kind::Interrupted, "interrupted after the tags were made; nothing else was done"))
    } else {
        Ok(())
    };
    Ok(Made { report, ending })
}

fn not_done(ui: &Ui, report: &MoveReport) -> Failure {
    let tag = &report.tag;
    let mut message = format!("the tag {tag} could not be made everywhere");
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
    if let Some(why) = report.not_permitted() {
        message.push_str(&format!("\n  {why}"));
    }
    for row in &report.rows {
        if let Some(what) = what_is(row, tag) {
            ui.say(&format!("  {}: {what}", row.repository));
        }
    }
    let mut failure = Failure::new(Kind::Failed, message);
    failure.hints = hints;
    failure.hint(standing(report)).hint("run the same command again: it makes what is missing")
}

/// What became of a tag that was not simply given, or not at all.
fn what_is(row: &MoveRow, tag: &str) -> Option<String> {
    match &row.outcome {
        MoveOutcome::PutBack => Some(match &row.before {
            None => format!("put back, it has no tag {tag}"),
            Some(before) => format!("put back, {tag} names {} again", before.short()),
        }),
        MoveOutcome::Stays(reason) | MoveOutcome::FailedAndStays(_, reason) => Some(stays(reason, row, tag)),
        MoveOutcome::NotTried | MoveOutcome::NotPermitted(_) => Some("not tried".to_owned()),
        MoveOutcome::Made | MoveOutcome::AlreadyThere | MoveOutcome::Failed(_) => None,
    }
}

fn stays(reason: &StayReason, row: &MoveRow, tag: &str) -> String {
    let names = row.digest.short();
    match reason {
        StayReason::OnlyTag => format!("{tag} stays, it is the image's only tag"),
        StayReason::MovedSince(Some(_)) => format!("{tag} stays, somebody else moved it"),
        StayReason::MovedSince(None) => format!("{tag} is gone, somebody else took it away"),
        StayReason::NotPermitted(why) => format!("{tag} stays and names {names}: {why}"),
        StayReason::Error(error) => format!("{tag} stays and names {names}, it could not be put back: {error}"),
    }
}

/// Where the tag is now although the release is not whole.
fn standing(report: &MoveReport) -> String {
    let tag = &report.tag;
    let moved = report.rows.iter().any(|row| row.before.as_ref().is_some_and(|before| *before != row.digest));
    let given = |row: &&MoveRow| {
        let outcome = &row.outcome;
        matches!(outcome, MoveOutcome::AlreadyThere | MoveOutcome::Stays(_) | MoveOutcome::FailedAndStays(..))
    };
    let names: Vec<&str> = report.rows.iter().filter(given).map(|row| row.repository.name.as_str()).collect();
    match (names.as_slice(), moved) {
        ([], false) => format!("no repository has the tag {tag}"),
        ([], true) => format!("every tag {tag} is as it was"),
        (names, false) => format!("the tag {tag} is in {}", names.join(", ")),
        (names, true) => format!("the tag {tag} names the new image in {}", names.join(", ")),
    }
}
