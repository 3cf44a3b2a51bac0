//! The command line itself: help, flags and their variables, exit codes, colour.

use std::path::Path;

use sandbox::{Estate, LocalAws};

use crate::support::{Run, program, run, run_in};

const COMMANDS: [&str; 9] = ["apply", "check", "completions", "doctor", "list", "man", "new", "plan", "tag"];

fn estate() -> Estate {
    Estate::small().pipelines(&["2022-08-31", "2022-10-01"]).build().expect("an estate")
}

fn with(estate: &Estate, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let mut command = program(estate, arguments);
    Run::from(command.envs(variables.iter().copied()).output().expect("it runs"))
}

#[test]
fn every_help_has_an_example_and_fits() {
    let folder = tempfile::tempdir().expect("a folder");
    for command in [None].into_iter().chain(COMMANDS.map(Some)) {
        for flag in ["--help", "-h"] {
            let arguments: Vec<&str> = command.into_iter().chain([flag]).collect();
            let help = run_in(folder.path(), &arguments).ends_with(0);
            assert!(help.err.is_empty(), "{}", help.err);
            assert!(help.out.contains("Example:\n  pipelinectl "), "{arguments:?}: {}", help.out);
            for line in help.out.lines() {
                assert!(line.chars().count() <= 120, "{arguments:?}: {line}");
            }
        }
        let word: Vec<&str> = ["help"].into_iter().chain(command).collect();
        let arguments: Vec<&str> = command.into_iter().chain(["--help"]).collect();
        assert_eq!(run_in(folder.path(), &word).ends_with(0).out, run_in(folder.path(), &arguments).out);
    }
}

#[test]
fn every_argument_of_every_command_is_explained() {
    let folder = tempfile::tempdir().expect("a folder");
    for command in COMMANDS {
        let help = run_in(folder.path(), &[command, "-h"]).out;
        let lines: Vec<&str> = help.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let trimmed = line.trim_start();
            let is_argument = line.starts_with("  ")
                && (trimmed.starts_with('-') || trimmed.starts_with('<') || trimmed.starts_with('['));
            if is_argument
                && !trimmed.starts_with("[default")
                && !trimmed.starts_with("[env")
                && !trimmed.starts_with("[possible")
            {
                let below = lines.get(number + 1).is_some_and(|next| next.starts_with("          "));
                assert!(trimmed.contains("  ") || below, "{command}: {line}");
            }
        }
    }
}

#[test]
fn the_version_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let version = format!("pipelinectl {}\n", env!("CARGO_PKG_VERSION"));
    for flag in ["--version", "-V"] {
        assert_eq!(run_in(folder.path(), &[flag]).ends_with(0).out, version);
    }
}

#[test]
fn a_wrong_command_line_ends_with_64() {
    let folder = tempfile::tempdir().expect("a folder");
    for (arguments, told) in [
        (&[][..], "Usage:"),
        (&["nwe"], "'nwe'"),
        (&["list", "--formt", "json"], "--format"),
        (&["list", "--format", "xml"], "json"),
        (&["list", "extra"], "extra"),
        (&["new"], "<NS>"),
        (&["new", "2022-10-14", "--set", "nothing"], "--set"),
        (&["new", "2022-10-14", "--allow", "nothing"], "--allow"),
        (&["new", "2022-10-14", "--plan-only"], "--out"),
        (&["new", "2022-10-14", "--ref", "abcdef1", "--source-tag", "latest"], "--source-tag"),
        (&["tag", "2022-10-14", "--wait-lock", "soon"], "soon"),
        (&["plan", "--quiet", "--verbose"], "--verbose"),
    ] {
        let run = run_in(folder.path(), arguments);
        assert_eq!(run.code, 64, "{arguments:?}: {}{}", run.out, run.err);
        assert!(run.err.contains(told) && run.out.is_empty(), "{arguments:?}: {}{}", run.out, run.err);
        assert!(!run.err.contains("panicked"), "{}", run.err);
    }
}

#[test]
fn a_namespace_that_begins_with_a_dash_is_no_flag_of_terraform() {
    let estate = estate();
    run(&estate, &["new", "-target=x", "--yes"]).ends_with(64);
    run(&estate, &["new", "--yes", "--", "-target=x"]).ends_with(64).says("'-target=x'");
}

#[test]
fn global_flags_have_their_variables() {
    let estate = estate();
    let elsewhere = tempfile::tempdir().expect("a folder");
    let root = estate.root().display().to_string();
    let list = run(&estate, &["list"]).ends_with(0).out;

    let mut command = program(&estate, &["list"]);
    let run_there = command.current_dir(elsewhere.path()).env("PIPELINECTL_DIRECTORY", &root);
    assert_eq!(Run::from(run_there.output().expect("it runs")).ends_with(0).out, list);
    assert!(with(&estate, &["list"], &[("PIPELINECTL_FORMAT", "json")]).json()["pipelines"].is_array());
    assert_eq!(with(&estate, &["list", "--format", "text"], &[("PIPELINECTL_FORMAT", "json")]).out, list);
    assert!(with(&estate, &["list"], &[("PIPELINECTL_COLOR", "always")]).out.contains('\u{1b}'));
    assert!(with(&estate, &["check"], &[("PIPELINECTL_QUIET", "true")]).err.is_empty());
    with(&estate, &["list"], &[("PIPELINECTL_CONFIG", "other.toml")]).ends_with(64).says("other.toml");

    let before = estate.read("infrastructure/main.tf").expect("readable");
    let new = ["new", "2022-10-14", "--edit-only", "--yes"];
    with(&estate, &new, &[("PIPELINECTL_DRY_RUN", "true")]).ends_with(0).says("Dry run");
    assert_eq!(estate.read("infrastructure/main.tf").expect("readable"), before);
}

