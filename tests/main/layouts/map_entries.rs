//! Each pipeline is an entry of a map that feeds a module and a resource.

use sandbox::Estate;

use super::{LIVE, NEW, names, state};
use crate::errors::shown;
use crate::support::run;

const TOML: &str = "layout = \"map-entries\"\n\n[pipeline]\nmap = \"local.pipelines\"\naddresses = ['module.pipelines[\"{namespace}\"]', 'terraform_data.mark[\"{namespace}\"]']\n";

const MAIN: &str = r#"locals {
  pipelines = {
    # The first one.
    "2022-08-31" = {
      scale_up_tasks = false
      index          = "concepts-2022-08-31"
    }
  }
}

module "pipelines" {
  source   = "./stack"
  for_each = local.pipelines

  namespace        = each.key
  reindexing_state = each.value
}

resource "terraform_data" "mark" {
  for_each = local.pipelines

  input = each.key
}
"#;

fn estate() -> Estate {
    super::estate(TOML, &[("infrastructure/main.tf", MAIN)])
}

fn live() -> Estate {
    let estate = estate();
    estate.apply_live().expect("applied");
    estate
}

#[test]
fn new_plan_apply_list() {
    let estate = live();
    assert_eq!(names(&estate), [(LIVE.to_owned(), format!("module.pipelines[\"{LIVE}\"]"))]);
    let made = run(&estate, &["new", NEW, "--yes", "--set", "scale_up_tasks=true"]).ends_with(0);
    insta::assert_snapshot!(shown(&estate, &made), @r#"
    exit code 0
    --- stdout
    --- infrastructure/main.tf
    +++ infrastructure/main.tf
    @@ -5,5 +5,10 @@
           scale_up_tasks = false
           index          = "concepts-2022-08-31"
         }
    +    # The first one.
    +    "2022-10-14" = {
    +      scale_up_tasks = true
    +      index          = "concepts-2022-10-14"
    +    }
       }
     }

    Images for 2022-10-14
      REPOSITORY                DIGEST        COMMIT                                                     TAG
    + weco/concepts_ingestor    508f9b828326  commit 3 2022-09-01 Aggregate concepts by identifier, no…  → 2022-10-14
    + weco/concepts_aggregator  4d6483345f0d  commit 3 2022-09-01 Aggregate concepts by identifier, no…  → 2022-10-14

    module.pipelines["2022-10-14"]
      + terraform_data.index
      + terraform_data.service["concepts_aggregator"]
      + terraform_data.service["concepts_ingestor"]
    the root itself
      + terraform_data.mark["2022-10-14"]
    Plan: 4 to create, 0 to change, 0 to destroy, 4 unchanged

    SERVICE              RUNS AS  DIGEST        STATE
    concepts_ingestor             508f9b828326  has a tag only
    concepts_aggregator           4d6483345f0d  has a tag only
    --- stderr
    Reading the estate and what 2 services have in ECR …
    Wrote module.pipelines["2022-10-14"] to infrastructure/main.tf:9.
      ✓ weco/concepts_aggregator  tagged 2022-10-14
      ✓ weco/concepts_ingestor  tagged 2022-10-14
    Planning with terraform …

    Applying …
      ✓ module.pipelines["2022-10-14"].terraform_data.index  created
      ✓ module.pipelines["2022-10-14"].terraform_data.service["concepts_aggregator"]  created
      ✓ module.pipelines["2022-10-14"].terraform_data.service["concepts_ingestor"]  created
      ✓ terraform_data.mark["2022-10-14"]  created

    2022-10-14 is made, and its tags are set.
    next: commit infrastructure/main.tf and open a pull request
    next: 2022-08-31 stays live until 2022-10-14 is named instead
    "#);
    let entry = MAIN[MAIN.find("    # The first").expect("an entry")..MAIN.find("  }\n}\n\nmodule").expect("its end")]
        .to_owned();
    let new = entry.replace(LIVE, NEW).replace("= false", "= true");
    let after = MAIN.replace(&entry, &format!("{entry}{new}"));
    assert_eq!(estate.read("infrastructure/main.tf").expect("readable"), after);
    let of_new = |address: &String| address.contains(NEW);
    let addresses = state(&estate, "infrastructure");
    assert_eq!(addresses.iter().filter(|address| of_new(address)).count(), 4, "{addresses:#?}");

    run(&estate, &["new", NEW, "--yes"]).ends_with(0).says("Nothing to do");
    run(&estate, &["plan", NEW, "--detailed-exitcode"]).ends_with(0);
    assert_eq!(names(&estate), [NEW, LIVE].map(|name| (name.to_owned(), format!("module.pipelines[\"{name}\"]"))));
    run(&estate, &["plan", "module.pipelines[\"2022-10-14\"]"]).ends_with(0);
}

