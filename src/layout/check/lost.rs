//! Names of pipelines' modules that are not there any more: what a block that was taken out by hand leaves behind.

use std::collections::HashSet;

use crate::hcl::{Item, Kind, Lexer, items};

use super::super::{Layout, SourceFile};
use super::Findings;
use super::things::things;

/// Blocks that name what is gone by their nature, or what is to come ("Refactor modules", "Import existing resources" in
/// Terraform's documentation).
const OF_OTHER_TIMES: [&str; 3] = ["moved", "removed", "import"];

/// Every place that names a module which the root does not have, and whose label is that of a pipeline. All files of the
/// root must be known.
pub(super) fn modules<'a>(layout: &Layout, files: &'a [SourceFile], findings: &mut Findings<'a>) {
    let Layout::ModuleBlocks(rules) = layout else { return };
    let mut there: HashSet<&str> = HashSet::new();
    for file in files {
        for thing in things(file).unwrap_or_default() {
            if let ("module", [label]) = (thing.kind, thing.labels.as_slice()) {
                there.insert(label);
            }
        }
    }
    for file in files.iter().filter(|file| !file.is_json() && file.text.contains("module.")) {
        for (start, label) in named(&file.text) {
            if rules.namespace_in(label).is_some() && !there.contains(label) {
                findings.add(file, start, format!("module.{label} is named here, and there is no such module"));
            }
        }
    }
}

/// The labels in `module.LABEL`, and where each begins.
fn named(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for item in items(text).unwrap_or_default() {
        if let Item::Block(block) = &item
            && OF_OTHER_TIMES.contains(&&text[block.kind.clone()])
        {
            continue;
        }
        let mut before = [(Kind::Newline, 0..0), (Kind::Newline, 0..0), (Kind::Newline, 0..0)];
        for token in Lexer::new(text, item.span()).map_while(Result::ok) {
            if let [(first, _), (Kind::Identifier, module), (Kind::Dot, _)] = &before
                && token.kind == Kind::Identifier
                && *first != Kind::Dot
                && &text[module.clone()] == "module"
            {
                found.push((module.start, &text[token.span()]));
            }
            before.rotate_left(1);
            before[2] = (token.kind, token.span());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_names_in_expressions_only() {
        let text = "# module.a\noutput \"x\" {\n  value = [module.b.y, \"${module.c[0]}\", \"module.d\", data.module.e]\n}\nmoved {\n  from = module.f\n}\n";
        let labels: Vec<&str> = named(text).into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["b", "c"]);
    }
}
