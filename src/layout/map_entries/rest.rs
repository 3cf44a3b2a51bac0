//! What an edit of a map leaves alone: checked before anything is written.

use crate::hcl::{Element, Kind, Lexer, Span, line_end};

use super::super::LayoutError;
use super::MapEntries;
use super::entry::extent;
use super::map::Map;

impl MapEntries<'_> {
    /// Checks that the new text of the file is the old one but for the entry `gone` of the old map and the entry `new` of
    /// the new one: the same bytes outside the map's block, and in it the same words and comments.
    pub(super) fn check_rest(
        &self,
        gone: Option<usize>,
        after: &str,
        map: &Map,
        found: &[Element],
        new: Option<usize>,
    ) -> Result<(), LayoutError> {
        let text = self.file().text.as_str();
        let (old, now) = (Around::of(text, &self.map), Around::of(after, map));
        if old.outside != now.outside || words(old.above) != words(now.above) || words(old.below) != words(now.below) {
            return Err(self.wrong("something outside the map changed"));
        }
        let others = |elements: &[Element], left_out: Option<usize>| -> Vec<Element> {
            let others = elements.iter().enumerate().filter(|(index, _)| Some(*index) != left_out);
            others.map(|(_, element)| element.clone()).collect()
        };
        let (olds, nows) = (others(&self.elements, gone), others(found, new));
        let same = |(a, b): (&Element, &Element)| {
            words(&text[a.key.start..a.value.end]) == words(&after[b.key.start..b.value.end])
        };
        if olds.len() != nows.len() || !olds.iter().zip(&nows).all(same) {
            return Err(self.wrong("another entry changed"));
        }
        // A comment may be read as one of the new entry by now, but it is still there.
        let inside = &self.map.inside;
        let own = gone.map(|index| extent(text, inside, &self.elements, index));
        let mut left = comments(after, map.inside.clone()).into_iter();
        let lost = comments(text, inside.clone())
            .into_iter()
            .filter(|comment| own.as_ref().is_none_or(|own| comment.start < own.start || own.end < comment.end))
            .find(|comment| !left.any(|now| after[now].trim() == text[comment.clone()].trim()));
        match lost {
            Some(comment) => Err(self.wrong(&format!("the comment {} is lost", text[comment].trim()))),
            None => Ok(()),
        }
    }
}

/// What stands around the entries of the map.
struct Around<'t> {
    /// The text before the block of the map, and the text after it.
    outside: (&'t str, &'t str),
    /// In the block, above the entries.
    above: &'t str,
    /// In the block, below them.
    below: &'t str,
}

impl<'t> Around<'t> {
    fn of(text: &'t str, map: &Map) -> Self {
        let block = map.block.kind.start..line_end(text, map.block.body.end);
        Self {
            outside: (&text[..block.start], &text[block.end..]),
            above: &text[block.start..map.inside.start],
            below: &text[map.inside.end..block.end],
        }
    }
}

/// The comments in a piece of the text.
pub(super) fn comments(text: &str, span: Span) -> Vec<Span> {
    let tokens = Lexer::new(text, span).map_while(Result::ok);
    tokens
        .filter(|token| matches!(token.kind, Kind::LineComment | Kind::BlockComment))
        .map(|token| token.span())
        .collect()
}

/// The tokens, without ends of lines.
fn words(text: &str) -> Vec<&str> {
    let tokens = Lexer::new(text, 0..text.len()).map_while(Result::ok);
    tokens.filter(|token| token.kind != Kind::Newline).map(|token| &text[token.span()]).collect()
}
