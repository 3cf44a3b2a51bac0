use super::*;
use crate::hcl::Change;
use crate::layout::changes::{Blocks, Target};
use crate::layout::module_blocks::{Added, Addition, NewBlock, Origin, Place};

const MAIN: &str = "module \"pipeline\" {\n  source = \"../modules/stack\"\n\n  reindexing_state = {\n    scale_up_tasks = true\n  }\n\n  index_config = {\n    works = \"works.2022-08-31\"\n  }\n\n  pipeline_date = local.pipeline_date\n  release_label = \"2022-08-31\"\n}\n";
const CONFIG: &str = "# Of 2022-08-31.\nlocals {\n  pipeline_date = \"2022-08-31\"\n  indexes = { works = \"2022-08-31\" }\n  tags    = { Pipeline = \"2022-08-31\", Note = \"for 2022-08-31\" }\n}\n\nterraform {\n  backend \"s3\" {\n    bucket = \"states\"\n    key    = \"pipelines/2022-08-31.tfstate\"\n  }\n}\n";

fn rules() -> DirectoryRules {
    DirectoryRules {
        rules: Rules::new(None, "pipeline_date", "p_{namespace}", "main.tf", Some(r"\d{4}-\d{2}-\d{2}[\w-]*"))
            .expect("rules"),
        below: "infrastructure/".to_owned(),
        directory: "{namespace}".parse().expect("a pattern"),
        rename: Vec::new(),
        keep: Vec::new(),
        backend: Vec::new(),
    }
}

fn namespace(text: &str) -> Namespace {
    text.parse().expect(text)
}

fn file(path: &str, text: &str, mode: u32) -> FolderFile {
    FolderFile { path: path.to_owned(), bytes: text.as_bytes().to_vec(), mode }
}

fn folder() -> Vec<FolderFile> {
    vec![
        file(".terraform.lock.hcl", "# 2022-08-31\n", 0o644),
        file("main.tf", MAIN, 0o644),
        file("pipeline_config.tf", CONFIG, 0o640),
        file("run.sh", "#!/bin/sh\nterraform \"$@\" # 2022-08-31\n", 0o755),
        file("terraform.tf", "../terraform.tf", 0o120_777),
        file("terraform.tfstate", "{}", 0o644),
        file("terraform.tfvars", "pipeline_date = \"2022-08-31\"\nother = \"2022-08-31\"\n", 0o644),
    ]
}

fn sources(folder: &str, files: &[FolderFile]) -> Vec<SourceFile> {
    let tf = files.iter().filter(|file| file.path.ends_with(".tf") && !leads_to(file.mode));
    tf.map(|file| SourceFile::new(format!("infrastructure/{folder}/{}", file.path), file.text().expect("text")))
        .collect()
}

fn add(rules: &DirectoryRules, files: &[FolderFile], sets: &[&str]) -> Result<NewBlock, LayoutError> {
    let mut sources = sources("2022-08-31", files);
    sources.push(SourceFile::new("infrastructure/modules/stack.tf", "variable \"x\" {}\n"));
    let read = Directories::read(&sources, rules)?;
    let new = namespace("2022-10-14");
    let sets: Vec<Change> = sets.iter().map(|text| Change::set(&text.parse().expect("path=value"))).collect();
    let addition = Addition {
        namespace: &new,
        origin: Origin::Newest,
        label: None,
        changes: &sets,
        place: Place::End,
        file: None,
    };
    assert_eq!(read.folder_to_copy(&addition)?.as_deref(), Some("infrastructure/2022-08-31"));
    match read.add(&addition, files)? {
        Added::New(block) => Ok(block),
        Added::Exists { .. } => panic!("it is new"),
    }
}

fn text<'a>(block: &'a NewBlock, path: &str) -> &'a str {
    let path = format!("infrastructure/2022-10-14/{path}");
    let found = block.edits.iter().find_map(|edit| match edit {
        Edit::Create { path: created, .. } if *created == path => edit.text(),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("{path}: {:?}", block.edits.iter().map(Edit::path).collect::<Vec<_>>()))
}

