//! `pipelinectl history`

use std::collections::BTreeSet;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::common::records::{ImageRow, ReleaseRow, ending, rows};
use super::common::{commits, target};
use super::{End, Outcome};
use crate::context::Context;
use crate::pipeline::Namespace;
use crate::ui::table::{cut, table, width};
use crate::ui::{counted, paint};

/// The characters of a name that are shown at the least: the time to a second.
const NAME: usize = 15;
/// The characters of what was moved that are shown at the least: two commits, an arrow, and whether there is skew.
const MOVED: usize = 26;
/// The characters of a subject that are worth showing.
const SUBJECT: usize = 10;
/// Earlier releases that are looked at to tell on which commits the services were.
const BEFORE: usize = 20;

/// Who changed a pipeline, when, from where, and how it ended
///
/// The newest comes first. The beginning of a release's name is enough for 'show' and 'rollback --to'.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl history live
  pipelinectl history --limit 5 --format json | jq -r '.releases[].id'")]
pub struct Arguments {
    /// Only of this pipeline: its namespace, 'live', or the address of its block
    #[arg(value_name = "NS", add = target::completer())]
    pipeline: Option<String>,
    /// Show at most so many releases; 0 shows all
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: usize,
}

/// What `pipelinectl history --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// The newest first.
    pub releases: Vec<ReleaseRow>,
}

/// Reads the records and prints them.
pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    context.settings.require_file()?;
    let namespace = arguments.pipeline.as_deref().map(|word| target::resolve(context, word)).transpose()?;
    let limit = if arguments.limit == 0 { usize::MAX } else { arguments.limit };
    let store = context.store()?;
    let records = store.history(namespace.as_ref(), limit.saturating_add(BEFORE))?;
    let mut releases = rows(context, &records)?;
    let more = releases.len() > limit;
    releases.truncate(limit);
    let report = Report { releases };
    context.ui.report(&report, |report| text(context, report, namespace.as_ref()));
    if report.releases.is_empty() {
        let of = namespace.map(|namespace| format!(" of {namespace}")).unwrap_or_default();
        context.ui.say(&format!("No release{of} is recorded in {}.", store.place()));
    } else if more {
        context.ui.say(&format!("The newest {}; --limit 0 shows all.", report.releases.len()));
    }
    Ok(End::Done)
}

fn text(context: &Context, report: &Report, namespace: Option<&Namespace>) -> String {
    if report.releases.is_empty() {
        return String::new();
    }
    let every_commit = context.settings.images.every_commit;
    let columns = context.ui.width();
    let (headings, mut rows) = DETAILS
        .map(|detail| cells(&report.releases, namespace.is_none(), &detail))
        .into_iter()
        .reduce(|wider, narrower| if width(&wider.0, &wider.1) + MOVED > columns { narrower } else { wider })
        .unwrap_or_default();
    let room = columns.saturating_sub(width(&headings, &rows)).max(MOVED);
    for (cells, row) in rows.iter_mut().zip(&report.releases) {
        cells.push(moved(row, every_commit, room));
    }
    table(&[headings, vec!["COMMITS"]].concat(), &rows)
}

/// How much a row tells.
struct Detail {
    time: bool,
    /// The characters of who did it that are shown at the most.
    who: usize,
}

/// What goes first where the terminal is narrow: the time, with which the release's name begins, then who it was.
const DETAILS: [Detail; 3] =
    [Detail { time: true, who: 24 }, Detail { time: false, who: 11 }, Detail { time: false, who: 0 }];

fn cells(releases: &[ReleaseRow], of_all: bool, detail: &Detail) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let name = name_length(releases);
    let mut headings = vec!["RELEASE"];
    headings.extend(detail.time.then_some("WHEN (UTC)"));
    headings.extend(of_all.then_some("PIPELINE"));
    headings.extend(["COMMAND", "ENDED"]);
    headings.extend((detail.who > 0).then_some("BY"));
    let row = |row: &ReleaseRow| {
        let mut cells = vec![row.id.chars().take(name).collect::<String>()];
        // The time without its seconds: 2022-09-01T12:03:04Z.
        cells.extend(detail.time.then(|| row.started.chars().take(16).collect::<String>().replace('T', " ")));
        cells.extend(of_all.then(|| row.namespace.clone()));
        cells.extend([row.command.clone(), ending(row)]);
        cells.extend((detail.who > 0).then(|| cut(&row.by, detail.who)));
        cells
    };
    (headings, releases.iter().map(row).collect())
}

/// How much of the names tells them apart.
fn name_length(releases: &[ReleaseRow]) -> usize {
    let longest = releases.iter().map(|row| row.id.len()).max().unwrap_or(NAME);
    let is_enough = |length: usize| {
        let starts: BTreeSet<String> = releases.iter().map(|row| row.id.chars().take(length).collect()).collect();
        starts.len() == releases.len()
    };
    (NAME..longest).find(|length| is_enough(*length)).unwrap_or(longest)
}

/// From which commit to which, and its subject; where that is not the same for all services that moved, how many moved.
/// Skew is when the services of the pipeline were on several commits afterwards.
fn moved(row: &ReleaseRow, every_commit: bool, room: usize) -> String {
    let skew = row.commits > 1 && every_commit;
    let room = if skew { room.saturating_sub(7) } else { room };
    let pairs: BTreeSet<(Option<&String>, Option<&String>)> = row
        .services
        .iter()
        .filter(|service| service.moved)
        .map(|service| (commit_of(service.before.as_ref()), commit_of(service.after.as_ref())))
        .collect();
    let short = |commit: Option<&String>| commit.map_or("?", |commit| commits::short(commit)).to_owned();
    let text = match (pairs.len(), pairs.first()) {
        (1, Some((before, after))) => {
            let subject = row
                .services
                .iter()
                .filter(|service| service.moved)
                .find_map(|service| service.after.as_ref().and_then(|image| image.subject.clone()));
            let from = before.map_or(String::new(), |before| format!("{} ", commits::short(before)));
            let commits = format!("{from}→ {}", short(*after));
            // A few letters of a subject say nothing.
            match subject {
                Some(subject) if room >= commits.chars().count() + SUBJECT => format!("{commits} {subject}"),
                _ => commits,
            }
        }
        (0, _) if row.services.is_empty() => String::new(),
        (0, _) => "nothing moved".to_owned(),
        _ => {
            let moved = row.services.iter().filter(|service| service.moved).count();
            let targets: BTreeSet<String> = pairs.iter().map(|(_, after)| short(*after)).collect();
            format!("{} → {}", counted(moved, "service"), targets.into_iter().collect::<Vec<_>>().join(", "))
        }
    };
    if skew { format!("{} {}", cut(&text, room), paint::changed("(skew)")) } else { cut(&text, room) }
}

fn commit_of(image: Option<&ImageRow>) -> Option<&String> {
    image.and_then(|image| image.commit.as_ref())
}
