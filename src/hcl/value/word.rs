//! Telling words from HCL.

use ::hcl::expr::{BinaryOperator, Expression, Operation, TraversalOperator};

use super::super::{Span, Splice, elements, list_inside, list_items, object_inside, splice};
use super::quote;

/// The roots of Terraform's references ("References to Named Values" in Terraform's documentation); everything else
/// that has a dot begins with the type of a resource.
const ROOTS: [&str; 8] = ["var", "local", "module", "data", "each", "count", "path", "terraform"];

/// Whether `text`, which is parsed as `expression`, is meant as HCL.
pub(super) fn is_hcl(expression: &Expression, text: &str) -> bool {
    is_meant(expression) && !has_leading_zero(text)
}

/// Whether it may be a name: of a type, a provider, an attribute.
pub(super) fn is_name(expression: &Expression) -> bool {
    match expression {
        Expression::Variable(_) => true,
        Expression::Traversal(traversal) => is_name(&traversal.expr),
        _ => false,
    }
}

/// A list or an object with quotes around the words in it; `None` where there are none.
pub(super) fn quoted_inside(text: &str) -> Option<String> {
    let mut quotes = Vec::new();
    inside(text, &(0..text.len()), &mut quotes);
    (!quotes.is_empty()).then(|| splice(text, &quotes))
}

fn inside(text: &str, value: &Span, quotes: &mut Vec<Splice>) {
    if let Some(inside) = list_inside(text, value) {
        for item in list_items(text, inside).unwrap_or_default() {
            of_value(text, item.value, quotes);
        }
    } else if let Some(inside) = object_inside(text, value) {
        for element in elements(text, inside).unwrap_or_default() {
            let key = &text[element.key.clone()];
            if key.parse().is_ok_and(|key| is_date_like(&key)) && key.contains('-') {
                quotes.push(Splice::new(element.key, quote(key)));
            }
            of_value(text, element.value, quotes);
        }
    }
}

fn of_value(text: &str, value: Span, quotes: &mut Vec<Splice>) {
    let word = &text[value.clone()];
    match word.parse::<Expression>() {
        Ok(expression) if !is_hcl(&expression, word) => quotes.push(Splice::new(value, quote(word))),
        _ => inside(text, &value, quotes),
    }
}

fn has_leading_zero(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_meant(expression: &Expression) -> bool {
    match expression {
        Expression::Variable(_) => false,
        Expression::Traversal(traversal) => match &traversal.expr {
            // `works_indexed.2024` is a word: nothing of Terraform's has a number for a name.
            Expression::Variable(_)
                if matches!(traversal.operators.first(), Some(TraversalOperator::LegacyIndex(_))) =>
            {
                false
            }
            Expression::Variable(root) => ROOTS.contains(&root.as_str()) || root.as_str().contains('_'),
            // `1.2.3` is a version: a number has no parts.
            Expression::Number(_) | Expression::Bool(_) | Expression::Null => false,
            other => is_meant(other),
        },
        Expression::Conditional(conditional) => {
            is_meant(&conditional.cond_expr) && is_meant(&conditional.true_expr) && is_meant(&conditional.false_expr)
        }
        Expression::Operation(operation) => match operation.as_ref() {
            Operation::Unary(operation) => is_meant(&operation.expr),
            Operation::Binary(operation) => {
                is_meant(&operation.lhs_expr) && is_meant(&operation.rhs_expr) && !is_date_like(expression)
            }
        },
        _ => true,
    }
}

/// Numbers joined by minus signs, or three of them by slashes.
fn is_date_like(expression: &Expression) -> bool {
    match expression {
        Expression::Number(_) => true,
        Expression::Operation(operation) => match operation.as_ref() {
            Operation::Binary(operation) => match operation.operator {
                BinaryOperator::Minus => is_date_like(&operation.lhs_expr) && is_date_like(&operation.rhs_expr),
                BinaryOperator::Div => {
                    matches!(&operation.rhs_expr, Expression::Number(_))
                        && matches!(&operation.lhs_expr, Expression::Operation(date)
                                if matches!(date.as_ref(), Operation::Binary(date)
                                    if date.operator == BinaryOperator::Div
                                        && matches!(date.lhs_expr, Expression::Number(_))
                                        && matches!(date.rhs_expr, Expression::Number(_))))
                }
                _ => false,
            },
            Operation::Unary(_) => false,
        },
        _ => false,
    }
}
