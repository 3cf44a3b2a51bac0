//! The files of an estate that no terraform reads: `pipelinectl.toml` and the Buildkite file.

use super::shape::{CLUSTER, Runner, Service, Shape, TABLE};

/// `pipelinectl.toml`.
pub(super) fn settings(shape: &Shape) -> String {
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
pipeline_tag = "{pipeline_tag}"
commit_tag = "{commit_tag}"
main_branch = "origin/main"
"#,
        region = shape.registry.region,
        account = shape.registry.account,
        pipeline_tag = shape.pipeline_tag,
        commit_tag = shape.commit_tag,
    );
    if shape.code_apart {
        text.push_str("git = \"../code\"\n");
    }
    for line in &shape.image_settings {
        text.push_str(line);
        text.push('\n');
    }
    for service in &shape.services {
        text.push_str(&table(service));
    }
    text.push_str("\n[live]\nfile = \".buildkite/pipeline.yml\"\nkey = \"env.LIVE_PIPELINE\"\n\n[releases]\n");
    if shape.dynamodb {
        text.push_str(&format!("store = \"dynamodb\"\ntable = \"{TABLE}\"\n"));
    } else {
        text.push_str("store = \"file\"\n");
    }
    text
}

fn table(service: &Service) -> String {
    let Service { name, repository, .. } = service;
    let mut text = format!("\n[[service]]\nname = \"{name}\"\nrepository = \"{repository}\"\n");
    match service.runner {
        Runner::Nothing => {}
        Runner::Lambda => text.push_str(&format!("lambda = \"{{namespace}}-{name}\"\n")),
        Runner::Ecs => {
            text.push_str(&format!("ecs = {{ cluster = \"{CLUSTER}\", service = \"{{namespace}}-{name}\" }}\n"));
        }
    }
    for line in &service.settings {
        text.push_str(line);
        text.push('\n');
    }
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
