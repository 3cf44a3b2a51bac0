//! `pipelinectl.toml` as it stands in the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::live::LiveTable;
use crate::pipeline::service::{Registry, Service};

/// The whole file. Every table may be absent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfigurationFile {
    /// `[project]`
    pub project: Project,
    /// `[pipeline]`
    pub pipeline: Pipeline,
    /// `[aws]`
    pub aws: Aws,
    /// `[terraform]`
    pub terraform: Terraform,
    /// `[images]`
    pub images: Images,
    /// `[[service]]`
    pub service: Vec<Service>,
    /// `[live]`
    pub live: Option<LiveTable>,
    /// `[releases]`
    pub releases: Releases,
}

/// `[project]`: what the estate is called and where it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Project {
    /// The project's name; its records are kept under it. Default: the name of the project's folder.
    pub name: Option<String>,
    /// The folder of the Terraform root, below the project's folder.
    pub terraform_dir: PathBuf,
    /// Where a pipeline lives in the estate.
    pub layout: Layout,
}

impl Default for Project {
    fn default() -> Self {
        Self { name: None, terraform_dir: PathBuf::from("."), layout: Layout::ModuleBlocks }
    }
}

/// Where a pipeline lives in the estate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// A module block for each pipeline in one Terraform root.
    ModuleBlocks,
    /// An entry for each pipeline in one map, which feeds `for_each`.
    MapEntries,
    /// A folder for each pipeline: a Terraform root and a state each.
    Directories,
}

/// `[pipeline]`: how pipelines are found and made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pipeline {
    /// Module blocks with this source are pipelines.
    pub source: Option<String>,
    /// The attribute of the block that says which pipeline it is.
    pub namespace_attribute: String,
    /// The label that a new block gets; blocks with such a label are pipelines too.
    pub module: String,
    /// The file that gets new blocks, below the Terraform root; where none is named, `main.tf`, or one like that of the
    /// sibling.
    pub file: Option<PathBuf>,
    /// The file that new blocks are made from, below the project's folder.
    pub template: Option<PathBuf>,
    /// What a namespace must look like, from its first character to its last.
    pub namespace_pattern: Option<String>,
    /// Namespaces that are never retired.
    pub protected: Vec<String>,
    /// Layout `map-entries`: the map, `local.pipelines` or `module.pipelines.pipelines`.
    pub map: Option<String>,
    /// Layout `map-entries`: what one entry makes, `module.pipelines["{namespace}"]`.
    pub addresses: Vec<String>,
    /// Layout `directories`: the folder of a pipeline below the estate's.
    pub directory: String,
    /// Layout `directories`: where the namespace is replaced in a copy besides its attribute, locals and the backend.
    pub rename: Vec<String>,
    /// Layout `directories`: where it is kept in any case.
    pub keep: Vec<String>,
}

impl Default for Pipeline {
    fn default() -> Self {
        Self {
            source: None,
            namespace_attribute: "namespace".to_owned(),
            module: "pipeline_{namespace}".to_owned(),
            file: None,
            template: None,
            namespace_pattern: None,
            protected: Vec::new(),
            map: None,
            addresses: Vec::new(),
            directory: "{namespace}".to_owned(),
            rename: Vec::new(),
            keep: Vec::new(),
        }
    }
}

/// `[aws]`: where the pipelines run.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Aws {
    /// The region, such as `eu-west-1`.
    pub region: Option<String>,
    /// The profile of the AWS configuration files.
    pub profile: Option<String>,
    /// The twelve digits of the account; credentials of another one are refused.
    pub account_id: Option<String>,
    /// The role that our own calls are made with. Terraform does not get it.
    pub role_arn: Option<String>,
    /// `[aws.ecr]`: where the repositories are, when elsewhere.
    pub ecr: Registry,
}

/// `[terraform]`: how terraform is run.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Terraform {
    /// `terraform`, `tofu`, or a script relative to the root.
    pub program: String,
    /// Environment variables for terraform only.
    pub env: BTreeMap<String, Variable>,
    /// Arguments of `terraform init`.
    pub init_args: Vec<String>,
    /// The workspace; `default` where absent.
    pub workspace: Option<String>,
}

impl Default for Terraform {
    fn default() -> Self {
        Self { program: "terraform".to_owned(), env: BTreeMap::new(), init_args: Vec::new(), workspace: None }
    }
}

/// The value of an environment variable for terraform.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Variable {
    /// The value itself.
    Plain(String),
    /// The name of a secret in Secrets Manager that holds the value.
    Secret(SecretName),
}

/// Names a secret: `{ secret = "…" }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretName {
    /// Name or ARN of the secret.
    pub secret: String,
}

/// `[images]`: how images are tagged and where their commits live.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Images {
    /// The tag that a pipeline's services run.
    pub pipeline_tag: String,
    /// The tag that names an image's commit.
    pub commit_tag: String,
    /// The branch that images are built from.
    pub main_branch: String,
    /// The repository of the images' commits, when it is not this one; relative to the project's folder.
    pub git: Option<PathBuf>,
    /// Whether every commit of the main branch builds every image. Where it does not, `--ref` takes the newest image at or
    /// before that commit.
    pub every_commit: bool,
}

