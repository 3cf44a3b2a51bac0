//! What values stand in: the body of a block, an object, or a list.

use super::super::{
    Around, Block, EditError, Item, Items, Kind, Lexer, Mark, Segment, Span, elements, label_text, line_of, list_items,
    literal_string,
};
use super::put::ends_with_heredoc;

/// What a container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The body of a block.
    Body,
    /// An object.
    Object,
    /// A list.
    List,
}

/// The body of a block, an object, or a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Container {
    pub shape: Shape,
    /// What stands between its brackets.
    pub inside: Span,
}

/// `key = value`, a nested block, or an item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// The key; of a block, its kind; of an item, nothing before its value.
    pub key: Span,
    /// The value; of a block, what is between its braces.
    pub value: Span,
    pub comma: Option<usize>,
    pub block: Option<Block>,
}

impl Member {
    /// Without its comma.
    pub fn bare(&self) -> Span {
        self.block.as_ref().map_or(self.key.start..self.value.end, Block::span)
    }

    /// With its comma.
    pub fn span(&self) -> Span {
        let bare = self.bare();
        bare.start..self.comma.map_or(bare.end, |comma| comma + 1)
    }

    /// Whether it stands on several lines. A heredoc counts as one line, as it does for `terraform fmt`.
    pub fn is_multi_line(&self, text: &str) -> bool {
        let value = &text[self.value.clone()];
        let is_heredoc = value.lines().next().is_some_and(|first| first.contains("<<")) && ends_with_heredoc(value);
        text[self.bare()].contains('\n') && !is_heredoc
    }
}

impl Container {
    pub fn of(block: &Block) -> Self {
        Self { shape: Shape::Body, inside: block.body.clone() }
    }

    pub fn new(shape: Shape, inside: Span) -> Self {
        Self { shape, inside }
    }

    pub fn is_one_line(&self, text: &str) -> bool {
        !text[self.inside.clone()].contains('\n')
    }

    /// What holds comments stays on its line: they would be lost.
    pub fn can_open(&self, text: &str) -> bool {
        let comment = |kind| matches!(kind, Kind::BlockComment | Kind::LineComment);
        self.shape != Shape::List
            && !Lexer::new(text, self.inside.clone()).any(|token| token.is_ok_and(|token| comment(token.kind)))
    }

    pub fn members(&self, text: &str) -> Result<Vec<Member>, EditError> {
        let inside = self.inside.clone();
        let mut members = Vec::new();
        match self.shape {
            Shape::Body => {
                for item in Items::new(text, inside) {
                    members.push(match item? {
                        Item::Attribute(attribute) => {
                            Member { key: attribute.name, value: attribute.value, comma: None, block: None }
                        }
                        Item::Block(block) => Member {
                            key: block.kind.clone(),
                            value: block.body.clone(),
                            comma: None,
                            block: Some(block),
                        },
                    });
                }
            }
            Shape::Object => {
                for element in elements(text, inside)? {
                    let (key, value, comma) = (element.key, element.value, element.comma);
                    members.push(Member { key, value, comma, block: None });
                }
            }
            Shape::List => {
                for item in list_items(text, inside)? {
                    let key = item.value.start..item.value.start;
                    members.push(Member { key, value: item.value, comma: item.comma, block: None });
                }
            }
        }
        Ok(members)
    }

    /// The member that the first of `segments` names, and how many of them name it: a block's labels may follow it.
    pub fn find(
        &self,
        text: &str,
        segments: &[Segment],
        around: &Around<'_>,
    ) -> Result<Option<(Member, usize)>, EditError> {
        let members = self.members(text)?;
        let Some((first, rest)) = segments.split_first() else { return Ok(None) };
        if let Segment::Index(index) = first {
            let item = members.into_iter().nth(*index).filter(|_| self.shape == Shape::List);
            return Ok(item.map(|item| (item, 1)));
        }
        if self.shape == Shape::List {
            return Ok(None);
        }
        let entries = || members.iter().filter(|member| member.block.is_none());
        let number = if let Segment::Name { number: Some(number), .. } = first { *number } else { 1 };
        if number == 1 {
            let named = |entry: &&Member| is_key(&text[entry.key.clone()], first);
            if let Some(entry) = only(text, first, entries().filter(named))? {
                return Ok(Some((entry.clone(), 1)));
            }
            let meant = |entry: &&Member| is_computed_key(&text[entry.key.clone()], first, around);
            if let Some(entry) = only(text, first, entries().filter(meant))? {
                return Ok(Some((entry.clone(), 1)));
            }
        }
        let Some(kind) = name_of(first) else { return Ok(None) };
        let labels: Vec<&str> = rest.iter().map_while(label_of).collect();
        let blocks: Vec<(&Member, &Block)> = members
            .iter()
            .filter_map(|member| member.block.as_ref().map(|block| (member, block)))
            .filter(|(_, block)| text[block.kind.clone()] == *kind)
            .collect();
        let labelled = |block: &Block| {
            let count = block.labels.len();
            let same = |(label, wanted): (&Span, &&str)| label_text(text, label) == *wanted;
            count > 0 && count <= labels.len() && block.labels.iter().zip(&labels).all(same)
        };
        if let Some((member, block)) = blocks.iter().filter(|(_, block)| labelled(block)).nth(number - 1) {
            return Ok(Some(((*member).clone(), 1 + block.labels.len())));
        }
        Ok(blocks.get(number - 1).map(|(member, _)| ((*member).clone(), 1)))
    }

