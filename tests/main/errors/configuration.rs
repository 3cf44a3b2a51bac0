//! The configuration, the command line and the files of the estate.

use super::{NEW, configure, main_tf, shown, small};
use crate::support::{program, run, run_in, writes};

#[test]
fn no_region_says_where_to_set_one() {
    let estate = small();
    configure(&estate, "region = \"eu-west-1\"\n", "");
    let mut command = program(&estate, &NEW);
    command.env_remove("AWS_REGION").env_remove("AWS_DEFAULT_REGION");
    insta::assert_snapshot!(shown(&estate, &command.output().expect("it runs").into()), @r"
    exit code 64
    --- stdout
    --- stderr
    Reading the estate and what 2 services have in ECR …
    error: no AWS region is configured
    hint: set region below [aws] in pipelinectl.toml, or use --region eu-west-1
    ");
}

#[test]
fn nobody_to_say_yes_is_said_before_the_first_change() {
    let estate = small();
    let before = main_tf(&estate);
    run(&estate, &["new", "2022-10-14"])
        .ends_with(1)
        .says("nobody is there to say yes")
        .says("--yes")
        .says("--dry-run");
    run(&estate, &["tag", "2022-10-14"]).ends_with(1).says("nobody is there to say yes").says("--yes");
    assert_eq!(main_tf(&estate), before);
    assert!(writes(&estate).is_empty());
}

#[test]
fn a_broken_main_tf_is_shown_where_it_is_broken() {
    let estate = small();
    let broken = main_tf(&estate).replace("scale_up_tasks = false", "scale_up_tasks = [false");
    estate.write("infrastructure/main.tf", &broken).expect("writable");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &NEW)), @r"
    exit code 64
    --- stdout
    --- stderr
    Reading the estate and what 2 services have in ECR …
    error: infrastructure/main.tf:9:3: '}' closes nothing here: the bracket of line 7 is still open
      |
    9 |   }
      |   ^
    hint: mend the file first; nothing was changed
    ");
    run(&estate, &["list"]).ends_with(64).says("main.tf:");
    run(&estate, &["plan", "2022-08-31"]).ends_with(64).says("main.tf:");
    assert_eq!(main_tf(&estate), broken);
}

#[test]
fn an_unknown_configuration_key_is_named_with_its_line_and_the_nearest_one() {
    let estate = small();
    configure(&estate, "region = \"eu-west-1\"", "regoin = \"eu-west-1\"");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["list"])), @r#"
    exit code 64
    --- stdout
    --- stderr
    error: pipelinectl.toml:15:1: unknown key 'regoin'
       |
    15 | regoin = "eu-west-1"
       | ^
    hint: did you mean 'region'?
    "#);
}

#[test]
fn wrong_toml_is_shown_where_it_is_wrong() {
    let estate = small();
    configure(&estate, "region = \"eu-west-1\"", "region = \"eu-west-1");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["list"])), @r#"
    exit code 64
    --- stdout
    --- stderr
    error: pipelinectl.toml:15:20: invalid basic string, expected `"`
       |
    15 | region = "eu-west-1
       |                    ^
    "#);
    configure(&estate, "region = \"eu-west-1", "region = 1");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["list"])), @r"
    exit code 64
    --- stdout
    --- stderr
    error: pipelinectl.toml:15:10: invalid type: integer `1`, expected a string
       |
    15 | region = 1
       |          ^
    ");
}

#[test]
fn values_that_cannot_be_are_named_with_their_key() {
    let estate = small();
    configure(&estate, "pipeline_tag = \"{namespace}\"", "pipeline_tag = \"prod\"");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["list"])), @r#"
    exit code 64
    --- stdout
    --- stderr
    error: pipelinectl.toml:19:1: images.pipeline_tag: 'prod' lacks {namespace}, which stands for the pipeline's name
       |
    19 | pipeline_tag = "prod"
       | ^
    "#);
    configure(&estate, "pipeline_tag = \"prod\"", "pipeline_tag = \"{namespace}\"");
    configure(&estate, "layout = \"module-blocks\"", "layout = \"modules\"");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["list"])), @r#"
    exit code 64
    --- stdout
    --- stderr
    error: pipelinectl.toml:4:10: unknown variant `modules`, expected one of `module-blocks`, `map-entries`, `directories`
      |
    4 | layout = "modules"
      |          ^
    "#);
    configure(&estate, "layout = \"modules\"", "layout = \"module-blocks\"");
    configure(&estate, "terraform_dir = \"infrastructure\"", "terraform_dir = \"infra\"");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["list"])), @r"
    exit code 64
    --- stdout
    --- stderr
    error: there is no Terraform root [FOLDER]/infra
    hint: mend terraform_dir in pipelinectl.toml
    ");
}