impl Default for Images {
    fn default() -> Self {
        Self {
            pipeline_tag: "{namespace}".to_owned(),
            commit_tag: "ref.{commit}".to_owned(),
            main_branch: "origin/main".to_owned(),
            git: None,
            every_commit: true,
        }
    }
}

/// `[releases]`: where records and locks are kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Releases {
    /// Which store; the user's state folder where absent.
    pub store: Option<Store>,
    /// The table of the store `dynamodb`. The file store has none and does not look at it.
    pub table: Option<String>,
}

/// A store of records and locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Store {
    /// The user's state folder, shared by the clones on this machine.
    File,
    /// A table of DynamoDB, shared by a team and its CI.
    DynamoDb,
}

/// What is wrong with a configuration file, and where.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}:{line}:{column}: {message}", path.display())]
pub struct ConfigurationError {
    /// The file.
    pub path: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The line's text.
    pub text: String,
    /// What is wrong.
    pub message: String,
    /// The known key that is nearest to an unknown one.
    pub nearest: Option<String>,
}

impl ConfigurationError {
    /// What is wrong with the value of `key`, which has its tables before it: `aws.ecr.account_id`.
    pub fn of_value(path: &Path, text: &str, key: &str, message: &str) -> Self {
        let (line, text) = line_of_key(text, key);
        let column = text.chars().take_while(|c| c.is_whitespace()).count() + 1;
        let message = format!("{key}: {message}");
        Self { path: path.to_owned(), line, column, text: text.to_owned(), message, nearest: None }
    }
}

/// The line, from 1, that says `key`: below its table, or in an inline table; the first line where it is not found.
fn line_of_key<'a>(text: &'a str, key: &str) -> (usize, &'a str) {
    let mut table = String::new();
    let mut inside = None;
    for (index, line) in text.lines().enumerate() {
        let content = line.trim();
        if content.starts_with('[') {
            content.trim_start_matches('[').split(']').next().unwrap_or_default().trim().clone_into(&mut table);
            if table == key {
                inside = Some((index + 1, line));
            }
            continue;
        }
        let name = content.split('=').next().unwrap_or_default().trim();
        let full = if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") };
        if full == key || (content.contains('=') && key.starts_with(&format!("{full}."))) {
            return (index + 1, line);
        }
    }
    inside.unwrap_or((1, text.lines().next().unwrap_or_default()))
}

impl ConfigurationFile {
    /// Reads the text of a configuration file.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigurationError> {
        toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let before = &text[..offset.min(text.len())];
            let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
            let (message, nearest) = explain(error.message());
            ConfigurationError {
                path: path.to_owned(),
                line: before.matches('\n').count() + 1,
                column: before[line_start..].chars().count() + 1,
                text: text[line_start..].lines().next().unwrap_or_default().to_owned(),
                message,
                nearest,
            }
        })
    }
}

/// Turns "unknown field `x`, expected one of `a`, `b`" into a sentence of ours and the nearest of the known keys.
fn explain(message: &str) -> (String, Option<String>) {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match (message.strip_prefix("unknown field "), quoted.split_first()) {
        (Some(_), Some((unknown, known))) => {
            let nearest = crate::pipeline::nearest::nearest(unknown, known.iter().copied());
            (format!("unknown key '{unknown}'"), nearest.map(str::to_owned))
        }
        _ => (message.trim().replace('\n', " "), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> ConfigurationError {
        ConfigurationFile::parse(Path::new("pipelinectl.toml"), text).expect_err("an error")
    }

    #[test]
    fn names_an_unknown_key_its_line_and_the_nearest() {
        let error = error("[project]\nname = \"x\"\n\n[pipeline]\nnamespace_atribute = \"date\"\n");
        assert_eq!((error.line, error.column), (5, 1));
        assert_eq!(error.message, "unknown key 'namespace_atribute'");
        assert_eq!(error.nearest.as_deref(), Some("namespace_attribute"));
        assert_eq!(error.text, "namespace_atribute = \"date\"");
    }

    #[test]
    fn tells_where_the_syntax_is_wrong() {
        assert_eq!(error("[project\nname = 1").line, 1);
        assert_eq!(error("[project]\nname = 1\n").line, 2);
    }

    #[test]
    fn reads_what_the_reference_shows() {
        let text = r#"
            [project]
            name = "concepts"
            terraform_dir = "infrastructure"
            layout = "module-blocks"
            [pipeline]
            source = "./stack"
            [aws]
            region = "eu-west-1"
            [aws.ecr]
            account_id = "210987654321"
            [terraform]
            env = { EC_API_KEY = { secret = "elastic_cloud/api_key" }, PLAIN = "x" }
            init_args = ["-backend-config=backend.hcl"]
            [live]
            file = ".buildkite/pipeline.yml"
            key = "env.LIVE_PIPELINE"
            [releases]
            store = "file"
        "#;
        let file = ConfigurationFile::parse(Path::new("pipelinectl.toml"), text).expect("valid");
        assert_eq!(
            file.terraform.env["EC_API_KEY"],
            Variable::Secret(SecretName { secret: "elastic_cloud/api_key".to_owned() })
        );
        assert_eq!(file.aws.ecr.account_id.as_deref(), Some("210987654321"));
        assert_eq!(file.images.commit_tag, "ref.{commit}");
    }
}
