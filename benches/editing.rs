//! `pipelinectl new --edit-only` against `terraform fmt`: the same file, one after the other.
//!
//! Both read one file, find their way in it, and are done; ours also writes it, with one block more. The new block is a
//! copy of the newest sibling, which is the dearest way to make one.
#![allow(clippy::disallowed_methods, reason = "a bench runs programs and writes its files itself")]

mod support;

use std::path::Path;

use sandbox::Terraform;
use support::process::{Spent, stopwatch};
use support::table::Row;
use support::{PROGRAM, Result, median, table};

/// Of these the middle one counts; the big file is read by `terraform fmt` only once.
const RUNS: usize = 5;
const NEW: &str = "2031-01-01";

const SETTINGS: &str = r#"
[project]
name = "concepts"
terraform_dir = "."

[pipeline]
source = "./stack"
namespace_attribute = "namespace"
module = "concepts_pipeline_{namespace}"
file = "main.tf"
"#;

fn main() -> Result<()> {
    let terraform = Terraform::find()?;
    let mut rows = Vec::new();
    for blocks in [10, 1_000, 10_000] {
        let folder = tempfile::tempdir()?;
        let text: String = (0..blocks).map(block).collect::<Vec<_>>().join("\n");
        std::fs::write(folder.path().join("pipelinectl.toml"), SETTINGS)?;
        let ours = ours(folder.path(), &text)?;
        let theirs = theirs(folder.path(), &text, &terraform, if blocks > 1_000 { 1 } else { RUNS })?;
        let size = text.len() as u64;
        let most = 30_000_000 + 5 * size;
        let mut time =
            Row::times(&format!("{} blocks, {}", grouped(blocks), table::size(size)), ours.time, Some(theirs.time));
        let mut memory = Row::sizes("  memory", ours.memory, Some(theirs.memory));
        if blocks == 10_000 {
            let ratio = theirs.time.as_secs_f64() / ours.time.as_secs_f64();
            time = time.wanted("over 50 x as fast", ratio > 50.0);
        }
        memory = memory.wanted(format!("30 MB + 5 x the file = {}", table::size(most)), ours.memory <= most);
        rows.extend([time, memory]);
    }
    table::print("Editing: one more module block in a file", Some("terraform fmt"), &rows);
    Ok(())
}

/// Our edit of a fresh copy, several times.
fn ours(folder: &Path, text: &str) -> Result<Spent> {
    let path = folder.join("main.tf");
    let mut spent = Vec::new();
    for _ in 0..RUNS {
        std::fs::write(&path, text)?;
        spent.push(stopwatch(folder, PROGRAM, &["new", NEW, "--edit-only", "--yes"])?);
        let edited = std::fs::read_to_string(&path)?;
        let added = edited.strip_prefix(text).ok_or("the edit changed what was there")?;
        if !added.contains(&format!("module \"concepts_pipeline_{NEW}\"")) {
            return Err("the edit made no block".into());
        }
    }
    Ok(middle(&spent))
}

/// Theirs, of a file that is formatted already.
fn theirs(folder: &Path, text: &str, terraform: &Terraform, runs: usize) -> Result<Spent> {
    let path = folder.join("main.tf");
    std::fs::write(&path, text)?;
    let program = terraform.program().to_string_lossy();
    let mut spent = Vec::new();
    for _ in 0..runs {
        spent.push(stopwatch(folder, &program, &["fmt", "main.tf"])?);
    }
    if std::fs::read_to_string(&path)? != text {
        return Err("the bench's file is not as terraform fmt would write it".into());
    }
    Ok(middle(&spent))
}

fn middle(spent: &[Spent]) -> Spent {
    Spent {
        time: median(spent.iter().map(|spent| spent.time).collect()),
        memory: spent.iter().map(|spent| spent.memory).max().unwrap_or_default(),
    }
}

/// A pipeline of some 800 bytes, with a day of its own from 2000 on.
fn block(number: usize) -> String {
    let (year, month, day) = (2000 + number / 336, number % 336 / 28 + 1, number % 28 + 1);
    let date = format!("{year}-{month:02}-{day:02}");
    format!(
        r#"# The pipeline of {date}: see the runbook before you change its settings.
module "concepts_pipeline_{date}" {{
  source    = "./stack"
  namespace = "{date}"

  reindexing_state = {{
    scale_up_tasks   = false # only while a reindex runs
    scale_up_cluster = false
    index_suffix     = "concepts-{date}"
  }}

  # Mappings live with the code that reads them.
  index_config = {{
    "works"    = {{ mapping = "works.{date}", shards = 3, replicas = 1 }}
    "concepts" = {{ mapping = "concepts.{date}", shards = 1, replicas = 1 }}
  }}

  topics = [
    "catalogue_works_{number}",
    "catalogue_images_{number}",
  ]

  network_config = local.network_config
  logging        = merge(local.logging, {{ retention_days = 30 }})

  providers = {{
    aws.catalogue = aws.catalogue
  }}
}}
"#
    )
}

fn grouped(number: usize) -> String {
    if number < 1_000 { number.to_string() } else { format!("{},{:03}", number / 1_000, number % 1_000) }
}
