//! Looks at a repository's Terraform files and finds out how its pipelines live there.

mod entries;
mod folders;
mod modules;
mod services;

use std::collections::BTreeMap;

use crate::pipeline::Namespace;

use super::{Layout, Rules, SourceFile};

pub use services::{Service, Services, known_at, services};

/// What most namespaces look like: a date, and what may follow it.
pub const DATED: &str = r"\d{4}-\d{2}-\d{2}[\w-]*";

/// An estate as it seems to be.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The folder of the Terraform root, or that which the pipelines' folders are below; relative to the project's, empty for that.
    pub terraform_dir: String,
    /// Where pipelines live, with everything that tells them.
    pub layout: Layout,
    /// What is to be written into `[pipeline]`: keys and values, in order, each with what is unsure of it.
    pub keys: Keys,
    /// The pipelines that are found so, the newest first.
    pub namespaces: Vec<Namespace>,
    /// Whether all of them are dates: then other names are none.
    pub dated: bool,
    /// Whether something is made of each: otherwise it may just be a map with dates in it.
    makes: bool,
    /// What else it might be.
    pub unsure: Vec<String>,
}

/// A value of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// A text.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
}

impl From<&str> for Setting {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// The files of each folder, in order.
pub(super) type Folders = BTreeMap<String, Vec<SourceFile>>;

/// Finds the estate in all `.tf` files of a repository; none where nothing looks like pipelines.
pub fn discover(files: &[SourceFile]) -> Option<Proposal> {
    let mut folders = Folders::new();
    for file in files {
        // What terraform would not take says nothing.
        if crate::hcl::items(&file.text).is_ok() {
            folders.entry(folder_of(&file.path).to_owned()).or_default().push(file.clone());
        }
    }
    let by_folder = folders::propose(&folders);
    let in_folders = |folder: &str| match &by_folder {
        Some(Proposal { layout: Layout::Directories(rules), .. }) => {
            rules.namespace_of(folder).is_some_and(|it| it.is_ok())
        }
        _ => false,
    };
    let mut others: Vec<Proposal> = Vec::new();
    for (folder, files) in folders.iter().filter(|(folder, _)| !in_folders(folder)) {
        others.extend(modules::propose(folder, files));
        others.extend(entries::propose(folder, files, &folders));
    }
    let count = |proposal: &Proposal| proposal.namespaces.len();
    // The first of those with most pipelines, and another sort with as many.
    others.sort_by_key(|proposal| std::cmp::Reverse((proposal.makes, count(proposal))));
    let mut others = others.into_iter();
    let other = others.next();
    let another = other.as_ref().and_then(|other| {
        let sort = std::mem::discriminant(&other.layout);
        others.find(|it| std::mem::discriminant(&it.layout) != sort && count(it) >= count(other))
    });
    let (mut best, second) = match (by_folder, other) {
        (Some(folders), Some(other)) if count(&folders) > 1 || count(&other) <= 1 => (folders, Some(other)),
        (Some(folders), Some(other)) => (other, Some(folders)),
        (Some(one), None) | (None, Some(one)) => (one, another),
        (None, None) => return None,
    };
    if let Some(second) = second {
        let what = match &second.layout {
            Layout::ModuleBlocks(_) => "module blocks",
            Layout::MapEntries(_) => "entries of a map",
            Layout::Directories(_) => "folders",
        };
        let names: Vec<&str> = second.namespaces.iter().take(3).map(Namespace::as_str).collect();
        let folder = if second.terraform_dir.is_empty() { "." } else { &second.terraform_dir };
        best.unsure.push(format!("in {folder} there are {what} that may be pipelines, too: {}", names.join(", ")));
    }
    Some(best)
}

/// The folder of a file; empty for the project's own.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The rules for blocks, all but what is given as usual.
fn rules(source: Option<&str>, attribute: &str, module: &str, file: &str, dated: bool) -> Option<Rules> {
    Rules::new(source, attribute, module, file, dated.then_some(DATED)).ok()
}

/// Values of settings with their keys, each with what is unsure of it.
type Keys = Vec<(&'static str, Setting, Option<String>)>;

/// What the layout reads, as a proposal; none where it finds no pipeline.
fn proposal(terraform_dir: &str, layout: Layout, files: &[SourceFile], keys: Keys) -> Option<Proposal> {
    let namespaces: Vec<Namespace> = {
        let reading = layout.read(files).ok()?;
        reading.estate().newest_first().into_iter().map(|pipeline| pipeline.namespace.clone()).collect()
    };
    (!namespaces.is_empty()).then(|| Proposal {
        terraform_dir: terraform_dir.to_owned(),
        layout,
        keys,
        dated: namespaces.iter().all(|namespace| namespace.date().is_some()),
        namespaces,
        makes: true,
        unsure: Vec::new(),
    })
}

/// The namespace that begins with a date in `text`, and where it stands: to the end of the text.
fn dated_in(text: &str) -> Option<(usize, Namespace)> {
    let starts = text
        .char_indices()
        .filter(|(at, c)| c.is_ascii_digit() && !text[..*at].ends_with(|before: char| before.is_ascii_digit()));
    starts.into_iter().find_map(|(at, _)| {
        let readings = super::spelling::readings(&text[at..]);
        let dated = readings.iter().filter_map(|reading| reading.parse::<Namespace>().ok());
        dated.into_iter().find(|namespace| namespace.date().is_some()).map(|namespace| (at, namespace))
    })
}

#[cfg(test)]
mod tests;
