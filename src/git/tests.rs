//! Git repositories in temporary folders, and what is asked of them.
#![allow(clippy::disallowed_methods, reason = "a test makes the repositories with git itself")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use super::*;
use crate::pipeline::history::Relation;
use crate::progress::Outcome;

/// Counts the runs of git.
#[derive(Default)]
struct Runs(Mutex<Vec<String>>);

impl Progress for Runs {
    fn started(&self, _item: &str, _what: &str) {}
    fn changed(&self, _item: &str, _what: &str) {}
    fn finished(&self, _item: &str, _outcome: Outcome, _what: &str) {}
    fn dismissed(&self, _item: &str) {}
    fn note(&self, _line: &str) {}
    fn detail(&self, line: &str) {
        self.0.lock().expect("the runs").push(line.to_owned());
    }
}

/// A repository with a remote beside it.
struct World {
    folder: tempfile::TempDir,
}

impl World {
    /// `main` with commits `m0` to `m3`, of which `m3` merges `side`; `branch` is not merged. All are pushed.
    fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().expect("a folder") };
        world.git(".", &["init", "--quiet", "--bare", "--initial-branch", "main", "origin.git"]);
        world.git(".", &["init", "--quiet", "--initial-branch", "main", "work"]);
        world.git("work", &["remote", "add", "origin", &world.url()]);
        for name in ["m0", "m1"] {
            world.commit("work", name);
        }
        for branch in ["branch", "side"] {
            world.git("work", &["checkout", "--quiet", "-b", branch, "main"]);
            world.commit("work", branch);
        }
        world.git("work", &["checkout", "--quiet", "main"]);
        world.commit("work", "m2");
        world.git("work", &["merge", "--quiet", "--no-ff", "-m", "m3", "side"]);
        world.git("work", &["push", "--quiet", "origin", "main", "branch"]);
        world.git("work", &["fetch", "--quiet", "origin"]);
        world
    }

    fn url(&self) -> String {
        format!("file://{}", self.path("origin.git").display())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    #[track_caller]
    fn git(&self, name: &str, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=A. Engineer", "-c", "user.email=engineer@example.org"]).args(arguments);
        command.current_dir(self.path(name)).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        let output = command.output().expect("git runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn commit(&self, name: &str, subject: &str) -> String {
        self.git(name, &["commit", "--quiet", "--allow-empty", "-m", subject]);
        self.git(name, &["rev-parse", "HEAD"])
    }

    /// The commit of `work` with this subject.
    fn id(&self, subject: &str) -> String {
        self.git("work", &["log", "--all", "--format=%H", &format!("--grep=^{subject}$")])
    }

    fn clone(&self, name: &str, arguments: &[&str]) -> Git {
        self.git(".", &[&["clone", "--quiet"], arguments, &[&self.url(), name]].concat());
        self.open(name)
    }

    fn open(&self, name: &str) -> Git {
        Git::new(&self.path(name), Arc::new(Runs::default()))
    }

    fn relation(&self, git: &Git, from: &str, to: &str) -> Relation {
        let (from, to, main) = (self.id(from), self.id(to), self.id("m3"));
        git.graph(&[&from, &to, &main]).expect("a graph").relation(&from, &to)
    }
}

#[test]
fn commits_follow_on_each_other() {
    let world = World::new();
    let git = world.open("work");
    assert_eq!(world.relation(&git, "m1", "m3"), Relation::Ahead(3), "m2, side and the merge");
    assert_eq!(world.relation(&git, "m3", "m2"), Relation::Behind(2));
    assert_eq!(world.relation(&git, "m2", "m2"), Relation::Same);
    assert_eq!(world.relation(&git, "m3", "branch"), Relation::Diverged { ahead: 1, behind: 3 });
    assert_eq!(world.relation(&git, "m2", "side"), Relation::Diverged { ahead: 1, behind: 1 });
}

#[test]
fn many_commits_take_few_runs() {
    let world = World::new();
    let ids: Vec<String> = (0..60).map(|n| world.commit("work", &format!("more {n}"))).collect();
    let runs = Arc::new(Runs::default());
    let git = Git::new(&world.path("work"), runs.clone());
    let known = git.describe(&ids).expect("described");
    assert_eq!(known.len(), 60);
    let graph = git.graph(&ids.iter().map(String::as_str).collect::<Vec<_>>()).expect("a graph");
    for (n, id) in ids.iter().enumerate().skip(1) {
        assert_eq!(graph.relation(&ids[0], id), Relation::Ahead(n));
    }
    assert!(runs.0.lock().expect("the runs").len() <= 4, "{:?}", runs.0);
}

#[test]
fn histories_without_anything_in_common_are_diverged() {
    let world = World::new();
    world.git("work", &["checkout", "--quiet", "--orphan", "orphan"]);
    world.commit("work", "far");
    assert_eq!(world.relation(&world.open("work"), "m1", "far"), Relation::Diverged { ahead: 1, behind: 2 });
}

#[test]
fn commits_are_described_by_any_digits_that_name_one() {
    let world = World::new();
    let (long, short) = (world.id("m2"), world.id("m1")[..9].to_owned());
    let asked = [long.clone(), short.clone(), "0123456".to_owned(), "-x".to_owned(), "branch".to_owned()];
    let known = world.open("work").describe(&asked).expect("described");
    assert_eq!(known.keys().collect::<Vec<_>>().len(), 2, "{known:?}");
    assert_eq!((known[&long].subject.as_str(), known[&short].subject.as_str()), ("m2", "m1"));
    assert_eq!(known[&short].id, world.id("m1"));
    assert_eq!(known[&long].date.len(), 10);
}

#[test]
fn a_lineage_is_what_leads_to_a_commit() {
    let world = World::new();
    let lineage = world.open("work").lineage(&world.id("m3")).expect("a lineage");
    let newest = |subjects: &[&str]| {
        let ids: Vec<String> = subjects.iter().map(|subject| world.id(subject)).collect();
        lineage.newest(ids.iter().map(String::as_str)).map(|id| world.git("work", &["log", "-1", "--format=%s", id]))
    };
    assert_eq!(newest(&["m0", "m1", "branch"]).as_deref(), Some("m1"));
    assert_eq!(newest(&["branch"]), None);
}

#[test]
fn a_shallow_clone_is_deepened() {
    let world = World::new();
    let git = world.clone("shallow", &["--depth", "1"]);
    let m1 = world.id("m1");
    assert!(git.is_shallow().expect("an answer"));
    assert!(git.commit(&m1).is_err());
    assert_eq!(
        git.fetch_branch("origin/main", Depth::More).expect("fetched"),
        Fetched::Whole,
        "there is no more of it"
    );
    assert_eq!(git.commit(&m1).expect("known"), m1);
    assert_eq!(world.relation(&git, "m1", "m3"), Relation::Ahead(3));
    let again = world.clone("again", &["--depth", "1"]);
    assert_eq!(again.fetch_branch("origin/main", Depth::All).expect("fetched"), Fetched::Whole);
    assert!(!again.is_shallow().expect("an answer"));
}

#[test]
fn main_is_fetched_into_a_clone_of_another_branch() {
    let world = World::new();
    let git = world.clone("single", &["--single-branch", "--branch", "branch"]);
    assert!(matches!(git.commit("origin/main"), Err(GitError::UnknownRevision { .. })));
    git.fetch_branch("origin/main", Depth::More).expect("fetched");
    assert_eq!(git.commit("origin/main").expect("known"), world.id("m3"));
}

#[test]
fn what_was_pushed_meanwhile_is_fetched() {
    let world = World::new();
    let git = world.clone("clone", &[]);
    let newer = world.commit("work", "newer");
    world.git("work", &["push", "--quiet", "origin", "main"]);
    assert!(git.commit(&newer).is_err());
    assert_eq!(git.fetch_branch("origin/main", Depth::More).expect("fetched"), Fetched::Whole);
    assert_eq!(git.commit("origin/main").expect("known"), newer);
    // A local branch is fetched from its upstream, and stays what it is.
    let newest = world.commit("work", "newest");
    world.git("work", &["push", "--quiet", "origin", "main"]);
    assert_eq!(git.fetch_branch("main", Depth::More).expect("fetched"), Fetched::Whole);
    assert_eq!(git.commit("origin/main").expect("known"), newest);
    assert_eq!(git.commit("main").expect("known"), world.id("m3"));
}

#[test]
fn what_cannot_be_fetched_is_said() {
    let world = World::new();
    let git = world.open("work");
    assert_eq!(git.fetch_branch("trunk", Depth::More).expect("nothing to do"), Fetched::NoRemote);
    let error = git.fetch_branch("origin/trunk", Depth::More).expect_err("no such branch");
    assert!(error.to_string().contains("couldn't find remote ref refs/heads/trunk"), "{error}");
    std::fs::remove_dir_all(world.path("origin.git")).expect("removed");
    assert!(matches!(git.fetch_branch("origin/main", Depth::More), Err(GitError::Failed { .. })));
}

#[test]
fn a_folder_that_is_no_repository_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = |path: &Path| {
        let git = Git::new(path, Arc::new(Runs::default()));
        git.commit("HEAD").expect_err("no repository").to_string()
    };
    let missing = folder.path().join("missing");
    assert_eq!(error(folder.path()), format!("{} is in no git repository", folder.path().display()));
    assert_eq!(error(&missing), format!("there is no folder {}, where git was to look", missing.display()));
}
