//! Functions of Terraform whose value is known when their arguments are ("Built-in Functions" in Terraform's
//! documentation). Only for looking: what is edited is never computed.

use ::hcl::Value;
use ::hcl::eval::{Context, Func, FuncArgs, FuncDef, ParamType};

const KNOWN: [(&str, Func); 20] = [
    ("concat", concat),
    ("coalesce", coalesce),
    ("distinct", distinct),
    ("flatten", flatten),
    ("format", format),
    ("join", join),
    ("keys", keys),
    ("lower", lower),
    ("merge", merge),
    ("replace", replace),
    ("setunion", concat),
    ("sort", sort),
    ("split", split),
    ("tolist", same),
    ("tomap", same),
    ("toset", same),
    ("trimspace", trimspace),
    ("try", same),
    ("upper", upper),
    ("values", values),
];

/// Whether a function's value is known.
pub(super) fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|(known, _)| *known == name)
}

/// Makes them known in the context.
pub(super) fn declare(context: &mut Context<'_>) {
    for (name, function) in KNOWN {
        context.declare_func(name, FuncDef::builder().variadic_param(ParamType::Any).build(function));
    }
}

fn text(arguments: &FuncArgs, index: usize) -> Result<String, String> {
    match arguments.get(index) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err("a string is missing".to_owned()),
    }
}

fn list(arguments: &FuncArgs, index: usize) -> Result<Vec<Value>, String> {
    arguments.get(index).and_then(Value::as_array).cloned().ok_or_else(|| "a list is missing".to_owned())
}

#[allow(clippy::needless_pass_by_value, reason = "the type of all these functions is given")]
fn same(arguments: FuncArgs) -> Result<Value, String> {
    arguments.first().cloned().ok_or_else(|| "an argument is missing".to_owned())
}

fn coalesce(arguments: FuncArgs) -> Result<Value, String> {
    let is_there = |value: &Value| !value.is_null() && value.as_str() != Some("");
    arguments.into_values().into_iter().find(is_there).ok_or_else(|| "all are null".to_owned())
}

fn concat(arguments: FuncArgs) -> Result<Value, String> {
    let mut all = Vec::new();
    for value in arguments.into_values() {
        all.extend(value.as_array().cloned().ok_or("a list is missing")?);
    }
    Ok(Value::Array(all))
}

#[allow(clippy::needless_pass_by_value, reason = "the type of all these functions is given")]
fn distinct(arguments: FuncArgs) -> Result<Value, String> {
    let mut kept: Vec<Value> = Vec::new();
    for value in list(&arguments, 0)? {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    Ok(Value::Array(kept))
}

#[allow(clippy::needless_pass_by_value, reason = "the type of all these functions is given")]
fn flatten(arguments: FuncArgs) -> Result<Value, String> {
    fn into(value: Value, flat: &mut Vec<Value>) {
        match value {
            Value::Array(values) => values.into_iter().for_each(|value| into(value, flat)),
            other => flat.push(other),
        }
    }
    let mut flat = Vec::new();
    list(&arguments, 0)?.into_iter().for_each(|value| into(value, &mut flat));
    Ok(Value::Array(flat))
}

/// Only `%s`, `%d` and `%v`.
#[allow(clippy::needless_pass_by_value, reason = "the type of all these functions is given")]
fn format(arguments: FuncArgs) -> Result<Value, String> {
    let pattern = text(&arguments, 0)?;
    let mut result = String::new();
    let mut rest = pattern.as_str();
    let mut index = 1;
    while let Some(at) = rest.find('%') {
        result.push_str(&rest[..at]);
        match rest[at + 1..].chars().next() {
            Some('s' | 'd' | 'v') => result.push_str(&text(&arguments, index)?),
            _ => return Err("only %s, %d and %v are known".to_owned()),
        }
        index += 1;
        rest = &rest[at + 2..];
    }
    Ok(Value::from(result + rest))
}

#[allow(clippy::needless_pass_by_value, reason = "the type of all these functions is given")]
fn join(arguments: FuncArgs) -> Result<Value, String> {
    let parts: Vec<String> =
        list(&arguments, 1)?.iter().map(|value| value.as_str().unwrap_or_default().to_owned()).collect();
    Ok(Value::from(parts.join(&text(&arguments, 0)?)))
}

#[allow(clippy::needless_pass_by_value, reason = "the type of all these functions is given")]
fn keys(arguments: FuncArgs) -> Result<Value, String> {
    let object = arguments.first().and_then(Value::as_object).ok_or("a map is missing")?;
    let mut names: Vec<String> = object.keys().cloned().collect();
    names.sort();
    Ok(Value::Array(names.into_iter().map(Value::from).collect()))
}

#[allow(clippy::needless_pass_by_value, reason = "the type of all these functions is given")]
fn values(arguments: FuncArgs) -> Result<Value, String> {
    let object = arguments.first().and_then(Value::as_object).ok_or("a map is missing")?;
    let mut all: Vec<(&String, &Value)> = object.iter().collect();
    all.sort_by_key(|(name, _)| *name);
    Ok(Value::Array(all.into_iter().map(|(_, value)| value.clone()).collect()))
}

fn merge(arguments: FuncArgs) -> Result<Value, String> {
    let mut all = ::hcl::value::Map::new();
    for value in arguments.into_values() {
        all.extend(value.as_object().cloned().ok_or("a map is missing")?);
    }
    Ok(Value::Object(all))
}

#[allow(clippy::needless_pass_by_value, reason = "the type of all these functions is given")]
fn lower(arguments: FuncArgs) -> Result<Value, String> {
    Ok(Value::from(text(&arguments, 0)?.to_lowercase()))
}

#[allow(clippy::needless_pass_by_value, reason = "the type of all these functions is given")]
fn upper(arguments: FuncArgs) -> Result<Value, String> {
    Ok(Value::from(text(&arguments, 0)?.to_uppercase()))
}

#[allow(clippy::needless_pass_by_value, reason = "the type of all these functions is given")]
fn trimspace(arguments: FuncArgs) -> Result<Value, String> {
    Ok(Value::from(text(&arguments, 0)?.trim().to_owned()))
}

/// Not with a regular expression, which stands between slashes.
#[allow(clippy::needless_pass_by_value, reason = "the type of all these functions is given")]
fn replace(arguments: FuncArgs) -> Result<Value, String> {
    let what = text(&arguments, 1)?;
    if what.len() > 1 && what.starts_with('/') && what.ends_with('/') {
        return Err("a regular expression".to_owned());
    }
    Ok(Value::from(text(&arguments, 0)?.replace(&what, &text(&arguments, 2)?)))
}

#[allow(clippy::needless_pass_by_value, reason = "the type of all these functions is given")]
fn sort(arguments: FuncArgs) -> Result<Value, String> {
    let mut texts: Vec<String> =
        list(&arguments, 0)?.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect();
    texts.sort();
    Ok(Value::Array(texts.into_iter().map(Value::from).collect()))
}

#[allow(clippy::needless_pass_by_value, reason = "the type of all these functions is given")]
fn split(arguments: FuncArgs) -> Result<Value, String> {
    let (separator, whole) = (text(&arguments, 0)?, text(&arguments, 1)?);
    Ok(Value::Array(whole.split(separator.as_str()).map(Value::from).collect()))
}
