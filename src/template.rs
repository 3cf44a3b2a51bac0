//! Templates of module blocks: HCL with `{{namespace}}` placeholders.

use crate::hcl::{Splice, line_of, splice, splice_aligned};
use crate::pipeline::Namespace;

/// The placeholders, in the order in which errors name them.
pub const PLACEHOLDERS: [&str; 4] = ["namespace", "namespace_underscored", "namespace_compact", "label"];

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A placeholder of another name.
    #[error("line {line}: there is no placeholder {{{{{name}}}}}; there are {}", known())]
    Unknown {
        /// The line, from 1.
        line: usize,
        /// What stands between the braces.
        name: String,
    },
    /// `{{` without `}}` on its line.
    #[error("line {line}: '{{{{' begins a placeholder that '}}}}' does not end")]
    Unclosed {
        /// The line, from 1.
        line: usize,
    },
    /// `${{namespace}}`: neither a placeholder nor HCL.
    #[error("line {line}: '${{{{{name}}}}}' mixes a placeholder with a template of Terraform: write {{{{{name}}}}}")]
    Mixed {
        /// The line, from 1.
        line: usize,
        /// What stands between the braces.
        name: String,
    },
}

fn known() -> String {
    PLACEHOLDERS.map(|name| format!("{{{{{name}}}}}")).join(", ")
}

/// The template with each placeholder replaced: `{{namespace}}` (2022-08-31), `{{namespace_underscored}}`
/// (`2022_08_31`), `{{namespace_compact}}` (20220831) and `{{label}}`. What is aligned in the template stays aligned.
pub fn render(template: &str, namespace: &Namespace, label: &str) -> Result<String, TemplateError> {
    let mut splices = Vec::new();
    let mut from = 0;
    while let Some(found) = template[from..].find("{{") {
        let start = from + found;
        let line = line_of(template, start);
        let rest = &template[start + 2..];
        let on_line = rest.lines().next().unwrap_or("");
        let Some(length) = on_line.find("}}") else { return Err(TemplateError::Unclosed { line }) };
        let name = on_line[..length].trim().to_owned();
        let end = start + 2 + length + 2;
        if template[..start].ends_with(['$', '%']) {
            if PLACEHOLDERS.contains(&name.as_str()) {
                return Err(TemplateError::Mixed { line, name });
            }
            from = start + 2;
            continue;
        }
        let value = match name.as_str() {
            "namespace" => namespace.to_string(),
            "namespace_underscored" => namespace.as_str().replace('-', "_"),
            "namespace_compact" => namespace.as_str().replace('-', ""),
            "label" => label.to_owned(),
            _ => return Err(TemplateError::Unknown { line, name }),
        };
        splices.push(Splice::new(start..end, value));
        from = end;
    }
    Ok(splice_aligned(template, &splices).unwrap_or_else(|_| splice(template, &splices)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(template: &str) -> Result<String, TemplateError> {
        render(template, &"2022-10-14-2".parse().expect("a namespace"), "p_2022-10-14-2")
    }

    #[test]
    fn replaces_each_placeholder() {
        let template = "module \"{{label}}\" {\n  a = \"{{namespace}}\" # one\n  b = \"${var.x}-{{ namespace_underscored }}\" # two\n  c = {{namespace_compact}}\n}\n";
        let wanted = "module \"p_2022-10-14-2\" {\n  a = \"2022-10-14-2\"          # one\n  b = \"${var.x}-2022_10_14_2\" # two\n  c = 202210142\n}\n";
        let aligned = template.replace("}}\" # one", "}}\"                        # one");
        // Not aligned in the template: spaced as it is there.
        assert_eq!(rendered(template), Ok(wanted.replace("          # one", " # one")));
        assert_eq!(rendered(&aligned), Ok(wanted.to_owned()));
    }

    #[test]
    fn names_the_line_of_what_is_wrong() {
        let unknown = TemplateError::Unknown { line: 2, name: "date".to_owned() };
        assert_eq!(rendered("a = 1\nb = \"{{date}}\"\n"), Err(unknown));
        assert_eq!(rendered("b = \"{{namespace}\"\n"), Err(TemplateError::Unclosed { line: 1 }));
        let mixed = TemplateError::Mixed { line: 1, name: "namespace".to_owned() };
        assert_eq!(rendered("b = \"${{namespace}}\"\n"), Err(mixed));
        assert!(rendered("b = \"{{date}}\"").expect_err("unknown").to_string().contains("{{namespace}}, {{"));
    }
}
