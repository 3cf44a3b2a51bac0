//! What terraform says is wrong.

use std::fmt;
use std::sync::LazyLock;

use regex_lite::Regex;
use serde::{Deserialize, Serialize};

use super::redact::Redactor;

/// One error or warning of terraform. Holds no values of expressions: those are left out when it is read.
///
/// Source: "Machine-Readable UI" of the Terraform documentation, diagnostics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Whether it is a warning.
    pub warning: bool,
    /// One line.
    pub summary: String,
    /// Zero or more paragraphs.
    pub detail: String,
    /// The resource it is about.
    pub address: Option<String>,
    /// Where in the configuration it is.
    pub place: Option<Place>,
}

/// A place in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, relative to the Terraform root.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The column, from 1.
    pub column: u64,
    /// The block it is in, as terraform names it.
    pub context: Option<String>,
    /// The text of that line.
    pub code: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(formatter, "{place}: ")?;
        }
        if let Some(address) = &self.address {
            write!(formatter, "{address}: ")?;
        }
        formatter.write_str(&self.summary)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct RawDiagnostic {
    #[serde(default)]
    severity: String,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    detail: String,
    address: Option<String>,
    range: Option<RawRange>,
    snippet: Option<RawSnippet>,
}

#[derive(Debug, Deserialize)]
struct RawRange {
    filename: String,
    start: RawPosition,
}

#[derive(Debug, Deserialize)]
struct RawPosition {
    line: u64,
    column: u64,
}

#[derive(Debug, Deserialize)]
struct RawSnippet {
    context: Option<String>,
    code: Option<String>,
}

impl Diagnostic {
    pub(super) fn from_raw(raw: RawDiagnostic, redactor: &Redactor) -> Self {
        let (context, code) = raw.snippet.map_or((None, None), |snippet| (snippet.context, snippet.code));
        let hide = |text: String| redactor.hide(&text);
        // some backends put everything into the summary
        let (summary, more) = raw.summary.split_once('\n').unwrap_or((&raw.summary, ""));
        let detail = [more.trim(), raw.detail.trim()].join("\n\n");
        Self {
            warning: raw.severity == "warning",
            summary: redactor.hide(&without_boilerplate(summary)),
            detail: redactor.hide(&without_boilerplate(detail.trim())),
            address: raw.address,
            place: raw.range.map(|range| Place {
                file: range.filename,
                line: range.start.line,
                column: range.start.column,
                context,
                code: code.map(hide),
            }),
        }
    }

    /// Reads the form meant for people, which `init` writes in every version, when it is not coloured.
    pub(super) fn from_text(text: &str, redactor: &Redactor) -> Vec<Self> {
        static PLACE: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"^\s+on (.+) line (\d+)(?:, in (.+))?:$").expect("the pattern is valid"));
        let mut found: Vec<Self> = Vec::new();
        for line in text.lines() {
            let line = line.trim_start_matches(['│', '╷', '╵']).trim_end();
            let unboxed = line.strip_prefix(' ').unwrap_or(line);
            let head = |word: &str| unboxed.strip_prefix(word).map(|it| redactor.hide(&without_boilerplate(it)));
            if let Some((warning, summary)) =
                head("Error: ").map(|it| (false, it)).or_else(|| head("Warning: ").map(|it| (true, it)))
            {
                found.push(Self { warning, summary, ..Self::default() });
            } else if let Some(last) = found.last_mut() {
                if let Some(place) = PLACE.captures(line) {
                    last.place = Some(Place {
                        file: place[1].to_owned(),
                        line: place[2].parse().unwrap_or(1),
                        column: 1,
                        context: place.get(3).map(|context| context.as_str().to_owned()),
                        code: None,
                    });
                } else {
                    last.detail.push_str(&redactor.hide(unboxed));
                    last.detail.push('\n');
                }
            }
        }
        for diagnostic in &mut found {
            diagnostic.detail = without_boilerplate(diagnostic.detail.trim());
        }
        found
    }

    /// Whether `words` stand in the summary or the detail.
    pub(super) fn says(&self, words: &str) -> bool {
        self.summary.contains(words) || self.detail.contains(words)
    }
}

/// Takes out what the AWS SDK puts before its message: of `operation error S3: ListObjectsV2, https response error
/// StatusCode: 404, RequestID: …, HostID: …, NoSuchBucket:` service, operation and message stay.
fn without_boilerplate(text: &str) -> String {
    static BOILERPLATE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"operation error ([^:,]+): (\w+)(?:, exceeded maximum number of attempts, \d+)?(?:, https response error StatusCode: \d+)?(?:, RequestID:[^,]*)?(?:, HostID:[^,]*)?, (?:api error )?",
        )
        .expect("the pattern is valid")
    });
    BOILERPLATE.replace_all(text, "$1 $2: ").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdk_is_left_out_and_a_long_summary_is_split() {
        let raw = r#"{"severity":"error","summary":"error loading state: S3 bucket \"nope\" does not exist.\n\nThe referenced S3 bucket
            must exist.\n\nError: operation error S3: ListObjectsV2, https response error StatusCode: 404, RequestID: LXKY, HostID: 9Gj=,
            NoSuchBucket: \n","detail":""}"#;
        let raw: RawDiagnostic = serde_json::from_str(&raw.replace("\n            ", " ")).expect("a diagnostic");
        let found = Diagnostic::from_raw(raw, &Redactor::default());
        assert_eq!(found.summary, "error loading state: S3 bucket \"nope\" does not exist.");
        assert!(found.detail.ends_with("Error: S3 ListObjectsV2: NoSuchBucket:"), "{}", found.detail);
        let unreachable = "Unable to list: operation error S3: ListObjectsV2, exceeded maximum number of attempts, 1, https response \
                           error StatusCode: 0, RequestID: , HostID: , request send failed, Get \"http://x\": refused";
        assert_eq!(
            without_boilerplate(unreachable),
            "Unable to list: S3 ListObjectsV2: request send failed, Get \"http://x\": refused"
        );
    }

    #[test]
    fn reads_what_init_writes_for_people() {
        let text = "\nError: Unreadable module directory\n\nUnable to evaluate directory symlink: lstat nothere: no such file or\n\
                    directory\n\nError: Second\n\n  on main.tf line 4, in module \"x\":\n   4: module \"x\" {}\n\nwith s3cret-word.\n";
        let found = Diagnostic::from_text(text, &Redactor::new(["s3cret-word".to_owned()]));
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].summary, "Unreadable module directory");
        assert!(found[0].detail.starts_with("Unable to evaluate"));
        assert_eq!(found[1].place.as_ref().map(ToString::to_string).as_deref(), Some("main.tf:4:1"));
        assert!(found[1].says("with (hidden)."));
    }
}
