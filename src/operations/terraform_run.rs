//! Plan, read, judge; and apply what was judged. The caller shows the plan and asks in between.

use std::path::Path;

use crate::progress::Progress;
use crate::terraform::{
    Address, Applied, Error, Plan, PlanOptions, Program, Review, Rules, SavedPlan, Summary, Verdict, judge,
};

/// A plan that was made, read and judged, and nothing more.
#[derive(Debug)]
pub struct Planned {
    /// The file. It is gone when this is dropped.
    pub saved: SavedPlan,
    /// What it would do.
    pub plan: Plan,
    /// What the guard says of it.
    pub verdict: Verdict,
    /// It in short.
    pub summary: Summary,
}

impl Planned {
    /// Whether there is anything to apply. Reads do not count.
    pub fn has_changes(&self) -> bool {
        self.plan.has_changes()
    }

    /// Judges it again: other rules, for example when the user allows more.
    pub fn judge_again(&mut self, rules: &Rules) {
        self.verdict = judge(&self.plan, rules);
    }
}

/// Plans (`init` first where it is needed), reads the saved plan and judges it. Nothing is changed.
pub fn plan(
    program: &Program,
    options: &PlanOptions,
    rules: &Rules,
    progress: &dyn Progress,
) -> Result<Planned, Error> {
    let saved = program.plan(options, progress)?;
    judged(program, saved, rules, progress)
}

/// Reads and judges the plan in `file`, which must be the one that was reviewed.
pub fn reviewed(
    program: &Program,
    file: &Path,
    review: &Review,
    rules: &Rules,
    progress: &dyn Progress,
) -> Result<Planned, Error> {
    judged(program, review.open(file)?, rules, progress)
}

fn judged(program: &Program, saved: SavedPlan, rules: &Rules, progress: &dyn Progress) -> Result<Planned, Error> {
    let plan = program.show(&saved, progress)?;
    let verdict = judge(&plan, rules);
    let modules: Vec<Address> = rules.scopes.iter().map(|scope| scope.module.clone()).collect();
    let summary = Summary::of(&plan, &modules);
    Ok(Planned { saved, plan, verdict, summary })
}

/// Applies exactly the plan that was judged; one that was refused is not applied.
pub fn apply(program: &Program, planned: &Planned, progress: &dyn Progress) -> Result<Applied, Error> {
    if !planned.verdict.passes() {
        return Err(Error::Refused);
    }
    program.apply(&planned.saved, &planned.plan, progress)
}
