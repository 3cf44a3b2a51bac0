//! How work that takes a while tells what it does, without knowing who shows it.

/// How one piece of work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it should.
    Done,
    /// There was nothing to do.
    Skipped,
    /// It did not work.
    Failed,
}

/// Told what happens while it happens. Implemented by `ui`; [`Silent`] is for tests.
///
/// An *item* is what the work is about: a repository, a resource address, a function.
pub trait Progress: Send + Sync {
    /// Work on `item` has begun: `what` is a short present participle, `creating`.
    fn started(&self, item: &str, what: &str);
    /// Work on `item` goes on and there is something new to say of it.
    fn changed(&self, item: &str, what: &str);
    /// Work on `item` has ended; `what` is a short past form or the reason of a failure.
    fn finished(&self, item: &str, outcome: Outcome, what: &str);
    /// Work on `item` has ended, and there is nothing to say of it.
    fn dismissed(&self, item: &str);
    /// A line of talk that belongs to no item.
    fn note(&self, line: &str);
    /// A line that is shown with `--verbose` only: a call to AWS, a child process.
    fn detail(&self, line: &str);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn started(&self, _item: &str, _what: &str) {}
    fn changed(&self, _item: &str, _what: &str) {}
    fn finished(&self, _item: &str, _outcome: Outcome, _what: &str) {}
    fn dismissed(&self, _item: &str) {}
    fn note(&self, _line: &str) {}
    fn detail(&self, _line: &str) {}
}
