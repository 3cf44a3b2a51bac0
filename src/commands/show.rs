//! `pipelinectl show`

use std::collections::BTreeMap;

use clap::Args;
use jiff::{SpanRound, Timestamp, Unit};
use schemars::JsonSchema;
use serde::Serialize;

use super::common::commits;
use super::common::records::{ImageRow, ReleaseRow, ServiceRow, ending, rows};
use super::{End, Outcome};
use crate::context::Context;
use crate::failure::Failure;
use crate::pipeline::nearest::nearest;
use crate::releases::{Record, TargetEnding};
use crate::ui::table::{cut, table};
use crate::ui::{counted, paint};

/// The characters of a commit with its subject that are shown at the least.
const COMMIT: usize = 30;
/// Releases that are looked through for one of a similar name.
const LOOKED_AT: usize = 200;

/// Everything that is recorded of one release
///
/// Who began it, from where, with which images; what became of each service, and what a rollback to it would need.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl show 20220901T1203   the beginning of its name is enough
  pipelinectl history live         names the releases")]
pub struct Arguments {
    /// The release, or the beginning of its name
    #[arg(value_name = "RELEASE")]
    release: String,
}

/// What `pipelinectl show --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// The release.
    pub release: ReleaseRow,
    /// Whether `rollback --to` takes it: it ended well, or left images behind.
    pub can_be_restored: bool,
    /// The image that a rollback to it would give each service.
    pub restores: BTreeMap<String, String>,
}

/// Finds the record and prints it.
pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    context.settings.require_file()?;
    let record = find(context, &arguments.release)?;
    let release = rows(context, std::slice::from_ref(&record))?.remove(0);
    let restores: BTreeMap<String, String> =
        record.snapshot().into_iter().map(|(service, digest)| (service, digest.to_string())).collect();
    let can_be_restored = !restores.is_empty() && !record.is_unfinished();
    let report = Report { release, can_be_restored, restores };
    let estate = record.commit.as_ref().map(|commit| {
        let known = context.git().describe(std::slice::from_ref(commit)).unwrap_or_default();
        match known.get(commit) {
            Some(known) => format!("{} {} {}", commits::short(commit), known.date, known.subject),
            None => commits::short(commit).to_owned(),
        }
    });
    context.ui.report(&report, |report| text(report, &record, estate.as_deref(), context.ui.width()));
    Ok(End::Done)
}

fn find(context: &Context, text: &str) -> Result<Record, Failure> {
    let store = context.store()?;
    if let Some(record) = store.find(text)? {
        return Ok(record);
    }
    let records = store.history(None, LOOKED_AT)?;
    let failure = Failure::usage(format!("no release is called '{text}', nor begins so"));
    let starts: Vec<String> =
        records.iter().map(|record| record.id.chars().take(text.chars().count()).collect()).collect();
    Err(match nearest(text, starts.iter().map(String::as_str)) {
        Some(start) => {
            let id = records.iter().map(|record| &record.id).find(|id| id.starts_with(start));
            failure.hint(format!("did you mean {}?", id.map_or(start, String::as_str)))
        }
        None => failure.hint("pipelinectl history names the releases"),
    })
}

fn text(report: &Report, record: &Record, estate: Option<&str>, columns: usize) -> String {
    let row = &report.release;
    let mut lines = vec![
        format!("{}  {}", paint::strong(&row.id), ending(row)),
        fact("command", &format!("{} {}", row.command, row.namespace)),
        fact("images", row.source.as_deref().unwrap_or("-")),
        fact("begun", &begun(record)),
        fact("by", &row.by),
    ];
    lines.extend(row.origin.as_ref().map(|origin| fact("build", &origin.url)));
    lines.extend(row.reason.as_ref().map(|reason| fact("reason", reason)));
    lines.extend((!row.allowed.is_empty()).then(|| fact("allowed", &row.allowed.join(", "))));
    lines.extend(estate.map(|estate| fact("estate", &cut(estate, columns.saturating_sub(9).max(COMMIT)))));
    let mut text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    if !row.services.is_empty() {
        text.push_str(&format!("\n{}", services(&row.services, columns)));
    }
    if row.services.iter().any(|service| !service.targets.is_empty()) {
        text.push_str(&format!("\n{}", targets(&row.services)));
    }
    text.push_str(&format!("\n{}\n", rollback(report)));
    text
}