#[test]
fn knows_the_folders() {
    let mut files = sources("2022-08-31", &folder());
    files.push(SourceFile::new("infrastructure/2022-02-31/main.tf", ""));
    files.push(SourceFile::new("infrastructure/modules/main.tf", ""));
    files.push(SourceFile::new("infrastructure/main.tf", ""));
    let rules = rules();
    let read = Directories::read(&files, &rules).expect("HCL");
    let [pipeline] = read.estate().pipelines.as_slice() else { panic!("{:?}", read.estate()) };
    assert_eq!((pipeline.file.as_str(), pipeline.line), ("infrastructure/2022-08-31/main.tf", 1));
    assert_eq!((pipeline.address().as_str(), pipeline.root()), ("infrastructure/2022-08-31", pipeline.root()));
    assert_eq!(read.says(&pipeline.namespace).map(|(said, ..)| said).as_deref(), Some("2022-08-31"));
    let unclear: Vec<&str> = read.estate().unclear.iter().map(|unclear| unclear.label.as_str()).collect();
    assert_eq!(unclear, ["infrastructure/2022-02-31"]);
}

#[test]
fn knows_folders_without_a_date_by_what_is_in_them() {
    let files = ["blue", "modules", "shared"].map(|folder| {
        let text = match folder {
            "blue" => MAIN,
            "modules" => "variable \"x\" {}\n",
            _ => "module \"x\" {\n  source = \"../x\"\n}\n",
        };
        SourceFile::new(format!("infrastructure/{folder}/main.tf"), text)
    });
    let mut rules = rules();
    rules.rules = Rules::new(None, "pipeline_date", "p_{namespace}", "main.tf", None).expect("rules");
    let read = Directories::read(&files, &rules).expect("HCL");
    let names: Vec<&str> = read.estate().pipelines.iter().map(|pipeline| pipeline.namespace.as_str()).collect();
    assert_eq!(names, ["blue"]);
    assert!(read.estate().unclear.is_empty());
}

#[test]
fn renames_only_what_names_the_pipeline() {
    let block = add(&rules(), &folder(), &[]).expect("added");
    assert_eq!(text(&block, "main.tf"), MAIN);
    let config = CONFIG
        .replace("pipeline_date = \"2022-08-31\"", "pipeline_date = \"2022-10-14\"")
        .replace("Pipeline = \"2022-08-31\"", "Pipeline = \"2022-10-14\"")
        .replace("pipelines/2022-08-31", "pipelines/2022-10-14");
    assert_eq!(text(&block, "pipeline_config.tf"), config);
    assert_eq!(text(&block, "terraform.tfvars"), "pipeline_date = \"2022-10-14\"\nother = \"2022-08-31\"\n");
    assert_eq!(text(&block, ".terraform.lock.hcl"), "# 2022-08-31\n");
    assert_eq!(text(&block, "terraform.tf"), "../terraform.tf");
    let modes: Vec<(&str, u32)> = block
        .edits
        .iter()
        .map(|edit| match edit {
            Edit::Create { path, mode, .. } => (path.trim_start_matches("infrastructure/2022-10-14/"), *mode),
            edit => panic!("{edit:?}"),
        })
        .collect();
    assert_eq!(
        modes,
        [
            (".terraform.lock.hcl", 0o644),
            ("main.tf", 0o644),
            ("pipeline_config.tf", 0o640),
            ("run.sh", 0o755),
            ("terraform.tf", 0o120_777),
            ("terraform.tfvars", 0o644)
        ]
    );
    assert_eq!(block.from, Some(namespace("2022-08-31")));
    assert_eq!(block.pipeline.reach, Reach::Root("infrastructure/2022-10-14".to_owned()));
    assert_eq!(
        block.notes,
        [
            "infrastructure/2022-08-31/.terraform.lock.hcl:1: '# 2022-08-31' stays as it is",
            "infrastructure/2022-08-31/main.tf:9: 'works = \"works.2022-08-31\"' stays as it is",
            "infrastructure/2022-08-31/main.tf:13: 'release_label = \"2022-08-31\"' stays as it is",
            "infrastructure/2022-08-31/pipeline_config.tf:1: '# Of 2022-08-31.' stays as it is",
            "infrastructure/2022-08-31/pipeline_config.tf:4: 'indexes = { works = \"2022-08-31\" }' stays as it is",
            "infrastructure/2022-08-31/pipeline_config.tf:5: 'tags    = { Pipeline = \"2022-08-31\", Note = \"for 2022-08-31\" }' stays as it is",
            "infrastructure/2022-08-31/run.sh:2: 'terraform \"$@\" # 2022-08-31' stays as it is",
            "infrastructure/2022-08-31/terraform.tfvars:2: 'other = \"2022-08-31\"' stays as it is",
            "where it should name the new pipeline, too, use --set, or rename = [\"NAME\"] below [pipeline]"
        ]
    );
}

