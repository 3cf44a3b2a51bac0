//! The one door to all layouts: read an estate, add a pipeline, change it, remove it.

use crate::pipeline::{Estate, Namespace, Pipeline};

use super::changes::Target;
use super::directories::Directories;
use super::map_entries::MapEntries;
use super::module_blocks::ModuleBlocks;
use super::{Added, Addition, DirectoryRules, Edit, FolderFile, LayoutError, MapRules, Rules, SourceFile};

/// Where pipelines live, and how they are told from what else is there.
#[derive(Debug, Clone)]
pub enum Layout {
    /// A module block for each pipeline in one Terraform root.
    ModuleBlocks(Rules),
    /// An entry for each pipeline in one map, which feeds `for_each`.
    MapEntries(MapRules),
    /// A folder for each pipeline: a Terraform root and a state each.
    Directories(DirectoryRules),
}

impl Layout {
    /// What is common to all layouts.
    pub fn rules(&self) -> &Rules {
        match self {
            Self::ModuleBlocks(rules) => rules,
            Self::MapEntries(rules) => &rules.rules,
            Self::Directories(rules) => &rules.rules,
        }
    }

    /// Reads the files of the root, or those of the pipelines' folders.
    pub fn read<'a>(&'a self, files: &'a [SourceFile]) -> Result<Reading<'a>, LayoutError> {
        Ok(match self {
            Self::ModuleBlocks(rules) => Reading::ModuleBlocks(files, ModuleBlocks::read(files, rules)?),
            Self::MapEntries(rules) => Reading::MapEntries(files, MapEntries::read(files, rules)?),
            Self::Directories(rules) => Reading::Directories(files, Directories::read(files, rules)?),
        })
    }
}

/// An estate that was read.
#[derive(Debug)]
pub enum Reading<'a> {
    /// Of module blocks.
    ModuleBlocks(&'a [SourceFile], ModuleBlocks<'a>),
    /// Of the entries of a map.
    MapEntries(&'a [SourceFile], MapEntries<'a>),
    /// Of folders.
    Directories(&'a [SourceFile], Directories<'a>),
}

impl Reading<'_> {
    /// The pipelines.
    pub fn estate(&self) -> &Estate {
        match self {
            Self::ModuleBlocks(_, blocks) => blocks.estate(),
            Self::MapEntries(_, entries) => entries.estate(),
            Self::Directories(_, directories) => directories.estate(),
        }
    }

    fn files(&self) -> &[SourceFile] {
        match self {
            Self::ModuleBlocks(files, _) | Self::MapEntries(files, _) | Self::Directories(files, _) => files,
        }
    }

    /// The folder, relative to the project's, whose files [`Self::add`] wants: that of the sibling where a pipeline is a
    /// folder.
    pub fn folder_to_copy(&self, addition: &Addition<'_>) -> Result<Option<String>, LayoutError> {
        match self {
            Self::ModuleBlocks(..) | Self::MapEntries(..) => Ok(None),
            Self::Directories(_, directories) => directories.folder_to_copy(addition),
        }
    }

    /// Works out the edits that add a pipeline, and checks them. Nothing is written.
    pub fn add(&self, addition: &Addition<'_>, folder: &[FolderFile]) -> Result<Added, LayoutError> {
        match self {
            Self::ModuleBlocks(_, blocks) => blocks.add(addition),
            Self::MapEntries(_, entries) => entries.add(addition),
            Self::Directories(_, directories) => directories.add(addition, folder),
        }
    }

    /// Works out the edits that take a pipeline out, and checks them. `folder` is what belongs to its folder, where it is
    /// one. Nothing is written.
    pub fn remove(&self, namespace: &Namespace, folder: &[FolderFile]) -> Result<Vec<Edit>, LayoutError> {
        match self {
            Self::ModuleBlocks(_, blocks) => blocks.remove(namespace),
            Self::MapEntries(_, entries) => entries.remove(namespace),
            Self::Directories(_, directories) => directories.remove(namespace, folder),
        }
    }

    /// The addresses that a pipeline would have that is not in the files; none where it would be a whole root.
    pub fn addresses_of(&self, namespace: &Namespace) -> Vec<String> {
        match self {
            Self::ModuleBlocks(_, blocks) => vec![blocks.address_of(namespace)],
            Self::MapEntries(_, entries) => entries.addresses_of(namespace),
            Self::Directories(..) => Vec::new(),
        }
    }

    /// What the rest of its root calls a pipeline; nothing where it is a whole root.
    pub fn names_of(&self, namespace: &Namespace) -> Vec<String> {
        match self {
            Self::ModuleBlocks(_, blocks) => blocks.estate().find(namespace).map_or_else(Vec::new, Pipeline::addresses),
            Self::MapEntries(_, entries) => entries.names_of(namespace),
            Self::Directories(..) => Vec::new(),
        }
    }

    /// The block that a pipeline is, or the entry of a map in a block, to be changed by [`super::changes::Blocks`].
    pub fn target(&self, namespace: &Namespace) -> Result<Target, LayoutError> {
        let estate = self.estate();
        let found = estate.find(namespace);
        let pipeline = found.ok_or_else(|| LayoutError::no_such_pipeline(namespace, estate))?;
        match self {
            Self::MapEntries(_, entries) => Ok(entries.target(pipeline)),
            Self::Directories(..) if pipeline.span.is_empty() => {
                Err(LayoutError::NoModule { folder: pipeline.address() })
            }
            Self::ModuleBlocks(..) | Self::Directories(..) => Ok(Target::of(pipeline)),
        }
    }

    /// Another pipeline that keeps its state where this one does, and file and line of this one's backend. Pipelines of
    /// one root share its state rightly.
    pub fn shares_state(&self, namespace: &Namespace) -> Option<(Namespace, String, usize)> {
        match self {
            Self::ModuleBlocks(..) | Self::MapEntries(..) => None,
            Self::Directories(_, directories) => directories.shares_state(namespace),
        }
    }

    /// What the files say of a pipeline, to compare it with another time. Line endings do not count: git may turn them at
    /// a checkout.
    pub fn text_of(&self, pipeline: &Pipeline) -> Option<String> {
        let text = match self {
            Self::Directories(_, directories) => directories.text_of(pipeline),
            Self::ModuleBlocks(..) | Self::MapEntries(..) => {
                let file = self.files().iter().find(|file| file.path == pipeline.file)?;
                file.text.get(pipeline.span.clone())?.to_owned()
            }
        };
        Some(text.replace("\r\n", "\n"))
    }
}
