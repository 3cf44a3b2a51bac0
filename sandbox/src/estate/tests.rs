use super::*;
use crate::Kind;

fn aws() -> LocalAws {
    LocalAws::shared().expect("the local AWS starts")
}

#[test]
fn a_small_estate_has_history_a_remote_and_is_the_same_each_time() {
    let (one, two) = (Estate::small().build().expect("an estate"), Estate::small().build().expect("another"));
    assert_eq!(one.commits(), two.commits());
    assert_eq!(one.commits().len(), 4);
    assert_eq!(one.git(&["status", "--porcelain"]).expect("git"), "");
    let head = one.git(&["rev-parse", "origin/main"]).expect("git");
    assert_eq!(head.trim(), one.commits()[3].id);
    assert_eq!(
        one.git(&["log", "-1", "--format=%an %s"]).expect("git").trim(),
        format!("A. Engineer {}", one.commits()[3].subject)
    );
}

#[test]
fn a_small_estate_is_formatted_and_applies_without_a_provider() {
    let estate = Estate::small().pipelines(&["2022-08-31", "2022-10-01"]).with_services(2).build().expect("an estate");
    estate.terraform(&["fmt", "-check", "-recursive"]).expect("it is formatted");
    estate.apply_live().expect("it applies");
    let state = estate.terraform(&["state", "list"]).expect("a state");
    assert_eq!(state.lines().count(), 6, "{state}");
    let plan = estate.terraform(&["plan", "-no-color"]).expect("a plan");
    assert!(plan.contains("No changes"), "{plan}");
}

#[test]
fn images_are_of_several_commits_and_kinds() {
    let aws = aws();
    let estate = Estate::small().aws(&aws).build().expect("an estate");
    let mut kinds = Vec::new();
    for repository in estate.repositories() {
        let latest = aws.tagged(&repository, "latest").expect("an answer").expect("latest");
        let live = aws.tagged(&repository, "2022-08-31").expect("an answer").expect("the live tag");
        assert!(latest.tags.contains(&estate.commits()[3].tag()), "{:?}", latest.tags);
        assert!(live.tags.contains(&estate.commits()[2].tag()), "{:?}", live.tags);
        assert_ne!(latest.digest, live.digest);
        kinds.push(latest.media_type);
    }
    kinds.sort();
    kinds.dedup();
    assert_eq!(kinds.len(), 4, "{kinds:?}");
}

#[test]
fn a_medium_estate_applies_and_its_function_runs_the_tagged_image() {
    let aws = aws();
    let estate = Estate::medium().aws(&aws).build().expect("an estate");
    estate.terraform(&["fmt", "-check", "-recursive"]).expect("it is formatted");
    estate.apply_live().expect("it applies");
    let path = "/2015-03-31/functions/2022-08-31-concepts_ingestor";
    let function = aws.ask_rest("lambda", "GET", path, &serde_json::Value::Null).expect("the function");
    let image = aws.tagged("weco/concepts_ingestor", "2022-08-31").expect("an answer").expect("the live tag");
    let running = function["Code"]["ResolvedImageUri"].as_str().expect("a digest");
    assert!(running.ends_with(&image.digest), "{running}");
    let plan = estate.terraform(&["plan", "-no-color"]).expect("a plan");
    assert!(plan.contains("No changes"), "{plan}");
}

