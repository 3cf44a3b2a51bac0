//! What a repository tells of all its images, and which of them its lifecycle policy is about to expire.

use std::collections::BTreeSet;
use std::time::Duration;

use pipelinectl::aws::AwsError;
use sandbox::{Fault, Kind, Switches};
use serde_json::json;

use super::World;

#[tokio::test]
async fn all_images_are_listed_with_one_call() {
    let world = World::of_functions(1).await;
    let repository = world.services[0].repository.clone();
    for (n, tags) in [&["old"][..], &["latest", "ref.abc"], &[]].into_iter().enumerate() {
        let (seed, at) = (format!("image {n}"), 1_700_000_000 + 60 * n as u64);
        world.aws.seed_image_at(&repository, &seed, Kind::Docker, tags, at).expect("an image");
    }
    let ecr = world.session.ecr(&world.registry);
    let all = ecr.all_details(&repository).await.expect("a repository");
    let tags: Vec<_> = all.iter().map(|image| image.tags.join(" ")).collect();
    assert_eq!(tags, ["", "latest ref.abc", "old"], "the newest first");
    assert!(all[0].pushed_at > all[1].pushed_at && all[1].size.is_some());
    assert_eq!(world.count("DescribeImages"), 1);
    let missing = ecr.all_details("weco/none").await.expect_err("no repository");
    assert!(matches!(missing, AwsError::RepositoryNotFound { .. }), "{missing:?}");
}

#[tokio::test]
async fn what_a_lifecycle_policy_is_about_to_expire_is_told() {
    let world = World::of_functions(2).await;
    let old = world.push(0, "old", Kind::Docker, &["old"]);
    let kept = world.push(0, "new", Kind::Docker, &["new"]);
    let ecr = world.session.ecr(&world.registry);
    let both = [old.clone(), kept.clone()];
    assert_eq!(ecr.expiring("weco/s0", &both).await, Ok(BTreeSet::new()), "there is no policy");
    let selection = json!({ "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1 });
    let rule = json!({ "rulePriority": 1, "selection": selection, "action": { "type": "expire" } });
    let body = json!({ "repositoryName": "weco/s0", "lifecyclePolicyText": json!({ "rules": [rule] }).to_string() });
    world.aws.ask("ecr", "AmazonEC2ContainerRegistry_V20150921.PutLifecyclePolicy", &body).expect("a policy");
    world.set(&Switches::new().lifecycle_preview(Duration::from_millis(600)));
    let expiring = ecr.expiring("weco/s0", &both).await.expect("a preview");
    assert_eq!(expiring.len(), 1, "{expiring:?}");
    assert!(ecr.expiring("weco/s0", &[]).await.expect("nothing asked").is_empty());
    world.set(&Switches::new().faults(vec![Fault::always("StartLifecyclePolicyPreview", "AccessDeniedException")]));
    let denied = ecr.expiring("weco/s0", &both).await.expect_err("denied");
    assert!(
        matches!(&denied, AwsError::AccessDenied { operation, .. } if operation == "ecr:StartLifecyclePolicyPreview")
    );
}
