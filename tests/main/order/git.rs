//! What git has to be asked for: shallow clones, code elsewhere, other forms of tags, images of some commits only.

use std::path::Path;
use std::process::Stdio;

use sandbox::Kind;

use super::*;
use crate::support::{program, run, writes};

/// Runs the program in another checkout.
fn run_at(estate: &Estate, folder: &Path, arguments: &[&str]) -> Run {
    let mut command = program(estate, arguments);
    command.current_dir(folder).stdin(Stdio::null()).output().expect("the program starts").into()
}

#[test]
fn a_shallow_clone_is_deepened_once() {
    let estate = estate();
    let clone = estate.shallow_clone(1).expect("a clone");
    let refused = run_at(&estate, &clone, &["tag", LIVE, "--move", "--yes", "--no-fetch"]);
    let text = told(&estate, &refused, &[]).replace(&clone.display().to_string(), "[CLONE]");
    insta::assert_snapshot!(text, @r"
    exit code 3
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: 2 of 2 repositories cannot be tagged 2022-08-31
      weco/concepts_ingestor, weco/concepts_aggregator: nobody can tell whether the new image is newer than the old one
        from commit 2 (git does not know it)
        to   commit 3 2022-09-01 Aggregate concepts by identifier, not by label
      git: [CLONE] is a shallow clone, which lacks older commits; 'git fetch --unshallow' brings them
      git: nothing was fetched, as --no-fetch says
    hint: nothing was changed
    hint: if the new one is meant to run all the same, use --allow-unknown-commit
    ");
    assert_eq!(writes(&estate), Vec::<String>::new());
    let moved = run_at(&estate, &clone, &["tag", LIVE, "--move", "--yes", "-v"]).ends_with(0).says("1 ahead");
    assert_eq!(moved.err.matches("git fetch").count(), 1, "{}", moved.err);
    assert_eq!(digests(&estate, LIVE), digests(&estate, "latest"));
}

#[test]
fn main_is_fetched_when_a_newer_image_comes() {
    let estate = estate();
    let clone = estate.full_clone().expect("a clone");
    let newer = estate.change("Skip what has no label").expect("a commit");
    estate.publish(&newer).expect("pushed");
    let refused = run_at(&estate, &clone, &["tag", LIVE, "--move", "--yes", "--no-fetch"]).ends_with(3);
    assert!(refused.err.contains("which git does not know"), "{}", refused.err);
    let moved = run_at(&estate, &clone, &["tag", LIVE, "--move", "--yes", "-v"]).ends_with(0).says("2 ahead");
    assert_eq!(moved.err.matches("git fetch").count(), 1, "{}", moved.err);
    // Where git knows enough nothing is fetched.
    let again = run_at(&estate, &clone, &["tag", NEW, "--yes", "-v"]).ends_with(0);
    assert_eq!(again.err.matches("git fetch").count(), 0, "{}", again.err);
}

#[test]
fn a_fetch_that_does_not_work_is_said_with_the_refusal() {
    let estate = estate();
    let clone = estate.full_clone().expect("a clone");
    let newer = estate.change("Skip what has no label").expect("a commit");
    estate.publish(&newer).expect("pushed");
    estate.git_in(&clone, &["remote", "set-url", "origin", "file:///nowhere/origin.git"]).expect("set");
    let refused = run_at(&estate, &clone, &["tag", LIVE, "--move", "--yes"]);
    let text = told(&estate, &refused, &[("the-newer", &newer)]).replace(&clone.display().to_string(), "[CLONE]");
    insta::assert_snapshot!(text, @r"
    exit code 3
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: 2 of 2 repositories cannot be tagged 2022-08-31
      weco/concepts_ingestor, weco/concepts_aggregator: the image was built from commit [COMMIT], which git does not know
      git: origin/main could not be fetched: fatal: Could not read from remote repository.; Please make sure you have the correct access rights; and the repository exists.
    hint: nothing was changed
    hint: fetch that commit, or name its repository (git below [images] in pipelinectl.toml); if it is meant to run all the same, use --allow-unknown-commit
    ");
}

#[test]
fn fifty_services_take_git_a_few_runs() {
    let estate = built(Estate::small().with_services(50));
    let newest = estate.commits()[3].clone();
    // Half of the services are of another commit each.
    for service in &estate.services()[..10].to_vec() {
        let commit = estate.change(&format!("Change {service}")).expect("a commit");
        estate.build_some(&commit, &[service]).expect("pushed");
        let repository = format!("weco/{service}");
        let image = aws(&estate).tagged(&repository, &commit.tag()).expect("an answer").expect("an image");
        aws(&estate).tag_image(&repository, &image.digest, "latest").expect("tagged");
    }
    let dry = run(&estate, &["tag", LIVE, "--move", "--dry-run", "-v"]).ends_with(0).says("11 ahead").says("1 ahead");
    let runs = dry.err.lines().filter(|line| line.trim_start().starts_with("git ")).count();
    assert!((1..=8).contains(&runs), "{runs} runs of git\n{}", dry.err);
    assert!(dry.out.contains(&newest.id[..8]), "{}", dry.out);
}

#[test]
fn images_may_be_built_from_another_repository() {
    let estate = built(Estate::small().with_services(2).code_apart());
    run(&estate, &["tag", LIVE, "--move", "--dry-run"]).ends_with(0).says("1 ahead");
    let feature = estate.branch("feature", "Try another tokenizer").expect("a commit");
    estate.publish(&feature).expect("pushed");
    run(&estate, &["tag", LIVE, "--move", "--yes"])
        .ends_with(3)
        .says("not on origin/main")
        .says("Try another tokenizer");
    run(&estate, &["tag", NEW, "--yes", "--ref", "main"]).ends_with(0);
    assert_eq!(digests(&estate, NEW), digests(&estate, &estate.commits()[3].tag()));
}

#[test]
fn a_service_may_have_a_repository_of_its_own() {
    let builder = Estate::small().with_services(2).code_apart().setting("concepts_aggregator", "git = \".\"");
    let estate = built(builder);
    // The estate's own repository has the code of this one service.
    let own = estate.commit("Aggregate here").expect("a commit");
    estate.build_some(&own, &["concepts_aggregator"]).expect("pushed");
    let other = estate.commits()[3].clone();
    run(&estate, &["tag", NEW, "--yes"]).ends_with(3).says("weco/concepts_aggregator").says("git does not know");
    let repository = "weco/concepts_aggregator";
    let image = aws(&estate).tagged(repository, &own.tag()).expect("an answer").expect("an image");
    aws(&estate).tag_image(repository, &image.digest, "latest").expect("tagged");
    let made = run(&estate, &["tag", NEW, "--yes"]).ends_with(0);
    assert!(made.out.contains(&own.id[..8]) && made.out.contains(&other.id[..8]), "{}", made.out);
}

#[test]
fn commit_tags_may_be_bare_or_short() {
    let estate = built(Estate::small().with_services(2).commit_tag("{commit}"));
    run(&estate, &["tag", LIVE, "--move", "--yes"]).ends_with(0).says("1 ahead");
    let newer = estate.change("Skip what has no label").expect("a commit");
    for repository in estate.repositories() {
        aws(&estate).seed_image(&repository, "newer", Kind::Oci, &["latest", &newer.id[..9]]).expect("seeded");
    }
    run(&estate, &["tag", LIVE, "--move", "--yes"]).ends_with(0).says("1 ahead").says("Skip what has no label");
    run(&estate, &["tag", NEW, "--yes", "--ref", &newer.id[..9]]).ends_with(0);
    assert_eq!(digests(&estate, NEW), digests(&estate, "latest"));
    run(&estate, &["tag", &newer.id, "--yes"]).ends_with(64);
}

#[test]
fn an_image_of_several_commits_counts_as_the_newest_on_main() {
    let estate = estate();
    let commits = estate.commits().to_vec();
    // A change that changed nothing in the image: two commits, one digest; and a branch that has it too.
    let feature = estate.branch("feature", "Try another tokenizer").expect("a commit");
    for repository in estate.repositories() {
        let tags = [commits[1].tag(), commits[3].tag(), feature.tag(), "latest".into()];
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        aws(&estate).seed_image(&repository, "of several", Kind::Oci, &tags).expect("seeded");
    }
    run(&estate, &["tag", LIVE, "--move", "--yes"]).ends_with(0).says("1 ahead");
    assert_eq!(digests(&estate, LIVE), digests(&estate, "latest"));
}

#[test]
fn where_not_every_commit_builds_every_image_the_newest_up_to_it_is_taken() {
    let estate = built(Estate::small().with_services(2).not_every_commit());
    let newer = estate.change("Skip what has no label").expect("a commit");
    let newest = estate.change("Write in bulk").expect("a commit");
    estate.build_some(&newest, &["concepts_ingestor"]).expect("pushed");
    // The time of a push says nothing: this older one is pushed last.
    estate.build(&estate.commits()[1].clone()).expect("pushed");
    estate.build_some(&newer, &["concepts_ingestor"]).expect("pushed");
    let commits = [("the-newer", &newer), ("newest-1", &newest)];
    let made = run(&estate, &["tag", NEW, "--yes", "--ref", &newest.id]).ends_with(0);
    insta::assert_snapshot!(told(&estate, &Run { err: String::new(), ..made }, &commits), @r"
    exit code 0
    --- stdout
      REPOSITORY                DIGEST        COMMIT                                                     TAG
    + weco/concepts_ingestor    d483ef07efb0  newest-1 2022-09-01 Write in bulk                          → 2022-10-14
    + weco/concepts_aggregator  4d6483345f0d  commit 3 2022-09-01 Aggregate concepts by identifier, no…  → 2022-10-14

      weco/concepts_aggregator  2 commits older than the one asked for: it has no image of a newer one
    --- stderr
    ");
    let of = |commit: &Commit, n: usize| digests(&estate, &commit.tag())[n].clone();
    assert_eq!(digests(&estate, NEW), [of(&newest, 0), of(&estate.commits()[3], 1)]);
    let row =
        run(&estate, &["tag", "2022-10-15", "--dry-run", "--format", "json", "--ref", &newest.id]).ends_with(0).json();
    assert_eq!((&row["tags"][0]["older_than_asked"], &row["tags"][1]["older_than_asked"]), (&().into(), &2.into()));
    // A checkout that lacks the older commits gets them first.
    let clone = estate.shallow_clone(1).expect("a clone");
    let config = estate.read("pipelinectl.toml").expect("readable");
    std::fs::write(clone.join("pipelinectl.toml"), config).expect("written");
    run_at(&estate, &clone, &["tag", "2022-10-15", "--yes", "--ref", "HEAD"]).ends_with(0);
    assert_eq!(digests(&estate, "2022-10-15"), digests(&estate, NEW));

    let exact = run(&estate, &["tag", "2022-10-16", "--yes", "--ref", &newest.id, "--exact-ref"]);
    insta::assert_snapshot!(told(&estate, &exact, &commits), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: 1 of 2 repositories cannot be tagged 2022-10-16
      the repository weco/concepts_aggregator has no image ref.[COMMIT]; nearest: ref.[COMMIT], ref.[COMMIT], ref.[COMMIT]
    hint: nothing was changed
    hint: push what is missing, or choose other images; --help tells how
    ");
    let first = run(&estate, &["tag", "2022-10-16", "--yes", "--ref", &estate.commits()[0].id]);
    insta::assert_snapshot!(told(&estate, &first, &commits), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: 2 of 2 repositories cannot be tagged 2022-10-16
      the repository weco/concepts_ingestor has no image of commit commit 0 or of one before it
      the repository weco/concepts_aggregator has no image of commit commit 0 or of one before it
    hint: nothing was changed
    hint: push an image, or choose a newer commit
    ");
}
