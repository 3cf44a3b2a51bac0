use super::*;

fn found(files: &[(&str, &str)]) -> Option<Proposal> {
    let files: Vec<SourceFile> = files.iter().map(|(path, text)| SourceFile::new(*path, *text)).collect();
    discover(&files)
}

fn told(files: &[(&str, &str)]) -> Option<(String, Vec<String>, Vec<String>)> {
    let proposal = found(files)?;
    let value = |setting: &Setting| match setting {
        Setting::Text(text) => text.clone(),
        Setting::List(texts) => texts.join(","),
    };
    let keys = proposal.keys.iter().map(|(key, setting, _)| format!("{key}={}", value(setting))).collect();
    Some((proposal.terraform_dir, keys, proposal.namespaces.iter().map(ToString::to_string).collect()))
}

#[test]
fn prefers_what_makes_something_to_a_map_with_dates() {
    let block = |date: &str| {
        format!(
            "module \"p_{date}\" {{\n  source = \"./stack\"\n  date   = \"{date}\"\n  index  = {{\n    \"2020-01-01\" = 1\n    \"2020-02-01\" = 1\n    \"2020-03-01\" = 1\n  }}\n}}\n"
        )
    };
    let text = format!("{}{}", block("2022-08-31"), block("2022-10-14"));
    let (folder, keys, names) = told(&[("infra/pipelines.tf", &text)]).expect("found");
    assert_eq!(folder, "infra");
    assert_eq!(keys, ["source=./stack", "namespace_attribute=date", "module=p_{namespace}", "file=pipelines.tf"]);
    assert_eq!(names, ["2022-10-14", "2022-08-31"]);
}

#[test]
fn knows_labels_in_other_spellings() {
    let text = "module \"p_2022_08_31\" {\n  source = \"git::x?ref=1\"\n  name = local.name\n}\nlocals {\n  name = \"2022-08-31\"\n}\n";
    let (_, keys, names) = told(&[("main.tf", text)]).expect("found");
    assert_eq!(keys, ["namespace_attribute=name", "module=p_{namespace}", "file=main.tf"]);
    assert_eq!(names, ["2022-08-31"]);
    let text = "module \"p_2022_08_31\" {\n  source = \"./x\"\n}\n";
    let (_, keys, names) = told(&[("main.tf", text)]).expect("found");
    assert_eq!(keys, ["source=./x", "namespace_attribute=namespace", "module=p_{namespace}", "file=main.tf"]);
    assert_eq!(names, ["2022-08-31"]);
}

#[test]
fn looks_into_the_module_that_a_map_is_given_to() {
    let text = "module \"m\" {\n  source = \"./m\"\n  all = {\n    \"2022-08-31\" = {}\n    dev = {}\n  }\n}\n";
    let inner = "module \"one\" {\n  source   = \"../one\"\n  for_each = var.all\n}\n";
    let (_, keys, names) = told(&[("main.tf", text), ("m/main.tf", inner)]).expect("found");
    assert_eq!(keys, ["map=module.m.all", "addresses=module.m.module.one[\"{namespace}\"]"]);
    assert_eq!(names, ["2022-08-31", "dev"]);
    assert!(!found(&[("main.tf", text)]).expect("found").makes);
}

#[test]
fn knows_folders_by_the_date_in_them() {
    let root = "module \"p\" {\n  source = \"../../stack\"\n  namespace = \"DATE\"\n}\n";
    let files = ["2022-08-31", "2022-10-14-2"]
        .map(|date| (format!("live/p_{date}/terraform/main.tf"), root.replace("DATE", date)));
    let files = files.each_ref().map(|(path, text)| (path.as_str(), text.as_str()));
    let (folder, keys, names) = told(&files).expect("found");
    assert_eq!(folder, "live");
    assert_eq!(keys, ["directory=p_{namespace}/terraform", "namespace_attribute=namespace"]);
    assert_eq!(names, ["2022-10-14-2", "2022-08-31"]);
    assert!(found(&[("migrations/2022-08-31/main.tf", "locals {}\n")]).is_none());
    assert!(found(&[("main.tf", "module \"x\" {\n  source = \"./x\"\n}\n"), ("broken.tf", "x {")]).is_none());
}

#[test]
fn knows_what_names_the_folder_besides() {
    let root = |date: &str, index: &str| {
        format!(
            "module \"p\" {{\n  source = \"../stack\"\n  date   = local.date\n  graph  = \"{date}\"\n  dates = {{\n    works  = \"{date}\"\n    images = \"{date}\"\n  }}\n  rds   = \"{index}\"\n  works = \"works.{date}\"\n}}\nlocals {{\n  date = \"{date}\"\n}}\n"
        )
    };
    let (one, two) = (root("2022-08-31", "2022-08-31"), root("2022-10-14", "2022-08-31"));
    let both = [("2022-08-31/main.tf", one.as_str()), ("2022-10-14/main.tf", two.as_str())];
    let unsure = |files: &[(&str, &str)]| {
        let found = found(files).expect("found");
        let (_, value, unsure) = found.keys.into_iter().find(|(key, ..)| *key == "rename").expect("the key");
        (value, unsure.is_some())
    };
    let list = |names: &[&str]| Setting::List(names.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(unsure(&both), (list(&["dates", "graph"]), false));
    assert_eq!(unsure(&both[..1]), (list(&["dates", "graph", "rds"]), true));
}
