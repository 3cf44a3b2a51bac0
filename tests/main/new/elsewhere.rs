//! An estate that pipelinectl has never seen: whatever its people wrote stays, to the byte.

use sandbox::Estate;

use super::*;
use crate::support::run;

/// Not formatted, commented everywhere, a key twice in an object, a label without a date, siblings of several kinds, and
/// something that only looks like the new block.
const FOREIGN: &str = r#"# Der Bestand – with umlauts: äöü
/* of several
   lines */
terraform { required_version = ">= 1.5" } // one line

locals {
  first_date = "2022-06-01" # of the first one
  sizes = {
      small = 1
    large = 2,
    small = 3 // again: the last one counts
  }
}

# -- the oldest --
module "catalogue" {
  source    = "./stack"        # where it is
  namespace = local.first_date # which it is
  reindexing_state = { scale_up_tasks = false, index = "concepts-2022-06-01" }
}

module   "concepts_pipeline_2022-07-15"{
    source="./stack"
    namespace   =   "2022-07-15"   // not formatted
  reindexing_state = {scale_up_tasks=true,   index="concepts-2022-07-15"} # tight
}


# the live one
module "concepts_pipeline_2022-08-31" {
  # what is written here stays
  source    = "./stack"
  namespace = "2022-08-31"

  reindexing_state = {
    # up while it is filled
    scale_up_tasks = false                 # or true
    index          = "concepts-2022-08-31" # the index of 2022-08-31
  }
} # end of live

resource "terraform_data" "elsewhere" {
  input = <<-EOT
    module "concepts_pipeline_2022-10-14" {
    }
  EOT
}
/* the end */
"#;

/// The estate on disk, in one of four ways to end a line and a file. It has no template.
fn foreign(builder: Builder, crlf: bool, final_newline: bool) -> (Estate, String) {
    let estate = builder.build().expect("an estate");
    let text = if final_newline { FOREIGN } else { FOREIGN.trim_end() };
    let text = if crlf { text.replace('\n', "\r\n") } else { text.to_owned() };
    estate.write(MAIN, &text).expect("written");
    change(&estate, "pipelinectl.toml", "template = \"templates/concepts_pipeline.tf\"\n", "");
    (estate, text)
}

/// Runs `new --edit-only` in each of the four; gives the new block, the same in all of them, with `\n`.
#[track_caller]
fn edits(arguments: &[&str]) -> String {
    let mut blocks = Vec::new();
    for (crlf, final_newline) in [(false, true), (false, false), (true, true), (true, false)] {
        let (estate, before) = foreign(Estate::small(), crlf, final_newline);
        estate.write("templates/other.tf", TEMPLATE).expect("written");
        let arguments = [&["new", NEW, "--edit-only", "--yes"], arguments].concat();
        without_anything(&estate.root(), &arguments).ends_with(0);
        let after = estate.read(MAIN).expect("readable");
        let inserted = inserted(&before, &after);
        assert_eq!(crlf, inserted.contains("\r\n"), "{inserted:?}");
        assert!(!crlf || inserted.replace("\r\n", "").chars().all(|c| c != '\n' && c != '\r'), "{inserted:?}");
        blocks.push(block_of(&after.replace("\r\n", "\n")));
    }
    assert!(blocks.iter().all(|block| *block == blocks[0]), "{blocks:#?}");
    blocks.remove(0)
}

/// The new block. What stands in the heredoc is indented, and is none.
#[track_caller]
fn block_of(text: &str) -> String {
    let is_head = |line: &str| line.starts_with("module") && line.contains("\"concepts_pipeline_2022-10-14\"");
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.iter().position(|line| is_head(line)).unwrap_or_else(|| panic!("no new block in {text}"));
    let end = lines[start..].iter().position(|line| line.starts_with('}')).expect("its end");
    lines[start..=start + end].iter().map(|line| format!("{line}\n")).collect()
}

const TEMPLATE: &str = "# a template\nmodule \"{{label}}\" {\n  source    = \"./stack\"\n  namespace = \"{{namespace}}\"\n  reindexing_state = {\n    scale_up_tasks = true\n    index          = \"other-{{namespace}}\"\n  }\n}\n";

/// Runs the program where there is neither AWS nor terraform nor git, nor anything else.
fn without_anything(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipelinectl"));
    command.args(arguments).current_dir(folder).env_clear().env("PATH", "").stdin(Stdio::null());
    command.output().expect("the program starts").into()
}

/// Whether `terraform fmt` leaves the text alone.
fn is_formatted(text: &str) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("block.tf"), text).expect("written");
    let terraform = sandbox::Terraform::find().expect("terraform");
    let mut command = terraform.command(folder.path());
    command.args(["fmt", "-check"]).stdout(Stdio::null()).status().expect("it runs").success()
}

#[test]
fn the_oracle_of_the_format_can_say_no() {
    assert!(is_formatted("a = 1\n") && !is_formatted("a  = 1\n"));
}

