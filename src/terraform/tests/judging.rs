//! The guard on plans of the real terraform.

use super::support::*;
use crate::operations::terraform_run;
use crate::terraform::*;

fn refused(planned: &crate::operations::terraform_run::Planned) -> Vec<String> {
    planned.verdict.refusals.iter().map(|it| it.allow.as_ref().expect("can be allowed").to_string()).collect()
}

#[test]
fn drift_in_the_live_pipeline_is_refused_until_it_is_allowed() {
    let estate = Estate::with_live("");
    estate.write("main.tf", &format!("{LIVE}{NEW}"));
    let state = estate.read("terraform.tfstate").replace("2022-08-31-queue", "2022-08-31-tampered");
    estate.write("terraform.tfstate", &state);
    let mut planned = estate.plan(&rules(Permits::Anything));
    assert_eq!(refused(&planned), ["module.x_2022-08-31.terraform_data.queue=update"]);
    assert_eq!(planned.verdict.refusals[0].reason, Reason::Outside);
    let error = terraform_run::apply(&estate.program(), &planned, &Recorder::default()).expect_err("refused");
    assert!(matches!(error, Error::Refused));
    assert_eq!(estate.read("terraform.tfstate"), state, "nothing was applied");

    let mut rules = rules(Permits::Create);
    rules.allows.push(refused(&planned)[0].parse().expect("an allow"));
    planned.judge_again(&rules);
    assert!(planned.verdict.passes());
    let applied = terraform_run::apply(&estate.program(), &planned, &Recorder::default()).expect("applied");
    assert_eq!((applied.ending, applied.totals.change, applied.totals.add), (Ending::Complete, 1, 3));
}

#[test]
fn every_kind_of_change_in_the_root_is_refused_by_name() {
    let before = r#"
resource "terraform_data" "old" {}
resource "terraform_data" "gone" {}
resource "terraform_data" "forgotten" {}
resource "terraform_data" "replaced" { triggers_replace = ["a"] }
resource "terraform_data" "first" {
  triggers_replace = ["a"]
  lifecycle { create_before_destroy = true }
}
resource "terraform_data" "updated" { input = "a" }
output "one" { value = "1" }
output "two" { value = "2" }
"#;
    let after = r#"
resource "terraform_data" "new" {}
resource "terraform_data" "made" {}
resource "terraform_data" "imported" {}
resource "terraform_data" "replaced" { triggers_replace = ["b"] }
resource "terraform_data" "first" {
  triggers_replace = ["b"]
  lifecycle { create_before_destroy = true }
}
resource "terraform_data" "updated" { input = "b" }
output "one" { value = "3" }
moved {
  from = terraform_data.old
  to   = terraform_data.new
}
removed {
  from = terraform_data.forgotten
  lifecycle { destroy = false }
}
import {
  to = terraform_data.imported
  id = "i"
}
"#;
    let estate = Estate::new(before);
    estate.apply_all();
    estate.write("main.tf", after);
    let planned = estate.plan(&rules(Permits::Anything));
    let mut found = refused(&planned);
    found.sort();
    assert_eq!(
        found,
        [
            "output.one=update",
            "output.two=update",
            "terraform_data.first=replace",
            "terraform_data.forgotten=forget",
            "terraform_data.gone=delete",
            "terraform_data.imported=import",
            "terraform_data.made=create",
            "terraform_data.new=move",
            "terraform_data.replaced=replace",
            "terraform_data.updated=update",
        ]
    );
    let counts = planned.summary.counts;
    assert_eq!((counts.create, counts.update, counts.delete, counts.replace), (1, 1, 1, 2));
    assert_eq!((counts.moved, counts.import, counts.forget, counts.outputs), (1, 1, 1, 2));
    assert!(planned.summary.lines[..3].iter().all(Line::destroys));
    let replaced = planned.summary.lines.iter().find(|it| it.relative == "terraform_data.replaced").expect("a line");
    assert_eq!(replaced.replace_paths, ["triggers_replace"]);

    let allows: Vec<Allow> = found.iter().map(|it| it.parse().expect("an allow")).collect();
    let all = Rules { allows, ..rules(Permits::Create) };
    let planned = estate.plan(&all);
    assert!(planned.verdict.passes() && planned.verdict.unused.is_empty());
    let applied = terraform_run::apply(&estate.program(), &planned, &Recorder::default()).expect("applied");
    assert_eq!(applied.ending, Ending::Complete, "{:?}", applied.errors);
    assert!(!estate.plan(&Rules::default()).has_changes());
}

