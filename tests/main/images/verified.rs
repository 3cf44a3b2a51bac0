//! What runs, compared with what the tags name.

use std::time::Duration;

use pipelinectl::operations::verify_images::{Verdict, VerifyRequest, verify_images};
use pipelinectl::pipeline::service::Target;

use super::*;

#[tokio::test]
async fn what_runs_is_compared_with_what_the_tag_names() {
    let (world, digests) = World::seeded(3).await;
    let plan = world.plan().await;
    assert!(world.apply(&plan).await.is_done());
    let other = world.push(1, "other", Kind::Oci, &["other"]);
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let form = [("Action", "CreateRole"), ("Version", "2010-05-08"), ("RoleName", "r")];
    world.aws.ask_query("iam", &[&form[..], &[("AssumeRolePolicyDocument", policy)]].concat()).expect("a role");
    let account = world.aws.account_id();
    for (n, tag) in [(0, TAG), (1, "other")] {
        let body = json!({
            "FunctionName": format!("{TAG}-s{n}"), "PackageType": "Image", "Role": format!("arn:aws:iam::{account}:role/r"),
            "Code": { "ImageUri": format!("{account}.dkr.ecr.eu-west-1.amazonaws.com/weco/s{n}:{tag}") },
        });
        world.aws.ask_rest("lambda", "POST", "/2015-03-31/functions", &body).expect("a function");
    }
    let namespace = TAG.parse().expect("a namespace");
    let digests_of = plan.digests();
    let request = VerifyRequest {
        namespace: &namespace,
        services: &world.services,
        registry: &world.registry,
        tag: TAG,
        digests: &digests_of,
        moved: &BTreeMap::new(),
        wait: Duration::from_secs(10),
    };
    let rows = verify_images(&world.session, &request, &*world.lines).await;
    assert_eq!(rows[0].verdict, Verdict::Verified);
    assert_eq!(rows[0].wanted.as_ref(), Some(&digests[0]));
    assert_eq!(rows[0].target, Some(Target::Lambda(format!("{TAG}-s0"))));
    assert_eq!(rows[1].verdict, Verdict::NamesOtherTag("other".to_owned()));
    assert_eq!(rows[1].running, Some(other));
    assert_eq!(rows[2].verdict, Verdict::Absent);
    assert!(rows[2].verdict.is_failure());
}
