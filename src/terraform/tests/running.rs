//! Plan, read, apply, as it should be.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::support::*;
use crate::operations::terraform_run;
use crate::terraform::*;

#[test]
fn a_new_pipeline_is_planned_judged_and_applied() {
    let estate = Estate::with_live("");
    estate.write("main.tf", &format!("{LIVE}{NEW}"));
    let program = estate.program();
    let recorder = Recorder::default();
    let options = PlanOptions::default();
    let planned = terraform_run::plan(&program, &options, &rules(Permits::Create), &recorder).expect("planned");
    assert!(planned.saved.initialized, "the new module is not installed yet");
    assert!(recorder.has("terraform init: initialized (Done)"));
    assert!(planned.verdict.passes() && planned.has_changes());
    assert_eq!((planned.summary.counts.create, planned.summary.counts.unchanged), (3, 3));
    assert_eq!(planned.summary.lines[1].relative, r#"terraform_data.topic["a.b"]"#);
    let mode = fs::metadata(planned.saved.path()).expect("the plan").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let applied = terraform_run::apply(&program, &planned, &recorder).expect("applied");
    assert_eq!((applied.ending, applied.totals.add, applied.done.len()), (Ending::Complete, 3, 3));
    assert!(applied.broken.is_empty() && applied.not_begun.is_empty());
    assert!(recorder.has("module.x_2022-08-3.terraform_data.queue: creating"));
    assert!(recorder.has("module.x_2022-08-3.terraform_data.queue: created (Done)"));
    let (path, private) =
        (planned.saved.path().to_owned(), planned.saved.path().parent().expect("a folder").to_owned());
    let files =
        fs::read_dir(&private).expect("files").flatten().map(|it| it.file_name().into_string().expect("a name"));
    assert!(path.exists() && files.filter(|it| it.starts_with("show") && it.contains(".out")).count() == 0);
    drop(planned);
    assert!(!private.exists());

    let again = estate.plan(&rules(Permits::Create));
    assert!(!again.has_changes() && !again.saved.initialized);
    assert_eq!(again.saved.version, program.version(&Recorder::default()).ok());
}

#[test]
fn a_plan_made_before_another_apply_is_stale() {
    let estate = Estate::new("resource \"terraform_data\" \"a\" {}\n");
    let open = Rules::default();
    let first = estate.plan(&open);
    estate.apply_all();
    let error = estate.program().apply(&first.saved, &first.plan, &Recorder::default()).expect_err("stale");
    assert!(matches!(error, Error::StalePlan), "{error}");
}

#[test]
fn a_reviewed_plan_is_applied_as_it_was_reviewed() {
    let estate = Estate::with_live("");
    estate.write("main.tf", &format!("{LIVE}{NEW}"));
    let planned = estate.plan(&rules(Permits::Create));
    let file = estate.path("reviewed.tfplan");
    planned.saved.save_as(&file).expect("saved");
    let mut review = Review::of(&planned.saved, planned.verdict.passes());
    review.namespace = Some("2022-08-3".into());
    review.write(&file).expect("written");
    drop(planned);
    for path in [file.clone(), Review::path(&file)] {
        assert_eq!(fs::metadata(path).expect("there").permissions().mode() & 0o777, 0o600);
    }

    let read = Review::read(&file).expect("read");
    assert_eq!(read, review);
    let program = estate.program();
    let rules = rules(Permits::Create);
    let planned = terraform_run::reviewed(&program, &file, &read, &rules, &Recorder::default()).expect("the same");
    fs::write(&file, "another").expect("written");
    let applied = terraform_run::apply(&program, &planned, &Recorder::default()).expect("the copy is applied");
    assert_eq!(applied.ending, Ending::Complete);
    let error = terraform_run::reviewed(&program, &file, &read, &rules, &Recorder::default()).expect_err("another");
    assert!(matches!(error, Error::AnotherPlan { .. }), "{error}");
    fs::remove_file(Review::path(&file)).expect("removed");
    assert!(matches!(Review::read(&file), Err(Error::ReviewUnreadable { .. })));
}

#[test]
fn no_secret_is_shown() {
    let estate = Estate::new(
        r#"
variable "password" { sensitive = true }
variable "other" {}
resource "terraform_data" "a" {
  input = var.password
  provisioner "local-exec" { command = "echo out ${var.other}; echo \"$KEY\"" }
}
resource "terraform_data" "b" {
  input = var.other
  lifecycle {
    precondition {
      condition     = var.other == "x"
      error_message = "it is ${var.other}"
    }
  }
}
output "password" {
  value     = var.password
  sensitive = true
}
"#,
    );
    let mut settings = estate.settings();
    for (name, value) in [("TF_VAR_password", "hunter22"), ("KEY", "key-of-all"), ("TF_VAR_other", "tell-nobody")] {
        settings.additions.insert(name.into(), Value::Secret(value.into()));
    }
    let recorder = Recorder::default();
    let program = Program::find(settings.clone()).expect("found");
    let failed =
        terraform_run::plan(&program, &PlanOptions::default(), &Rules::default(), &recorder).expect_err("fails");
    assert!(format!("{failed:?}").contains("it is (hidden)"), "{failed:?}");

    estate.write("main.tf", &estate.read("main.tf").replace("var.other == \"x\"", "true || var.other == \"x\""));
    let planned =
        terraform_run::plan(&program, &PlanOptions::default(), &Rules::default(), &recorder).expect("planned");
    let applied = program.apply(&planned.saved, &planned.plan, &recorder).expect("applied");
    assert_eq!(applied.ending, Ending::Complete, "{:?}", applied.errors);
    let json = serde_json::to_string(&(&planned.plan, &planned.verdict, &planned.summary, &applied)).expect("JSON");
    let all = format!("{settings:?}{program:?}{failed:?}{failed}{planned:?}{applied:?}{json}{:?}", recorder.lines());
    assert!(all.contains("out (hidden)"), "the provisioner's output was followed: {all}");
    for secret in ["hunter22", "key-of-all", "tell-nobody"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

#[test]
fn a_log_goes_to_a_file_of_its_own() {
    let estate = Estate::new("resource \"terraform_data\" \"a\" {}\n");
    let mut settings = estate.settings();
    settings.environment.insert("TF_LOG".into(), "debug".into());
    let program = Program::find(settings).expect("found");
    let recorder = Recorder::default();
    program.plan(&PlanOptions::default(), &recorder).expect("planned");
    let file = program.log_file().expect("a file").to_owned();
    assert!(recorder.has(&format!("note: TF_LOG writes to {}", file.display())));
    let metadata = fs::metadata(&file).expect("it is there");
    fs::remove_file(file).expect("removed");
    assert!(metadata.len() > 0 && metadata.permissions().mode() & 0o777 == 0o600);
}

#[test]
fn a_destroy_of_one_module_takes_no_other() {
    let estate = Estate::with_live(NEW);
    let options = PlanOptions {
        destroy: Some(Destroy::Targets(vec!["module.x_2022-08-3".parse().expect("an address")])),
        ..PlanOptions::default()
    };
    let mut rules = rules(Permits::Delete);
    let planned = terraform_run::plan(&estate.program(), &options, &rules, &Recorder::default()).expect("planned");
    assert_eq!(planned.verdict.blocks, [Block::Incomplete]);
    rules.targeted_destroy = true;
    let planned = terraform_run::plan(&estate.program(), &options, &rules, &Recorder::default()).expect("planned");
    assert!(planned.verdict.passes());
    assert_eq!(planned.summary.counts.delete, 3);
    let applied = terraform_run::apply(&estate.program(), &planned, &Recorder::default()).expect("applied");
    assert_eq!((applied.ending, applied.totals.remove), (Ending::Complete, 3));
    estate.write("main.tf", LIVE);
    assert!(!estate.plan(&Rules::default()).has_changes());
}
