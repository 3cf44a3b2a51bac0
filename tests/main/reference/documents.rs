//! The documents that are written by hand name only what there is.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Parser as _;
use clap::error::ErrorKind;
use pipelinectl::cli::Cli;
use pipelinectl::pipeline::service::Service;
use pipelinectl::settings::file::ConfigurationFile;
use regex_lite::Regex;

use super::{command_names, document};

/// What stands in the documents for something of the reader's, and something that can be parsed in its place.
const PLACEHOLDERS: &[(&str, &str)] =
    &[("ADDRESS=ACTION", "module.a.aws_sqs_queue.b=update"), ("PATH=VALUE", "a.b=1"), ("TIME", "10m")];

/// The README, and every document of docs/.
fn documents() -> Vec<PathBuf> {
    let mut paths = vec![document("README.md"), document("CONTRIBUTING.md")];
    for entry in fs::read_dir(document("docs")).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "md") {
            paths.push(path);
        }
    }
    assert!(paths.len() > 4, "{paths:?}");
    paths
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The commands of a document: lines of its code blocks, and pieces of code in its sentences.
fn commands_in(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut in_block = false;
    let of_sentence = Regex::new("`(pipelinectl [^`]+)`").expect("a pattern");
    let of_block = Regex::new(r#"^(?:\$ |- |run: |command: |")*(pipelinectl .*)$"#).expect("a pattern");
    let end = Regex::new(r#"  | [#|>]| && |"$"#).expect("a pattern");
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            if let Some(found) = of_block.captures(line.trim()) {
                let command = found.get(1).expect("the command").as_str();
                commands.push(end.split(command).next().unwrap_or_default().trim().to_owned());
            }
        } else {
            commands.extend(of_sentence.captures_iter(line).map(|found| found[1].to_owned()));
        }
    }
    commands
}

/// The words as a shell would hand them over, as far as the documents go: single quotes.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in command.chars() {
        match character {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().expect("one word").push(other),
        }
    }
    let real = |word: String| match PLACEHOLDERS.iter().find(|(placeholder, _)| *placeholder == word) {
        Some((_, real)) => (*real).to_owned(),
        None => word,
    };
    words.into_iter().filter(|word| !word.is_empty()).map(real).collect()
}

/// What is wrong with a command, if something is. The bare name of one, as sentences have it, is right.
fn complaint(command: &str) -> Option<String> {
    let words = words(command);
    let error = Cli::try_parse_from(&words).err()?;
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => None,
        ErrorKind::MissingRequiredArgument if words.len() == 2 => None,
        _ => Some(format!("`{command}`: {error}")),
    }
}

