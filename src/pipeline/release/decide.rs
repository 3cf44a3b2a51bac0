//! Which tags are made, which are moved, and what forbids it.

use std::collections::BTreeSet;

use super::policy::{Policy, PolicyKind, Provenance};
use super::problem::Guard;
use super::{
    Flag, Image, Overtaken, Problem, Refusal, ReleaseImage, Source, Superseded, TagAction, TagMove, TagPlan, TagState,
};
use crate::pipeline::Namespace;
use crate::pipeline::history::{BuiltFrom, Histories, History, Relation};

/// What a command wants of a pipeline's tags.
#[derive(Debug, Clone, Copy)]
pub struct Goal<'a> {
    /// The pipeline.
    pub namespace: &'a Namespace,
    /// Its tag.
    pub tag: &'a str,
    /// The rules.
    pub policy: Policy,
    /// The commit that was asked for, in full.
    pub asked: Option<&'a str>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// These tags are made or moved.
    Plan(TagPlan),
    /// Nothing: a newer release came first.
    Superseded(Superseded),
}

/// Decides what becomes of the tag in every repository. If it cannot or may not be given in one of them, nothing is done in
/// any; with `--if-newer` that is no error where the only reason is that a newer commit is there already.
pub fn moves(goal: &Goal<'_>, states: &[TagState], histories: &Histories) -> Result<Decision, Refusal> {
    let mut moves = Vec::new();
    let mut problems = Vec::new();
    let mut limits = BTreeSet::new();
    for state in states {
        let history = histories.of(&state.repository);
        match decide(goal, state, history) {
            Ok(tag_move) => moves.push(tag_move),
            Err(found) => {
                if found.iter().any(|problem| matches!(problem, Problem::Guarded { .. })) {
                    limits.extend(history.limits.iter().cloned());
                }
                problems.extend(found);
            }
        }
    }
    let tag = goal.tag.to_owned();
    if problems.is_empty() {
        return Ok(Decision::Plan(TagPlan { tag, moves }));
    }
    if goal.policy.if_newer
        && let Some(overtaken) = problems.iter().map(overtaken).collect()
    {
        return Ok(Decision::Superseded(Superseded { tag, overtaken }));
    }
    let namespace = goal.namespace.to_string();
    Err(Refusal { namespace, tag, repositories: states.len(), problems, limits: limits.into_iter().collect() })
}

fn overtaken(problem: &Problem) -> Option<Overtaken> {
    match problem {
        Problem::Guarded { repository, guard: Guard::Older { before, after, commits } } => Some(Overtaken {
            repository: repository.clone(),
            before: before.clone(),
            after: after.clone(),
            commits: *commits,
        }),
        _ => None,
    }
}

fn decide(goal: &Goal<'_>, state: &TagState, history: &History) -> Result<TagMove, Vec<Problem>> {
    let repository = state.repository.clone();
    let (action, after) = action(goal.policy.kind, state).map_err(|problem| vec![*problem])?;
    let Image { digest, kind, .. } = &after.image;
    if state.feeds_lambda && kind.is_index() {
        let (services, digest) = (state.services.clone(), digest.clone());
        return Err(vec![Problem::IndexForLambda { repository, services, digest, kind: *kind }]);
    }
    let built_from = |image: &ReleaseImage| history.built_from(&image.commits);
    let after_commit = built_from(after);
    let asked = goal.asked.and_then(|asked| Some((after_commit.commit()?, asked)));
    let before_asked = match asked.map(|(after, asked)| history.graph.relation(&after.id, asked)) {
        Some(Relation::Ahead(commits)) => Some(commits),
        _ => None,
    };
    let mut tag_move = TagMove {
        repository,
        services: state.services.clone(),
        before: state.current.as_ref().map(|current| current.image.clone()),
        before_commit: state.current.as_ref().map(built_from),
        after: after.clone(),
        after_commit,
        action,
        relation: None,
        provenance: None,
        before_asked,
        allowed: BTreeSet::new(),
    };
    let guards = judge(goal.policy, &mut tag_move, history);
    if guards.is_empty() {
        return Ok(tag_move);
    }
    let guarded = |guard| Problem::Guarded { repository: tag_move.repository.clone(), guard };
    Err(guards.into_iter().map(guarded).collect())
}

