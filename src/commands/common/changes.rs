//! The flags that say what is changed in a block, in the order in which they were given.

use clap::error::{Error, ErrorKind};
use clap::{ArgMatches, Args, Command, FromArgMatches};

use crate::hcl::{Anchor, Assignment, Change, Path, PathOrItem, Segment};

/// What `set` and `new` have in common.
#[derive(Debug, Args)]
struct Flags {
    /// Take an attribute, a key or a nested block out
    #[arg(long, value_name = "PATH")]
    unset: Vec<Path>,
    /// Add an item to a list
    #[arg(long, value_name = "PATH=VALUE")]
    add_item: Vec<Assignment>,
    /// Take an item out of a list
    #[arg(long, value_name = "PATH=VALUE")]
    remove_item: Vec<Assignment>,
    /// Replace an item of a list, which is counted from 0: topics[0]=value
    #[arg(long, value_name = "PATH[N]=VALUE")]
    set_item: Vec<Assignment>,
    /// Make an attribute, or an item of a list, a comment
    #[arg(long, value_name = "PATH[=ITEM]")]
    comment_out: Vec<PathOrItem>,
    /// Make code again of an attribute, or an item of a list, that is a comment
    #[arg(long, value_name = "PATH[=ITEM]")]
    uncomment: Vec<PathOrItem>,
    /// Put what is new below this key: each PATH=VALUE after this flag, or all before it if none comes after
    #[arg(long, value_name = "KEY")]
    insert_after: Vec<String>,
    /// Put what is new above this key, likewise
    #[arg(long, value_name = "KEY")]
    insert_before: Vec<String>,
}

#[derive(Debug, Args)]
#[allow(clippy::doc_markdown, clippy::doc_link_with_quotes, reason = "the comment is the help")]
struct Positional {
    /// What is set, and to what: scale.tasks=4, index_config["2025-06-17"].works=abc
    #[arg(value_name = "PATH=VALUE")]
    values: Vec<Assignment>,
}

#[derive(Debug, Args)]
struct Flagged {
    /// Set an attribute of the new block, with the keys that lead to it: scale.tasks=4, name=abc
    #[arg(long = "set", id = "values", value_name = "PATH=VALUE")]
    values: Vec<Assignment>,
}

/// The changes of `set`, whose values are arguments of their own.
#[derive(Debug, Clone, Default)]
pub struct Changes(pub Vec<Change>);

/// The changes of `new`, whose values follow `--set`.
#[derive(Debug, Clone, Default)]
pub struct ChangesOfNew(pub Vec<Change>);

macro_rules! changes {
    ($changes:ident, $values:ident) => {
        impl FromArgMatches for $changes {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
                read(matches).map(Self)
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
                self.0 = read(matches)?;
                Ok(())
            }
        }

        impl Args for $changes {
            fn augment_args(command: Command) -> Command {
                Flags::augment_args($values::augment_args(command))
            }

            fn augment_args_for_update(command: Command) -> Command {
                Flags::augment_args_for_update($values::augment_args_for_update(command))
            }
        }
    };
}

changes!(Changes, Positional);
changes!(ChangesOfNew, Flagged);

/// All values of one argument, with their places on the command line.
fn each<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, id: &str) -> Vec<(usize, T)> {
    let values = matches.get_many::<T>(id).into_iter().flatten().cloned();
    matches.indices_of(id).into_iter().flatten().zip(values).collect()
}

fn read(matches: &ArgMatches) -> Result<Vec<Change>, Error> {
    let mut changes: Vec<(usize, Change)> = Vec::new();
    for (index, Assignment { path, value }) in each::<Assignment>(matches, "values") {
        changes.push((index, Change::Set { path, value, anchor: None }));
    }
    for (index, path) in each::<Path>(matches, "unset") {
        changes.push((index, Change::Unset { path }));
    }
    for (index, Assignment { path, value }) in each::<Assignment>(matches, "add_item") {
        changes.push((index, Change::AddItem { path, value, anchor: None }));
    }
    for (index, Assignment { path, value }) in each::<Assignment>(matches, "remove_item") {
        changes.push((index, Change::RemoveItem { path, value }));
    }
    for (index, Assignment { path, value }) in each::<Assignment>(matches, "set_item") {
        if !matches!(path.segments().last(), Some(Segment::Index(_))) {
            return Err(wrong(format!("--set-item {path}=… names no item: write {path}[0]=…")));
        }
        changes.push((index, Change::Set { path, value, anchor: None }));
    }
    for (index, PathOrItem { path, item }) in each::<PathOrItem>(matches, "comment_out") {
        changes.push((index, Change::CommentOut { path, item }));
    }
    for (index, PathOrItem { path, item }) in each::<PathOrItem>(matches, "uncomment") {
        changes.push((index, Change::Uncomment { path, item }));
    }
    changes.sort_by_key(|(index, _)| *index);
    let after = each::<String>(matches, "insert_after").into_iter().map(|(index, key)| (index, Anchor::After(key)));
    let before = each::<String>(matches, "insert_before").into_iter().map(|(index, key)| (index, Anchor::Before(key)));
    let mut anchors: Vec<(usize, Anchor)> = after.chain(before).collect();
    anchors.sort_by_key(|(index, _)| *index);
    anchor(&mut changes, &anchors)?;
    let changes: Vec<Change> = changes.into_iter().map(|(_, change)| change).collect();
    refuse_contradictions(&changes)?;
    Ok(in_order(changes))
}

