//! Plans and what the guard says of them: short, aligned, what destroys first and never cut off.

use super::{counted, paint};
use crate::terraform::{Address, Counts, Differences, Effect, Line, Summary, Verdict};

/// How many resources that drifted are named.
const NAMED: usize = 3;
/// How many lines that destroy nothing are shown; the rest is counted.
const SHOWN: usize = 60;
/// How many lines say what changes in resources; of the rest, it is only counted.
const DETAILS: usize = 120;

/// The plan in short: a heading for each module, a line for each resource, below it what changes in it, the counts.
/// `all`: leave nothing out.
pub fn summary(summary: &Summary, all: bool) -> String {
    let mut text = String::new();
    let mut room = if all { usize::MAX } else { DETAILS };
    let mut module = None;
    let mut shown = 0;
    let mut left_out = 0;
    for line in &summary.lines {
        if !line.destroys() {
            if shown == SHOWN && !all {
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
        let details = differences(&line.differences);
        if details.len() <= room {
            room -= details.len();
            text.push_str(&resource(line, None));
            text.extend(details);
        } else {
            text.push_str(&resource(line, Some(line.differences.count())));
        }
    }
    if left_out > 0 {
        text.push_str(&format!("  … and {left_out} more, none of which destroys anything (--verbose shows all)\n"));
    }
    if module.is_some_and(|module| !module.is_empty()) && !summary.outputs.is_empty() {
        text.push_str(&format!("{}\n", paint::strong("the root itself")));
    }
    for output in &summary.outputs {
        text.push_str(&format!("  {} output.{}\n", mark(&output.effect), output.name));
    }
    text.push_str(&format!("{}\n", counts(&summary.counts)));
    text
}

/// A line for each attribute that changes.
fn differences(differences: &Differences) -> Vec<String> {
    let mut lines: Vec<String> =
        differences.shown.iter().map(|it| format!("      {}: {}\n", it.path, it.change)).collect();
    if !differences.unknown.is_empty() {
        let names = differences.unknown.join(", ");
        lines.push(format!("      {}\n", paint::faint(&format!("{names}: known after apply"))));
    }
    if differences.left_out > 0 {
        let more = counted(differences.left_out, "more attribute");
        lines.push(format!("      {}\n", paint::faint(&format!("… and {more}"))));
    }
    lines
}

/// The resource, and how many attributes of it change where that is not shown.
fn resource(line: &Line, attributes: Option<usize>) -> String {
    let address = line.address.as_str();
    let relative = address.strip_prefix(line.address.module()).unwrap_or(address).trim_start_matches('.');
    let mut text = format!("  {} {relative}", mark(&line.effect));
    let mut notes = Vec::new();
    if let Some(previous) = &line.previous_address {
        notes.push(format!("moved from {previous}"));
    }
    if line.importing {
        notes.push("to import".to_owned());
    }
    if let Some(deposed) = &line.deposed {
        notes.push(format!("deposed object {deposed}"));
    }
    match &line.effect {
        Effect::Replace | Effect::ReplaceCreateFirst => notes.push("to destroy and make anew".to_owned()),
        Effect::Delete => notes.push("to destroy".to_owned()),
        Effect::Forget | Effect::ReplaceForget => notes.push("to drop from the state".to_owned()),
        Effect::Unknown(action) => notes.push(action.clone()),
        Effect::NoOp | Effect::Read | Effect::Create | Effect::Update => {}
    }
    if !line.replace_paths.is_empty() {
        notes.push(format!("because of {}", line.replace_paths.join(", ")));
    } else if line.reason.as_deref() == Some("replace_because_tainted") {
        notes.push("it was left half made".to_owned());
    }
    notes.extend(attributes.map(|count| format!("{} changed", counted(count, "attribute"))));
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
        (counts.outputs, if counts.outputs == 1 { "output changes" } else { "outputs change" }),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    parts.push(format!("{} unchanged", counts.unchanged));
    format!("Plan: {}", parts.join(", "))
}

/// That the state has nothing of modules that are there.
pub fn strangers(modules: &[Address]) -> String {
    let names: Vec<&str> = modules.iter().take(NAMED).map(Address::as_str).collect();
    let of = match (modules, modules.len().saturating_sub(NAMED)) {
        ([root], _) if root.is_root() => {
            return "terraform's state is empty: everything would be made. Was it ever applied? \
             If it was, this is another state: see the backend, its init_args and the workspace"
                .to_owned();
        }
        (_, 0) => names.join(", "),
        (_, more) => format!("{} and {more} more", names.join(", ")),
    };
    format!(
        "terraform's state knows nothing of {of}. Was that ever applied? If it was, this is another state: see the \
         backend, its init_args and the workspace"
    )
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
    if verdict.passes() && !verdict.strangers.is_empty() {
        notes.push(strangers(&verdict.strangers));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terraform::Difference;

    fn line(name: &str, effect: Effect) -> Line {
        let difference =
            |number: usize| Difference { path: format!("tags.t{number}"), change: "1 → 2".to_owned(), forces: false };
        let differences =
            Differences { shown: (0..6).map(difference).collect(), unknown: vec!["arn".to_owned()], left_out: 4 };
        Line {
            address: format!("module.x.aws_sqs_queue.{name}").parse().expect("an address"),
            module: None,
            relative: String::new(),
            effect,
            previous_address: None,
            importing: false,
            deposed: None,
            reason: None,
            replace_paths: Vec::new(),
            differences,
        }
    }

    #[test]
    fn a_big_plan_stays_readable_and_tells_all_that_is_destroyed() {
        let mut lines: Vec<Line> = (0..100).map(|number| line(&format!("gone{number}"), Effect::Replace)).collect();
        lines.extend((0..500).map(|number| line(&format!("changed{number}"), Effect::Update)));
        let shown = Summary { lines, ..Summary::default() };
        let text = anstream::adapter::strip_str(&summary(&shown, false)).to_string();
        assert!((0..100).all(|number| text.contains(&format!("± aws_sqs_queue.gone{number}  ("))), "{text}");
        assert!(text.lines().count() < 300, "{}", text.lines().count());
        assert!(text.contains("(to destroy and make anew; 11 attributes changed)"), "{text}");
        assert!(text.contains("… and 440 more, none of which destroys anything (--verbose shows all)"), "{text}");
        let all = anstream::adapter::strip_str(&summary(&shown, true)).to_string();
        assert!(all.contains("changed499") && !all.contains("more, none of which"));
    }

    #[test]
    fn each_attribute_has_a_line() {
        let shown = Summary { lines: vec![line("q", Effect::Update)], ..Summary::default() };
        insta::assert_snapshot!(anstream::adapter::strip_str(&summary(&shown, false)).to_string(), @r"
        module.x
          ~ aws_sqs_queue.q
              tags.t0: 1 → 2
              tags.t1: 1 → 2
              tags.t2: 1 → 2
              tags.t3: 1 → 2
              tags.t4: 1 → 2
              tags.t5: 1 → 2
              arn: known after apply
              … and 4 more attributes
        Plan: 0 to create, 0 to change, 0 to destroy, 0 unchanged
        ");
    }
}
