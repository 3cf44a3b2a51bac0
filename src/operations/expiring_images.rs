//! Which images of a release the lifecycle policies of their repositories are about to expire.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::time::timeout;

use crate::aws::{AwsError, Session};
use crate::pipeline::image::Digest;
use crate::pipeline::service::Repository;

/// How many repositories are asked at once.
const AT_ONCE: usize = 32;
/// How long a preview may take: what is only a warning keeps nobody waiting for long.
const PATIENCE: Duration = Duration::from_secs(15);

/// What the lifecycle policies are about to do with the images of a release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expiring {
    /// The repositories whose policy would expire the image.
    pub repositories: Vec<Repository>,
    /// Why it is not known of all of them, where it is not.
    pub unknown: Option<String>,
}

/// Asks the policy of each repository about its image.
pub async fn expiring_images(session: &Session, images: &BTreeMap<Repository, Digest>) -> Expiring {
    let looks = images.iter().map(|(repository, digest)| async move {
        let ecr = session.ecr(&repository.registry);
        let look = ecr.expiring(&repository.name, std::slice::from_ref(digest));
        let found = match timeout(PATIENCE, look).await {
            Ok(found) => found.map_err(|error: AwsError| error.to_string()),
            Err(_) => Err(format!("the preview of {} takes too long", repository.name)),
        };
        (repository, found)
    });
    let mut expiring = Expiring::default();
    let found: Vec<_> = stream::iter(looks).buffered(AT_ONCE).collect().await;
    for (repository, found) in found {
        match found {
            Ok(digests) if digests.is_empty() => {}
            Ok(_) => expiring.repositories.push(repository.clone()),
            Err(error) => drop(expiring.unknown.get_or_insert(error)),
        }
    }
    expiring
}