fn fact(name: &str, value: &str) -> String {
    format!("{name:<8} {value}")
}

fn begun(record: &Record) -> String {
    let begun = record.started.strftime("%F %T UTC").to_string();
    match record.finished {
        Some(finished) => format!("{begun}, took {}", took(record.started, finished)),
        None => begun,
    }
}

fn took(begun: Timestamp, finished: Timestamp) -> String {
    let round = SpanRound::new().largest(Unit::Hour).smallest(Unit::Second);
    let span = finished.since(begun).and_then(|span| span.round(round));
    span.map_or_else(|_| "an unknown time".to_owned(), |span| format!("{span:#}"))
}

/// A line for each service that stayed, two for one that moved.
fn services(services: &[ServiceRow], columns: usize) -> String {
    let name = services.iter().map(|service| service.service.chars().count()).max().unwrap_or_default().max(7);
    // Mark, name, digest and what stands between them.
    let room = columns.saturating_sub(2 + name + 2 + 12 + 2).max(COMMIT);
    let image = |image: &ImageRow| {
        let digest = image.digest.trim_start_matches("sha256:").chars().take(12).collect::<String>();
        (digest, cut(&image.built_from(), room))
    };
    let mut rows = Vec::new();
    for service in services {
        let before = service.before.as_ref().map(image);
        let after = service.after.as_ref().map(image);
        let mut first = format!("  {}", service.service);
        match (before, after) {
            (before, Some(after)) if service.moved => {
                if let Some((digest, commit)) = before {
                    rows.push(vec![first, paint::faint(&digest), paint::faint(&commit)]);
                    first = format!("{} {}", paint::good("→"), "");
                } else {
                    first = format!("{} {}", paint::good("+"), service.service);
                }
                rows.push(vec![first, after.0, after.1]);
            }
            (Some((digest, commit)), _) | (None, Some((digest, commit))) => {
                rows.push(vec![format!("{} {}", paint::faint("="), service.service), digest, commit]);
            }
            (None, None) => rows.push(vec![first, "-".to_owned(), paint::changed("no image")]),
        }
    }
    table(&["  SERVICE", "IMAGE", "COMMIT"], &rows)
}

fn targets(services: &[ServiceRow]) -> String {
    let mut rows = Vec::new();
    for service in services {
        for target in &service.targets {
            let ending = match target.ending {
                TargetEnding::Verified => paint::good("verified"),
                TargetEnding::Idle => paint::good("idle"),
                TargetEnding::Absent => paint::faint("is not there, which is allowed"),
                TargetEnding::Failed => paint::bad("failed"),
                TargetEnding::NotVerified => paint::changed("not verified"),
                TargetEnding::NotTried => paint::changed("not tried"),
            };
            let detail = target.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
            rows.push(vec![format!("  {}", service.service), target.target.clone(), format!("{ending}{detail}")]);
        }
    }
    table(&["  SERVICE", "RUNS AS", "ENDED"], &rows)
}

/// What a rollback to this release would need.
fn rollback(report: &Report) -> String {
    let row = &report.release;
    if row.outcome.is_none() {
        let again = if row.running { "it is under way" } else { "it has not ended: run the same command again" };
        return format!("Nothing can go back to it yet: {again}.");
    }
    if report.restores.is_empty() {
        return "No rollback can go back to it: it recorded no images.".to_owned();
    }
    let warning = if matches!(row.outcome, Some(crate::releases::Outcome::Verified | crate::releases::Outcome::Done)) {
        ""
    } else {
        "It did not end well. "
    };
    format!(
        "{warning}To go back to it ({} must still be in the repositories):\n  pipelinectl rollback {} --to {}",
        counted(report.restores.len(), "image"),
        row.namespace,
        row.id
    )
}
