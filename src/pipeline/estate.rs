//! The pipelines of a Terraform root.

use std::ops::Range;

use super::Namespace;

/// One pipeline, as it stands in the files of the estate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// Its name.
    pub namespace: Namespace,
    /// The label of its module block.
    pub label: String,
    /// The file that holds it, relative to the Terraform root.
    pub file: String,
    /// The line its block begins on, from 1.
    pub line: usize,
    /// The bytes of its block in that file.
    pub span: Range<usize>,
}

impl Pipeline {
    /// The address of its module in Terraform: `module.concepts_pipeline_2022-08-31`.
    pub fn address(&self) -> String {
        format!("module.{}", self.label)
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

    /// The pipeline with that address: `module.<label>`.
    pub fn at_address(&self, address: &str) -> Option<&Pipeline> {
        let label = address.strip_prefix("module.")?;
        self.pipelines.iter().find(|pipeline| pipeline.label == label)
    }

    /// The pipeline with the greatest date, or the last one where none has a date.
    pub fn newest(&self) -> Option<&Pipeline> {
        let dated = self.pipelines.iter().filter(|pipeline| pipeline.namespace.date().is_some());
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
        };
        Estate { pipelines: namespaces.iter().enumerate().map(pipeline).collect(), unclear: Vec::new() }
    }

    #[test]
    fn knows_the_newest() {
        let newest = |names: &[&str]| estate(names).newest().map(|pipeline| pipeline.namespace.to_string());
        assert_eq!(newest(&["2022-10-14", "2022-08-31", "zzz"]).as_deref(), Some("2022-10-14"));
        assert_eq!(newest(&["2022-10-14", "2022-10-14-2"]).as_deref(), Some("2022-10-14-2"));
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
