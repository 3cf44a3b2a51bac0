//! The environment that terraform is given.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

use super::error::Error;
use super::redact::Redactor;

/// A variable that the configuration adds.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// May be shown.
    Plain(String),
    /// Is never shown.
    Secret(String),
}

impl Value {
    fn text(&self) -> &str {
        match self {
            Self::Plain(text) | Self::Secret(text) => text,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => write!(formatter, "Plain({text:?})"),
            Self::Secret(_) => formatter.write_str("Secret(hidden)"),
        }
    }
}

/// The variables of one process and what must not be shown of them.
#[derive(Clone)]
pub(super) struct Environment {
    pub(super) variables: BTreeMap<OsString, OsString>,
    pub(super) redactor: Redactor,
    pub(super) workspace: String,
    /// Where `TF_LOG` writes when we have to choose the file.
    pub(super) log_file: Option<PathBuf>,
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.variables.keys().collect();
        formatter.debug_struct("Environment").field("names", &names).finish_non_exhaustive()
    }
}

impl Environment {
    /// Checks and completes `caller`'s environment. `workspace` is the configured one.
    pub(super) fn new(
        caller: BTreeMap<OsString, OsString>,
        additions: &BTreeMap<String, Value>,
        workspace: Option<&str>,
    ) -> Result<Self, Error> {
        let configured =
            workspace.map(str::to_owned).or_else(|| additions.get("TF_WORKSPACE").map(|value| value.text().to_owned()));
        let expected = configured.clone().unwrap_or_else(|| "default".to_owned());
        let mut variables = caller;
        if let Some(found) = variables.get(OsStr::new("TF_WORKSPACE")).filter(|it| !it.is_empty() && **it != *expected)
        {
            return Err(Error::Environment {
                variable: "TF_WORKSPACE".to_owned(),
                found: format!("'{}' is not the configured workspace '{expected}'", found.to_string_lossy()),
            });
        }
        for (name, value) in additions {
            variables.insert(name.into(), value.text().into());
        }
        for (name, value) in &variables {
            let name = name.to_string_lossy();
            if name.starts_with("TF_CLI_ARGS")
                && let Some(found) = forbidden_flag(&value.to_string_lossy())
            {
                return Err(Error::Environment { variable: name.into_owned(), found });
            }
        }
        if let Some(workspace) = configured {
            variables.insert("TF_WORKSPACE".into(), workspace.into());
        }
        variables.insert("TF_IN_AUTOMATION".into(), "1".into());
        variables.insert("TF_INPUT".into(), "0".into());
        for (name, value) in [("CHECKPOINT_DISABLE", "1"), ("GIT_TERMINAL_PROMPT", "0")] {
            variables.entry(name.into()).or_insert_with(|| value.into());
        }
        let secrets = additions.values().filter_map(|value| match value {
            Value::Secret(text) => Some(text.clone()),
            Value::Plain(_) => None,
        });
        Ok(Self { variables, redactor: Redactor::new(secrets), workspace: expected, log_file: None })
    }

    pub(super) fn get(&self, name: &str) -> Option<&OsString> {
        self.variables.get(OsStr::new(name)).filter(|value| !value.is_empty())
    }

    /// Whether terraform would log, and to standard error.
    pub(super) fn logs_to_stderr(&self) -> bool {
        let on = |name| self.get(name).is_some_and(|level| !level.eq_ignore_ascii_case("off"));
        ["TF_LOG", "TF_LOG_CORE", "TF_LOG_PROVIDER"].into_iter().any(on) && self.get("TF_LOG_PATH").is_none()
    }
}

/// The first flag in the value of a `TF_CLI_ARGS` variable that would change what is planned or where it is kept.
/// `-exclude` and `-refresh-only` are the same thing by other names.
fn forbidden_flag(value: &str) -> Option<String> {
    let without_quotes: String = value.chars().filter(|c| !matches!(c, '"' | '\'' | '\\')).collect();
    without_quotes.split_whitespace().find_map(|word| {
        let flag = word.strip_prefix('-')?;
        let flag = flag.strip_prefix('-').unwrap_or(flag);
        let (name, argument) = flag.split_once('=').unwrap_or((flag, "true"));
        let refused = match name {
            "lock" => matches!(argument, "false" | "0" | "f" | "F" | "FALSE" | "False"),
            "chdir" | "exclude" | "refresh-only" => true,
            _ => ["target", "destroy", "replace", "state", "exclude-"].into_iter().any(|it| name.starts_with(it)),
        };
        refused.then(|| word.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)], additions: &[(&str, Value)]) -> Result<Environment, Error> {
        let caller = pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect();
        let additions = additions.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Environment::new(caller, &additions, None)
    }

    #[test]
    fn refuses_flags_that_change_the_plan() {
        for value in [
            "-target=module.x",
            "--target module.x",
            "-no-color -destroy",
            "-replace='a.b'",
            "\"-target=a.b\"",
            "-state=x",
            "-state-out=x",
            "-lock=false",
            "-lock=0",
            "-chdir=..",
            "-refresh-only",
            "-exclude=a.b",
            "-\"target\"=a.b",
        ] {
            for name in ["TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_CLI_ARGS_apply"] {
                let error = environment(&[(name, value)], &[]).expect_err(value);
                assert!(matches!(error, Error::Environment { variable, .. } if variable == name), "{value}");
            }
        }
        let secret = Value::Secret("-target=x.y".into());
        assert!(environment(&[], &[("TF_CLI_ARGS_plan", secret)]).is_err());
    }

    #[test]
    fn passes_the_rest() {
        let found = environment(
            &[("TF_CLI_ARGS", "-no-color -lock=true -parallelism=5"), ("AWS_PROFILE", "x"), ("TF_DATA_DIR", "d")],
            &[("EC_API_KEY", Value::Secret("hunter22".into()))],
        )
        .expect("all of it may pass");
        assert_eq!(found.get("AWS_PROFILE").and_then(|it| it.to_str()), Some("x"));
        assert_eq!(found.get("EC_API_KEY").and_then(|it| it.to_str()), Some("hunter22"));
        assert_eq!(found.get("TF_INPUT").and_then(|it| it.to_str()), Some("0"));
        assert_eq!(found.redactor.hide("key hunter22"), "key (hidden)");
        assert!(!format!("{found:?} {:?}", Value::Secret("hunter22".into())).contains("hunter22"));
    }

    #[test]
    fn knows_one_workspace() {
        assert!(environment(&[("TF_WORKSPACE", "staging")], &[]).is_err());
        assert!(environment(&[("TF_WORKSPACE", "default")], &[]).is_ok());
        let staging = ("TF_WORKSPACE", Value::Plain("staging".into()));
        assert!(environment(&[("TF_WORKSPACE", "staging")], std::slice::from_ref(&staging)).is_ok());
        assert!(environment(&[("TF_WORKSPACE", "default")], &[staging]).is_err());
    }

    #[test]
    fn a_log_goes_to_a_file() {
        let logs = |pairs: &[(&str, &str)]| environment(pairs, &[]).expect("allowed").logs_to_stderr();
        assert!(logs(&[("TF_LOG", "trace")]));
        assert!(!logs(&[("TF_LOG", "trace"), ("TF_LOG_PATH", "x.log")]));
        assert!(!logs(&[("TF_LOG", "off")]));
        assert!(!logs(&[]));
    }
}
