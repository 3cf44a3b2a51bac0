//! The folder of a pipeline, and the places in a copy of it that name the pipeline.

use std::str::FromStr;

use crate::pipeline::Namespace;

const PLACE: &str = "{namespace}";

/// The folder of a pipeline below the estate's: `{namespace}`, `pipelines/{namespace}`, `pipeline_{namespace}/terraform`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryPattern {
    before: String,
    after: String,
}

/// Why a text is no pattern of folders.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryPatternError {
    /// It does not say where the namespace stands.
    #[error("'{0}' must hold {{namespace}} once")]
    Place(String),
    /// It leads somewhere else.
    #[error("'{0}' must lead to a folder below terraform_dir")]
    Elsewhere(String),
}

impl FromStr for DirectoryPattern {
    type Err = DirectoryPatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim_start_matches("./").trim_end_matches('/');
        let parts: Vec<&str> = trimmed.split('/').collect();
        if parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
            return Err(DirectoryPatternError::Elsewhere(text.to_owned()));
        }
        match trimmed.split_once(PLACE) {
            Some((before, after)) if !after.contains(PLACE) => {
                Ok(Self { before: before.to_owned(), after: after.to_owned() })
            }
            _ => Err(DirectoryPatternError::Place(text.to_owned())),
        }
    }
}

impl DirectoryPattern {
    /// The folder of this pipeline.
    pub fn folder(&self, namespace: &Namespace) -> String {
        format!("{}{namespace}{}", self.before, self.after)
    }

    /// How many folders deep it leads.
    pub fn depth(&self) -> usize {
        self.before.matches('/').count() + self.after.matches('/').count() + 1
    }

    /// What stands in the place of the namespace, when the path fits.
    pub(super) fn namespace_in<'a>(&self, path: &'a str) -> Option<&'a str> {
        let name = path.strip_prefix(self.before.as_str())?.strip_suffix(self.after.as_str())?;
        (!name.is_empty() && !name.contains('/')).then_some(name)
    }
}

/// Names places in a root: names of blocks, labels, attributes and keys with dots between them. It means every place with
/// these names one after another somewhere on the way to it, and what is inside: `index_dates`, `module.pipeline.graph_date`.
/// `*` is everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern(Vec<String>);

impl From<&str> for NamePattern {
    fn from(text: &str) -> Self {
        Self(text.split('.').map(str::to_owned).collect())
    }
}

impl NamePattern {
    /// Whether the place at the end of `way` is meant.
    pub(super) fn means(&self, way: &[String]) -> bool {
        self.0 == ["*"] || way.windows(self.0.len()).any(|part| part == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_folders() {
        let namespace: Namespace = "2022-08-31".parse().expect("a namespace");
        for (text, folder, depth) in [
            ("{namespace}", "2022-08-31", 1),
            ("./{namespace}/", "2022-08-31", 1),
            ("pipelines/p_{namespace}", "pipelines/p_2022-08-31", 2),
            ("p-{namespace}/terraform", "p-2022-08-31/terraform", 2),
        ] {
            let pattern: DirectoryPattern = text.parse().expect(text);
            assert_eq!((pattern.folder(&namespace).as_str(), pattern.depth()), (folder, depth));
            assert_eq!(pattern.namespace_in(folder), Some("2022-08-31"));
            assert_eq!(pattern.namespace_in("modules"), (text.len() < 15).then_some("modules"));
        }
        assert!("pipelines".parse::<DirectoryPattern>().is_err());
        assert!("../{namespace}".parse::<DirectoryPattern>().is_err());
        assert!("/{namespace}".parse::<DirectoryPattern>().is_err());
        assert!("{namespace}/{namespace}".parse::<DirectoryPattern>().is_err());
    }

    #[test]
    fn means_places() {
        let way = ["module", "pipeline", "index_dates", "works"].map(str::to_owned);
        for text in ["index_dates", "index_dates.works", "module.pipeline", "*", "works"] {
            assert!(NamePattern::from(text).means(&way), "{text}");
        }
        for text in ["index", "pipeline.works", "module.pipeline.index_dates.works.x"] {
            assert!(!NamePattern::from(text).means(&way), "{text}");
        }
    }
}
