//! The name of a pipeline.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// The greatest number of bytes of a namespace.
pub const LONGEST: usize = 63;

/// The name of one pipeline, usually the date it was made: `2022-08-31`.
///
/// It stands in the module's label, in the names of resources and as the tag of the images that the pipeline runs.
/// Namespaces are ordered by date, then by what follows the date in natural order: `2022-08-31-2` before
/// `2022-08-31-10`. Those without a date come first, in natural order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Namespace(String);

/// Why a text is no namespace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NamespaceError {
    /// Nothing was given.
    #[error("a namespace cannot be empty")]
    Empty,
    /// A character stands where it may not.
    #[error("the namespace '{text}' has a '{character}', which is not allowed there")]
    Character {
        /// The text as given.
        text: String,
        /// The first character that is not allowed.
        character: char,
    },
    /// More bytes than [`LONGEST`].
    #[error("the namespace '{text}' has {length} characters; {LONGEST} are allowed")]
    TooLong {
        /// The text as given.
        text: String,
        /// How long it is.
        length: usize,
    },
    /// It begins like a date, but there is no such day.
    #[error("there is no day {date}, which the namespace '{text}' begins with")]
    NoSuchDate {
        /// The text as given.
        text: String,
        /// The ten characters that look like a date.
        date: String,
    },
    /// A word with a meaning of its own.
    #[error("'{text}' cannot be the name of a pipeline: {reason}")]
    Reserved {
        /// The text as given.
        text: String,
        /// Which meaning it has.
        reason: &'static str,
    },
}

impl Namespace {
    /// The namespace as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The date that it begins with, and what follows the date.
    pub fn date(&self) -> Option<(&str, &str)> {
        let date = self.0.get(..10)?;
        looks_like_date(date).then(|| (date, &self.0[10..]))
    }

    /// What stands before its date, the date with dashes, whatever it is written with, and what follows it:
    /// `catalogue-`, `2021-02-01` and `-2` of `catalogue-20210201-2`.
    pub fn dated(&self) -> Option<(&str, String, &str)> {
        let whole = self.as_str();
        let begins = |at: usize| !whole[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        (0..whole.len()).filter(|at| begins(*at)).find_map(|at| {
            let (date, length) = date_at_start(&whole[at..])?;
            Some((&whole[..at], date, &whole[at + length..]))
        })
    }

    /// Every way in which names are made from it, the usual one first: `2021-02-01`, `2021_02_01`, `20210201`, each
    /// with the suffix in the same manner.
    pub fn spellings(&self) -> Vec<String> {
        let mut spellings = vec![self.0.clone()];
        let mut add = |spelling: String| {
            if !spellings.contains(&spelling) {
                spellings.push(spelling);
            }
        };
        add(self.0.replace('-', "_"));
        if let Some((prefix, date, suffix)) = self.dated() {
            let compact = date.replace('-', "");
            add(format!("{prefix}{date}{suffix}"));
            add(format!("{prefix}{date}{suffix}").replace('-', "_"));
            add(format!("{prefix}{compact}{suffix}"));
            add(format!("{prefix}{compact}{}", suffix.replace('-', "_")));
            add(format!("{prefix}{}{suffix}", date.replace('-', "_")));
        }
        spellings
    }

    /// Whether `text` names this pipeline: one of the spellings stands in it, and neither side of it goes on with what
    /// would make it another word (`2022-08-3` is not named in `x_2022-08-31`, nor `a` in `data`). A longer namespace
    /// (`2022-08-31-2`) does contain the shorter one: whoever knows all pipelines must look for the longest.
    pub fn is_named_in(&self, text: &str) -> bool {
        self.spellings().iter().any(|spelling| {
            text.match_indices(spelling.as_str()).any(|(start, found)| {
                let before = text[..start].chars().next_back();
                let after = text[start + found.len()..].chars().next();
                let dated = found.starts_with(|c: char| c.is_ascii_digit());
                let goes_on = |c: char| if dated { c.is_ascii_digit() } else { c.is_alphanumeric() };
                !before.is_some_and(goes_on) && !after.is_some_and(char::is_alphanumeric)
            })
        })
    }
}

/// The date that the text begins with, in whichever manner, with dashes; and how many bytes of the text it takes.
fn date_at_start(text: &str) -> Option<(String, usize)> {
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| bytes.get(from..to).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let parted = |mark: u8| {
        digits(0, 4) && digits(5, 7) && digits(8, 10) && !digits(10, 11) && bytes[4] == mark && bytes[7] == mark
    };
    let (date, length) = if parted(b'-') || parted(b'_') {
        (text[..10].replace('_', "-"), 10)
    } else if digits(0, 8) && !digits(8, 9) {
        (format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..8]), 8)
    } else {
        return None;
    };
    date.parse::<jiff::civil::Date>().ok().map(|_| (date, length))
}