#[test]
fn can_be_told_what_to_rename() {
    let mut rules = rules();
    rules.rename = ["index_config", "release_label"].map(NamePattern::from).into();
    rules.keep = vec!["tags".into()];
    let block = add(&rules, &folder(), &["reindexing_state.scale_up_tasks=false"]).expect("added");
    let main = MAIN.replace("2022-08-31", "2022-10-14").replace("= true", "= false");
    assert_eq!(text(&block, "main.tf"), main);
    assert!(text(&block, "pipeline_config.tf").contains("Pipeline = \"2022-08-31\""));
}

#[test]
fn renames_the_module_and_what_refers_to_it() {
    let files = [
        file("main.tf", "module \"p_2022-08-31\" {\n  pipeline_date = \"2022-08-31\"\n}\n", 0o644),
        file(
            "p_20220831.tf",
            "output \"x\" {\n  value = [module.p_2022-08-31.x, local.module.p_2022-08-31]\n}\n",
            0o644,
        ),
    ];
    let block = add(&rules(), &files, &[]).expect("added");
    assert_eq!(text(&block, "main.tf"), "module \"p_2022-10-14\" {\n  pipeline_date = \"2022-10-14\"\n}\n");
    assert!(text(&block, "p_20221014.tf").contains("[module.p_2022-10-14.x, local.module.p_2022-08-31]"));
}

#[test]
fn refuses_a_shared_state() {
    let shared = CONFIG.replace("pipelines/2022-08-31", "pipelines/state");
    let files = [file("main.tf", MAIN, 0o644), file("pipeline_config.tf", &shared, 0o644)];
    let error = add(&rules(), &files, &[]).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "infrastructure/2022-10-14/pipeline_config.tf:11: the state of 2022-10-14 would be kept where that of 2022-08-31 is"
    );
    let local = "terraform {\n  backend \"local\" {\n    path = \"terraform.tfstate\"\n  }\n}\n";
    let files =
        [file("main.tf", &format!("{MAIN}\nlocals {{\n  pipeline_date = \"2022-08-31\"\n}}\n\n{local}"), 0o644)];
    add(&rules(), &files, &[]).expect("each in its own folder");
}

#[test]
fn refuses_what_would_be_another_pipeline() {
    let files = [file("main.tf", "module \"p\" {\n  pipeline_date = \"${\"2022\"}-01-01\"\n}\n", 0o644)];
    let error = add(&rules(), &files, &[]).expect_err("refused");
    assert!(matches!(error, LayoutError::NotRecognised { .. }), "{error}");
    let error = add(&rules(), &folder(), &["index_config.works.x=1"]).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "infrastructure/2022-08-31/main.tf:9:13: 'index_config.works.x' cannot be changed: 'index_config.works' is \"works.2022-08-31\", not an object"
    );
}

#[test]
fn removes_and_changes() {
    let files = sources("2022-08-31", &folder());
    let rules = rules();
    let read = Directories::read(&files, &rules).expect("HCL");
    let edits = read.remove(&namespace("2022-08-31"), &folder()).expect("removed");
    assert_eq!(edits.len(), 7);
    let (path, before) = ("infrastructure/2022-08-31/main.tf".to_owned(), MAIN.as_bytes().to_vec());
    assert_eq!(edits[1], Edit::Delete { path, before });
    let target = Target::of(read.estate().find(&namespace("2022-08-31")).expect("it is there"));
    let changes = [Change::set(&"reindexing_state.x=1".parse().expect("a set"))];
    let edits = Blocks::read(&files).expect("HCL").change(&target, &changes).expect("changed").edits;
    let [Edit::Write { after, .. }] = edits.as_slice() else { panic!("{edits:?}") };
    assert_eq!(*after, MAIN.replace("tasks = true", "tasks = true\n    x              = 1"));
}
