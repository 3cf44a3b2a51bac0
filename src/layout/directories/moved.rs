//! Files whose names have the date: in a copy they are renamed, and what names them with them.

use crate::hcl::{Kind, Lexer, Splice};

use super::super::spelling::{Mention, Renaming};
use super::FolderFile;
use super::copy::{is_left_behind, leads_to};
use super::naming::{is_read, replaced};

/// The paths in a folder that change in a copy of it.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// Of files and of folders, with `/` between their parts; the longest first.
    paths: Vec<String>,
}

impl Moved {
    /// The paths with the date in them; without those that a script or the like names, in which nothing is replaced.
    pub fn of(folder: &[FolderFile], renaming: &Renaming) -> Self {
        let files = || folder.iter().filter(|file| !is_left_behind(&file.path));
        let others: Vec<&str> =
            files().filter(|file| !is_read(&file.path) && !leads_to(file.mode)).filter_map(FolderFile::text).collect();
        let mut paths = Vec::new();
        for file in files() {
            let ends = file.path.match_indices('/').map(|(slash, _)| slash).chain([file.path.len()]);
            for path in ends.map(|end| &file.path[..end]) {
                let name = path.rsplit('/').next().unwrap_or(path);
                // Nothing names a file of Terraform's own.
                let is_named = || path.strip_suffix(".tf").is_none() && others.iter().any(|text| text.contains(name));
                let is_bare = renaming.mentions(name).iter().any(|mention| mention.span == (0..name.len()));
                if replaced(name, renaming) != name && !is_bare && !is_named() {
                    paths.push(path.to_owned());
                }
            }
        }
        paths.sort_by_key(|path| std::cmp::Reverse(path.len()));
        paths.dedup();
        Self { paths }
    }

    /// The path that a file has in the copy.
    pub fn path(&self, path: &str, renaming: &Renaming) -> String {
        let mut new = Vec::new();
        let mut end = 0;
        for part in path.split('/') {
            end += part.len();
            let is_moved = self.paths.iter().any(|moved| *moved == path[..end]);
            new.push(if is_moved { replaced(part, renaming) } else { part.to_owned() });
            end += 1;
        }
        new.join("/")
    }

    /// The replacements where a string names such a path: `"${path.module}/policy-2022-08-31.json"`.
    pub fn mentions(&self, text: &str, renaming: &Renaming) -> Vec<Splice> {
        if self.paths.is_empty() {
            return Vec::new();
        }
        let mut splices = Vec::new();
        for token in Lexer::new(text, 0..text.len()).map_while(Result::ok).filter(|token| token.kind == Kind::Literal) {
            let literal = &text[token.span()];
            for path in &self.paths {
                let ends = |at: usize| literal[at..].starts_with('/') || at == literal.len();
                let begins = |at: usize| at == 0 || literal[..at].ends_with('/');
                let found = literal.match_indices(path.as_str()).map(|(at, _)| at);
                for at in found.filter(|at| begins(*at) && ends(at + path.len())) {
                    let start = token.start + at + path.rfind('/').map_or(0, |slash| slash + 1);
                    let name = &text[start..token.start + at + path.len()];
                    let place = |mention: Mention| {
                        Splice::new(start + mention.span.start..start + mention.span.end, mention.new)
                    };
                    splices.extend(renaming.mentions(name).into_iter().map(place));
                }
            }
        }
        splices
    }
}
