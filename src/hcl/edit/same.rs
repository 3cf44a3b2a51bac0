//! Whether two values are the same.

use std::borrow::Cow;

use super::super::{Kind, Lexer};

/// Whether a value that is there has the tokens of one that is `given`, however they are spaced and whatever parts the
/// members of objects and the last item of a list from what follows. Its comments count where the given one has any.
pub(super) fn same_tokens(present: &str, given: &str) -> bool {
    let lines = |text: &str| format!("{}\n", text.replace("\r\n", "\n"));
    let (present, given) = (lines(present), lines(given));
    let (Some(mut present), Some(given)) = (words(&present), words(&given)) else { return false };
    if !given.iter().any(|word| is_comment(word.kind)) {
        present.retain(|word| !is_comment(word.kind));
    }
    present == given
}

#[derive(PartialEq)]
struct Word<'a> {
    kind: Kind,
    text: Cow<'a, str>,
}

fn is_comment(kind: Kind) -> bool {
    matches!(kind, Kind::LineComment | Kind::BlockComment)
}

/// The tokens that mean something. The white space in comments, and around the word that ends a heredoc, does not.
fn words(text: &str) -> Option<Vec<Word<'_>>> {
    let mut words: Vec<Word<'_>> = Vec::new();
    let mut open = Vec::new();
    for token in Lexer::new(text, 0..text.len()) {
        let token = token.ok()?;
        let kind = token.kind;
        match kind {
            Kind::Newline => continue,
            Kind::Comma if open.last() == Some(&Kind::OpenBrace) => continue,
            Kind::OpenBrace | Kind::OpenBracket | Kind::OpenParenthesis => open.push(kind),
            Kind::CloseBrace | Kind::CloseBracket | Kind::CloseParenthesis => {
                let in_list = open.pop() == Some(Kind::OpenBracket);
                let last = words.iter().rposition(|word| !is_comment(word.kind));
                if let Some(last) = last.filter(|last| in_list && words[*last].kind == Kind::Comma) {
                    words.remove(last);
                }
            }
            _ => {}
        }
        let text = &text[token.span()];
        let text = match kind {
            Kind::CloseHeredoc => text.trim().into(),
            kind if is_comment(kind) => text.split_whitespace().collect::<Vec<_>>().join(" ").into(),
            _ => text.into(),
        };
        words.push(Word { kind, text });
    }
    Some(words)
}
