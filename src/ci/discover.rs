//! What the files of a build system say of tags and of the live pipeline.

use regex_lite::RegexBuilder;

use super::live_pointer::{Locator, find};

/// Variables of build systems that hold the commit ("Environment variables" of Buildkite, "Variables" of GitHub Actions,
/// "Built-in environment variables" of `CircleCI`, "Predefined CI/CD variables" of `GitLab`).
const COMMITS: [&str; 8] = [
    "BUILDKITE_COMMIT",
    "GITHUB_SHA",
    "github.sha",
    "CIRCLE_SHA1",
    "CI_COMMIT_SHA",
    "GIT_COMMIT",
    "COMMIT_SHA",
    "git rev-parse HEAD",
];

/// A text with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What was found.
    pub text: String,
    /// The file, relative to the project's folder.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// How a pipeline is named in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// The keys in a YAML file, with dots between them.
    Keys(String),
    /// A regular expression with one group.
    Pattern(String),
}

/// Whether the file belongs to a build system, or builds images.
pub fn is_of_build(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let starts = |folder: &str| path.starts_with(folder) || path.contains(&format!("/{folder}"));
    [".buildkite/", ".github/workflows/", ".circleci/", "builds/", "scripts/"].into_iter().any(starts)
        || matches!(name, ".gitlab-ci.yml" | "Makefile" | "Dockerfile" | "docker-compose.yml")
        || name.starts_with("Dockerfile.")
        || name.strip_suffix(".sh").is_some()
}

/// The scheme of commit tags, `ref.{commit}` or `{commit}`, as the first line says that tags or pushes with a commit.
pub fn commit_tag<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> Option<Seen> {
    let mut plain = None;
    for (file, text) in files {
        for (index, line) in text.lines().enumerate() {
            for commit in COMMITS {
                let Some(at) = line.find(commit) else { continue };
                let before = line[..at].trim_end_matches(['$', '{', '(', ' ', '"', '\'']);
                let start = before.rfind(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')));
                let prefix = &before[start.map_or(0, |start| start + 1)..];
                let separator = start.and_then(|start| before[start..].chars().next());
                let lower = line.to_lowercase();
                let is_image = ["tag", "docker", "ecr", "image", "push", "publish", "release"]
                    .iter()
                    .any(|word| lower.contains(word));
                let seen = |text: String| Seen { text, file: file.to_owned(), line: index + 1 };
                if prefix.ends_with(['.', '-', '_']) {
                    return Some(seen(format!("{prefix}{{commit}}")));
                }
                if is_image && prefix.is_empty() && matches!(separator, Some(':' | '=' | '"' | '\'')) {
                    plain.get_or_insert_with(|| seen("{commit}".to_owned()));
                }
            }
        }
    }
    plain
}

/// Whether the file only tests others: what it names is live nowhere.
pub fn is_test(path: &str) -> bool {
    const FOLDERS: [&str; 8] = ["test", "tests", "spec", "specs", "__tests__", "__mocks__", "mocks", "fixtures"];
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    folders.split('/').any(|folder| FOLDERS.contains(&folder))
        || [".test.", ".spec."].into_iter().any(|part| name.contains(part))
        || stem.starts_with("test_")
        || ["_test", "_spec", "Test", "Tests", "Spec"].into_iter().any(|end| stem.strip_suffix(end).is_some())
}

/// The places that name one of the pipelines: scalars of YAML files, and quoted texts after a name that speaks of
/// pipelines elsewhere. Without a key where nothing tells the place from others in its file.
pub fn live<'a>(files: impl Iterator<Item = (&'a str, &'a str)>, namespaces: &[String]) -> Vec<(Seen, Option<Key>)> {
    let mut found = Vec::new();
    for (file, text) in files {
        let is_yaml = [".yml", ".yaml"].iter().any(|ending| file.strip_suffix(ending).is_some());
        if is_yaml {
            found.extend(in_yaml(file, text, namespaces));
        } else {
            found.extend(in_code(file, text, namespaces));
        }
    }
    found
}

fn in_yaml(file: &str, text: &str, namespaces: &[String]) -> Vec<(Seen, Option<Key>)> {
    let mut found = Vec::new();
    // The keys on the way to the line, each with its indentation.
    let mut way: Vec<(usize, &str)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let content = line.trim_start();
        let indent = line.len() - content.len();
        let Some((key, value)) = content.split_once(':') else { continue };
        if content.starts_with('#') {
            continue;
        }
        while way.last().is_some_and(|(outer, _)| *outer >= indent) {
            way.pop();
        }
        let key = key.trim().trim_matches(['"', '\'']);
        let value = value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
        if namespaces.iter().any(|namespace| namespace == value) {
            let keys: Vec<&str> = way.iter().map(|(_, key)| *key).chain([key]).collect();
            let seen = Seen { text: value.to_owned(), file: file.to_owned(), line: index + 1 };
            let path: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
            let is_found = find(file, text, &Locator::Keys(path)).is_ok_and(|it| it.line == index + 1);
            let key = if is_found {
                Some(Key::Keys(keys.iter().map(|key| quoted(key)).collect::<Vec<_>>().join(".")))
            } else {
                let key = regex_lite::escape(key.trim_start_matches("- "));
                fitting(file, text, &seen, [format!("^ *(?:- )?{key}: *[\"']?([\\w.-]+)")])
            };
            found.push((seen, key));
        }
        way.push((indent, key));
    }
    found
}

