//! Plans and what the guard says of them: short, aligned, what destroys first and never cut off.

use super::paint;
use crate::terraform::{Block, Counts, Effect, Line, Reason, Refusal, Summary, Verdict};

/// How many resources that drifted are named.
const NAMED: usize = 3;
/// How many lines that destroy nothing are shown; the rest is counted.
const SHOWN: usize = 60;

/// The plan in short: a heading for each module, a line for each resource, the counts.
pub fn summary(summary: &Summary) -> String {
    let mut text = String::new();
    let mut module = None;
    let mut shown = 0;
    let mut left_out = 0;
    for line in &summary.lines {
        if !line.destroys() {
            if shown == SHOWN {
                left_out += 1;
                continue;
            }
            shown += 1;
        }
        let heading = line.address.module();
        if module != Some(heading) {
            text.push_str(&format!(
                "{}\n",
                paint::strong(if heading.is_empty() { "the root itself" } else { heading })
            ));
            module = Some(heading);
        }
        text.push_str(&resource(line));
    }
    if left_out > 0 {
        text.push_str(&format!("  … and {left_out} more, none of which destroys anything\n"));
    }
    for output in &summary.outputs {
        text.push_str(&format!("  {} output.{}\n", mark(&output.effect), output.name));
    }
    text.push_str(&format!("{}\n", counts(&summary.counts)));
    text
}

fn resource(line: &Line) -> String {
    let address = line.address.as_str();
    let relative = address.strip_prefix(line.address.module()).unwrap_or(address).trim_start_matches('.');
    let mut text = format!("  {} {relative}", mark(&line.effect));
    let mut notes = Vec::new();
    if let Some(previous) = &line.previous_address {
        notes.push(format!("moved from {previous}"));
    }
    if line.importing {
        notes.push("imported".to_owned());
    }
    if let Some(deposed) = &line.deposed {
        notes.push(format!("deposed object {deposed}"));
    }
    match &line.effect {
        Effect::Replace | Effect::ReplaceCreateFirst => notes.push("destroyed and made anew".to_owned()),
        Effect::Delete => notes.push("destroyed".to_owned()),
        Effect::Forget | Effect::ReplaceForget => notes.push("dropped from the state".to_owned()),
        Effect::Unknown(action) => notes.push(action.clone()),
        Effect::NoOp | Effect::Read | Effect::Create | Effect::Update => {}
    }
    if !line.replace_paths.is_empty() {
        notes.push(format!("because of {}", line.replace_paths.join(", ")));
    } else if line.reason.as_deref() == Some("replace_because_tainted") {
        notes.push("it was left half made".to_owned());
    }
    if !notes.is_empty() {
        text.push_str(&format!("  {}", paint::faint(&format!("({})", notes.join("; ")))));
    }
    text.push('\n');
    text
}

fn mark(effect: &Effect) -> String {
    match effect {
        Effect::Create => paint::good("+"),
        Effect::Update => paint::changed("~"),
        Effect::Delete => paint::bad("-"),
        Effect::Replace | Effect::ReplaceCreateFirst => paint::bad("±"),
        Effect::Forget | Effect::ReplaceForget => paint::changed("."),
        Effect::NoOp | Effect::Read => paint::faint("="),
        Effect::Unknown(_) => paint::bad("?"),
    }
}

/// How many of each, in one line. What is never left out: create, update, destroy.
pub fn counts(counts: &Counts) -> String {
    let destroy = counts.delete + counts.replace;
    let destroyed = format!("{destroy} to destroy");
    let mut parts = vec![
        format!("{} to create", counts.create + counts.replace),
        format!("{} to change", counts.update),
        if destroy > 0 { paint::bad(&destroyed) } else { destroyed },
    ];
    for (count, what) in [
        (counts.moved, "moved"),
        (counts.import, "to import"),
        (counts.forget, "to forget"),
        (counts.outputs, "outputs change"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    parts.push(format!("{} unchanged", counts.unchanged));
    format!("Plan: {}", parts.join(", "))
}

/// What is worth a second look although the plan passes.
pub fn notes(verdict: &Verdict) -> Vec<String> {
    let mut notes = Vec::new();
    for warning in &verdict.warnings {
        notes.push(format!(
            "{} would be called {}, which does not carry {}: two pipelines could own it",
            warning.address,
            warning.names.join(", "),
            warning.namespace
        ));
    }
    let drifted: Vec<&str> = verdict.drift.iter().map(|drift| drift.address.as_str()).collect();
    match drifted.as_slice() {
        [] => {}
        [one] => notes.push(format!("{one} was changed outside terraform; this plan leaves it as it is")),
        many => {
            let more = if many.len() > NAMED { format!(" and {} more", many.len() - NAMED) } else { String::new() };
            notes.push(format!(
                "{} resources were changed outside terraform; this plan leaves them as they are: {}{more}",
                many.len(),
                many[..many.len().min(NAMED)].join(", ")
            ));
        }
    }
    for allow in &verdict.allowed {
        notes.push(format!("passes only because of --allow {}", allow.as_argument()));
    }
    for allow in &verdict.unused {
        notes.push(format!("--allow {} was not needed", allow.as_argument()));
    }
    notes
}

/// What the guard refuses, each with what would let it pass.
pub fn refusals(verdict: &Verdict) -> String {
    let mut text = String::new();
    for block in &verdict.blocks {
        let why = match block {
            Block::Format { version } => format!("its JSON has the format {version}, which this program does not know"),
            Block::Errored => "planning failed on the way".to_owned(),
            Block::Incomplete => "it is not complete: something would be left to do".to_owned(),
        };
        text.push_str(&format!("\n  {} the whole plan: {why}", paint::bad("✗")));
    }
    for refusal in &verdict.refusals {
        text.push_str(&format!("\n  {} {}: {}", paint::bad("✗"), refusal.address, refused(refusal)));
        if let Some(allow) = &refusal.allow {
            text.push_str(&format!("\n      {}", paint::faint(&format!("--allow {}", allow.as_argument()))));
        }
    }
    text
}

fn refused(refusal: &Refusal) -> String {
    let mut text = paint::strong(&refusal.action);
    if let Some(previous) = &refusal.previous_address {
        text.push_str(&format!(" from {previous}"));
    }
    if let Some(deposed) = &refusal.deposed {
        text.push_str(&format!(" of the deposed object {deposed}"));
    }
    let why = match &refusal.reason {
        Reason::Outside => "it is not part of the pipeline".to_owned(),
        Reason::NotAsked => "this command does not do that".to_owned(),
        Reason::ForeignName { names, namespace } => {
            format!("its name {} does not carry {namespace}: another pipeline may use it", names.join(", "))
        }
        Reason::Deferred => "terraform puts it off to a later plan, which nobody can see now".to_owned(),
        Reason::ProviderAction => "provider actions are not allowed here".to_owned(),
        Reason::Unknown => "this program does not know such a change".to_owned(),
    };
    text.push_str(&format!(", {why}"));
    if refusal.cause.as_deref() == Some("replace_because_tainted") {
        text.push_str(" (terraform found it half made)");
    }
    text
}
