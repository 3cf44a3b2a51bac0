//! The services of a pipeline: which repositories there are, and which functions and ECS services run their images.

use std::collections::BTreeMap;

use ::hcl::Value;
use ::hcl::value::Map;

use crate::hcl::{Block, Item, Locals, items, label_text};
use crate::pipeline::service::EcsTarget;
use crate::pipeline::{Namespace, Pipeline};

use super::super::check::{attributes, folder_of as module_of, instances, locals_of};
use super::super::{Layout, SourceFile};
use super::{Folders, Proposal, folder_of};

/// What stands for the namespace in names.
const PLACE: &str = "{namespace}";
/// Stands for the registry in what is evaluated.
const REGISTRY: &str = "registry/";
/// How many modules deep is looked.
const DEEPEST: usize = 6;

/// A service as it seems to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name: the last part of its repository's.
    pub name: String,
    /// Its repository.
    pub repository: String,
    /// The functions that run it.
    pub lambda: Vec<String>,
    /// The ECS services that run it.
    pub ecs: Vec<EcsTarget>,
    /// What is unsure of it.
    pub unsure: Option<String>,
}

/// The services and what else was found with them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Services {
    /// One for each repository.
    pub services: Vec<Service>,
    /// The tag that the images of a pipeline have, where one was found.
    pub pipeline_tag: Option<String>,
    /// What was found and belongs to no repository, or the other way round.
    pub unsure: Vec<String>,
}

/// A function or an ECS service.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Runner {
    name: String,
    cluster: Option<String>,
    /// Repository and tag of the image, where they are known.
    image: Option<(String, Option<String>)>,
    /// Where it stands.
    place: String,
}

#[derive(Debug, Default)]
struct Walk<'a> {
    folders: BTreeMap<&'a str, &'a [SourceFile]>,
    repositories: Vec<String>,
    functions: Vec<Runner>,
    ecs: Vec<Runner>,
}

/// Looks for the services of the newest pipeline of an estate.
pub fn services(files: &[SourceFile], proposal: &Proposal) -> Services {
    let mut folders = Folders::new();
    for file in files.iter().filter(|file| items(&file.text).is_ok()) {
        folders.entry(folder_of(&file.path).to_owned()).or_default().push(file.clone());
    }
    let slices = folders.iter().map(|(folder, files)| (folder.as_str(), files.as_slice())).collect();
    let mut walk = Walk { folders: slices, ..Walk::default() };
    // Repositories may be anywhere.
    for files in folders.values() {
        walk.repositories(files, &looking(files).with("var", Value::Object(defaults(files))));
    }
    walk.newest(proposal);
    walk.services()
}

impl<'a> Walk<'a> {
    /// Walks from the newest pipeline's root through the modules that it calls.
    fn newest(&mut self, proposal: &Proposal) {
        let Some(newest) = proposal.namespaces.first() else { return };
        let root = match &proposal.layout {
            Layout::Directories(rules) => rules.folder_of(newest),
            Layout::ModuleBlocks(_) | Layout::MapEntries(_) => proposal.terraform_dir.clone(),
        };
        let Some(files) = self.folders.get(root.as_str()).copied() else { return };
        let found = proposal.layout.read(files).ok().and_then(|reading| reading.estate().find(newest).cloned());
        let Some(pipeline) = found else { return };
        let locals = known(files, &looking(files).with("var", Value::Object(defaults(files))));
        for file in files {
            for item in items(&file.text).unwrap_or_default() {
                let Item::Block(block) = item else { continue };
                if is_of(&proposal.layout, file, &block, &pipeline) {
                    self.block(file, &block, &locals, Some((newest, proposal.layout.rules().namespace_attribute())), 0);
                }
            }
        }
    }

    /// Walks into the module that a block calls.
    fn block(
        &mut self,
        file: &SourceFile,
        block: &Block,
        locals: &Locals<'_>,
        pipeline: Option<(&Namespace, &str)>,
        depth: usize,
    ) {
        let Some(files) = module_of(file, block).and_then(|folder| self.folders.get(folder.as_str()).copied()) else {
            return;
        };
        if depth >= DEEPEST {
            return;
        }
        let entries = match pipeline {
            Some(_) => vec![(PLACE.to_owned(), Value::Null)],
            None => Vec::new(),
        };
        let mut calls = instances(&file.text, block, locals, &entries);
        if let Some((namespace, attribute)) = pipeline {
            // One of many instances is enough.
            let own = |(key, _): &(String, _)| key.is_empty() || key == PLACE || key == namespace.as_str();
            calls.retain(own);
            for (key, inputs) in &mut calls {
                for value in inputs.values_mut() {
                    replace(value, namespace);
                }
                if key.is_empty() {
                    inputs.insert(attribute.to_owned(), Value::from(PLACE));
                }
            }
        }
        for (_, inputs) in calls {
            self.module(files, inputs, depth + 1);
        }
    }

