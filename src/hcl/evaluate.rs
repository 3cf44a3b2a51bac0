//! What a value is before Terraform runs: literals, and locals that are made of literals.

use std::collections::HashMap;
use std::fmt;

use ::hcl::eval::{Context, Evaluate};
use ::hcl::expr::Expression;

use super::{Block, Item, Items, Kind, Lexer, SyntaxError, literal_string};

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
    under_way: Vec<&'a str>,
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
        for name in references(expression)? {
            let value = self.local(name)?;
            locals.insert(name.to_owned(), value);
        }
        let mut context = Context::new();
        context.declare_var("local", ::hcl::Value::Object(locals));
        parsed.evaluate(&context).map_err(|error| {
            let text = error.to_string();
            text.lines().next().unwrap_or("it cannot be evaluated").trim().to_owned()
        })
    }

    fn local(&mut self, name: &str) -> Result<::hcl::Value, String> {
        let Some((&name, &definition)) = self.definitions.get_key_value(name) else {
            return Err(format!("there is no local.{name}"));
        };
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        if self.under_way.contains(&name) {
            return Err(format!("local.{name} refers to itself"));
        }
        self.under_way.push(name);
        let value = match literal_string(definition) {
            Some(text) => Ok(::hcl::Value::from(text)),
            None => self.value_of(definition).map_err(|reason| format!("local.{name}: {reason}")),
        };
        self.under_way.pop();
        self.known.insert(name, value.clone());
        value
    }
}

/// The locals that the expression refers to; an error when it refers to anything else.
fn references(expression: &str) -> Result<Vec<&str>, String> {
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
                if !matches!(previous[0], Some((Kind::Dot, _))) =>
            {
                return Err(format!("{root}.… is known to Terraform only"));
            }
            (Kind::OpenParenthesis, [_, Some((Kind::Identifier, function))]) => {
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
