//! What a value is.

use ::hcl::expr::Expression;

use super::super::{Item, Kind, Lexer, elements, items, list_inside, object_inside};
use super::container::Container;

/// Whether it says what it is without referring to anything.
pub(super) fn is_literal(value: &str) -> bool {
    let Ok(expression) = format!("{value}\n").trim_start().parse::<Expression>().or_else(|_| value.parse()) else {
        // What hcl-edit does not parse though Terraform does: a list or an object of its own, and not one that is made.
        let whole = 0..value.len();
        return object_inside(value, &whole).is_some()
            || value.starts_with('[') && list_inside(value, &whole).is_some()
            || value.starts_with('"') && !has_template(value);
    };
    match expression {
        Expression::TemplateExpr(_) => !has_template(value),
        Expression::Operation(operation) => matches!(
            *operation,
            ::hcl::expr::Operation::Unary(ref unary) if matches!(unary.expr, Expression::Number(_))
        ),
        Expression::Null
        | Expression::Bool(_)
        | Expression::Number(_)
        | Expression::String(_)
        | Expression::Array(_)
        | Expression::Object(_) => true,
        _ => false,
    }
}

fn has_template(value: &str) -> bool {
    Lexer::new(value, 0..value.len())
        .any(|token| token.is_ok_and(|token| matches!(token.kind, Kind::Interpolation | Kind::Directive)))
}

/// Whether hcl-rs reads it.
pub(super) fn is_parsed(value: &str) -> bool {
    value.parse::<Expression>().is_ok() || format!("{value}\n").parse::<Expression>().is_ok()
}

/// Whether it is a value, and not words after an `=`. Terraform takes some that hcl-rs does not: a key that stands twice,
/// an object made by `for` on several lines.
pub(super) fn is_expression(value: &str) -> bool {
    if is_parsed(value) {
        return true;
    }
    let entries = object_inside(value, &(0..value.len())).map(|inside| elements(value, inside));
    matches!(entries, Some(Ok(entries)) if entries.iter().all(|entry| is_expression(&value[entry.value.clone()])))
        || is_made_by_for(value)
}

/// Whether all that a body holds are values.
pub(super) fn is_body(body: &str) -> bool {
    let Ok(items) = items(body) else { return false };
    items.iter().all(|item| match item {
        Item::Attribute(attribute) => is_expression(&body[attribute.value.clone()]),
        Item::Block(block) => is_body(&body[Container::of(block).inside]),
    })
}

/// Whether it is made by `for`: in brackets that are closed at the end, maybe behind the name of a function.
fn is_made_by_for(value: &str) -> bool {
    let mut lexer = Lexer::new(value, 0..value.len());
    let (mut opened, mut is_for) = (false, false);
    while let Some(token) = lexer.next() {
        let Ok(token) = token else { return false };
        match (opened, lexer.depth()) {
            (false, 0) if token.kind != Kind::Identifier || token.start > 0 => return false,
            (false, 0) => {}
            (false, _) => opened = true,
            (true, 0) => return is_for && value[token.end..].trim().is_empty(),
            (true, _) => is_for |= &value[token.span()] == "for",
        }
    }
    false
}
