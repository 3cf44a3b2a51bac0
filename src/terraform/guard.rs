//! The plan guard: refuses whatever a command was not asked to do. Default deny.

use std::collections::BTreeSet;

use super::address::Address;
use super::allow::{Action, Allow};
use super::contents::{Change, Effect, Plan};
use super::ownership::carries;
use super::verdict::{Block, NameWarning, Reason, Refusal, Verdict};
use crate::pipeline::Namespace;

/// What may happen inside one pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permits {
    /// `new`.
    Create,
    /// `set --apply`.
    CreateAndUpdate,
    /// `retire`, and `--replace` for the old one.
    Delete,
    /// `plan NS`, and `new` while its own run is unfinished.
    Anything,
}

impl Permits {
    fn permits(self, action: Action) -> bool {
        match self {
            Self::Create => action == Action::Create,
            Self::CreateAndUpdate => matches!(action, Action::Create | Action::Update),
            Self::Delete => action == Action::Delete,
            Self::Anything => true,
        }
    }
}

/// One pipeline that a command may change.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The address of its module, of a resource that it is an instance of, or the root module.
    pub module: Address,
    /// What physical names in it carry; without it names are not looked at.
    pub namespace: Option<Namespace>,
    /// What may happen in it.
    pub permits: Permits,
}

/// What a command allows.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The pipelines that may change. Where two name the same module, either may permit.
    pub scopes: Vec<Scope>,
    /// What the user allows besides.
    pub allows: Vec<Allow>,
    /// Every namespace of the estate: the longest one that stands in a name is the one it belongs to.
    pub namespaces: Vec<Namespace>,
    /// Whether the plan was made with `-destroy -target`: then it may be incomplete.
    pub targeted_destroy: bool,
}

/// Judges a plan.
pub fn judge(plan: &Plan, rules: &Rules) -> Verdict {
    let mut judge = Judge { rules, verdict: Verdict { blocks: blocks(plan, rules), ..Verdict::default() } };
    plan.changes.iter().for_each(|change| judge.change(change));
    // A pipeline that is a whole root has its outputs, too.
    let owns_outputs = rules.scopes.iter().any(|scope| scope.module.is_root());
    for output in plan.outputs.iter().filter(|_| !owns_outputs) {
        let allow = Allow::output(&output.name);
        judge.unless_allowed(allow, |allow| refusal(&allow.address, "update", Reason::Outside, Some(allow.clone())));
    }
    for deferred in &plan.deferred {
        judge.verdict.refusals.push(refusal(&deferred.address, "deferred", Reason::Deferred, None));
    }
    for invocation in &plan.invocations {
        if !judge.scopes(&invocation.address).any(|scope| scope.permits == Permits::Anything) {
            judge.verdict.refusals.push(refusal(&invocation.address, "invoke", Reason::ProviderAction, None));
        }
    }
    judge.drift(plan);
    judge.strangers(plan);
    let mut verdict = judge.verdict;
    verdict.allowed.sort();
    verdict.allowed.dedup();
    verdict.unused = rules.allows.iter().filter(|allow| !verdict.allowed.contains(allow)).cloned().collect();
    verdict
}

fn blocks(plan: &Plan, rules: &Rules) -> Vec<Block> {
    let mut blocks = Vec::new();
    if plan.format_version.split('.').next() != Some("1") {
        blocks.push(Block::Format { version: plan.format_version.clone() });
    }
    if plan.errored {
        blocks.push(Block::Errored);
    }
    if plan.complete == Some(false) && !rules.targeted_destroy {
        blocks.push(Block::Incomplete);
    }
    blocks
}

fn refusal(address: &Address, action: &str, reason: Reason, allow: Option<Allow>) -> Refusal {
    Refusal {
        address: address.clone(),
        action: action.to_owned(),
        previous_address: None,
        deposed: None,
        cause: None,
        reason,
        allow,
    }
}

/// The actions of a change, each of which must be permitted; nothing for one that is not known.
fn actions(change: &Change) -> Option<Vec<Action>> {
    let mut actions = Vec::new();
    if change.is_moved() {
        actions.push(Action::Move);
    }
    if change.importing {
        actions.push(Action::Import);
    }
    match change.effect {
        Effect::NoOp | Effect::Read => {}
        Effect::Create => actions.push(Action::Create),
        Effect::Update => actions.push(Action::Update),
        Effect::Delete => actions.push(Action::Delete),
        Effect::Replace | Effect::ReplaceCreateFirst => actions.push(Action::Replace),
        Effect::Forget => actions.push(Action::Forget),
        Effect::ReplaceForget => actions.extend([Action::Create, Action::Forget]),
        Effect::Unknown(_) => return None,
    }
    Some(actions)
}

