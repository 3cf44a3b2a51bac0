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

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        usize::from(*first) % end.max(1)
    }

    pub fn one_of<'b>(&mut self, choices: &[&'b str]) -> &'b str {
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

const VALUES: [&str; 20] = [
    "1",
    "\"word\"",
    "\"${var.x}-}\"",
    "\"cafe\u{301} 日本\"",
    "local.date",
    "[1, local.b, \"c\"]",
    "[]",
    "{}",
    "{ k = 1 }",
    "{ k = 1, \"l m\" = [2] }",
    "[\n    1,\n    local.b, # two\n    \"c\",\n  ]",
    "[\n    # local.no,\n    1,\n    local.b\n  ]",
    "{\n    k = 1\n    # of l\n    long = { x = 1 }\n  }",
    "{\n    \"k\" : 1,\n    \"l\" : 2,\n  }",
    "{\n    k = 1,\n    l = 2\n  }",
    "{\n    k = {\n      x = 1\n    }\n\n    l = {\n      x = 2\n    }\n  }",
    "<<-END\n  { x\n\n  END",
    "<<END\nk = [ # ]\nEND",
    "f(local.y, [\n    2,\n  ])",
    "[\n    /*local.no,*/\n    { k = 1 },\n  ]",
];

/// A module block as somebody may have written it.
pub fn block(source: &mut Source<'_>, label: &str) -> String {
    let mut text = String::new();
    for _ in 0..source.below(3) {
        text.push_str(source.one_of(&["# a comment\n", "// a = {\n", "/* two\n   lines */\n"]));
    }
    text.push_str(&format!("module \"{label}\" {{{}\n", source.one_of(&["", "", " # }", " // ]"])));
    let names = ["a", "long_name", "b", "c_d", "e", "source", "namespace"];
    let mut left: Vec<&str> = names.to_vec();
    for _ in 0..source.below(8) {
        match source.below(10) {
            0 => text.push('\n'),
            1 => text.push_str(source.one_of(&[
                "  # about it\n",
                "  // b = 1\n",
                "  # c_d = {\n  #   k = 1\n  # }\n",
                "  /* e = 2 */\n",
            ])),
            2 => text.push_str(source.one_of(&["  q {\n    b = 1\n  }\n", "  q \"l\" {}\n", "  q { b = 1 }\n"])),
            _ if left.is_empty() => {}
            _ => {
                let name = left.remove(source.below(left.len()));
                let value = match name {
                    "source" => "\"./stack\"".to_owned(),
                    "namespace" => format!("\"{}\"", label.trim_start_matches("p_")),
                    _ => source.one_of(&VALUES).to_owned(),
                };
                let space = source.one_of(&[" ", " ", " ", "", "    "]);
                let comment =
                    if value.starts_with('<') { "" } else { source.one_of(&["", "", "", " # {", "   // \""]) };
                text.push_str(&format!("  {name}{space}= {value}{comment}\n"));
            }
        }
    }
    text.push_str(source.one_of(&["}\n", "}\n", "\n  # the end\n}\n", "} # x\n"]));
    text
}
