//! Where a rollback goes.

use std::collections::BTreeMap;

use super::image::Digest;

/// How an earlier release ended, and what it left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The release's name.
    pub release: String,
    /// Whether it ended well.
    pub ended_well: bool,
    /// The image of each service, by its name, before it.
    pub before: BTreeMap<String, Digest>,
    /// The image of each service, by its name, after it.
    pub after: BTreeMap<String, Digest>,
}

/// The release that a rollback restores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// For people: `release 2026…`, or `what ran before release 2026…`.
    pub name: String,
    /// The image of each service, by its name.
    pub digests: BTreeMap<String, Digest>,
}

/// The newest release that ended well and left another state than `present`. Where there is none, the state before the
/// oldest release is taken: that is what ran when pipelinectl was first used.
///
/// `history` is newest first; `present` names the services that are to go back.
pub fn target_of(history: &[Snapshot], present: &BTreeMap<String, Digest>) -> Option<Target> {
    let differs = |digests: &BTreeMap<String, Digest>| {
        present.iter().any(|(service, digest)| digests.get(service).is_some_and(|other| other != digest))
    };
    let good = history.iter().find(|snapshot| snapshot.ended_well && differs(&snapshot.after));
    if let Some(good) = good {
        return Some(Target { name: format!("release {}", good.release), digests: good.after.clone() });
    }
    let first = history.iter().rev().find(|snapshot| !snapshot.after.is_empty())?;
    let complete = present.keys().all(|service| first.before.contains_key(service));
    (complete && differs(&first.before))
        .then(|| Target { name: format!("what ran before release {}", first.release), digests: first.before.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(of: &[(&str, &str)]) -> BTreeMap<String, Digest> {
        of.iter().map(|(service, content)| ((*service).to_owned(), Digest::of_manifest(content))).collect()
    }

    fn release(name: &str, ended_well: bool, before: &str, after: &str) -> Snapshot {
        let (before, after) = (images(&[("a", before), ("b", "b")]), images(&[("a", after), ("b", "b")]));
        Snapshot { release: name.to_owned(), ended_well, before, after }
    }

    fn goes_to(history: &[Snapshot], present: &str) -> Option<String> {
        target_of(history, &images(&[("a", present), ("b", "b")])).map(|target| target.name)
    }

    #[test]
    fn goes_past_what_failed_and_past_what_runs() {
        let one = release("1", true, "zero", "one");
        let two = release("2", true, "one", "two");
        let failed = release("3", false, "two", "three");
        assert_eq!(goes_to(&[failed, two.clone(), one.clone()], "three").as_deref(), Some("release 2"));
        assert_eq!(goes_to(&[two, one], "two").as_deref(), Some("release 1"));
    }

    #[test]
    fn a_rollback_can_be_rolled_back() {
        let one = release("1", true, "zero", "one");
        let two = release("2", true, "one", "two");
        let back = release("3", true, "two", "one");
        assert_eq!(goes_to(&[back, two, one], "one").as_deref(), Some("release 2"));
    }

    #[test]
    fn before_the_first_release_is_a_state_too() {
        assert_eq!(goes_to(&[release("1", true, "zero", "one")], "one").as_deref(), Some("what ran before release 1"));
        assert_eq!(goes_to(&[release("1", true, "one", "one")], "one"), None);
        assert_eq!(goes_to(&[], "one"), None);
    }

    #[test]
    fn only_the_services_that_go_back_count() {
        let two = release("2", true, "one", "two");
        assert_eq!(target_of(&[two], &images(&[("b", "b")])), None);
    }
}
