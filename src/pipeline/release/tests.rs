//! What becomes of tags: with plain values, without git or AWS.

use super::*;
use crate::pipeline::Namespace;
use crate::pipeline::history::{BuiltFrom, Commit, Graph, Histories, History, Relation};
use crate::pipeline::service::Registry;

/// `m3` is the newest of main; `side` was merged with it, `branch` was not. `far` has nothing in common with them.
const GRAPH: &str = "far\nbranch m1\nm3 m2 side\nside m1\nm2 m1\nm1 m0\nm0\n";

fn history(main: Option<&str>) -> History {
    let commit = |id: &str| {
        let commit = Commit { id: id.to_owned(), subject: format!("The change {id}"), date: "2022-09-01".to_owned() };
        (id.to_owned(), commit)
    };
    History {
        main_branch: "origin/main".to_owned(),
        main: main.map(str::to_owned),
        known: ["m0", "m1", "m2", "m3", "side", "branch", "far"].map(commit).into(),
        graph: Graph::new(GRAPH, None, false),
        limits: Vec::new(),
    }
}

fn image(content: &str, kind: ManifestKind) -> ReleaseImage {
    let image = Image { digest: Digest::of_manifest(content), kind, manifest: content.into() };
    ReleaseImage { image, tags: vec!["latest".to_owned()], commits: vec![], pushed_at: None, size: None }
}

/// An image built from these commits.
fn built(commits: &[&str]) -> ReleaseImage {
    let image = image(&format!("{commits:?}"), ManifestKind::OciImage);
    ReleaseImage { commits: commits.iter().map(|commit| (*commit).to_owned()).collect(), ..image }
}

fn state(name: &str, current: Option<ReleaseImage>, source: Source) -> TagState {
    TagState {
        repository: Repository { registry: Registry::default(), name: name.to_owned() },
        services: vec![name.to_owned()],
        feeds_lambda: true,
        current,
        source,
    }
}

/// The tag names an image of `before` and is to name one of `after`.
fn from_to(name: &str, before: &[&str], after: &[&str]) -> TagState {
    state(name, Some(built(before)), Source::Found(built(after)))
}

fn missing() -> Source {
    Source::Missing { asked: "latest".into(), nearest: vec!["latest-2".into()] }
}

fn decided(policy: Policy, states: &[TagState], history: History) -> Result<Decision, Refusal> {
    let namespace: Namespace = "2022-08-31".parse().expect("a namespace");
    let goal = Goal { namespace: &namespace, tag: "2022-08-31", policy, asked: Some("m3") };
    let mut histories = Histories::default();
    histories.insert(states.iter().map(|state| state.repository.clone()), history);
    moves(&goal, states, &histories)
}

fn plan(policy: Policy, states: &[TagState]) -> TagPlan {
    match decided(policy, states, history(Some("m3"))) {
        Ok(Decision::Plan(plan)) => plan,
        other => panic!("{other:?}"),
    }
}

fn refusal(policy: Policy, states: &[TagState]) -> Refusal {
    decided(policy, states, history(Some("m3"))).expect_err("a refusal")
}

fn guard(policy: Policy, state: TagState) -> Guard {
    match refusal(policy, &[state]).problems.as_slice() {
        [Problem::Guarded { guard, .. }] => guard.clone(),
        other => panic!("{other:?}"),
    }
}

fn create() -> Policy {
    Policy::new(PolicyKind::Create)
}

fn moving() -> Policy {
    Policy::new(PolicyKind::Move)
}

#[test]
fn creates_the_missing_and_keeps_the_existing() {
    let states = [
        state("a", None, Source::Found(built(&["m3"]))),
        from_to("b", &["m1"], &["m3"]),
        state("c", Some(built(&["m1"])), missing()),
    ];
    let plan = plan(create(), &states);
    let actions: Vec<_> = plan.moves.iter().map(|item| &item.action).collect();
    let other = Some(built(&["m3"]).image.digest);
    assert_eq!(actions, [&TagAction::Create, &TagAction::Keep { source: other }, &TagAction::Keep { source: None }]);
    assert_eq!(plan.changes().count(), 1);
    let digests: Vec<_> = plan.digests().into_values().collect();
    assert_eq!(digests, [&["m3"], &["m1"], &["m1"]].map(|commits| built(commits).image.digest));
}

