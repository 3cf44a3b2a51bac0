//! Physical names: those that two pipelines would have in common, so that each would think the thing its own, and those
//! that AWS does not take.

use std::collections::{BTreeMap, HashMap};

use ::hcl::Value;
use ::hcl::value::Map;

use crate::hcl::{Item, Items, Locals, elements, object_inside};

use super::module::{Module, Named};
use super::things::Thing;

/// The inputs of a module that are given; none for a value that is not statically known.
pub(super) type Inputs = BTreeMap<String, Option<Value>>;

/// How deep modules are followed into modules that they call.
const DEEPEST: usize = 6;

/// Who makes things.
struct Maker<'a> {
    /// The module block or the root, for people; empty for the one root.
    owner: &'a str,
    /// What tells its things apart from others of their names.
    apart: String,
    /// The way from the module to those that it calls: `module.queue.`
    way: String,
    depth: usize,
}

/// Gathers the names that are statically known, and notes those that stand twice.
#[derive(Debug)]
pub(super) struct Names<'m> {
    modules: &'m BTreeMap<String, Module>,
    /// Whose a name is first, by what tells it from others.
    first: HashMap<Vec<String>, (String, String)>,
}

impl<'m> Names<'m> {
    /// No names yet. `modules` are those that other modules may call.
    pub fn new(modules: &'m BTreeMap<String, Module>) -> Self {
        Self { modules, first: HashMap::new() }
    }

    /// Notes the names of what `owner` makes. `apart` tells things of one name apart, such as the providers that a module is
    /// given. Gives what is wrong with a resource.
    pub fn note<'n>(
        &mut self,
        owner: &str,
        apart: &str,
        module: &'n Module,
        inputs: &Inputs,
    ) -> Vec<(&'n Named, String)>
    where
        'm: 'n,
    {
        let mut wrong = Vec::new();
        let maker = Maker { owner, apart: apart.to_owned(), way: String::new(), depth: 0 };
        self.of_module(&maker, module, inputs, &mut wrong);
        wrong
    }

    fn of_module<'n>(
        &mut self,
        maker: &Maker<'_>,
        module: &'n Module,
        inputs: &Inputs,
        wrong: &mut Vec<(&'n Named, String)>,
    ) where
        'm: 'n,
    {
        if module.named.is_empty() && module.calls.is_empty() {
            return;
        }
        let mut locals = variables(module, inputs);
        for named in &module.named {
            let Ok(name) = locals.evaluate_string(&named.expression) else { continue };
            let address = format!("{}{}", maker.way, named.address);
            let (length, longest) = (name.chars().count(), named.longest);
            if length > longest && !name.starts_with("arn:") {
                let what =
                    format!("{address} is called '{name}', which has {length} characters; {longest} are allowed");
                wrong.push((named, what));
            }
            if let Some(other) = self.other(maker, named, &name, &mut locals) {
                wrong.push((named, format!("{address} is called '{name}', as {other}")));
            }
        }
        for call in module.calls.iter().filter(|_| maker.depth < DEEPEST) {
            let Some(called) = self.modules.get(&call.folder) else { continue };
            let mut given = |expression: &String| locals.evaluate(expression).ok();
            let inputs = call.inputs.iter().map(|(name, text)| (name.clone(), given(text))).collect();
            let maker = Maker {
                owner: maker.owner,
                apart: apart(&maker.apart, call.providers.as_deref()),
                way: format!("{}module.{}.", maker.way, call.label),
                depth: maker.depth + 1,
            };
            self.of_module(&maker, called, &inputs, wrong);
        }
    }

    /// Whose the name is already. Nobody's where it may be made in another account or region.
    fn other(&mut self, maker: &Maker<'_>, named: &Named, name: &str, locals: &mut Locals<'_>) -> Option<String> {
        let telling = named.apart.as_ref()?.iter().map(|expression| locals.evaluate_string(expression));
        let mut key = telling.collect::<Result<Vec<_>, _>>().ok()?;
        key.extend([&named.kind, &named.provider, maker.apart.as_str(), name].map(str::to_owned));
        let owner = maker.owner;
        match self.first.get(&key) {
            None => {
                self.first.insert(key, (owner.to_owned(), format!("{}:{}", named.path, named.line)));
                None
            }
            // A module that names two things alike does so whoever calls it.
            Some((first, _)) if first == owner && named.in_module => None,
            Some((first, at)) => {
                let of = if first.is_empty() { String::new() } else { format!(" of {first}") };
                Some(format!("the {}{of} is ({at})", named.kind))
            }
        }
    }
}

/// The module's locals where its variables are what they are given, or their defaults.
fn variables<'m>(module: &'m Module, inputs: &Inputs) -> Locals<'m> {
    let locals = module.locals();
    let mut values = Map::new();
    for (name, variable) in &module.variables {
        let value = match inputs.get(name) {
            Some(given) => given.clone(),
            None => variable.default.as_ref().and_then(|default| Locals::new().evaluate(default).ok()),
        };
        if let Some(value) = value {
            values.insert(name.clone(), value);
        }
    }
    locals.with("var", Value::Object(values))
}

/// What tells things apart that a module makes: what told them apart where it is called, and the providers that it is given
/// under other names than theirs.
pub(super) fn apart(around: &str, providers: Option<&str>) -> String {
    let mut found: Vec<String> = (!around.is_empty()).then(|| around.to_owned()).into_iter().collect();
    if let Some(text) = providers {
        let inside = object_inside(text, &(0..text.len()));
        for element in inside.and_then(|inside| elements(text, inside).ok()).unwrap_or_default() {
            let (own, given) = (&text[element.key], &text[element.value]);
            if own != given {
                found.push(format!("{own}={given}"));
            }
        }
    }
    found.join(" ")
}

/// What in the providers of a root says in which account and region they work.
pub(super) fn account(things: &[Thing<'_>], locals: &mut Locals<'_>) -> String {
    const TELLING: [&str; 6] = ["alias", "allowed_account_ids", "profile", "region", "role_arn", "endpoint"];
    let mut found = Vec::new();
    for provider in things.iter().filter(|thing| thing.kind == "provider") {
        let text = &provider.file.text;
        found.push(provider.labels.join(" "));
        let mut open = vec![provider.span.clone()];
        while let Some(span) = open.pop() {
            for item in Items::new(text, span).map_while(Result::ok) {
                match item {
                    Item::Block(block) => open.push(block.body),
                    Item::Attribute(attribute) if TELLING.contains(&&text[attribute.name.clone()]) => {
                        let written = &text[attribute.value.clone()];
                        let value = locals.evaluate_string(written).unwrap_or_else(|_| written.to_owned());
                        found.push(format!("{}={value}", &text[attribute.name]));
                    }
                    Item::Attribute(_) => {}
                }
            }
        }
    }
    found.sort();
    found.join(" ")
}