#[test]
fn a_plan_that_touches_another_entry_is_refused() {
    let estate = live();
    let text = estate.read("infrastructure/main.tf").expect("readable");
    estate.write("infrastructure/main.tf", &text.replace("tasks = false", "tasks = true")).expect("writable");
    run(&estate, &["new", NEW, "--yes"])
        .ends_with(3)
        .says(
            "'new' may only create things inside module.pipelines[\"2022-10-14\"], terraform_data.mark[\"2022-10-14\"]",
        )
        .says("--allow 'module.pipelines[\"2022-08-31\"].terraform_data.index=update'");
    assert!(!state(&estate, "infrastructure").iter().any(|address| address.contains(NEW)));
}

#[test]
fn a_kept_plan_is_applied() {
    let estate = live();
    run(&estate, &["new", NEW, "--yes", "--plan-only", "--out", "new.tfplan"]).ends_with(0);
    estate.commit("Add an entry").expect("committed");
    run(&estate, &["apply", "new.tfplan", "--yes"]).ends_with(0).says("Applied.");
    assert!(state(&estate, "infrastructure").contains(&format!("terraform_data.mark[\"{NEW}\"]")));
}

#[test]
fn what_an_entry_makes_is_found_by_itself() {
    let estate = live();
    let toml = estate.read("pipelinectl.toml").expect("readable");
    let without: String =
        toml.lines().filter(|line| !line.starts_with("addresses")).map(|line| format!("{line}\n")).collect();
    estate.write("pipelinectl.toml", &without).expect("writable");
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    run(&estate, &["plan", "--base", "HEAD"]).ends_with(0).says("Differing from");
}

#[test]
fn retire_takes_the_entry_and_what_it_made() {
    let estate = live();
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    estate.commit("Add an entry").expect("committed");
    run(&estate, &["retire", NEW, "--confirm", NEW]).ends_with(0).says("4 resources destroyed, 2 tags taken away");
    assert_eq!(estate.read("infrastructure/main.tf").expect("readable"), MAIN);
    let left = state(&estate, "infrastructure");
    assert!(left.len() == 4 && !left.iter().any(|address| address.contains(NEW)), "{left:#?}");
    run(&estate, &["retire", NEW, "--confirm", NEW]).ends_with(0).says("Nothing to do");
    run(&estate, &["retire", LIVE, "--confirm", LIVE]).ends_with(3).says("is the live pipeline");
}

#[test]
fn an_entry_that_is_named_elsewhere_is_not_retired() {
    let estate = live();
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    estate
        .write("infrastructure/more.tf", "locals {\n  more = terraform_data.mark[\"2022-10-14\"].output\n}\n")
        .expect("writable");
    run(&estate, &["retire", NEW, "--confirm", NEW]).ends_with(3).says("infrastructure/more.tf:2:10:");
}

#[test]
fn an_entry_takes_the_place_of_another() {
    const NEXT: &str = "2022-12-02";
    let estate = live();
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    estate.commit("Add an entry").expect("committed");
    let text = estate.read("infrastructure/main.tf").expect("readable");
    let more = "locals {\n  more = module.pipelines[\"2022-10-14\"].services\n}\n";
    estate.write("infrastructure/more.tf", more).expect("writable");
    let replace = ["new", NEXT, "--replace", NEW, "--yes"];
    run(&estate, &replace).ends_with(64).says("infrastructure/more.tf:2:10");
    std::fs::remove_file(estate.file("infrastructure/more.tf")).expect("removed");
    run(&estate, &replace)
        .ends_with(0)
        .says("Plan: 4 to create, 0 to change, 4 to destroy, 4 unchanged")
        .says("2022-10-14 is gone: 4 resources destroyed, 2 tags taken away.");
    assert_eq!(estate.read("infrastructure/main.tf").expect("readable"), text.replace(NEW, NEXT));
    let left = state(&estate, "infrastructure");
    let of = |namespace: &str| left.iter().filter(|address| address.contains(namespace)).count();
    assert_eq!((of(NEW), of(NEXT), of(LIVE)), (0, 4, 4), "{left:#?}");
    assert_eq!(crate::new::digests(&estate, NEW), [None, None]);
    assert!(crate::new::digests(&estate, NEXT).iter().all(Option::is_some));
    run(&estate, &["new", "2022-12-03", "--replace", LIVE, "--yes"]).ends_with(3).says("is the live pipeline");
}

#[test]
fn what_an_entry_made_goes_although_the_entry_is_gone() {
    let estate = live();
    run(&estate, &["new", NEW, "--yes"]).ends_with(0);
    estate.commit("Add an entry").expect("committed");
    run(&estate, &["retire", NEW, "--edit-only", "--yes"]).ends_with(0);
    assert_eq!(estate.read("infrastructure/main.tf").expect("readable"), MAIN);
    run(&estate, &["retire", NEW, "--confirm", NEW])
        .ends_with(0)
        .says("The entry of 2022-10-14 is gone.")
        .says("4 resources destroyed, 2 tags taken away");
    let left = state(&estate, "infrastructure");
    assert!(left.len() == 4 && !left.iter().any(|address| address.contains(NEW)), "{left:#?}");
}
