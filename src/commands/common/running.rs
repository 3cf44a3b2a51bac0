//! What runs still although Terraform's state has nothing of it.

use std::collections::BTreeMap;

use crate::context::Context;
use crate::failure::Failure;
use crate::operations::retire::StandingTag;
use crate::operations::verify_images::{Verdict, VerifyRequest, verify_images};
use crate::pipeline::Namespace;
use crate::pipeline::service::{Service, Target};

/// Refuses to take the tags of something that runs: a state without it may just be another one than its own.
pub fn refuse(context: &Context, namespace: &Namespace, tag: &str, tags: &[StandingTag]) -> Result<(), Failure> {
    let tagged = tags.iter().filter_map(|tag| Some((tag.repository.clone(), tag.image.as_ref()?.digest.clone())));
    let digests: BTreeMap<_, _> = tagged.collect();
    let settings = &context.settings;
    let of_it = |service: &&Service| {
        let named = |target: &Target| namespace.is_named_in(&target.to_string());
        digests.contains_key(&service.repository_in(&settings.ecr)) && service.targets_of(namespace).iter().any(named)
    };
    let services: Vec<Service> = settings.services.iter().filter(of_it).cloned().collect();
    if services.is_empty() {
        return Ok(());
    }
    let request = VerifyRequest {
        namespace,
        services: &services,
        registry: &settings.ecr,
        tag,
        digests: &digests,
        moved: &BTreeMap::new(),
        wait: std::time::Duration::ZERO,
    };
    let progress = context.ui.reading();
    let found = context.wait(verify_images(context.session()?, &request, &*progress))?;
    let mut running = Vec::new();
    for row in &found {
        let Some(target) = row.target.as_ref().map(ToString::to_string) else { continue };
        match &row.verdict {
            Verdict::Absent | Verdict::AbsentOptional | Verdict::TagOnly => {}
            // Who may destroy a function need not be allowed to look at it.
            Verdict::Error(error) => context.ui.warn(&format!("nobody knows whether {target} runs still: {error}")),
            // One that all pipelines share says nothing of this one.
            _ if !namespace.is_named_in(&target) => {}
            _ => running.push(target),
        }
    }
    if running.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "Terraform's state has nothing of {namespace}, but this is there: {}",
        running.join(", ")
    ))
    .hint("see that the state is the right one: root, backend, workspace")
    .hint("or delete by hand what terraform no longer knows, then run the same command again"))
}
