//! A pipeline's images as Terraform variables.

use std::collections::BTreeMap;
use std::path::Path;

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::common::release::Release;
use crate::context::Context;
use crate::failure::Failure;
use crate::hcl::{self, quote};
use crate::pipeline::Namespace;
use crate::pipeline::service::Repository;

/// How variables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Syntax {
    /// As in a `.tfvars` file, spaced as `terraform fmt` does.
    Hcl,
    /// As in a `.tfvars.json` file.
    Json,
}

impl Syntax {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hcl => "HCL",
            Self::Json => "JSON",
        }
    }

    /// What terraform expects in a file of that name ("Variable Definitions (.tfvars) Files").
    pub fn of_file(path: Option<&Path>) -> Self {
        let is_json = path.and_then(Path::extension).is_some_and(|extension| extension == "json");
        if is_json { Self::Json } else { Self::Hcl }
    }
}

/// The variables of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Variables {
    /// The pipeline.
    pub namespace: String,
    /// The image of each service: `registry/repository@sha256:…`.
    pub images: BTreeMap<String, String>,
    /// The commit that each service's image was built from; none for an image without a commit tag.
    pub commits: BTreeMap<String, Option<String>>,
}

impl Variables {
    /// What the release gives each service.
    pub fn of(context: &Context, namespace: &Namespace, release: &Release) -> Result<Self, Failure> {
        let session = context.session()?;
        let (mut images, mut commits) = (BTreeMap::new(), BTreeMap::new());
        for item in &release.plan.moves {
            let host = host(&item.repository, &release.identity.account_id, session.region());
            let image = format!("{host}/{}@{}", item.repository.name, item.after.image.digest);
            for service in &item.services {
                images.insert(service.clone(), image.clone());
                commits.insert(service.clone(), item.after.commits.first().cloned());
            }
        }
        Ok(Self { namespace: namespace.to_string(), images, commits })
    }

    /// The text of a file that says it.
    pub fn text(&self, syntax: Syntax) -> Result<String, Failure> {
        match syntax {
            Syntax::Hcl => self.hcl(),
            Syntax::Json => serde_json::to_string_pretty(self)
                .map(|text| text + "\n")
                .map_err(|error| Failure::failed(format!("the variables cannot be written as JSON: {error}"))),
        }
    }

    fn hcl(&self) -> Result<String, Failure> {
        let entry = |(key, value): (&String, String)| format!("{} = {value}\n", name(key));
        let images: String = self.images.iter().map(|(key, image)| entry((key, quote(image)))).collect();
        let value = |commit: &Option<String>| commit.as_deref().map_or_else(|| "null".to_owned(), quote);
        let commits: String = self.commits.iter().map(|(key, commit)| entry((key, value(commit)))).collect();
        let map = |entries: String| if entries.is_empty() { "{}".to_owned() } else { format!("{{\n{entries}}}") };
        let (namespace, images, commits) = (quote(&self.namespace), map(images), map(commits));
        let text = format!("namespace = {namespace}\n\nimages = {images}\n\ncommits = {commits}\n");
        hcl::format(&text, 0)
            .map_err(|error| Failure::failed(format!("the variables cannot be written as HCL: {}", error.message)))
    }
}

/// A key of an object; quoted where it is no identifier ("HCL Native Syntax Specification", "Identifiers").
fn name(key: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let is_identifier = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && key.chars().all(is_part);
    let means_something = matches!(key, "null" | "true" | "false" | "for");
    if is_identifier && !means_something { key.to_owned() } else { quote(key) }
}

/// The host of a registry ("Amazon ECR private registry").
fn host(repository: &Repository, account: &str, region: &str) -> String {
    let account = repository.registry.account_id.as_deref().unwrap_or(account);
    let region = repository.registry.region.as_deref().unwrap_or(region);
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("{account}.dkr.ecr.{region}.{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(services: &[&str]) -> Variables {
        let image =
            |name: &&str| ((*name).to_owned(), format!("1.dkr.ecr.eu-west-1.amazonaws.com/weco/{name}@sha256:ab"));
        let commit = |(at, name): (usize, &&str)| ((*name).to_owned(), (at > 0).then(|| "0123abc".to_owned()));
        Variables {
            namespace: "2022-08-31".to_owned(),
            images: services.iter().map(image).collect(),
            commits: services.iter().enumerate().map(commit).collect(),
        }
    }

    #[test]
    fn is_sorted_and_aligned() {
        insta::assert_snapshot!(variables(&["b", "a_longer", "2nd one"]).text(Syntax::Hcl).expect("HCL"), @r#"
        namespace = "2022-08-31"

        images = {
          "2nd one" = "1.dkr.ecr.eu-west-1.amazonaws.com/weco/2nd one@sha256:ab"
          a_longer  = "1.dkr.ecr.eu-west-1.amazonaws.com/weco/a_longer@sha256:ab"
          b         = "1.dkr.ecr.eu-west-1.amazonaws.com/weco/b@sha256:ab"
        }

        commits = {
          "2nd one" = "0123abc"
          a_longer  = "0123abc"
          b         = null
        }
        "#);
        insta::assert_snapshot!(variables(&["b"]).text(Syntax::Json).expect("JSON"), @r#"
        {
          "namespace": "2022-08-31",
          "images": {
            "b": "1.dkr.ecr.eu-west-1.amazonaws.com/weco/b@sha256:ab"
          },
          "commits": {
            "b": null
          }
        }
        "#);
        assert_eq!(
            variables(&[]).text(Syntax::Hcl).expect("HCL"),
            "namespace = \"2022-08-31\"\n\nimages = {}\n\ncommits = {}\n"
        );
    }

    #[test]
    fn the_name_of_the_file_tells_the_syntax() {
        assert_eq!(Syntax::of_file(Some(Path::new("a.auto.tfvars.json"))), Syntax::Json);
        assert_eq!(Syntax::of_file(Some(Path::new("a.tfvars"))), Syntax::Hcl);
        assert_eq!(Syntax::of_file(None), Syntax::Hcl);
    }

    #[test]
    fn a_repository_may_be_elsewhere() {
        let registry = crate::pipeline::service::Registry { account_id: Some("2".to_owned()), region: None };
        let repository = Repository { registry, name: "weco/a".to_owned() };
        assert_eq!(host(&repository, "1", "cn-north-1"), "2.dkr.ecr.cn-north-1.amazonaws.com.cn");
    }
}
