//! A plain module: its resources, its block, its tags.

use super::*;
use crate::errors::shown;
use crate::new::asked::on_terminal;
use crate::new::snapshot;
use crate::support::writes;

#[test]
fn everything_of_it_goes_and_nothing_else() {
    let estate = standing();
    let live = (digests(&estate, LIVE), digests(&estate, &estate.commits()[2].tag()));
    let before = snapshot(&estate);
    let dry = run(&estate, &["retire", OLD, "--dry-run"]).ends_with(0);
    assert_eq!(snapshot(&estate).len(), before.len());
    assert!(snapshot(&estate) == before, "a dry run changes nothing");
    insta::assert_snapshot!(shown(&estate, &dry), @r#"
    exit code 0
    --- stdout
    --- infrastructure/main.tf
    +++ infrastructure/main.tf
    @@ -8,13 +8,3 @@
         index          = "concepts-2022-08-31"
       }
     }
    -
    -module "concepts_pipeline_2022-10-01" {
    -  source    = "./stack"
    -  namespace = "2022-10-01"
    -
    -  reindexing_state = {
    -    scale_up_tasks = false
    -    index          = "concepts-2022-10-01"
    -  }
    -}

    Tags 2022-10-01
      REPOSITORY                DIGEST        TAG                       OTHER TAGS
    - weco/concepts_ingestor    21bb8d5c8cb4  2022-10-01 is taken away  2022-08-31, ref.commit 2
    - weco/concepts_aggregator  0f85fd9632ad  2022-10-01 is taken away  2022-08-31, ref.commit 2

    module.concepts_pipeline_2022-10-01
      - terraform_data.index  (to destroy)
      - terraform_data.service["concepts_aggregator"]  (to destroy)
      - terraform_data.service["concepts_ingestor"]  (to destroy)
    Plan: 0 to create, 0 to change, 3 to destroy, 0 unchanged
    --- stderr
    Reading the estate and the tags of 2022-10-01 …
    Planning with terraform …

    Dry run: nothing was changed.
    "#);
    let done = retire(&estate, &[]).ends_with(0);
    assert_eq!(done.out, dry.out, "what is done is what was shown");
    insta::assert_snapshot!(shown(&estate, &Run { out: String::new(), ..done }), @r#"
    exit code 0
    --- stdout
    --- stderr
    Reading the estate and the tags of 2022-10-01 …
    Planning with terraform …

    Applying …
      ✓ terraform_data.index  destroyed
      ✓ terraform_data.service["concepts_aggregator"]  destroyed
      ✓ terraform_data.service["concepts_ingestor"]  destroyed
    Removed module.concepts_pipeline_2022-10-01 from infrastructure/main.tf.
      ✓ weco/concepts_aggregator  2022-10-01 is taken away
      ✓ weco/concepts_ingestor  2022-10-01 is taken away

    2022-10-01 is retired: 3 resources destroyed, 2 tags taken away.
    next: commit infrastructure/main.tf and open a pull request
    "#);
    assert_eq!(left(&estate), NOTHING);
    assert!(state(&estate).iter().all(|address| address.contains(LIVE)) && state(&estate).len() == 3);
    assert_eq!((digests(&estate, LIVE), digests(&estate, &estate.commits()[2].tag())), live, "images stay");
    assert_eq!(writes(&estate), ["BatchDeleteImage"; 2]);

    // Neither the files nor the state hold anything that terraform would still want to change.
    let text = estate.read(MAIN).expect("readable");
    assert!(text.ends_with("  }\n}\n") && !text.contains(OLD), "{text}");
    estate.terraform(&["plan", "-detailed-exitcode", "-input=false"]).expect("nothing to change");

    let history = history(&estate);
    let record = history.last().expect("a record");
    assert_eq!((&record["command"], &record["outcome"]), (&"retire".into(), &"done".into()));
    assert_eq!(record["services"][0]["digest_before"].as_str(), live.0[0].as_deref());
    assert!(record["services"][0]["digest_after"].is_null() && !is_unfinished(&estate));

    let again = retire(&estate, &[]).ends_with(0);
    assert_eq!(crate::retire::history(&estate).len(), 1, "nothing was done, so there is nothing to record");
    insta::assert_snapshot!(shown(&estate, &again), @r"
    exit code 0
    --- stdout
    --- stderr
    Reading the estate and the tags of 2022-10-01 …
    The block of 2022-10-01 is gone.
    No repository has the tag 2022-10-01.
    Planning with terraform …
    Terraform's state has nothing in module.concepts_pipeline_2022-10-01.

    Nothing to do: there is nothing of 2022-10-01. There are: 2022-08-31
    ");
}

#[test]
fn it_is_json_too() {
    let estate = standing();
    let dry = run(&estate, &["retire", OLD, "--dry-run", "--format", "json"]).ends_with(0).json();
    assert_eq!((&dry["dry_run"], &dry["changed"], &dry["plan"]["delete"]), (&true.into(), &false.into(), &3.into()));
    let report = retire(&estate, &["--format", "json"]).ends_with(0).json();
    assert_eq!((&report["address"], &report["edited"][0]), (&MODULE.into(), &MAIN.into()));
    assert_eq!((&report["changed"], &report["tags"][1]["fate"]), (&true.into(), &"removed".into()));
    assert!(report["tags"][0]["other_tags"].as_array().expect("tags").contains(&LIVE.into()));
    let again = retire(&estate, &["--format", "json"]).ends_with(0).json();
    assert_eq!(
        (&again["changed"], &again["file"], &again["tags"][0]["fate"]),
        (&false.into(), &Value::Null, &"absent".into())
    );
}

#[test]
fn unattended_the_name_must_be_given_twice() {
    let estate = standing();
    for arguments in [&["retire", OLD][..], &["retire", OLD, "--yes"]] {
        let refused = run(&estate, arguments).ends_with(1);
        assert!(
            refused.err.contains(&format!("use --confirm {OLD} to go on unattended (--yes does not do)")),
            "{}",
            refused.err
        );
    }
    run(&estate, &["retire", OLD, "--confirm", LIVE]).ends_with(64).says("--confirm says 2022-08-31, but");
    run(&estate, &["retire", OLD, "--confirm", "live", "--yes"]).ends_with(64);
    assert!(writes(&estate).is_empty());
    assert_eq!(left(&estate), WHOLE);
}

#[test]
fn on_a_terminal_the_name_is_typed() {
    const QUESTION: &str = "Type 2022-10-01 to destroy 3 resources, remove the block, take 2 tags away:";
    let estate = standing();
    for answer in ["y", "2022-10-0", ""] {
        let mut asked = on_terminal(&estate, &["retire", OLD, "--yes"]);
        asked.asks(QUESTION, 0);
        asked.answer(answer);
        asked.end().ends_with(1).says("2022-10-01 was not typed; nothing was changed");
        assert_eq!(left(&estate), WHOLE);
    }
    let mut asked = on_terminal(&estate, &["retire", MODULE]);
    let end = asked.asks(QUESTION, 0);
    let text = estate.read(MAIN).expect("readable");
    estate.write(MAIN, &format!("# somebody else's line\n{text}")).expect("written");
    asked.answer(OLD);
    asked.asks(QUESTION, end);
    asked.answer(OLD);
    asked.end().ends_with(0).says("something was changed in the meantime").says("2022-10-01 is retired");
    assert_eq!(left(&estate), NOTHING);
    assert!(estate.read(MAIN).expect("readable").starts_with("# somebody else's line\n"));
}

#[test]
fn the_edit_alone_needs_nothing_else() {
    let estate = standing();
    let edit =
        |more: &[&str]| run(&estate, &[&["retire", OLD, "--edit-only", "--terraform", "nowhere"], more].concat());
    insta::assert_snapshot!(shown(&estate, &edit(&["--dry-run"])), @r#"
    exit code 0
    --- stdout
    --- infrastructure/main.tf
    +++ infrastructure/main.tf
    @@ -8,13 +8,3 @@
         index          = "concepts-2022-08-31"
       }
     }
    -
    -module "concepts_pipeline_2022-10-01" {
    -  source    = "./stack"
    -  namespace = "2022-10-01"
    -
    -  reindexing_state = {
    -    scale_up_tasks = false
    -    index          = "concepts-2022-10-01"
    -  }
    -}
    --- stderr

    Dry run: nothing was changed.
    "#);
    edit(&[]).ends_with(1).says("use --yes to go on unattended");
    assert_eq!(left(&estate), WHOLE);
    edit(&["--yes"]).ends_with(0).says("Removed module.concepts_pipeline_2022-10-01 from infrastructure/main.tf.");
    assert_eq!(left(&estate), (false, 3, 2));
    edit(&["--yes"]).ends_with(0).says("Nothing to do: no block says that it is 2022-10-01. There are: 2022-08-31");
    assert!(aws_of(&estate).calls().expect("a log").is_empty(), "AWS was asked");
    for wrong in ["--delete-images", "--no-refresh"] {
        edit(&[wrong]).ends_with(64);
    }
}
