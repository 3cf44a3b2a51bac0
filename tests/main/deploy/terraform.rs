//! After a deployment terraform finds nothing to change.

use super::*;

/// A live pipeline that terraform made; deployed to, rolled back, and planned after each.
#[track_caller]
fn leaves_nothing_to_plan(builder: Builder) {
    let estate = built(builder.with_services(2));
    estate.apply_live().expect("it applies");
    run(&estate, &["deploy", "live", "--yes"]).ends_with(0);
    is_at(&estate, "latest");
    nothing_to_plan(&estate);
    run(&estate, &["rollback", "live", "--yes"]).ends_with(0);
    is_at(&estate, &estate.commits()[2].tag());
    nothing_to_plan(&estate);
}

#[track_caller]
fn nothing_to_plan(estate: &Estate) {
    let mut command = estate.terraform_command();
    let output = command.args(["plan", "-detailed-exitcode", "-no-color"]).output().expect("terraform runs");
    let plan = Run::from(output);
    plan.ends_with(0).says("No changes.");
}

#[test]
fn of_a_stack_that_names_digests() {
    leaves_nothing_to_plan(Estate::medium());
}

#[test]
fn of_a_stack_that_names_tags() {
    leaves_nothing_to_plan(Estate::medium().by_tag());
}
