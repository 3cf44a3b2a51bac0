//! What docs/ says of the program is what the program says of itself.

mod documents;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use pipelinectl::cli::Cli;
use pipelinectl::commands;
use pipelinectl::commands::common::deployment::DeploymentReport;
use sandbox::{Estate, LocalAws};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;
use similar::TextDiff;

use crate::support::{run, run_in};

/// Set to anything, the documents are written instead of compared.
const UPDATE: &str = "UPDATE_REFERENCE";

const INTRODUCTION: &str = "\
# Command reference

Written from `--help` by a test: `UPDATE_REFERENCE=1 cargo test -p pipelinectl --test main reference` writes it anew.

Global options stand once, at `pipelinectl --help`; every command takes them. With `--format json` a command prints one
JSON document on standard output. Its schema is in [schemas/](schemas/).
";

/// The heading of what every command's help repeats.
const GLOBAL: &str = "Global options:\n";

fn document(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compares a generated document with the one in the repository, or writes it.
#[track_caller]
pub fn same_or_written(path: &str, generated: &str) {
    let file = document(path);
    if std::env::var_os(UPDATE).is_some() {
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(&file, generated).expect("written");
        return;
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    let diff = TextDiff::from_lines(&kept, generated);
    assert!(
        kept == generated,
        "{path} is not what the program says now. Look at the difference; if it is right:\n  \
         {UPDATE}=1 cargo test -p pipelinectl --test main reference\n\n{}",
        diff.unified_diff().header(path, "the program")
    );
}

/// The names of the commands, in the order of the help.
fn command_names() -> Vec<String> {
    Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

fn help_of(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let run = run_in(folder.path(), arguments).ends_with(0);
    assert!(run.err.is_empty(), "{}", run.err);
    run.out.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The help without the options that every command has.
fn without_global_options(help: &str) -> String {
    let (own, rest) = help.split_once(GLOBAL).expect("the global options have their heading");
    let heading = |heading: &str| rest.find(heading);
    let example = heading("\nExample:\n").or_else(|| heading("\nExamples:\n")).expect("every help has an example");
    format!("{own}{}", &rest[example + 1..])
}

#[test]
fn the_reference_is_the_help_of_every_command() {
    let section = |title: &str, help: &str| format!("\n## {title}\n\n```text\n{}\n```\n", help.trim_end());
    let mut text = INTRODUCTION.to_owned();
    text.push_str(&section("pipelinectl", &help_of(&["--help"])));
    for name in command_names() {
        let help = help_of(&[&name, "--help"]);
        text.push_str(&section(&format!("pipelinectl {name}"), &without_global_options(&help)));
    }
    same_or_written("docs/reference.md", &text);
}

#[test]
fn every_command_that_prints_json_has_its_schema() {
    let mut names = Vec::new();
    for (name, schema) in schemas() {
        let mut text = serde_json::to_string_pretty(&schema).expect("JSON");
        text.push('\n');
        same_or_written(&format!("docs/schemas/{name}.json"), &text);
        names.push(name);
    }
    let without = ["completions", "man"];
    let expected: Vec<String> = command_names().into_iter().filter(|name| !without.contains(&name.as_str())).collect();
    assert_eq!(names, expected);
}

fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        schema::<commands::new::Report>("new"),
        schema::<commands::set::Report>("set"),
        schema::<commands::retire::Report>("retire"),
        schema::<DeploymentReport>("deploy"),
        schema::<DeploymentReport>("rollback"),
        schema::<DeploymentReport>("notify"),
        schema::<commands::tag::Report>("tag"),
        schema::<DeploymentReport>("retag"),
        schema::<commands::hold::Report>("hold"),
        schema::<commands::unhold::Report>("unhold"),
        schema::<commands::tfvars::Report>("tfvars"),
        schema::<commands::plan::Report>("plan"),
        schema::<commands::apply::Report>("apply"),
        schema::<commands::live::Report>("live"),
        schema::<commands::list::Report>("list"),
        schema::<commands::status::Report>("status"),
        schema::<commands::images::Report>("images"),
        schema::<commands::history::Report>("history"),
        schema::<commands::show::Report>("show"),
        schema::<commands::check::Report>("check"),
        schema::<commands::init::Report>("init"),
        schema::<commands::doctor::Report>("doctor"),
    ]
}

fn schema<T: JsonSchema>(command: &'static str) -> (&'static str, Value) {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    schema["title"] = Value::from(format!("pipelinectl {command} --format json"));
    (command, schema)
}

#[test]
fn what_is_printed_has_the_fields_of_its_schema() {
    let aws = LocalAws::shared().expect("a local AWS");
    let estate = Estate::small().with_services(2).aws(&aws).build().expect("an estate");
    let printed = |arguments: &[&str]| {
        let mut arguments = arguments.to_vec();
        arguments.extend(["--format", "json", "--yes"]);
        run(&estate, &arguments).ends_with(0).json()
    };
    let reports = [
        ("new", printed(&["new", "2022-10-14", "--dry-run"])),
        ("retire", printed(&["retire", "2022-10-14", "--dry-run"])),
        ("set", printed(&["set", "live", "enabled=true", "--dry-run"])),
        ("tfvars", printed(&["tfvars", "live"])),
        ("tag", printed(&["tag", "2022-10-14", "--dry-run"])),
        ("plan", printed(&["plan", "live"])),
        ("live", printed(&["live"])),
        ("list", printed(&["list"])),
        ("status", printed(&["status"])),
        ("images", printed(&["images"])),
        ("history", printed(&["history"])),
        ("check", printed(&["check"])),
        ("doctor", printed(&["doctor"])),
    ];
    for (name, schema) in schemas() {
        let Some((_, report)) = reports.iter().find(|(reported, _)| *reported == name) else { continue };
        same_fields(name, report, &schema, &schema);
    }
}

/// Every object of `value` has exactly the fields that the schema requires.
fn same_fields(place: &str, value: &Value, schema: &Value, root: &Value) {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).expect("a definition"),
        None => schema,
    };
    if let Some(choices) = schema["anyOf"].as_array().filter(|_| !value.is_null()) {
        let object = choices.iter().find(|choice| choice["type"] != "null").expect("a choice");
        return same_fields(place, value, object, root);
    }
    match value {
        // A map by names that only the user knows.
        Value::Object(fields) if schema["additionalProperties"].is_object() => {
            for (name, field) in fields {
                same_fields(&format!("{place}.{name}"), field, &schema["additionalProperties"], root);
            }
        }
        Value::Object(fields) => {
            let printed: BTreeSet<&str> = fields.keys().map(String::as_str).collect();
            let required = schema["required"].as_array().expect("the schema of an object");
            let required: BTreeSet<&str> = required.iter().filter_map(Value::as_str).collect();
            assert_eq!(printed, required, "the fields of {place}");
            for (name, field) in fields {
                same_fields(&format!("{place}.{name}"), field, &schema["properties"][name], root);
            }
        }
        Value::Array(items) => {
            for item in items {
                same_fields(&format!("{place}[]"), item, &schema["items"], root);
            }
        }
        _ => assert!(schema.is_object(), "{place} is not in the schema"),
    }
}
