//! Images: digests, manifests, and the commits that their tags name.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The name of an image by its content: `sha256:` and 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

/// A text that is no digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not an image digest: 'sha256:' and 64 hexadecimal digits were expected")]
pub struct DigestError {
    /// The text as given.
    pub text: String,
}

impl Digest {
    /// The digest of a manifest, which is the SHA-256 of its bytes (OCI Image Specification, "Descriptor").
    pub fn of_manifest(manifest: &str) -> Self {
        use fmt::Write as _;
        let mut text = String::with_capacity(71);
        text.push_str("sha256:");
        for byte in Sha256::digest(manifest.as_bytes()) {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// The digest as text, `sha256:…` in full.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve hexadecimal digits: enough to tell images apart in a table.
    pub fn short(&self) -> &str {
        &self.0[7..19]
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hexadecimal = |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'f');
        match text.strip_prefix("sha256:") {
            Some(digits) if digits.len() == 64 && digits.bytes().all(hexadecimal) => Ok(Self(text.to_owned())),
            _ => Err(DigestError { text: text.to_owned() }),
        }
    }
}

impl TryFrom<String> for Digest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The four kinds of manifest that are moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManifestKind {
    /// One image, Docker Image Manifest V2, Schema 2.
    DockerImage,
    /// A Docker manifest list: one image for each platform.
    DockerList,
    /// One image, OCI Image Manifest.
    OciImage,
    /// An OCI image index: one image for each platform.
    OciIndex,
}

impl ManifestKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::DockerImage, Self::DockerList, Self::OciImage, Self::OciIndex];

    /// The media type that names the kind in the API of a registry.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::DockerImage => "application/vnd.docker.distribution.manifest.v2+json",
            Self::DockerList => "application/vnd.docker.distribution.manifest.list.v2+json",
            Self::OciImage => "application/vnd.oci.image.manifest.v1+json",
            Self::OciIndex => "application/vnd.oci.image.index.v1+json",
        }
    }

    /// The kind with this media type.
    pub fn from_media_type(media_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.media_type() == media_type)
    }

    /// Whether it names several images instead of being one. Lambda refuses such an image ("Create a Lambda function
    /// using a container image", AWS Lambda Developer Guide).
    pub fn is_index(self) -> bool {
        matches!(self, Self::DockerList | Self::OciIndex)
    }
}

impl fmt::Display for ManifestKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::DockerImage => "Docker image",
            Self::DockerList => "Docker manifest list",
            Self::OciImage => "OCI image",
            Self::OciIndex => "OCI image index",
        })
    }
}

/// An image as a registry holds it: what is needed to give it one more tag. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Image {
    /// Its name by content.
    pub digest: Digest,
    /// Which of the four kinds.
    pub kind: ManifestKind,
    /// The manifest, byte for byte as it was pushed.
    #[serde(skip)]
    pub manifest: Arc<str>,
}

impl Image {
    /// Whether the manifest's bytes are those that the digest names.
    pub fn is_intact(&self) -> bool {
        Digest::of_manifest(&self.manifest) == self.digest
    }
}

/// How the tag of a build is made from its commit: `ref.{commit}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitScheme {
    before: String,
    after: String,
}

/// A pattern of a commit tag that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the commit tag pattern '{pattern}' must contain '{{commit}}' exactly once")]
pub struct CommitSchemeError {
    /// The pattern as given.
    pub pattern: String,
}

impl CommitScheme {
    /// The tag of the build of `commit`.
    pub fn tag_of(&self, commit: &str) -> String {
        format!("{}{commit}{}", self.before, self.after)
    }

    /// The commit that `tag` names, if it is a commit tag: 40 hexadecimal digits, or an abbreviation of at least 7.
    ///
    /// With the bare pattern `{commit}` a date such as `20220831` has the form of an abbreviation: eight digits that
    /// are a day are taken for a day then.
    pub fn commit_in<'tag>(&self, tag: &'tag str) -> Option<&'tag str> {
        let commit = tag.strip_prefix(self.before.as_str())?.strip_suffix(self.after.as_str())?;
        let bare = self.before.is_empty() && self.after.is_empty();
        (is_commit(commit) && !(bare && is_day(commit))).then_some(commit)
    }

    /// The commits that these tags name, in the order of the tags. Which of them is the newest is a question to git.
    pub fn commits_in<'tag>(&self, tags: impl IntoIterator<Item = &'tag str>) -> Vec<String> {
        tags.into_iter().filter_map(|tag| self.commit_in(tag)).map(str::to_owned).collect()
    }
}

/// Whether `text` has the form of a commit: 7 to 40 hexadecimal digits.
pub fn is_commit(text: &str) -> bool {
    (7..=40).contains(&text.len()) && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_day(text: &str) -> bool {
    text.len() == 8 && jiff::civil::Date::strptime("%Y%m%d", text).is_ok()
}

impl Default for CommitScheme {
    fn default() -> Self {
        Self { before: "ref.".to_owned(), after: String::new() }
    }
}

impl FromStr for CommitScheme {
    type Err = CommitSchemeError;

    fn from_str(pattern: &str) -> Result<Self, Self::Err> {
        match pattern.split_once("{commit}") {
            Some((before, after)) if !after.contains("{commit}") => {
                Ok(Self { before: before.to_owned(), after: after.to_owned() })
            }
            _ => Err(CommitSchemeError { pattern: pattern.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_hash_of_the_manifest() {
        let digest = Digest::of_manifest("");
        assert_eq!(digest.as_str(), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(digest.short(), "e3b0c44298fc");
        assert_eq!(digest.as_str().parse(), Ok(digest));
    }

    #[test]
    fn refuses_what_is_no_digest() {
        let upper = format!("sha256:{}", "A".repeat(64));
        for text in ["", "sha256:", "sha256:abc", "md5:e3b0", upper.as_str()] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }

    #[test]
    fn knows_the_commit_of_a_tag() {
        let scheme: CommitScheme = "ref.{commit}".parse().expect("a pattern");
        let long = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(scheme.commit_in(&scheme.tag_of(long)), Some(long));
        assert_eq!(scheme.commit_in("ref.0123abc"), Some("0123abc"));
        for tag in ["latest", "2022-08-31", "ref.", "ref.main", "ref.0123ab", "0123abc", &format!("ref.{long}0")] {
            assert_eq!(scheme.commit_in(tag), None, "{tag}");
        }
        assert_eq!(scheme.commits_in(["latest", "ref.0123abc", "2022-08-31"]), ["0123abc"]);
    }

    #[test]
    fn a_bare_commit_is_no_date() {
        let scheme: CommitScheme = "{commit}".parse().expect("a pattern");
        assert_eq!(scheme.commit_in("0123abc"), Some("0123abc"));
        assert_eq!(scheme.commit_in("20220831"), None);
        assert_eq!(scheme.commit_in("20229931"), Some("20229931"));
    }

    #[test]
    fn a_pattern_names_the_commit_once() {
        assert!("ref.".parse::<CommitScheme>().is_err());
        assert!("{commit}-{commit}".parse::<CommitScheme>().is_err());
    }

    #[test]
    fn kinds_and_media_types_belong_together() {
        for kind in ManifestKind::ALL {
            assert_eq!(ManifestKind::from_media_type(kind.media_type()), Some(kind));
        }
        assert_eq!(ManifestKind::from_media_type("application/json"), None);
    }
}
