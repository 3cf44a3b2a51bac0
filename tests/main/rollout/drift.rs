//! After a rollout, Terraform finds nothing to change, whether its stack names digests or tags.

use std::collections::BTreeMap;

use pipelinectl::aws::{Session, SessionOptions};
use pipelinectl::pipeline::service::{Registry, Service};
use pipelinectl::progress::Silent;
use sandbox::{Estate, LocalAws};

use super::super::images::config;
use super::{TAG, Told, World, all_verified, restarted};

/// The part of the configuration that is needed here.
#[derive(serde::Deserialize)]
struct File {
    service: Vec<Service>,
}

/// What `terraform plan -detailed-exitcode` ends with: 0 without changes, 2 with some.
fn plan(estate: &Estate) -> Option<i32> {
    let plan = ["plan", "-detailed-exitcode", "-no-color", "-input=false", "-lock=false"];
    estate.terraform_command().args(plan).output().expect("terraform starts").status.code()
}

async fn nothing_is_left_to_change(by_tag: bool, before: i32) {
    let aws = LocalAws::shared().expect("the local AWS starts");
    let builder = if by_tag { Estate::medium().by_tag() } else { Estate::medium() };
    let estate =
        builder.with_services(2).with_ecs(usize::from(by_tag)).pipelines(&[TAG]).aws(&aws).build().expect("an estate");
    estate.apply_live().expect("the pipeline is made");
    assert_eq!(plan(&estate), Some(0));
    let change = estate.change("Say it louder").expect("a commit");
    estate.build(&change).expect("images");
    estate.tag(&change, TAG).expect("the pipeline's tag moves");
    assert_eq!(plan(&estate), Some(before));

    let file: File = toml::from_str(&estate.read("pipelinectl.toml").expect("a configuration")).expect("services");
    let options = SessionOptions::new(std::sync::Arc::new(Silent));
    let session = Session::with_config(config(&aws), options).await.expect("a configuration");
    let world = World {
        aws,
        session,
        services: file.service,
        registry: Registry::default(),
        namespace: TAG.parse().expect("a namespace"),
        moved: BTreeMap::new(),
        told: Told::default(),
    };
    let rows = world.rollout().await;
    all_verified(&rows);
    assert_eq!(restarted(&rows), [true, true]);
    assert_eq!(plan(&estate), Some(0));
}

#[tokio::test]
async fn of_a_stack_that_names_digests() {
    nothing_is_left_to_change(false, 2).await;
}

#[tokio::test]
async fn of_a_stack_that_names_tags_for_a_function_and_an_ecs_service() {
    nothing_is_left_to_change(true, 0).await;
}
