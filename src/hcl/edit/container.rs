//! What values stand in: the body of a block, or an object.

use super::super::{Block, EditError, Item, Items, Kind, Lexer, Segment, Span, elements, line_of, literal_string};

/// A body or an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Container {
    /// It is an object, and not the body of a block.
    pub is_object: bool,
    /// What stands between its braces.
    pub inside: Span,
}

/// `key = value` in either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub key: Span,
    pub value: Span,
    pub comma: Option<usize>,
}

impl Entry {
    /// With its comma.
    pub fn span(&self) -> Span {
        self.key.start..self.comma.map_or(self.value.end, |comma| comma + 1)
    }
}

/// What a path leads to.
#[derive(Debug)]
pub(super) enum Found {
    Entry(Entry),
    Block(Block),
    /// The step number `depth` is not there. `one_line` is the outermost container on the way that stands on one line
    /// and has to open up first.
    Nothing {
        depth: usize,
        one_line: Option<Container>,
    },
}

impl Container {
    pub fn of(block: &Block) -> Self {
        Self { is_object: false, inside: block.body.clone() }
    }

    pub fn object(inside: Span) -> Self {
        Self { is_object: true, inside }
    }

    pub fn is_one_line(&self, text: &str) -> bool {
        !text[self.inside.clone()].contains('\n')
    }

    /// An object with comments stays on its line: they would be lost.
    pub fn can_open(&self, text: &str) -> bool {
        let comment = |kind| matches!(kind, Kind::BlockComment | Kind::LineComment);
        !self.is_object
            || !Lexer::new(text, self.inside.clone()).any(|token| token.is_ok_and(|token| comment(token.kind)))
    }

    pub fn entries(&self, text: &str) -> Result<Vec<Entry>, EditError> {
        if self.is_object {
            let elements = elements(text, self.inside.clone())?;
            return Ok(elements
                .into_iter()
                .map(|element| Entry { key: element.key, value: element.value, comma: element.comma })
                .collect());
        }
        let mut entries = Vec::new();
        for item in Items::new(text, self.inside.clone()) {
            if let Item::Attribute(attribute) = item? {
                entries.push(Entry { key: attribute.name, value: attribute.value, comma: None });
            }
        }
        Ok(entries)
    }

    /// The nested blocks of a body.
    pub fn blocks(&self, text: &str) -> Result<Vec<Block>, EditError> {
        let mut blocks = Vec::new();
        if !self.is_object {
            for item in Items::new(text, self.inside.clone()) {
                if let Item::Block(block) = item? {
                    blocks.push(block);
                }
            }
        }
        Ok(blocks)
    }

    pub fn find(&self, text: &str, segment: &Segment) -> Result<Option<Found>, EditError> {
        let (name, number) = match segment {
            Segment::Name { name, number } => (name, *number),
            Segment::Key(key) => (key, 1),
            Segment::Index(_) => return Ok(None),
        };
        if number == 1 {
            let mut entries =
                self.entries(text)?.into_iter().filter(|entry| key_text(&text[entry.key.clone()]) == Some(name));
            if let Some(entry) = entries.next() {
                return match entries.next() {
                    None => Ok(Some(Found::Entry(entry))),
                    Some(second) => Err(EditError::Ambiguous {
                        at: name.clone(),
                        first: line_of(text, entry.key.start),
                        second: line_of(text, second.key.start),
                    }),
                };
            }
        }
        let mut blocks = self.blocks(text)?.into_iter().filter(|block| &text[block.kind.clone()] == name);
        Ok(blocks.nth(number - 1).map(Found::Block))
    }
}

/// A key without quotes and parentheses; `None` when it is computed.
pub(super) fn key_text(key: &str) -> Option<&str> {
    if key.starts_with('"') {
        return literal_string(key);
    }
    if let Some(inside) = key.strip_prefix('(') {
        return literal_string(inside.strip_suffix(')')?.trim());
    }
    Some(key)
}
