//! The attributes and blocks of a body, with their spans.

use super::{Kind, Lexer, Span, SyntaxError, Token};

/// `name = value`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The name.
    pub name: Span,
    /// The value, without the comment that may follow it.
    pub value: Span,
}

impl Attribute {
    /// From the name to the end of the value.
    pub fn span(&self) -> Span {
        self.name.start..self.value.end
    }
}

/// `kind "label" { body }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What kind of block it is: `module`.
    pub kind: Span,
    /// Its labels, each with its quotes.
    pub labels: Vec<Span>,
    /// What stands between the braces.
    pub body: Span,
}

impl Block {
    /// From the kind to the closing brace.
    pub fn span(&self) -> Span {
        self.kind.start..self.body.end + 1
    }
}

/// What a body is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An attribute.
    Attribute(Attribute),
    /// A block.
    Block(Block),
}

impl Item {
    /// Its bytes.
    pub fn span(&self) -> Span {
        match self {
            Self::Attribute(attribute) => attribute.span(),
            Self::Block(block) => block.span(),
        }
    }
}

/// A label without its quotes.
pub fn label_text<'a>(text: &'a str, label: &Span) -> &'a str {
    text[label.clone()].trim_matches('"')
}

/// All items of a file.
pub fn items(text: &str) -> Result<Vec<Item>, SyntaxError> {
    Items::new(text, 0..text.len()).collect()
}

/// Reads the items of a body one by one; what is inside nested blocks is passed over. Ends at the first error.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    lexer: Lexer<'a>,
    /// The last thing read was a block: only a comment may follow on its line.
    after_block: bool,
    failed: bool,
}

impl<'a> Items<'a> {
    /// Reads the part `body` of `text`: a whole file, or what is between the braces of a block.
    pub fn new(text: &'a str, body: Span) -> Self {
        Self { lexer: Lexer::new(text, body), after_block: false, failed: false }
    }

    fn item(&mut self) -> Result<Option<Item>, SyntaxError> {
        let name = loop {
            let Some(token) = self.lexer.next().transpose()? else { return Ok(None) };
            match token.kind {
                Kind::Newline => self.after_block = false,
                Kind::LineComment | Kind::BlockComment => {}
                _ if self.after_block => {
                    return Err(self.lexer.error(token.start, "a block must be followed by the end of the line"));
                }
                Kind::Identifier => break token,
                Kind::OpenQuote => {
                    return Err(self.lexer.error(token.start, "the name of an attribute stands without quotes here"));
                }
                _ => return Err(self.lexer.error(token.start, "an attribute or a block was expected here")),
            }
        };
        let mut labels = Vec::new();
        loop {
            let Some(token) = self.significant()? else { return Err(self.incomplete(name.start)) };
            match token.kind {
                Kind::Equal if labels.is_empty() => return self.attribute(name, token.end).map(Some),
                Kind::Identifier => labels.push(token.span()),
                Kind::OpenQuote => labels.push(token.start..self.rest_of_string()?),
                Kind::OpenBrace => return self.block(name, labels, token.end).map(Some),
                _ => return Err(self.incomplete(name.start)),
            }
        }
    }

    fn incomplete(&self, at: usize) -> SyntaxError {
        self.lexer.error(at, "a name must be followed by '=' and a value, or by '{' on the same line")
    }

    fn significant(&mut self) -> Result<Option<Token>, SyntaxError> {
        loop {
            match self.lexer.next().transpose()? {
                Some(token) if token.kind == Kind::BlockComment => {}
                token => return Ok(token),
            }
        }
    }

    fn rest_of_string(&mut self) -> Result<usize, SyntaxError> {
        let inside = self.lexer.depth();
        loop {
            match self.lexer.next().transpose()? {
                Some(token) if self.lexer.depth() < inside => return Ok(token.end),
                Some(_) => {}
                None => return Err(self.incomplete(self.lexer.text().len())),
            }
        }
    }

    fn attribute(&mut self, name: Token, after_equal: usize) -> Result<Item, SyntaxError> {
        let mut value: Option<Span> = None;
        while let Some(token) = self.lexer.next().transpose()? {
            match token.kind {
                Kind::Newline if self.lexer.depth() == 0 => break,
                Kind::Newline | Kind::LineComment | Kind::BlockComment => {}
                _ => value = Some(value.map_or(token.start, |value| value.start)..token.end),
            }
        }
        match value {
            Some(value) => Ok(Item::Attribute(Attribute { name: name.span(), value })),
            None => Err(self.lexer.error(after_equal.saturating_sub(1), "a value is missing after '='")),
        }
    }

    fn block(&mut self, kind: Token, labels: Vec<Span>, start: usize) -> Result<Item, SyntaxError> {
        let inside = self.lexer.depth();
        loop {
            match self.lexer.next().transpose()? {
                Some(token) if self.lexer.depth() < inside => {
                    self.after_block = true;
                    return Ok(Item::Block(Block { kind: kind.span(), labels, body: start..token.start }));
                }
                Some(_) => {}
                None => return Err(self.incomplete(kind.start)),
            }
        }
    }
}

impl Iterator for Items<'_> {
    type Item = Result<Item, SyntaxError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let item = self.item().transpose();
        self.failed = matches!(item, Some(Err(_)));
        item
    }
}
