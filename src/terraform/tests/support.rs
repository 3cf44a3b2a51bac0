//! An estate in a temporary folder, and what a run of terraform there says.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Mutex;

use tempfile::TempDir;

use crate::operations::terraform_run::{self, Planned};
use crate::pipeline::Namespace;
use crate::progress::{Outcome, Progress};
use crate::terraform::*;

/// The program that the tests run.
pub fn terraform_for_tests() -> String {
    "terraform".to_owned()
}

/// The environment that the tests run it in.
pub fn environment_for_tests() -> BTreeMap<OsString, OsString> {
    let wanted = |name: &OsString| ["PATH", "HOME", "TF_CLI_CONFIG_FILE"].iter().any(|it| *name == **it);
    std::env::vars_os().filter(|(name, _)| wanted(name)).collect()
}

/// A pipeline's module with a few resources, and a second pipeline beside it.
pub const STACK: &str = r#"
variable "namespace" { type = string }
resource "terraform_data" "queue" { input = "${var.namespace}-queue" }
resource "terraform_data" "topic" {
  for_each = toset(["a.b", "c"])
  input    = each.key
}
"#;
pub const LIVE: &str = "module \"x_2022-08-31\" {\n  source    = \"./stack\"\n  namespace = \"2022-08-31\"\n}\n";
pub const NEW: &str = "module \"x_2022-08-3\" {\n  source    = \"./stack\"\n  namespace = \"2022-08-3\"\n}\n";

/// A Terraform root of its own.
pub struct Estate {
    pub folder: TempDir,
    pub interrupts: Interrupts,
}

impl Estate {
    pub fn new(main: &str) -> Self {
        let estate = Self { folder: tempfile::tempdir().expect("a folder"), interrupts: Interrupts::by_hand() };
        estate.write("main.tf", main);
        estate
    }

    /// With the live pipeline applied.
    pub fn with_live(more: &str) -> Self {
        let estate = Self::new(&format!("{LIVE}{more}"));
        estate.write("stack/main.tf", STACK);
        estate.apply_all();
        estate
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("read")
    }

    pub fn script(&self, name: &str, body: &str) {
        self.write(name, &format!("#!/bin/sh\n{body}\n"));
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).expect("executable");
    }

    pub fn settings(&self) -> ProgramSettings {
        ProgramSettings {
            program: terraform_for_tests(),
            base: self.folder.path().to_owned(),
            root: self.folder.path().to_owned(),
            environment: environment_for_tests(),
            additions: BTreeMap::new(),
            workspace: None,
            init_args: Vec::new(),
            lock_timeout: std::time::Duration::from_secs(20),
            interrupts: self.interrupts.clone(),
        }
    }

    pub fn program(&self) -> Program {
        Program::find(self.settings()).expect("terraform is there")
    }

    pub fn plan(&self, rules: &Rules) -> Planned {
        self.try_plan(rules).expect("the plan works")
    }

    pub fn try_plan(&self, rules: &Rules) -> Result<Planned, Error> {
        terraform_run::plan(&self.program(), &PlanOptions::default(), rules, &Recorder::default())
    }

    /// Applies whatever there is, without a guard.
    pub fn apply_all(&self) {
        let program = self.program();
        let saved = program.plan(&PlanOptions::default(), &Recorder::default()).expect("planned");
        let plan = program.show(&saved, &Recorder::default()).expect("shown");
        let applied = program.apply(&saved, &plan, &Recorder::default()).expect("applied");
        assert_eq!(applied.ending, Ending::Complete, "{:?}", applied.errors);
    }
}

/// The rules of `new 2022-08-3`, whose name is the beginning of the live one's.
pub fn rules(permits: Permits) -> Rules {
    let namespace = |text: &str| text.parse::<Namespace>().expect(text);
    Rules {
        scopes: vec![Scope {
            module: "module.x_2022-08-3".parse().expect("an address"),
            namespace: Some(namespace("2022-08-3")),
            permits,
        }],
        namespaces: ["2022-08-3", "2022-08-31"].map(namespace).into(),
        ..Rules::default()
    }
}

/// Keeps what was told.
#[derive(Default)]
pub struct Recorder {
    lines: Mutex<Vec<String>>,
}

impl Recorder {
    fn add(&self, line: String) {
        self.lines.lock().expect("nobody panicked").push(line);
    }

    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("nobody panicked").clone()
    }

    pub fn has(&self, text: &str) -> bool {
        self.lines().iter().any(|line| line.contains(text))
    }
}

impl Progress for Recorder {
    fn started(&self, item: &str, what: &str) {
        self.add(format!("{item}: {what}"));
    }

    fn changed(&self, item: &str, what: &str) {
        self.add(format!("{item}: {what}"));
    }

    fn finished(&self, item: &str, outcome: Outcome, what: &str) {
        self.add(format!("{item}: {what} ({outcome:?})"));
    }

    fn dismissed(&self, _item: &str) {}

    fn note(&self, line: &str) {
        self.add(format!("note: {line}"));
    }

    fn detail(&self, line: &str) {
        self.add(format!("detail: {line}"));
    }
}
