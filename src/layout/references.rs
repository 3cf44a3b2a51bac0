//! Where the rest of a Terraform root names a pipeline.

use crate::hcl::{Block, Item, Kind, Lexer, Span, SyntaxError, items, label_text, line_end, line_start, position_of};

use super::{LayoutError, SourceFile};

/// Blocks that tell where things were: they name what is gone by their nature ("Refactor modules" and "Remove a resource
/// from state" in Terraform's documentation).
const OF_THE_PAST: [&str; 2] = ["moved", "removed"];

/// A place that names a pipeline's module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line as it stands there, without the white space around it.
    pub text: String,
}

/// Every place in `files` that names the module at `address` (`module.x`, `module.pipelines["2022-08-31"]`) and lies
/// outside `own`, the file and the bytes of the pipeline itself.
pub fn references(
    files: &[SourceFile],
    address: &str,
    own: Option<(&str, &Span)>,
) -> Result<Vec<Reference>, LayoutError> {
    let mut found = Vec::new();
    for file in files {
        let own = own.filter(|(path, _)| *path == file.path).map(|(_, span)| span);
        let offsets = if file.is_json() {
            in_json(&file.text, address)
        } else {
            in_hcl(file, address).map_err(|error| LayoutError::Syntax { path: file.path.clone(), error })?
        };
        let outside = offsets.into_iter().filter(|at| own.is_none_or(|span| !span.contains(at)));
        found.extend(outside.map(|offset| {
            let place = position_of(&file.text, offset);
            let line = &file.text[line_start(&file.text, offset)..line_end(&file.text, offset)];
            let text = line.trim_start_matches('\u{feff}').trim().to_owned();
            Reference { path: file.path.clone(), line: place.line, column: place.column, text }
        }));
    }
    Ok(found)
}

fn in_hcl(file: &SourceFile, address: &str) -> Result<Vec<usize>, SyntaxError> {
    let text = file.text.as_str();
    let label = address.strip_prefix("module.").unwrap_or(address);
    // Most files name no pipeline at all.
    if !text.contains(label.split('[').next().unwrap_or(label)) {
        return Ok(Vec::new());
    }
    let wanted: Vec<(Kind, &str)> =
        words(address, 0..address.len())?.into_iter().map(|(kind, span)| (kind, &address[span])).collect();
    let mut found = Vec::new();
    for item in items(text)? {
        if let Item::Block(block) = &item {
            if OF_THE_PAST.contains(&&text[block.kind.clone()]) {
                continue;
            }
            if file.is_override() && is_module(text, block, label) {
                found.push(block.kind.start);
            }
        }
        let words = words(text, item.span())?;
        for (start, run) in words.windows(wanted.len()).enumerate() {
            let same = run
                .iter()
                .zip(&wanted)
                .all(|((kind, span), (other, word))| kind == other && text[span.clone()] == **word);
            let goes_before = start.checked_sub(1).is_some_and(|before| words[before].0 == Kind::Dot);
            if same && !goes_before {
                found.push(run[0].1.start);
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn is_module(text: &str, block: &Block, label: &str) -> bool {
    &text[block.kind.clone()] == "module" && block.labels.first().is_some_and(|it| label_text(text, it) == label)
}

/// The tokens that mean something.
fn words(text: &str, span: Span) -> Result<Vec<(Kind, Span)>, SyntaxError> {
    let said =
        |token: &crate::hcl::Token| !matches!(token.kind, Kind::LineComment | Kind::BlockComment | Kind::Newline);
    Lexer::new(text, span)
        .filter(|token| token.as_ref().map_or(true, said))
        .map(|token| token.map(|token| (token.kind, token.span())).map_err(|error| *error))
        .collect()
}

/// In JSON, expressions stand in strings, with their quotes escaped ("JSON Configuration Syntax").
fn in_json(text: &str, address: &str) -> Vec<usize> {
    let address = address.replace('"', "\\\"");
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let stands_alone = |(start, found): &(usize, &str)| {
        let before = text[..*start].chars().next_back();
        let after = text[start + found.len()..].chars().next();
        !before.is_some_and(|c| goes_on(c) || c == '.') && !after.is_some_and(goes_on)
    };
    text.match_indices(&address).filter(stands_alone).map(|(start, _)| start).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(files: &[(&str, &str)], address: &str, own: Option<(&str, &Span)>) -> Vec<String> {
        let files: Vec<SourceFile> = files.iter().map(|(path, text)| SourceFile::new(*path, *text)).collect();
        let found = references(&files, address, own).expect("HCL");
        found.iter().map(|it| format!("{}:{}:{}: {}", it.path, it.line, it.column, it.text)).collect()
    }

    #[test]
    fn finds_what_names_the_module_and_nothing_else() {
        let text = "output \"a\" {\n  value = module.p_2022-08-31.services # module.p_2022-08-31\n}\n\nlocals {\n  é = [ \
                    \"module.p_2022-08-31\", \"${module.p_2022-08-31.x}\", module.p_2022-08-3, x.module.p_2022-08-31]\n  h = \
                    <<E\n${ module . p_2022-08-31 [0] }\nE\n}\nmoved {\n  from = module.old\n  to   = module.p_2022-08-31\n}\n";
        assert_eq!(
            places(&[("main.tf", text)], "module.p_2022-08-31", None),
            [
                "main.tf:2:11: value = module.p_2022-08-31.services # module.p_2022-08-31",
                "main.tf:6:35: é = [ \"module.p_2022-08-31\", \"${module.p_2022-08-31.x}\", module.p_2022-08-3, x.module.p_2022-08-31]",
                "main.tf:8:4: ${ module . p_2022-08-31 [0] }"
            ]
        );
    }

    #[test]
    fn what_the_pipeline_says_of_itself_is_no_reference() {
        let text = "module \"x\" {\n  a = module.x.b\n}\nmodule \"y\" {\n  depends_on = [module.x]\n}\n";
        let span = 0..text.find("module \"y\"").expect("there");
        let found = places(&[("main.tf", text), ("b.tf", text)], "module.x", Some(("main.tf", &span)));
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[0], "main.tf:5:17: depends_on = [module.x]");
    }

    #[test]
    fn an_override_and_json_name_it_too() {
        let json = r#"{"output": {"a": {"value": "${module.x.b}"}, "c": {"value": "${module.x2.b}"}}}"#;
        let found = places(&[("a_override.tf", "module \"x\" {\n}\n"), ("j.tf.json", json)], "module.x", None);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("a_override.tf:1:1") && found[1].starts_with("j.tf.json:1:31"), "{found:?}");
    }

    #[test]
    fn an_instance_is_told_from_another() {
        let text = "output \"a\" {\n  value = [module.p[\"b\"].c, module.p[\"d\"].c, module.p]\n}\n";
        assert_eq!(places(&[("main.tf", text)], "module.p[\"b\"]", None).len(), 1);
        assert_eq!(places(&[("main.tf", text)], "module.p", None).len(), 3);
    }
}
