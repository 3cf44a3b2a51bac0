//! What the user is told of targets that do not run what they should.

use super::{Failure, Kind};
use crate::operations::verify_images::{Verdict, Verification};
use crate::settings::FILE_NAME;

impl Failure {
    /// Lists the targets that no restart would make run what the pipeline's tag is to name; none if there is none. `all`
    /// are all targets that were looked at.
    pub fn hopeless(namespace: &str, rows: &[Verification], all: &[Verification]) -> Option<Self> {
        let failure = Self::not_running(namespace, rows)?;
        let (_, list) = failure.message.split_once('\n')?;
        let heading = match (rows.len(), targets(all)) {
            (_, 1) => "the one target stands in the way".to_owned(),
            (1, all) => format!("one of {all} targets stands in the way"),
            (count, all) => format!("{count} of {all} targets stand in the way"),
        };
        Some(Self { message: format!("{heading}\n{list}"), ..failure }.hint("nothing was changed"))
    }

    /// Lists the targets that do not run what the pipeline's tag names, why, and what to do; none if all is well.
    pub fn not_running(namespace: &str, rows: &[Verification]) -> Option<Self> {
        let failed: Vec<&Verification> = rows.iter().filter(|row| row.verdict.is_failure()).collect();
        if failed.is_empty() {
            return None;
        }
        let interrupted = rows.iter().any(|row| matches!(row.verdict, Verdict::NotAwaited | Verdict::Interrupted));
        let kind = if interrupted { Kind::Interrupted } else { Kind::Failed };
        let begin = if interrupted { "interrupted: " } else { "" };
        let mut message =
            format!("{begin}{} not known to run what the tag of {namespace} names", count(failed.len(), rows));
        let mut hints: Vec<String> = Vec::new();
        for row in failed {
            let name = row.target.as_ref().map_or_else(|| row.service.clone(), ToString::to_string);
            message.push_str(&format!("\n  {name}: {}", row.verdict.text()));
            for detail in &row.details {
                message.push_str(&format!("\n    {detail}"));
            }
            for hint in hints_of(namespace, row) {
                if !hints.contains(&hint) {
                    hints.push(hint);
                }
            }
        }
        Some(Self { kind, message, hints })
    }
}

fn count(failed: usize, rows: &[Verification]) -> String {
    match (failed, targets(rows)) {
        (1, 1) => "the one target is".to_owned(),
        (1, all) => format!("one of {all} targets is"),
        (failed, all) if failed == all => format!("all {all} targets are"),
        (failed, all) => format!("{failed} of {all} targets are"),
    }
}

fn targets(rows: &[Verification]) -> usize {
    rows.iter().filter(|row| row.target.is_some()).count()
}

fn hints_of(namespace: &str, row: &Verification) -> Vec<String> {
    let again = || format!("'pipelinectl notify {namespace}' restarts what does not run the image of its tag");
    let hint = match &row.verdict {
        Verdict::RunsOther(_) | Verdict::DigestUnknown | Verdict::Interrupted | Verdict::NotTried(_) => again(),
        Verdict::NotAwaited => {
            format!("it goes on without us: 'pipelinectl status {namespace}' tells what runs")
        }
        Verdict::StillChanging { .. } => {
            format!("'pipelinectl notify {namespace}' goes on waiting; --timeout says how long")
        }
        Verdict::Failed { .. } => {
            return vec![
                format!("mend the reason, then run 'pipelinectl notify {namespace}'"),
                format!("'pipelinectl rollback {namespace}' goes back to the last release that ran"),
            ];
        }
        Verdict::RunsNoImage => {
            format!("take {} out of {FILE_NAME}, or give the function an image in its terraform", row.service)
        }
        Verdict::NamesOtherTag(_) => {
            "name the pipeline's tag in its terraform: changed from here, the next plan would change it back".to_owned()
        }
        Verdict::NamesDigest(_) => format!(
            "a restart does not change a task definition: 'pipelinectl plan {namespace}', then 'pipelinectl apply'"
        ),
        Verdict::OtherRepository(_) => {
            format!("see the repository of {} in {FILE_NAME}, and the image in its terraform", row.service)
        }
        Verdict::OtherController(_) => {
            "restart it where its deployments are made; only those of the controller ECS are made here".to_owned()
        }
        Verdict::NoTag => format!("make the tag with 'pipelinectl tag {namespace}'"),
        Verdict::Absent => format!(
            "apply the pipeline's terraform first, mend the name in {FILE_NAME}, or set optional = true for {} there",
            row.service
        ),
        Verdict::Error(error) | Verdict::NotRestarted(error) => return Failure::from(error.clone()).hints,
        Verdict::Verified | Verdict::Idle { .. } | Verdict::AbsentOptional | Verdict::TagOnly => return Vec::new(),
    };
    vec![hint]
}
