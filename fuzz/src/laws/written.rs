//! Files as people write them: of every age, in every spacing, with comments wherever they may be.

use super::source::Source;
use crate::hcl::format;

/// Habits of whoever wrote a file.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "habits go with one another in any way")]
pub struct Habits {
    /// What one step of indentation is.
    step: &'static str,
    /// Lines end with CRLF.
    pub crlf: bool,
    mark: bool,
    /// The last line does not end.
    cut: bool,
    /// As `terraform fmt` would leave it.
    formatted: bool,
}

impl Habits {
    pub fn new(source: &mut Source<'_>) -> Self {
        Self {
            step: source.one_of(&["  ", "  ", "  ", "\t", "    ", ""]),
            crlf: source.once_in(4),
            mark: source.once_in(8),
            cut: source.once_in(6),
            formatted: !source.once_in(3),
        }
    }

    /// The file with these habits, of a text with plain newlines.
    pub fn finish(self, text: &str) -> String {
        let mut text = text.to_owned();
        if self.formatted
            && let Ok(formatted) = format(&text, 0)
        {
            text = formatted;
        }
        if self.cut {
            text.truncate(text.trim_end_matches('\n').len());
        }
        if self.crlf {
            text = text.replace('\n', "\r\n");
        }
        if self.mark {
            text.insert(0, '\u{feff}');
        }
        text
    }
}

/// Names of attributes and keys that the wishes know.
pub const NAMES: [&str; 7] = ["a", "long_name", "b", "c_d", "e", "k", "x"];
const KEYS: [&str; 9] =
    ["k", "l", "x", "\"l m\"", "\"k\"", "(local.date)", "\"${local.date}\"", "long", "\"2022-08-31\""];
const ITEMS: [&str; 9] = ["1", "local.b", "\"c\"", "\"2022-08-31\"", "7", "var.a[0]", "2", "f(x, [1])", "null"];
const WORDS: [&str; 24] = [
    "1",
    "true",
    "1.5",
    "null",
    "\"word\"",
    "\"\"",
    "\"${var.x}\"",
    "\"${var.x}-}\"",
    "\"a ${f(\"}\", { x = 1 })} b\"",
    "\"%{ if x }a%{ else }b%{ endif }\"",
    "\"$${x} \\\" # /* \\\\\"",
    "\"cafe\u{301} 日本\"",
    "\"of 2022-08-31\"",
    "local.date",
    "local.no",
    "var.y[\"k\"].z",
    "aws_x.y.*.id",
    "module.m[*].arn",
    "var.x ? 1 : 2",
    "!var.a && (local.b || 1 > 2)",
    "(1 + 2) * -3",
    "[for v in var.x : v if v != \"\"]",
    "{ for k, v in var.x : k => v... }",
    "provider::a::f(1)",
];
const ABOVE: [&str; 12] = [
    "# about it",
    "// about it {",
    "#about = it",
    "## ---- \"",
    "/* two\n   lines */",
    "# b = 1",
    "// c_d = {\n//   k = 1\n// }",
    "#long_name = [\n#  1,\n#]",
    "# local.b,",
    "//local.new",
    "/* e = 2 */",
    "#a = [",
];
const BESIDE: [&str; 7] = [" # {", "   // \"", " #x", " /* } */", " /* two\n */", "\t# tab", " # 2022-08-31"];

/// Writes the members of blocks, objects and lists.
pub struct Writer<'a, 'b> {
    pub source: &'a mut Source<'b>,
    pub habits: Habits,
}

