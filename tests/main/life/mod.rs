//! The whole life of a pipeline in each layout, with terraform and functions: made beside the live one, turned up and down,
//! deployed to, made live; then the old one is retired. What is there is asked of AWS and of terraform's state, not of our own output.

mod directories;
mod map_entries;
mod module_blocks;

use std::collections::BTreeMap;

use sandbox::{Estate, LocalAws};
use serde_json::Value;

use crate::support::{Run, run};

const FIRST: &str = "2022-08-31";
const SECOND: &str = "2022-10-14";
const SERVICES: [&str; 2] = ["concepts_ingestor", "concepts_aggregator"];

/// How a layout lays its pipelines out.
struct Shape {
    /// What is put in place of the part of `pipelinectl.toml` from `layout` to `[aws]`; none to leave it.
    settings: Option<&'static str>,
    /// The files of the first pipeline: path and text. `{provider}` stands for the configuration of the AWS provider.
    files: &'static [(&'static str, &'static str)],
    /// The file that a pipeline is in, relative to the checkout.
    file: fn(&str) -> String,
    /// The root that a pipeline is in, relative to the checkout.
    root: fn(&str) -> String,
    /// Where that root keeps its state.
    state: fn(&str) -> String,
    /// The address of the module that a pipeline's resources are in.
    module: fn(&str) -> String,
    /// The path of the value by which tasks are scaled up.
    scale: &'static str,
    /// The index that a copy is told to use.
    index: fn(&str) -> String,
}

/// An estate with one pipeline, which terraform has made.
struct Life {
    estate: Estate,
    shape: Shape,
}

/// What a function runs: digest, memory in MB, and the index that it is told.
type Function = (String, u64, String);

impl Life {
    fn begin(shape: Shape) -> Self {
        let aws = LocalAws::shared().expect("a local AWS");
        let estate = Estate::medium().with_services(SERVICES.len()).aws(&aws).build().expect("an estate");
        let stack = estate.read("infrastructure/stack/main.tf").expect("readable");
        // Scaled up, a function has more memory: AWS can be asked for that.
        let kind = "  package_type  = \"Image\"\n";
        let memory = "  memory_size   = var.reindexing_state.scale_up_tasks ? 1024 : 128\n";
        assert_eq!(stack.matches(kind).count(), 1);
        estate
            .write("infrastructure/stack/main.tf", &stack.replace(kind, &format!("{kind}{memory}")))
            .expect("writable");
        let main = estate.read("infrastructure/main.tf").expect("readable");
        let (provider, _) = main.split_once("# One block").expect("the provider");
        if let Some(settings) = shape.settings {
            let toml = estate.read("pipelinectl.toml").expect("readable");
            let (start, rest) = toml.split_once("layout = ").expect("a layout");
            let (_, end) = rest.split_once("[aws]").expect("a part for AWS");
            estate.write("pipelinectl.toml", &format!("{start}{settings}\n[aws]{end}")).expect("writable");
            std::fs::remove_file(estate.file("infrastructure/main.tf")).expect("removed");
        }
        for (path, text) in shape.files {
            estate.write(path, &text.replace("{provider}", provider)).expect("writable");
        }
        estate.commit("Lay the estate out").expect("committed");
        let life = Self { estate, shape };
        life.terraform(FIRST, &["init", "-input=false"]);
        life.terraform(FIRST, &["apply", "-auto-approve"]);
        life
    }

    /// Runs terraform in the root of a pipeline.
    #[track_caller]
    fn terraform(&self, namespace: &str, arguments: &[&str]) -> String {
        let mut command = self.estate.terraform_command();
        command.current_dir(self.estate.file(&(self.shape.root)(namespace))).args(arguments).env("TF_CLI_ARGS", "");
        let run = Run::from(command.output().expect("terraform runs"));
        run.ends_with(0).out
    }

    /// How many resources of a pipeline are in the state of its root.
    fn in_state(&self, namespace: &str) -> usize {
        let text = self.estate.read(&(self.shape.state)(namespace)).expect("a state");
        let state: Value = serde_json::from_str(&text).expect("a state is JSON");
        let resources = state["resources"].as_array().expect("resources").iter();
        let of_it = resources.filter(|one| one["mode"] == "managed" && one["module"] == (self.shape.module)(namespace));
        of_it.map(|one| one["instances"].as_array().expect("instances").len()).sum()
    }

    /// Every function that there is in AWS.
    fn functions(&self) -> BTreeMap<String, Function> {
        let aws = self.estate.aws().expect("an AWS");
        let listed = aws.ask_rest("lambda", "GET", "/2015-03-31/functions/", &Value::Null).expect("an answer");
        let one = |function: &Value| {
            let name = function["FunctionName"].as_str().expect("a name").to_owned();
            let runs = self.estate.running_function(&name).expect("an answer").expect("a digest");
            let memory = function["MemorySize"].as_u64().expect("a size");
            let index = function["Environment"]["Variables"]["INDEX"].as_str().expect("a variable").to_owned();
            (name, (runs, memory, index))
        };
        listed["Functions"].as_array().expect("functions").iter().map(one).collect()
    }

    /// The functions of these pipelines are all there is; gives those of the first of them.
    #[track_caller]
    fn there_are(&self, namespaces: &[&str]) -> Vec<Function> {
        let functions = self.functions();
        let of = |namespace: &&str| SERVICES.map(|service| format!("{namespace}-{service}"));
        let mut expected: Vec<String> = namespaces.iter().flat_map(of).collect();
        expected.sort();
        assert_eq!(functions.keys().cloned().collect::<Vec<_>>(), expected);
        of(&namespaces[0]).iter().map(|name| functions[name].clone()).collect()
    }

