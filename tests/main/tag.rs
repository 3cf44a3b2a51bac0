//! `pipelinectl tag`

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use sandbox::{Estate, Kind, LocalAws};

use crate::errors::{configure, shown, small};
use crate::support::{Run, program, run, writes};

const TAG: &str = "2022-10-14";

fn aws(estate: &Estate) -> &LocalAws {
    estate.aws().expect("the estate has an AWS")
}

/// What the tag names in each repository.
fn digests(estate: &Estate, tag: &str) -> Vec<Option<String>> {
    let digest =
        |repository: &String| aws(estate).tagged(repository, tag).expect("an answer").map(|image| image.digest);
    estate.repositories().iter().map(digest).collect()
}

#[test]
fn missing_tags_are_made_and_existing_ones_stay() {
    let estate = Estate::small().aws(&LocalAws::shared().expect("a local AWS")).build().expect("an estate");
    let kept = &estate.repositories()[3];
    let before =
        aws(&estate).seed_image(kept, "something else", Kind::Oci, &[TAG, "ref.1234567"]).expect("seeded").digest;
    aws(&estate).forget().expect("an empty log");
    run(&estate, &["tag", TAG, "--yes"]).ends_with(0);
    let (latest, made) = (digests(&estate, "latest"), digests(&estate, TAG));
    for (number, repository) in estate.repositories().iter().enumerate() {
        let expected = if repository == kept { Some(&before) } else { latest[number].as_ref() };
        assert_eq!(made[number].as_ref(), expected, "{repository}");
    }
    assert_eq!(writes(&estate), ["PutImage"; 4]);
}

#[test]
fn every_kind_of_manifest_passes_byte_for_byte() {
    let estate = Estate::small().aws(&LocalAws::shared().expect("a local AWS")).build().expect("an estate");
    run(&estate, &["tag", TAG, "--yes"]).ends_with(0);
    let mut kinds = Vec::new();
    for repository in estate.repositories() {
        let image = |tag: &str| aws(&estate).tagged(&repository, tag).expect("an answer").expect("an image");
        let (latest, made) = (image("latest"), image(TAG));
        assert_eq!(
            (made.digest, made.manifest, &made.media_type),
            (latest.digest, latest.manifest, &latest.media_type)
        );
        kinds.push(made.media_type);
    }
    assert!(Kind::ALL.iter().all(|kind| kinds.iter().any(|found| found == kind.media_type())), "{kinds:?}");
}

#[test]
fn images_come_from_another_tag_a_commit_or_another_pipeline() {
    let estate = small();
    let older = estate.commits()[2].clone();
    let (live, of_commit) = (digests(&estate, "2022-08-31"), digests(&estate, &older.tag()));
    let sources: [(&[&str], &[Option<String>]); 6] = [
        (&["--source-tag", "2022-08-31"], &live),
        (&["--ref", &older.id], &of_commit),
        (&["--ref", &older.id[..9]], &of_commit),
        (&["--ref", "main~1"], &of_commit),
        (&["--from", "2022-08-31"], &live),
        (&["--from", "live"], &live),
    ];
    for (number, (arguments, expected)) in sources.into_iter().enumerate() {
        let tag = format!("2022-10-14-{number}");
        run(&estate, &[&["tag", &tag, "--yes"], arguments].concat()).ends_with(0);
        assert_eq!(digests(&estate, &tag), expected, "{arguments:?}");
        assert!(expected.iter().all(Option::is_some), "{arguments:?}");
    }
}

