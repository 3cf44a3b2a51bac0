//! An entry of a map for each pipeline.

use super::{Life, Shape};

const SETTINGS: &str = r#"layout = "map-entries"

[pipeline]
map = "local.pipelines"
"#;

const MAIN: &str = r#"{provider}locals {
  pipelines = {
    "2022-08-31" = {
      scale_up_tasks = false # up to fill it
      index          = "concepts-2022-08-31"
    }
  }
}

module "pipelines" {
  source   = "./stack"
  for_each = local.pipelines

  namespace        = each.key
  reindexing_state = each.value
}
"#;

#[test]
fn from_new_to_retire() {
    let shape = Shape {
        settings: Some(SETTINGS),
        files: &[("infrastructure/main.tf", MAIN)],
        file: |_| "infrastructure/main.tf".to_owned(),
        root: |_| "infrastructure".to_owned(),
        state: |_| "infrastructure/terraform.tfstate".to_owned(),
        module: |namespace| format!("module.pipelines[\"{namespace}\"]"),
        scale: "scale_up_tasks",
        index: |namespace| format!("concepts-{namespace}"),
    };
    Life::begin(shape).live_it();
}