    /// What a tag names in each repository.
    fn tagged(&self, tag: &str) -> Vec<Option<String>> {
        crate::new::digests(&self.estate, tag)
    }

    #[track_caller]
    fn run(&self, arguments: &[&str]) -> Run {
        run(&self.estate, arguments)
    }

    /// Fails the test unless terraform finds nothing to change in the root of a pipeline.
    #[track_caller]
    fn nothing_to_plan(&self, namespace: &str) {
        self.terraform(namespace, &["plan", "-detailed-exitcode", "-input=false", "-lock=false"]);
    }

    /// What runs has this size, is told this index, and is what `tag` names.
    #[track_caller]
    fn runs(&self, functions: &[Function], tag: &str, memory: u64, index: &str) {
        let digests = self.tagged(tag).into_iter().map(|digest| digest.expect("a tag"));
        let expected: Vec<Function> = digests.map(|digest| (digest, memory, index.to_owned())).collect();
        assert_eq!(functions, expected, "{tag}");
    }

    /// From one pipeline to the next.
    fn live_it(&self) {
        let index = self.shape.index;
        let first = self.there_are(&[FIRST]);
        self.runs(&first, FIRST, 128, &index(FIRST));

        // Made, with the images of the newest build; the first one stays as it is.
        let scale = |value: bool| format!("{}={value}", self.shape.scale);
        self.run(&["new", SECOND, "--from", "live", "--yes"]).ends_with(0).says("is made and runs the images above");
        let made = self.there_are(&[SECOND, FIRST]);
        self.runs(&made, "latest", 128, &index(SECOND));
        assert_eq!(self.tagged(SECOND), self.tagged("latest"));
        assert_eq!((self.in_state(SECOND), self.in_state(FIRST)), (3, 3));
        self.estate.commit("Add a pipeline").expect("committed");
        let text = self.estate.read(&(self.shape.file)(SECOND)).expect("readable");

        // Turned up to be filled, and deployed to in the meantime.
        self.run(&["set", SECOND, &scale(true), "--apply", "--yes"]).ends_with(0).says("Applied.");
        self.runs(&self.there_are(&[SECOND, FIRST]), "latest", 1024, &index(SECOND));
        let change = self.estate.change("Write concepts in bulk").expect("a commit");
        self.estate.publish(&change).expect("images");
        assert_ne!(self.tagged(SECOND), self.tagged("latest"));
        self.run(&["deploy", SECOND, "--yes"]).ends_with(0).says("verified");
        self.runs(&self.there_are(&[SECOND, FIRST]), &change.tag(), 1024, &index(SECOND));
        assert_eq!(self.tagged(SECOND), self.tagged(&change.tag()));

        // Turned down: exactly the text of before, and the image that was deployed.
        let down =
            self.run(&["set", SECOND, &scale(false), "--apply", "--yes", "--format", "json"]).ends_with(0).json();
        assert_eq!((&down["applied"], &down["plan"]["update"]), (&true.into(), &2.into()));
        assert_eq!(self.estate.read(&(self.shape.file)(SECOND)).expect("readable"), text);
        self.runs(&self.there_are(&[SECOND, FIRST]), &change.tag(), 128, &index(SECOND));
        assert_eq!(self.there_are(&[FIRST, SECOND]), first, "nobody has touched the first one");

        // The first one is live, here or on the main branch, until that is merged.
        let retire = |namespace: &str| self.run(&["retire", namespace, "--confirm", namespace]);
        retire(FIRST).ends_with(3).says("is the live pipeline");
        self.run(&["live", SECOND, "--yes"]).ends_with(0);
        retire(FIRST).ends_with(3).says("on origin/main");
        self.there_are(&[FIRST, SECOND]);
        self.estate.commit("Make the second one live").expect("committed");

        // The first one goes: functions, state, block, tags. Its images stay.
        retire(FIRST).ends_with(0).says("3 resources destroyed, 2 tags taken away");
        self.runs(&self.there_are(&[SECOND]), &change.tag(), 128, &index(SECOND));
        assert_eq!(self.tagged(FIRST), [None, None]);
        let aws = self.estate.aws().expect("an AWS");
        for (repository, (digest, ..)) in self.estate.repositories().iter().zip(&first) {
            assert!(aws.image(repository, digest).expect("an answer").is_some(), "{repository}@{digest}");
        }
        assert_eq!(self.tagged(SECOND), self.tagged(&change.tag()));
        assert_eq!(self.in_state(SECOND), 3);
        self.nothing_to_plan(SECOND);
        let names = self.run(&["list", "--format", "json"]).ends_with(0).json();
        let names: Vec<_> = names["pipelines"].as_array().expect("rows").iter().map(|row| &row["namespace"]).collect();
        assert_eq!(names, [SECOND]);
        self.run(&["check"]).ends_with(0);
        retire(SECOND).ends_with(3).says("is the live pipeline");
        let history = self.run(&["history", "--format", "json"]).ends_with(0).json();
        let rows = history["releases"].as_array().expect("rows").iter();
        let told: Vec<_> = rows.map(|row| format!("{} {}", row["command"], row["namespace"])).collect();
        let expected = [("retire", FIRST), ("set", SECOND), ("deploy", SECOND), ("set", SECOND), ("new", SECOND)];
        assert_eq!(told, expected.map(|(command, namespace)| format!("\"{command}\" \"{namespace}\"")));
    }
}
