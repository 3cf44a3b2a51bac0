//! Applying what stands in the estate, as a team has done before pipelinectl comes.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::shape::TABLE;
use crate::{Error, Estate, LocalAws, Result, places};

/// Stands beside the estate's own files for one apply.
const IMPORTS: &str = "infrastructure/sandbox_imports.tf";
/// Stands for the account in what is remembered.
const PLACEHOLDER: &str = "{account}";

impl Estate {
    /// Runs `terraform init`, with the backend's file where there is one.
    pub fn init(&self) -> Result<()> {
        let mut arguments = vec!["init", "-no-color"];
        if self.is_full() {
            arguments.push("-backend-config=backend.hcl");
        }
        self.terraform(&arguments).map(drop)
    }

    /// Makes the pipelines that stand in `main.tf` with terraform, so that they are live.
    ///
    /// In a full estate the repositories, which have to hold images before any plan, and the table of the releases, which
    /// the first lock needs, are made beforehand and imported. So are topics and queues from the second time on: the AWS
    /// provider waits 25 seconds for each queue that it makes itself, and twice that for one with a dead-letter queue.
    pub fn apply_live(&self) -> Result<()> {
        self.init()?;
        let apply = ["apply", "-auto-approve", "-no-color"];
        match &self.aws {
            Some(aws) if self.is_full() => {
                let remembered = self.remembered_path()?;
                self.write(IMPORTS, &self.made_beforehand(aws, &remembered)?)?;
                let applied = self.terraform(&apply);
                let imports = self.file(IMPORTS);
                std::fs::remove_file(&imports).map_err(Error::file(&imports))?;
                applied?;
                self.remember(aws, &remembered)?;
            }
            _ => drop(self.terraform(&apply)?),
        }
        if self.aws.is_some() && self.uses_provider()? {
            // What AWS filled in by itself is in the state of a pipeline that has been planned since it was made.
            self.terraform(&["apply", "-refresh-only", "-auto-approve", "-no-color"])?;
        }
        Ok(())
    }

    fn uses_provider(&self) -> Result<bool> {
        Ok(self.is_full() || self.read("infrastructure/main.tf")?.contains("provider \"aws\""))
    }

    fn is_full(&self) -> bool {
        self.file("infrastructure/backend.hcl").is_file()
    }

    /// Import blocks for what was made now: the repositories, and the topics and queues that are remembered.
    fn made_beforehand(&self, aws: &LocalAws, remembered: &Path) -> Result<String> {
        let mut imports = String::new();
        for service in &self.services {
            imports += &import(&format!("aws_ecr_repository.service[\"{service}\"]"), &format!("weco/{service}"));
        }
        if self.shape.dynamodb {
            imports += &import("aws_dynamodb_table.releases", TABLE);
        }
        if let Ok(text) = std::fs::read_to_string(remembered) {
            let known: Value = serde_json::from_str(&text.replace(PLACEHOLDER, aws.account_id())).unwrap_or_default();
            for resource in known.as_array().into_iter().flatten() {
                let id = make(aws, resource)?;
                imports += &import(resource["address"].as_str().unwrap_or_default(), &id);
            }
        }
        Ok(imports)
    }

    /// The file, named after the code, so that other code makes another.
    fn remembered_path(&self) -> Result<PathBuf> {
        let mut hash = Sha256::new();
        for path in self.git(&["ls-files", "infrastructure/*.tf"])?.lines() {
            hash.update(path);
            hash.update(self.read(path)?);
        }
        let name: String = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Ok(places::kept_folder().join(format!("live-{name}.json")))
    }

    /// Writes down the topics and queues of the state: address, name and attributes, dead-letter queues before others.
    fn remember(&self, aws: &LocalAws, path: &Path) -> Result<()> {
        if path.exists() {
            return Ok(());
        }
        let state = self.terraform(&["state", "pull"])?;
        let state: Value = serde_json::from_str(&state).map_err(|error| Error::answer("the state", error))?;
        let mut known = Vec::new();
        for resource in state["resources"].as_array().into_iter().flatten() {
            let Some(kind @ ("aws_sns_topic" | "aws_sqs_queue")) = resource["type"].as_str() else { continue };
            for instance in resource["instances"].as_array().into_iter().flatten() {
                known.push(json!({
                    "address": address(resource, instance),
                    "type": kind,
                    "name": instance["attributes"]["name"],
                    "attributes": if kind == "aws_sqs_queue" { attributes(&instance["attributes"]) } else { Map::new() },
                }));
            }
        }
        known.sort_by_key(|resource| resource["attributes"].get("RedrivePolicy").is_some());
        let text = Value::Array(known).to_string().replace(aws.account_id(), PLACEHOLDER);
        let folder = places::kept_folder();
        let mut file = tempfile::NamedTempFile::new_in(&folder).map_err(Error::file(&folder))?;
        file.write_all(text.as_bytes()).map_err(Error::file(path))?;
        file.persist(path).map(drop).map_err(|error| Error::file(path)(error.error))
    }
}

fn import(to: &str, id: &str) -> String {
    format!("import {{\n  to = {to}\n  id = \"{id}\"\n}}\n\n")
}

/// The address of an instance in a state file (version 4).
fn address(resource: &Value, instance: &Value) -> String {
    let text = |name: &str| resource[name].as_str().unwrap_or_default();
    let module = if text("module").is_empty() { String::new() } else { format!("{}.", text("module")) };
    let key = if instance["index_key"].is_null() { String::new() } else { format!("[{}]", instance["index_key"]) };
    format!("{module}{}.{}{key}", text("type"), text("name"))
}

/// Makes a remembered topic or queue; gives the id to import.
fn make(aws: &LocalAws, resource: &Value) -> Result<String> {
    let name = resource["name"].as_str().unwrap_or_default();
    if resource["type"] == "aws_sns_topic" {
        aws.ask_query("sns", &[("Action", "CreateTopic"), ("Version", "2010-03-31"), ("Name", name)])?;
        return Ok(format!("arn:aws:sns:{}:{}:{name}", aws.region(), aws.account_id()));
    }
    let body = json!({"QueueName": name, "Attributes": resource["attributes"]});
    let answer = aws.ask("sqs", "AmazonSQS.CreateQueue", &body)?;
    answer["QueueUrl"].as_str().map(str::to_owned).ok_or_else(|| Error::answer("a queue", &answer))
}

/// The attributes of `CreateQueue`, from those of terraform's `aws_sqs_queue`.
fn attributes(planned: &Value) -> Map<String, Value> {
    const NAMES: [(&str, &str); 8] = [
        ("delay_seconds", "DelaySeconds"),
        ("max_message_size", "MaximumMessageSize"),
        ("message_retention_seconds", "MessageRetentionPeriod"),
        ("policy", "Policy"),
        ("receive_wait_time_seconds", "ReceiveMessageWaitTimeSeconds"),
        ("redrive_policy", "RedrivePolicy"),
        ("sqs_managed_sse_enabled", "SqsManagedSseEnabled"),
        ("visibility_timeout_seconds", "VisibilityTimeout"),
    ];
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    NAMES
        .iter()
        .filter(|(planned_name, _)| !planned[planned_name].is_null() && planned[planned_name] != "")
        .map(|(planned_name, name)| ((*name).to_owned(), json!(text(&planned[planned_name]))))
        .collect()
}