#[test]
fn every_command_in_the_documents_parses() {
    let mut found = 0;
    let mut wrong = Vec::new();
    for path in documents() {
        for command in commands_in(&text_of(&path)) {
            found += 1;
            wrong.extend(complaint(&command).map(|complaint| format!("{}: {complaint}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(found > 40, "the test found the commands: {found}");
}

#[test]
fn the_reader_of_commands_sees_them() {
    let text = "Say `pipelinectl list`.\n```sh\n$ pipelinectl new 2022-10-14 --set 'a.b=\"c d\"'  # a comment\n\
                  - \"pipelinectl check\"\npipelinectl plan && echo\nAn example: pipelinectl nothing\n```\n";
    let found = commands_in(text);
    assert_eq!(
        found,
        ["pipelinectl list", "pipelinectl new 2022-10-14 --set 'a.b=\"c d\"'", "pipelinectl check", "pipelinectl plan"]
    );
    assert_eq!(words(&found[1])[4], "a.b=\"c d\"");
    assert_eq!(complaint("pipelinectl new"), None);
    for wrong in ["pipelinectl unload", "pipelinectl new 2022-10-14 --force", "pipelinectl apply --yes"] {
        assert!(complaint(wrong).is_some(), "{wrong}");
    }
}

#[test]
fn the_readme_names_the_two_commands_and_every_command_of_the_program() {
    let readme = text_of(&document("README.md"));
    for command in ["cargo demo", "cargo test"] {
        assert!(readme.contains(&format!("\n{command}")), "{command} stands in a line of its own");
    }
    for name in command_names() {
        assert!(readme.contains(&format!("`pipelinectl {name}")), "{name}");
    }
}

/// The keys that a table of the configuration takes, from the error that an unknown one gives.
fn keys<T: serde::de::DeserializeOwned>(table: &str) -> BTreeSet<String> {
    let text = format!("{table}nothing_is_called_this = 1\n");
    let Err(error) = toml::from_str::<T>(&text) else { panic!("{text} is accepted") };
    let keys: BTreeSet<String> = error.message().split('`').skip(3).step_by(2).map(str::to_owned).collect();
    assert!(!keys.is_empty(), "{error}");
    keys
}

#[test]
fn the_readme_shows_every_key_of_the_configuration_and_no_other() {
    let readme = text_of(&document("README.md"));
    let block = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a configuration");
    let uncommented: String = block.lines().map(|line| format!("{}\n", line.trim_start_matches("# "))).collect();
    ConfigurationFile::parse(Path::new("README.md"), &uncommented).unwrap_or_else(|error| panic!("{error}"));
    for table in [
        "",
        "[project]\n",
        "[pipeline]\n",
        "[aws]\n",
        "[terraform]\n",
        "[images]\n",
        "[live]\n",
        "[[live.place]]\nfile = 'a'\n",
        "[releases]\n",
    ] {
        for key in keys::<ConfigurationFile>(table) {
            let stands = uncommented.lines().any(|line| {
                line.starts_with(&format!("{key} "))
                    || line.starts_with('[') && line.trim_matches(['[', ']']).contains(&key)
            });
            assert!(stands, "{table}{key} is not in the README");
        }
    }
    for key in keys::<Service>("") {
        assert!(uncommented.lines().any(|line| line.starts_with(&format!("{key} "))), "[[service]] {key}");
    }
}

#[test]
fn links_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)#]+)(#[^)]*)?\)").expect("a pattern");
    for path in documents() {
        for found in link.captures_iter(&text_of(&path)) {
            let target = &found[1];
            if !target.starts_with("http") {
                let file = path.parent().expect("a folder").join(target);
                assert!(file.exists(), "{}: {target}", path.display());
            }
        }
    }
}

#[test]
fn the_arrows_of_the_architecture_are_those_of_the_test() {
    let test = text_of(&document("tests/main/layers.rs"));
    let list = test.split("const ARROWS").nth(1).and_then(|rest| rest.split("];\n").next()).expect("the list");
    let room = Regex::new(r#"\(\s*"(\w+)",\s*&\[([^\]]*)\]"#).expect("a pattern");
    let drawn = text_of(&document("docs/architecture.md"));
    let mut rooms = 0;
    for found in room.captures_iter(list) {
        let named: Vec<&str> = found[2].split(',').map(|name| name.trim().trim_matches('"')).collect();
        let named: Vec<&str> = named.into_iter().filter(|name| !name.is_empty()).collect();
        let row = format!("| `{}` | {} |", &found[1], if named.is_empty() { "–".to_owned() } else { named.join(", ") });
        assert!(drawn.contains(&row), "docs/architecture.md lacks\n{row}");
        rooms += 1;
    }
    assert!(rooms > 15, "the test found the rooms: {rooms}");
}

#[test]
fn the_picture_is_drawn_from_what_is_printed() {
    let list: String = (0..10).map(|number| format!("  \x1b[32m+\x1b[0m resource.{number}\n")).collect();
    let printed = format!(
        "   Compiling something\ndemo │ Building.\n\ndemo │ $ pipelinectl new 2022-10-14 --yes\n\x1b[1m<bold>\x1b[0m\n{list}\n\
         demo │ Asked AWS.\nafter the session\n"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let picture = folder.path().join("session.svg");
    let mut python = Command::new("python3")
        .arg(document("docs/session.py"))
        .args(["--from", "-", "--output"])
        .arg(&picture)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("python3 is on PATH, as the README says");
    python.stdin.take().expect("its input").write_all(printed.as_bytes()).expect("read");
    assert!(python.wait().expect("it ends").success());
    let svg = text_of(&picture);
    for part in [
        "pipelinectl new 2022-10-14 --yes",
        r#"font-weight="bold">&lt;bold&gt;<"#,
        r##"fill="#7ee787">+<"##,
        "6 more lines",
    ] {
        assert!(svg.contains(part), "{part}: {svg}");
    }
    for left_out in ["Compiling", "Building", "Asked AWS", "after the session", "resource.9"] {
        assert!(!svg.contains(left_out), "{left_out}: {svg}");
    }
}
