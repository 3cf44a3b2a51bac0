//! The files of an estate.

use std::path::Path;

use crate::{Error, Result, places};

/// How much of AWS an estate needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Small,
    Medium,
    Full,
}

/// The services of the repository's own `infrastructure`.
pub(super) const SERVICES: [&str; 5] = [
    "concepts_ingestor",
    "concepts_aggregator",
    "concepts_aggregator_bulk",
    "concepts_recorder",
    "concepts_recorder_bulk",
];

/// `pipelinectl.toml`.
pub(super) fn settings(size: Size, services: &[String], account: &str, region: &str) -> String {
    let mut text = format!(
        r#"[project]
name = "concepts"
terraform_dir = "infrastructure"
layout = "module-blocks"

[pipeline]
source = "./stack"
namespace_attribute = "namespace"
module = "concepts_pipeline_{{namespace}}"
file = "main.tf"
template = "templates/concepts_pipeline.tf"
namespace_pattern = '\d{{4}}-\d{{2}}-\d{{2}}[\w-]*'

[aws]
region = "{region}"
account_id = "{account}"

[images]
pipeline_tag = "{{namespace}}"
commit_tag = "ref.{{commit}}"
main_branch = "origin/main"
"#
    );
    for service in services {
        text.push_str(&format!("\n[[service]]\nname = \"{service}\"\nrepository = \"weco/{service}\"\n"));
        if size != Size::Small {
            text.push_str(&format!("lambda = \"{{namespace}}-{service}\"\n"));
        }
    }
    text.push_str(
        "\n[live]\nfile = \".buildkite/pipeline.yml\"\nkey = \"env.LIVE_PIPELINE\"\n\n[releases]\nstore = \"file\"\n",
    );
    text
}

/// `.buildkite/pipeline.yml`, whose top names the live pipeline.
pub(super) fn buildkite(live: &str) -> String {
    format!(
        r#"# A merge to main deploys to this pipeline.
env:
  LIVE_PIPELINE: "{live}"

steps:
  - label: "test"
    command: ".buildkite/scripts/test.sh"

  - wait

  - label: "deploy to ${{LIVE_PIPELINE}}"
    command: "pipelinectl deploy live --yes"
    branches: "main"
"#
    )
}

/// `infrastructure/main.tf` of a small or medium estate: one block for each pipeline.
pub(super) fn pipelines(size: Size, namespaces: &[String], region: &str) -> String {
    let mut text = match size {
        Size::Small => "# One block for each pipeline.\n".to_owned(),
        _ => format!(
            r#"terraform {{
  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }}
  }}
}}

provider "aws" {{
  region = "{region}"
}}

# One block for each pipeline.
"#
        ),
    };
    for namespace in namespaces {
        let between = if text.ends_with("pipeline.\n") { "" } else { "\n" };
        text.push_str(between);
        text.push_str(&block(namespace));
    }
    text
}

/// The module block of a pipeline of a small or medium estate; with placeholders it is the template.
pub(super) fn block(namespace: &str) -> String {
    format!(
        "module \"concepts_pipeline_{namespace}\" {{\n  source    = \"./stack\"\n  namespace = \"{namespace}\"\n\n  \
         reindexing_state = {{\n    scale_up_tasks = false\n    index          = \"concepts-{namespace}\"\n  }}\n}}\n"
    )
}

/// `infrastructure/stack/main.tf` of a small or medium estate.
pub(super) fn stack(size: Size, services: &[String]) -> String {
    let names: Vec<_> = services.iter().map(|service| format!("    \"{service}\",\n")).collect();
    let head = format!(
        r#"variable "namespace" {{
  type = string
}}

variable "reindexing_state" {{
  type = object({{
    scale_up_tasks = bool
    index          = string
  }})
}}

locals {{
  services = toset([
{}  ])
}}
"#,
        names.concat()
    );
    let body = match size {
        Size::Small => {
            r#"
resource "terraform_data" "service" {
  for_each = local.services

  input = "${var.namespace}-${each.key}"
}

resource "terraform_data" "index" {
  input = var.reindexing_state
}

output "services" {
  value = sort([for service in terraform_data.service : service.output])
}
"#
        }
        _ => {
            r#"
data "aws_ecr_image" "service" {
  for_each = local.services

  repository_name = "weco/${each.key}"
  image_tag       = var.namespace
}

resource "aws_iam_role" "service" {
  name = "${var.namespace}-services"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_lambda_function" "service" {
  for_each = local.services

  function_name = "${var.namespace}-${each.key}"
  role          = aws_iam_role.service.arn
  package_type  = "Image"
  image_uri     = data.aws_ecr_image.service[each.key].image_uri

  environment {
    variables = { INDEX = var.reindexing_state.index }
  }
}
"#
        }
    };
    head + body
}

/// Copies the repository's own `infrastructure`, `templates`, `pipelinectl.toml` and Buildkite file, with `account` in place of the
/// example account.
pub(super) fn copy_own(root: &Path, account: &str) -> Result<()> {
    for folder in ["infrastructure", "templates"] {
        copy(&places::workspace_folder().join(folder), &root.join(folder))?;
    }
    for path in ["infrastructure/backend.hcl", "pipelinectl.toml", ".buildkite/pipeline.yml"] {
        let own = places::workspace_folder().join(path);
        let text = std::fs::read_to_string(&own).map_err(Error::file(&own))?;
        super::write(&root.join(path), &text.replace(crate::local_aws::ACCOUNT, account))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to).map_err(Error::file(to))?;
    for entry in std::fs::read_dir(from).map_err(Error::file(from))? {
        let entry = entry.map_err(Error::file(from))?;
        let (source, name) = (entry.path(), entry.file_name());
        // What terraform leaves where somebody ran it by hand.
        if name.to_string_lossy().starts_with(".terraform") || name.to_string_lossy().contains("tfstate") {
            continue;
        }
        if source.is_dir() {
            copy(&source, &to.join(name))?;
        } else {
            std::fs::copy(&source, to.join(name)).map_err(Error::file(&source))?;
        }
    }
    Ok(())
}
