//! Where pipelines live in the files of an estate, and the edits that add or change one.

pub mod changes;
mod check;
pub mod directories;
pub mod discover;
mod door;
mod edit;
mod error;
pub mod map_entries;
pub mod module_blocks;
mod references;
mod rules;
mod spelling;

pub use check::{Finding, Looked, Module, NameLimit, Type, Variable, check, module_folders};
pub use directories::{DirectoryRules, FolderFile};
pub use door::{Layout, Reading};
pub use edit::Edit;
pub use error::LayoutError;
pub use map_entries::MapRules;
pub use module_blocks::{Added, Addition, NewBlock, Origin, Place};
pub use references::{Reference, references};
pub use rules::{Rules, RulesError};

/// One file of the Terraform root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path relative to the root, with `/` between its parts.
    pub path: String,
    /// What it holds.
    pub text: String,
}

impl SourceFile {
    /// A file that holds `text`.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// Terraform merges it into blocks of other files ("Override Files" in Terraform's documentation).
    fn is_override(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        let stem = name.strip_suffix(".json").unwrap_or(name);
        stem == "override.tf" || stem.ends_with("_override.tf")
    }

    fn is_json(&self) -> bool {
        is_json(&self.path)
    }

    /// Whether terraform reads it by itself, and not only where it is named, as a file of a backend's arguments.
    fn is_terraform(&self) -> bool {
        self.is_json() || self.path.strip_suffix(".tf").is_some()
    }
}

/// Terraform tells its files by their exact suffix.
fn is_json(path: &str) -> bool {
    path.strip_suffix(".json").is_some_and(|path| path.strip_suffix(".tf").is_some())
}
