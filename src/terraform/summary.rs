//! A plan in short, as plain data.

use serde::Serialize;

use super::address::Address;
use super::contents::{Change, Effect, OutputChange, Plan};
use super::differences::Differences;

/// How many of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Resources made.
    pub create: usize,
    /// Resources changed in place.
    pub update: usize,
    /// Resources destroyed.
    pub delete: usize,
    /// Resources destroyed and made anew.
    pub replace: usize,
    /// Resources that get another address.
    pub moved: usize,
    /// Resources taken into the state.
    pub import: usize,
    /// Resources dropped from the state.
    pub forget: usize,
    /// Data sources read while applying.
    pub read: usize,
    /// Root outputs that change.
    pub outputs: usize,
    /// Resources that stay as they are.
    pub unchanged: usize,
}

/// One resource of a summary.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Its whole address.
    pub address: Address,
    /// The pipeline's module it lies in; none of them: empty.
    pub module: Option<Address>,
    /// The address from that module on.
    pub relative: String,
    /// What is done.
    pub effect: Effect,
    /// Where it was before, when it is moved.
    pub previous_address: Option<Address>,
    /// Whether it comes from outside into the state.
    pub importing: bool,
    /// The deposed object it is about.
    pub deposed: Option<String>,
    /// Why, in terraform's word.
    pub reason: Option<String>,
    /// The attributes that force a replacement.
    pub replace_paths: Vec<String>,
    /// What changes in it.
    pub differences: Differences,
}

impl Line {
    /// Whether something is destroyed: such a line is never left out.
    pub fn destroys(&self) -> bool {
        self.effect.destroys()
    }
}

/// A plan in short.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// How many of each.
    pub counts: Counts,
    /// What destroys first, then by module and address. Reads are not among them.
    pub lines: Vec<Line>,
    /// Root outputs that change.
    pub outputs: Vec<OutputChange>,
}

impl Summary {
    /// Sums up a plan; addresses are told relative to the first of the `modules` they are in.
    pub fn of(plan: &Plan, modules: &[Address]) -> Self {
        let mut lines: Vec<_> =
            plan.changes.iter().filter(|change| !change.is_quiet()).map(|change| line(change, modules)).collect();
        lines.sort_by(|a, b| (!a.destroys(), &a.module, &a.address).cmp(&(!b.destroys(), &b.module, &b.address)));
        let mut counts = Counts { outputs: plan.outputs.len(), unchanged: plan.unchanged, ..Counts::default() };
        for change in &plan.changes {
            counts.moved += usize::from(change.is_moved());
            counts.import += usize::from(change.importing);
            match change.effect {
                Effect::NoOp | Effect::Unknown(_) => {}
                Effect::Read => counts.read += 1,
                Effect::Create => counts.create += 1,
                Effect::Update => counts.update += 1,
                Effect::Delete => counts.delete += 1,
                Effect::Replace | Effect::ReplaceCreateFirst => counts.replace += 1,
                Effect::Forget => counts.forget += 1,
                Effect::ReplaceForget => {
                    counts.create += 1;
                    counts.forget += 1;
                }
            }
        }
        Self { counts, lines, outputs: plan.outputs.clone() }
    }
}

fn line(change: &Change, modules: &[Address]) -> Line {
    let module = modules.iter().find(|module| change.address.is_inside(module));
    Line {
        relative: module.map_or_else(|| change.address.to_string(), |it| change.address.relative_to(it).to_owned()),
        module: module.cloned(),
        address: change.address.clone(),
        effect: change.effect.clone(),
        previous_address: change.previous_address.clone().filter(|_| change.is_moved()),
        importing: change.importing,
        deposed: change.deposed.clone(),
        reason: change.reason.clone(),
        replace_paths: change.replace_paths.clone(),
        differences: change.differences.clone(),
    }
}
