//! The value in a Buildkite file that names the live pipeline.

use std::ops::Range;

/// A scalar of a YAML file and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The value without its quotes.
    pub value: String,
    /// Where it stands, quotes included, in bytes.
    pub span: Range<usize>,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
}

/// Why the live pipeline cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LivePointerError {
    /// No such key.
    #[error("there is no '{key}' in it")]
    NoKey {
        /// The keys that were looked for, with dots between them.
        key: String,
    },
    /// The key is there, its value is no text on one line.
    #[error("line {line}: '{key}' is not a plain value")]
    NotScalar {
        /// The keys that were looked for, with dots between them.
        key: String,
        /// The key's line.
        line: usize,
    },
}

/// Finds the scalar that the keys lead to, `env.LIVE_PIPELINE`, through nested block mappings.
pub fn find(yaml: &str, key: &str) -> Result<Scalar, LivePointerError> {
    let keys: Vec<&str> = key.split('.').collect();
    // The indentation of each key that was found so far, outermost first.
    let mut path: Vec<usize> = Vec::new();
    let mut offset = 0;
    for (index, line) in yaml.split_inclusive('\n').enumerate() {
        let start = offset;
        offset += line.len();
        let content = line.trim_start();
        let indent = line.len() - content.len();
        let content = content.trim_end();
        if content.is_empty() || content.starts_with('#') || content == "---" {
            continue;
        }
        while path.last().is_some_and(|outer| indent <= *outer) {
            path.pop();
        }
        // A key directly below the one that was found last; anything deeper belongs to another key.
        let Some((name, rest)) = split_key(content) else { continue };
        let expected_depth = path.len();
        if expected_depth < keys.len() && name == keys[expected_depth] && directly_below(yaml, start, indent, &path) {
            if expected_depth + 1 < keys.len() {
                path.push(indent);
                continue;
            }
            let value_start = start + indent + (content.len() - rest.len());
            let column = line[..value_start - start].chars().count() + 1;
            return scalar(rest, value_start, index + 1, column)
                .ok_or_else(|| LivePointerError::NotScalar { key: key.to_owned(), line: index + 1 });
        }
    }
    Err(LivePointerError::NoKey { key: key.to_owned() })
}

/// Whether no line between this one and its parent key has a smaller indentation than this one's but a greater one
/// than the parent's: then it belongs to that line.
fn directly_below(yaml: &str, start: usize, indent: usize, path: &[usize]) -> bool {
    let outer = path.last().copied();
    for line in yaml[..start].lines().rev() {
        let content = line.trim_start();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let other = line.len() - content.len();
        if Some(other) == outer || (outer.is_none() && indent == 0) {
            return true;
        }
        if other < indent {
            return false;
        }
    }
    outer.is_none() && indent == 0
}

/// Splits `key: rest`; the key may be quoted.
fn split_key(content: &str) -> Option<(&str, &str)> {
    let colon = content.match_indices(':').map(|(at, _)| at).find(|at| {
        let after = &content[at + 1..];
        after.is_empty() || after.starts_with([' ', '\t'])
    })?;
    let name = content[..colon].trim_end().trim_matches(['"', '\'']);
    Some((name, content[colon + 1..].trim_start()))
}

fn scalar(rest: &str, start: usize, line: usize, column: usize) -> Option<Scalar> {
    let (value, length) = match rest.chars().next()? {
        quote @ ('"' | '\'') => {
            let end = rest[1..].find(quote)? + 1;
            (&rest[1..end], end + 1)
        }
        '|' | '>' | '{' | '[' | '&' | '*' | '!' | '#' => return None,
        _ => {
            let end = rest.find(" #").unwrap_or(rest.len());
            let value = rest[..end].trim_end();
            (value, value.len())
        }
    };
    Some(Scalar { value: value.to_owned(), span: start..start + length, line, column })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(yaml: &str) -> Result<String, LivePointerError> {
        let scalar = find(yaml, "env.LIVE_PIPELINE")?;
        assert!(yaml[scalar.span.clone()].contains(&scalar.value));
        Ok(scalar.value)
    }

    #[test]
    fn reads_each_way_of_quoting() {
        for text in ["2022-08-31", "\"2022-08-31\"", "'2022-08-31'  # live", "2022-08-31 # live"] {
            let yaml = format!("# comment\nenv:\n  OTHER: x\n\n  LIVE_PIPELINE: {text}\r\nsteps:\n  - label: test\n");
            assert_eq!(value(&yaml).as_deref(), Ok("2022-08-31"), "{text}");
        }
    }

    #[test]
    fn is_not_confused_by_the_same_key_elsewhere() {
        let yaml = "steps:\n  - env:\n      LIVE_PIPELINE: wrong\nother:\n  env:\n    LIVE_PIPELINE: wrong\nenv:\n  deep:\n    \
                    LIVE_PIPELINE: wrong\n  LIVE_PIPELINE: right\n";
        assert_eq!(value(yaml).as_deref(), Ok("right"));
    }

    #[test]
    fn says_what_is_missing() {
        assert!(matches!(value("env:\n  X: 1\n"), Err(LivePointerError::NoKey { .. })));
        assert!(matches!(value("env:\n  LIVE_PIPELINE: |\n    x\n"), Err(LivePointerError::NotScalar { line: 2, .. })));
    }
}
