//! What a pipeline is called in the rest of the root: by what its entry makes, and by the entry itself.

use crate::pipeline::{Namespace, Pipeline};

use super::super::{LayoutError, references};
use super::MapEntries;

impl MapEntries<'_> {
    /// Each way to name a pipeline: `module.pipelines["2022-08-31"]`, `local.pipelines["2022-08-31"]`, and the same with
    /// the expression that its key is.
    pub(in crate::layout) fn names_of(&self, namespace: &Namespace) -> Vec<String> {
        let mut names = self.addresses_of(namespace);
        let mut maps = vec![self.rules.map.as_str().to_owned()];
        let of_local = format!("local.{}", self.map.keys.join("."));
        if &self.file().text[self.map.block.kind.clone()] == "locals" && maps[0] != of_local {
            maps.push(of_local);
        }
        let is_name = namespace.as_str().starts_with(char::is_alphabetic)
            && namespace.as_str().chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
        for map in &maps {
            names.push(format!("{map}[\"{namespace}\"]"));
            if is_name {
                names.push(format!("{map}.{namespace}"));
            }
        }
        let label = self.estate.find(namespace).map_or("", |pipeline| pipeline.label.as_str());
        if let Some(expression) = label.strip_prefix('(').and_then(|inside| inside.strip_suffix(')')) {
            let key = format!("[\"{namespace}\"]");
            let computed = |name: &String| Some(format!("{}[{}]", name.strip_suffix(key.as_str())?, expression.trim()));
            names.extend(names.clone().iter().filter_map(computed));
        }
        names
    }

    /// Refuses when something else in the root names the entry, or what it makes: without it the root would not be valid.
    pub(super) fn refuse_named(&self, old: &Pipeline) -> Result<(), LayoutError> {
        for name in self.names_of(&old.namespace) {
            let found = references(self.files, &name, Some((&old.file, &old.span)))?;
            if !found.is_empty() {
                let places = found.iter().map(|it| format!("{}:{}:{}", it.path, it.line, it.column)).collect();
                return Err(LayoutError::StillNamed { address: name, places });
            }
        }
        Ok(())
    }
}