impl Writer<'_, '_> {
    fn rarely(&mut self, of: usize, texts: &[&'static str]) -> &'static str {
        if self.source.once_in(of) { self.source.one_of(texts) } else { "" }
    }

    fn indent(&self, depth: usize) -> String {
        self.habits.step.repeat(depth)
    }

    /// A comment on lines of its own, or nothing.
    fn above(&mut self, depth: usize) -> String {
        match self.rarely(6, &ABOVE) {
            "" => String::new(),
            text => text.lines().map(|line| format!("{}{line}\n", self.indent(depth))).collect(),
        }
    }

    /// Space, a comment perhaps, and the end of the line.
    fn ending(&mut self) -> String {
        let space = self.rarely(20, &[" ", "  ", "\t"]);
        format!("{}{space}\n", self.rarely(7, &BESIDE))
    }

    fn blank(&mut self) -> &'static str {
        self.rarely(4, &["\n", "\n", "\n\n", "  \n"])
    }

    pub fn value(&mut self, depth: usize) -> String {
        match self.source.below(if depth > 4 { 6 } else { 16 }) {
            6 | 7 => self.list(depth),
            8..=10 => self.object(depth),
            11 => self.heredoc(depth),
            12 => {
                let inside = self.list(depth);
                let call = self.source.one_of(&["toset(", "concat(local.y, ", "f("]);
                format!("{call}{inside})")
            }
            13 => "(\n  var.x\n  ? 1 # one\n  : 2\n)".to_owned(),
            14 => self.source.one_of(&["{}", "[]", "{ }", "[ ]", "{\n}", "[\n]", "{\n  # none\n}"]).to_owned(),
            _ => self.source.one_of(&WORDS).to_owned(),
        }
    }

    fn heredoc(&mut self, depth: usize) -> String {
        let indent = self.indent(depth);
        match self.source.below(4) {
            0 => "<<E\n  k = [ # ] ${x}\nE".to_owned(),
            1 => format!("<<-END\n{indent}  {{ x\n\n{indent}END"),
            2 => format!("<<-E\n{indent}END,\n a = 1\n{indent}  E"),
            _ => "<<E\n\nE".to_owned(),
        }
    }

    fn list(&mut self, depth: usize) -> String {
        let count = self.source.below(4);
        let mut left = ITEMS.to_vec();
        let (one_line, trailing) = (!self.source.once_in(2), self.source.once_in(2));
        let mut text = "[".to_owned();
        if !one_line {
            text.push_str(&self.ending());
        }
        for index in 0..count {
            let (indent, last) = (self.indent(depth + 1), index + 1 == count);
            let nested = self.source.once_in(4) && depth < 4 && !one_line;
            let item =
                if nested { self.value(depth + 1) } else { left.remove(self.source.below(left.len())).to_owned() };
            if one_line {
                text.push_str(&item);
                text.push_str(if last { self.rarely(12, &[" "]) } else { ", " });
                continue;
            }
            text.push_str(self.blank());
            text.push_str(&self.above(depth + 1));
            let shares = index > 0 && self.source.once_in(8) && text.ends_with(",\n");
            if shares {
                text.truncate(text.len() - 1);
            }
            text.push_str(if shares { " " } else { &indent });
            text.push_str(&item);
            let heredoc = item.starts_with("<<");
            if heredoc {
                text.push('\n');
            }
            if !last || trailing {
                text.push_str(if heredoc { &indent } else { "" });
                text.push(',');
            }
            if !(heredoc && last && !trailing) {
                text.push_str(&self.ending());
            }
        }
        if !one_line {
            text.push_str(&self.above(depth + 1));
            text.push_str(&self.indent(depth));
        }
        text.push(']');
        text
    }

    /// An object on several lines.
    pub fn map(&mut self, depth: usize) -> String {
        let object = self.object(depth);
        if object.contains('\n') { object } else { "{\n      a = 1\n    }".to_owned() }
    }

    fn object(&mut self, depth: usize) -> String {
        let count = self.source.below(4);
        let mut left = KEYS.to_vec();
        let (one_line, commas) = (!self.source.once_in(2), self.source.below(5));
        let equal = self.source.one_of(&["=", "=", "=", "=", "=", ":"]);
        let mut text = "{".to_owned();
        if !one_line {
            text.push_str(&self.ending());
        }
        for index in 0..count {
            let last = index + 1 == count;
            let key = left.remove(self.source.below(left.len()));
            if self.source.once_in(40) {
                left.push(key);
            }
            let mut value = self.value(depth + 1);
            if one_line {
                if value.contains('\n') {
                    value = self.source.one_of(&WORDS).to_owned();
                }
                text.push_str(&format!(" {key} {equal} {value}{}", if last { " " } else { "," }));
                continue;
            }
            text.push_str(self.blank());
            text.push_str(&self.above(depth + 1));
            let space = self.source.one_of(&[" ", " ", " ", " ", "", "    "]);
            text.push_str(&format!(
                "{}{key}{space}{equal}{}{value}",
                self.indent(depth + 1),
                if space.is_empty() { "" } else { " " }
            ));
            let heredoc = value.starts_with("<<");
            let comma = match commas {
                0 => true,
                1 => !last,
                2 => self.source.once_in(3),
                _ => false,
            };
            if comma && !heredoc {
                text.push(',');
            }
            text.push_str(&if heredoc { "\n".to_owned() } else { self.ending() });
        }
        if text.ends_with('\n') {
            text.push_str(&self.above(depth + 1));
            text.push_str(&self.indent(depth));
        }
        text.push('}');
        text
    }

    fn nested_block(&mut self, depth: usize) -> String {
        let indent = self.indent(depth);
        match self.source.below(6) {
            0 => format!("{indent}q {{}}"),
            1 => format!("{indent}q {{ b = 1 }}"),
            2 => format!("{indent}q \"l\" {{}}"),
            3 => {
                let content =
                    format!("{indent}{0}content {{\n{indent}{0}{0}b = q.value\n{indent}{0}}}\n", self.habits.step);
                format!("{indent}dynamic \"q\" {{\n{indent}{}for_each = local.q\n{content}{indent}}}", self.habits.step)
            }
            4 => format!("{indent}q \"l\" {{\n{}{indent}}}", self.members(depth + 1, 2)),
            _ => format!("{indent}q {{\n{}{indent}}}", self.members(depth + 1, 3)),
        }
    }

    /// The members of a body.
    fn members(&mut self, depth: usize, most: usize) -> String {
        let mut left = NAMES.to_vec();
        let mut text = String::new();
        for _ in 0..self.source.below(most + 1) {
            text.push_str(self.blank());
            text.push_str(&self.above(depth));
            if depth < 4 && self.source.once_in(5) {
                text.push_str(&self.nested_block(depth));
                text.push_str(&self.ending());
                continue;
            }
            let name = left.remove(self.source.below(left.len()));
            text.push_str(&self.attribute(depth, name));
        }
        text.push_str(self.blank());
        text.push_str(&self.above(depth));
        text
    }

    fn attribute(&mut self, depth: usize, name: &str) -> String {
        let value = self.value(depth);
        let space = self.source.one_of(&[" ", " ", " ", " ", "", "    ", "\t"]);
        let odd = self.rarely(40, &["/* x */ "]);
        let ending = if value.starts_with("<<") { "\n".to_owned() } else { self.ending() };
        format!("{}{name}{space}= {odd}{value}{ending}", self.indent(depth))
    }

    /// A module block with this label. `fixed` are lines that it must have.
    pub fn block(&mut self, label: &str, fixed: &[String]) -> String {
        let mut text = self.above(0);
        let head = match self.source.below(12) {
            10 => format!("module {label} "),
            11 => format!("module   \"{label}\""),
            _ => format!("module \"{label}\" "),
        };
        if self.source.once_in(24) && fixed.is_empty() {
            let inside = self.source.one_of(&["", " a = 1 ", " a = { k = 1 } ", " c_d = [1]"]);
            return format!("{text}{head}{{{inside}}}{}", self.ending());
        }
        text.push_str(&format!("{head}{{{}", self.ending()));
        for line in fixed {
            text.push_str(&self.above(1));
            text.push_str(&format!("{}{line}{}", self.indent(1), self.ending()));
            text.push_str(self.blank());
        }
        text.push_str(&self.members(1, 5));
        text.push_str(&format!("}}{}", self.ending()));
        text
    }

    /// What stands between and around pipelines.
    pub fn other(&mut self) -> String {
        match self.source.below(9) {
            0 => format!("locals {{\n{}}}\n", self.members(1, 3)),
            1 => "# a comment with { and \"\n".to_owned(),
            2 => "/* two\n   lines */\n".to_owned(),
            3 => "output \"x\" {\n  value = <<-E\n    module \"p_2022-08-31\" {\n  E\n}\n".to_owned(),
            4 => "  module \"other\" { source = \"./x\" } # 2022-08-31\n".to_owned(),
            5 => "# Copyright of somebody\n".to_owned(),
            6 => "variable \"v\" {}\n".to_owned(),
            _ => "\n".to_owned(),
        }
    }

    pub fn others(&mut self, most: usize) -> String {
        (0..self.source.below(most + 1)).map(|_| self.other()).collect()
    }
}
