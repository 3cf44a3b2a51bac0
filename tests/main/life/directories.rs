//! A folder for each pipeline, a root and a state each.

use super::{Life, Shape};

const SETTINGS: &str = r#"layout = "directories"

[pipeline]
namespace_attribute = "namespace"
directory = "{namespace}"
"#;

const MAIN: &str = r#"{provider}terraform {
  backend "local" {
    path = "../states/2022-08-31.tfstate"
  }
}

module "pipeline" {
  source    = "../stack"
  namespace = "2022-08-31"

  reindexing_state = {
    scale_up_tasks = false
    index          = "concepts-2022-08-31"
  }
}
"#;

#[test]
fn from_new_to_retire() {
    let shape = Shape {
        settings: Some(SETTINGS),
        files: &[("infrastructure/2022-08-31/main.tf", MAIN)],
        file: |namespace| format!("infrastructure/{namespace}/main.tf"),
        root: |namespace| format!("infrastructure/{namespace}"),
        state: |namespace| format!("infrastructure/states/{namespace}.tfstate"),
        module: |_| "module.pipeline".to_owned(),
        scale: "reindexing_state.scale_up_tasks",
        // The name of an index keeps its date: the copy may well use the same one.
        index: |_| "concepts-2022-08-31".to_owned(),
    };
    Life::begin(shape).live_it();
}