#[test]
fn tags_in_the_code_of_a_medium_estate_leave_nothing_to_plan_after_they_move() {
    let aws = aws();
    let estate = Estate::medium().with_services(2).with_ecs(1).by_tag().aws(&aws).build().expect("an estate");
    estate.terraform(&["fmt", "-check", "-recursive"]).expect("it is formatted");
    estate.apply_live().expect("it applies");
    let (function, task) = ("2022-08-31-concepts_ingestor", "2022-08-31-concepts_aggregator");
    let digest =
        |repository: &str| aws.tagged(repository, "2022-08-31").expect("an answer").expect("the live tag").digest;
    assert_eq!(estate.running_function(function).expect("an answer"), Some(digest("weco/concepts_ingestor")));
    assert_eq!(estate.running_tasks(task).expect("tasks").len(), 1);
    estate.tag(&estate.commits()[3], "2022-08-31").expect("it moves");
    let uri = format!("{}.dkr.ecr.eu-west-1.amazonaws.com/weco/concepts_ingestor:2022-08-31", aws.account_id());
    let path = format!("/2015-03-31/functions/{function}/code");
    aws.ask_rest("lambda", "PUT", &path, &serde_json::json!({"ImageUri": uri})).expect("an update");
    let update = serde_json::json!({"cluster": "concepts", "service": task, "forceNewDeployment": true});
    aws.ecs("UpdateService", &update).expect("a deployment");
    assert_eq!(estate.running_function(function).expect("an answer"), Some(digest("weco/concepts_ingestor")));
    let plan = estate.terraform(&["plan", "-no-color"]).expect("a plan");
    assert!(plan.contains("No changes"), "{plan}");
}

#[test]
fn a_deployed_estate_runs_what_its_tags_name_however_many_services() {
    let aws = aws();
    let started = std::time::Instant::now();
    let estate = Estate::deployed()
        .with_services(50)
        .with_ecs(10)
        .shares_image("concepts_aggregator_bulk", "concepts_aggregator")
        .setting("concepts_recorder", "group = \"bulk\"")
        .aws(&aws)
        .build()
        .expect("an estate");
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
    assert_eq!((estate.services().len(), estate.repositories().len()), (50, 49));
    let settings = estate.read("pipelinectl.toml").expect("settings");
    assert!(
        settings.contains("repository = \"weco/concepts_recorder\"\nlambda = \"{namespace}-concepts_recorder\"\ngroup")
    );
    assert!(settings.contains("ecs = { cluster = \"concepts\", service = \"{namespace}-concepts_service_50\" }"));
    let tagged = |repository: &str, tag: &str| aws.tagged(repository, tag).expect("an answer").expect("the tag").digest;
    let shared = tagged("weco/concepts_aggregator", "2022-08-31");
    for function in ["concepts_aggregator", "concepts_aggregator_bulk"] {
        let running = estate.running_function(&format!("2022-08-31-{function}")).expect("an answer");
        assert_eq!(running.as_ref(), Some(&shared), "{function}");
    }
    assert_eq!(estate.running_tasks("2022-08-31-concepts_service_50").expect("tasks").len(), 1);
    estate.tag(&estate.commits()[3], "2022-10-01").expect("tags");
    estate.create_targets("2022-10-01").expect("a second pipeline");
    let running = estate.running_function("2022-10-01-concepts_recorder").expect("an answer");
    assert_eq!(running, Some(tagged("weco/concepts_recorder", "latest")));
    assert_eq!(estate.running_function("2022-10-02-concepts_recorder").expect("an answer"), None);
}

#[test]
fn images_are_built_from_branches_and_from_a_repository_of_their_own() {
    let aws = aws();
    let estate =
        Estate::deployed().with_services(2).code_apart().commit_tag("{commit}").aws(&aws).build().expect("an estate");
    assert_ne!(estate.code(), estate.root());
    assert!(estate.read("pipelinectl.toml").expect("settings").contains("git = \"../code\""));
    let feature = estate.branch("feature", "Try another index").expect("a commit");
    let next = estate.change("Fetch less").expect("a commit");
    assert_eq!((feature.tag(), feature.date), (feature.id.clone(), next.date));
    estate.build_some(&feature, &["concepts_ingestor"]).expect("an image");
    assert!(aws.tagged("weco/concepts_ingestor", &feature.id).expect("an answer").is_some());
    assert!(aws.tagged("weco/concepts_aggregator", &feature.id).expect("an answer").is_none());
    estate.tag(&feature, "latest").expect("as a build of a branch does");
    let latest = aws.tagged("weco/concepts_ingestor", "latest").expect("an answer").expect("it").tags;
    assert_eq!(latest, [feature.id.clone(), "latest".to_owned()]);
    estate.publish(&next).expect("images");
    let code = estate.code();
    let is_merged =
        |commit: &Commit| estate.git_in(&code, &["merge-base", "--is-ancestor", &commit.id, "origin/main"]).is_ok();
    assert!(is_merged(&next) && !is_merged(&feature));
    estate.merge("feature").expect("a merge");
    assert!(is_merged(&feature));
}

