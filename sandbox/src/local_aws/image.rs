//! Container images in the local ECR.

use serde_json::Value;

/// The four kinds of manifest that a repository holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One image as Docker writes it: `…docker.distribution.manifest.v2+json`.
    Docker,
    /// Docker's list of an image for each of two architectures.
    DockerList,
    /// One OCI image.
    Oci,
    /// An OCI index of an image for each of two architectures.
    OciIndex,
}

impl Kind {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Docker, Self::DockerList, Self::Oci, Self::OciIndex];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::DockerList => "docker-list",
            Self::Oci => "oci",
            Self::OciIndex => "oci-index",
        }
    }

    /// The media type of the manifest.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Docker => "application/vnd.docker.distribution.manifest.v2+json",
            Self::DockerList => "application/vnd.docker.distribution.manifest.list.v2+json",
            Self::Oci => "application/vnd.oci.image.manifest.v1+json",
            Self::OciIndex => "application/vnd.oci.image.index.v1+json",
        }
    }
}

/// An image in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// `sha256:` and the SHA-256 of the manifest.
    pub digest: String,
    /// The media type of the manifest.
    pub media_type: String,
    /// The manifest, byte for byte.
    pub manifest: String,
    /// The tags that name it.
    pub tags: Vec<String>,
}

impl Image {
    pub(super) fn from_json(image: &Value) -> Self {
        let text = |name: &str| image[name].as_str().unwrap_or_default().to_owned();
        let tags = image["tags"].as_array().into_iter().flatten();
        Self {
            digest: text("digest"),
            media_type: text("media_type"),
            manifest: text("manifest"),
            tags: tags.filter_map(Value::as_str).map(str::to_owned).collect(),
        }
    }
}