    fn module(&mut self, files: &'a [SourceFile], inputs: BTreeMap<String, Value>, depth: usize) {
        let mut variables: Map<String, Value> = defaults(files);
        variables.extend(inputs);
        let locals = looking(files).with("var", Value::Object(variables));
        self.repositories(files, &locals);
        let locals = known(files, &locals);
        for file in files {
            for item in items(&file.text).unwrap_or_default() {
                let Item::Block(block) = item else { continue };
                let labels: Vec<&str> = block.labels.iter().map(|label| label_text(&file.text, label)).collect();
                match (&file.text[block.kind.clone()], labels.as_slice()) {
                    ("module", [_]) => self.block(file, &block, &locals, None, depth),
                    ("resource", ["aws_lambda_function", label]) => {
                        let found = Self::runners(file, &block, &locals, label, "function_name", "image_uri");
                        self.functions.extend(found);
                    }
                    ("resource", ["aws_ecs_service", label]) => {
                        let found = Self::runners(file, &block, &locals, label, "name", "cluster");
                        self.ecs.extend(found);
                    }
                    _ => {}
                }
            }
        }
    }

    /// The things that a resource block makes, by their names; `more` is the attribute with its image, or with its cluster.
    fn runners(
        file: &SourceFile,
        block: &Block,
        locals: &Locals<'_>,
        label: &str,
        name: &str,
        more: &str,
    ) -> Vec<Runner> {
        let Ok(given) = attributes(&file.text, block) else { return Vec::new() };
        let is_zip = given.contains_key("filename") || given.contains_key("s3_bucket");
        if more == "image_uri" && (is_zip || !given.contains_key(more)) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for mut each in each_of(&file.text, block, locals) {
            let mut text = |name: &str| {
                let (_, value) = given.get(name)?;
                each.evaluate_string(&file.text[value.clone()]).ok()
            };
            let Some(known) = text(name) else { continue };
            let extra = text(more);
            found.push(Runner {
                name: known,
                cluster: extra.clone().filter(|_| more == "cluster").map(|cluster| last_part(&cluster)),
                image: extra.filter(|_| more == "image_uri").and_then(|image| image_of(&image)),
                place: format!("{} ({label})", file.path),
            });
        }
        found
    }

    fn repositories(&mut self, files: &[SourceFile], locals: &Locals<'_>) {
        for value in resources(files, locals, "resource", "aws_ecr_repository", &["name"]).values() {
            for name in names_in(value) {
                if !self.repositories.contains(&name) {
                    self.repositories.push(name);
                }
            }
        }
    }

    fn services(self) -> Services {
        let mut services: Vec<Service> = self
            .repositories
            .iter()
            .map(|name| Service {
                name: last_part(name),
                repository: name.clone(),
                lambda: Vec::new(),
                ecs: Vec::new(),
                unsure: None,
            })
            .collect();
        let mut found = Services::default();
        let runners = self.functions.into_iter().map(|it| (it, false)).chain(self.ecs.into_iter().map(|it| (it, true)));
        for (runner, is_ecs) in runners {
            if let Some((_, Some(tag))) = &runner.image
                && tag.contains(PLACE)
            {
                found.pipeline_tag.get_or_insert_with(|| tag.clone());
            }
            let what = if is_ecs { "the ECS service" } else { "the function" };
            if !runner.name.contains(PLACE) && runner.cluster.as_ref().is_none_or(|cluster| !cluster.contains(PLACE)) {
                found.unsure.push(format!("{what} {} in {} is the same in every pipeline", runner.name, runner.place));
                continue;
            }
            let known = runner.image.as_ref().and_then(|(repository, _)| index_of(&mut services, repository));
            let guessed = known.is_none();
            let Some(index) = known.or_else(|| alike(&services, &runner.name)) else {
                found.unsure.push(format!("the repository of {what} {} in {} is not known", runner.name, runner.place));
                continue;
            };
            let service = &mut services[index];
            if guessed {
                service.unsure = Some(format!("{what} has a like name; its image is not statically known"));
            }
            match (is_ecs, &runner.cluster) {
                (false, _) if !service.lambda.contains(&runner.name) => service.lambda.push(runner.name),
                (true, Some(cluster)) => {
                    let target = EcsTarget { cluster: cluster.clone(), service: runner.name };
                    if !service.ecs.contains(&target) {
                        service.ecs.push(target);
                    }
                }
                (true, None) => {
                    found
                        .unsure
                        .push(format!("the cluster of {what} {} in {} is not known", runner.name, runner.place));
                }
                (false, _) => {}
            }
        }
        for service in services.iter_mut().filter(|service| service.lambda.is_empty() && service.ecs.is_empty()) {
            service.unsure.get_or_insert_with(|| "nothing was found that runs it: it is tagged, no more".to_owned());
        }
        found.services = services;
        found
    }
}

