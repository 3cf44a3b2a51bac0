//! Values in YAML files. They are located by a YAML parser, and their bytes are replaced; nothing is written back from a
//! tree, so comments and the rest stay.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::error::Problem;

type Wrong = (usize, Problem);

/// A scalar and its bytes, quotes included.
pub struct Scalar {
    pub value: String,
    pub span: Range<usize>,
}

/// Finds the scalar that the keys lead to, through nested block mappings of one document.
pub fn find(text: &str, keys: &[String]) -> Result<Scalar, Wrong> {
    let document = Document::read(text)?;
    let mut found: Option<Scalar> = None;
    let mut missing = None;
    for root in document.roots() {
        match (document.scalar(root, keys), &found) {
            (Ok(scalar), Some(_)) => return Err((scalar.span.start, Problem::Twice { key: keys.join(".") })),
            (Ok(scalar), None) => found = Some(scalar),
            (Err(wrong @ (_, Problem::NoKey { .. })), _) => {
                missing.get_or_insert(wrong);
            }
            (Err(wrong), _) => return Err(wrong),
        }
    }
    let nothing = || (0, Problem::NoKey { key: keys.join(".") });
    found.ok_or_else(|| missing.unwrap_or_else(nothing))
}

/// How the value is written in the place of `before`: with the same quotes. A bare one gets quotes where YAML could
/// take it for something else than a text: dates, numbers, `yes` ("YAML 1.1", types).
pub fn written(before: &str, value: &str) -> String {
    match before.chars().next() {
        Some(quote @ ('"' | '\'')) => format!("{quote}{value}{quote}"),
        _ if is_text(value) => value.to_owned(),
        _ => format!("\"{value}\""),
    }
}

fn is_text(value: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "yes", "n", "no", "true", "false", "on", "off", "null"];
    value.starts_with(|c: char| c.is_ascii_alphabetic()) && !WORDS.contains(&value.to_ascii_lowercase().as_str())
}

/// Whether both texts say the same but for the scalar at the byte `at`, which is `value` now.
pub fn differ_in_one_value(before: &str, after: &str, at: usize, value: &str) -> bool {
    let (Ok(before), Ok(after)) = (Document::read(before), Document::read(after)) else { return false };
    before.events.len() == after.events.len()
        && before.events.iter().zip(&after.events).all(|((old, old_span), (new, new_span))| match (old, new) {
            (Event::Scalar(_, _, 0, None), Event::Scalar(now, style, 0, None)) if old_span.start == at => {
                new_span.start == at && now == value && (*style != ScalarStyle::Plain || is_text(value))
            }
            (Event::Scalar(old, ..), Event::Scalar(new, ..)) => old == new,
            (old, new) => old == new,
        })
}

