//! The way from a block to one of its values: `index_config["2025-06-17"].works`.

use std::fmt;
use std::str::FromStr;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// An attribute, a key, or a nested block; `number` counts nested blocks of that name from 1 (`queue#2`).
    Name {
        /// The name.
        name: String,
        /// Which one of that name, from 1, where it was said.
        number: Option<usize>,
    },
    /// A key that need not be a name: `["2025-06-17"]`.
    Key(String),
    /// A key that is computed: `[local.date]`, written `(local.date)` in the file.
    Computed(String),
    /// An item of a list: `[0]`.
    Index(usize),
}

/// The way from a block to one of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    segments: Vec<Segment>,
}

/// Text that is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{path}' is no path: {reason} (a path looks like name.key[\"other key\"])")]
pub struct PathError {
    /// The text as given.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Path {
    /// The path that goes nowhere, written `.`: the whole value that paths go from.
    pub fn root() -> Self {
        Self { segments: Vec::new() }
    }

    /// The path of these steps.
    pub fn of(segments: Vec<Segment>) -> Self {
        Self { segments }
    }

    /// The path that goes on with `rest` where this one ends.
    #[must_use]
    pub fn join(&self, rest: &Self) -> Self {
        Self { segments: self.segments.iter().chain(&rest.segments).cloned().collect() }
    }

    /// Its steps; none for `.`.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The path of one name.
    pub fn name(name: &str) -> Self {
        Self { segments: vec![Segment::Name { name: name.to_owned(), number: None }] }
    }

    /// The first `count` steps as text.
    pub fn start(&self, count: usize) -> String {
        Self { segments: self.segments[..count.min(self.segments.len())].to_vec() }.to_string()
    }
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |reason: String| PathError { path: text.to_owned(), reason };
        let mut segments = Vec::new();
        let mut rest = text.trim();
        if rest == "." {
            return Ok(Self::root());
        }
        let mut after_dot = true;
        while !rest.is_empty() || after_dot {
            if let Some(inside) = rest.strip_prefix('[') {
                if after_dot && !segments.is_empty() {
                    return Err(error("a name must stand before '['".to_owned()));
                }
                let (segment, after) = bracketed(inside).map_err(error)?;
                segments.push(segment);
                rest = after;
                after_dot = false;
            } else if after_dot {
                let (segment, after) = dotted(rest, segments.is_empty()).map_err(error)?;
                segments.push(segment);
                rest = after;
                after_dot = false;
            } else if let Some(after) = rest.strip_prefix('.') {
                rest = after;
                after_dot = true;
            } else {
                return Err(error(format!("'{rest}' must begin with '.' or '['")));
            }
        }
        Ok(Self { segments })
    }
}

/// What follows a dot: a name; below the first, also a key, with its quotes or without (`a."2025-06-17"`,
/// `a.2025-06-17`), or a computed one (`a.(local.date)`).
fn dotted(text: &str, is_first: bool) -> Result<(Segment, &str), String> {
    if is_first {
        return named(text);
    }
    if text.starts_with('"') {
        let (key, rest) = quoted(text, '"')?;
        return Ok((Segment::Key(key), rest));
    }
    if let Some((inside, rest)) = text.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        return Ok((computed(inside)?, rest));
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-')).unwrap_or(text.len());
    let (key, rest) = text.split_at(end);
    let is_key = key.starts_with(|c: char| c.is_ascii_digit()) && !key.bytes().all(|byte| byte.is_ascii_digit());
    if is_key { Ok((Segment::Key(key.to_owned()), rest)) } else { named(text) }
}

