//! How pipelines are told from other modules: the `[pipeline]` part of the configuration.

use regex_lite::Regex;

use crate::pipeline::{Namespace, NamespaceError};

/// What stands for the namespace in patterns.
const PLACE: &str = "{namespace}";

/// How pipelines are told from other modules.
#[derive(Debug, Clone)]
pub struct Rules {
    source: Option<String>,
    namespace_attribute: String,
    label: String,
    file: String,
    /// The file is a guess: where pipelines have files of their own, a new one gets one, too.
    file_is_guessed: bool,
    namespace_pattern: Option<(String, Regex)>,
}

/// Why rules cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// The pattern of labels says nothing of the namespace.
    #[error("the pattern '{pattern}' of module labels must hold {{namespace}} once")]
    Label {
        /// The pattern.
        pattern: String,
    },
    /// The pattern of namespaces is no regular expression.
    #[error("namespace_pattern '{pattern}' is no regular expression: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Rules {
    /// `source`: modules with this source are pipelines. `namespace_attribute`: their input that says which.
    /// `label`: what a new block is called, with `{namespace}` in it; also found by it. `file`: where new blocks go.
    /// `namespace_pattern`: a regular expression for whole namespaces.
    pub fn new(
        source: Option<&str>,
        namespace_attribute: &str,
        label: &str,
        file: &str,
        namespace_pattern: Option<&str>,
    ) -> Result<Self, RulesError> {
        if label.matches(PLACE).count() != 1 {
            return Err(RulesError::Label { pattern: label.to_owned() });
        }
        let regex = |pattern: &str| {
            Regex::new(&format!("^(?:{pattern})$"))
                .map(|regex| (pattern.to_owned(), regex))
                .map_err(|error| RulesError::Pattern { pattern: pattern.to_owned(), reason: error.to_string() })
        };
        Ok(Self {
            source: source.map(normalised),
            namespace_attribute: namespace_attribute.to_owned(),
            label: label.to_owned(),
            file: file.to_owned(),
            file_is_guessed: false,
            namespace_pattern: namespace_pattern.map(regex).transpose()?,
        })
    }

    /// The same, where nobody said which file new blocks go to.
    #[must_use]
    pub fn guessing_the_file(self) -> Self {
        Self { file_is_guessed: true, ..self }
    }

    /// Whether nobody said which file new blocks go to.
    pub(super) fn file_is_guessed(&self) -> bool {
        self.file_is_guessed
    }

    /// The input of the module that says which pipeline it is.
    pub fn namespace_attribute(&self) -> &str {
        &self.namespace_attribute
    }

    /// Where new blocks go.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Whether the configuration says what namespaces look like.
    pub(super) fn has_pattern(&self) -> bool {
        self.namespace_pattern.is_some()
    }

    /// The label of a new block.
    pub fn label_for(&self, namespace: &Namespace) -> String {
        self.label.replace(PLACE, namespace.as_str())
    }

    /// Whether this is the label of a module for that pipeline, in whichever spelling.
    pub fn names(&self, label: &str, namespace: &Namespace) -> bool {
        self.namespace_in(label).as_ref() == Some(namespace)
    }

    /// The namespace, if `text` is one and the configured pattern allows it.
    pub fn namespace(&self, text: &str) -> Result<Namespace, String> {
        let namespace: Namespace = text.parse().map_err(|error: NamespaceError| error.to_string())?;
        match &self.namespace_pattern {
            Some((pattern, regex)) if !regex.is_match(text) => {
                Err(format!("the namespace '{text}' does not match namespace_pattern {pattern}"))
            }
            _ => Ok(namespace),
        }
    }

    /// Whether a module with this source is a pipeline.
    pub(super) fn is_source(&self, source: &str) -> bool {
        self.source.as_ref().is_some_and(|wanted| *wanted == normalised(source))
    }

    /// The namespace that a label names, in whichever spelling.
    pub(super) fn namespace_in(&self, label: &str) -> Option<Namespace> {
        self.readings(label).into_iter().next()
    }

    /// What a block is whose attribute has this value: the value, or the namespace that its label names, where the value
    /// is that with something before it (`catalogue-20190205`).
    pub(super) fn namespace_of(&self, label: &str, value: &str) -> Result<Namespace, String> {
        let ends_with = |spelling: &str| {
            value.strip_suffix(spelling).is_some_and(|before| before.ends_with(['-', '_', '.', '/', ':']))
        };
        if self.has_pattern() && self.namespace(value).is_ok() {
            return self.namespace(value);
        }
        let readings = self.readings(label);
        let exact = readings.iter().find(|namespace| ends_with(namespace.as_str()));
        let spelled = || readings.iter().find(|namespace| namespace.spellings().iter().any(|text| ends_with(text)));
        match exact.or_else(spelled) {
            Some(namespace) => Ok(namespace.clone()),
            None => self.namespace(value),
        }
    }

    fn readings(&self, label: &str) -> Vec<Namespace> {
        let middle = || {
            let (before, after) = self.label.split_once(PLACE)?;
            label.strip_prefix(before)?.strip_suffix(after)
        };
        let Some(middle) = middle().filter(|middle| !middle.is_empty()) else { return Vec::new() };
        super::spelling::readings(middle).iter().filter_map(|reading| self.namespace(reading).ok()).collect()
    }
}

