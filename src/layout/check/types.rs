//! The types of a module's variables, and values that cannot become what they want.

use std::collections::BTreeMap;
use std::fmt;

use ::hcl::Value;
use ::hcl::expr::{Expression, ObjectKey};

/// What a variable takes ("Type Constraints" in Terraform's documentation).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// Anything, or a type that is not understood here.
    Any,
    /// `string`
    String,
    /// `number`
    Number,
    /// `bool`
    Bool,
    /// `list(…)`, `set(…)`
    List(Box<Type>),
    /// `map(…)`
    Map(Box<Type>),
    /// `object({…})`: each attribute, and whether it must be there.
    Object(BTreeMap<String, (Type, bool)>),
    /// `tuple([…])`
    Tuple(Vec<Type>),
}

impl Type {
    /// Reads what stands right of `type =`.
    pub fn read(text: &str) -> Self {
        text.parse::<Expression>().map_or(Self::Any, |expression| Self::of(&expression))
    }

    fn of(expression: &Expression) -> Self {
        match expression {
            Expression::Variable(name) => Self::named(name.as_str()),
            // As Terraform 0.11 wrote it, and as JSON does.
            Expression::String(text) => Self::read(text),
            Expression::FuncCall(call) => {
                let argument = call.args.first();
                let inner = || Box::new(argument.map_or(Self::Any, Self::of));
                match (call.name.name.as_str(), argument) {
                    ("list" | "set", _) => Self::List(inner()),
                    ("map", _) => Self::Map(inner()),
                    ("optional", Some(argument)) => Self::of(argument),
                    ("object", Some(Expression::Object(attributes))) => Self::Object(
                        attributes.iter().filter_map(|(key, kind)| Some((key_of(key)?, attribute(kind)))).collect(),
                    ),
                    ("tuple", Some(Expression::Array(kinds))) => Self::Tuple(kinds.iter().map(Self::of).collect()),
                    _ => Self::Any,
                }
            }
            _ => Self::Any,
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "string" => Self::String,
            "number" => Self::Number,
            "bool" => Self::Bool,
            "list" | "set" => Self::List(Box::new(Self::Any)),
            "map" => Self::Map(Box::new(Self::Any)),
            _ => Self::Any,
        }
    }

    /// Where and why the value cannot become this type: the way to the part of it, and what is wrong there. Terraform turns
    /// numbers and bools into strings and back, and leaves out attributes that an object type does not have.
    pub fn mismatch(&self, value: &Value) -> Option<(String, String)> {
        let here = |what: String| Some((String::new(), what));
        match (self, value) {
            (Self::Any, _)
            | (_, Value::Null)
            | (Self::String, Value::String(_) | Value::Number(_) | Value::Bool(_))
            | (Self::Number, Value::Number(_))
            | (Self::Bool, Value::Bool(_)) => None,
            (Self::Number, Value::String(text)) if text.trim().parse::<f64>().is_ok() => None,
            (Self::Bool, Value::String(text)) if matches!(text.as_str(), "true" | "false" | "1" | "0") => None,
            (Self::List(kind), Value::Array(values)) => {
                let mut found = values.iter().enumerate();
                found.find_map(|(index, value)| within(&format!("[{index}]"), kind.mismatch(value)))
            }
            (Self::Tuple(kinds), Value::Array(values)) if kinds.len() == values.len() => {
                let mut found = kinds.iter().zip(values).enumerate();
                found.find_map(|(index, (kind, value))| within(&format!("[{index}]"), kind.mismatch(value)))
            }
            (Self::Map(kind), Value::Object(values)) => {
                values.iter().find_map(|(key, value)| within(&format!(".{key}"), kind.mismatch(value)))
            }
            (Self::Object(attributes), Value::Object(values)) => {
                attributes.iter().find_map(|(name, (kind, required))| match values.get(name) {
                    Some(value) => within(&format!(".{name}"), kind.mismatch(value)),
                    None if *required => here(format!("lacks '{name}'")),
                    None => None,
                })
            }
            (kind, value) => here(format!("is {}, but the module wants {kind}", sort_of(value))),
        }
    }
}

fn within(step: &str, found: Option<(String, String)>) -> Option<(String, String)> {
    found.map(|(way, what)| (format!("{step}{way}"), what))
}

fn key_of(key: &ObjectKey) -> Option<String> {
    match key {
        ObjectKey::Identifier(name) => Some(name.to_string()),
        ObjectKey::Expression(Expression::String(name)) => Some(name.clone()),
        _ => None,
    }
}

fn attribute(kind: &Expression) -> (Type, bool) {
    let is_optional = matches!(kind, Expression::FuncCall(call) if call.name.name.as_str() == "optional");
    (Type::of(kind), !is_optional)
}

fn sort_of(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the string \"{text}\""),
        Value::Number(number) => format!("the number {number}"),
        Value::Bool(value) => format!("the bool {value}"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::Null => "null".to_owned(),
    }
}

impl fmt::Display for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => formatter.write_str("anything"),
            Self::String => formatter.write_str("a string"),
            Self::Number => formatter.write_str("a number"),
            Self::Bool => formatter.write_str("a bool"),
            Self::List(_) => formatter.write_str("a list"),
            Self::Map(_) => formatter.write_str("a map"),
            Self::Object(_) => formatter.write_str("an object"),
            Self::Tuple(kinds) => write!(formatter, "a list of {}", kinds.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mismatch(kind: &str, value: &str) -> Option<String> {
        let value: Expression = value.parse().expect(value);
        let value = ::hcl::eval::Evaluate::evaluate(&value, &::hcl::eval::Context::new()).expect("static");
        Type::read(kind).mismatch(&value).map(|(way, what)| format!("{way} {what}"))
    }

    #[test]
    fn takes_what_terraform_turns_into_it() {
        for (kind, value) in [
            ("string", "1"),
            ("string", "true"),
            ("number", "\"1.5\""),
            ("bool", "\"true\""),
            ("any", "{}"),
            ("list(string)", "[1, \"a\"]"),
            ("set(any)", "[]"),
            ("map(number)", "{ a = 1, b = \"2\" }"),
            ("object({ a = string, b = optional(number, 3) })", "{ a = 1, c = 2 }"),
            ("tuple([string, number])", "[\"a\", 1]"),
            ("object({ a = string })", "{ a = null }"),
            ("\"map\"", "{}"),
        ] {
            assert_eq!(mismatch(kind, value), None, "{kind} {value}");
        }
    }

    #[test]
    fn says_what_does_not_fit() {
        for (kind, value, found) in [
            ("number", "\"x\"", " is the string \"x\", but the module wants a number"),
            ("bool", "1", " is the number 1, but the module wants a bool"),
            ("string", "[]", " is a list, but the module wants a string"),
            ("list(number)", "[1, \"x\"]", "[1] is the string \"x\", but the module wants a number"),
            ("map(bool)", "{ a = true, b = [] }", ".b is a list, but the module wants a bool"),
            ("object({ a = object({ b = bool }) })", "{ a = {} }", ".a lacks 'b'"),
            ("list(string)", "{}", " is an object, but the module wants a list"),
            ("tuple([string])", "[]", " is a list, but the module wants a list of 1"),
        ] {
            assert_eq!(mismatch(kind, value).as_deref(), Some(found), "{kind} {value}");
        }
    }
}
