//! The tokens of HCL with their spans.

use super::{Span, SyntaxError};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A name or a keyword.
    Identifier,
    /// A number.
    Number,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// `(`
    OpenParenthesis,
    /// `)`
    CloseParenthesis,
    /// The quote that begins a string.
    OpenQuote,
    /// The quote that ends a string.
    CloseQuote,
    /// Characters of a string or a heredoc that stand for themselves.
    Literal,
    /// `<<END` with the end of its line.
    OpenHeredoc,
    /// `END`, with the white space before it, without the end of its line.
    CloseHeredoc,
    /// `${` in a string or heredoc.
    Interpolation,
    /// `%{` in a string or heredoc.
    Directive,
    /// The `}` that ends either.
    TemplateEnd,
    /// `#` or `//` to the end of the line, without that end.
    LineComment,
    /// `/* … */`
    BlockComment,
    /// `\n` or `\r\n`
    Newline,
    /// `,`
    Comma,
    /// `.`
    Dot,
    /// `:`
    Colon,
    /// `::`
    DoubleColon,
    /// `?`
    Question,
    /// `=`
    Equal,
    /// `=>`
    Arrow,
    /// `...`
    Ellipsis,
    /// `!`
    Bang,
    /// `-`
    Minus,
    /// Any other operator.
    Operator,
}

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

impl Token {
    /// Its bytes.
    pub fn span(&self) -> Span {
        self.start..self.end
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opener {
    Brace,
    Bracket,
    Parenthesis,
    Quote,
    Template,
    /// With the span of its marker.
    Heredoc(usize, usize),
}

/// Reads tokens. White space other than newlines is what lies between them. Its errors are boxed: a token is made for
/// every few bytes of a file, and a small result keeps that fast.
#[derive(Debug, Clone)]
pub struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    position: usize,
    open: Vec<(Opener, usize)>,
}

impl<'a> Lexer<'a> {
    /// Reads the part `span` of `text`, which begins outside strings and comments. A byte-order mark is passed over.
    pub fn new(text: &'a str, span: Span) -> Self {
        let text = &text[..span.end];
        let bytes = text.as_bytes();
        let mark = usize::from(span.start == 0 && text.starts_with('\u{feff}')) * 3;
        Self { text, bytes, position: span.start + mark, open: Vec::new() }
    }

    /// How many brackets, strings and templates are open after the last token.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// An error about `offset`.
    pub fn error(&self, offset: usize, message: impl Into<String>) -> SyntaxError {
        SyntaxError::at(self.text, offset, message)
    }

    /// The text that is read.
    pub fn text(&self) -> &'a str {
        self.text
    }

    fn token(&mut self, kind: Kind, length: usize) -> Token {
        let start = self.position;
        self.position = (start + length).min(self.bytes.len());
        Token { kind, start, end: self.position }
    }

    fn opening(&mut self, opener: Opener, kind: Kind, length: usize) -> Token {
        self.open.push((opener, self.position));
        self.token(kind, length)
    }