#[test]
fn a_move_into_the_pipeline_is_refused() {
    let estate = Estate::with_live("resource \"terraform_data\" \"shared\" {}\n");
    let moved = "moved {\n  from = terraform_data.shared\n  to   = module.x_2022-08-3.terraform_data.queue\n}\n";
    estate.write("main.tf", &format!("{LIVE}{NEW}{moved}"));
    let planned = estate.plan(&rules(Permits::Anything));
    assert_eq!(refused(&planned), ["module.x_2022-08-3.terraform_data.queue=move"]);
    let previous = planned.verdict.refusals[0].previous_address.as_ref().map(Address::as_str);
    assert_eq!(previous, Some("terraform_data.shared"));
}

#[test]
fn a_check_with_a_data_source_does_not_refuse_it() {
    let estate = Estate::with_live("");
    let other = Estate::new("output \"x\" { value = 1 }\n");
    other.apply_all();
    let check = format!(
        r#"
check "other" {{
  data "terraform_remote_state" "other" {{
    backend = "local"
    config  = {{ path = "{}" }}
  }}
  assert {{
    condition     = data.terraform_remote_state.other.outputs.x == 2
    error_message = "it is not 2"
  }}
}}
"#,
        other.path("terraform.tfstate").display()
    );
    estate.write("main.tf", &format!("{LIVE}{NEW}{check}"));
    let planned = estate.plan(&rules(Permits::Create));
    assert!(planned.verdict.passes(), "{:?}", planned.verdict);
    assert_eq!(planned.verdict.reads.len(), 1);
    assert_eq!(planned.plan.checks[0].status, "fail");
    terraform_run::apply(&estate.program(), &planned, &Recorder::default()).expect("applied");
    let again = estate.plan(&rules(Permits::Create));
    assert!(!again.has_changes(), "the read alone is no change");
}

#[test]
fn what_changes_is_told_but_nothing_that_is_sensitive() {
    let text = |size: u8, secret: &str, trigger: &str| {
        format!(
            r#"
resource "terraform_data" "queue" {{ input = {{ size = {size}, secret = sensitive("{secret}"), tags = ["a", "b{size}"] }} }}
resource "terraform_data" "made_anew" {{ triggers_replace = {{ name = "{trigger}" }} }}
resource "terraform_data" "stays" {{ input = "{{}}" }}
"#
        )
    };
    let estate = Estate::new(&text(5, "s3cret-before", "one"));
    estate.apply_all();
    estate.write("main.tf", &text(6, "s3cret-after", "two"));
    let planned = estate.plan(&rules(Permits::Anything));
    let told = |name: &str| {
        let change = planned.plan.changes.iter().find(|change| change.address.as_str().ends_with(name)).expect(name);
        let shown = change.differences.shown.iter();
        let mut told: Vec<String> = shown.map(|it| format!("{}: {}", it.path, it.change)).collect();
        told.extend(change.differences.unknown.iter().map(|name| format!("{name}?")));
        told
    };
    assert_eq!(
        told("queue"),
        ["input.secret: a sensitive value", "input.size: 5 → 6", r#"input.tags[1]: "b5" → "b6""#, "output?"]
    );
    assert_eq!(told("made_anew"), [r#"triggers_replace.name: "one" → "two""#, "id?"]);
    assert!(planned.plan.changes.iter().any(|change| change.differences.shown.iter().any(|it| it.forces)));
    assert!(!format!("{planned:?}").contains("s3cret"), "no sensitive value is kept");
}