fn named(text: &str) -> Result<(Segment, &str), String> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    match name.chars().next() {
        None => return Err("a name is missing".to_owned()),
        Some(first) if first.is_ascii_digit() || first == '-' => {
            return Err(format!("'{name}' must be written [\"{name}\"], since names begin with a letter"));
        }
        Some(_) => {}
    }
    let Some(after) = rest.strip_prefix('#') else {
        return Ok((Segment::Name { name: name.to_owned(), number: None }, rest));
    };
    let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    match after[..end].parse() {
        Ok(number) if number > 0 => Ok((Segment::Name { name: name.to_owned(), number: Some(number) }, &after[end..])),
        _ => Err("a number from 1 must follow '#'".to_owned()),
    }
}

fn bracketed(text: &str) -> Result<(Segment, &str), String> {
    for quote in ['"', '\''] {
        if text.starts_with(quote) {
            let (key, rest) = quoted(text, quote)?;
            let rest = rest.strip_prefix(']').ok_or("']' must follow the quote")?;
            return Ok((Segment::Key(key), rest));
        }
    }
    let (inside, rest) = text.split_once(']').ok_or("']' is missing")?;
    if let Ok(index) = inside.parse() {
        return Ok((Segment::Index(index), rest));
    }
    // A date: HCL would compute it, and nobody means that.
    if inside.contains('-') && inside.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return Ok((Segment::Key(inside.to_owned()), rest));
    }
    Ok((computed(inside)?, rest))
}

/// The text in quotes that `text` begins with, and what follows them.
fn quoted(text: &str, quote: char) -> Result<(String, &str), String> {
    let mut key = String::new();
    let inside = text.strip_prefix(quote).unwrap_or(text);
    let mut characters = inside.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => key.extend(characters.next().map(|(_, escaped)| escaped)),
            end if end == quote => return Ok((key, &inside[at + 1..])),
            other => key.push(other),
        }
    }
    Err("a quote is not closed".to_owned())
}

fn computed(inside: &str) -> Result<Segment, String> {
    let bare = inside.trim();
    let bare = bare.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(bare).trim();
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if bare.starts_with(char::is_alphabetic) && bare.contains('.') && bare.chars().all(is_part) {
        return Ok(Segment::Computed(bare.to_owned()));
    }
    Err(format!("a key needs quotes: [\"{inside}\"]"))
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.segments.is_empty() {
            return formatter.write_str(".");
        }
        for (index, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Name { name, number } => {
                    formatter.write_str(if index > 0 { "." } else { "" })?;
                    formatter.write_str(name)?;
                    if let Some(number) = number {
                        write!(formatter, "#{number}")?;
                    }
                }
                Segment::Key(key) => write!(formatter, "[{}]", super::quote(key))?,
                Segment::Computed(expression) => write!(formatter, "[{expression}]")?,
                Segment::Index(number) => write!(formatter, "[{number}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes() {
        for text in [
            "a",
            "reindexing_state.scale_up_tasks",
            "index_config[\"2025-06-17\"].works",
            "queue#2.x",
            "queue#1",
            "a[0].b",
            ".",
            "[\"x\"].a",
            "a[local.date].b",
        ] {
            assert_eq!(text.parse::<Path>().expect(text).to_string(), text);
        }
    }

    #[test]
    fn reads_keys_in_every_form() {
        for text in ["a.2025-06-17.b", "a.\"2025-06-17\".b", "a['2025-06-17'].b", "a[2025-06-17].b"] {
            assert_eq!(text.parse::<Path>().expect(text).to_string(), "a[\"2025-06-17\"].b");
        }
        assert_eq!("a.(local.date).b".parse::<Path>().expect("a path").to_string(), "a[local.date].b");
    }

    #[test]
    fn refuses() {
        for text in [
            "",
            "a.0",
            "a.\"b",
            "a.(b)",
            "2025-06-17",
            "..",
            ".a",
            "a.",
            "a..b",
            "a.[0]",
            "a[b]",
            "a[f(x)]",
            "a[\"b]",
            "a[0",
            "a#0",
            "2022",
            "a b",
        ] {
            assert!(text.parse::<Path>().is_err(), "{text}");
        }
    }
}