/// What would be done with the tag, and the image that it names afterwards.
fn action(kind: PolicyKind, state: &TagState) -> Result<(TagAction, &ReleaseImage), Box<Problem>> {
    let repository = state.repository.clone();
    let problem = match (&state.current, &state.source) {
        (Some(current), source) if kind == PolicyKind::Create => {
            let other = match source {
                Source::Found(found) if found.image.digest != current.image.digest => Some(found.image.digest.clone()),
                _ => None,
            };
            return Ok((TagAction::Keep { source: other }, current));
        }
        (None, Source::Found(found)) => return Ok((TagAction::Create, found)),
        (Some(current), Source::Found(found)) if current.image.digest == found.image.digest => {
            return Ok((TagAction::Keep { source: None }, found));
        }
        (Some(_), Source::Found(found)) => return Ok((TagAction::Move, found)),
        (_, Source::Missing { asked, nearest }) => {
            Problem::ImageMissing { repository, asked: asked.clone(), nearest: nearest.clone() }
        }
        (_, Source::NoneUpTo { commit }) => Problem::NoneUpTo { repository, commit: commit.clone() },
        (_, Source::Ambiguous { asked, candidates }) => {
            Problem::CommitAmbiguous { repository, asked: asked.clone(), candidates: candidates.clone() }
        }
        (_, Source::NoRepository { nearest }) => Problem::RepositoryMissing { repository, nearest: nearest.clone() },
    };
    Err(Box::new(problem))
}

/// Judges where an image comes from, and whether it is newer than the one before. What stays is not judged.
fn judge(policy: Policy, tag_move: &mut TagMove, history: &History) -> Vec<Guard> {
    if !tag_move.is_change() {
        return Vec::new();
    }
    let mut guards = Vec::new();
    let provenance = provenance(&tag_move.after_commit, history);
    tag_move.provenance = Some(provenance);
    let guard = unmerged(provenance, tag_move, history);
    guards.extend(guard.and_then(|guard| unless_allowed(policy, tag_move, guard, provenance.flag())));
    if let Some(before) = tag_move.before_commit.clone() {
        let relation = history.relation(&before, &tag_move.after_commit);
        tag_move.relation = Some(relation);
        // One reason is enough: what was built from who knows what is not in order either.
        if policy.kind == PolicyKind::Move && guards.is_empty() {
            let order = out_of_order(relation, before, tag_move.after_commit.clone(), history);
            guards.extend(order.and_then(|(guard, flag)| unless_allowed(policy, tag_move, guard, flag)));
        }
    }
    guards
}

fn unless_allowed(policy: Policy, tag_move: &mut TagMove, guard: Guard, flag: Option<Flag>) -> Option<Guard> {
    match flag.filter(|flag| policy.has(*flag)) {
        Some(flag) => {
            tag_move.allowed.insert(flag);
            None
        }
        None => Some(guard),
    }
}

fn provenance(built_from: &BuiltFrom, history: &History) -> Provenance {
    match built_from {
        BuiltFrom::Commit(commit) if history.is_on_main(&commit.id) => Provenance::OnMain,
        BuiltFrom::Commit(_) if history.main.is_none() => Provenance::MainUnknown,
        BuiltFrom::Commit(_) => Provenance::Unmerged,
        BuiltFrom::Unknown(_) => Provenance::CommitUnknown,
        BuiltFrom::Untagged => Provenance::NoCommitTag,
    }
}

/// What speaks against an image of this provenance.
fn unmerged(provenance: Provenance, tag_move: &TagMove, history: &History) -> Option<Guard> {
    let main_branch = history.main_branch.clone();
    match (&tag_move.after_commit, provenance) {
        (_, Provenance::OnMain) => None,
        (BuiltFrom::Commit(commit), Provenance::MainUnknown) => {
            Some(Guard::MainUnknown { commit: commit.clone(), main_branch })
        }
        (BuiltFrom::Commit(commit), _) => Some(Guard::Unmerged { commit: commit.clone(), main_branch }),
        (BuiltFrom::Unknown(commit), _) => Some(Guard::CommitUnknown { commit: commit.clone() }),
        (BuiltFrom::Untagged, _) => {
            let (digest, tags) = (tag_move.after.image.digest.clone(), tag_move.after.tags.clone());
            Some(Guard::NoCommitTag { digest, tags })
        }
    }
}

/// What speaks against this order, and the flag that lets it pass.
fn out_of_order(
    relation: Relation,
    before: BuiltFrom,
    after: BuiltFrom,
    history: &History,
) -> Option<(Guard, Option<Flag>)> {
    match relation {
        Relation::Same | Relation::Ahead(_) => None,
        Relation::Behind(commits) => Some((Guard::Older { before, after, commits }, None)),
        Relation::Diverged { ahead, behind } => {
            // A commit that is not merged has to be beside the main branch.
            let merged = [&before, &after].into_iter().all(|side| provenance(side, history) == Provenance::OnMain);
            let flag = (!merged).then_some(Flag::AllowUnmerged);
            Some((Guard::Diverged { before, after, ahead, behind, flag }, flag))
        }
        Relation::Unknown => {
            // Of two commits that git knows, it can be asked for more.
            let known = before.commit().is_some() && after.commit().is_some();
            let flag = (!known).then_some(Flag::AllowUnknownCommit);
            Some((Guard::OrderUnknown { before, after, flag }, flag))
        }
    }
}
