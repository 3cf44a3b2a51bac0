//! The value in a file of the team's build that names the live pipeline: found, and changed without touching another byte.

mod error;
mod pattern;
mod yaml;

pub use error::{LivePointerError, Problem};

use std::ops::Range;

use regex_lite::Regex;

/// How a value is found in its file.
#[derive(Debug, Clone)]
pub enum Locator {
    /// The keys that lead to it in a YAML file, the outermost first: `env`, `LIVE_PIPELINE`.
    Keys(Vec<String>),
    /// A regular expression with one group, the value, that fits the file once.
    Pattern(Regex),
}

/// A value and where it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The value without its quotes.
    pub value: String,
    /// Where it stands, quotes included, in bytes.
    pub span: Range<usize>,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
}

/// Finds the value. `file` is the name that errors tell.
pub fn find(file: &str, text: &str, locator: &Locator) -> Result<Found, LivePointerError> {
    let found = match locator {
        Locator::Keys(keys) => yaml::find(text, keys).map(|scalar| (scalar.value, scalar.span)),
        Locator::Pattern(pattern) => pattern::find(text, pattern),
    };
    let (value, span) = found.map_err(|(offset, problem)| LivePointerError::new(file, text, offset, problem))?;
    let (line, column) = error::place(text, span.start);
    Ok(Found { value, span, line, column })
}

/// The text with another value there: the quotes stay as they are, and what YAML may take for a date or a number gets
/// some. It is read again before it is given: nothing else may have changed its meaning.
pub fn set(file: &str, text: &str, locator: &Locator, value: &str) -> Result<String, LivePointerError> {
    let found = find(file, text, locator)?;
    if found.value == value {
        return Ok(text.to_owned());
    }
    let slice = match locator {
        Locator::Keys(_) => yaml::written(&text[found.span.clone()], value),
        Locator::Pattern(_) => value.to_owned(),
    };
    let after = format!("{}{slice}{}", &text[..found.span.start], &text[found.span.end..]);
    let as_meant = match locator {
        Locator::Keys(_) => yaml::differ_in_one_value(text, &after, found.span.start, value),
        Locator::Pattern(pattern) => {
            pattern::find(&after, pattern).is_ok_and(|(now, span)| now == value && span.start == found.span.start)
        }
    };
    if as_meant {
        Ok(after)
    } else {
        Err(LivePointerError::new(file, text, found.span.start, Problem::NotAsMeant { value: value.to_owned() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(path: &str) -> Locator {
        Locator::Keys(path.split('.').map(str::to_owned).collect())
    }

    #[test]
    fn tells_the_place() {
        let found = find("a.yml", "\u{feff}# é\nenv:\n  LIVE: 'x'\n", &keys("env.LIVE")).expect("found");
        assert_eq!((found.value.as_str(), found.line, found.column), ("x", 3, 9));
        let error = find("a.yml", "env:\n  LIVE: [x]\n", &keys("env.LIVE")).expect_err("a list");
        assert_eq!(error.to_string(), "a.yml:2:9: the value of 'env.LIVE' is a list, not one word");
    }

    #[test]
    fn a_pattern_finds_and_changes_the_one_group() {
        let text = "object Main {\r\n  val pipelineDate = \"2023-06-09\" // live\r\n}";
        let pattern = Locator::Pattern(Regex::new("val pipelineDate = \"(.*)\"").expect("valid"));
        let found = find("Main.scala", text, &pattern).expect("found");
        assert_eq!((found.value.as_str(), found.line, found.column), ("2023-06-09", 2, 23));
        let after = set("Main.scala", text, &pattern, "2023-08-01").expect("set");
        assert_eq!(after, text.replace("2023-06-09", "2023-08-01"));
    }

    #[test]
    fn a_pattern_that_no_longer_fits_is_refused() {
        let pattern = Locator::Pattern(Regex::new("date = ([0-9-]+)$").expect("valid"));
        let error = set("a.sh", "date = 2023-06-09", &pattern, "blue").expect_err("refused");
        assert!(matches!(error.problem, Problem::NotAsMeant { .. }), "{error}");
    }
}