#[test]
fn the_second_time_there_is_nothing_to_do() {
    let states = [from_to("a", &["m3"], &["m3"]), from_to("b", &["branch"], &["branch"])];
    assert!(plan(create(), &states).is_nothing());
    assert!(plan(moving(), &states).is_nothing(), "what stays is not judged");
}

#[test]
fn a_tag_moves_to_what_is_newer_or_the_same() {
    let rebuilt = ReleaseImage { commits: vec!["m1".into()], ..image("a rebuild", ManifestKind::OciImage) };
    let states = [
        from_to("a", &["m1"], &["m3"]),
        state("b", Some(built(&["m1"])), Source::Found(rebuilt)),
        state("c", None, Source::Found(built(&["m3"]))),
    ];
    let plan = plan(moving(), &states);
    let what: Vec<_> = plan.moves.iter().map(|item| (&item.action, item.relation, item.provenance)).collect();
    let merged = Some(Provenance::OnMain);
    assert_eq!(
        what,
        [
            // m2, side and m3 itself.
            (&TagAction::Move, Some(Relation::Ahead(3)), merged),
            (&TagAction::Move, Some(Relation::Same), merged),
            (&TagAction::Create, None, merged),
        ]
    );
    assert_eq!(plan.moves[1].before_asked, Some(3));
}

#[test]
fn a_tag_does_not_go_back_whatever_flags_are_given() {
    let every = Policy { allow_unmerged: true, allow_unknown_commit: true, ..moving() };
    for policy in [moving(), every] {
        let guard = guard(policy, from_to("a", &["m3"], &["m1"]));
        assert!(matches!(guard, Guard::Older { commits: 3, .. }), "{guard:?}");
    }
    let plan = plan(Policy::new(PolicyKind::Restore), &[from_to("a", &["m3"], &["m1"])]);
    assert_eq!((&plan.moves[0].action, plan.moves[0].relation), (&TagAction::Move, Some(Relation::Behind(3))));
}

#[test]
fn one_overtaken_repository_supersedes_the_whole_release() {
    let states = [from_to("a", &["m1"], &["m2"]), from_to("b", &["m3"], &["m2"])];
    let policy = Policy { if_newer: true, ..moving() };
    let Ok(Decision::Superseded(superseded)) = decided(policy, &states, history(Some("m3"))) else { panic!() };
    let overtaken: Vec<_> =
        superseded.overtaken.iter().map(|one| (one.repository.name.as_str(), one.commits)).collect();
    // m3, and what was merged with it.
    assert_eq!(overtaken, [("b", 2)]);
    assert_eq!(refusal(moving(), &states).to_string(), "1 of 2 repositories cannot be tagged 2022-08-31");
    // Another reason is never passed over in silence.
    let states = [from_to("a", &["m3"], &["m2"]), from_to("b", &["m2"], &["branch"])];
    assert_eq!(refusal(policy, &states).problems.len(), 2);
}

#[test]
fn what_was_merged_beside_each_other_is_in_no_order() {
    let every = Policy { allow_unmerged: true, allow_unknown_commit: true, ..moving() };
    for policy in [moving(), every] {
        let guard = guard(policy, from_to("a", &["m2"], &["side"]));
        assert!(matches!(guard, Guard::Diverged { ahead: 1, behind: 1, flag: None, .. }), "{guard:?}");
    }
}

