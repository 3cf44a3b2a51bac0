//! Which images terraform applied last, as its state says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};

use serde::Deserialize;
use serde_json::Value;

use super::classify;
use super::diagnostic::Diagnostic;
use super::error::Error;
use super::folder::PrivateFolder;
use super::program::Program;
use super::show::skip_talk;
use crate::progress::{Outcome, Progress};

/// The images of Lambda functions and ECS services in a state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppliedImages {
    functions: BTreeMap<String, String>,
    /// By the names of cluster and service.
    services: BTreeMap<(String, String), BTreeSet<String>>,
}

impl AppliedImages {
    /// The image of a function, as its resource names it; none where the state has no such function, or it has no image.
    pub fn of_function(&self, name: &str) -> Option<&str> {
        self.functions.get(name).map(String::as_str)
    }

    /// The images of the containers of an ECS service.
    pub fn of_service(&self, cluster: &str, service: &str) -> impl Iterator<Item = &str> {
        let key = (cluster.to_owned(), service.to_owned());
        self.services.get(&key).into_iter().flatten().map(String::as_str)
    }

    /// Takes in what another state says.
    pub fn extend(&mut self, other: Self) {
        self.functions.extend(other.functions);
        self.services.extend(other.services);
    }

    /// Reads a state ("JSON Output Format" does not describe it; version 4 has been written since Terraform 0.12).
    fn of(state: State) -> Self {
        let mut applied = Self::default();
        let mut definitions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut services = Vec::new();
        for resource in state.resources.into_iter().filter(|resource| resource.mode == "managed") {
            for Instance { attributes: of } in resource.instances {
                match resource.kind.as_str() {
                    "aws_lambda_function" => {
                        if let (Some(name), Some(image)) =
                            (text(of.function_name.as_ref()), text(of.image_uri.as_ref()))
                        {
                            applied.functions.insert(name.to_owned(), image.to_owned());
                        }
                    }
                    "aws_ecs_task_definition" => {
                        let images = images(text(of.container_definitions.as_ref()).unwrap_or_default());
                        let revision = of.revision.as_ref().map(Value::to_string).unwrap_or_default();
                        let family = text(of.family.as_ref()).unwrap_or_default();
                        let names = [text(of.arn.as_ref()).map(str::to_owned), Some(format!("{family}:{revision}"))];
                        let names = names.into_iter().flatten().chain([family.to_owned()]);
                        definitions.extend(names.map(|name| (name, images.clone())));
                    }
                    "aws_ecs_service" => services.push(of),
                    _ => {}
                }
            }
        }
        for of in services {
            let definition = text(of.task_definition.as_ref()).unwrap_or_default();
            if let (Some(name), Some(images)) = (text(of.name.as_ref()), definitions.get(definition)) {
                // The default cluster needs no name; others are named or given by their ARN.
                let cluster = text(of.cluster.as_ref()).unwrap_or("default");
                let cluster = cluster.rsplit('/').next().unwrap_or(cluster);
                applied.services.insert((cluster.to_owned(), name.to_owned()), images.clone());
            }
        }
        applied
    }
}

#[derive(Debug, Default, Deserialize)]
struct State {
    #[serde(default)]
    resources: Vec<Resource>,
}

#[derive(Debug, Deserialize)]
struct Resource {
    #[serde(default)]
    mode: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    instances: Vec<Instance>,
}

#[derive(Debug, Deserialize)]
struct Instance {
    #[serde(default)]
    attributes: Attributes,
}

/// What is wanted of any resource. In resources of other types these may be of any form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Attributes {
    function_name: Option<Value>,
    image_uri: Option<Value>,
    arn: Option<Value>,
    family: Option<Value>,
    revision: Option<Value>,
    container_definitions: Option<Value>,
    name: Option<Value>,
    cluster: Option<Value>,
    task_definition: Option<Value>,
}