/// What is known in the folder of a file: its locals, and the defaults of its variables.
pub fn known_at<'a>(files: &'a [SourceFile], file: &SourceFile) -> Locals<'a> {
    let folder = folder_of(&file.path);
    let here = || files.iter().filter(|file| folder_of(&file.path) == folder);
    let own: Vec<SourceFile> = here().cloned().collect();
    locals_of(here()).lenient().with("var", Value::Object(defaults(&own)))
}

fn looking(files: &[SourceFile]) -> Locals<'_> {
    locals_of(files.iter()).lenient()
}

/// Repository and tag of an image's URI.
fn image_of(uri: &str) -> Option<(String, Option<String>)> {
    let path = match uri.split_once('/') {
        Some((host, path)) if host == "registry" || host.contains(".dkr.ecr.") => path,
        _ => return None,
    };
    let (repository, tag) = match (path.split_once('@'), path.split_once(':')) {
        (Some((repository, _)), _) => (repository, None),
        (None, Some((repository, tag))) => (repository, Some(tag.to_owned())),
        (None, None) => (path, None),
    };
    Some((repository.to_owned(), tag))
}

/// The locals where what refers to repositories, images and clusters of the same module is known, too.
fn known<'l>(files: &[SourceFile], locals: &Locals<'l>) -> Locals<'l> {
    let repositories = resources(files, locals, "resource", "aws_ecr_repository", &["name"]);
    let clusters = resources(files, locals, "resource", "aws_ecs_cluster", &["name"]);
    let mut data = Map::new();
    let of_data = |kind: &str, wanted: &[&str]| Value::Object(resources(files, locals, "data", kind, wanted));
    data.insert("aws_ecr_repository".to_owned(), of_data("aws_ecr_repository", &["name"]));
    data.insert("aws_ecr_image".to_owned(), of_data("aws_ecr_image", &["repository_name", "image_tag"]));
    data.insert("aws_ecs_cluster".to_owned(), of_data("aws_ecs_cluster", &["cluster_name"]));
    locals
        .with("aws_ecr_repository", Value::Object(repositories))
        .with("aws_ecs_cluster", Value::Object(clusters))
        .with("data", Value::Object(data))
}

/// Whether a block makes the pipeline: its own block, or one that is fed by the map.
fn is_of(layout: &Layout, file: &SourceFile, block: &Block, pipeline: &Pipeline) -> bool {
    if &file.text[block.kind.clone()] != "module" {
        return false;
    }
    match layout {
        Layout::ModuleBlocks(_) | Layout::Directories(_) => {
            pipeline.file == file.path && pipeline.span.start == block.kind.start
        }
        Layout::MapEntries(_) => {
            let label = block.labels.first().map_or("", |label| label_text(&file.text, label));
            let address = format!("module.{label}[");
            pipeline.addresses().iter().any(|known| known.starts_with(&address))
        }
    }
}

/// The resources of a type by their labels: an object with what is wanted of each, and with URLs made of the name; where
/// there is one for each key, an object of those.
fn resources(files: &[SourceFile], locals: &Locals<'_>, sort: &str, kind: &str, wanted: &[&str]) -> Map<String, Value> {
    let mut found = Map::new();
    for file in files {
        for item in items(&file.text).unwrap_or_default() {
            let Item::Block(block) = item else { continue };
            let labels: Vec<&str> = block.labels.iter().map(|label| label_text(&file.text, label)).collect();
            if &file.text[block.kind.clone()] != sort || labels.first() != Some(&kind) || labels.len() != 2 {
                continue;
            }
            let Ok(given) = attributes(&file.text, &block) else { continue };
            let mut instances: Vec<(Option<String>, Value)> = Vec::new();
            for mut each in each_of(&file.text, &block, locals) {
                let text = |each: &mut Locals<'_>, name: &str| {
                    let (_, value) = given.get(name)?;
                    each.evaluate_string(&file.text[value.clone()]).ok()
                };
                let Some(name) = text(&mut each, wanted[0]) else { continue };
                let tag = wanted.get(1).and_then(|tag| text(&mut each, tag));
                let uri = format!("{REGISTRY}{name}{}", tag.map_or_else(String::new, |tag| format!(":{tag}")));
                let mut object = Map::new();
                for (key, value) in [
                    ("name", name.as_str()),
                    ("id", &name),
                    ("arn", &name),
                    ("cluster_name", &name),
                    ("repository_name", &name),
                    ("repository_url", &format!("{REGISTRY}{name}")),
                    ("image_uri", &uri),
                ] {
                    object.insert(key.to_owned(), Value::from(value));
                }
                instances.push((each.evaluate_string("each.key").ok(), Value::Object(object)));
            }
            let keyed = instances.iter().any(|(key, _)| key.is_some());
            let value = if keyed {
                Value::Object(instances.into_iter().filter_map(|(key, value)| Some((key?, value))).collect())
            } else {
                match instances.pop() {
                    Some((_, value)) => value,
                    None => continue,
                }
            };
            found.insert(labels[1].to_owned(), value);
        }
    }
    found
}

