//! The build that this process is a part of, as the build system's variables tell it.

/// A build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// For people: `Buildkite concepts #12`, `GitHub Actions weco/concepts run 345`.
    pub name: String,
    /// Its page.
    pub url: String,
    /// Who began it, where that is known.
    pub by: Option<String>,
}

impl Build {
    /// The build that the environment tells of; none on somebody's own machine.
    pub fn of<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        Self::of_buildkite(&variable).or_else(|| Self::of_github(&variable))
    }

    /// "Environment variables" of Buildkite's documentation.
    fn of_buildkite<'a>(variable: &impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let url = variable("BUILDKITE_BUILD_URL")?;
        let parts =
            [variable("BUILDKITE_PIPELINE_SLUG").map(str::to_owned), numbered(variable("BUILDKITE_BUILD_NUMBER"))];
        Some(Self {
            name: named("Buildkite", parts),
            url: url.to_owned(),
            by: variable("BUILDKITE_BUILD_CREATOR").map(str::to_owned),
        })
    }

    /// "Variables reference" of GitHub Actions' documentation.
    fn of_github<'a>(variable: &impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let repository = variable("GITHUB_REPOSITORY")?;
        let run = variable("GITHUB_RUN_ID")?;
        let server = variable("GITHUB_SERVER_URL").unwrap_or("https://github.com");
        Some(Self {
            name: format!("GitHub Actions {repository} run {run}"),
            url: format!("{server}/{repository}/actions/runs/{run}"),
            by: variable("GITHUB_ACTOR").map(str::to_owned),
        })
    }
}

fn numbered(number: Option<&str>) -> Option<String> {
    number.map(|number| format!("#{number}"))
}

fn named(system: &str, parts: [Option<String>; 2]) -> String {
    parts.into_iter().flatten().fold(system.to_owned(), |name, part| format!("{name} {part}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(variables: &[(&str, &'static str)]) -> Option<Build> {
        Build::of(|name| variables.iter().find(|(one, _)| *one == name).map(|(_, value)| *value))
    }

    #[test]
    fn a_build_of_buildkite() {
        let found = build(&[
            ("BUILDKITE_BUILD_URL", "https://buildkite.com/weco/concepts/builds/12"),
            ("BUILDKITE_BUILD_NUMBER", "12"),
            ("BUILDKITE_PIPELINE_SLUG", "concepts"),
            ("BUILDKITE_BUILD_CREATOR", "Alex Doe"),
        ]);
        let found = found.expect("a build");
        assert_eq!(found.name, "Buildkite concepts #12");
        assert_eq!(found.url, "https://buildkite.com/weco/concepts/builds/12");
        assert_eq!(found.by.as_deref(), Some("Alex Doe"));
    }

    #[test]
    fn a_run_of_github() {
        let found = build(&[
            ("GITHUB_SERVER_URL", "https://github.example.com"),
            ("GITHUB_REPOSITORY", "weco/concepts"),
            ("GITHUB_RUN_ID", "345"),
        ]);
        let found = found.expect("a run");
        assert_eq!(found.name, "GitHub Actions weco/concepts run 345");
        assert_eq!(found.url, "https://github.example.com/weco/concepts/actions/runs/345");
        assert_eq!(found.by, None);
    }

    #[test]
    fn somebodys_own_machine_is_no_build() {
        assert_eq!(build(&[("CI", "true"), ("GITHUB_REPOSITORY", "weco/concepts")]), None);
    }
}
