//! The name of an image as functions and task definitions give it: registry, repository, and a tag or a digest.

use super::image::Digest;
use super::service::Repository;

/// An image in an ECR repository, `123456789012.dkr.ecr.eu-west-1.amazonaws.com/weco/a:2022-08-31`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageUri {
    /// Everything before the tag or the digest.
    pub place: String,
    /// Account and region of the registry, if it is one of ECR.
    pub registry: Option<(String, String)>,
    /// The repository's name in the registry.
    pub repository: String,
    /// What names the image there.
    pub name: UriName,
}

/// What names an image in its repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UriName {
    /// A tag; without one it is `latest`.
    Tag(String),
    /// A digest, whatever tag stands before it.
    Digest(Digest),
}

impl ImageUri {
    /// Takes an image's name apart. Whatever it is, it has a repository and a tag.
    pub fn of(text: &str) -> Self {
        let (before, digest) = match text.split_once('@') {
            Some((before, digest)) => (before, digest.parse::<Digest>().ok()),
            None => (text, None),
        };
        let (host, path) = match before.split_once('/') {
            // The first part is a registry if it looks like one ("docker image reference").
            Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (Some(host), path),
            _ => (None, before),
        };
        let (repository, tag) = path.split_once(':').map_or((path, None), |(path, tag)| (path, Some(tag)));
        let place = host.map_or_else(|| repository.to_owned(), |host| format!("{host}/{repository}"));
        let tag = || UriName::Tag(tag.unwrap_or("latest").to_owned());
        Self {
            place,
            registry: host.and_then(ecr_registry),
            repository: repository.to_owned(),
            name: digest.map_or_else(tag, UriName::Digest),
        }
    }

    /// Whether it names an image of this repository, as far as both say where they are.
    pub fn is_of(&self, repository: &Repository) -> bool {
        let same = |ours: &Option<String>, theirs: Option<&String>| match (ours, theirs) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        };
        self.repository == repository.name
            && same(&repository.registry.account_id, self.registry.as_ref().map(|(account, _)| account))
            && same(&repository.registry.region, self.registry.as_ref().map(|(_, region)| region))
    }

    /// The same place with this digest or tag: in the form that it has now.
    #[must_use]
    pub fn with(&self, tag: &str, digest: &Digest) -> String {
        match self.name {
            UriName::Tag(_) => format!("{}:{tag}", self.place),
            UriName::Digest(_) => format!("{}@{digest}", self.place),
        }
    }
}

/// Account and region in the host of a registry: `ACCOUNT.dkr.ecr.REGION.…`, `ACCOUNT.dkr.ecr-fips.REGION.…`, or
/// `ACCOUNT.dkr-ecr.REGION.on.aws` ("Amazon ECR endpoints and quotas").
fn ecr_registry(host: &str) -> Option<(String, String)> {
    let (account, rest) = host.split_once('.')?;
    let services = ["dkr.ecr.", "dkr.ecr-fips.", "dkr-ecr.", "dkr-ecr-fips."];
    let rest = services.into_iter().find_map(|service| rest.strip_prefix(service))?;
    Some((account.to_owned(), rest.split('.').next()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::service::Registry;

    fn repository(account: Option<&str>, region: Option<&str>, name: &str) -> Repository {
        let registry = Registry { account_id: account.map(Into::into), region: region.map(Into::into) };
        Repository { registry, name: name.to_owned() }
    }

    #[test]
    fn takes_the_name_of_an_image_apart() {
        let digest = Digest::of_manifest("x");
        let host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
        let tagged = ImageUri::of(&format!("{host}/weco/a:2022-08-31"));
        assert_eq!((tagged.repository.as_str(), tagged.name.clone()), ("weco/a", UriName::Tag("2022-08-31".into())));
        assert_eq!(tagged.registry, Some(("123456789012".to_owned(), "eu-west-1".to_owned())));
        assert_eq!(tagged.with("new", &digest), format!("{host}/weco/a:new"));
        let exact = ImageUri::of(&format!("{host}/weco/a:old@{digest}"));
        assert_eq!(exact.name, UriName::Digest(digest.clone()));
        assert_eq!(exact.with("new", &digest), format!("{host}/weco/a@{digest}"));
        assert_eq!(ImageUri::of("localhost:5000/weco/a").name, UriName::Tag("latest".into()));
        assert_eq!(ImageUri::of("nginx:1.27").registry, None);
        assert_eq!(ImageUri::of("1.dkr-ecr.eu-west-1.on.aws/a").registry, Some(("1".into(), "eu-west-1".into())));
    }

    #[test]
    fn is_of_a_repository_as_far_as_both_say_where_they_are() {
        let uri = ImageUri::of("1.dkr.ecr.eu-west-1.amazonaws.com/weco/a:t");
        assert!(uri.is_of(&repository(None, None, "weco/a")));
        assert!(uri.is_of(&repository(Some("1"), Some("eu-west-1"), "weco/a")));
        assert!(!uri.is_of(&repository(Some("2"), None, "weco/a")));
        assert!(!uri.is_of(&repository(None, Some("eu-west-2"), "weco/a")));
        assert!(!uri.is_of(&repository(None, None, "weco/ab")));
    }
}
