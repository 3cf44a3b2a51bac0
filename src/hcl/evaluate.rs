//! What a value is before Terraform runs: literals, and locals that are made of literals.

use std::collections::{HashMap, HashSet};
use std::fmt;

use ::hcl::eval::{Context, Evaluate};
use ::hcl::expr::Expression;

use super::{Block, Item, Items, Kind, Lexer, SyntaxError, elements, functions, literal_string, object_inside};

/// Why a value is not statically known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The expression, shortened.
    pub expression: String,
    /// What in it only Terraform knows.
    pub reason: String,
}

impl fmt::Display for Unknown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} is not statically known: {}", self.expression, self.reason)
    }
}

/// The locals of a Terraform root, each evaluated when it is first asked for.
#[derive(Debug, Default)]
pub struct Locals<'a> {
    definitions: HashMap<&'a str, &'a str>,
    known: HashMap<&'a str, Result<::hcl::Value, String>>,
    /// What other roots of references are: `var`, `each`.
    given: HashMap<&'static str, ::hcl::Value>,
    /// Functions are computed, and of an object that is not known as a whole the parts that are.
    lenient: bool,
}

impl<'a> Locals<'a> {
    /// No locals.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds those of a `locals` block of the file `text`.
    pub fn add(&mut self, text: &'a str, block: &Block) -> Result<(), SyntaxError> {
        for item in Items::new(text, block.body.clone()) {
            if let Item::Attribute(attribute) = item? {
                self.definitions.insert(&text[attribute.name], &text[attribute.value]);
            }
        }
        Ok(())
    }

    /// The same locals where `root`, `var` or `each`, is known too.
    #[must_use]
    pub fn with(&self, root: &'static str, value: ::hcl::Value) -> Self {
        let mut given = self.given.clone();
        given.insert(root, value);
        let (definitions, lenient) = (self.definitions.clone(), self.lenient);
        Self { definitions, known: HashMap::new(), given, lenient }
    }

    /// The same locals, for looking and not for editing: functions are computed, and in an object what is not known is
    /// null.
    #[must_use]
    pub fn lenient(mut self) -> Self {
        self.lenient = true;
        self.known.clear();
        self
    }

    /// The value of `expression` when it is made of literals and locals only.
    pub fn evaluate(&mut self, expression: &str) -> Result<::hcl::Value, Unknown> {
        if let Some(text) = literal_string(expression) {
            return Ok(::hcl::Value::from(text));
        }
        self.value_of(expression).map_err(|reason| Unknown { expression: shortened(expression), reason })
    }

    /// As [`Self::evaluate`], of a value that must be a string.
    pub fn evaluate_string(&mut self, expression: &str) -> Result<String, Unknown> {
        match self.evaluate(expression)? {
            ::hcl::Value::String(text) => Ok(text),
            ::hcl::Value::Number(number) => Ok(number.to_string()),
            _ => Err(Unknown { expression: shortened(expression), reason: "it is not a string".to_owned() }),
        }
    }

    fn value_of(&mut self, expression: &str) -> Result<::hcl::Value, String> {
        let parsed: Expression = match expression.parse() {
            Ok(parsed) => parsed,
            // A heredoc needs the end of its line.
            Err(_) => format!("{expression}\n").parse().map_err(|_| "it cannot be parsed".to_owned())?,
        };
        let mut locals = ::hcl::value::Map::new();
        for name in references(expression, &self.given, self.lenient)? {
            self.resolve(name);
            let value = self.known.get(name).cloned().unwrap_or_else(|| Err(format!("there is no local.{name}")))?;
            locals.insert(name.to_owned(), value);
        }
        let mut context = Context::new();
        context.declare_var("local", ::hcl::Value::Object(locals));
        if self.lenient {
            functions::declare(&mut context);
        }
        for (root, value) in &self.given {
            context.declare_var(*root, value.clone());
        }
        parsed.evaluate(&context).map_err(|error| {
            let text = error.to_string();
            text.lines().next().unwrap_or("it cannot be evaluated").trim().to_owned()
        })
    }

