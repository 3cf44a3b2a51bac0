//! A sibling's block under another namespace.

use crate::hcl::{Block, Item, Items, Kind, Lexer, Span, Splice, SyntaxError, Token, line_of};

use super::super::spelling::Renaming;

/// What says where a module comes from: it stays, whatever it names ("Module Blocks" in Terraform's documentation).
const ORIGIN: [&str; 2] = ["source", "version"];

/// What becomes of the lines of a block under another namespace.
#[derive(Debug, Default)]
pub(super) struct Renamed {
    /// The replacements, in order.
    pub splices: Vec<Splice>,
    /// Mentions that stay, to be told to the user: the line in `lines`, from 1, and the text.
    pub kept: Vec<(usize, String)>,
}

/// Renames in labels, strings, comments, keys of objects and whole numbers. Names that refer to something else
/// (`local.config_2022_08_31`) stay, because nothing of the new name may be there.
pub(super) fn rename(lines: &str, block: &Block, renaming: &Renaming<'_>) -> Result<Renamed, SyntaxError> {
    let mut origin: Vec<Span> = Vec::new();
    for item in Items::new(lines, block.body.clone()) {
        if let Item::Attribute(attribute) = item?
            && ORIGIN.contains(&&lines[attribute.name.clone()])
        {
            origin.push(attribute.value);
        }
    }
    let mut lexer = Lexer::new(lines, 0..lines.len());
    let mut tokens: Vec<(Token, usize)> = Vec::new();
    while let Some(token) = lexer.next().transpose()? {
        tokens.push((token, lexer.depth()));
    }
    let mut renamed = Renamed::default();
    for (index, (token, depth)) in tokens.iter().enumerate() {
        let text = &lines[token.span()];
        let mentions = match token.kind {
            Kind::Literal | Kind::LineComment | Kind::BlockComment | Kind::Identifier => renaming.mentions(text),
            Kind::Number => {
                renaming.mentions(text).into_iter().filter(|mention| mention.span.len() == text.len()).collect()
            }
            _ => continue,
        };
        if mentions.is_empty() {
            continue;
        }
        let is_label = block.labels.contains(&token.span());
        let next = tokens.get(index + 1).map(|(token, _)| token.kind);
        let is_key = *depth > 1 && next == Some(Kind::Equal);
        let is_origin = origin.iter().any(|span| span.start <= token.start && token.end <= span.end);
        if is_origin || (token.kind == Kind::Identifier && !is_label && !is_key) {
            renamed.kept.push((line_of(lines, token.start), text.trim().to_owned()));
            continue;
        }
        for mention in mentions {
            let span = token.start + mention.span.start..token.start + mention.span.end;
            renamed.splices.push(Splice::new(span, mention.new));
        }
    }
    Ok(renamed)
}
