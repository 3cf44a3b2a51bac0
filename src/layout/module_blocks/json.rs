//! Module blocks written as JSON: they are known of, and never edited.

use std::collections::HashMap;

use serde_json::Value;

use crate::pipeline::{Estate, Unclear};

use super::super::{LayoutError, Rules, SourceFile};

/// Notes the labels of the module blocks in a `.tf.json` file; those that would be pipelines are unclear.
/// `sourced` as for blocks in HCL.
pub(super) fn read(
    file: &SourceFile,
    rules: &Rules,
    sourced: bool,
    labels: &mut HashMap<String, (String, usize)>,
    estate: &mut Estate,
) -> Result<(), LayoutError> {
    let root: Value = serde_json::from_str(file.text.trim_start_matches('\u{feff}'))
        .map_err(|error| LayoutError::Json { path: file.path.clone(), reason: error.to_string() })?;
    // Terraform takes an object, or a list of them, at either place ("JSON Configuration Syntax").
    let bodies = list(&root).into_iter().filter_map(|body| body.get("module")).flat_map(list);
    for (label, module) in bodies.filter_map(Value::as_object).flatten() {
        labels.entry(label.clone()).or_insert_with(|| (file.path.clone(), 1));
        let source = list(module).into_iter().find_map(|body| body.get("source")?.as_str());
        let is_source = source.is_some_and(|source| rules.is_source(source));
        let is_labelled = rules.namespace_in(label).is_some() && !(sourced && source.is_some());
        if is_source || is_labelled {
            let attribute = rules.namespace_attribute();
            let says = list(module).into_iter().find_map(|body| body.get(attribute)?.as_str());
            let namespace = says.and_then(|text| rules.namespace(text).ok()).or_else(|| rules.namespace_in(label));
            estate.unclear.push(Unclear {
                label: label.clone(),
                namespace,
                file: file.path.clone(),
                line: 1,
                reason: "it is written as JSON, which is not edited".to_owned(),
            });
        }
    }
    Ok(())
}

fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        value => vec![value],
    }
}