/// The changes in an order in which none takes away what another one is told by: nested blocks go from the last number to
/// the first, and what something new stands beside goes after that is there.
fn in_order(changes: Vec<Change>) -> Vec<Change> {
    let removed = |change: &Change| match change {
        Change::Unset { path } | Change::CommentOut { path, item: None } => Some(path.clone()),
        _ => None,
    };
    let anchored = |change: &Change| match change {
        Change::Set { path, anchor: Some(Anchor::After(key) | Anchor::Before(key)), .. } => {
            let (_, way) = path.segments().split_last()?;
            let name = Segment::Name { name: key.clone(), number: None };
            Some(Path::of(way.iter().cloned().chain([name]).collect()))
        }
        _ => None,
    };
    let anchors: Vec<Path> = changes.iter().filter_map(anchored).collect();
    let number = |change: &Change| match removed(change)?.segments().last()? {
        Segment::Name { number, .. } => *number,
        _ => None,
    };
    let is_anchor = |change: &Change| removed(change).is_some_and(|path| anchors.contains(&path));
    let (last, mut first): (Vec<Change>, Vec<Change>) = changes.into_iter().partition(is_anchor);
    let places: Vec<usize> = (0..first.len()).filter(|at| number(&first[*at]).is_some()).collect();
    let mut numbered: Vec<Change> = places.iter().map(|at| first[*at].clone()).collect();
    numbered.sort_by_key(|change| std::cmp::Reverse(number(change)));
    for (at, change) in places.into_iter().zip(numbered) {
        first[at] = change;
    }
    let (refilled, first): (Vec<Change>, Vec<Change>) =
        first.iter().cloned().partition(|change| is_refilled(&first, change));
    first.into_iter().chain(refilled).chain(last).collect()
}

/// Whether an item goes from a list that gets others: the list is never empty, and keeps its lines.
fn is_refilled(changes: &[Change], change: &Change) -> bool {
    let Change::RemoveItem { path, value } = change else { return false };
    let mut added = changes.iter().filter_map(|other| match other {
        Change::AddItem { path: list, value, .. } if list == path => Some(value),
        _ => None,
    });
    added.clone().next().is_some() && !added.any(|other| other == value)
}

/// Gives each value that may be new the place that was named last before it; where none follows a place, those before it
/// are meant.
fn anchor(changes: &mut [(usize, Change)], anchors: &[(usize, Anchor)]) -> Result<(), Error> {
    let may_be_new = |change: &Change| matches!(change, Change::Set { .. } | Change::AddItem { .. });
    let any_new = changes.iter().any(|(_, change)| may_be_new(change));
    let first = anchors.first().map_or(0, |(at, _)| *at);
    let follows = changes.iter().any(|(index, change)| may_be_new(change) && *index > first);
    for (index, change) in changes {
        let (Change::Set { anchor, .. } | Change::AddItem { anchor, .. }) = change else { continue };
        let before = if follows || anchors.is_empty() { None } else { Some(0) };
        let Some(named) = anchors.iter().rposition(|(at, _)| at < index).or(before) else { continue };
        *anchor = Some(anchors[named].1.clone());
    }
    if anchors.is_empty() || any_new {
        return Ok(());
    }
    Err(wrong("--insert-after and --insert-before need a path=value".to_owned()))
}

/// The same value cannot become two things.
fn refuse_contradictions(changes: &[Change]) -> Result<(), Error> {
    let one_value = |change: &Change| match change {
        Change::Set { path, .. } | Change::Unset { path } => Some(path.to_string()),
        _ => None,
    };
    for (index, change) in changes.iter().enumerate() {
        let Some(path) = one_value(change) else { continue };
        if changes[..index].iter().any(|earlier| one_value(earlier).as_ref() == Some(&path)) {
            return Err(wrong(format!("'{path}' is given twice")));
        }
    }
    Ok(())
}

