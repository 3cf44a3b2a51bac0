//! Physical names that two pipelines would have in common: each would think the thing its own.

use std::collections::{BTreeMap, HashMap};

use ::hcl::Value;
use ::hcl::value::Map;

use crate::hcl::Locals;

use super::Finding;
use super::module::{Module, Named};

/// Gathers the names that are statically known, and notes those that stand twice.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Whose a name is first, by its sort and itself.
    first: HashMap<(String, String), (String, String)>,
}

impl Names {
    /// Notes the names of what `owner` makes. `inputs` are those of its module that are known; `other` tells things of
    /// one name apart, such as the providers that a module is given. Gives those that somebody else has already: the
    /// resource and what is wrong.
    pub fn note<'m>(
        &mut self,
        owner: &str,
        module: &'m Module,
        inputs: &BTreeMap<String, Value>,
        other: &str,
    ) -> Vec<(&'m Named, String)> {
        let mut twice = Vec::new();
        if module.named.is_empty() {
            return twice;
        }
        let mut locals = variables(module, inputs);
        for named in &module.named {
            let Ok(name) = locals.evaluate_string(&named.expression) else { continue };
            let key = (format!("{} {other}", named.sort), name.clone());
            let place = format!("{}:{}", named.path, named.line);
            match self.first.get(&key) {
                None => {
                    self.first.insert(key, (owner.to_owned(), place));
                }
                Some((first, _)) if first == owner && !owner.is_empty() => {}
                Some((first, at)) => {
                    let (whose, of) = if first.is_empty() {
                        (format!("the {}", sort(named)), String::new())
                    } else {
                        (format!("the {} of", sort(named)), format!(" {first}"))
                    };
                    let what = format!("{} is called '{name}', as {whose}{of} is ({at})", named.address);
                    twice.push((named, what));
                }
            }
        }
        twice
    }
}

fn sort(named: &Named) -> &str {
    named.sort.split(' ').next().unwrap_or_default()
}

/// The module's locals where its variables are what they are given, or their defaults.
fn variables<'m>(module: &'m Module, inputs: &BTreeMap<String, Value>) -> Locals<'m> {
    let locals = module.locals();
    let mut values = Map::new();
    for (name, variable) in &module.variables {
        let default = || variable.default.as_ref().and_then(|default| Locals::new().evaluate(default).ok());
        if let Some(value) = inputs.get(name).cloned().or_else(default) {
            values.insert(name.clone(), value);
        }
    }
    locals.with("var", Value::Object(values))
}

/// A finding about a resource itself.
pub(super) fn at_resource((named, message): (&Named, String)) -> Finding {
    Finding { path: named.path.clone(), line: named.line, column: named.column, message }
}
