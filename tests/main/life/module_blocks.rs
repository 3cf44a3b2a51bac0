//! A module block for each pipeline.

use super::{Life, Shape};

#[test]
fn from_new_to_retire() {
    let shape = Shape {
        settings: None,
        files: &[],
        file: |_| "infrastructure/main.tf".to_owned(),
        root: |_| "infrastructure".to_owned(),
        state: |_| "infrastructure/terraform.tfstate".to_owned(),
        module: |namespace| format!("module.concepts_pipeline_{namespace}"),
        scale: "reindexing_state.scale_up_tasks",
        index: |namespace| format!("concepts-{namespace}"),
    };
    Life::begin(shape).live_it();
}