    /// Makes a local known, and those that it is made of first. They are not followed by calls: a chain of locals may be
    /// longer than the stack.
    fn resolve(&mut self, name: &str) {
        let Some((&name, _)) = self.definitions.get_key_value(name) else { return };
        if self.known.contains_key(name) {
            return;
        }
        let mut open = vec![name];
        let mut under_way = HashSet::from([name]);
        while let Some(&name) = open.last() {
            let definition = self.definitions[name];
            let literal = literal_string(definition);
            let needed = match literal {
                Some(_) => Ok(Vec::new()),
                None => references(definition, &self.given, self.lenient),
            };
            let unknown = needed.as_ref().ok().and_then(|needed| {
                let defined = needed.iter().filter_map(|name| self.definitions.get_key_value(name));
                defined.map(|(name, _)| *name).find(|name| !self.known.contains_key(name))
            });
            if let Some(next) = unknown {
                if under_way.insert(next) {
                    open.push(next);
                } else {
                    self.known.insert(next, Err(format!("local.{next} refers to itself")));
                }
                continue;
            }
            let value = match literal {
                Some(text) => Ok(::hcl::Value::from(text)),
                None => self.value_of(definition).map_err(|reason| {
                    // Where the trouble is says more than the way to it.
                    if reason.starts_with("local.") { reason } else { format!("local.{name}: {reason}") }
                }),
            };
            open.pop();
            if value.is_err() && self.lenient && object_inside(definition, &(0..definition.len())).is_some() {
                // Its parts may name it.
                self.known.insert(name, Err(format!("local.{name} refers to itself")));
                let parts = self.known_parts(definition);
                self.known.insert(name, Ok(parts));
                continue;
            }
            self.known.entry(name).or_insert(value);
        }
    }
}

impl Locals<'_> {
    /// The entries of an object, null where they are not known.
    fn known_parts(&mut self, text: &str) -> ::hcl::Value {
        let Some(inside) = object_inside(text, &(0..text.len())) else { return ::hcl::Value::Null };
        let mut parts = ::hcl::value::Map::new();
        for element in elements(text, inside).unwrap_or_default() {
            let (key, value) = (&text[element.key], &text[element.value]);
            let name = match literal_string(key) {
                Some(name) => Ok(name.to_owned()),
                None if !key.starts_with(['"', '(']) => Ok(key.to_owned()),
                None => self.evaluate_string(key),
            };
            if let Ok(name) = name {
                let value = self.value_of(value).unwrap_or_else(|_| self.known_parts(value));
                parts.insert(name, value);
            }
        }
        ::hcl::Value::Object(parts)
    }
}

/// The locals that the expression refers to; an error when it refers to anything else that is not given.
fn references<'e>(
    expression: &'e str,
    given: &HashMap<&'static str, ::hcl::Value>,
    lenient: bool,
) -> Result<Vec<&'e str>, String> {
    let mut names = Vec::new();
    let mut previous = [None, None];
    let source = format!("{expression}\n");
    for token in Lexer::new(&source, 0..source.len()) {
        let token = token.map_err(|error| error.message)?;
        let text = expression.get(token.span()).unwrap_or("");
        match (token.kind, &previous) {
            (Kind::Identifier, [Some((Kind::Identifier, "local")), Some((Kind::Dot, _))]) if !names.contains(&text) => {
                names.push(text);
            }
            (Kind::Dot, [_, Some((Kind::Identifier, root @ ("var" | "each" | "module" | "data" | "count")))])
                if !matches!(previous[0], Some((Kind::Dot, _))) && !given.contains_key(root) =>
            {
                return Err(format!("{root}.… is known to Terraform only"));
            }
            (Kind::OpenParenthesis, [_, Some((Kind::Identifier, function))])
                if !(lenient && functions::is_known(function) || matches!(*function, "in" | "if")) =>
            {
                return Err(format!("the function {function}() is computed by Terraform only"));
            }
            _ => {}
        }
        previous = [previous[1], Some((token.kind, text))];
    }
    Ok(names)
}

