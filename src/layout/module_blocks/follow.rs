//! References to a local that meant the sibling's namespace.

use crate::hcl::{Kind, Lexer, Splice, SyntaxError, Token, splice_aligned};
use crate::pipeline::Namespace;

/// The lines with `namespace` in the place of each reference to the local that `expression` is, and how many there were
/// beside the expression itself. `None` when it is not just a local.
pub(in crate::layout) fn replaced(
    lines: &str,
    expression: &str,
    namespace: &Namespace,
) -> Result<Option<(String, usize)>, SyntaxError> {
    let inside = expression.strip_prefix("\"${").and_then(|rest| rest.strip_suffix("}\"")).unwrap_or(expression);
    let tokens: Vec<Token> = Lexer::new(lines, 0..lines.len()).collect::<Result<_, _>>()?;
    let Ok(local) = Lexer::new(inside, 0..inside.len()).collect::<Result<Vec<Token>, _>>() else { return Ok(None) };
    if !inside.starts_with("local.") || !local.iter().all(|token| matches!(token.kind, Kind::Identifier | Kind::Dot)) {
        return Ok(None);
    }
    let is = |at: usize, kind: Kind, text: &str| {
        tokens.get(at).is_some_and(|token: &Token| token.kind == kind && &lines[token.span()] == text)
    };
    let kind = |at: usize| tokens.get(at).map(|token| token.kind);
    let mut splices = Vec::new();
    for start in 0..tokens.len() {
        let end = start + local.len() - 1;
        let is_reference =
            local.iter().enumerate().all(|(index, token)| is(start + index, token.kind, &inside[token.span()]));
        let goes_on = matches!(kind(end + 1), Some(Kind::Dot | Kind::OpenBracket));
        let before = start.checked_sub(1);
        if !is_reference || goes_on || before.and_then(kind) == Some(Kind::Dot) {
            continue;
        }
        let quoted = format!("\"{namespace}\"");
        let function = start.checked_sub(2).and_then(kind) == Some(Kind::Identifier);
        splices.push(match before {
            Some(before) if is(before, Kind::Interpolation, "${") && is(end + 1, Kind::TemplateEnd, "}") => {
                Splice::new(tokens[before].start..tokens[end + 1].end, namespace.as_str())
            }
            // A key of an object.
            Some(before)
                if kind(before) == Some(Kind::OpenParenthesis)
                    && !function
                    && kind(end + 1) == Some(Kind::CloseParenthesis)
                    && matches!(kind(end + 2), Some(Kind::Equal | Kind::Colon)) =>
            {
                Splice::new(tokens[before].start..tokens[end + 1].end, quoted)
            }
            _ => Splice::new(tokens[start].start..tokens[end].end, quoted),
        });
    }
    if splices.is_empty() {
        return Ok(None);
    }
    Ok(Some((splice_aligned(lines, &splices)?, splices.len() - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_each_reference() {
        let lines = "module \"a\" {\n  namespace = local.x\n  more      = local.x_more # local.x\n  z         = [f(local.x), data.local.x, local.x.y]\n  t         = \"i-${local.x}-${upper(local.x)}${~local.x}\"\n  m         = { (local.x) = 1, (local.x) : local.x == \"local.x\" }\n  h         = <<E\n${local.x}\nE\n}\n";
        let wanted = "module \"a\" {\n  namespace = \"2-b\"\n  more      = local.x_more # local.x\n  z         = [f(\"2-b\"), data.local.x, local.x.y]\n  t         = \"i-2-b-${upper(\"2-b\")}${~\"2-b\"}\"\n  m         = { \"2-b\" = 1, \"2-b\" : \"2-b\" == \"local.x\" }\n  h         = <<E\n2-b\nE\n}\n";
        let namespace = "2-b".parse().expect("a namespace");
        assert_eq!(replaced(lines, "local.x", &namespace).expect("HCL"), Some((wanted.to_owned(), 8)));
        let dotted = lines.replace("local.x.y", "\"2-b\"");
        assert_eq!(replaced(lines, "local.x.y", &namespace).expect("HCL"), Some((dotted, 0)));
        assert_eq!(replaced(lines, "\"${local.x}\"", &namespace).expect("HCL"), Some((wanted.to_owned(), 8)));
        for other in ["\"${local.x}-${local.x}\"", "local.x == 1", "f(local.x)", "\"x\""] {
            assert_eq!(replaced(lines, other, &namespace).expect("HCL"), None, "{other}");
        }
        assert_eq!(replaced(lines, "var.x", &namespace).expect("HCL"), None);
    }
}
