//! Values as users give them on a command line.

use std::fmt::Write as _;
use std::str::FromStr;

use ::hcl::expr::{Expression, Operation, TraversalOperator};

use super::{Path, PathError, format};

/// The roots of Terraform's references ("References to Named Values" in Terraform's documentation); everything else
/// that has a dot begins with the type of a resource.
const ROOTS: [&str; 8] = ["var", "local", "module", "data", "each", "count", "path", "terraform"];

/// A value to be written into a file: HCL in one line or several, spaced as `terraform fmt` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    text: String,
    /// What was typed, where a bare word became a string.
    bare: Option<String>,
}

/// Text that was meant as HCL and is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value {value} is not valid HCL: {reason}")]
pub struct ValueError {
    /// The text as given.
    pub value: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Value {
    /// The HCL.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The value where a bare word is no string but a name: of a type, or of a provider (`string`, `aws.catalogue`).
    #[must_use]
    pub fn as_name(&self) -> Self {
        let text = self.bare.clone().unwrap_or_else(|| self.text.clone());
        Self { text, bare: None }
    }

    /// The string `text`, quoted.
    pub fn string(text: &str) -> Self {
        Self { text: quote(text), bare: None }
    }
}

/// Reads what a user typed.
///
/// Literals, lists, objects, calls, templates and references (`var.x`, `local.x`, `aws_sqs_queue.x.arn`) are HCL.
/// Everything else is a string: bare words, dates (`2022-10-14`, though HCL would compute it), numbers with a leading
/// zero, versions (`9.1.10`), and names with slashes or dots
/// (`weco/ingestor`, `example.com`). What begins like a string, a list, an object
/// or a heredoc, or holds a template, but does not parse, is an error.
impl FromStr for Value {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let heredoc = text.starts_with("<<");
        match text.parse::<Expression>() {
            Ok(expression) if heredoc || (is_meant(&expression) && !has_leading_zero(text)) => {
                let error = |error: super::SyntaxError| ValueError { value: text.to_owned(), reason: error.message };
                let spaced = format(&format!("x = {text}\n"), 0).map_err(error)?;
                Ok(Self { text: spaced["x = ".len()..].trim_end().to_owned(), bare: None })
            }
            Err(error) if text.starts_with(['"', '[', '{', '<']) || text.contains("${") => {
                let reason = error.to_string().lines().last().unwrap_or("it cannot be parsed").trim().to_owned();
                Err(ValueError { value: text.to_owned(), reason })
            }
            Ok(expression) if is_reference(&expression) => {
                Ok(Self { bare: Some(text.to_owned()), ..Self::string(text) })
            }
            Ok(_) | Err(_) => Ok(Self::string(text)),
        }
    }
}

/// `path=value` as users give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// What is set.
    pub path: Path,
    /// To what.
    pub value: Value,
}

/// Why a text is no `path=value`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssignmentError {
    /// There is no `=` outside quotes.
    #[error("'{text}' has no '=': write path=value")]
    NoEqual {
        /// The text as given.
        text: String,
    },
    /// What stands left of it is no path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// What stands right of it is no value.
    #[error(transparent)]
    Value(#[from] ValueError),
}

impl FromStr for Assignment {
    type Err = AssignmentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut quoted = false;
        let mut escaped = false;
        let equal = text.char_indices().find(|(_, character)| {
            let begins_escape = quoted && *character == '\\' && !escaped;
            quoted ^= *character == '"' && !escaped;
            escaped = begins_escape;
            *character == '=' && !quoted
        });
        let Some((equal, _)) = equal else { return Err(AssignmentError::NoEqual { text: text.to_owned() }) };
        Ok(Self { path: text[..equal].parse()?, value: text[equal + 1..].parse()? })
    }
}

