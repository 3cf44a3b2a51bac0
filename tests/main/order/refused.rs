//! Every refusal in a newcomer's words: which commits, why, and what would override it.

use sandbox::Kind;

use super::*;
use crate::errors::configure;
use crate::support::{run, writes};

/// The commands that give the live pipeline's or a new one's tag to the images `latest`.
const COMMANDS: [&[&str]; 3] = [&["new", NEW, "--yes"], &["tag", NEW, "--yes"], &["tag", LIVE, "--move", "--yes"]];

#[test]
fn a_build_of_an_unmerged_branch_pushed_as_latest_is_refused_everywhere() {
    let estate = estate();
    let feature = estate.branch("feature", "Try another tokenizer").expect("a commit");
    estate.publish(&feature).expect("pushed");
    let before = digests(&estate, LIVE);
    for command in COMMANDS {
        let refused = run(&estate, command)
            .ends_with(3)
            .says("the image was built from a commit that is not on origin/main")
            .says("Try another tokenizer")
            .says("--allow-unmerged");
        assert_eq!(writes(&estate), Vec::<String>::new(), "{command:?}");
        if command[0] == "tag" && command[1] == NEW {
            insta::assert_snapshot!(told(&estate, &refused, &[("feature", &feature)]), @r"
            exit code 3
            --- stdout
            --- stderr
            Reading 2 services' repositories …
            error: 2 of 2 repositories cannot be tagged 2022-10-14
              weco/concepts_ingestor, weco/concepts_aggregator: the image was built from a commit that is not on origin/main
                feature 2022-09-01 Try another tokenizer
            hint: nothing was changed
            hint: merge it to origin/main first; if it is meant to run unmerged, use --allow-unmerged
            ");
        }
    }
    assert_eq!((digests(&estate, LIVE), digests(&estate, NEW)), (before, vec![None, None]));
    assert!(!estate.read("infrastructure/main.tf").expect("readable").contains(NEW));

    let allowed = run(&estate, &["tag", NEW, "--yes", "--allow-unmerged"]).ends_with(0);
    assert_eq!(digests(&estate, NEW), digests(&estate, "latest"));
    insta::assert_snapshot!(told(&estate, &allowed, &[("feature", &feature)]), @r"
    exit code 0
    --- stdout
      REPOSITORY                DIGEST        COMMIT                                     TAG
    + weco/concepts_ingestor    45b76cd0277e  feature 2022-09-01 Try another tokenizer  → 2022-10-14
    + weco/concepts_aggregator  de897a88e8c3  feature 2022-09-01 Try another tokenizer  → 2022-10-14
    --- stderr
    Reading 2 services' repositories …
    warning: only --allow-unmerged lets this pass: weco/concepts_ingestor, weco/concepts_aggregator
      ✓ weco/concepts_aggregator  tagged 2022-10-14
      ✓ weco/concepts_ingestor  tagged 2022-10-14
    ");
    run(&estate, &["tag", LIVE, "--move", "--yes", "--allow-unmerged"]).ends_with(0).says("2 ahead");
    // Merged, it is a build as any other.
    estate.merge("feature").expect("merged");
    run(&estate, &["tag", "2022-10-15", "--yes"]).ends_with(0).does_not_say("--allow-unmerged");
}

#[test]
fn a_tag_does_not_go_back() {
    let estate = estate();
    let older = estate.commits()[1].clone();
    let refused = run(&estate, &["tag", LIVE, "--move", "--yes", "--ref", &older.id]);
    assert_eq!(writes(&estate), Vec::<String>::new());
    assert_eq!(digests(&estate, LIVE), digests(&estate, &estate.commits()[2].tag()));
    insta::assert_snapshot!(told(&estate, &refused, &[]), @r"
    exit code 3
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: 2 of 2 repositories cannot be tagged 2022-08-31
      weco/concepts_ingestor, weco/concepts_aggregator: the tag would go back by 1 commit
        from commit 2 2022-09-01 Keep concepts that no work uses any more
        to   commit 1 2022-09-01 Fetch the names of the Library of Congress page by page
    hint: nothing was changed
    hint: to go back on purpose: pipelinectl rollback 2022-08-31 --to commit 1
    ");
}

#[test]
fn what_was_built_beside_each_other_is_in_no_order() {
    let estate = estate();
    let side = estate.branch("side", "Read the labels of names, too").expect("a commit");
    let main = estate.change("Skip what has no label").expect("a commit");
    estate.merge("side").expect("merged");
    estate.build(&side).expect("pushed");
    estate.publish(&main).expect("pushed");
    run(&estate, &["tag", LIVE, "--move", "--yes"]).ends_with(0).says("2 ahead");
    aws(&estate).forget().expect("an empty log");
    let refused = run(&estate, &["tag", LIVE, "--move", "--yes", "--ref", &side.id, "--allow-unmerged"]);
    assert_eq!(writes(&estate), Vec::<String>::new());
    insta::assert_snapshot!(told(&estate, &refused, &[("the-side", &side), ("the-main", &main)]), @r"
    exit code 3
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: 2 of 2 repositories cannot be tagged 2022-08-31
      weco/concepts_ingestor, weco/concepts_aggregator: neither commit follows on the other: the new one lacks 1 commit of the old one, and has 1 commit of its own
        from the-main 2022-09-01 Skip what has no label
        to   the-side 2022-09-01 Read the labels of names, too
    hint: nothing was changed
    hint: if the new one is meant to run all the same: pipelinectl rollback 2022-08-31 --to the-side
    ");
}

#[test]
fn an_image_without_a_commit_tag_is_refused() {
    let estate = estate();
    aws(&estate).seed_image("weco/concepts_ingestor", "by hand", Kind::Oci, &["latest", "try"]).expect("seeded");
    for command in COMMANDS {
        run(&estate, command).ends_with(3).says("has no commit tag").says("--allow-unknown-commit");
    }
    assert_eq!(writes(&estate), Vec::<String>::new());
    insta::assert_snapshot!(told(&estate, &run(&estate, &["tag", NEW, "--yes"]), &[]), @r"
    exit code 3
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: 1 of 2 repositories cannot be tagged 2022-10-14
      weco/concepts_ingestor: the image 0c36373dc88e has no commit tag, so nobody can tell what it was built from (its tags: latest, try)
    hint: nothing was changed
    hint: push the image with the tag of its commit, too; if it is meant to run all the same, use --allow-unknown-commit
    ");
    run(&estate, &["tag", NEW, "--yes", "--allow-unknown-commit"]).ends_with(0);
    // What the tag names now has no commit either: nobody can tell whether the next one is newer.
    estate.tag(&estate.commits()[3].clone(), "latest").expect("tagged");
    insta::assert_snapshot!(told(&estate, &run(&estate, &["tag", NEW, "--move", "--yes"]), &[]), @r"
    exit code 3
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: 1 of 2 repositories cannot be tagged 2022-10-14
      weco/concepts_ingestor: nobody can tell whether the new image is newer than the old one
        from an image without a commit tag
        to   commit 3 2022-09-01 Aggregate concepts by identifier, not by label
    hint: nothing was changed
    hint: if the new one is meant to run all the same, use --allow-unknown-commit
    ");
    run(&estate, &["tag", NEW, "--move", "--yes", "--allow-unknown-commit"]).ends_with(0).says("order unknown");
    assert_eq!(digests(&estate, NEW), digests(&estate, &estate.commits()[3].tag()));
}

#[test]
fn a_commit_that_git_does_not_know_is_refused() {
    let estate = estate();
    let tags = ["latest", "ref.0123456789abcdef0123456789abcdef01234567"];
    aws(&estate).seed_image("weco/concepts_ingestor", "from elsewhere", Kind::Oci, &tags).expect("seeded");
    let refused = run(&estate, &["tag", LIVE, "--move", "--yes"]);
    assert_eq!(writes(&estate), Vec::<String>::new());
    insta::assert_snapshot!(told(&estate, &refused, &[]), @r"
    exit code 3
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: 1 of 2 repositories cannot be tagged 2022-08-31
      weco/concepts_ingestor: the image was built from commit [COMMIT], which git does not know
    hint: nothing was changed
    hint: fetch that commit, or name its repository (git below [images] in pipelinectl.toml); if it is meant to run all the same, use --allow-unknown-commit
    ");
    run(&estate, &["tag", LIVE, "--move", "--yes", "--allow-unknown-commit"]).ends_with(0);
}

#[test]
fn a_main_branch_that_is_not_there_is_said() {
    let estate = estate();
    configure(&estate, "main_branch = \"origin/main\"", "main_branch = \"origin/trunk\"");
    let refused = run(&estate, &["tag", NEW, "--yes"]);
    assert_eq!(writes(&estate), Vec::<String>::new());
    insta::assert_snapshot!(told(&estate, &refused, &[]), @r"
    exit code 3
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: 2 of 2 repositories cannot be tagged 2022-10-14
      weco/concepts_ingestor, weco/concepts_aggregator: git knows no branch origin/trunk, so nobody can tell whether the image's commit is merged
        commit 3 2022-09-01 Aggregate concepts by identifier, not by label
      git: origin/trunk could not be fetched: fatal: couldn't find remote ref refs/heads/trunk
    hint: nothing was changed
    hint: fetch the branch, or mend main_branch below [images] in pipelinectl.toml; to go on without it, use --allow-unmerged
    ");
}

#[test]
fn the_repository_of_the_code_that_is_not_there_is_said() {
    let estate = estate();
    configure(&estate, "[images]\n", "[images]\ngit = \"../services\"\n");
    let refused = run(&estate, &["tag", NEW, "--yes"]);
    insta::assert_snapshot!(told(&estate, &refused, &[]).replace(&estate.root().display().to_string(), "[FOLDER]"), @r"
    exit code 3
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: 2 of 2 repositories cannot be tagged 2022-10-14
      weco/concepts_ingestor, weco/concepts_aggregator: the image was built from commit [COMMIT 3], which git does not know
      git: there is no folder [FOLDER]/../services, where git was to look
    hint: nothing was changed
    hint: fetch that commit, or name its repository (git below [images] in pipelinectl.toml); if it is meant to run all the same, use --allow-unknown-commit
    ");
}

#[test]
fn a_guard_beats_what_is_missing_and_both_are_said() {
    let estate = estate();
    let feature = estate.branch("feature", "Try another tokenizer").expect("a commit");
    estate.publish(&feature).expect("pushed");
    untag(&estate, "weco/concepts_aggregator", "latest");
    let refused = run(&estate, &["tag", LIVE, "--move", "--yes"]);
    assert_eq!(writes(&estate), Vec::<String>::new());
    insta::assert_snapshot!(told(&estate, &refused, &[("feature", &feature)]), @r"
    exit code 3
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: 2 of 2 repositories cannot be tagged 2022-08-31
      weco/concepts_ingestor: the image was built from a commit that is not on origin/main
        feature 2022-09-01 Try another tokenizer
      the repository weco/concepts_aggregator has no image latest; nearest: 2022-08-31
    hint: nothing was changed
    hint: merge it to origin/main first; if it is meant to run unmerged, use --allow-unmerged
    hint: push what is missing, or choose other images; --help tells how
    ");
}

#[test]
fn one_repository_of_twelve_missing_stops_everything() {
    let estate = built(Estate::small().with_services(12));
    untag(&estate, &estate.repositories()[7], "latest");
    let before = digests(&estate, LIVE);
    for command in COMMANDS {
        run(&estate, command)
            .ends_with(1)
            .says("1 of 12 repositories cannot be tagged")
            .says(&format!("the repository {} has no image latest", estate.repositories()[7]));
    }
    assert_eq!(writes(&estate), Vec::<String>::new());
    assert_eq!(digests(&estate, LIVE), before);
}