fn quoted(key: &str) -> String {
    if key.contains('.') { format!("\"{key}\"") } else { key.to_owned() }
}

fn in_code(file: &str, text: &str, namespaces: &[String]) -> Vec<(Seen, Option<Key>)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for namespace in namespaces {
            let quoted = |quote: char| line.find(&format!("{quote}{namespace}{quote}"));
            let Some(at) = quoted('"').or_else(|| quoted('\'')) else { continue };
            let before = &line[..at];
            let name = before.trim_end_matches(['=', ':', ' ']);
            let start = name.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
            let lower = name[start..].to_lowercase();
            if before.trim_end().ends_with(['=', ':']) && lower.contains("pipeline") {
                let seen = Seen { text: namespace.clone(), file: file.to_owned(), line: index + 1 };
                let quote = &line[at..=at];
                let value = format!("{quote}([^{quote}]*){quote}");
                let short = format!("{}{value}", regex_lite::escape(&before[start..]));
                // By its indentation, too, where the same name stands elsewhere.
                let whole = format!("^{}{value}", regex_lite::escape(before));
                let key = fitting(file, text, &seen, [short, whole]);
                found.push((seen, key));
            }
        }
    }
    found
}

/// The first of the patterns that finds the place, and nothing else in the file.
fn fitting<const N: usize>(file: &str, text: &str, seen: &Seen, patterns: [String; N]) -> Option<Key> {
    let fits = |pattern: &String| {
        let regex = RegexBuilder::new(pattern).multi_line(true).crlf(true).build();
        let found = regex.ok().and_then(|regex| find(file, text, &Locator::Pattern(regex)).ok());
        found.is_some_and(|found| found.line == seen.line && found.value == seen.text)
    };
    patterns.into_iter().find(fits).map(Key::Pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scheme(line: &str) -> Option<String> {
        commit_tag([("x.sh", line)].into_iter()).map(|seen| seen.text)
    }

    #[test]
    fn reads_schemes_of_commit_tags() {
        for (line, wanted) in [
            ("docker tag x \"$ECR/x:ref.$BUILDKITE_COMMIT\"", Some("ref.{commit}")),
            ("IMAGE_TAG=ref.$(git rev-parse HEAD)", Some("ref.{commit}")),
            ("  tags: weco/x:git-${{ github.sha }}", Some("git-{commit}")),
            ("docker push \"$REPOSITORY:${GITHUB_SHA}\"", Some("{commit}")),
            ("image_tag: \"${{ github.sha }}\"", Some("{commit}")),
            ("echo $BUILDKITE_COMMIT", None),
            ("git checkout $BUILDKITE_COMMIT", None),
        ] {
            assert_eq!(scheme(line).as_deref(), wanted, "{line}");
        }
    }

    #[test]
    fn finds_what_names_a_pipeline() {
        let names = ["2022-08-31".to_owned()];
        let yaml = "env:\n  LIVE_PIPELINE: \"2022-08-31\" # live\nsteps:\n  - env:\n      DATE: 2022-08-31\n  # DATE: 2022-08-31\n";
        let code = "object Main {\n  val pipelineDate = \"2022-08-31\"\n  val other = \"2022-08-31\"\n}\n";
        let found = live([(".buildkite/pipeline.yml", yaml), ("Main.scala", code)].into_iter(), &names);
        let shown: Vec<(usize, Option<Key>)> = found.into_iter().map(|(seen, key)| (seen.line, key)).collect();
        let pattern = |text: &str| Some(Key::Pattern(text.to_owned()));
        assert_eq!(
            shown,
            [
                (2, Some(Key::Keys("env.LIVE_PIPELINE".to_owned()))),
                (5, pattern("^ *(?:- )?DATE: *[\"']?([\\w.-]+)")),
                (2, pattern("pipelineDate = \"([^\"]*)\"")),
            ]
        );
    }

    #[test]
    fn proposes_only_what_finds_one_place() {
        let names = ["2022-08-31".to_owned()];
        let patterns = |code: &str| -> Vec<Option<Key>> {
            live([("a.ts", code)].into_iter(), &names).into_iter().map(|(_, key)| key).collect()
        };
        let pattern = |text: &str| Some(Key::Pattern(text.to_owned()));
        let deeper = "const more = {\n  x: {\n    pipelineDate: '2022-08-31', a: 'b',\n  },\n};\nconst it = {\n  pipelineDate: '2022-08-31',\n};\n";
        assert_eq!(patterns(deeper), [pattern("^    pipelineDate: '([^']*)'"), pattern("^  pipelineDate: '([^']*)'")]);
        let twice = "{ pipelineDate: '2022-08-31' }\n{ pipelineDate: '2022-08-31' }\n";
        assert_eq!(patterns(twice), [None, None]);
    }

    #[test]
    fn knows_tests() {
        for path in
            ["a/tests/x.py", "a/test_x.py", "src/test/scala/A.scala", "A/ConfigTest.scala", "a.test.ts", "x_test.go"]
        {
            assert!(is_test(path), "{path}");
        }
        for path in ["src/main/scala/Config.scala", "latest.py", "config.ts", "contest.ts"] {
            assert!(!is_test(path), "{path}");
        }
    }
}
