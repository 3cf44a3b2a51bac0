//! From what terraform says to what went wrong.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::child::Ended;
use super::diagnostic::Diagnostic;
use super::error::{Error, StateLock};
use super::init::asks_for_init;
use super::program::Program;

/// How terraform's messages about a state it cannot reach begin.
const BACKEND: &[&str] = &[
    "Failed to get existing workspaces",
    "Failed to load state",
    "Failed to read state",
    "Failed to load backend",
    "Error loading state",
    "Error refreshing state",
    "Error inspecting states",
    "Error acquiring the state lock",
    "Error configuring the backend",
    "Error selecting workspace",
    "Error persisting state",
    "Unable to access object",
    "Unable to list objects in S3 bucket",
    "S3 bucket ",
    "Backend configuration error",
    "Invalid backend configuration",
    "No valid credential sources found",
    "Retrieving AWS account details",
    "validating provider credentials",
    "Cannot assume IAM Role",
];

/// What went wrong when `command` ended without success.
pub(super) fn failure(program: &Program, command: &'static str, ended: &Ended, said: &[Diagnostic]) -> Error {
    let mut errors: Vec<Diagnostic> = said.iter().filter(|it| !it.warning).cloned().collect();
    if !errors.iter().all(asks_for_init) {
        errors.retain(|it| !asks_for_init(it));
    }
    specific(program, &errors).unwrap_or_else(|| Error::Failed {
        program: program.name().to_owned(),
        command,
        status: ended.status.to_string(),
        diagnostics: errors,
        stderr: ended.stderr.clone(),
    })
}

/// The error for something that is known to go wrong, else nothing.
pub(super) fn specific(program: &Program, errors: &[Diagnostic]) -> Option<Error> {
    let first = errors.first()?;
    if errors.iter().any(|it| it.summary == "Saved plan is stale") {
        return Some(Error::StalePlan);
    }
    if let Some(lock) = errors.iter().filter(|it| it.says("Error acquiring the state lock")).find_map(state_lock) {
        return Some(Error::StateLocked { lock: Box::new(lock), program: program.name().to_owned() });
    }
    if let Some(error) = errors.iter().find_map(|it| tag_missing(it, errors)) {
        return Some(error);
    }
    if let Some(error) = prevented(errors).or_else(|| provider_gone(errors)) {
        return Some(error);
    }
    if first.address.is_none() && first.place.is_none() && is_about_backend(&first.summary) {
        return Some(Error::Backend { diagnostics: errors.to_vec() });
    }
    (first.address.is_none() && first.place.is_some()).then(|| Error::Configuration { diagnostics: errors.to_vec() })
}

/// The addresses that stand in the details of the errors with this summary.
fn named(errors: &[Diagnostic], summary: &str, pattern: &Regex) -> Vec<String> {
    let said = errors.iter().filter(|it| it.summary == summary);
    let mut names: Vec<String> = said
        .filter_map(|it| {
            let name = pattern.captures(&it.detail).map(|found| found[1].to_owned());
            name.or_else(|| it.address.clone()).or_else(|| it.place.as_ref().map(ToString::to_string))
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

fn prevented(errors: &[Diagnostic]) -> Option<Error> {
    static RESOURCE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"Resource (\S+) has lifecycle\.prevent_destroy").expect("the pattern is valid"));
    let addresses = named(errors, "Instance cannot be destroyed", &RESOURCE);
    (!addresses.is_empty()).then(|| Error::PreventDestroy { addresses, diagnostics: errors.to_vec() })
}

/// "Provider configuration not present: To work with ADDRESS its original provider configuration at … is required".
fn provider_gone(errors: &[Diagnostic]) -> Option<Error> {
    static RESOURCE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"To work with (\S+)(?: \(orphan\))? its original provider").expect("the pattern is valid")
    });
    let addresses = named(errors, "Provider configuration not present", &RESOURCE);
    (!addresses.is_empty()).then(|| Error::ProviderGone { addresses, diagnostics: errors.to_vec() })
}