fn looks_like_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

impl FromStr for Namespace {
    type Err = NamespaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(first) = text.chars().next() else {
            return Err(NamespaceError::Empty);
        };
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let wrong = if first.is_ascii_alphanumeric() { text.chars().find(|c| !allowed(*c)) } else { Some(first) };
        if let Some(character) = wrong {
            return Err(NamespaceError::Character { text: text.to_owned(), character });
        }
        if text.len() > LONGEST {
            return Err(NamespaceError::TooLong { text: text.to_owned(), length: text.len() });
        }
        if let Some(date) = text.get(..10).filter(|date| looks_like_date(date))
            && date.parse::<jiff::civil::Date>().is_err()
        {
            return Err(NamespaceError::NoSuchDate { text: text.to_owned(), date: date.to_owned() });
        }
        match text {
            "live" => Err(NamespaceError::Reserved {
                text: text.to_owned(),
                reason: "it stands for the live pipeline in every command",
            }),
            _ => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Ord for Namespace {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.dated(), other.dated()) {
            (Some(ours), Some(theirs)) => {
                ours.1.cmp(&theirs.1).then_with(|| natural(ours.2, theirs.2)).then_with(|| natural(ours.0, theirs.0))
            }
            (Some(_), None) => Ordering::Greater,
            (None, Some(_)) => Ordering::Less,
            (None, None) => natural(&self.0, &other.0),
        }
        .then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Namespace {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares runs of digits by their value and everything else by its characters.
fn natural(ours: &str, theirs: &str) -> Ordering {
    let (mut ours, mut theirs) = (ours, theirs);
    loop {
        match (next_run(&mut ours), next_run(&mut theirs)) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) => {
                let order = match (number(a), number(b)) {
                    (Some(a), Some(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
                    _ => a.cmp(b),
                };
                if order.is_ne() {
                    return order;
                }
            }
        }
    }
}

fn number(run: &str) -> Option<&str> {
    run.starts_with(|c: char| c.is_ascii_digit()).then(|| run.trim_start_matches('0'))
}

fn next_run<'a>(text: &mut &'a str) -> Option<&'a str> {
    let digit = text.chars().next()?.is_ascii_digit();
    let end = text.find(|c: char| c.is_ascii_digit() != digit).unwrap_or(text.len());
    let (run, rest) = text.split_at(end);
    *text = rest;
    Some(run)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespace(text: &str) -> Namespace {
        text.parse().expect("a namespace")
    }

    #[test]
    fn refuses_what_is_no_name() {
        for text in ["", "-x", "2022/08/31", "2022-02-30", "2022-13-01-a", "live", "a b", &"x".repeat(64), "é"] {
            assert!(text.parse::<Namespace>().is_err(), "{text}");
        }
        for text in ["2022-08-31", "2024-02-29a", "a", "v1.2_3", "20220831", &"x".repeat(63)] {
            assert!(text.parse::<Namespace>().is_ok(), "{text}");
        }
    }

    #[test]
    fn orders_by_date_then_suffix() {
        let mut names: Vec<_> =
            ["2022-08-31-10", "2022-10-14", "2022-08-31", "abc", "2022-08-31-2", "2022-08-31a"].map(namespace).into();
        names.sort();
        let names: Vec<_> = names.iter().map(Namespace::as_str).collect();
        assert_eq!(names, ["abc", "2022-08-31", "2022-08-31-2", "2022-08-31-10", "2022-08-31a", "2022-10-14"]);
    }

    #[test]
    fn spells_a_date_in_three_ways() {
        assert_eq!(namespace("2021-02-01").spellings(), ["2021-02-01", "2021_02_01", "20210201"]);
        assert!(namespace("2021-02-01-2").spellings().contains(&"20210201_2".to_owned()));
    }

    #[test]
    fn is_not_named_by_a_longer_number() {
        let short = namespace("2022-10-1");
        assert!(!short.is_named_in("queue_2022-10-14"));
        assert!(namespace("2022-10-14").is_named_in("arn:aws:sqs:eu-west-1:1:concepts-2022_10_14-dlq"));
        assert!(!namespace("2022-10-14").is_named_in("concepts-12022-10-14"));
    }
}
