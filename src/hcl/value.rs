//! Values as users give them on a command line.

mod word;

use std::fmt::Write as _;
use std::str::FromStr;

use ::hcl::expr::Expression;

use super::{Path, PathError, format, items};

/// A value to be written into a file: HCL in one line or several, spaced as `terraform fmt` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    text: String,
    /// What was typed, where bare words became strings.
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

    /// The value where bare words are no strings but names: of types, providers, attributes (`string`, `[tags]`).
    #[must_use]
    pub fn as_name(&self) -> Self {
        let text = self.bare.clone().unwrap_or_else(|| self.text.clone());
        Self { text, bare: None }
    }

    /// The list of one item.
    pub fn list(item: &Self) -> Self {
        Self { text: format!("[{}]", item.text), bare: None }
    }

    /// The string `text`, quoted.
    pub fn string(text: &str) -> Self {
        Self { text: quote(text), bare: None }
    }
}

/// Reads what a user typed.
///
/// Literals, lists, objects, calls, templates and references (`var.x`, `local.x`, `aws_sqs_queue.x.arn`) are HCL.
/// Everything else is a string, by itself and as an item of a list or a value of an object: bare words, dates
/// (`2022-10-14`, though HCL would compute it), versions and addresses (`1.10.0`, `10.0.0.0/16`), numbers with a leading
/// zero, and names with slashes or dots (`weco/ingestor`, `example.com`). What begins like a string, a list, an object
/// or a heredoc, or holds a template, but does not parse, is an error.
impl FromStr for Value {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        match text.parse::<Expression>() {
            Ok(expression) if text.starts_with("<<") || word::is_hcl(&expression, text) => {
                let spaced = |value: &str| {
                    let error = |reason: String| ValueError { value: text.to_owned(), reason };
                    let spaced = format(&format!("x = {value}\n"), 0).map_err(|wrong| error(wrong.message))?;
                    if items(&spaced).map_or(0, |items| items.len()) != 1 {
                        return Err(error("more follows where its heredoc ends".to_owned()));
                    }
                    Ok(spaced["x = ".len()..].trim_end().to_owned())
                };
                match word::quoted_inside(text) {
                    Some(quoted) => Ok(Self { text: spaced(&quoted)?, bare: Some(spaced(text)?) }),
                    None => Ok(Self { text: spaced(text)?, bare: None }),
                }
            }
            Err(error) if text.starts_with(['"', '[', '{', '<']) || text.contains("${") => {
                let reason = error.to_string().lines().last().unwrap_or("it cannot be parsed").trim().to_owned();
                Err(ValueError { value: text.to_owned(), reason })
            }
            Ok(expression) if word::is_name(&expression) => {
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
            ("1.2.3", "\"1.2.3\""),
            ("10.0.0.0/16", "\"10.0.0.0/16\""),
            ("10.0.0.1", "\"10.0.0.1\""),
            ("5.x", "\"5.x\""),
            ("9.*", "\"9.*\""),
            ("2022/10/14", "\"2022/10/14\""),
            ("2022.10.14", "\"2022.10.14\""),
            ("[2022-10-14, x]", "[\"2022-10-14\", \"x\"]"),
            (
                "{d=2022-10-14,2022-10-15=[y, local.z, \"w\"]}",
                "{ d = \"2022-10-14\", \"2022-10-15\" = [\"y\", local.z, \"w\"] }",
            ),
            ("toset([a, b])", "toset([\"a\", \"b\"])"),
            ("[for x in local.y : x]", "[for x in local.y : x]"),
            ("{a = b.c, d = 012}", "{ a = \"b.c\", d = \"012\" }"),
        ];
        for (given, wanted) in cases {
            assert_eq!(given.parse::<Value>().expect(given).as_str(), wanted);
        }
        assert_eq!("[tags,x]".parse::<Value>().expect("a list").as_name().as_str(), "[tags, x]");
        for wrong in ["[1", "{a", "\"x", "a${", "\"${\"", "<<-E\n  E\nE"] {
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