fn is_about_backend(summary: &str) -> bool {
    BACKEND.iter().any(|it| summary.get(..it.len()).is_some_and(|start| start.eq_ignore_ascii_case(it)))
}

fn state_lock(diagnostic: &Diagnostic) -> Option<StateLock> {
    StateLock::from_detail(&diagnostic.detail)
}

/// `data.aws_ecr_image` fails the plan while its tag is absent. hashicorp/aws 5.100.0 says no more than "couldn't find
/// resource" (also when the repository is absent); other versions pass on what ECR says.
fn tag_missing(diagnostic: &Diagnostic, errors: &[Diagnostic]) -> Option<Error> {
    static TAG: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"imageTag:\s*'?([^'}\s,]+)'?").expect("the pattern is valid"));
    static REPOSITORY: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"repository with name '([^']+)'").expect("the pattern is valid"));
    let address = diagnostic.address.as_ref().filter(|it| it.contains("data.aws_ecr_image."))?;
    let text = format!("{}\n{}", diagnostic.summary, diagnostic.detail);
    if !["couldn't find resource", "ImageNotFoundException", "empty result"].iter().any(|words| text.contains(words)) {
        return None;
    }
    let found = |pattern: &Regex| pattern.captures(&text).map(|it| it[1].to_owned());
    Some(Error::TagMissing {
        address: address.clone(),
        repository: found(&REPOSITORY),
        tag: found(&TAG),
        diagnostics: errors.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(summary: &str, detail: &str, address: Option<&str>) -> Diagnostic {
        let address = address.map(str::to_owned);
        Diagnostic { summary: summary.to_owned(), detail: detail.to_owned(), address, ..Diagnostic::default() }
    }

    #[test]
    fn a_missing_tag_is_told_with_its_repository() {
        let said = error(
            "reading ECR Images: operation error ECR: DescribeImages, https response error StatusCode: 400, RequestID: x, \
             ImageNotFoundException: The image with imageId {imageDigest:'null', imageTag:'2022-10-14'} does not exist within \
             the repository with name 'weco/concepts_recorder' in the registry with id '123456789012'",
            "",
            Some("module.x.data.aws_ecr_image.service[\"a\"]"),
        );
        let Some(Error::TagMissing { repository, tag, .. }) = tag_missing(&said, std::slice::from_ref(&said)) else {
            panic!("the tag is missing")
        };
        assert_eq!((repository.as_deref(), tag.as_deref()), (Some("weco/concepts_recorder"), Some("2022-10-14")));
        let terse = error("reading ECR Images: couldn't find resource", "", Some("module.x.data.aws_ecr_image.i"));
        let found = tag_missing(&terse, &[]).map(|it| it.to_string());
        assert_eq!(found.as_deref(), Some("module.x.data.aws_ecr_image.i reads an image that is not there"));
        let refused = error("reading ECR Images: AccessDeniedException", "", Some("data.aws_ecr_image.i"));
        assert!(tag_missing(&refused, &[]).is_none());
        let other = Diagnostic { address: Some("aws_lambda_function.f".into()), ..said };
        assert!(tag_missing(&other, &[]).is_none());
    }

    #[test]
    fn a_lock_is_told_with_its_owner() {
        let detail = "Error message: resource temporarily unavailable\nLock Info:\n  ID:        7e81-43ee\n  Path:      t.tfstate\n  \
                      Operation: OperationTypeApply\n  Who:       root@vm\n  Version:   1.11.4\n  Created:   2026-11-23 02:16:24 UTC\n  \
                      Info:      \n\n\nTerraform acquires a state lock";
        let lock = StateLock::from_detail(detail).expect("a lock");
        assert_eq!((lock.id.as_str(), lock.who.as_str()), ("7e81-43ee", "root@vm"));
        assert_eq!((lock.operation.as_str(), lock.info.as_str()), ("OperationTypeApply", ""));
        assert_eq!(StateLock::from_detail("Error message: no such bucket"), None);
    }
}
