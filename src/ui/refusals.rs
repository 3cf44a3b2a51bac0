//! What the guard refuses, in groups: a plan that goes wrong as a whole still fits on the screen.

use super::{counted, paint};
use crate::terraform::{Block, Reason, Refusal, Verdict};

/// How many `--allow` of a group are shown; the rest is counted. What would be destroyed is never left out.
const SHOWN: usize = 3;
/// With more groups than that, one of each is shown.
const GROUPS: usize = 3;

/// What the guard refuses, each with what would let it pass. `all`: leave nothing out.
pub fn refusals(verdict: &Verdict, all: bool) -> String {
    let mut text = String::new();
    for block in &verdict.blocks {
        let why = match block {
            Block::Format { version } => format!("its JSON has the format {version}, which this program does not know"),
            Block::Errored => "planning failed on the way".to_owned(),
            Block::Incomplete => "it is not complete: something would be left to do".to_owned(),
        };
        text.push_str(&format!("\n  {} the whole plan: {why}", paint::bad("✗")));
    }
    let groups = groups(&verdict.refusals);
    let most = if groups.len() > GROUPS { 1 } else { SHOWN };
    for group in groups {
        text.push_str(&match group.as_slice() {
            [] => String::new(),
            [one] => format!("\n  {} {}: {}", paint::bad("✗"), one.address, refused(one)),
            [first, ..] => format!("\n  {} {}", paint::bad("✗"), several(first, group.len())),
        });
        let destroys = group.iter().any(|refusal| matches!(refusal.action.as_str(), "delete" | "replace"));
        let shown = if all || destroys || group.len() == most + 1 { group.len() } else { most };
        for allow in group.iter().take(shown).filter_map(|refusal| refusal.allow.as_ref()) {
            text.push_str(&format!("\n      {}", paint::faint(&format!("--allow {}", allow.as_argument()))));
        }
        if group.len() > shown {
            let more = format!("… and {} more (--verbose shows all)", group.len() - shown);
            text.push_str(&format!("\n      {}", paint::faint(&more)));
        }
    }
    text
}

/// What is refused for the same reason in the same module, in the order of the first of each.
fn groups(refusals: &[Refusal]) -> Vec<Vec<&Refusal>> {
    let mut groups: Vec<Vec<&Refusal>> = Vec::new();
    for refusal in refusals {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| belong_together(first, refusal))) {
            Some(group) => group.push(refusal),
            None => groups.push(vec![refusal]),
        }
    }
    groups
}

fn belong_together(one: &Refusal, other: &Refusal) -> bool {
    let has_more_to_say = |refusal: &Refusal| refusal.previous_address.is_some() || refusal.deposed.is_some();
    one.action == other.action
        && one.reason == other.reason
        && one.cause == other.cause
        && one.allow.is_some() == other.allow.is_some()
        && one.address.module() == other.address.module()
        && is_output(one) == is_output(other)
        && !has_more_to_say(one)
        && !has_more_to_say(other)
}

fn is_output(refusal: &Refusal) -> bool {
    refusal.address.as_str().starts_with("output.")
}

fn several(first: &Refusal, count: usize) -> String {
    let module = first.address.module();
    let place = if module.is_empty() { "the root itself" } else { module };
    let things = counted(count, if is_output(first) { "output" } else { "resource" });
    let why = match &first.reason {
        Reason::Outside => "none of them is part of the pipeline".to_owned(),
        _ => why(first),
    };
    format!("{place}: {} of {things}, {why}{}", paint::strong(&first.action), cause(first))
}

fn refused(refusal: &Refusal) -> String {
    let mut text = paint::strong(&refusal.action);
    if let Some(previous) = &refusal.previous_address {
        text.push_str(&format!(" from {previous}"));
    }
    if let Some(deposed) = &refusal.deposed {
        text.push_str(&format!(" of the deposed object {deposed}"));
    }
    format!("{text}, {}{}", why(refusal), cause(refusal))
}

fn cause(refusal: &Refusal) -> &'static str {
    if refusal.cause.as_deref() == Some("replace_because_tainted") { " (terraform found it half made)" } else { "" }
}

fn why(refusal: &Refusal) -> String {
    match &refusal.reason {
        Reason::Outside => "it is not part of the pipeline".to_owned(),
        Reason::NotAsked => "this command does not do that".to_owned(),
        Reason::ForeignName { names, namespace } => {
            format!("its name {} does not carry {namespace}: another pipeline may use it", names.join(", "))
        }
        Reason::Deferred => "terraform puts it off to a later plan, which nobody can see now".to_owned(),
        Reason::ProviderAction => "provider actions are not allowed here".to_owned(),
        Reason::Unknown => "this program does not know such a change".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terraform::Allow;

    fn refusal(allow: &str) -> Refusal {
        let allow: Allow = allow.parse().expect(allow);
        Refusal {
            address: allow.address.clone(),
            action: allow.action.to_string(),
            previous_address: None,
            deposed: None,
            cause: None,
            reason: Reason::Outside,
            allow: Some(allow),
        }
    }

    fn shown(verdict: &Verdict, all: bool) -> String {
        anstream::adapter::strip_str(&refusals(verdict, all)).to_string()
    }

    #[test]
    fn a_module_that_is_made_anew_takes_a_few_lines() {
        let mut refusals: Vec<Refusal> =
            (0..12).map(|number| refusal(&format!("module.x_2022-08-31.aws_sqs_queue.q[{number}]=create"))).collect();
        refusals.insert(1, refusal("module.x_2022-08-31.aws_sns_topic.t=delete"));
        refusals.extend([refusal("output.a=update"), refusal("output.b=update")]);
        let verdict = Verdict { refusals, ..Verdict::default() };
        insta::assert_snapshot!(shown(&verdict, false), @r"

          ✗ module.x_2022-08-31: create of 12 resources, none of them is part of the pipeline
              --allow 'module.x_2022-08-31.aws_sqs_queue.q[0]=create'
              --allow 'module.x_2022-08-31.aws_sqs_queue.q[1]=create'
              --allow 'module.x_2022-08-31.aws_sqs_queue.q[2]=create'
              … and 9 more (--verbose shows all)
          ✗ module.x_2022-08-31.aws_sns_topic.t: delete, it is not part of the pipeline
              --allow module.x_2022-08-31.aws_sns_topic.t=delete
          ✗ the root itself: update of 2 outputs, none of them is part of the pipeline
              --allow output.a=update
              --allow output.b=update
        ");
        assert!(verdict.refusals.iter().all(|it| shown(&verdict, true).contains(it.address.as_str())));
    }
}
