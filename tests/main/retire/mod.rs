//! `pipelinectl retire`

mod gone;
mod plain;
mod provider;
mod refused;
mod stopped;
mod tags;

use std::fs;
use std::path::PathBuf;

use sandbox::{Estate, LocalAws};
use serde_json::Value;

use crate::new::{digests, state};
use crate::support::{Run, run};

/// The pipeline that goes.
const OLD: &str = "2022-10-01";
/// The address of its module.
const MODULE: &str = "module.concepts_pipeline_2022-10-01";
/// The one that stays, and is live.
const LIVE: &str = "2022-08-31";
/// The file that the blocks are in.
const MAIN: &str = "infrastructure/main.tf";

/// Two pipelines that are there, the first one live, and an empty log of calls.
fn standing() -> Estate {
    crate::plan::two_pipelines()
}

fn aws_of(estate: &Estate) -> &LocalAws {
    estate.aws().expect("the estate has an AWS")
}

/// Retires the pipeline as a job does.
#[track_caller]
fn retire(estate: &Estate, more: &[&str]) -> Run {
    run(estate, &[&["retire", OLD, "--confirm", OLD], more].concat())
}

/// What there is of the pipeline: its block, its resources, its tags.
fn left(estate: &Estate) -> (bool, usize, usize) {
    let block = estate.read(MAIN).expect("readable").contains(&format!("namespace = \"{OLD}\""));
    let resources = state(estate).iter().filter(|address| address.contains(&format!("{OLD}."))).count();
    (block, resources, digests(estate, OLD).iter().flatten().count())
}

/// All of it.
const WHOLE: (bool, usize, usize) = (true, 3, 2);
const NOTHING: (bool, usize, usize) = (false, 0, 0);

fn records(estate: &Estate, namespace: &str) -> PathBuf {
    estate.home().join(format!("state/pipelinectl/concepts-{}/{namespace}", aws_of(estate).account_id()))
}

/// The completed records of the pipeline, oldest first.
fn history(estate: &Estate) -> Vec<Value> {
    let Ok(entries) = fs::read_dir(records(estate, OLD).join("releases")) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let read = |path: &PathBuf| fs::read_to_string(path).expect("readable");
    paths.iter().map(|path| serde_json::from_str(&read(path)).expect("JSON")).collect()
}

fn is_unfinished(estate: &Estate) -> bool {
    records(estate, OLD).join("unfinished.json").exists()
}

/// Takes a tag away from a repository, as somebody might by hand.
fn untag(estate: &Estate, repository: &str, tag: &str) {
    let body = serde_json::json!({"repositoryName": repository, "imageIds": [{"imageTag": tag}]});
    aws_of(estate).ask("ecr", "AmazonEC2ContainerRegistry_V20150921.BatchDeleteImage", &body).expect("untagged");
}