    /// Where `key` (as a user writes it: a key, the kind of a block with `#n`, or an item) stands among the members.
    pub fn position(&self, text: &str, members: &[Member], key: &str) -> Option<usize> {
        if self.shape == Shape::List {
            let value: super::super::Value = key.parse().ok()?;
            return members.iter().position(|item| super::same::same_tokens(&text[item.value.clone()], value.as_str()));
        }
        let (name, number) = match key.split_once('#') {
            Some((name, number)) => (name, number.parse::<usize>().ok()?.checked_sub(1)?),
            None => (key, 0),
        };
        // As a path has it.
        let name = name.strip_prefix("[\"").and_then(|rest| rest.strip_suffix("\"]")).unwrap_or(name);
        let is_it = |member: &Member| {
            let present = &text[member.key.clone()];
            present == name || key_text(present) == Some(name)
        };
        members.iter().enumerate().filter(|(_, member)| is_it(member)).map(|(index, _)| index).nth(number)
    }
}

fn only<'a>(
    text: &str,
    segment: &Segment,
    mut found: impl Iterator<Item = &'a Member>,
) -> Result<Option<&'a Member>, EditError> {
    let Some(first) = found.next() else { return Ok(None) };
    match found.next() {
        None => Ok(Some(first)),
        Some(second) => Err(EditError::Ambiguous {
            at: name_of(segment).cloned().unwrap_or_default(),
            mark: Box::new(Mark::at(text, first.key.start)),
            other: line_of(text, second.key.start),
        }),
    }
}

fn name_of(segment: &Segment) -> Option<&String> {
    match segment {
        Segment::Name { name, .. } | Segment::Key(name) | Segment::Computed(name) => Some(name),
        Segment::Index(_) => None,
    }
}

fn label_of(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Name { name, number: None } | Segment::Key(name) => Some(name),
        _ => None,
    }
}

/// Whether a key, as it is written or computed, is the one that is wanted.
pub(super) fn names(wanted: &Segment, key: &str, around: &Around<'_>) -> bool {
    is_key(key, wanted) || is_computed_key(key, wanted, around)
}

fn is_key(key: &str, wanted: &Segment) -> bool {
    match wanted {
        Segment::Computed(expression) => computed_key(key) == Some(expression.as_str()),
        Segment::Name { name, .. } | Segment::Key(name) => key_text(key) == Some(name),
        Segment::Index(_) => false,
    }
}

/// Whether the key, computed, is the one that is wanted; or the other way round.
fn is_computed_key(key: &str, wanted: &Segment, around: &Around<'_>) -> bool {
    let Some(evaluate) = around.keys else { return false };
    match wanted {
        Segment::Computed(expression) => {
            let text = evaluate(expression);
            text.is_some() && text.as_deref() == key_text(key)
        }
        Segment::Name { name, .. } | Segment::Key(name) => {
            computed_key(key).and_then(evaluate).is_some_and(|text| text == *name)
        }
        Segment::Index(_) => false,
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

/// What is computed to give the key: `local.x` of `(local.x)`, `"${local.x}"` or `local.x`.
fn computed_key(key: &str) -> Option<&str> {
    let inside = key
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .or_else(|| key.strip_prefix("\"${").and_then(|rest| rest.strip_suffix("}\"")))
        .unwrap_or(key)
        .trim();
    (!inside.starts_with('"') && inside.contains('.')).then_some(inside)
}