fn text(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn images(definitions: &str) -> BTreeSet<String> {
    let definitions: Value = serde_json::from_str(definitions).unwrap_or_default();
    let containers = definitions.as_array().into_iter().flatten();
    containers.filter_map(|container| Some(container.get("image")?.as_str()?.to_owned())).collect()
}

impl Program {
    /// Reads the images from the state; nothing is initialized for it, and nothing else of the state is kept.
    pub fn applied_images(&self, progress: &dyn Progress) -> Result<AppliedImages, Error> {
        const ITEM: &str = "terraform state pull";
        progress.started(ITEM, "reading the state");
        let images = self.applied_images_unseen(progress);
        match &images {
            Ok(_) => progress.finished(ITEM, Outcome::Done, "read the state"),
            Err(_) => progress.finished(ITEM, Outcome::Skipped, "could not be read"),
        }
        images
    }

    fn applied_images_unseen(&self, progress: &dyn Progress) -> Result<AppliedImages, Error> {
        let _watch = self.interrupts().watch();
        let folder = PrivateFolder::new()?;
        let ended = self.run_to_file(&folder, &["state".into(), "pull".into(), "-no-color".into()], progress)?;
        if ended.interrupted {
            return Err(self.interrupted("state pull"));
        }
        if !ended.status.success() {
            let said = Diagnostic::from_text(&ended.stderr, self.redactor());
            return Err(classify::failure(self, "state pull", &ended, &said));
        }
        let failed = |source| Error::File { path: ended.stdout.clone(), what: "read", source };
        let mut reader = BufReader::new(File::open(&ended.stdout).map_err(failed)?);
        skip_talk(&mut reader).map_err(failed)?;
        let state = if reader.fill_buf().map_err(failed)?.is_empty() {
            // Nothing was applied yet.
            Ok(State::default())
        } else {
            serde_json::from_reader(reader).map_err(|error| failed(error.into()))
        };
        // It holds every value in clear text: nobody needs it any more.
        drop(fs::remove_file(&ended.stdout));
        Ok(AppliedImages::of(state?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: &str = r#"{
      "version": 4,
      "resources": [
        {"mode": "managed", "type": "aws_lambda_function", "name": "it", "module": "module.p",
         "instances": [{"attributes": {"function_name": "2022-08-31-a", "image_uri": "host/weco/a@sha256:1", "arn": "x"}},
                       {"attributes": {"function_name": "zip", "image_uri": ""}}]},
        {"mode": "data", "type": "aws_lambda_function", "instances": [{"attributes": {"function_name": "d", "image_uri": "x"}}]},
        {"mode": "managed", "type": "aws_ecs_service", "name": "it",
         "instances": [{"attributes": {"name": "2022-08-31-b", "cluster": "arn:aws:ecs:eu-west-1:1:cluster/concepts",
                                       "task_definition": "arn:aws:ecs:eu-west-1:1:task-definition/b:7"}},
                       {"attributes": {"name": "c", "cluster": "concepts", "task_definition": "b:7"}}]},
        {"mode": "managed", "type": "aws_ecs_task_definition", "name": "it",
         "instances": [{"attributes": {"arn": "arn:aws:ecs:eu-west-1:1:task-definition/b:7", "family": "b", "revision": 7,
                                       "container_definitions": "[{\"name\":\"x\",\"image\":\"host/weco/b:2022-08-31\"},{\"image\":\"nginx\"}]"}}]},
        {"mode": "managed", "type": "other", "instances": [{"attributes": {"name": ["odd"], "family": 7}}, {}]}
      ]
    }"#;

    #[test]
    fn finds_the_images_of_functions_and_services() {
        let applied = AppliedImages::of(serde_json::from_str(STATE).expect("a state"));
        assert_eq!(applied.of_function("2022-08-31-a"), Some("host/weco/a@sha256:1"));
        assert_eq!((applied.of_function("zip"), applied.of_function("d")), (None, None));
        for service in ["2022-08-31-b", "c"] {
            let images: Vec<&str> = applied.of_service("concepts", service).collect();
            assert_eq!(images, ["host/weco/b:2022-08-31", "nginx"], "{service}");
        }
        assert_eq!(applied.of_service("other", "c").count(), 0);
        assert_eq!(AppliedImages::of(State::default()), AppliedImages::default());
    }
}
