//! Values of a plan of which only a little is of interest.

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, IgnoredAny};

/// Which attributes of an object are sensitive, or unknown.
#[derive(Debug, Default)]
pub(super) enum Marks {
    #[default]
    None,
    All,
    Attributes(Vec<String>),
}

impl Marks {
    pub(super) fn has(&self, attribute: &str) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Attributes(names) => names.iter().any(|name| name == attribute),
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Loose {
    Text(String),
    Flag(bool),
    Object(BTreeMap<String, Loose>),
    Other(IgnoredAny),
}

/// A value, kept only when it is a text.
pub(super) struct MaybeText(pub(super) Option<String>);

impl<'de> Deserialize<'de> for MaybeText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Loose::deserialize(deserializer)? {
            Loose::Text(text) => Some(text),
            _ => None,
        }))
    }
}

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Loose::deserialize(deserializer)? {
            Loose::Flag(true) => Self::All,
            Loose::Object(entries) => {
                let marked = |entry: (String, Loose)| matches!(entry.1, Loose::Flag(true)).then_some(entry.0);
                Self::Attributes(entries.into_iter().filter_map(marked).collect())
            }
            _ => Self::None,
        })
    }
}