#[test]
fn where_git_knows_nothing_an_abbreviated_commit_is_found_and_has_to_be_allowed() {
    let estate = small();
    let older = estate.commits()[2].clone();
    fs::remove_dir_all(estate.file(".git")).expect("removed");
    let command = ["tag", TAG, "--yes", "--ref", &older.id[..9]];
    let refused = run(&estate, &command);
    assert_eq!(digests(&estate, TAG), [None, None]);
    insta::assert_snapshot!(shown(&estate, &refused), @r"
    exit code 3
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: 2 of 2 repositories cannot be tagged 2022-10-14
      weco/concepts_ingestor, weco/concepts_aggregator: the image was built from commit [COMMIT 2], which git does not know
      git: [FOLDER] is in no git repository
      git: there is no remote to fetch origin/main from
    hint: nothing was changed
    hint: fetch that commit, or name its repository (git below [images] in pipelinectl.toml); if it is meant to run all the same, use --allow-unknown-commit
    ");
    run(&estate, &[&command[..], &["--allow-unknown-commit"]].concat()).ends_with(0);
    assert_eq!(digests(&estate, TAG), digests(&estate, &older.tag()));
}

#[test]
fn a_pipeline_is_named_by_live_or_by_its_address_too() {
    let estate = small();
    for name in ["2022-08-31", "live", "module.concepts_pipeline_2022-08-31"] {
        run(&estate, &["tag", name, "--yes"]).ends_with(0).says("Nothing to do").says("2022-08-31");
    }
    assert!(writes(&estate).is_empty());
}

#[test]
fn the_live_date_mistyped_moves_nothing() {
    let estate = small();
    let before = digests(&estate, "2022-08-31");
    run(&estate, &["tag", "2022-08-31", "--source-tag", "latest", "--yes"]).ends_with(0).says("Nothing to do");
    assert_eq!(digests(&estate, "2022-08-31"), before);
    assert_ne!(digests(&estate, "latest"), before);
}

#[test]
fn a_dry_run_shows_the_same_and_changes_nothing() {
    let estate = small();
    let dry = run(&estate, &["tag", TAG, "--dry-run"]).ends_with(0);
    insta::assert_snapshot!(shown(&estate, &dry), @r"
    exit code 0
    --- stdout
      REPOSITORY                DIGEST        COMMIT                                                     TAG
    + weco/concepts_ingestor    508f9b828326  commit 3 2022-09-01 Aggregate concepts by identifier, no…  → 2022-10-14
    + weco/concepts_aggregator  4d6483345f0d  commit 3 2022-09-01 Aggregate concepts by identifier, no…  → 2022-10-14
    --- stderr
    Reading 2 services' repositories …
    Dry run: nothing was changed.
    ");
    assert!(writes(&estate).is_empty());
    assert_eq!(digests(&estate, TAG), [None, None]);
    let made = run(&estate, &["tag", TAG, "--yes"]).ends_with(0);
    assert_eq!(made.out, dry.out);
    insta::assert_snapshot!(shown(&estate, &Run { out: String::new(), ..made }), @r"
    exit code 0
    --- stdout
    --- stderr
    Reading 2 services' repositories …
      ✓ weco/concepts_aggregator  tagged 2022-10-14
      ✓ weco/concepts_ingestor  tagged 2022-10-14
    ");
}

#[test]
fn the_second_time_there_is_nothing_to_do() {
    let estate = small();
    run(&estate, &["tag", TAG, "--yes"]).ends_with(0);
    aws(&estate).forget().expect("an empty log");
    // Whatever the source names by now.
    let again = run(&estate, &["tag", TAG, "--source-tag", "2022-08-31"]).ends_with(0);
    insta::assert_snapshot!(shown(&estate, &again), @r"
    exit code 0
    --- stdout
      REPOSITORY                DIGEST        COMMIT                                                     TAG
    = weco/concepts_ingestor    508f9b828326  commit 3 2022-09-01 Aggregate concepts by identifier, no…  2022-10-14 stays
    = weco/concepts_aggregator  4d6483345f0d  commit 3 2022-09-01 Aggregate concepts by identifier, no…  2022-10-14 stays
    --- stderr
    Reading 2 services' repositories …
    Nothing to do: every repository has the tag.
    ");
    assert!(writes(&estate).is_empty());
}

#[test]
fn it_is_json_too() {
    let estate = small();
    let dry = run(&estate, &["tag", TAG, "--dry-run", "--format", "json"]).ends_with(0).json();
    assert_eq!((&dry["changed"], &dry["tags"][0]["created"]), (&false.into(), &true.into()));
    let made = run(&estate, &["tag", TAG, "--yes", "--format", "json"]).ends_with(0);
    let report = made.json();
    assert_eq!((&report["namespace"], &report["tag"], &report["changed"]), (&TAG.into(), &TAG.into(), &true.into()));
    let newest = estate.commits().last().expect("a commit");
    for (number, row) in report["tags"].as_array().expect("rows").iter().enumerate() {
        assert_eq!(row["repository"].as_str(), Some(estate.repositories()[number].as_str()));
        assert_eq!(row["services"][0].as_str(), Some(estate.services()[number].as_str()));
        assert_eq!(row["digest"].as_str(), digests(&estate, TAG)[number].as_deref());
        assert_eq!(
            (row["commit"].as_str(), row["subject"].as_str()),
            (Some(newest.id.as_str()), Some(newest.subject.as_str()))
        );
        assert_eq!(row["created"], true);
    }
    let again = run(&estate, &["tag", TAG, "--format", "json"]).ends_with(0).json();
    assert_eq!((&again["changed"], &again["tags"][0]["created"]), (&false.into(), &false.into()));
}

#[test]
fn an_image_index_for_a_lambda_function_is_told_before_any_tag_is_made() {
    let estate = small();
    configure(
        &estate,
        "repository = \"weco/concepts_aggregator\"",
        "repository = \"weco/concepts_aggregator\"\nlambda = \"{namespace}-aggregator\"",
    );
    aws(&estate)
        .seed_image("weco/concepts_aggregator", "built by buildx", Kind::OciIndex, &["buildx"])
        .expect("seeded");
    let commit = estate.commits()[3].tag();
    aws(&estate)
        .seed_image("weco/concepts_ingestor", "built by buildx", Kind::OciIndex, &["buildx", &commit])
        .expect("seeded");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["tag", TAG, "--yes", "--source-tag", "buildx"])), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: 1 of 2 repositories cannot be tagged 2022-10-14
      Lambda does not run the image 2435f737f1d9 in weco/concepts_aggregator: it is an index of several images (OCI image index)
    hint: nothing was changed
    hint: build the image for one platform: docker buildx build --provenance=false --platform …
    ");
    assert!(writes(&estate).is_empty());
}

#[test]
fn a_reader_that_goes_away_does_not_stop_it() {
    let estate = small();
    let mut command = Command::new("bash");
    estate.prepare(&mut command);
    command.env("PROGRAM", env!("CARGO_BIN_EXE_pipelinectl")).stdin(Stdio::null());
    command.args(["-c", "\"$PROGRAM\" tag 2022-10-14 --yes --verbose 2>&1 | true; exit ${PIPESTATUS[0]}"]);
    Run::from(command.output().expect("it runs")).ends_with(0);
    assert_eq!(digests(&estate, TAG), digests(&estate, "latest"));
}

/// Lets every new index run a command while terraform makes it.
fn with_command(estate: &Estate, command: &str) {
    let stack = estate.read("infrastructure/stack/main.tf").expect("readable");
    let plain = "  input = var.reindexing_state\n";
    assert!(stack.contains(plain), "{stack}");
    let provisioner = format!("{plain}\n  provisioner \"local-exec\" {{\n    command = \"{command}\"\n  }}\n");
    estate.write("infrastructure/stack/main.tf", &stack.replace(plain, &provisioner)).expect("writable");
    estate.commit("Run a command with each index").expect("committed");
}

#[test]
fn terraform_may_call_it_while_new_has_the_lock() {
    let estate = small();
    estate.apply_live().expect("a live pipeline");
    with_command(&estate, "cd $CHECKOUT && $PROGRAM tag ${var.namespace} --yes && touch $HOME/called");
    let begun = Instant::now();
    let mut command = program(&estate, &["new", TAG, "--yes"]);
    command.env("PROGRAM", env!("CARGO_BIN_EXE_pipelinectl")).env("CHECKOUT", estate.root());
    Run::from(command.output().expect("it runs")).ends_with(0);
    assert!(estate.home().join("called").exists(), "terraform called it");
    assert!(begun.elapsed() < Duration::from_secs(60), "nobody waited for the other");
}

#[test]
fn anybody_else_waits_while_new_has_the_lock() {
    let estate = small();
    estate.apply_live().expect("a live pipeline");
    with_command(&estate, "touch $HOME/held; while [ ! -e $HOME/free ]; do sleep 0.1; done");
    let mut new = program(&estate, &["new", TAG, "--yes", "--quiet"]);
    let mut new = new.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let begun = Instant::now();
    while !estate.home().join("held").exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "terraform never came to it");
        assert!(new.try_wait().expect("watched").is_none(), "'new' ended");
        sleep(Duration::from_millis(50));
    }
    aws(&estate).seed_image("weco/concepts_ingestor", "more", Kind::Oci, &["more"]).expect("seeded");
    let untag = serde_json::json!({"repositoryName": "weco/concepts_ingestor", "imageIds": [{"imageTag": TAG}]});
    aws(&estate).ask("ecr", "AmazonEC2ContainerRegistry_V20150921.BatchDeleteImage", &untag).expect("untagged");
    let refused = run(&estate, &["tag", TAG, "--yes"]).ends_with(1).says(&new.id().to_string());
    let told = shown(&estate, &refused).replace(&new.id().to_string(), "[PROCESS]");

    let said = estate.home().join("said");
    let mut patient = program(&estate, &["tag", TAG, "--yes", "--wait-lock", "60s"]);
    let mut patient =
        patient.stdout(Stdio::null()).stderr(fs::File::create(&said).expect("a file")).spawn().expect("it starts");
    while !fs::read_to_string(&said).expect("readable").contains("Waiting for") {
        assert!(begun.elapsed() < Duration::from_secs(120), "it does not say that it waits");
        sleep(Duration::from_millis(50));
    }
    fs::write(estate.home().join("free"), "").expect("writable");
    assert!(new.wait().expect("it ends").success());
    assert!(patient.wait().expect("it ends").success(), "{}", fs::read_to_string(&said).expect("readable"));
    assert_eq!(digests(&estate, TAG), digests(&estate, "latest"));
    insta::assert_snapshot!(told, @r"
    exit code 1
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: the pipeline 2022-10-14 is locked by [WHO] (process [PROCESS], 'new 2022-10-14', since [TIME])
    hint: run it again when that is done, or wait for it with --wait-lock 10m
    ");
}