/// At most forty characters of the first line.
pub(super) fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or("").trim_end();
    match line.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None if line.len() < text.trim_end().len() => format!("{line}…"),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hcl::items;

    fn evaluate(locals: &str, expression: &str) -> Result<String, String> {
        let file = format!("locals {{\n{locals}\n}}\n");
        let mut known = Locals::new();
        for item in items(&file).expect("HCL") {
            if let Item::Block(block) = item {
                known.add(&file, &block).expect("HCL");
            }
        }
        known.evaluate_string(expression).map_err(|unknown| unknown.reason)
    }

    #[test]
    fn follows_locals() {
        let locals = "a = \"2022\"\nb = \"${local.a}-10\"\nc = { x = local.b }\nd = [local.c.x]\non = true";
        assert_eq!(evaluate(locals, "\"${local.b}-14\"").as_deref(), Ok("2022-10-14"));
        assert_eq!(evaluate(locals, "local.c[\"x\"]").as_deref(), Ok("2022-10"));
        assert_eq!(evaluate(locals, "local.on ? local.d[0] : \"no\"").as_deref(), Ok("2022-10"));
        assert_eq!(evaluate(locals, "<<-EOT\n  x\n  EOT").as_deref(), Ok("x\n"));
    }

    #[test]
    fn knows_what_is_given() {
        let mut variables = ::hcl::value::Map::new();
        variables.insert("x".to_owned(), ::hcl::Value::from("2022"));
        let mut known = Locals::new().with("var", ::hcl::Value::Object(variables));
        assert_eq!(known.evaluate_string("\"${var.x}-10\"").as_deref(), Ok("2022-10"));
        assert!(known.evaluate_string("var.y").is_err() && known.evaluate_string("each.key").is_err());
    }

    #[test]
    fn knows_more_where_it_only_looks() {
        let file = "locals {\n  all = {\n    a = { n = 1 }\n    b = { n = var.x }\n  }\n  names = { for key in keys(local.all) : key => \"x-${upper(key)}\" }\n  self = { a = local.self.b, c = var.x, d = 1 }\n}\n";
        let mut known = Locals::new();
        for item in items(file).expect("HCL") {
            if let Item::Block(block) = item {
                known.add(file, &block).expect("HCL");
            }
        }
        assert!(known.evaluate("local.names").is_err());
        let mut known = known.lenient();
        assert_eq!(known.evaluate_string("local.names[\"b\"]").as_deref(), Ok("x-B"));
        assert_eq!(known.evaluate_string("join(\"/\", sort(concat([\"b\"], [\"a\"])))").as_deref(), Ok("a/b"));
        assert_eq!(known.evaluate_string("format(\"%s-%d\", \"a\", 1)").as_deref(), Ok("a-1"));
        assert_eq!(known.evaluate_string("local.self.d").as_deref(), Ok("1"));
        assert!(known.evaluate("timestamp()").is_err());
    }

    #[test]
    fn follows_a_chain_longer_than_the_stack() {
        let chain: Vec<String> = (1..20_000).map(|number| format!("x{number} = local.x{}", number - 1)).collect();
        let locals = format!("x0 = \"end\"\n{}", chain.join("\n"));
        assert_eq!(evaluate(&locals, "local.x19999").as_deref(), Ok("end"));
        let locals = format!("x0 = local.x19999\n{}", chain.join("\n"));
        assert!(evaluate(&locals, "local.x19999").expect_err("a circle").ends_with("refers to itself"));
    }

    #[test]
    fn says_what_is_not_known() {
        for expression in ["var.x", "each.key", "module.a.b", "upper(local.a)", "local.none", "local.self", "local.v"] {
            let reason = evaluate("a = \"x\"\nself = local.self\nv = var.q", expression).expect_err(expression);
            assert!(!reason.is_empty(), "{expression}");
        }
        assert_eq!(evaluate("", "var.x"), Err("var.… is known to Terraform only".to_owned()));
        assert!(evaluate("", "aws_x.y.z").is_err());
        assert!(evaluate("", "[]").is_err());
    }
}
