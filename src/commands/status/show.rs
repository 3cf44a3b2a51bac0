//! The tables of `status`.

use std::collections::BTreeSet;

use super::report::{PipelineRow, ServiceRow, TargetRow};
use crate::context::Context;
use crate::releases::Outcome;
use crate::ui::paint;
use crate::ui::table::{cut, table, width};

/// The characters of a subject for which the day of the deployment gives way.
const SUBJECT: usize = 16;
/// The characters of a subject that are shown at the least.
const LEAST: usize = 8;

/// A line or two about the pipeline, and a row for each service.
pub fn pipeline(row: &PipelineRow, columns: usize) -> String {
    let mut text = paint::strong(&row.namespace);
    if row.live {
        text.push_str(&format!("  {}", paint::good("live")));
    }
    text.push('\n');
    if let Some(last) = &row.last_release {
        let time = last.started.chars().take(16).collect::<String>().replace('T', " ");
        let line = format!("last release  {} {time} UTC by {}, {}", last.command, last.by, outcome(last.outcome));
        text.push_str(&format!("{line}\n"));
    }
    if let Some(hold) = &row.hold {
        let since = hold.since.strftime("%F %H:%M UTC");
        text.push_str(&paint::changed(&format!("held          by {} since {since}: {}", hold.by, hold.reason)));
        text.push('\n');
    }
    if let Some(release) = &row.unfinished {
        text.push_str(&paint::changed(&format!("unfinished    {release}: pipelinectl show tells more")));
        text.push('\n');
    }
    let (mut headings, mut rows) = cells(&row.services, true);
    if width(&headings, &rows) + SUBJECT > columns {
        (headings, rows) = cells(&row.services, false);
    }
    let room = columns.saturating_sub(width(&headings, &rows)).max(LEAST);
    let subjects: Vec<String> = row.services.iter().flat_map(|service| subjects(service, room)).collect();
    for (cells, subject) in rows.iter_mut().zip(subjects) {
        cells.push(subject);
    }
    headings.push("SUBJECT");
    format!("{text}\n{}", table(&headings, &rows))
}

/// The lines of a service: one, or one for each of its targets where they differ.
fn lines(service: &ServiceRow) -> Vec<Option<&TargetRow>> {
    let told: BTreeSet<(&str, Option<&str>)> = service
        .targets
        .iter()
        .map(|target| (target.short.as_str(), target.applied.as_ref().map(|applied| applied.short.as_str())))
        .collect();
    match told.len() {
        0 => vec![None],
        1 => vec![service.targets.first()],
        _ => service.targets.iter().map(Some).collect(),
    }
}

fn cells(services: &[ServiceRow], with_day: bool) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let mut headings = vec!["SERVICE", "TAG", "RUNNING", "APPLIED", "BEHIND"];
    headings.extend(with_day.then_some("DEPLOYED"));
    let mut rows = Vec::new();
    for service in services {
        for (index, target) in lines(service).into_iter().enumerate() {
            let mut row = if index > 0 {
                vec![String::new(), String::new()]
            } else {
                let tag = match (&service.tagged, &service.error) {
                    (Some(image), _) => image.short(),
                    (None, Some(_)) => paint::bad("unknown"),
                    (None, None) => paint::bad("no tag"),
                };
                vec![service.service.clone(), tag]
            };
            row.push(target.map_or_else(nothing, running));
            row.push(target.map_or_else(nothing, applied));
            row.push(match service.behind {
                Some(behind) if index == 0 => behind.to_string(),
                _ if index == 0 => nothing(),
                _ => String::new(),
            });
            if with_day {
                let day = service.deployed.as_ref().map(|time| time.chars().take(10).collect::<String>());
                row.push(if index == 0 { day.unwrap_or_else(nothing) } else { String::new() });
            }
            rows.push(row);
        }
    }
    (headings, rows)
}

fn nothing() -> String {
    paint::faint("-")
}

fn running(target: &TargetRow) -> String {
    match target.same {
        Some(true) => paint::good(&target.short),
        Some(false) => paint::bad(&target.short),
        None if target.short == "-" => paint::faint("-"),
        None => paint::changed(&target.short),
    }
}

fn applied(target: &TargetRow) -> String {
    match &target.applied {
        None => nothing(),
        Some(applied) if applied.same => paint::good(&applied.short),
        Some(applied) => paint::changed(&applied.short),
    }
}