/// The bytes of a quoted scalar on one line, quotes included. The parser's own end may lie behind the blanks that follow.
fn quoted_length(text: &str) -> Option<usize> {
    let quote = text.chars().next()?;
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\n' => return None,
            '\\' if quote == '"' => {
                characters.next();
            }
            '\'' if quote == '\'' && characters.peek().is_some_and(|(_, next)| *next == '\'') => {
                characters.next();
            }
            _ if character == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// What the parser reads, with the bytes of each event.
struct Document<'a> {
    text: &'a str,
    events: Vec<(Event<'a>, Range<usize>)>,
}

impl<'a> Document<'a> {
    fn read(text: &'a str) -> Result<Self, Wrong> {
        let content = text.trim_start_matches('\u{feff}');
        let mark = text.len() - content.len();
        // The parser counts characters.
        let bytes: Vec<usize> = content.char_indices().map(|(at, _)| at + mark).chain([text.len()]).collect();
        let byte = |character: usize| bytes.get(character).copied().unwrap_or(text.len());
        let mut events = Vec::new();
        for event in Parser::new_from_str(content) {
            let (event, span) =
                event.map_err(|error| (byte(error.marker().index()), Problem::Syntax(error.info().to_owned())))?;
            events.push((event, byte(span.start.index())..byte(span.end.index())));
        }
        Ok(Self { text, events })
    }

    /// The first event of each document's content.
    fn roots(&self) -> impl Iterator<Item = usize> {
        let starts = self.events.iter().enumerate().filter(|(_, (event, _))| matches!(event, Event::DocumentStart(_)));
        starts.map(|(index, _)| index + 1)
    }

    /// The index after the node that begins at `index`.
    fn after(&self, index: usize) -> usize {
        let mut depth = 0_usize;
        for (at, (event, _)) in self.events.iter().enumerate().skip(index) {
            match event {
                Event::MappingStart(..) | Event::SequenceStart(..) => depth += 1,
                Event::MappingEnd | Event::SequenceEnd => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return at + 1;
            }
        }
        self.events.len()
    }

    fn scalar(&self, root: usize, keys: &[String]) -> Result<Scalar, Wrong> {
        let mut node = root;
        // A document without content, or a list, has no keys.
        if !matches!(self.events[node].0, Event::MappingStart(..)) {
            return Err((self.events[node].1.start, Problem::NoKey { key: keys[..1].join(".") }));
        }
        for depth in 0..keys.len() {
            if let Some(what) = self.no_block_mapping(node) {
                let key = keys[..depth].join(".");
                let key = if key.is_empty() { "the document".to_owned() } else { key };
                return Err((self.events[node].1.start, Problem::NotBlockMapping { key, what }));
            }
            node = self.value(node, &keys[..=depth])?;
        }
        let key = keys.join(".");
        let (event, span) = &self.events[node];
        let wrong = |what| Err((span.start, Problem::NotOneWord { key: key.clone(), what }));
        let Event::Scalar(value, style, anchor, tag) = event else {
            return wrong(match event {
                Event::MappingStart(..) => "a mapping",
                Event::SequenceStart(..) => "a list",
                _ => "an alias of another value",
            });
        };
        if *anchor != 0 {
            return wrong("anchored for use in other places");
        }
        if tag.is_some() {
            return wrong("tagged with a type");
        }
        let rest = &self.text[span.start..];
        let length = match style {
            ScalarStyle::Plain if value.is_empty() || rest.starts_with(['\n', '\r', '#']) => return wrong("empty"),
            ScalarStyle::Plain => rest.starts_with(value.as_ref()).then_some(value.len()),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => quoted_length(rest),
            // Such a scalar begins in the line below its key; the event before it is the key.
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let what = "a block of lines";
                return Err((self.events[node - 1].1.start, Problem::NotOneWord { key, what }));
            }
        };
        let Some(length) = length else { return wrong("written on several lines") };
        let span = span.start..span.start + length;
        Ok(Scalar { value: value.clone().into_owned(), span })
    }

    fn no_block_mapping(&self, node: usize) -> Option<&'static str> {
        let (event, span) = &self.events[node];
        match event {
            Event::MappingStart(..) if self.text[span.start..].starts_with('{') => Some("a mapping in braces"),
            Event::MappingStart(..) => None,
            Event::SequenceStart(..) => Some("a list"),
            Event::Alias(_) => Some("an alias of another value"),
            _ => Some("a value"),
        }
    }

    /// The node of the last of the keys in a mapping.
    fn value(&self, mapping: usize, keys: &[String]) -> Result<usize, Wrong> {
        let wanted = keys.last().map(String::as_str).unwrap_or_default();
        let mut found = None;
        let mut key = mapping + 1;
        while key < self.events.len() && self.events[key].0 != Event::MappingEnd {
            let node = self.after(key);
            if matches!(&self.events[key].0, Event::Scalar(name, ..) if name == wanted) && found.replace(node).is_some()
            {
                return Err((self.events[key].1.start, Problem::Twice { key: keys.join(".") }));
            }
            key = self.after(node);
        }
        found.ok_or_else(|| (self.events[mapping].1.start, Problem::NoKey { key: keys.join(".") }))
    }
}

#[cfg(test)]
mod tests;
