//! Runs in which every permission is needed.

use sandbox::{Estate, Fault, LocalAws};
use serde_json::json;

use super::{DENIED, Guarded};
use crate::support::run;

const LIVE: &str = "2022-08-31";
const OTHER: &str = "2022-10-01";
const FIRST: &str = "weco/concepts_ingestor";
const SECOND: &str = "weco/concepts_aggregator";
const SECRET: &str = "elastic_cloud/concepts_pipeline_terraform/api_key";

/// Two functions and an ECS service in each of two pipelines; records in a table.
pub fn deployed(aws: &LocalAws) -> Estate {
    of_pipelines(aws, &[LIVE, OTHER])
}

fn of_pipelines(aws: &LocalAws, namespaces: &[&str]) -> Estate {
    let builder = Estate::deployed().with_services(3).with_ecs(1).pipelines(namespaces);
    builder.dynamodb().aws(aws).build().expect("an estate")
}

/// The same, and terraform is given a secret.
fn with_secret(aws: &LocalAws) -> Estate {
    let estate = deployed(aws);
    add_secret(aws, &estate);
    estate
}

fn add_secret(aws: &LocalAws, estate: &Estate) {
    aws.create_secret(SECRET, "hush").expect("a secret");
    let secret = format!("[terraform]\nenv = {{ EC_API_KEY = {{ secret = \"{SECRET}\" }} }}\n\n[images]");
    configure(estate, "[images]", &secret);
}

fn configure(estate: &Estate, find: &str, put: &str) {
    let text = estate.read("pipelinectl.toml").expect("readable");
    assert!(text.contains(find), "{find}");
    estate.write("pipelinectl.toml", &text.replacen(find, put, 1)).expect("writable");
}

/// A configuration in which a repository is named that does not exist, for as long as `during` takes.
fn with_unknown_repository(estate: &Estate, during: impl FnOnce()) {
    let text = estate.read("pipelinectl.toml").expect("readable");
    configure(estate, &format!("\"{FIRST}\""), "\"weco/concepts_ingester\"");
    during();
    estate.write("pipelinectl.toml", &text).expect("writable");
}

fn take_tag_away(aws: &LocalAws, repository: &str, tag: &str) {
    let call = json!({ "repositoryName": repository, "imageIds": [{ "imageTag": tag }] });
    aws.ecr("BatchDeleteImage", &call).expect("deleted");
}

/// The second repository takes no tags.
fn second_refuses() -> Vec<Fault> {
    vec![Fault::nth("PutImage", 1, DENIED).on(SECOND)]
}

