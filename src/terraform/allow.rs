//! `--allow ADDRESS=ACTION`: what the user lets pass although the guard would refuse it.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::address::{Address, AddressError};

/// What can be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Make it.
    Create,
    /// Change it in place; for an output, any change of it.
    Update,
    /// Destroy it.
    Delete,
    /// Destroy it and make it anew.
    Replace,
    /// Give it another address.
    Move,
    /// Take it into the state.
    Import,
    /// Drop it from the state.
    Forget,
}

const ACTIONS: [(&str, Action); 7] = [
    ("create", Action::Create),
    ("update", Action::Update),
    ("delete", Action::Delete),
    ("replace", Action::Replace),
    ("move", Action::Move),
    ("import", Action::Import),
    ("forget", Action::Forget),
];

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = ACTIONS.iter().find(|(_, action)| action == self).map_or("", |(word, _)| *word);
        formatter.write_str(word)
    }
}

/// One `--allow`. `output.NAME=update` is for the root output NAME.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Allow {
    /// The resource, or `output.NAME`.
    pub address: Address,
    /// What may be done to it.
    pub action: Action,
}

/// Why a text is no `--allow`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllowError {
    /// No `=`.
    #[error("'{0}' has no '=': write ADDRESS=ACTION")]
    NoAction(String),
    /// What follows the last `=` is no action.
    #[error("'{0}' is no action: use create, update, delete, replace, move, import or forget")]
    UnknownAction(String),
    /// An output is allowed with `update` only.
    #[error("an output is allowed with '{0}=update'")]
    OutputAction(String),
    /// What stands before it is no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A whole module cannot be allowed.
    #[error("'{0}' is a module: name each resource")]
    Module(String),
}

impl Allow {
    /// The address under which the root output `name` is allowed.
    pub fn output(name: &str) -> Self {
        Self { address: Address::lenient(&format!("output.{name}")), action: Action::Update }
    }

    /// As it stands on a command line, quoted for a shell where that is needed.
    pub fn as_argument(&self) -> String {
        let text = self.to_string();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '=');
        if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
    }
}

impl FromStr for Allow {
    type Err = AllowError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, word) = text.rsplit_once('=').ok_or_else(|| AllowError::NoAction(text.to_owned()))?;
        let action = ACTIONS.iter().find(|(known, _)| *known == word).map(|(_, action)| *action);
        let action = action.ok_or_else(|| AllowError::UnknownAction(word.to_owned()))?;
        let address: Address = address.parse()?;
        if address.is_module() {
            return Err(AllowError::Module(address.to_string()));
        }
        if address.as_str().starts_with("output.") && action != Action::Update {
            return Err(AllowError::OutputAction(address.to_string()));
        }
        Ok(Self { address, action })
    }
}

impl fmt::Display for Allow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}", self.address, self.action)
    }
}

impl Serialize for Allow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_with_an_equals_sign() {
        let allow: Allow = r#"module.x["a=b.c"].aws_sqs_queue.q=delete"#.parse().expect("an allow");
        assert_eq!((allow.address.as_str(), allow.action), (r#"module.x["a=b.c"].aws_sqs_queue.q"#, Action::Delete));
        assert_eq!(allow.as_argument(), r#"'module.x["a=b.c"].aws_sqs_queue.q=delete'"#);
        assert_eq!("output.live=update".parse::<Allow>().expect("an allow"), Allow::output("live"));
        assert_eq!(Allow::output("live").as_argument(), "output.live=update");
    }

    #[test]
    fn refuses_what_says_too_much_or_nothing() {
        for text in ["", "a.b", "a.b=", "a.b=destroy", "=delete", "module.x=delete", "output.a=delete", "a..b=move"] {
            assert!(text.parse::<Allow>().is_err(), "{text}");
        }
    }
}