/// The locals for each instance of a block: one, or one for each key of its `for_each` with `each` known.
fn each_of<'l>(text: &str, block: &Block, locals: &Locals<'l>) -> Vec<Locals<'l>> {
    let Ok(given) = attributes(text, block) else { return Vec::new() };
    let Some((_, each)) = given.get("for_each") else { return vec![locals.with("count", Value::Null)] };
    let entries: Vec<(String, Value)> = match locals.with("count", Value::Null).evaluate(&text[each.clone()]) {
        Ok(Value::Array(values)) => {
            values.into_iter().filter_map(|value| Some((value.as_str()?.to_owned(), value.clone()))).collect()
        }
        Ok(Value::Object(entries)) => entries.into_iter().collect(),
        _ => Vec::new(),
    };
    let instance = |(key, value): (String, Value)| {
        let each = [("key".to_owned(), Value::from(key)), ("value".to_owned(), value)];
        locals.with("each", Value::Object(each.into_iter().collect()))
    };
    entries.into_iter().map(instance).collect()
}

fn defaults(files: &[SourceFile]) -> Map<String, Value> {
    let mut values = Map::new();
    for file in files {
        for item in items(&file.text).unwrap_or_default() {
            let Item::Block(block) = item else { continue };
            let [label] = block.labels.as_slice() else { continue };
            if &file.text[block.kind.clone()] == "variable"
                && let Ok(given) = attributes(&file.text, &block)
                && let Some((_, default)) = given.get("default")
                && let Ok(value) = Locals::new().evaluate(&file.text[default.clone()])
            {
                values.insert(label_text(&file.text, label).to_owned(), value);
            }
        }
    }
    values
}

/// Puts `{namespace}` in the place of the pipeline's own in every string.
fn replace(value: &mut Value, namespace: &Namespace) {
    match value {
        Value::String(text) => *text = text.replace(namespace.as_str(), PLACE),
        Value::Array(values) => values.iter_mut().for_each(|value| replace(value, namespace)),
        Value::Object(values) => values.values_mut().for_each(|value| replace(value, namespace)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The names of one resource, or of one for each key.
fn names_in(value: &Value) -> Vec<String> {
    let Value::Object(object) = value else { return Vec::new() };
    match object.get("name") {
        Some(Value::String(name)) => vec![name.clone()],
        _ => object.values().flat_map(names_in).collect(),
    }
}

fn last_part(name: &str) -> String {
    name.rsplit('/').next().unwrap_or(name).to_owned()
}

/// The service with that repository; a new one where there is none yet.
fn index_of(services: &mut Vec<Service>, repository: &str) -> Option<usize> {
    if repository.contains(PLACE) || repository.is_empty() {
        return None;
    }
    if let Some(index) = services.iter().position(|service| service.repository == repository) {
        return Some(index);
    }
    services.push(Service {
        name: last_part(repository),
        repository: repository.to_owned(),
        lambda: Vec::new(),
        ecs: Vec::new(),
        unsure: None,
    });
    Some(services.len() - 1)
}

/// The service whose name is in the other one, the longest where there are several.
fn alike(services: &[Service], name: &str) -> Option<usize> {
    let plain = |text: &str| text.replace(PLACE, "").replace(['-', '_', '/'], "").to_lowercase();
    let wanted = plain(name);
    let fits = |service: &Service| {
        let own = plain(&service.name);
        !own.is_empty() && !wanted.is_empty() && (wanted.ends_with(&own) || own.ends_with(&wanted))
    };
    let found = services.iter().enumerate().filter(|(_, service)| fits(service));
    found.max_by_key(|(_, service)| service.name.len()).map(|(index, _)| index)
}