#[test]
fn namespaces_that_cannot_be_are_refused() {
    let estate = small();
    let new = |namespace: &str| shown(&estate, &run(&estate, &["new", namespace, "--yes"]));
    insta::assert_snapshot!(new("2022-02-30"), @r"
    exit code 64
    --- stdout
    --- stderr
    error: there is no day 2022-02-30, which the namespace '2022-02-30' begins with
    hint: namespaces are dates such as 2022-08-31
    ");
    insta::assert_snapshot!(new("2022/10/14"), @r"
    exit code 64
    --- stdout
    --- stderr
    error: the namespace '2022/10/14' has a '/', which is not allowed there
    hint: allowed are letters, digits, '_', '.' and '-', with a letter or digit first
    ");
    insta::assert_snapshot!(new("spring"), @r#"
    exit code 64
    --- stdout
    --- stderr
    error: the namespace 'spring' does not match namespace_pattern \d{4}-\d{2}-\d{2}[\w-]*
    hint: mend the name, or namespace_pattern below [pipeline] in pipelinectl.toml
    "#);
    insta::assert_snapshot!(new("latest"), @r#"
    exit code 64
    --- stdout
    --- stderr
    error: the namespace 'latest' does not match namespace_pattern \d{4}-\d{2}-\d{2}[\w-]*
    hint: mend the name, or namespace_pattern below [pipeline] in pipelinectl.toml
    "#);
    insta::assert_snapshot!(new("live"), @r"
    exit code 64
    --- stdout
    --- stderr
    error: 'live' cannot be the name of a pipeline: it stands for the live pipeline in every command
    hint: choose another name, such as a date
    ");
    insta::assert_snapshot!(new(""), @r"
    exit code 64
    --- stdout
    --- stderr
    error: a namespace cannot be empty
    hint: allowed are letters, digits, '_', '.' and '-', with a letter or digit first
    ");
    assert!(writes(&estate).is_empty());
}

#[test]
fn without_a_configuration_file_the_user_hears_where_it_was_looked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [&NEW[..], &["list"], &["check"], &["plan"], &["tag", "2022-10-14"]] {
        let run = run_in(folder.path(), arguments);
        assert_eq!(run.code, 64, "{arguments:?}: {}", run.err);
        assert!(run.out.is_empty(), "{}", run.out);
        let told = run.shown(folder.path());
        insta::allow_duplicates! {
            insta::assert_snapshot!(told[told.find("error: ").expect("an error")..], @r"
            error: there is no pipelinectl.toml in [FOLDER] or in a folder above it
            hint: make one from what is there: pipelinectl init
            hint: or run it in the project's folder, or name that with --directory
            ");
        }
    }
    insta::assert_snapshot!(run_in(folder.path(), &["list", "--config", "other.toml"]).shown(folder.path()), @r"
    exit code 64
    --- stdout
    --- stderr
    error: there is no configuration file [FOLDER]/other.toml
    hint: name an existing file with --config
    ");
    insta::assert_snapshot!(run_in(folder.path(), &["list", "-C", "nowhere"]).shown(folder.path()), @r"
    exit code 64
    --- stdout
    --- stderr
    error: there is no folder [FOLDER]/nowhere
    hint: name an existing folder with --directory
    ");
}

#[test]
fn tags_that_mean_something_else_are_no_namespaces() {
    let estate = small();
    let text = estate.read("pipelinectl.toml").expect("readable");
    let without: String =
        text.lines().filter(|line| !line.contains("namespace_pattern")).map(|line| format!("{line}\n")).collect();
    estate.write("pipelinectl.toml", &without).expect("writable");
    let tag = |arguments: &[&str]| shown(&estate, &run(&estate, &[&["tag", "--yes"], arguments].concat()));
    insta::assert_snapshot!(tag(&["latest"]), @r"
    exit code 64
    --- stdout
    --- stderr
    error: 'latest' is the tag that images are taken from; it cannot name a pipeline
    hint: choose another namespace, such as a date
    ");
    insta::assert_snapshot!(tag(&["prod", "--source-tag", "prod"]), @r"
    exit code 64
    --- stdout
    --- stderr
    error: 'prod' is the tag that images are taken from; it cannot name a pipeline
    hint: choose another namespace, such as a date
    ");
    insta::assert_snapshot!(tag(&["ref.4d6483345f0d4d6483345f0d4d6483345f0d4d64"]), @r"
    exit code 64
    --- stdout
    --- stderr
    error: 'ref.[COMMIT]' looks like the tag of a commit; it cannot name a pipeline
    hint: choose another namespace, such as a date
    ");
    assert!(writes(&estate).is_empty());
}

#[test]
fn a_pipeline_that_is_not_there_is_told_with_those_that_are() {
    let estate = small();
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["plan", "2022-08-30"])), @r"
    exit code 64
    --- stdout
    --- stderr
    Reading the estate …
    error: there is no pipeline 2022-08-30 in the estate
    hint: there are: 2022-08-31
    ");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["plan", "module.nowhere"])), @r"
    exit code 64
    --- stdout
    --- stderr
    Reading the estate …
    error: no pipeline has the address module.nowhere
    hint: pipelinectl list shows the addresses
    ");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["new", "2022-10-14", "--from", "2022-08-30", "--yes"])), @r"
    exit code 64
    --- stdout
    --- stderr
    Reading the estate and what 2 services have in ECR …
    error: there is no pipeline 2022-08-30 (there are 2022-08-31)
    hint: pipelinectl list shows the pipelines
    ");
}

#[test]
fn a_commit_that_nobody_knows_is_told() {
    let estate = small();
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["tag", "2022-10-14", "--yes", "--ref", "nowhere"])), @r"
    exit code 64
    --- stdout
    --- stderr
    error: 'nowhere' is no commit: git does not know it, and it is not 7 to 40 hexadecimal digits
    hint: fetch it first, or name the commit by its digits
    ");
    insta::assert_snapshot!(shown(&estate, &run(&estate, &["tag", "2022-10-14", "--yes", "--ref", "abcdef12"])), @r"
    exit code 1
    --- stdout
    --- stderr
    Reading 2 services' repositories …
    error: 2 of 2 repositories cannot be tagged 2022-10-14
      the repository weco/concepts_ingestor has no image ref.abcdef12; nearest: ref.[COMMIT], ref.[COMMIT], ref.[COMMIT]
      the repository weco/concepts_aggregator has no image ref.abcdef12; nearest: ref.[COMMIT], ref.[COMMIT], ref.[COMMIT]
    hint: nothing was changed
    hint: push what is missing, or choose other images; --help tells how
    ");
    assert!(writes(&estate).is_empty());
}
