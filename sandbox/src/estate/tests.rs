use super::*;

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
    assert_eq!(estate.git(&["status", "--porcelain"]).expect("git"), "");
}