#[test]
fn copied_from_the_newest_with_its_comments() {
    let block = edits(&[]);
    assert!(is_formatted(&block), "{block}");
    insta::assert_snapshot!(block, @r#"
    module "concepts_pipeline_2022-10-14" {
      # what is written here stays
      source    = "./stack"
      namespace = "2022-10-14"

      reindexing_state = {
        # up while it is filled
        scale_up_tasks = false                 # or true
        index          = "concepts-2022-10-14" # the index of 2022-10-14
      }
    } # end of live
    "#);
    assert_eq!(edits(&["--from", LIVE]), block);
    assert_eq!(edits(&["--after", "2022-07-15"]), block);
    assert_eq!(edits(&["--before", "2022-06-01"]), block);
    assert_eq!(edits(&["--before", "live"]), block);
}

#[test]
fn copied_from_one_that_is_not_formatted_it_is_spaced_as_that_one() {
    insta::assert_snapshot!(edits(&["--from", "2022-07-15"]), @r#"
    module   "concepts_pipeline_2022-10-14"{
        source="./stack"
        namespace   =   "2022-10-14"   // not formatted
      reindexing_state = {scale_up_tasks=true,   index="concepts-2022-10-14"} # tight
    }
    "#);
}

#[test]
fn copied_from_one_whose_label_has_no_date() {
    insta::assert_snapshot!(edits(&["--from", "2022-06-01"]), @r#"
    module "concepts_pipeline_2022-10-14" {
      source    = "./stack"    # where it is
      namespace = "2022-10-14" # which it is
      reindexing_state = { scale_up_tasks = false, index = "concepts-2022-10-14" }
    }
    "#);
}

#[test]
fn settings_replace_what_was_copied() {
    let block = edits(&[
        "--set",
        "reindexing_state.scale_up_tasks=true",
        "--set",
        "reindexing_state.index=other",
        "--set",
        "tags.team=\"data\"",
        "--set",
        "retention_days=30",
    ]);
    assert!(is_formatted(&block), "{block}");
    insta::assert_snapshot!(block, @r#"
    module "concepts_pipeline_2022-10-14" {
      # what is written here stays
      source    = "./stack"
      namespace = "2022-10-14"

      reindexing_state = {
        # up while it is filled
        scale_up_tasks = true    # or true
        index          = "other" # the index of 2022-10-14
      }

      tags = {
        team = "data"
      }

      retention_days = 30
    } # end of live
    "#);
}

#[test]
fn made_from_another_template() {
    let block = edits(&["--template", "templates/other.tf", "--set", "reindexing_state.scale_up_tasks=false"]);
    insta::assert_snapshot!(block, @r#"
    module "concepts_pipeline_2022-10-14" {
      source    = "./stack"
      namespace = "2022-10-14"
      reindexing_state = {
        scale_up_tasks = false
        index          = "other-2022-10-14"
      }
    }
    "#);
    assert!(is_formatted(&block), "{block}");
}

#[test]
fn another_label_is_found_again() {
    let (estate, before) = foreign(Estate::small(), false, true);
    run(&estate, &["new", NEW, "--edit-only", "--yes", "--label", "next"]).ends_with(0);
    let after = estate.read(MAIN).expect("readable");
    assert!(inserted(&before, &after).contains("module \"next\" {"));
    run(&estate, &["new", NEW, "--edit-only", "--yes"])
        .ends_with(0)
        .says("Nothing to do: 2022-10-14 is in infrastructure/main.tf");
    assert_eq!(estate.read(MAIN).expect("readable"), after);
    run(&estate, &["new", "2022-11-01", "--edit-only", "--yes", "--label", "next"])
        .ends_with(64)
        .says("the label 'next' is taken");
    run(&estate, &["new", "2022-11-01", "--edit-only", "--yes", "--from", "2022-09-09"])
        .ends_with(64)
        .says("there is no pipeline 2022-09-09");
    assert_eq!(estate.read(MAIN).expect("readable"), after);
}

#[test]
fn the_edit_needs_no_aws_no_terraform_and_no_git() {
    let (estate, before) = foreign(Estate::small(), false, true);
    fs::remove_dir_all(estate.file(".git")).expect("no repository");
    let words = ["new", NEW, "--edit-only", "--yes"];
    without_anything(&estate.root(), &words).ends_with(0).says("Wrote module.concepts_pipeline_2022-10-14");
    let after = estate.read(MAIN).expect("readable");
    assert!(!inserted(&before, &after).is_empty());
    without_anything(&estate.root(), &words).ends_with(0).says("Nothing to do: 2022-10-14 is in");
    let dry = ["new", "2022-11-01", "--edit-only", "--dry-run"];
    without_anything(&estate.root(), &dry).ends_with(0).says("Dry run: nothing was changed.");
    assert_eq!(estate.read(MAIN).expect("readable"), after);
}

#[test]
fn the_whole_way_in_the_foreign_estate() {
    let (estate, before) = foreign(Estate::small().aws(&aws()), true, false);
    estate.apply_live().expect("it applies");
    let arguments = ["new", NEW, "--yes", "--from", LIVE, "--set", "reindexing_state.scale_up_tasks=true"];
    run(&estate, &arguments).ends_with(0);
    let after = estate.read(MAIN).expect("readable");
    inserted(&before, &after);
    assert_eq!((tags_made(&estate), made(&estate), state(&estate).len()), (5, 6, 4 * 6 + 1));
    run(&estate, &arguments).ends_with(0).says("Nothing to do");
    assert_eq!(estate.read(MAIN).expect("readable"), after);
}