/// The subject of the tag's commit, and below it the names of targets that differ.
fn subjects(service: &ServiceRow, room: usize) -> Vec<String> {
    let lines = lines(service);
    let several = lines.len() > 1;
    let subject = service.tagged.as_ref().map(|image| match (&image.subject, &image.commit) {
        (Some(subject), _) if image.on_main == Some(false) => {
            format!("{} {}", paint::changed("(unmerged)"), cut(subject, room.saturating_sub(11)))
        }
        (Some(subject), _) => cut(subject, room),
        (None, Some(_)) => paint::faint("(git does not know it)"),
        (None, None) => paint::faint("(no commit tag)"),
    });
    let name = |target: Option<&TargetRow>| target.map(|target| cut(&target.target, room)).unwrap_or_default();
    let first = subject.unwrap_or_default();
    let text = |(index, target)| if index == 0 && !several { first.clone() } else { name(target) };
    lines.into_iter().enumerate().map(text).collect()
}

/// A row for each pipeline.
pub fn summary(pipelines: &[PipelineRow], columns: usize) -> String {
    if pipelines.is_empty() {
        return String::new();
    }
    let (headings, rows) = [true, false]
        .map(|with_release| summary_cells(pipelines, with_release))
        .into_iter()
        .reduce(|wider, narrower| if width(&wider.0, &wider.1) > columns + 2 { narrower } else { wider })
        .unwrap_or_default();
    table(&headings, &rows)
}

fn summary_cells(pipelines: &[PipelineRow], with_release: bool) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let mut headings = vec!["  PIPELINE", "COMMIT", "TAGGED", "RUNNING", "APPLIED", "BEHIND"];
    headings.extend(with_release.then_some("LAST RELEASE"));
    headings.push("STATE");
    let row = |row: &PipelineRow| {
        let name =
            if row.live { paint::strong(&format!("* {}", row.namespace)) } else { format!("  {}", row.namespace) };
        let mut commits: Vec<String> =
            row.services.iter().filter_map(|service| Some(service.tagged.as_ref()?.short())).collect();
        commits.sort_unstable();
        commits.dedup();
        let commit = match commits.as_slice() {
            [] => nothing(),
            [one] => one.clone(),
            several => format!("{} commits", several.len()),
        };
        let targets = || row.services.iter().flat_map(|service| &service.targets);
        let wanted = || targets().filter(|target| target.short != "-");
        let applied = || targets().filter_map(|target| target.applied.as_ref());
        let mut cells = vec![
            name,
            commit,
            part(row.services.iter().filter(|service| service.tagged.is_some()).count(), row.services.len()),
            part(wanted().filter(|target| target.same == Some(true)).count(), wanted().count()),
            part(applied().filter(|applied| applied.same).count(), applied().count()),
            row.services
                .iter()
                .filter_map(|service| service.behind)
                .max()
                .map_or_else(nothing, |most| most.to_string()),
        ];
        if with_release {
            cells.push(row.last_release.as_ref().map_or_else(nothing, |last| {
                let day: String = last.started.chars().take(10).collect();
                format!("{day} {}, {}", last.command, outcome(last.outcome))
            }));
        }
        let state = [
            row.live.then(|| paint::good("live")),
            row.hold.as_ref().map(|_| paint::changed("held")),
            row.unfinished.as_ref().map(|_| paint::changed("unfinished")),
            row.skew.then(|| paint::bad("skew")),
        ];
        cells.push(state.into_iter().flatten().collect::<Vec<_>>().join(", "));
        cells
    };
    (headings, pipelines.iter().map(row).collect())
}

/// How many of how many, `all` where it is all of them.
fn part(count: usize, of: usize) -> String {
    match count {
        _ if of == 0 => nothing(),
        all if all == of => paint::good(&format!("all {of}")),
        some => paint::bad(&format!("{some} of {of}")),
    }
}

fn outcome(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Verified) => "verified",
        Some(Outcome::Done) => "done",
        Some(Outcome::Failed) => "failed",
        Some(Outcome::Superseded) => "superseded",
        Some(Outcome::Abandoned) => "abandoned",
        None => "unfinished",
    }
}

/// What the table cannot tell in a word.
pub fn warnings(context: &Context, row: &PipelineRow, every_commit: bool, short: bool) {
    let ui = &context.ui;
    let name = &row.namespace;
    for service in row.services.iter().filter(|service| service.expiring) {
        ui.warn(&format!(
            "{name}: a lifecycle policy is about to expire the image that {} runs, in {}",
            service.service, service.repository
        ));
    }
    if row.commits > 1 && every_commit {
        ui.warn(&format!("{name}: its services are on {} commits", row.commits));
    }
    if short {
        return;
    }
    let told = ["same", "idle", "-", "absent"];
    for target in row.services.iter().flat_map(|service| &service.targets) {
        let in_table = told.contains(&target.short.as_str()) || target.error;
        if target.same != Some(true) && !in_table && !target.verdict.starts_with("runs another image") {
            ui.warn(&format!("{}: {}", target.target, target.verdict));
        }
    }
}