/// A repository whose old images expire: only then is there something to preview.
fn let_images_expire(aws: &LocalAws) {
    let selection = json!({ "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 100 });
    let rules = json!({ "rules": [{ "rulePriority": 1, "selection": selection, "action": { "type": "expire" } }] });
    let call = json!({ "repositoryName": FIRST, "lifecyclePolicyText": rules.to_string() });
    aws.ecr("PutLifecyclePolicy", &call).expect("a policy");
}

#[test]
fn commands_that_look() {
    let aws = LocalAws::shared().expect("a local AWS");
    let estate = with_secret(&aws);
    estate.apply_live().expect("applied");
    let_images_expire(&aws);
    run(&estate, &["tag", "live", "--move", "--yes"]).ends_with(0);
    let mut guarded = Guarded::new(&aws);

    guarded.run(&estate, &["history"]).ends_with(0).says("tag");
    let history = guarded.run(&estate, &["history", "live", "--format", "json"]).ends_with(0).json();
    let release = history["releases"][0]["id"].as_str().expect("an id").to_owned();
    guarded.run(&estate, &["show", &release]).ends_with(0).says(&release);
    guarded.run(&estate, &["list"]).ends_with(0).says("live");
    guarded.run(&estate, &["images"]).ends_with(0).says(LIVE);
    guarded.run(&estate, &["tfvars", "live"]).ends_with(0).says("sha256:");
    guarded.run(&estate, &["status"]).ends_with(0).says(OTHER).does_not_say("not known");
    guarded.run(&estate, &["status", "live"]).ends_with(0).does_not_say("not known");
    let little = guarded.run_with_little(&estate, &["status", "live"]).ends_with(0).says("concepts_ingestor");
    little.says("What Terraform applied last is not known").says("lifecycle policy is about to expire an image is not");

    with_unknown_repository(&estate, || {
        guarded.run(&estate, &["tfvars", "live"]).ends_with(3).says("weco/concepts_ingester");
        guarded.run_with_little(&estate, &["tfvars", "live"]).ends_with(3).says("weco/concepts_ingester");
    });
    take_tag_away(&aws, FIRST, OTHER);
    let much = guarded.run(&estate, &["tfvars", OTHER]);
    guarded.run_with_little(&estate, &["tfvars", OTHER]).ends_with(much.code);

    guarded.all_was_needed(&["history", "images", "list", "show", "status", "tfvars"]);
}

#[test]
fn commands_that_deploy() {
    let aws = LocalAws::shared().expect("a local AWS");
    let estate = deployed(&aws);
    let_images_expire(&aws);
    let mut guarded = Guarded::new(&aws);
    let newest = estate.commits().last().expect("a commit").tag();

    guarded.run(&estate, &["deploy", "live", "--yes"]).ends_with(0).says("verified");
    guarded.run(&estate, &["rollback", "live", "--yes"]).ends_with(0).says("verified");
    guarded.run(&estate, &["unhold", "live", "--dry-run"]).ends_with(0);
    guarded.run(&estate, &["unhold", "live"]).ends_with(0);
    guarded.run(&estate, &["hold", "live", "--reason", "a test"]).ends_with(0);
    guarded.run(&estate, &["unhold", "live"]).ends_with(0);
    guarded.run(&estate, &["retag", FIRST, &newest, LIVE, "--yes"]).ends_with(0);
    guarded.run(&estate, &["retag", FIRST, &newest, "candidate", "--yes"]).ends_with(0);
    guarded.run(&estate, &["tag", "live", "--move", "--yes"]).ends_with(0);
    guarded.run(&estate, &["notify", "live", "--yes"]).ends_with(0).says("verified");

    // What is not there: the nearest is suggested, where listing is allowed.
    let wrong: [&[&str]; 5] = [
        &["deploy", OTHER, "--tag", "latst", "--yes"],
        &["rollback", OTHER, "--to", "89ab12c", "--yes"],
        &["retag", FIRST, "latst", OTHER, "--yes"],
        &["tag", "2022-11-01", "--source-tag", "latst", "--yes"],
        &["notify", OTHER, "--yes"],
    ];
    take_tag_away(&aws, FIRST, OTHER);
    for arguments in wrong {
        let (much, little) = (guarded.run(&estate, arguments), guarded.run_with_little(&estate, arguments));
        assert_eq!(much.code, little.code, "{}\n{}", much.err, little.err);
        assert_ne!(much.code, 0, "{arguments:?}");
    }
    guarded.run(&estate, wrong[0]).says("latest");
    guarded.run_with_little(&estate, wrong[0]).does_not_say("latest");
    with_unknown_repository(&estate, || {
        for arguments in [
            &["deploy", OTHER, "--yes"][..],
            &["rollback", OTHER, "--to", &newest[4..], "--yes"],
            &["notify", OTHER, "--yes"],
            &["tag", OTHER, "--move", "--yes"],
            &["retag", "weco/concepts_ingester", "latest", OTHER, "--yes"],
        ] {
            let (much, little) = (guarded.run(&estate, arguments), guarded.run_with_little(&estate, arguments));
            assert_eq!((much.code, little.code), (1, 1), "{arguments:?}\n{}\n{}", much.err, little.err);
            let (much, little) = (much.says("weco/concepts_ingester"), little.says("weco/concepts_ingester"));
            drop((much.says(FIRST), little.does_not_say(FIRST)));
        }
    });

    // A tag that is new is taken away again when another one fails; without the permission it stays.
    for arguments in [
        &["deploy", OTHER, "--yes"][..],
        &["rollback", OTHER, "--to", &newest[4..], "--yes"],
        &["tag", OTHER, "--move", "--yes"],
    ] {
        take_tag_away(&aws, FIRST, OTHER);
        guarded.run_with(&estate, arguments, second_refuses()).ends_with(1).says("put back");
        assert_eq!(aws.tagged(FIRST, OTHER).expect("an answer"), None);
        guarded.run_with_little_and(&estate, arguments, second_refuses()).ends_with(1).says("stays");
        assert!(aws.tagged(FIRST, OTHER).expect("an answer").is_some());
        // A rollback of which a tag stays is none that was taken back: its hold stays too.
        guarded.run(&estate, &["unhold", OTHER]).ends_with(0);
    }
    // Of one repository, only a tag whose answer was an error is taken away.
    let lost = vec![Fault::nth("PutImage", 1, "InvalidParameterException").after_effect()];
    guarded.run_with(&estate, &["retag", FIRST, &newest, "another", "--yes"], lost).ends_with(1);
    assert_eq!(aws.tagged(FIRST, "another").expect("an answer"), None);

    guarded.all_was_needed(&["deploy", "hold", "notify", "retag", "rollback", "tag", "unhold"]);
}

#[test]
fn commands_with_terraform() {
    let aws = LocalAws::shared().expect("a local AWS");
    let estate = with_secret(&aws);
    estate.apply_live().expect("applied");
    let mut guarded = Guarded::new(&aws);
    let next = "2022-10-14";

    guarded.run(&estate, &["doctor"]).ends_with(0).says("the table pipelinectl-releases");
    guarded.run(&estate, &["new", next, "--yes", "--source-tag", "latst"]).says("latest");
    with_unknown_repository(&estate, || {
        guarded.run(&estate, &["new", next, "--yes"]).says(FIRST);
        guarded.run(&estate, &["doctor"]).ends_with(1).says(FIRST);
        guarded.run(&estate, &["plan", OTHER, "--out", "reviewed"]);
    });
    guarded.run_with(&estate, &["new", next, "--yes"], second_refuses()).ends_with(1).says("put back");
    // Its functions are not there yet, which its last step finds; then they are.
    guarded.run(&estate, &["new", next, "--yes"]).ends_with(1).says("is not there");
    estate.create_targets(next).expect("targets");
    guarded.run(&estate, &["new", next, "--yes"]).ends_with(0);
    guarded.run(&estate, &["plan", next, "--out", "reviewed"]).ends_with(0);
    with_unknown_repository(&estate, || {
        guarded.run(&estate, &["apply", "reviewed", "--yes"]).ends_with(3).says("weco/concepts_ingester");
    });
    guarded.run(&estate, &["apply", "reviewed", "--yes"]).ends_with(0);
    take_tag_away(&aws, FIRST, next);
    guarded.run(&estate, &["plan", next, "--out", "again"]);
    guarded.run(&estate, &["apply", "reviewed", "--yes"]);
    take_tag_away(&aws, FIRST, "latest");
    guarded.run(&estate, &["doctor"]);

    guarded.all_was_needed(&["apply", "doctor", "new", "plan"]);
}

#[test]
fn retire() {
    const THIRD: &str = "2022-10-02";
    let aws = LocalAws::shared().expect("a local AWS");
    let estate = of_pipelines(&aws, &[LIVE, OTHER, THIRD]);
    add_secret(&aws, &estate);
    let mut guarded = Guarded::new(&aws);

    // Terraform knows nothing of it yet, so what runs is looked at.
    guarded.run(&estate, &["retire", OTHER, "--confirm", OTHER]).ends_with(3).says("but this is there");
    estate.apply_live().expect("applied");
    guarded.run(&estate, &["retire", OTHER, "--confirm", OTHER]).ends_with(0);
    assert_eq!(aws.tagged(FIRST, OTHER).expect("an answer"), None);
    guarded.run_with_little(&estate, &["retire", THIRD, "--confirm", THIRD]).ends_with(0);
    assert_eq!(aws.tagged(FIRST, THIRD).expect("an answer"), None);
    // Where pipelines are folders, the history says what became of one that is gone.
    configure(&estate, "layout = \"module-blocks\"", "layout = \"directories\"");
    guarded.run(&estate, &["retire", OTHER, "--confirm", OTHER]).ends_with(0).says("Nothing to do");

    guarded.all_was_needed(&["retire"]);
}

/// Without `--apply` it calls nothing: see `commands_without_a_policy_call_nothing`.
#[test]
fn set_with_apply() {
    let aws = LocalAws::shared().expect("a local AWS");
    let estate = with_secret(&aws);
    estate.apply_live().expect("applied");
    let mut guarded = Guarded::new(&aws);

    guarded
        .run(&estate, &["set", OTHER, "reindexing_state.index=spare", "--apply", "--yes"])
        .ends_with(0)
        .says("Applied.");

    guarded.all_was_needed(&["set"]);
}