#[test]
fn what_is_not_merged_is_refused_until_a_flag_allows_it() {
    let allowed = |state: TagState| {
        for policy in [Policy { allow_unmerged: true, ..create() }, Policy { allow_unmerged: true, ..moving() }] {
            let plan = plan(policy, std::slice::from_ref(&state));
            if plan.is_nothing() {
                continue;
            }
            assert_eq!(plan.moves[0].allowed, [Flag::AllowUnmerged].into());
        }
    };
    let new = state("a", None, Source::Found(built(&["branch"])));
    for policy in [create(), moving(), Policy::new(PolicyKind::Restore)] {
        let guard = guard(policy, new.clone());
        assert!(matches!(&guard, Guard::Unmerged { commit, .. } if commit.id == "branch"), "{guard:?}");
    }
    allowed(new);
    let onto = from_to("a", &["m2"], &["branch"]);
    assert!(matches!(guard(moving(), onto.clone()), Guard::Unmerged { .. }), "one reason is enough");
    allowed(onto);
    // From what was never merged to main: in no order, and the same flag tells that it is meant.
    let off = from_to("a", &["branch"], &["m3"]);
    let flag = Some(Flag::AllowUnmerged);
    assert!(matches!(guard(moving(), off.clone()), Guard::Diverged { flag: found, .. } if found == flag));
    allowed(off);
    assert!(matches!(guard(moving(), from_to("a", &["m2"], &["far"])), Guard::Unmerged { .. }));
}

#[test]
fn what_nobody_knows_is_refused_until_a_flag_allows_it() {
    let allow = Policy { allow_unknown_commit: true, ..moving() };
    let untagged = || image("untagged", ManifestKind::OciImage);
    let without = |before| state("a", before, Source::Found(untagged()));
    assert!(matches!(guard(create(), without(None)), Guard::NoCommitTag { .. }));
    assert!(matches!(guard(moving(), without(Some(built(&["m1"])))), Guard::NoCommitTag { .. }));
    let unknown = from_to("a", &["m1"], &["0123456"]);
    assert!(matches!(guard(moving(), unknown.clone()), Guard::CommitUnknown { commit } if commit == "0123456"));
    let before = state("a", Some(untagged()), Source::Found(built(&["m3"])));
    let flag = Some(Flag::AllowUnknownCommit);
    assert!(matches!(guard(moving(), before.clone()), Guard::OrderUnknown { flag: found, .. } if found == flag));
    for state in [without(None), without(Some(built(&["m1"]))), unknown, before] {
        assert_eq!(plan(allow, &[state]).moves[0].allowed, [Flag::AllowUnknownCommit].into());
    }
}

#[test]
fn without_the_main_branch_nobody_can_tell_what_is_merged() {
    let states = [from_to("a", &["m1"], &["m3"])];
    let refusal = decided(moving(), &states, history(None)).expect_err("no main branch");
    assert!(matches!(&refusal.problems[..], [Problem::Guarded { guard: Guard::MainUnknown { .. }, .. }]));
    let allow = Policy { allow_unmerged: true, ..moving() };
    assert!(matches!(decided(allow, &states, history(None)), Ok(Decision::Plan(_))));
}

#[test]
fn a_shallow_clone_is_believed_only_where_it_says_yes() {
    let shallow = || History { graph: Graph::new(GRAPH, None, true), ..history(Some("m3")) };
    let every = Policy { allow_unmerged: true, allow_unknown_commit: true, ..moving() };
    assert!(decided(moving(), &[from_to("a", &["m1"], &["m3"])], shallow()).is_ok());
    let older = decided(every, &[from_to("a", &["m3"], &["m1"])], shallow()).expect_err("older");
    assert!(matches!(&older.problems[..], [Problem::Guarded { guard: Guard::Older { .. }, .. }]));
    let refusal = decided(every, &[from_to("a", &["m2"], &["side"])], shallow()).expect_err("not known");
    assert!(matches!(&refusal.problems[..], [Problem::Guarded { guard: Guard::OrderUnknown { flag: None, .. }, .. }]));
}

#[test]
fn git_is_asked_for_more_only_where_that_may_help() {
    let to_fetch = |state: TagState| refusal(moving(), &[state]).to_fetch().len();
    assert_eq!(to_fetch(from_to("a", &["m3"], &["m1"])), 0, "older stays older");
    assert_eq!(to_fetch(state("a", None, Source::Found(image("x", ManifestKind::OciImage)))), 0, "no commit tag");
    assert_eq!(to_fetch(state("a", None, missing())), 0);
    for after in ["branch", "far", "0123456"] {
        assert_eq!(to_fetch(from_to("a", &["m1"], &[after])), 1, "{after}");
    }
    assert_eq!(to_fetch(from_to("a", &["0123456"], &["m3"])), 1);
    assert_eq!(to_fetch(from_to("a", &["m2"], &["side"])), 1);
}