#[test]
fn the_variables_for_aws_and_terraform_work() {
    let aws = LocalAws::shared().expect("a local AWS");
    let estate = Estate::small().with_services(1).aws(&aws).build().expect("an estate");
    let tag = ["tag", "2022-10-14", "--dry-run"];
    with(&estate, &tag, &[("PIPELINECTL_REGION", "us-east-1")])
        .ends_with(1)
        .says("there is no repository")
        .says(&format!("looked for in the account {}, region us-east-1", aws.account_id()));
    with(&estate, &[&tag[..], &["--region", "eu-west-1"]].concat(), &[("PIPELINECTL_REGION", "us-east-1")])
        .ends_with(0);
    let profile = with(&estate, &tag, &[("PIPELINECTL_PROFILE", "team")]);
    assert_ne!(profile.code, 0, "a profile that is not there: {}", profile.err);
    profile.says("profile team");
    let role = "arn:aws:iam::123456789012:role/deployer";
    with(&estate, &tag, &[("PIPELINECTL_ROLE_ARN", role)]);
    assert!(aws.calls().expect("a log").iter().any(|call| call.operation == "AssumeRole"), "the role is assumed");
    with(&estate, &["plan", "2022-08-31"], &[("PIPELINECTL_TERRAFORM", "no-such-program")])
        .ends_with(1)
        .says("no-such-program");
    with(&estate, &tag, &[("PIPELINECTL_VERBOSE", "true")]).ends_with(0).says("BatchGetImage");
}

#[test]
fn no_variable_stands_for_yes_or_for_a_guard() {
    let estate = estate();
    let before = estate.read("infrastructure/main.tf").expect("readable");
    for value in ["1", "true", "yes"] {
        let run = with(
            &estate,
            &["new", "2022-10-14", "--edit-only"],
            &[("PIPELINECTL_YES", value), ("PIPELINECTL_Y", value)],
        );
        run.ends_with(1).says("nobody is there to say yes");
    }
    assert_eq!(estate.read("infrastructure/main.tf").expect("readable"), before);
    let folder = tempfile::tempdir().expect("a folder");
    for command in COMMANDS {
        let help = run_in(folder.path(), &[command, "--help"]).out;
        let variables: Vec<&str> =
            help.split("[env: ").skip(1).filter_map(|rest| rest.split(['=', ']']).next()).collect();
        assert_eq!(variables.len(), 11, "{command}: {variables:?}");
        assert!(
            variables
                .iter()
                .all(|name| name.starts_with("PIPELINECTL_") && !name.contains("YES") && !name.contains("ALLOW")),
            "{variables:?}"
        );
    }
}

#[test]
fn colour_follows_flag_and_variables() {
    let estate = estate();
    let coloured = |arguments: &[&str], variables: &[(&str, &str)]| {
        let run = with(&estate, arguments, variables).ends_with(0);
        run.out.contains('\u{1b}')
    };
    assert!(!coloured(&["list"], &[]), "no terminal, no colour");
    assert!(coloured(&["list"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&["list"], &[("CLICOLOR_FORCE", "0")]));
    assert!(!coloured(&["list"], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(coloured(&["list", "--color", "always"], &[("NO_COLOR", "1")]));
    assert!(!coloured(&["list", "--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&["list", "--color", "always", "--format", "json"], &[]), "JSON is never coloured");
    let error = with(&estate, &["plan", "2000-01-01"], &[("CLICOLOR_FORCE", "1")]).ends_with(64);
    assert!(error.err.contains('\u{1b}') && error.err.contains("error"), "{}", error.err);
    let plain = with(&estate, &["plan", "2000-01-01"], &[]).ends_with(64);
    assert!(!plain.err.contains('\u{1b}'), "{}", plain.err);
}

#[test]
fn quiet_leaves_the_result_and_the_errors() {
    let estate = estate();
    let loud = run(&estate, &["list"]).ends_with(0);
    let quiet = run(&estate, &["list", "-q"]).ends_with(0);
    assert_eq!((quiet.out, quiet.err.as_str()), (loud.out, ""));
    run(&estate, &["plan", "2000-01-01", "-q"]).ends_with(64).says("error: ").says("hint: ");
}

#[test]
fn nothing_of_this_machine_is_in_what_it_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).display().to_string();
    for command in COMMANDS {
        run_in(folder.path(), &[command, "--help"]).does_not_say(&workspace).does_not_say(".cargo");
    }
}

#[test]
fn switches_in_the_environment_are_read_as_people_write_them() {
    let estate = estate();
    let listed = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = program(&estate, arguments);
        command.envs(variables.iter().copied());
        Run::from(command.output().expect("it runs"))
    };
    let all = listed(&[], &["check"]).ends_with(0);
    assert!(all.err.contains("nothing to complain of"), "{}", all.err);
    for quiet in ["1", "true", "yes"] {
        assert_eq!(listed(&[("PIPELINECTL_QUIET", quiet)], &["check"]).ends_with(0).err, "");
    }
    for not in ["", "0", "false"] {
        assert_eq!(listed(&[("PIPELINECTL_QUIET", not)], &["check"]).ends_with(0).err, all.err);
    }
    assert_eq!(listed(&[("PIPELINECTL_VERBOSE", "1")], &["check", "--quiet"]).ends_with(0).err, "");
    listed(&[("PIPELINECTL_REGION", "")], &["check"]).ends_with(0);
}
