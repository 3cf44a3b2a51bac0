//! The images that an index stands for: a task tells the digest of one of them.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use crate::aws::ecr::ImageName;
use crate::aws::{AwsError, Session};
use crate::pipeline::image::{Digest, Image};
use crate::pipeline::service::Repository;

/// The children of the indexes asked about so far; each image is fetched once.
#[derive(Debug, Default)]
pub struct Children(BTreeMap<(Repository, Digest), Result<BTreeSet<Digest>, AwsError>>);

impl Children {
    /// Fetches the images that are not known yet, all at once.
    pub async fn fetch(&mut self, session: &Session, wanted: BTreeSet<(Repository, Digest)>) {
        let unknown = wanted.into_iter().filter(|key| !matches!(self.0.get(key), Some(Ok(_))));
        let reads = unknown.map(|(repository, digest)| async move {
            let ecr = session.ecr(&repository.registry);
            let image = ecr.image(&repository.name, &ImageName::Digest(digest.clone())).await;
            ((repository, digest), image.map(|image| image.as_ref().map(children_of).unwrap_or_default()))
        });
        self.0.extend(join_all(reads).await);
    }

    /// Whether `running` is the image or one of its children.
    pub fn is(&self, repository: &Repository, wanted: &Digest, running: &Digest) -> Result<bool, AwsError> {
        if wanted == running {
            return Ok(true);
        }
        match self.0.get(&(repository.clone(), wanted.clone())) {
            Some(Ok(children)) => Ok(children.contains(running)),
            Some(Err(error)) => Err(error.clone()),
            None => Ok(false),
        }
    }
}

/// The digests in `manifests` of an index ("OCI Image Index Specification"); an image has none.
fn children_of(image: &Image) -> BTreeSet<Digest> {
    if !image.kind.is_index() {
        return BTreeSet::new();
    }
    let manifest: serde_json::Value = serde_json::from_str(&image.manifest).unwrap_or_default();
    let children = manifest.get("manifests").and_then(serde_json::Value::as_array);
    let digest = |child: &serde_json::Value| child.get("digest")?.as_str()?.parse().ok();
    children.into_iter().flatten().filter_map(digest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::image::ManifestKind;
    use crate::pipeline::service::Registry;

    #[test]
    fn an_index_stands_for_its_images() {
        let child = Digest::of_manifest("child");
        let manifest = format!(r#"{{"schemaVersion":2,"manifests":[{{"digest":"{child}"}},{{"digest":"x"}}]}}"#);
        let image = |kind| Image { digest: Digest::of_manifest(&manifest), kind, manifest: manifest.as_str().into() };
        assert_eq!(children_of(&image(ManifestKind::OciIndex)), BTreeSet::from([child.clone()]));
        assert!(children_of(&image(ManifestKind::OciImage)).is_empty());

        let repository = Repository { registry: Registry::default(), name: "weco/a".to_owned() };
        let index = Digest::of_manifest(&manifest);
        let known = Children([((repository.clone(), index.clone()), Ok(BTreeSet::from([child.clone()])))].into());
        assert_eq!(known.is(&repository, &index, &child), Ok(true));
        assert_eq!(known.is(&repository, &index, &index), Ok(true));
        assert_eq!(known.is(&repository, &index, &Digest::of_manifest("other")), Ok(false));
        assert_eq!(known.is(&repository, &child, &index), Ok(false));
    }
}
