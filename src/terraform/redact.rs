//! Values that are never shown.

use std::fmt;

/// What stands where a secret stood.
const HIDDEN: &str = "(hidden)";
/// Shorter texts occur by chance in every output: hiding them would destroy it and tell the secret.
const SHORTEST: usize = 4;

/// Takes given values out of whatever is shown.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<String>,
}

impl Redactor {
    /// Hides each of the `secrets` of four characters and more, and each such line of one that has several.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut found: Vec<String> = Vec::new();
        for secret in secrets {
            found.extend(secret.lines().map(|line| line.trim().to_owned()));
            found.push(secret);
        }
        found.retain(|secret| secret.len() >= SHORTEST);
        found.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        found.dedup();
        Self { secrets: found }
    }

    /// The text without the secrets.
    pub fn hide(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| {
            if text.contains(secret.as_str()) { text.replace(secret.as_str(), HIDDEN) } else { text }
        })
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Redactor({} hidden)", self.secrets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_the_longest_first_and_each_line() {
        let redactor = Redactor::new(["hunter".into(), "hunter22".into(), "line one\nline two".into(), "a".into()]);
        assert_eq!(redactor.hide("hunter22 hunter a line two"), "(hidden) (hidden) a (hidden)");
        assert!(!format!("{redactor:?}").contains("hunter"));
    }
}
