//! Lists the images of every repository at once.

use futures_util::StreamExt as _;
use futures_util::stream;

use super::resolve_images::{AT_ONCE, ResolveError, repositories};
use crate::aws::Session;
use crate::aws::ecr::Details;
use crate::pipeline::service::{Registry, Repository, Service};
use crate::progress::{Outcome, Progress};

/// The images of one repository.
#[derive(Debug, Clone)]
pub struct RepositoryImages {
    /// The repository.
    pub repository: Repository,
    /// The services that run images of it.
    pub services: Vec<Service>,
    /// Its images, the last pushed first.
    pub images: Vec<Details>,
}

/// Lists every repository of these services, all at once: a call for each thousand images.
pub async fn read_images(
    session: &Session,
    services: &[Service],
    registry: &Registry,
    progress: &dyn Progress,
) -> Result<Vec<RepositoryImages>, ResolveError> {
    let reads = repositories(services, registry).into_iter().map(|(repository, services)| async move {
        progress.started(&repository.name, "reading");
        let images = session.ecr(&repository.registry).all_details(&repository.name).await;
        match &images {
            Ok(_) => progress.finished(&repository.name, Outcome::Done, "read"),
            Err(error) => progress.finished(&repository.name, Outcome::Failed, &error.to_string()),
        }
        match images {
            Ok(images) => {
                Ok(RepositoryImages { repository, services: services.into_iter().cloned().collect(), images })
            }
            Err(error) => Err((repository, error)),
        }
    });
    let (mut read, mut failures) = (Vec::new(), Vec::new());
    let mut reads = stream::iter(reads).buffered(AT_ONCE);
    while let Some(one) = reads.next().await {
        match one {
            Ok(images) => read.push(images),
            Err((_, error)) if error.concerns_every_call() => return Err(error.into()),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(read) } else { Err(ResolveError::Repositories(failures)) }
}
