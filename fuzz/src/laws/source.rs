//! Texts and choices made of bytes.

/// Bytes that choices are made of. Where they end, every choice is the first.
pub struct Source<'a> {
    bytes: &'a [u8],
}

impl<'a> Source<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether one of `of` choices was made.
    pub fn once_in(&mut self, of: usize) -> bool {
        // Where the bytes end, nothing rare happens.
        self.below(of) + 1 == of
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        usize::from(*first) % end.max(1)
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

const PIECES: [&str; 48] = [
    "a",
    "b",
    "long_name",
    "module",
    "locals",
    "\"x\"",
    "\"2022-08-31\"",
    "= ",
    "=",
    " = ",
    "{",
    "}",
    "{\n",
    "}\n",
    "[",
    "]",
    "[\n",
    "]\n",
    "(",
    ")",
    ",",
    ",\n",
    "\n",
    "\n\n",
    " ",
    "  ",
    "\t",
    "# c\n",
    "// c {\n",
    "/* c\n d */",
    "/*x,*/",
    "<<E\n",
    "<<-E\n",
    "E\n",
    "  E\n",
    "\"${",
    "}\"",
    "%{",
    "$${",
    "\\\"",
    "1",
    "-1",
    "2022-08-31",
    "local.x",
    "var.y[0]",
    "f(x, [1])",
    "é\u{301}日",
    "for k, v in x : ",
];

/// A text of pieces of HCL in any order, or of the bytes themselves.
pub fn any_text(source: &mut Source<'_>) -> String {
    if source.below(8) == 0 {
        return String::from_utf8_lossy(source.bytes).into_owned();
    }
    let mut text = String::new();
    while !source.is_empty() && text.len() < 4000 {
        text.push_str(source.one_of(&PIECES));
    }
    text
}
