//! `pipelinectl tfvars`

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use sandbox::{Estate, Kind, LocalAws};
use serde_json::Value;

use crate::errors::{configure, shown, small};
use crate::support::{run, writes};

const LIVE: &str = "2022-08-31";
const OUT: &str = "infrastructure/images.auto.tfvars";

fn aws(estate: &Estate) -> &LocalAws {
    estate.aws().expect("the estate has an AWS")
}

fn image(estate: &Estate, service: &str) -> String {
    let repository = format!("weco/{service}");
    let digest = aws(estate).tagged(&repository, LIVE).expect("an answer").expect("an image").digest;
    format!("{}.dkr.ecr.eu-west-1.amazonaws.com/{repository}@{digest}", aws(estate).account_id())
}

#[test]
fn says_what_each_service_runs() {
    let estate = small();
    let hcl = run(&estate, &["tfvars", LIVE]).ends_with(0);
    insta::assert_snapshot!(shown(&estate, &hcl), @r#"
    exit code 0
    --- stdout
    namespace = "2022-08-31"

    images = {
      concepts_aggregator = "[ACCOUNT].dkr.ecr.eu-west-1.amazonaws.com/weco/concepts_aggregator@[DIGEST]"
      concepts_ingestor   = "[ACCOUNT].dkr.ecr.eu-west-1.amazonaws.com/weco/concepts_ingestor@[DIGEST]"
    }

    commits = {
      concepts_aggregator = "[COMMIT 2]"
      concepts_ingestor   = "[COMMIT 2]"
    }
    --- stderr
    "#);
    assert!(hcl.out.contains(&image(&estate, "concepts_ingestor")), "{}", hcl.out);
    let json: Value = run(&estate, &["tfvars", "live", "--syntax", "json"]).ends_with(0).json();
    assert_eq!(json["namespace"], LIVE);
    for service in estate.services() {
        assert_eq!(json["images"][service], image(&estate, service).as_str());
        assert_eq!(json["commits"][service], estate.commits()[2].id.as_str());
    }
    assert!(writes(&estate).is_empty());
}

#[test]
fn terraform_takes_it_and_has_nothing_to_format() {
    let estate = small();
    let folder = estate.file("root");
    fs::create_dir_all(&folder).expect("made");
    let root = "variable \"namespace\" { type = string }\nvariable \"images\" { type = map(string) }\nvariable \"commits\" { type = \
                map(string) }\noutput \"image\" { value = var.images[\"concepts_ingestor\"] }\n";
    estate.write("root/main.tf", root).expect("written");
    let terraform = |arguments: &[&str]| {
        let mut command = estate.terraform_command();
        let output = command.args(arguments).current_dir(&folder).output().expect("terraform starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    for file in ["root/a.auto.tfvars", "root/a.auto.tfvars.json"] {
        run(&estate, &["tfvars", LIVE, "--out", file]).ends_with(0);
        assert_eq!(terraform(&["fmt", "-check", "-diff", "."]), "");
        terraform(&["apply", "-auto-approve", "-input=false"]);
        assert_eq!(terraform(&["output", "-raw", "image"]), image(&estate, "concepts_ingestor"));
        fs::remove_file(estate.file(file)).expect("removed");
    }
}

#[test]
fn a_file_is_written_whole_and_only_when_it_says_something_else() {
    let estate = small();
    run(&estate, &["tfvars", LIVE, "--out", OUT, "--dry-run"]).ends_with(0).says("Dry run: nothing was changed.");
    assert!(!estate.file(OUT).exists());
    let wrote = run(&estate, &["tfvars", LIVE, "--out", OUT, "--format", "json"]).ends_with(0).json();
    assert_eq!((&wrote["changed"], &wrote["out"]), (&true.into(), &OUT.into()));
    let printed = run(&estate, &["tfvars", LIVE]).ends_with(0).out;
    assert_eq!(estate.read(OUT).expect("readable"), printed);
    let metadata = || fs::metadata(estate.file(OUT)).expect("there");
    assert_eq!(metadata().permissions().mode() & 0o777, 0o644);
    let written = metadata().modified().expect("a time");
    run(&estate, &["tfvars", LIVE, "--out", OUT]).ends_with(0).says("Nothing to do");
    assert_eq!(metadata().modified().expect("a time"), written);
    let repository = "weco/concepts_ingestor";
    aws(&estate).seed_image(repository, "built by hand", Kind::Oci, &[LIVE]).expect("an image");
    let changed = run(&estate, &["tfvars", LIVE, "--out", OUT]).ends_with(0);
    changed.says("+  concepts_ingestor   = null").says("Wrote infrastructure/images.auto.tfvars.");
    assert!(estate.read(OUT).expect("readable").contains(&image(&estate, "concepts_ingestor")));
}

#[test]
fn a_missing_tag_is_refused() {
    let estate = small();
    let refused = run(&estate, &["tfvars", "2022-10-14", "--out", OUT]).ends_with(3);
    insta::assert_snapshot!(shown(&estate, &refused), @r"
    exit code 3
    --- stdout
    --- stderr
    error: the tags 2022-10-14 are not complete:
      the repository weco/concepts_ingestor has no image 2022-10-14
      the repository weco/concepts_aggregator has no image 2022-10-14
    hint: make what is missing with 'pipelinectl tag 2022-10-14', then try again
    ");
    assert!(!estate.file(OUT).exists());
    configure(&estate, "[[service]]", "[[unknown]]");
    run(&estate, &["tfvars", LIVE]).ends_with(64);
}

#[test]
fn new_writes_it_as_part_of_the_edit() {
    const NEW: &str = "2022-10-14";
    let estate = small();
    estate.apply_live().expect("it applies");
    let new = |more: &[&str]| run(&estate, &[&["new", NEW, "--tfvars", OUT], more].concat());
    new(&["--dry-run"]).ends_with(0).says("+++ infrastructure/images.auto.tfvars").says("+namespace = \"2022-10-14\"");
    assert!(!estate.file(OUT).exists());
    new(&["--yes"]).ends_with(0).says("Wrote infrastructure/images.auto.tfvars.");
    assert_eq!(estate.read(OUT).expect("readable"), run(&estate, &["tfvars", NEW]).ends_with(0).out);
    new(&["--yes"]).ends_with(0).says("Nothing to do: 2022-10-14 is complete.");
    fs::write(estate.file(OUT), "# by hand\n").expect("written");
    new(&["--yes"]).ends_with(0).says("-# by hand").says("Wrote infrastructure/images.auto.tfvars.");
    new(&["--edit-only"]).ends_with(64);
}

#[test]
fn where_a_pipeline_is_a_folder_the_new_one_gets_its_own() {
    const OLD_FILE: &str = "infrastructure/2022-08-31/images.auto.tfvars";
    const NEW_FILE: &str = "infrastructure/2022-10-14/images.auto.tfvars";
    const MAIN: &str = "variable \"images\" {\n  type = map(string)\n}\n\nmodule \"pipeline\" {\n  source    = \"../stack\"\n  namespace = \
                        \"2022-08-31\"\n\n  reindexing_state = {\n    scale_up_tasks = false\n    index          = \"a\"\n  }\n}\n\nresource \
                        \"terraform_data\" \"images\" {\n  input = var.images\n}\n";
    let toml = "layout = \"directories\"\n\n[pipeline]\nsource = \"../stack\"\n";
    let estate = crate::layouts::estate(toml, &[("infrastructure/2022-08-31/main.tf", MAIN)]);
    run(&estate, &["tfvars", LIVE, "--out", OLD_FILE]).ends_with(0);
    estate.commit("Name the images").expect("committed");
    let without = run(&estate, &["new", "2022-10-14", "--dry-run"]).ends_with(0);
    without.says("names the images of 2022-08-31 by digest; '--tfvars' with that file writes those of 2022-10-14");
    let made = run(&estate, &["new", "2022-10-14", "--tfvars", NEW_FILE, "--yes"]).ends_with(0);
    made.says("Wrote infrastructure/2022-10-14/images.auto.tfvars.").does_not_say("by digest");
    assert_eq!(estate.read(NEW_FILE).expect("readable"), run(&estate, &["tfvars", "2022-10-14"]).ends_with(0).out);
    assert_ne!(estate.read(OLD_FILE).expect("readable"), estate.read(NEW_FILE).expect("readable"));
    let again = run(&estate, &["new", "2022-10-14", "--tfvars", NEW_FILE, "--yes"]).ends_with(0);
    again.says("Nothing to do: 2022-10-14 is complete.");
}
