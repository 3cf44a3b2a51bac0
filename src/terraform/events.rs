//! The lines that `plan -json` and `apply -json` write while they run.

use serde::Deserialize;

use super::diagnostic::{Diagnostic, RawDiagnostic};
use super::redact::Redactor;

/// What is done to a resource while terraform runs. The words differ from those of the plan's JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// It is destroyed.
    Delete,
    /// A data source is read.
    Read,
    /// Anything else, which newer versions may do.
    Other,
}

impl Verb {
    fn from_word(word: &str) -> Self {
        match word {
            "create" => Self::Create,
            "update" => Self::Update,
            "delete" => Self::Delete,
            "read" => Self::Read,
            _ => Self::Other,
        }
    }

    /// `creating`
    pub fn present(self) -> &'static str {
        match self {
            Self::Create => "creating",
            Self::Update => "changing",
            Self::Delete => "destroying",
            Self::Read => "reading",
            Self::Other => "working",
        }
    }

    /// `created`
    pub fn past(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Update => "changed",
            Self::Delete => "destroyed",
            Self::Read => "read",
            Self::Other => "done",
        }
    }
}

/// One line. Source: "Machine-Readable UI" of the Terraform documentation.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Event {
    Version(String),
    Diagnostic(Diagnostic),
    Started {
        address: String,
        verb: Verb,
    },
    Goes {
        address: String,
        verb: Verb,
        seconds: u64,
    },
    Completed {
        address: String,
        verb: Verb,
        seconds: u64,
    },
    Errored {
        address: String,
        verb: Verb,
    },
    Refreshing(String),
    Refreshed(String),
    Provisioner {
        address: String,
        output: String,
    },
    LockWanted,
    Summary(Totals),
    /// Known and of no interest.
    Other,
    /// No JSON, or not of terraform.
    Unreadable,
}

/// How much was done, as terraform counts at the end of apply. Moves, forgets and outputs are not in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(default)]
pub struct Totals {
    /// Resources made.
    pub add: u64,
    /// Resources changed in place.
    pub change: u64,
    /// Resources destroyed.
    pub remove: u64,
    /// Resources imported.
    pub import: u64,
}

#[derive(Deserialize)]
struct RawEvent {
    #[serde(rename = "type")]
    kind: String,
    #[serde(alias = "tofu")]
    terraform: Option<String>,
    diagnostic: Option<RawDiagnostic>,
    hook: Option<RawHook>,
    changes: Option<Totals>,
}

#[derive(Deserialize)]
struct RawHook {
    resource: Option<RawResource>,
    #[serde(default)]
    action: String,
    #[serde(default)]
    elapsed_seconds: f64,
    #[serde(default)]
    output: String,
}

#[derive(Deserialize)]
struct RawResource {
    addr: String,
}

impl Event {
    pub(super) fn from_line(line: &str, redactor: &Redactor) -> Self {
        let Ok(raw) = serde_json::from_str::<RawEvent>(line) else { return Self::Unreadable };
        let hook = raw.hook.and_then(|hook| {
            let address = hook.resource?.addr;
            Some((address, Verb::from_word(&hook.action), whole_seconds(hook.elapsed_seconds), hook.output))
        });
        match (raw.kind.as_str(), hook) {
            ("version", _) => raw.terraform.map_or(Self::Other, Self::Version),
            ("diagnostic", _) => {
                raw.diagnostic.map_or(Self::Other, |raw| Self::Diagnostic(Diagnostic::from_raw(raw, redactor)))
            }
            ("apply_start", Some((address, verb, ..))) => Self::Started { address, verb },
            ("apply_progress", Some((address, verb, seconds, _))) => Self::Goes { address, verb, seconds },
            ("apply_complete", Some((address, verb, seconds, _))) => Self::Completed { address, verb, seconds },
            ("apply_errored", Some((address, verb, ..))) => Self::Errored { address, verb },
            ("refresh_start", Some((address, ..))) => Self::Refreshing(address),
            ("refresh_complete", Some((address, ..))) => Self::Refreshed(address),
            ("provision_progress", Some((address, _, _, output))) => {
                Self::Provisioner { address, output: redactor.hide(output.trim_end()) }
            }
            ("state_lock_acquire", _) => Self::LockWanted,
            ("change_summary", _) => raw.changes.map_or(Self::Other, Self::Summary),
            _ => Self::Other,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a time that has passed is small and positive"
)]
fn whole_seconds(seconds: f64) -> u64 {
    seconds.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(line: &str) -> Event {
        Event::from_line(line, &Redactor::new(["hunter22".to_owned()]))
    }

    #[test]
    fn reads_the_lines_of_an_apply() {
        let hook = |kind: &str, rest: &str| {
            event(&format!(
                r#"{{"type":"{kind}","hook":{{"resource":{{"addr":"a.b","module":""}}{rest}}},"@level":"info"}}"#
            ))
        };
        assert_eq!(
            hook("apply_start", r#","action":"delete""#),
            Event::Started { address: "a.b".into(), verb: Verb::Delete }
        );
        assert_eq!(
            hook("apply_complete", r#","action":"create","id_value":"secret","elapsed_seconds":3"#),
            Event::Completed { address: "a.b".into(), verb: Verb::Create, seconds: 3 }
        );
        assert_eq!(
            hook("provision_progress", r#","output":"key hunter22\n""#),
            Event::Provisioner { address: "a.b".into(), output: "key (hidden)".into() }
        );
        assert_eq!(event(r#"{"type":"version","tofu":"1.8.0"}"#), Event::Version("1.8.0".into()));
        assert_eq!(event(r#"{"type":"ephemeral_op_start","hook":{}}"#), Event::Other);
        assert_eq!(event("wrapper: hello"), Event::Unreadable);
    }

    #[test]
    fn values_of_expressions_are_left_out() {
        let line = r#"{"type":"diagnostic","diagnostic":{"severity":"error","summary":"S hunter22","detail":"D","range":{"filename":
            "main.tf","start":{"line":3,"column":2,"byte":9},"end":{"line":3,"column":3,"byte":10}},"snippet":{"context":null,"code":
            "x = var.y","start_line":3,"values":[{"traversal":"var.y","statement":"is \"topsecret\""}]}}}"#;
        let Event::Diagnostic(found) = event(line) else { panic!("a diagnostic") };
        assert_eq!(found.to_string(), "main.tf:3:2: S (hidden)");
        assert!(!format!("{found:?}").contains("topsecret"));
    }
}
