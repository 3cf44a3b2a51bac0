//! Files that nobody meant: every command ends with an error of its own, none with a panic.

use std::fs;
use std::time::{Duration, Instant};

use sandbox::Estate;

use crate::support::run;

/// What stands in a file instead of what should.
fn garbage() -> Vec<(&'static str, Vec<u8>)> {
    let block = "module \"concepts_pipeline_2022-08-31\" {\n  source    = \"./stack\"\n  namespace = \"2022-08-31\"\n";
    vec![
        ("nothing", Vec::new()),
        ("zeros", vec![0; 4096]),
        ("no Unicode", b"locals {\n  a = \"\xff\xfe\"\n}\n".to_vec()),
        ("a byte-order mark alone", b"\xef\xbb\xbf".to_vec()),
        ("carriage returns", block.replace('\n', "\r").into_bytes()),
        ("a block that is not closed", block.into()),
        ("a heredoc that is not closed", format!("{block}  a = <<EOT\n  text\n}}\n").into_bytes()),
        ("a string that is not closed", format!("{block}  a = \"text\n}}\n").into_bytes()),
        ("a template that is not closed", format!("{block}  a = \"${{b\"\n}}\n").into_bytes()),
        ("a comment that is not closed", format!("{block}  /* a\n}}\n").into_bytes()),
        ("no braces", b"module \"a\"\nmodule\n= 1\n}\n".to_vec()),
        ("deep brackets", format!("{block}  a = {}1{}\n}}\n", "[".repeat(50_000), "]".repeat(50_000)).into_bytes()),
        (
            "deep templates",
            format!("{block}  a = {}1{}\n}}\n", "\"${".repeat(20_000), "}\"".repeat(20_000)).into_bytes(),
        ),
        ("deep blocks", format!("{}{}", "a {\n".repeat(20_000), "}\n".repeat(20_000)).into_bytes()),
        ("many operators", format!("{block}  a = 1{}\n}}\n", " + 1".repeat(50_000)).into_bytes()),
        ("deep TOML", format!("a = {}{}\n", "[".repeat(20_000), "]".repeat(20_000)).into_bytes()),
        ("wide letters", format!("{block}  ñ = \"日本語 {}\" }}\n", "\u{1f600}".repeat(100)).into_bytes()),
    ]
}

const COMMANDS: [&[&str]; 4] = [
    &["list"],
    &["check"],
    &["new", "2022-10-14", "--edit-only", "--yes"],
    &["new", "2022-10-14", "--edit-only", "--yes", "--from", "2022-08-31", "--set", "a.b=1"],
];

#[test]
fn no_file_makes_it_panic() {
    let estate = Estate::small().build().expect("an estate");
    for path in
        ["infrastructure/main.tf", "pipelinectl.toml", ".buildkite/pipeline.yml", "templates/concepts_pipeline.tf"]
    {
        let before = fs::read(estate.file(path)).expect("readable");
        let main = fs::read(estate.file("infrastructure/main.tf")).expect("readable");
        for (what, bytes) in garbage() {
            // The others are read by each command in the same way.
            let commands = if path == "infrastructure/main.tf" { &COMMANDS[..] } else { &COMMANDS[1..3] };
            for arguments in commands {
                fs::write(estate.file(path), &bytes).expect("writable");
                let begun = Instant::now();
                let run = run(&estate, arguments);
                let said = format!("{path}: {what}: {arguments:?}: exit code {}\n{}", run.code, run.err);
                assert!([0, 1, 64].contains(&run.code) && !run.err.contains("panicked"), "{said}");
                assert!(run.code != 64 || run.err.contains("error: "), "{said}");
                assert!(run.err.len() < 20_000, "too much is said\n{said}");
                assert!(begun.elapsed() < Duration::from_secs(20), "it takes too long\n{said}");
                if path != "infrastructure/main.tf" {
                    fs::write(estate.file("infrastructure/main.tf"), &main).expect("writable");
                }
            }
        }
        fs::write(estate.file(path), &before).expect("writable");
    }
}

#[test]
fn no_argument_makes_it_panic() {
    let estate = Estate::small().build().expect("an estate");
    let deep = format!("a={}{}", "[".repeat(20_000), "]".repeat(20_000));
    let long = "2022-10-14-".to_owned() + &"x".repeat(10_000);
    for arguments in [
        &["new", "2022-10-14", "--edit-only", "--yes", "--set", &deep][..],
        &["new", "2022-10-14", "--edit-only", "--yes", "--set", "a[\"\u{1f600}\"].b=\"ñ\""],
        &["new", "2022-10-14", "--edit-only", "--yes", "--set", "=1"],
        &["new", "2022-10-14", "--edit-only", "--yes", "--set", "a.=1"],
        &["new", "2022-10-14", "--edit-only", "--yes", "--unset", "a[\"b"],
        &["new", "2022-10-14", "--edit-only", "--yes", "--label", "ñ \u{1f600}"],
        &["new", "2022-10-14", "--edit-only", "--yes", "--file", "../../outside.tf"],
        &["new", "2022-10-14", "--edit-only", "--yes", "--file", "no/such/folder.tf"],
        &["new", "2022-10-14", "--edit-only", "--yes", "--template", "nowhere.tf"],
        &["new", &long, "--edit-only", "--yes"],
        &["new", "\u{1f600}", "--edit-only", "--yes"],
        &["plan", "module."],
        &["plan", "module.a[\"b"],
        &["plan", "2022-08-31", "--allow", "=create"],
        &["plan", "2022-08-31", "--allow", "a[\"\u{1f600}=create"],
        &["apply", "/"],
        &["list", "-C", ""],
        &["list", "--config", ""],
        &["list", "--config", "/"],
    ] {
        let run = run(&estate, arguments);
        let said = format!("{:?}: exit code {}\n{}", &arguments[..2], run.code, run.err);
        assert!([0, 1, 64].contains(&run.code) && !run.err.contains("panicked"), "{said}");
        assert!(run.code == 0 || run.err.contains("error: "), "{said}");
        let outside = estate.root().with_file_name("outside.tf");
        assert!(!outside.exists(), "{said}: it wrote outside the checkout");
    }
}