    fn closing(&mut self, opener: Opener, kind: Kind, length: usize) -> Result<Token, Box<SyntaxError>> {
        match self.open.last() {
            Some((top, _)) if *top == opener => {
                self.open.pop();
                Ok(self.token(kind, length))
            }
            Some(&(top, at)) => {
                let line = super::line_of(self.text, at);
                let found = char::from(self.bytes[self.position]);
                let message = format!("'{found}' closes nothing here: {} of line {line} is still open", name(top));
                Err(Box::new(self.error(self.position, message)))
            }
            None => {
                let found = char::from(self.bytes[self.position]);
                Err(Box::new(self.error(self.position, format!("'{found}' closes nothing"))))
            }
        }
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.position + ahead).copied().unwrap_or(0)
    }

    fn in_code(&mut self) -> Result<Option<Token>, Box<SyntaxError>> {
        loop {
            match self.peek(0) {
                b' ' | b'\t' => self.position += 1,
                b'\r' if self.peek(1) != b'\n' => self.position += 1,
                _ => break,
            }
        }
        if self.position >= self.bytes.len() {
            return self.open.last().map_or(Ok(None), |&(opener, at)| Err(Box::new(self.unclosed(opener, at))));
        }
        let token = match (self.peek(0), self.peek(1)) {
            (b'\n', _) => self.token(Kind::Newline, 1),
            (b'\r', _) => self.token(Kind::Newline, 2),
            (byte, _) if is_name_start(byte) => {
                let length = self.run(is_name_part);
                self.token(Kind::Identifier, length)
            }
            (b'0'..=b'9', _) => {
                let length = self.number();
                self.token(Kind::Number, length)
            }
            (b'"', _) => self.opening(Opener::Quote, Kind::OpenQuote, 1),
            (b'{', _) => self.opening(Opener::Brace, Kind::OpenBrace, 1),
            (b'[', _) => self.opening(Opener::Bracket, Kind::OpenBracket, 1),
            (b'(', _) => self.opening(Opener::Parenthesis, Kind::OpenParenthesis, 1),
            (b'}', _) if matches!(self.open.last(), Some((Opener::Template, _))) => {
                self.closing(Opener::Template, Kind::TemplateEnd, 1)?
            }
            (b'~', b'}') => self.closing(Opener::Template, Kind::TemplateEnd, 2)?,
            (b'}', _) => self.closing(Opener::Brace, Kind::CloseBrace, 1)?,
            (b']', _) => self.closing(Opener::Bracket, Kind::CloseBracket, 1)?,
            (b')', _) => self.closing(Opener::Parenthesis, Kind::CloseParenthesis, 1)?,
            (b'#', _) | (b'/', b'/') => {
                let length = super::line_end(self.text, self.position) - self.position;
                self.token(Kind::LineComment, length)
            }
            (b'/', b'*') => match self.text[self.position + 2..].find("*/") {
                Some(length) => self.token(Kind::BlockComment, length + 4),
                None => return Err(Box::new(self.error(self.position, "this comment is not closed: '*/' is missing"))),
            },
            (b'<', b'<') => self.open_heredoc()?,
            _ => self.punctuation()?,
        };
        Ok(Some(token))
    }

    fn punctuation(&mut self) -> Result<Token, Box<SyntaxError>> {
        Ok(match (self.peek(0), self.peek(1)) {
            (b'=' | b'!' | b'<' | b'>', b'=') | (b'&', b'&') | (b'|', b'|') => self.token(Kind::Operator, 2),
            (b'=', b'>') => self.token(Kind::Arrow, 2),
            (b'=', _) => self.token(Kind::Equal, 1),
            (b'.', b'.') if self.peek(2) == b'.' => self.token(Kind::Ellipsis, 3),
            (b'.', _) => self.token(Kind::Dot, 1),
            (b',', _) => self.token(Kind::Comma, 1),
            (b':', b':') => self.token(Kind::DoubleColon, 2),
            (b':', _) => self.token(Kind::Colon, 1),
            (b'?', _) => self.token(Kind::Question, 1),
            (b'!', _) => self.token(Kind::Bang, 1),
            (b'-', _) => self.token(Kind::Minus, 1),
            (b'+' | b'*' | b'/' | b'%' | b'<' | b'>', _) => self.token(Kind::Operator, 1),
            _ => {
                let found = self.text[self.position..].chars().next().unwrap_or_default();
                return Err(Box::new(self.error(self.position, format!("'{found}' has no meaning here"))));
            }
        })
    }

    fn open_heredoc(&mut self) -> Result<Token, Box<SyntaxError>> {
        let start = self.position + 2 + usize::from(self.peek(2) == b'-');
        let rest = &self.bytes[start..];
        let length = rest.iter().position(|byte| !is_name_part(*byte)).unwrap_or(rest.len());
        let end = start + length;
        let line_end = super::line_end(self.text, end);
        if length == 0 || line_end == self.bytes.len() || end != line_end {
            return Err(Box::new(self.error(self.position, "'<<' must be followed by a word and the end of the line")));
        }
        let newline = if self.bytes[line_end] == b'\r' { 2 } else { 1 };
        let whole = line_end + newline - self.position;
        Ok(self.opening(Opener::Heredoc(start, end), Kind::OpenHeredoc, whole))
    }

    fn in_quotes(&mut self) -> Result<Option<Token>, Box<SyntaxError>> {
        let mut length = 0;
        loop {
            match (self.peek(length), self.peek(length + 1)) {
                _ if self.position + length >= self.bytes.len() => return Err(Box::new(self.unclosed_quote())),
                (b'\n', _) | (b'\r', b'\n') => return Err(Box::new(self.unclosed_quote())),
                (b'"', _) if length == 0 => return self.closing(Opener::Quote, Kind::CloseQuote, 1).map(Some),
                (b'$' | b'%', b'{') if length == 0 => return Ok(Some(self.open_template())),
                (b'"', _) | (b'$' | b'%', b'{') => return Ok(Some(self.token(Kind::Literal, length))),
                (b'\\', _) => length += 2,
                (mark @ (b'$' | b'%'), next) if next == mark && self.peek(length + 2) == b'{' => length += 3,
                _ => {
                    let special = |byte| matches!(byte, b'"' | b'\\' | b'$' | b'%' | b'\n' | b'\r');
                    length += 1 + self.plain(length + 1, |byte| !special(byte));
                }
            }
        }
    }

    fn open_template(&mut self) -> Token {
        let kind = if self.peek(0) == b'$' { Kind::Interpolation } else { Kind::Directive };
        let length = 2 + usize::from(self.peek(2) == b'~');
        self.opening(Opener::Template, kind, length)
    }

    fn in_heredoc(&mut self, marker: Span, at: usize) -> Result<Option<Token>, Box<SyntaxError>> {
        let mut length = 0;
        loop {
            let here = self.position + length;
            if here >= self.bytes.len() {
                return Err(Box::new(self.unclosed(Opener::Heredoc(marker.start, marker.end), at)));
            }
            if self.bytes[here - 1] == b'\n' {
                let end = super::line_end(self.text, here);
                let line = &self.text[here..end];
                if line.trim() == &self.text[marker.clone()] {
                    if length > 0 {
                        return Ok(Some(self.token(Kind::Literal, length)));
                    }
                    self.open.pop();
                    return Ok(Some(self.token(Kind::CloseHeredoc, end - here)));
                }
            }
            match (self.bytes[here], self.peek(length + 1)) {
                (b'$' | b'%', b'{') if length == 0 => return Ok(Some(self.open_template())),
                (b'$' | b'%', b'{') => return Ok(Some(self.token(Kind::Literal, length))),
                (mark @ (b'$' | b'%'), next) if next == mark && self.peek(length + 2) == b'{' => length += 3,
                (b'\n', _) => length += 1,
                _ => length += 1 + self.plain(length + 1, |byte| !matches!(byte, b'$' | b'%' | b'\n')),
            }
        }
    }

    /// How many bytes are plain from `ahead` on. A newline is not: what follows it may end a heredoc.
    fn plain(&self, ahead: usize, is_plain: impl Fn(u8) -> bool) -> usize {
        let rest = self.bytes.get(self.position + ahead..).unwrap_or_default();
        rest.iter().position(|byte| !is_plain(*byte)).unwrap_or(rest.len())
    }

    fn run(&self, wanted: fn(u8) -> bool) -> usize {
        let rest = &self.bytes[self.position..];
        rest.iter().position(|byte| !wanted(*byte)).unwrap_or(rest.len())
    }

    fn number(&self) -> usize {
        let digits = |from: usize| {
            let rest = &self.bytes[(self.position + from).min(self.bytes.len())..];
            rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
        };
        let mut length = digits(0);
        if self.peek(length) == b'.' && self.peek(length + 1).is_ascii_digit() {
            length += 1 + digits(length + 1);
        }
        if matches!(self.peek(length), b'e' | b'E') {
            let sign = usize::from(matches!(self.peek(length + 1), b'+' | b'-'));
            let exponent = digits(length + 1 + sign);
            if exponent > 0 {
                length += 1 + sign + exponent;
            }
        }
        length
    }

    fn unclosed_quote(&self) -> SyntaxError {
        let at = self.open.last().map_or(self.position, |(_, at)| *at);
        self.error(at, "this string is not closed before the end of the line")
    }

    fn unclosed(&self, opener: Opener, at: usize) -> SyntaxError {
        let line = super::line_of(self.text, at);
        let message = match opener {
            Opener::Brace => format!("closing brace missing; block or object opened at line {line}"),
            Opener::Bracket => format!("closing bracket missing; list opened at line {line}"),
            Opener::Parenthesis => format!("closing parenthesis missing; opened at line {line}"),
            Opener::Template => format!("closing brace missing; template opened at line {line}"),
            Opener::Quote => format!("closing quote missing; string opened at line {line}"),
            Opener::Heredoc(start, end) => {
                format!("no line with {} alone ends the heredoc opened at line {line}", &self.text[start..end])
            }
        };
        self.error(at, message)
    }
}

impl Iterator for Lexer<'_> {
    type Item = Result<Token, Box<SyntaxError>>;

    fn next(&mut self) -> Option<Self::Item> {
        let token = match self.open.last() {
            Some((Opener::Quote, _)) => self.in_quotes(),
            Some(&(Opener::Heredoc(start, end), at)) => self.in_heredoc(start..end, at),
            _ => self.in_code(),
        };
        token.transpose()
    }
}

fn name(opener: Opener) -> &'static str {
    match opener {
        Opener::Brace => "the brace",
        Opener::Bracket => "the bracket",
        Opener::Parenthesis => "the parenthesis",
        Opener::Quote => "the string",
        Opener::Template => "the template",
        Opener::Heredoc(..) => "the heredoc",
    }
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_name_part(byte: u8) -> bool {
    is_name_start(byte) || byte.is_ascii_digit() || byte == b'-'
}
