//! The layouts `map-entries` and `directories`, from `new` to `list`, with terraform.

mod directories;
mod folders;
mod map_entries;

use sandbox::{Estate, LocalAws};

use crate::support::run;

const LIVE: &str = "2022-08-31";
const NEW: &str = "2022-10-14";

/// A small estate with two services and what the layout puts in the place of its `main.tf`.
pub fn estate(toml: &str, files: &[(&str, &str)]) -> Estate {
    let aws = LocalAws::shared().expect("a local AWS");
    let estate = Estate::small().with_services(2).aws(&aws).build().expect("an estate");
    let old = estate.read("pipelinectl.toml").expect("readable");
    let (start, rest) = old.split_once("layout = \"module-blocks\"").expect("a layout");
    let (_, end) = rest.split_once("[aws]").expect("a part for AWS");
    estate.write("pipelinectl.toml", &format!("{start}{toml}\n[aws]{end}")).expect("writable");
    std::fs::remove_file(estate.file("infrastructure/main.tf")).expect("removed");
    for (path, text) in files {
        estate.write(path, text).expect("writable");
    }
    estate.commit("Lay it out anew").expect("committed");
    estate
}

/// The addresses in the state of a root.
fn state(estate: &Estate, folder: &str) -> Vec<String> {
    let mut command = estate.terraform_command();
    command.current_dir(estate.file(folder)).args(["state", "list"]);
    let output = command.output().expect("terraform runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn names(estate: &Estate) -> Vec<(String, String)> {
    let report = run(estate, &["list", "--format", "json"]).ends_with(0).json();
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().expect("text").to_owned();
    let rows = report["pipelines"].as_array().expect("rows");
    rows.iter().map(|row| (text(row, "namespace"), text(row, "address"))).collect()
}