#[test]
fn an_image_of_several_commits_counts_as_the_newest_on_main() {
    let commit = |commits: &[&str]| history(Some("m3")).built_from(&built(commits).commits);
    let newest = |commits: &[&str]| match commit(commits) {
        BuiltFrom::Commit(commit) => commit.id,
        other => panic!("{other:?}"),
    };
    assert_eq!(newest(&["m0", "m2", "m1"]), "m2");
    assert_eq!(newest(&["branch", "m1"]), "m1");
    assert_eq!(newest(&["0123456", "far"]), "far");
    assert_eq!(commit(&["0123456", "0123457"]), BuiltFrom::Unknown("0123456".into()));
    assert_eq!(commit(&[]), BuiltFrom::Untagged);
    // A rebuild of an old commit that gave the very same image is no step back.
    assert!(plan(moving(), &[from_to("a", &["m1"], &["m0", "m2"])]).moves[0].relation == Some(Relation::Ahead(1)));
}

#[test]
fn one_missing_image_moves_no_tag_and_every_problem_is_listed() {
    let states = [
        state("a", None, Source::Found(built(&["m3"]))),
        state("b", None, missing()),
        state("c", None, Source::NoRepository { nearest: vec![] }),
        state("d", Some(built(&["m1"])), Source::NoneUpTo { commit: "0123456789abcdef".into() }),
    ];
    let refusal = refusal(moving(), &states);
    assert_eq!(refusal.to_string(), "3 of 4 repositories cannot be tagged 2022-08-31");
    let problems: Vec<_> = refusal.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "the repository b has no image latest",
            "there is no repository c",
            "the repository d has no image of commit 01234567 or of one before it"
        ]
    );
}

#[test]
fn an_index_is_refused_for_lambda_only() {
    for kind in [ManifestKind::DockerList, ManifestKind::OciIndex] {
        let index = ReleaseImage { commits: vec!["m3".into()], ..image("index", kind) };
        let mut state = state("a", None, Source::Found(index));
        let refused = refusal(create(), std::slice::from_ref(&state));
        assert!(matches!(refused.problems[..], [Problem::IndexForLambda { .. }]));
        state.feeds_lambda = false;
        assert_eq!(plan(create(), &[state]).changes().count(), 1);
    }
}

#[test]
fn a_pipeline_is_not_named_like_a_source_or_a_commit() {
    let scheme = CommitScheme::default();
    let tag = |pattern: &str, name: &str| {
        let namespace: Namespace = name.parse().expect("a namespace");
        pipeline_tag(pattern, &namespace, &["latest"], &scheme)
    };
    assert_eq!(tag("{namespace}", "2022-08-31"), Ok("2022-08-31".into()));
    assert_eq!(tag("env.{namespace}", "2022-08-31"), Ok("env.2022-08-31".into()));
    assert!(matches!(tag("{namespace}", "latest"), Err(TagError::IsSource { .. })));
    assert!(matches!(tag("env.{namespace}", "latest"), Err(TagError::IsSource { .. })));
    assert!(matches!(tag("{namespace}", "ref.0123abc"), Err(TagError::LooksLikeCommit { .. })));
    assert!(matches!(tag("{namespace}", &"0".repeat(40)), Err(TagError::LooksLikeCommit { .. })));
    assert!(matches!(tag("env {namespace}", "2022-08-31"), Err(TagError::Malformed { .. })));
}

#[test]
fn similar_is_what_begins_alike_then_what_differs_least() {
    let tags = ["2022-08-31", "ref.0123abcdef", "latst", "latest-2", "main"];
    assert_eq!(similar("latest", tags, 2), ["latest-2", "latst"]);
    assert_eq!(similar("ref.0123abc", tags, 1), ["ref.0123abcdef"]);
}
