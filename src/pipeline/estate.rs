//! The pipelines of a Terraform root.

use std::ops::Range;

use super::Namespace;

/// What of Terraform is one pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// The module that its block calls.
    Module,
    /// Instances of modules and resources: `module.pipelines["2022-08-31"]`.
    Addresses(Vec<String>),
    /// A Terraform root of its own: its folder, relative to the project's.
    Root(String),
}

/// One pipeline, as it stands in the files of the estate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// Its name.
    pub namespace: Namespace,
    /// The label of its module block, or the key of its entry as it is written.
    pub label: String,
    /// The file that holds it, relative to the project's folder.
    pub file: String,
    /// The line its block or entry begins on, from 1.
    pub line: usize,
    /// The bytes of its block or entry in that file.
    pub span: Range<usize>,
    /// What of Terraform it is.
    pub reach: Reach,
}

impl Pipeline {
    /// What it is called where one name is shown: the address of its module, `module.concepts_pipeline_2022-08-31`, the
    /// first of its addresses, or the folder of its root.
    pub fn address(&self) -> String {
        match &self.reach {
            Reach::Module => format!("module.{}", self.label),
            Reach::Addresses(addresses) => addresses.first().cloned().unwrap_or_else(|| self.label.clone()),
            Reach::Root(folder) => folder.clone(),
        }
    }

    /// The addresses that are this pipeline; none where it is a whole root.
    pub fn addresses(&self) -> Vec<String> {
        match &self.reach {
            Reach::Module => vec![self.address()],
            Reach::Addresses(addresses) => addresses.clone(),
            Reach::Root(_) => Vec::new(),
        }
    }

    /// The folder of its own Terraform root, relative to the project's; none where it shares that of the estate.
    pub fn root(&self) -> Option<&str> {
        match &self.reach {
            Reach::Root(folder) => Some(folder),
            Reach::Module | Reach::Addresses(_) => None,
        }
    }
}

/// A block that should be a pipeline, but does not say which one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unclear {
    /// The label of the block.
    pub label: String,
    /// The pipeline it is, where that is known and the block can only not be edited.
    pub namespace: Option<Namespace>,
    /// The file that holds it, relative to the Terraform root.
    pub file: String,
    /// The line it begins on, from 1.
    pub line: usize,
    /// Why its namespace is not known.
    pub reason: String,
}

/// The Terraform root that holds all pipelines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Estate {
    /// In the order of the files, and of the blocks in each.
    pub pipelines: Vec<Pipeline>,
    /// What could not be told.
    pub unclear: Vec<Unclear>,
}

impl Estate {
    /// The pipeline of that name.
    pub fn find(&self, namespace: &Namespace) -> Option<&Pipeline> {
        self.pipelines.iter().find(|pipeline| pipeline.namespace == *namespace)
    }

    /// The pipeline with that address: `module.<label>`, an instance, or the folder of a root.
    pub fn at_address(&self, address: &str) -> Option<&Pipeline> {
        let is = |pipeline: &&Pipeline| match &pipeline.reach {
            Reach::Module => address.strip_prefix("module.") == Some(pipeline.label.as_str()),
            Reach::Addresses(addresses) => addresses.iter().any(|other| other == address),
            Reach::Root(folder) => folder == address,
        };
        self.pipelines.iter().find(is)
    }

    /// The pipeline with the greatest date, or the last one where none has a date.
    pub fn newest(&self) -> Option<&Pipeline> {
        let dated = self.pipelines.iter().filter(|pipeline| pipeline.namespace.dated().is_some());
        dated.max_by_key(|pipeline| &pipeline.namespace).or(self.pipelines.last())
    }

    /// All pipelines, the newest first.
    pub fn newest_first(&self) -> Vec<&Pipeline> {
        let mut pipelines: Vec<&Pipeline> = self.pipelines.iter().collect();
        pipelines.sort_by(|one, other| other.namespace.cmp(&one.namespace));
        pipelines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estate(namespaces: &[&str]) -> Estate {
        let pipeline = |(index, text): (usize, &&str)| Pipeline {
            namespace: text.parse().expect("a namespace"),
            label: format!("p_{text}"),
            file: "main.tf".to_owned(),
            line: index + 1,
            span: 0..0,
            reach: Reach::Module,
        };
        Estate { pipelines: namespaces.iter().enumerate().map(pipeline).collect(), unclear: Vec::new() }
    }

    #[test]
    fn knows_the_newest() {
        let newest = |names: &[&str]| estate(names).newest().map(|pipeline| pipeline.namespace.to_string());
        assert_eq!(newest(&["2022-10-14", "2022-08-31", "zzz"]).as_deref(), Some("2022-10-14"));
        assert_eq!(newest(&["2022-10-14", "2022-10-14-2"]).as_deref(), Some("2022-10-14-2"));
        assert_eq!(newest(&["20221014", "20230102", "20220831"]).as_deref(), Some("20230102"));
        assert_eq!(newest(&["shop-2022-10-14", "shop-2022-08-31"]).as_deref(), Some("shop-2022-10-14"));
        assert_eq!(newest(&["zzz", "aaa"]).as_deref(), Some("aaa"));
        assert_eq!(newest(&[]), None);
    }

    #[test]
    fn finds_by_name_and_address() {
        let estate = estate(&["2022-10-1", "2022-10-14"]);
        let found = estate.at_address("module.p_2022-10-1").expect("the first");
        assert_eq!(estate.find(&"2022-10-1".parse().expect("a namespace")), Some(found));
        assert_eq!(found.address(), "module.p_2022-10-1");
        assert_eq!(estate.at_address("p_2022-10-1"), None);
    }
}
