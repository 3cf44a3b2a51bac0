//! Modules with resources of AWS: a provider inside, a topic of two pipelines, an image that is gone.

use super::*;
use crate::new::change;

const STACK: &str = "infrastructure/stack/main.tf";
const PROVIDER: &str = "provider \"aws\" {\n  region = \"eu-west-1\"\n}\n";

/// Two pipelines with a topic each, of that name; the provider is configured in the module or in the root.
fn with_topics(name: &str, inside: bool) -> Estate {
    let aws = LocalAws::shared().expect("a local AWS");
    let built = Estate::medium().with_services(1).pipelines(&[LIVE, OLD]).aws(&aws).build();
    let estate = built.expect("an estate");
    let stack = estate.read(STACK).expect("readable");
    let head = &stack[..stack.find("\nresource ").min(stack.find("\ndata ")).expect("more than its variables")];
    // A function costs seconds; the topic shows the same.
    let image = "data.aws_ecr_image.service[\"concepts_ingestor\"].image_digest";
    let topic = format!(
        "\ndata \"aws_ecr_image\" \"service\" {{\n  for_each        = local.services\n  repository_name = \"weco/${{each.key}}\"\n  \
         image_tag       = var.namespace\n}}\n\nresource \"aws_sns_topic\" \"events\" {{\n  name = \"{name}\"\n  tags = {{ image = \
         {image} }}\n}}\n"
    );
    let provider = if inside { format!("\n{PROVIDER}") } else { String::new() };
    estate.write(STACK, &format!("{head}{topic}{provider}")).expect("written");
    if inside {
        change(&estate, MAIN, &format!("{PROVIDER}\n"), "");
    }
    estate.commit("Have a topic").expect("committed");
    estate.apply_live().expect("it applies");
    aws.forget().expect("an empty log");
    estate
}

#[test]
fn a_module_that_configures_its_provider_goes() {
    let estate = with_topics("${var.namespace}-events", true);
    assert_eq!(state(&estate).len(), 2);
    // Its block must be there for that: it is what terraform has the provider from.
    let text = estate.read(MAIN).expect("readable");
    retire(&estate, &["--edit-only"]).ends_with(0);
    let failed = retire(&estate, &[]).ends_with(1);
    assert!(failed.err.contains("no longer configures the provider of"), "{}", failed.err);
    assert!(failed.err.contains("hint: put the module's block back"), "{}", failed.err);
    estate.write(MAIN, &text).expect("written");
    retire(&estate, &[]).ends_with(0).says("- aws_sns_topic.events");
    assert_eq!((left(&estate), state(&estate).len()), (NOTHING, 1));
    estate.terraform(&["plan", "-detailed-exitcode", "-input=false"]).expect("nothing to change");
}

#[test]
fn a_topic_that_another_pipeline_has_too_is_not_destroyed() {
    let estate = with_topics("concepts-events", false);
    let refused = retire(&estate, &[]).ends_with(3);
    assert_eq!((left(&estate), state(&estate).len()), ((true, 1, 1), 2));
    let error = &refused.err[refused.err.find("error:").expect("an error")..];
    let error = error.replace(aws_of(&estate).account_id(), "[ACCOUNT]");
    insta::assert_snapshot!(error, @r"
    error: the plan is refused: 'retire' may only destroy what is inside module.concepts_pipeline_2022-10-01
      ✗ module.concepts_pipeline_2022-10-01.aws_sns_topic.events: delete, its name arn:aws:sns:eu-west-1:[ACCOUNT]:concepts-events, concepts-events does not carry 2022-10-01: another pipeline may use it
          --allow module.concepts_pipeline_2022-10-01.aws_sns_topic.events=delete
    hint: nothing was applied; find out why terraform wants that
    hint: with the --allow that stands below a change, it would pass nevertheless
    ");
    let allow = format!("{MODULE}.aws_sns_topic.events=delete");
    retire(&estate, &["--allow", &allow]).ends_with(0).says("passes only because of --allow");
    assert_eq!(left(&estate), NOTHING);
    let history = history(&estate);
    assert_eq!(history.last().expect("a record")["allowed"], serde_json::json!([allow]));
}

#[test]
fn where_an_image_is_gone_it_goes_without_a_refresh() {
    let estate = with_topics("${var.namespace}-events", false);
    untag(&estate, "weco/concepts_ingestor", OLD);
    let failed = retire(&estate, &[]).ends_with(1);
    let error = &failed.err[failed.err.find("error:").expect("an error")..];
    insta::assert_snapshot!(error, @r#"
    error: module.concepts_pipeline_2022-10-01.data.aws_ecr_image.service["concepts_ingestor"] reads an image that is not there
    hint: use --no-refresh: terraform then destroys what its state holds, without reading the image (-refresh=false)
    "#);
    assert_eq!(left(&estate), (true, 1, 0));
    retire(&estate, &["--no-refresh"]).ends_with(0);
    assert_eq!((left(&estate), state(&estate).len()), (NOTHING, 1));
    let history = history(&estate);
    assert_eq!(history.last().expect("a record")["allowed"], serde_json::json!(["--no-refresh"]));
}
