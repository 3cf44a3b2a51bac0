//! Lambda functions, registries elsewhere, secrets.

use sandbox::{Estate, Kind};
use serde_json::Value;

use super::*;
use crate::support::{run, writes};

#[test]
fn functions_run_the_tagged_images_and_are_then_left_alone() {
    let estate = built(Estate::medium().with_services(2));
    estate.apply_live().expect("it applies");
    let report = run(&estate, &["new", NEW, "--yes", "--format", "json"]).ends_with(0).json();
    for (row, (service, digest)) in report["services"]
        .as_array()
        .expect("rows")
        .iter()
        .zip(estate.services().iter().zip(digests(&estate, "latest")))
    {
        let digest = digest.expect("an image");
        assert_eq!(
            (&row["service"], &row["verdict"]),
            (&Value::from(service.as_str()), &Value::from("verified")),
            "{row}"
        );
        assert_eq!(row["digest"], digest, "{row}");
        let path = format!("/2015-03-31/functions/{NEW}-{service}");
        let function = aws_of(&estate).ask_rest("lambda", "GET", &path, &Value::Null).expect("the function");
        let running = function["Code"]["ResolvedImageUri"].as_str().expect("an image");
        assert!(running.ends_with(&digest), "{running}");
    }
    assert_eq!(report["services"].as_array().map(Vec::len), Some(2));

    aws_of(&estate).forget().expect("forgotten");
    run(&estate, &["new", NEW, "--yes"]).ends_with(0).says("Nothing to do: 2022-10-14 is complete.").says("verified");
    run(&estate, &["new", LIVE, "--yes"]).ends_with(0).says("Nothing to do: 2022-08-31 is complete.");
    assert_eq!(writes(&estate), Vec::<String>::new());
}

#[test]
fn repositories_may_be_in_another_account_and_region() {
    let registry = aws().in_region("us-east-1");
    let estate = live();
    for service in estate.services() {
        let name = format!("weco/{service}");
        registry.create_repository(&name).expect("a repository");
        registry.seed_image(&name, service, Kind::Docker, &["latest", &estate.commits()[3].tag()]).expect("an image");
    }
    let place =
        format!("\n[aws.ecr]\naccount_id = \"{}\"\nregion = \"us-east-1\"\n\n[images]\n", registry.account_id());
    change(&estate, "pipelinectl.toml", "\n[images]\n", &place);
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    assert_eq!(tags_made(&estate), 0, "none in the account of the functions");
    for repository in estate.repositories() {
        let tag = |tag| registry.tagged(&repository, tag).expect("an answer").expect("the tag").digest;
        assert_eq!(tag(NEW), tag("latest"));
    }
    let calls = aws_of(&estate).calls().expect("a log");
    let puts: Vec<_> = calls.iter().filter(|call| call.operation == "PutImage").collect();
    assert_eq!(puts.len(), 5);
    assert!(puts.iter().all(|call| call.region == "us-east-1"), "{puts:?}");
    assert!(puts.iter().all(|call| call.parameter("registryId") == Some(registry.account_id())), "{puts:?}");
}

#[test]
fn secrets_reach_terraform_and_are_never_shown() {
    const SECRET: &str = "correct-horse-battery-staple";
    let estate = laid_out();
    aws_of(&estate).create_secret("elastic_cloud/api_key", SECRET).expect("a secret");
    let with = r#"

resource "terraform_data" "key" {
  input = "key of ${var.namespace}"

  provisioner "local-exec" {
    command = "echo the key is $EC_API_KEY; echo $EC_API_KEY $PLAIN >> seen-${var.namespace}; echo $EC_API_KEY >&2"
  }
}

output "services" {"#;
    change(&estate, "infrastructure/stack/main.tf", "\n\noutput \"services\" {", with);
    estate.apply_live().expect("it applies");
    let env =
        "\n[terraform]\nenv = { EC_API_KEY = { secret = \"elastic_cloud/api_key\" }, PLAIN = \"shown\" }\n\n[images]\n";
    change(&estate, "pipelinectl.toml", "\n[images]\n", env);
    let run = run(&estate, &["new", NEW, "--yes", "-v"]).ends_with(0).does_not_say(SECRET);
    assert!(run.err.contains("the key is (hidden)"), "what the provisioner says is shown with -v\n{}", run.err);
    assert_eq!(estate.read("infrastructure/seen-2022-10-14").expect("it ran"), format!("{SECRET} shown\n"));
    let records = snapshot(&estate).into_iter().filter(|(path, ..)| path.starts_with(estate.home()));
    for (path, _, content) in records {
        assert!(!String::from_utf8_lossy(&content).contains(SECRET), "{}", path.display());
    }
}

#[test]
fn a_failing_terraform_does_not_show_the_secret() {
    const SECRET: &str = "correct-horse-battery-staple";
    let estate = laid_out();
    aws_of(&estate).create_secret("api_key", SECRET).expect("a secret");
    let with = r#"

resource "terraform_data" "key" {
  provisioner "local-exec" {
    command = "[ -z $EC_API_KEY ] || { echo no such key: $EC_API_KEY >&2; exit 1; }"
  }
}

output "services" {"#;
    change(&estate, "infrastructure/stack/main.tf", "\n\noutput \"services\" {", with);
    estate.apply_live().expect("it applies");
    let env = "\n[terraform]\nenv = { EC_API_KEY = { secret = \"api_key\" } }\n\n[images]\n";
    change(&estate, "pipelinectl.toml", "\n[images]\n", env);
    run(&estate, &["new", NEW, "--yes"])
        .ends_with(1)
        .does_not_say(SECRET)
        .says("terraform apply failed")
        .says("no such key: (hidden)")
        .says("hint: to go on, run the same command again: it makes what is missing")
        .says("hint: to give up: pipelinectl retire 2022-10-14");
    assert!(state(&estate).contains(&format!("{MODULE}.terraform_data.key (tainted)")), "{:?}", state(&estate));
    // A secret that is not there: before anything is changed.
    change(&estate, "pipelinectl.toml", "secret = \"api_key\"", "secret = \"no_key\"");
    aws_of(&estate).forget().expect("forgotten");
    run(&estate, &["new", "2022-11-01", "--yes"]).ends_with(1).says("no_key").says("EC_API_KEY below [terraform] env");
    assert_eq!(writes(&estate), Vec::<String>::new());
    // What was left half made is made anew, although 'new' may only create.
    change(&estate, "pipelinectl.toml", "env = { EC_API_KEY = { secret = \"no_key\" } }\n", "");
    run(&estate, &["new", NEW, "--yes"]).ends_with(0).says("terraform_data.key");
    assert!(!state(&estate).iter().any(|address| address.contains("(tainted)")), "{:?}", state(&estate));
}

#[test]
fn killed_during_the_apply_no_function_is_lost() {
    let estate = built(Estate::medium());
    estate.apply_live().expect("it applies");
    let mut first = start(&estate, &["new", NEW, "--yes"]);
    first.until("the role", || calls(&estate, "CreateRole") > 1);
    aws_of(&estate).set(&Switches::new().latency_ms(500)).expect("switched");
    first.until("the function", || calls(&estate, "CreateFunction") > 1).kill();
    aws_of(&estate).set(&Switches::new().latency_ms(0)).expect("switched");
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    assert_eq!((made(&estate), calls(&estate, "CreateFunction")), (2, 2), "{:?}", state(&estate));
    run(&estate, &["new", NEW, "--yes"]).ends_with(0).says("Nothing to do").says("verified");
}