struct Judge<'a> {
    rules: &'a Rules,
    verdict: Verdict,
}

impl<'a> Judge<'a> {
    fn scopes(&self, address: &Address) -> impl Iterator<Item = &'a Scope> {
        self.rules.scopes.iter().filter(|scope| address.is_inside(&scope.module))
    }

    fn unless_allowed(&mut self, allow: Allow, refusal: impl FnOnce(&Allow) -> Refusal) {
        if self.rules.allows.contains(&allow) {
            self.verdict.allowed.push(allow);
        } else {
            let refusal = refusal(&allow);
            self.verdict.refusals.push(refusal);
        }
    }

    fn change(&mut self, change: &Change) {
        if change.effect == Effect::Read && change.data && change.is_quiet() {
            self.verdict.reads.push(change.address.clone());
            return;
        }
        let of_change = |refusal: Refusal| Refusal {
            previous_address: change.previous_address.clone().filter(|_| change.is_moved()),
            deposed: change.deposed.clone(),
            cause: change.reason.clone(),
            ..refusal
        };
        let Some(actions) = actions(change) else {
            let Effect::Unknown(action) = &change.effect else { return };
            self.verdict.refusals.push(of_change(refusal(&change.address, action, Reason::Unknown, None)));
            return;
        };
        let inside = self.scopes(&change.address).next().is_some();
        for action in actions {
            let allow = Allow { address: change.address.clone(), action };
            let reason = if self.permitted(change, action) {
                let Some(reason) = self.foreign_name(change, action) else { continue };
                reason
            } else if inside {
                Reason::NotAsked
            } else {
                Reason::Outside
            };
            self.unless_allowed(allow, |allow| {
                of_change(refusal(&allow.address, &action.to_string(), reason, Some(allow.clone())))
            });
        }
        self.warn_of_name(change);
    }

    /// A move must begin and end where it is permitted.
    fn permitted(&self, change: &Change, action: Action) -> bool {
        self.scopes(&change.address).any(|scope| {
            scope.permits.permits(action)
                && (action != Action::Move
                    || change.previous_address.as_ref().is_some_and(|previous| previous.is_inside(&scope.module)))
        })
    }

    /// Addresses are not all: two pipelines can have the same topic without knowing of each other.
    fn foreign_name(&self, change: &Change, action: Action) -> Option<Reason> {
        if !matches!(action, Action::Delete | Action::Replace) || change.names_before.is_empty() {
            return None;
        }
        let namespace = self.namespace_not_in(change, &change.names_before)?;
        Some(Reason::ForeignName { names: change.names_before.clone(), namespace: namespace.to_string() })
    }

    fn warn_of_name(&mut self, change: &Change) {
        if !change.effect.creates() || change.names_after.is_empty() {
            return;
        }
        if let Some(namespace) = self.namespace_not_in(change, &change.names_after) {
            let (address, names) = (change.address.clone(), change.names_after.clone());
            self.verdict.warnings.push(NameWarning { address, names, namespace: namespace.to_string() });
        }
    }

    /// The namespace of the pipeline that the change is in, when none of the `names` carries it.
    fn namespace_not_in(&self, change: &Change, names: &[String]) -> Option<&'a Namespace> {
        let namespaces: Vec<_> = self.scopes(&change.address).filter_map(|scope| scope.namespace.as_ref()).collect();
        let carried = |namespace: &&Namespace| carries(names, namespace, &self.rules.namespaces);
        if namespaces.iter().any(carried) { None } else { namespaces.first().copied() }
    }

    /// Everything in a module is made anew when the state is another one than that in which it stands.
    fn strangers(&mut self, plan: &Plan) {
        let of_pipelines = |address: &Address| {
            self.scopes(address).next().is_none_or(|scope| scope.permits == Permits::CreateAndUpdate)
        };
        let made =
            plan.changes.iter().filter(|change| change.effect == Effect::Create && of_pipelines(&change.address));
        let modules = made.filter_map(|change| match change.address.outermost() {
            // What is in no module is new every day; a whole root of a pipeline's own is not.
            None if !plan.standing.is_empty() => None,
            module => Some(module.unwrap_or_else(Address::root)),
        });
        let unknown: BTreeSet<Address> = modules.filter(|module| !plan.standing.contains(module)).collect();
        self.verdict.strangers = unknown.into_iter().collect();
    }

    fn drift(&mut self, plan: &Plan) {
        for drift in &plan.drift {
            let acted_on = plan.changes.iter().any(|change| change.address == drift.address && !change.is_quiet());
            if !acted_on && self.scopes(&drift.address).next().is_none() {
                self.verdict.drift.push(drift.clone());
            }
        }
    }
}