/// `./stack/` and `./stack` are the same folder.
pub(super) fn normalised(source: &str) -> String {
    let source = source.trim_end_matches('/');
    let local = source.starts_with("./") || source.starts_with("../");
    let mut parts: Vec<&str> = source.split('/').collect();
    if local {
        parts = parts
            .iter()
            .enumerate()
            .filter(|(at, part)| *at == 0 || !matches!(**part, "." | ""))
            .map(|(_, part)| *part)
            .collect();
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(label: &str) -> Rules {
        Rules::new(Some("./stack"), "namespace", label, "main.tf", Some(r"\d{4}-\d{2}-\d{2}[\w-]*")).expect("rules")
    }

    #[test]
    fn knows_sources() {
        let rules = rules("p_{namespace}");
        assert!(rules.is_source("./stack/") && rules.is_source("././stack"));
        assert!(!rules.is_source("../stack") && !rules.is_source("./stack2") && !rules.is_source("stack"));
    }

    #[test]
    fn reads_labels_in_each_spelling() {
        let rules = rules("p_{namespace}");
        let read = |label: &str| rules.namespace_in(label).map(|namespace| namespace.to_string());
        assert_eq!(read("p_2021-02-01").as_deref(), Some("2021-02-01"));
        assert_eq!(read("p_2021_02_01").as_deref(), Some("2021-02-01"));
        assert_eq!(read("p_20210201").as_deref(), Some("2021-02-01"));
        assert_eq!(read("p_2021_02_01_2").as_deref(), Some("2021-02-01-2"));
        assert_eq!(read("p_2021-02-01a").as_deref(), Some("2021-02-01a"));
        assert_eq!(read("p_dev"), None);
        assert_eq!(read("q_2021-02-01"), None);
        assert_eq!(read("p_2021-02-31"), None);
    }

    #[test]
    fn reads_values_with_something_before_the_namespace() {
        let any = Rules::new(None, "namespace", "p_{namespace}", "main.tf", None).expect("rules");
        let read = |label: &str, value: &str| any.namespace_of(label, value).map(|namespace| namespace.to_string());
        assert_eq!(read("p_20210201", "shop-20210201").as_deref(), Ok("20210201"));
        assert_eq!(read("p_2021_02_01", "shop-2021-02-01").as_deref(), Ok("2021-02-01"));
        assert_eq!(read("p_20210201", "20210201").as_deref(), Ok("20210201"));
        assert_eq!(read("p_20210201", "2021-02-01").as_deref(), Ok("2021-02-01"));
        assert_eq!(read("p_20210201", "shop-20210301").as_deref(), Ok("shop-20210301"));
        assert_eq!(read("p_2021-02-01", "2021-02-01-2").as_deref(), Ok("2021-02-01-2"));
        assert_eq!(read("q", "shop-20210201").as_deref(), Ok("shop-20210201"));
    }

    #[test]
    fn refuses_patterns() {
        assert!(Rules::new(None, "namespace", "p", "main.tf", None).is_err());
        assert!(Rules::new(None, "namespace", "p_{namespace}", "main.tf", Some("(")).is_err());
    }
}