/// The changes as they would be typed in a shell.
pub fn as_typed(changes: &[Change]) -> String {
    let words: Vec<String> = changes
        .iter()
        .map(|change| {
            let text = change.to_string();
            match text.split_once(' ').filter(|(flag, _)| flag.starts_with("--")) {
                Some((flag, rest)) => format!("{flag} {}", quoted(rest)),
                None => quoted(&text),
            }
        })
        .collect();
    words.join(" ")
}

/// Quoted for a shell where that is needed.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '=' | '/' | ':' | ',' | '@');
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

fn wrong(message: String) -> Error {
    Error::raw(ErrorKind::ValueValidation, message + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Vec<String>, String> {
        let command = Changes::augment_args(Command::new("set").no_binary_name(true));
        let matches = command.try_get_matches_from(words).map_err(|error| error.to_string())?;
        let changes = Changes::from_arg_matches(&matches).map_err(|error| error.to_string())?;
        let anchor = |change: &Change| match change {
            Change::Set { anchor: Some(Anchor::After(key)), .. }
            | Change::AddItem { anchor: Some(Anchor::After(key)), .. } => format!(" after {key}"),
            Change::Set { anchor: Some(Anchor::Before(key)), .. } => format!(" before {key}"),
            _ => String::new(),
        };
        Ok(changes.0.iter().map(|change| format!("{change}{}", anchor(change))).collect())
    }

    #[test]
    fn keeps_the_order() {
        let words = [
            "a=1",
            "--unset",
            "b",
            "c=x",
            "--add-item",
            "d=2",
            "--comment-out",
            "e=3",
            "--uncomment",
            "f",
            "--set-item",
            "g[0]=4",
            "--remove-item",
            "d=5",
        ];
        let wanted = [
            "a=1",
            "--unset b",
            "c=\"x\"",
            "--add-item d=2",
            "--comment-out e=3",
            "--uncomment f",
            "g[0]=4",
            "--remove-item d=5",
        ];
        assert_eq!(parse(&words).expect("changes"), wanted);
    }

    #[test]
    fn places_what_is_new() {
        assert_eq!(parse(&["--insert-after", "k", "a=1", "b=2"]).expect("changes"), ["a=1 after k", "b=2 after k"]);
        assert_eq!(parse(&["a=1", "--insert-after", "k", "b=2"]).expect("changes"), ["a=1", "b=2 after k"]);
        assert_eq!(parse(&["a=1", "--insert-after", "k"]).expect("changes"), ["a=1 after k"]);
        let two = ["--insert-after", "k", "a=1", "--insert-before", "l", "b=2", "--unset", "c"];
        assert_eq!(parse(&two).expect("changes"), ["a=1 after k", "b=2 before l", "--unset c"]);
        assert!(
            parse(&["--insert-after", "k", "--unset", "c"]).expect_err("nothing new").contains("need a path=value")
        );
    }

    #[test]
    fn takes_nothing_away_that_another_is_told_by() {
        let renamed = ["--unset", "old", "--insert-after", "old", "new=1"];
        assert_eq!(parse(&renamed).expect("changes"), ["new=1 after old", "--unset old"]);
        let numbered = ["--unset", "rule#2", "a=1", "--unset", "rule#3"];
        assert_eq!(parse(&numbered).expect("changes"), ["--unset rule#3", "a=1", "--unset rule#2"]);
        let items = ["--insert-after", "local.a", "--add-item", "l=local.y", "--add-item", "l=local.z"];
        let refilled = ["--remove-item", "l=local.a", "--add-item", "l=local.b"];
        assert_eq!(parse(&refilled).expect("changes"), ["--add-item l=local.b", "--remove-item l=local.a"]);
        let moved = ["--remove-item", "l=local.a", "--add-item", "l=local.a"];
        assert_eq!(parse(&moved).expect("changes"), ["--remove-item l=local.a", "--add-item l=local.a"]);
        assert_eq!(
            parse(&items).expect("changes"),
            ["--add-item l=local.y after local.a", "--add-item l=local.z after local.a"]
        );
    }

    #[test]
    fn refuses_contradictions() {
        assert!(parse(&["a=1", "a=2"]).expect_err("twice").contains("'a' is given twice"));
        assert!(parse(&["a=1", "--unset", "a"]).is_err());
        assert!(parse(&["--set-item", "a=1"]).expect_err("no item").contains("a[0]=…"));
        assert!(parse(&["a"]).is_err());
    }
}
