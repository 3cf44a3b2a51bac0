//! Commits and how they follow on each other.

use super::*;

#[test]
fn what_all_have_in_common_is_before_everything_else() {
    // `git rev-list --topo-order --parents m3 m1 base ^base`
    let graph = Graph::new("m3 m2\nm2 m1\nm1 base\n", Some("base".to_owned()), false);
    assert_eq!(graph.relation("base", "m3"), Relation::Ahead(3));
    assert_eq!(graph.relation("m3", "base"), Relation::Behind(3));
    assert_eq!(graph.relation("m1", "m2"), Relation::Ahead(1));
    assert_eq!(graph.relation("base", "base"), Relation::Same);
    assert_eq!(graph.relation("base", "other"), Relation::Unknown, "it was not asked about");
}

#[test]
fn diverged_commits_are_counted_on_both_sides() {
    let graph = Graph::new("b2 b1\nb1 base\na1 base\n", Some("base".to_owned()), false);
    assert_eq!(graph.relation("a1", "b2"), Relation::Diverged { ahead: 2, behind: 1 });
    let shallow = Graph::new("b2 b1\nb1\na1\n", None, true);
    assert_eq!(shallow.relation("a1", "b2"), Relation::Unknown);
    assert_eq!(shallow.relation("b1", "b2"), Relation::Ahead(1));
}

#[test]
fn the_newest_of_a_line_may_be_abbreviated() {
    let lineage = Lineage::new("cccc3\nbbbb2\nbbbb1\naaaa0\n".lines());
    assert_eq!(lineage.newest(["aaaa0", "bbbb2", "ffff9"]), Some("bbbb2"));
    assert_eq!(lineage.newest(["aaaa", "ffff"]), Some("aaaa"));
    assert_eq!(lineage.newest(["bbbb"]), None, "it stands for two");
    assert_eq!(lineage.newest([]), None);
}

#[test]
fn each_repository_has_the_history_of_its_own_code() {
    let repository =
        |name: &str| Repository { registry: super::super::service::Registry::default(), name: name.into() };
    let mut histories = Histories::default();
    histories.insert([repository("a")], History { main_branch: "origin/main".into(), ..History::default() });
    histories.insert([repository("b")], History { main_branch: "origin/trunk".into(), ..History::default() });
    let branch = |name: &str| histories.of(&repository(name)).main_branch.clone();
    assert_eq!([branch("a"), branch("b"), branch("c")], ["origin/main", "origin/trunk", ""]);
}