fn is_reference(expression: &Expression) -> bool {
    match expression {
        Expression::Variable(_) => true,
        Expression::Traversal(traversal) => is_reference(&traversal.expr),
        _ => false,
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
            // `9.1.10` is a version, `10.0.0.0/16` an address: a number has nothing in it.
            Expression::Number(_) => false,
            Expression::Variable(root) => ROOTS.contains(&root.as_str()) || root.as_str().contains('_'),
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

/// Numbers joined by minus signs.
fn is_date_like(expression: &Expression) -> bool {
    use ::hcl::expr::BinaryOperator::Minus;
    match expression {
        Expression::Number(_) => true,
        Expression::Operation(operation) => match operation.as_ref() {
            Operation::Binary(operation) => {
                operation.operator == Minus && is_date_like(&operation.lhs_expr) && is_date_like(&operation.rhs_expr)
            }
            Operation::Unary(_) => false,
        },
        _ => false,
    }
}

/// `text` as an HCL string, with its quotes.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '$' | '%' if characters.peek() == Some(&'{') => {
                quoted.push(character);
                quoted.push(character);
            }
            control if control.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// The text of a string that has neither escapes nor templates in it; `None` for any other value.
pub fn literal_string(value: &str) -> Option<&str> {
    let inside = value.strip_prefix('"')?.strip_suffix('"')?;
    (!inside.contains(['"', '\\', '\n']) && !inside.contains("${") && !inside.contains("%{")).then_some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_hcl_from_words() {
        let cases = [
            ("true", "true"),
            ("3", "3"),
            ("-1.5", "-1.5"),
            ("null", "null"),
            ("\"x\"", "\"x\""),
            ("[1,2]", "[1, 2]"),
            ("{a=1}", "{ a = 1 }"),
            ("var.x", "var.x"),
            ("module.a.b", "module.a.b"),
            ("aws_sqs_queue.x.arn", "aws_sqs_queue.x.arn"),
            ("upper( local.x )", "upper(local.x)"),
            ("local.a ? 1 : 2", "local.a ? 1 : 2"),
            ("10*60", "10 * 60"),
            ("\"a-${local.x}\"", "\"a-${local.x}\""),
            ("2022-10-14", "\"2022-10-14\""),
            ("2022-10-14-2", "\"2022-10-14-2\""),
            ("eu-west-1", "\"eu-west-1\""),
            ("weco/concepts", "\"weco/concepts\""),
            ("example.com", "\"example.com\""),
            ("012345678901", "\"012345678901\""),
            ("0", "0"),
            ("", "\"\""),
            ("two words", "\"two words\""),
            ("works_indexed.2024-11-14", "\"works_indexed.2024-11-14\""),
            ("9.1.10", "\"9.1.10\""),
            ("1.2.3-beta", "\"1.2.3-beta\""),
            ("10.0.0.0/16", "\"10.0.0.0/16\""),
            ("works_indexed.2024", "\"works_indexed.2024\""),
            ("arn:aws:sqs:eu-west-1:1:x", "\"arn:aws:sqs:eu-west-1:1:x\""),
            ("<<EOT\na\nEOT", "<<EOT\na\nEOT"),
        ];
        for (given, wanted) in cases {
            assert_eq!(given.parse::<Value>().expect(given).as_str(), wanted);
        }
        for wrong in ["[1", "{a", "\"x", "a${", "\"${\""] {
            assert!(wrong.parse::<Value>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn splits_at_the_first_equal_outside_quotes() {
        let assignment: Assignment = "a[\"b=c\"].d=x == 1".parse().expect("an assignment");
        assert_eq!(assignment.path.to_string(), "a[\"b=c\"].d");
        assert_eq!(assignment.value.as_str(), "\"x == 1\"");
        assert!("a".parse::<Assignment>().is_err());
    }

    #[test]
    fn quotes_what_means_something() {
        assert_eq!(quote("a\"\\\n${b} $c %{"), "\"a\\\"\\\\\\n$${b} $c %%{\"");
        assert_eq!(literal_string("\"a-b\""), Some("a-b"));
        assert_eq!(literal_string("\"a${b}\""), None);
        assert_eq!(literal_string("\"a\" == \"b\""), None);
    }
}