#[test]
fn a_shallow_clone_has_only_the_newest_commits() {
    let estate = Estate::small().build().expect("an estate");
    let (shallow, full) = (estate.shallow_clone(2).expect("a clone"), estate.full_clone().expect("another"));
    let count = |folder| estate.git_in(folder, &["rev-list", "--count", "HEAD"]).expect("git").trim().to_owned();
    assert_eq!((count(&shallow), count(&full)), ("2".to_owned(), "4".to_owned()));
    let is_shallow = estate.git_in(&shallow, &["rev-parse", "--is-shallow-repository"]).expect("git");
    assert_eq!(is_shallow.trim(), "true");
    estate.git_in(&shallow, &["fetch", "--quiet", "--unshallow"]).expect("the remote has the rest");
    assert_eq!(count(&shallow), "4");
}

#[test]
fn a_table_keeps_the_releases_where_asked_for() {
    let aws = aws();
    let estate = Estate::deployed().with_services(1).dynamodb().aws(&aws).build().expect("an estate");
    assert!(estate.read("pipelinectl.toml").expect("settings").contains("table = \"pipelinectl-releases\""));
    let table = aws.dynamodb("DescribeTable", &serde_json::json!({"TableName": "pipelinectl-releases"})).expect("it");
    assert_eq!(table["Table"]["KeySchema"][1]["AttributeName"], "item");
}

#[test]
fn a_full_estate_keeps_its_state_in_s3_under_a_lock() {
    let aws = aws();
    let estate = Estate::full().aws(&aws).build().expect("an estate");
    estate.apply_live().expect("it applies");
    let locked = |operation: &str| {
        let calls = aws.calls().expect("a log");
        calls
            .iter()
            .filter(|call| call.operation == operation && call.parameters.to_string().contains(".tflock"))
            .count()
    };
    assert!(locked("PutObject") > 0 && locked("DeleteObject") > 0, "no lock was taken");
    estate.terraform(&["plan", "-no-color", "-lock=false", "-out", "p.tfstate"]).expect("a plan");
    let plan = estate.terraform(&["show", "-json", "p.tfstate"]).expect("the plan");
    let plan: serde_json::Value = serde_json::from_str(&plan).expect("JSON");
    assert_eq!(plan["applyable"], false, "a plan of what has just been applied is empty");
    assert!(plan["resource_drift"].as_array().is_none_or(Vec::is_empty), "there is no drift either");
    old_builds_expire_and_what_a_pipeline_runs_does_not(&aws);
    assert_eq!(estate.git(&["status", "--porcelain"]).expect("git"), "");
}

/// The lifecycle policy of `infrastructure/`, as the local ECR judges it.
fn old_builds_expire_and_what_a_pipeline_runs_does_not(aws: &LocalAws) {
    let repository = "weco/concepts_ingestor";
    for number in 0..200 {
        let (seed, tag) = (format!("build {number}"), format!("ref.{number:040}"));
        aws.seed_image_at(repository, &seed, Kind::Docker, &[&tag], 1_700_000_000 + number).expect("an image");
    }
    let asked = serde_json::json!({"repositoryName": repository});
    aws.ecr("StartLifecyclePolicyPreview", &asked).expect("a policy");
    let preview = aws.ecr("GetLifecyclePolicyPreview", &asked).expect("a preview");
    let expiring = preview["previewResults"].as_array().expect("a list");
    let live = aws.tagged(repository, "2022-08-31").expect("an answer").expect("the live tag").digest;
    assert_eq!(expiring.len(), 2, "of 203 builds the live one is old too: {preview}");
    assert!(expiring.iter().all(|image| image["imageDigest"] != live.as_str()), "{preview}");
}
