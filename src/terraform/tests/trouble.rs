//! What goes wrong, each told as itself.

use std::time::{Duration, Instant};

use super::support::*;
use crate::operations::terraform_run;
use crate::terraform::*;

fn find(estate: &Estate, change: impl FnOnce(&mut ProgramSettings)) -> Result<Program, Error> {
    let mut settings = estate.settings();
    change(&mut settings);
    Program::find(settings)
}

#[test]
fn a_program_that_is_not_there_is_told_with_the_places() {
    let estate = Estate::new("");
    let error = find(&estate, |it| it.program = "terraform-of-nobody".into()).expect_err("not there");
    assert!(matches!(&error, Error::NotFound { searched, .. } if !searched.is_empty()), "{error}");
    let error = find(&estate, |it| it.program = "bin/tf".into()).expect_err("not there");
    assert!(matches!(&error, Error::NotFound { searched, .. } if searched[0].ends_with("bin/tf")), "{error}");
    estate.write("bin/tf", "no program");
    assert!(matches!(find(&estate, |it| it.program = "bin/tf".into()), Err(Error::NotExecutable { .. })));
    let gone = estate.path("gone");
    assert!(matches!(find(&estate, |it| it.root = gone), Err(Error::NoRoot { .. })));
}

#[test]
fn an_old_program_or_another_one_is_refused() {
    let estate = Estate::new("");
    estate.script(
        "old",
        r#"echo '{"terraform_version":"1.4.6"}'; [ "$1" = version ] || echo '{"type":"version","terraform":"1.4.6"}'"#,
    );
    estate.script("other", "echo hello; echo trouble >&2; exit 3");
    estate.script("tofu", r#"echo '{"terraform_version":"1.8.2","platform":"linux_amd64"}'"#);
    let quiet = Recorder::default();
    let old = find(&estate, |it| it.program = "./old".into()).expect("it is there");
    for error in [old.version(&quiet).expect_err("old"), old.plan(&PlanOptions::default(), &quiet).expect_err("old")] {
        assert!(matches!(error, Error::TooOld { found: Version { major: 1, minor: 4, patch: 6 }, needed: OLDEST, .. }));
    }
    let other = find(&estate, |it| it.program = "./other".into()).expect("it is there");
    assert!(matches!(other.version(&quiet), Err(Error::VersionUnreadable { output, .. }) if output == "hello"));
    assert!(matches!(other.plan(&PlanOptions::default(), &quiet), Err(Error::VersionUnreadable { .. })));
    let tofu = find(&estate, |it| it.program = "./tofu".into()).expect("it is there");
    assert_eq!(tofu.version(&quiet).expect("new enough").to_string(), "1.8.2");
}

#[test]
fn what_would_change_the_plan_unseen_is_refused() {
    let estate = Estate::new("");
    let error = find(&estate, |it| {
        it.environment.insert("TF_CLI_ARGS_plan".into(), "-target=module.x".into());
    });
    assert!(matches!(error, Err(Error::Environment { variable, .. }) if variable == "TF_CLI_ARGS_plan"));
    for argument in ["-upgrade", "--upgrade", "-upgrade=true", "-migrate-state", "-reconfigure"] {
        let error = find(&estate, |it| it.init_args = vec![argument.into()]);
        assert!(matches!(error, Err(Error::InitArgument { .. })), "{argument}");
    }
    estate.write(".terraform/environment", "staging");
    assert!(matches!(find(&estate, |_| {}), Err(Error::Workspace { found, .. }) if found == "staging"));
    assert!(find(&estate, |it| it.workspace = Some("staging".into())).is_ok());
}

#[test]
fn a_wrong_configuration_is_told_with_its_place() {
    let estate = Estate::new("\nresource \"terraform_data\" \"a\" {\n");
    let Err(Error::Configuration { diagnostics }) = estate.try_plan(&Rules::default()) else {
        panic!("a syntax error")
    };
    assert_eq!(diagnostics[0].place.as_ref().map(|it| (it.file.as_str(), it.line)), Some(("main.tf", 2)));
    assert_eq!(diagnostics[0].to_string(), "main.tf:2:31: Unclosed configuration block");

    estate.write("main.tf", "module \"m\" { source = \"./m\" }\nresource \"terraform_data\" \"a\" { foo }\n");
    let Err(Error::Configuration { diagnostics }) = estate.try_plan(&Rules::default()) else {
        panic!("a syntax error")
    };
    assert_eq!(diagnostics[0].place.as_ref().map(|it| it.line), Some(2), "{diagnostics:?}");

    estate.write("main.tf", "variable \"x\" {}\n");
    assert!(matches!(estate.try_plan(&Rules::default()), Err(Error::Configuration { .. })));
    estate.write("main.tf", "module \"m\" { source = \"./nowhere\" }\n");
    let error = estate.try_plan(&Rules::default()).expect_err("no such folder");
    assert!(matches!(&error, Error::Init { attempts: 1, .. }), "{error:?}");
}

#[test]
fn init_is_run_when_a_source_changes_and_not_otherwise() {
    let estate = Estate::new("module \"m\" { source = \"./a\" }\nterraform {\n  backend \"local\" {}\n}\n");
    for name in ["a/main.tf", "b/main.tf"] {
        estate.write(name, "resource \"terraform_data\" \"x\" {}\n");
    }
    assert!(estate.plan(&Rules::default()).saved.initialized);
    assert!(!estate.plan(&Rules::default()).saved.initialized);
    estate.write("main.tf", &estate.read("main.tf").replace("./a", "./b"));
    assert!(estate.plan(&Rules::default()).saved.initialized);
}

#[test]
fn another_backend_needs_the_users_word() {
    let backend = |path: &str| format!("terraform {{\n  backend \"local\" {{\n    path = \"{path}\"\n  }}\n}}\n");
    let estate = Estate::new(&backend("one.tfstate"));
    estate.plan(&Rules::default());
    estate.write("main.tf", &backend("two.tfstate"));
    let error = estate.try_plan(&Rules::default()).expect_err("changed");
    assert!(matches!(&error, Error::BackendChanged { reason, .. } if reason.contains("has changed")), "{error}");
    assert!(!estate.path("two.tfstate").exists());
}

#[test]
fn an_unreachable_backend_is_told_as_itself() {
    let estate = Estate::new(
        "terraform {\n  backend \"s3\" {\n    bucket = \"b\"\n    key = \"k\"\n    region = \"eu-west-1\"\n    endpoints = { s3 = \
         \"http://127.0.0.1:1\" }\n    skip_credentials_validation = true\n    skip_requesting_account_id = true\n    use_path_style = \
         true\n    max_retries = 1\n  }\n}\n",
    );
    let mut settings = estate.settings();
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        settings.environment.insert(name.into(), "testing".into());
    }
    let recorder = Recorder::default();
    let program = Program::find(settings).expect("found");
    let error = program.plan(&PlanOptions::default(), &recorder).expect_err("nobody answers");
    assert!(matches!(error, Error::Backend { .. }), "{error:?}");
    assert!(recorder.has("terraform init: failed, trying again"), "init is tried again");
}

