//! A sibling's block under another namespace.

use crate::hcl::{Block, Item, Items, Kind, Lexer, Span, Splice, SyntaxError, Token, line_of, splice};

use super::super::spelling::Renaming;
use super::place::end_of_former;

/// What says where a module comes from: it stays, whatever it names ("Module Blocks" in Terraform's documentation).
const ORIGIN: [&str; 2] = ["source", "version"];

/// What becomes of the lines of a block under another namespace.
#[derive(Debug, Default)]
pub(in crate::layout) struct Renamed {
    /// The replacements, in order.
    pub splices: Vec<Splice>,
    /// Mentions that stay, to be told to the user: the line in `lines`, from 1, and the text.
    pub kept: Vec<(usize, String)>,
}

/// Renames in labels, strings, comments, keys of objects and whole numbers. Names that refer to something else
/// (`local.config_2022_08_31`, `local.configs["2022-08-31"]`) stay, because nothing of the new name may be there.
pub(in crate::layout) fn rename(lines: &str, block: &Block, renaming: &Renaming) -> Result<Renamed, SyntaxError> {
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
            // A date in eight digits; any other number just looks like a namespace.
            Kind::Number if text.len() == 8 => {
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
        // With a suffix it would be arithmetic.
        let is_no_number = token.kind == Kind::Number
            && mentions.iter().any(|mention| !mention.new.bytes().all(|byte| byte.is_ascii_digit()));
        let is_index = token.kind == Kind::Literal && is_index(lines, &tokens[..=index]);
        // A name that is a word may just be that word.
        let is_prose = !renaming.is_dated()
            && match token.kind {
                Kind::LineComment | Kind::BlockComment => true,
                Kind::Literal => mentions.iter().any(|mention| is_in_prose(text, &mention.span)),
                _ => false,
            };
        if is_origin || is_no_number || is_index || is_prose || (token.kind == Kind::Identifier && !is_label && !is_key)
        {
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

/// Whether a space stands beside the word: then it is one of several.
fn is_in_prose(text: &str, span: &Span) -> bool {
    text[..span.start].ends_with(char::is_whitespace) || text[span.end..].starts_with(char::is_whitespace)
}

/// What parts the new block from the one above it where `gap` parts siblings: a heading that names the sibling, or a
/// ruler. `None` when nothing but blank lines is there, or what is about something else.
pub(super) fn heading(gap: &str, renaming: &Renaming) -> Option<String> {
    let mentions = renaming.mentions(gap).into_iter();
    let splices: Vec<Splice> = mentions.map(|mention| Splice::new(mention.span, mention.new)).collect();
    let is_ruler = !gap.trim().is_empty() && !gap.contains(char::is_alphanumeric);
    let is_heading = !splices.is_empty() && end_of_former(gap) == 0;
    (is_ruler || is_heading).then(|| splice(gap, &splices))
}

/// The heading of the new block, where `heading` names the sibling.
pub(super) fn heading_of(heading: &str, renaming: &Renaming) -> Option<String> {
    let mentions = renaming.mentions(heading).into_iter();
    let splices: Vec<Splice> = mentions.map(|mention| Splice::new(mention.span, mention.new)).collect();
    (!splices.is_empty() && end_of_former(heading) == 0).then(|| splice(heading, &splices))
}

/// Whether the last of `tokens` stands in a string that picks a value out of what stands before the bracket.
fn is_index(lines: &str, tokens: &[(Token, usize)]) -> bool {
    let Some((_, depth)) = tokens.last() else { return false };
    let is_quote = |(token, at): &(Token, usize)| token.kind == Kind::OpenQuote && at == depth;
    let Some(quote) = tokens.iter().rposition(is_quote) else { return false };
    let Some([(before, _), (bracket, _)]) = quote.checked_sub(2).and_then(|start| tokens.get(start..quote)) else {
        return false;
    };
    let picks = match before.kind {
        Kind::Identifier => !matches!(&lines[before.span()], "in" | "if"),
        kind => matches!(kind, Kind::CloseBracket | Kind::CloseParenthesis),
    };
    bracket.kind == Kind::OpenBracket && picks
}
