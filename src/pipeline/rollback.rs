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
    /// What a rollback went back to, in the words of [`Target::name`]; none for every other command.
    pub back_to: Option<String>,
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

impl Snapshot {
    /// Whether it moved, or was to move, one of these services.
    fn moves(&self, present: &BTreeMap<String, Digest>) -> bool {
        present.keys().any(|service| self.after.get(service) != self.before.get(service))
    }
}

/// The newest release that ended well and left another state than `present`. Where there is none, the state before the
/// oldest release is taken: that is what ran when pipelinectl was first used. A rollback that did not end well is gone on
/// with: what it left behind is no release to go away from.
///
/// `history` is newest first; `present` names the services that are to go back.
pub fn target_of(history: &[Snapshot], present: &BTreeMap<String, Digest>) -> Option<Target> {
    let differs = |digests: &BTreeMap<String, Digest>| {
        present.iter().any(|(service, digest)| digests.get(service).is_some_and(|other| other != digest))
    };
    let newer = history.iter().take_while(|snapshot| !snapshot.ended_well);
    if let Some(last) = newer.into_iter().find(|snapshot| snapshot.moves(present))
        && let Some(name) = &last.back_to
        && let Some(digests) = named(history, name, last, present)
    {
        return Some(Target { name: name.clone(), digests });
    }
    let good = history.iter().find(|snapshot| snapshot.ended_well && differs(&snapshot.after));
    if let Some(good) = good {
        return Some(Target { name: format!("release {}", good.release), digests: good.after.clone() });
    }
    let first = history.iter().rev().find(|snapshot| !snapshot.after.is_empty())?;
    let complete = present.keys().all(|service| first.before.contains_key(service));
    (complete && differs(&first.before))
        .then(|| Target { name: format!("what ran before release {}", first.release), digests: first.before.clone() })
}

/// The images of what an earlier rollback went back to. It may have been about fewer services than are to go back now:
/// then only the release that it named knows the others' images.
fn named(
    history: &[Snapshot],
    name: &str,
    last: &Snapshot,
    present: &BTreeMap<String, Digest>,
) -> Option<BTreeMap<String, Digest>> {
    let release = |id: &str| history.iter().find(|snapshot| snapshot.release == id);
    if let Some(id) = name.strip_prefix("what ran before release ") {
        return release(id).map(|snapshot| snapshot.before.clone());
    }
    if let Some(id) = name.strip_prefix("release ") {
        return release(id).map(|snapshot| snapshot.after.clone());
    }
    let went = |service: &String| last.after.get(service) != last.before.get(service);
    present.keys().all(went).then(|| last.after.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(of: &[(&str, &str)]) -> BTreeMap<String, Digest> {
        of.iter().map(|(service, content)| ((*service).to_owned(), Digest::of_manifest(content))).collect()
    }

    fn release(name: &str, ended_well: bool, before: &str, after: &str) -> Snapshot {
        let (before, after) = (images(&[("a", before), ("b", "b")]), images(&[("a", after), ("b", "b")]));
        Snapshot { release: name.to_owned(), ended_well, back_to: None, before, after }
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
    fn a_rollback_that_did_not_end_well_is_gone_on_with() {
        let one = release("1", true, "zero", "one");
        let two = release("2", true, "one", "two");
        let back = Snapshot { back_to: Some("release 1".to_owned()), ..release("3", false, "two", "one") };
        let history = |last: &[Snapshot]| [last, &[back.clone(), two.clone(), one.clone()]].concat();
        assert_eq!(goes_to(&history(&[]), "two").as_deref(), Some("release 1"), "its tags were put back");
        assert_eq!(goes_to(&history(&[]), "one").as_deref(), Some("release 1"), "a service did not follow");
        let notified = |well| release("4", well, "one", "one");
        assert_eq!(goes_to(&history(&[notified(false)]), "one").as_deref(), Some("release 1"));
        assert_eq!(goes_to(&history(&[notified(true)]), "one").as_deref(), Some("release 2"), "then it ended well");
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
