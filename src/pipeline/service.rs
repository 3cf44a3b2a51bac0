//! Services: what a pipeline runs, and from which repository.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Namespace;

/// One program of the stack, as `[[service]]` of the configuration describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its name in commands and tables.
    pub name: String,
    /// The ECR repository that its images are in, without the registry.
    pub repository: String,
    /// Where that repository is, if elsewhere than `[aws.ecr]` says.
    #[serde(default, skip_serializing_if = "Registry::is_default")]
    pub ecr: Registry,
    /// The Lambda functions that run it, with `{namespace}`: one name or a list.
    #[serde(default, deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "OneOrMany<String>")]
    pub lambda: Vec<String>,
    /// The ECS services that run it: one table or a list.
    #[serde(default, deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "OneOrMany<EcsTarget>")]
    pub ecs: Vec<EcsTarget>,
    /// A name under which several services are chosen together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whether its targets may be absent from a pipeline.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// The git repository of its images' commits, if another than `[images] git` says; relative to the project's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<PathBuf>,
}

/// What runs a service in one pipeline.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A Lambda function, by its name.
    Lambda(String),
    /// An ECS service.
    Ecs(EcsTarget),
}

/// An ECS service, with `{namespace}` in either name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EcsTarget {
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub service: String,
}

/// An ECR registry: an account and a region. What is absent is that of the session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// Twelve digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// For instance `eu-west-1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// A repository in a registry. Tags go once a repository, however many services share it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Repository {
    /// Where it is.
    pub registry: Registry,
    /// Its name, `weco/concepts_aggregator`.
    pub name: String,
}

impl Registry {
    /// This registry, with what it lacks taken from `fallback`.
    #[must_use]
    pub fn or(&self, fallback: &Self) -> Self {
        Self {
            account_id: self.account_id.clone().or_else(|| fallback.account_id.clone()),
            region: self.region.clone().or_else(|| fallback.region.clone()),
        }
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Repository {
    /// Its name in records: bare where it is in the registry `default`, and else with account and region before it, since
    /// two registries may have repositories of one name.
    pub fn key(&self, default: &Registry) -> String {
        if self.registry == *default {
            return self.name.clone();
        }
        let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "default".to_owned());
        format!("{}.{}/{}", part(&self.registry.account_id), part(&self.registry.region), self.name)
    }
}

impl Service {
    /// The repository of its images; `registry` is what `[aws.ecr]` and `[aws]` say.
    pub fn repository_in(&self, registry: &Registry) -> Repository {
        Repository { registry: self.ecr.or(registry), name: self.repository.clone() }
    }

    /// The names of its Lambda functions in the pipeline `namespace`.
    pub fn functions_of(&self, namespace: &Namespace) -> Vec<String> {
        self.lambda.iter().map(|name| filled(name, namespace)).collect()
    }

    /// Its ECS services in the pipeline `namespace`.
    pub fn ecs_services_of(&self, namespace: &Namespace) -> Vec<EcsTarget> {
        let target = |target: &EcsTarget| EcsTarget {
            cluster: filled(&target.cluster, namespace),
            service: filled(&target.service, namespace),
        };
        self.ecs.iter().map(target).collect()
    }

    /// Everything that runs it in the pipeline `namespace`; nothing for a service that is only tagged.
    pub fn targets_of(&self, namespace: &Namespace) -> Vec<Target> {
        let functions = self.functions_of(namespace).into_iter().map(Target::Lambda);
        functions.chain(self.ecs_services_of(namespace).into_iter().map(Target::Ecs)).collect()
    }
}

fn filled(pattern: &str, namespace: &Namespace) -> String {
    pattern.replace("{namespace}", namespace.as_str())
}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lambda(name) => formatter.write_str(name),
            Self::Ecs(target) => target.fmt(formatter),
        }
    }
}

impl fmt::Display for EcsTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.cluster, self.service)
    }
}

/// How a list is written in the configuration: one item stands for a list of one.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected one target or a list of targets; an ECS target is { cluster, service }")]
enum OneOrMany<T> {
    /// One item.
    One(T),
    /// A list.
    Many(Vec<T>),
}

fn one_or_many<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(item) => vec![item],
        OneOrMany::Many(items) => items,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        service: Vec<Service>,
    }

    fn services(text: &str) -> Result<Vec<Service>, toml::de::Error> {
        toml::from_str::<File>(text).map(|file| file.service)
    }

    #[test]
    fn reads_one_target_or_a_list() {
        let text = r#"
            [[service]]
            name = "a"
            repository = "weco/a"
            lambda = "{namespace}-a"
            ecs = { cluster = "c-{namespace}", service = "a" }

            [[service]]
            name = "b"
            repository = "weco/b"
            lambda = ["{namespace}-b", "{namespace}-b_bulk"]
            ecs = [{ cluster = "c", service = "b" }, { cluster = "c", service = "b2" }]
            group = "scala"
            optional = true
            ecr = { account_id = "210987654321" }
        "#;
        let services = services(text).expect("a configuration");
        let namespace: Namespace = "2022-08-31".parse().expect("a namespace");
        assert_eq!(services[0].functions_of(&namespace), ["2022-08-31-a"]);
        assert_eq!(services[0].ecs_services_of(&namespace)[0].to_string(), "c-2022-08-31/a");
        assert_eq!(services[1].functions_of(&namespace), ["2022-08-31-b", "2022-08-31-b_bulk"]);
        assert_eq!(services[1].ecs.len(), 2);
        assert!(services[1].optional && !services[0].optional);
        let default = Registry { account_id: Some("123456789012".into()), region: Some("eu-west-1".into()) };
        let repository = services[1].repository_in(&default);
        assert_eq!(repository.registry.account_id.as_deref(), Some("210987654321"));
        assert_eq!(repository.registry.region.as_deref(), Some("eu-west-1"));
    }

    #[test]
    fn repositories_of_one_name_in_two_registries_have_two_keys() {
        let default = Registry { account_id: Some("123456789012".into()), region: None };
        let far = Registry { region: Some("us-east-1".into()), ..Registry::default() }.or(&default);
        let key = |registry| Repository { registry, name: "weco/a".to_owned() }.key(&default);
        assert_eq!(key(default.clone()), "weco/a");
        assert_eq!(key(far), "123456789012.us-east-1/weco/a");
        assert_eq!(key(Registry::default()), "default.default/weco/a");
    }

    #[test]
    fn refuses_an_unknown_key() {
        let error = services("[[service]]\nname = 'a'\nrepository = 'a'\nlamda = 'x'\n").expect_err("a wrong key");
        assert!(error.to_string().contains("lamda"), "{error}");
        assert!(services("[[service]]\nname = 'a'\nrepository = 'a'\necs = { cluster = 'x' }\n").is_err());
    }
}
