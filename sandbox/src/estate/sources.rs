//! The terraform code of an estate.

use std::path::Path;

use super::shape::{CLUSTER, Runner, Service, Shape, Size};
use crate::{Error, Result, places};

/// The services of the repository's own `infrastructure`.
pub(super) const SERVICES: [&str; 5] = [
    "concepts_ingestor",
    "concepts_aggregator",
    "concepts_aggregator_bulk",
    "concepts_recorder",
    "concepts_recorder_bulk",
];

/// `infrastructure/main.tf` of every estate but a full one: one block for each pipeline.
pub(super) fn pipelines(shape: &Shape) -> String {
    let mut text = match shape.size {
        Size::Medium => format!(
            r#"terraform {{
  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }}
  }}
}}

provider "aws" {{
  region = "{}"
}}

# One block for each pipeline.
"#,
            shape.registry.region
        ),
        _ => "# One block for each pipeline.\n".to_owned(),
    };
    for namespace in &shape.pipelines {
        let between = if text.ends_with("pipeline.\n") { "" } else { "\n" };
        text.push_str(between);
        text.push_str(&block(namespace));
    }
    text
}

/// The module block of a pipeline; with placeholders it is the template.
pub(super) fn block(namespace: &str) -> String {
    format!(
        "module \"concepts_pipeline_{namespace}\" {{\n  source    = \"./stack\"\n  namespace = \"{namespace}\"\n\n  \
         reindexing_state = {{\n    scale_up_tasks = false\n    index          = \"concepts-{namespace}\"\n  }}\n}}\n"
    )
}

/// `infrastructure/stack/main.tf`.
pub(super) fn stack(shape: &Shape) -> String {
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
  services = {}
}}
"#,
        match shape.size {
            Size::Medium => set(shape.run_by(Runner::Lambda)),
            _ => set(shape.services.iter()),
        }
    );
    if shape.size != Size::Medium {
        return head + DATA;
    }
    let functions = if shape.by_tag { functions_by_tag(shape) } else { FUNCTIONS_BY_DIGEST.to_owned() };
    let tasks = shape.run_by(Runner::Ecs).next().map_or_else(String::new, |_| tasks(shape));
    head + ROLE + &functions + &tasks
}

fn set<'a>(services: impl Iterator<Item = &'a Service>) -> String {
    let names: Vec<_> = services.map(|service| format!("    \"{}\",\n", service.name)).collect();
    if names.is_empty() { "toset([])".to_owned() } else { format!("toset([\n{}  ])", names.concat()) }
}

const DATA: &str = r#"
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
"#;

const ROLE: &str = r#"
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
"#;

const FUNCTIONS_BY_DIGEST: &str = r#"
data "aws_ecr_image" "service" {
  for_each = local.services

  repository_name = "weco/${each.key}"
  image_tag       = var.namespace
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
"#;

/// The tag is all that the code names: another image under it is no change.
fn functions_by_tag(shape: &Shape) -> String {
    format!(
        r#"
resource "aws_lambda_function" "service" {{
  for_each = local.services

  function_name = "${{var.namespace}}-${{each.key}}"
  role          = aws_iam_role.service.arn
  package_type  = "Image"
  image_uri     = "{}/weco/${{each.key}}:${{var.namespace}}"

  environment {{
    variables = {{ INDEX = var.reindexing_state.index }}
  }}
}}
"#,
        shape.registry.host()
    )
}

/// The cluster is there before, as the provider takes ten seconds for one.
fn tasks(shape: &Shape) -> String {
    format!(
        r#"
locals {{
  tasks = {tasks}
}}

resource "aws_ecs_task_definition" "task" {{
  for_each = local.tasks

  family = "${{var.namespace}}-${{each.key}}"

  container_definitions = jsonencode([{{
    name      = "main"
    image     = "{registry}/weco/${{each.key}}:${{var.namespace}}"
    memory    = 512
    essential = true
  }}])
}}

resource "aws_ecs_service" "task" {{
  for_each = local.tasks

  name            = "${{var.namespace}}-${{each.key}}"
  cluster         = "{CLUSTER}"
  task_definition = aws_ecs_task_definition.task[each.key].arn
  desired_count   = 1

  deployment_circuit_breaker {{
    enable   = true
    rollback = true
  }}
}}
"#,
        tasks = set(shape.run_by(Runner::Ecs)),
        registry = shape.registry.host()
    )
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