#[test]
fn a_failed_apply_tells_what_was_done() {
    let estate = Estate::new(
        r#"
resource "terraform_data" "a" {}
resource "terraform_data" "b" {
  depends_on = [terraform_data.a]
  provisioner "local-exec" { command = "exit 3" }
}
resource "terraform_data" "c" { depends_on = [terraform_data.b] }
"#,
    );
    let planned = estate.plan(&Rules::default());
    let applied = estate.program().apply(&planned.saved, &planned.plan, &Recorder::default()).expect("it began");
    let names = |steps: &[Step]| steps.iter().map(|it| it.address.clone()).collect::<Vec<_>>();
    assert_eq!(applied.ending, Ending::Failed);
    assert_eq!(names(&applied.done), ["terraform_data.a"]);
    assert_eq!(names(&applied.broken), ["terraform_data.b"]);
    assert_eq!(names(&applied.not_begun), ["terraform_data.c"]);
    assert_eq!(applied.errors[0].address.as_deref(), Some("terraform_data.b"));
    assert_eq!(applied.errors[0].place.as_ref().map(|it| it.line), Some(5));

    let mut scoped = rules(Permits::Create);
    scoped.scopes.clear();
    let again = estate.plan(&scoped);
    let tainted = again.verdict.refusals.iter().find(|it| it.address.as_str() == "terraform_data.b").expect("tainted");
    assert_eq!((tainted.action.as_str(), tainted.cause.as_deref()), ("replace", Some("replace_because_tainted")));
}

#[test]
fn a_lock_of_another_is_told_at_once_and_waited_for() {
    let slow = "resource \"terraform_data\" \"a\" {\n  provisioner \"local-exec\" {\n    command = \"touch began; sleep 6\"\n  }\n}\n";
    let estate = Estate::new(slow);
    std::thread::scope(|scope| {
        scope.spawn(|| estate.apply_all());
        while !estate.path("began").exists() {
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut settings = estate.settings();
        settings.lock_timeout = Duration::ZERO;
        let impatient = Program::find(settings.clone()).expect("found");
        let error = impatient.plan(&PlanOptions::default(), &Recorder::default()).expect_err("locked");
        let Error::StateLocked { lock, program } = &error else { panic!("{error:?}") };
        assert_eq!((lock.operation.as_str(), program.as_str()), ("OperationTypeApply", "terraform"));
        assert!(!lock.id.is_empty() && !lock.who.is_empty() && !lock.created.is_empty());
        let unlocked = PlanOptions { lock: false, ..PlanOptions::default() };
        assert!(impatient.plan(&unlocked, &Recorder::default()).is_ok(), "a plan without the lock waits for nobody");

        let recorder = Recorder::default();
        let started = Instant::now();
        let patient = estate.program();
        let planned = terraform_run::plan(&patient, &PlanOptions::default(), &Rules::default(), &recorder);
        assert!(!planned.expect("it waits").has_changes(), "what the other made is there");
        assert!(started.elapsed() > Duration::from_millis(500));
        assert!(recorder.has(&format!("terraform force-unlock {}", lock.id)));
    });
}

#[test]
fn a_detailed_exit_code_from_the_environment_is_no_failure() {
    let estate = Estate::new("resource \"terraform_data\" \"a\" {}\n");
    let program = find(&estate, |it| {
        it.environment.insert("TF_CLI_ARGS_plan".into(), "-detailed-exitcode".into());
    });
    let planned =
        terraform_run::plan(&program.expect("found"), &PlanOptions::default(), &Rules::default(), &Recorder::default());
    assert!(planned.expect("planned").has_changes());
}

#[test]
fn an_error_is_one_line_with_its_place() {
    let estate = Estate::new("resource \"terraform_data\" \"a\" {\n  input = file(\"gone.txt\")\n}\n");
    let error = estate.try_plan(&Rules::default()).expect_err("no such file");
    let text = error.to_string();
    assert!(text.contains("main.tf:2") && text.contains("Invalid function argument"), "{text}");
    assert!(!text.contains('\n'), "{text}");
}
