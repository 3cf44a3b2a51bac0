//! The ways in which a namespace is written in labels, names and strings.

use crate::hcl::Span;
use crate::pipeline::Namespace;

/// How a namespace is made into part of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// As it is.
    Plain,
    /// `2021-02-01-2`
    Dashed,
    /// `2021_02_01_2`
    Underscored,
    /// `20210201-2`
    Compact,
    /// `20210201_2`
    CompactUnderscored,
    /// `2021_02_01-2`
    UnderscoredDate,
    /// `202102012`
    Digits,
}

const MANNERS: [Manner; 7] = [
    Manner::Plain,
    Manner::Dashed,
    Manner::Underscored,
    Manner::Compact,
    Manner::CompactUnderscored,
    Manner::UnderscoredDate,
    Manner::Digits,
];

/// A namespace, taken apart at its date.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    whole: String,
    /// `catalogue-` in `catalogue-2021-02-01-2`; all of it where there is no date.
    prefix: String,
    /// With dashes, whatever it is written with.
    date: Option<String>,
    suffix: String,
}

impl Parts {
    fn of(namespace: &Namespace) -> Self {
        let whole = namespace.as_str().to_owned();
        match namespace.dated() {
            Some((prefix, date, suffix)) => {
                Self { whole, prefix: prefix.to_owned(), date: Some(date), suffix: suffix.to_owned() }
            }
            None => Self { prefix: whole.clone(), whole, date: None, suffix: String::new() },
        }
    }

    /// Without what stands before the date.
    fn bare(self) -> Self {
        Self { whole: self.whole[self.prefix.len()..].to_owned(), prefix: String::new(), ..self }
    }

    fn spell(&self, manner: Manner) -> String {
        let Self { whole, prefix, suffix, .. } = self;
        let Some(date) = &self.date else {
            return match manner {
                Manner::Underscored => whole.replace('-', "_"),
                _ => whole.to_owned(),
            };
        };
        let compact = date.replace('-', "");
        match manner {
            Manner::Plain => whole.to_owned(),
            Manner::Dashed => format!("{prefix}{date}{suffix}"),
            Manner::Underscored => format!("{prefix}{date}{suffix}").replace('-', "_"),
            Manner::Compact => format!("{prefix}{compact}{suffix}"),
            Manner::CompactUnderscored => format!("{prefix}{compact}{suffix}").replace('-', "_"),
            Manner::UnderscoredDate => format!("{prefix}{}{suffix}", date.replace('-', "_")),
            Manner::Digits => format!("{prefix}{date}{suffix}").replace('-', ""),
        }
    }
}

/// A mention of a namespace in a text, and what it becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    pub span: Span,
    pub new: String,
}

/// Finds one namespace, to be replaced by another, and never a third that is longer.
#[derive(Debug)]
pub(super) struct Renaming {
    old: Parts,
    new: Parts,
    /// Spellings of other pipelines that hold a spelling of the old one.
    longer: Vec<String>,
}

impl Renaming {
    /// What both have before their dates is no part of what is replaced.
    pub fn new<'b>(old: &Namespace, new: &Namespace, others: impl Iterator<Item = &'b Namespace>) -> Self {
        let (mut old_parts, mut new_parts) = (Parts::of(old), Parts::of(new));
        let prefix = old_parts.prefix.clone();
        let is_shared = old_parts.date.is_some() && new_parts.date.is_some() && new_parts.prefix == prefix;
        if is_shared {
            (old_parts, new_parts) = (old_parts.bare(), new_parts.bare());
        }
        let digits = |parts: &Parts| parts.whole.replace(['-', '_'], "");
        let bare = digits(&old_parts);
        let spellings = MANNERS.map(|manner| old_parts.spell(manner));
        let longer = others
            .filter(|other| *other != old)
            .map(Parts::of)
            .map(|other| if is_shared && other.prefix == prefix { other.bare() } else { other })
            .filter(|other| digits(other).contains(&bare))
            .flat_map(|other| MANNERS.map(|manner| other.spell(manner)))
            .filter(|other| spellings.iter().any(|spelling| other.len() > spelling.len() && other.contains(spelling)))
            .collect();
        Self { old: old_parts, new: new_parts, longer }
    }

    /// Whether the old namespace is a date, and no word.
    pub fn is_dated(&self) -> bool {
        self.old.date.is_some()
    }

    /// Each mention of the old namespace in `text`, in order.
    pub fn mentions(&self, text: &str) -> Vec<Mention> {
        let mut mentions: Vec<Mention> = Vec::new();
        for manner in MANNERS {
            let old = self.old.spell(manner);
            for (start, _) in text.match_indices(&old) {
                let span = start..start + old.len();
                let taken = mentions.iter().any(|other| other.span.start < span.end && span.start < other.span.end);
                if !taken && stands_apart(text, &span) && !self.is_another(text, &span) {
                    let new = self.new.spell(self.fitting(manner, text, &span));
                    mentions.push(Mention { span, new });
                }
            }
        }
        mentions.sort_by_key(|mention| mention.span.start);
        mentions
    }

    /// Manners that spell the old namespace alike may spell the new one differently: its neighbours decide.
    fn fitting(&self, manner: Manner, text: &str, span: &Span) -> Manner {
        let around = [text[..span.start].chars().next_back(), text[span.end..].chars().next()];
        let underscored = around.contains(&Some('_')) && !around.contains(&Some('-'));
        let alike = self.old.spell(Manner::Compact) == self.old.spell(Manner::CompactUnderscored);
        if manner == Manner::Compact && underscored && alike { Manner::CompactUnderscored } else { manner }
    }

    fn is_another(&self, text: &str, span: &Span) -> bool {
        self.longer.iter().any(|longer| {
            text.match_indices(longer.as_str()).any(|(start, found)| {
                let other = start..start + found.len();
                other.start <= span.start && span.end <= other.end && stands_apart(text, &other)
            })
        })
    }
}

/// Whether neither side goes on with what would make it another word or another date.
fn stands_apart(text: &str, span: &Span) -> bool {
    let before = text[..span.start].chars().next_back();
    let after = text[span.end..].chars().next();
    let dated = text[span.clone()].starts_with(|c: char| c.is_ascii_digit());
    let goes_on = |c: char| if dated { c.is_ascii_digit() } else { c.is_alphanumeric() };
    !before.is_some_and(goes_on) && !after.is_some_and(char::is_alphanumeric)
}

/// The namespaces that a part of a label may stand for, the likeliest first.
pub(super) fn readings(text: &str) -> Vec<String> {
    let mut readings = vec![text.to_owned()];
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| bytes.get(from..to).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let dated = if digits(0, 4) && digits(5, 7) && digits(8, 10) && bytes[4] == b'_' && bytes[7] == b'_' {
        Some((text[..10].replace('_', "-"), &text[10..]))
    } else if digits(0, 8) && !digits(8, 9) {
        Some((format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..8]), &text[8..]))
    } else {
        None
    };
    if let Some((date, suffix)) = dated {
        let dashed = format!("{date}{}", suffix.replace('_', "-"));
        // A date comes before the eight digits it may be written with.
        readings.insert(0, dashed);
        readings.push(format!("{date}{suffix}"));
    }
    readings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(old: &str, new: &str, others: &[&str], text: &str) -> String {
        let parse = |text: &str| text.parse::<Namespace>().expect("a namespace");
        let (old, new) = (parse(old), parse(new));
        let others: Vec<Namespace> = others.iter().map(|text| parse(text)).collect();
        let mut result = text.to_owned();
        for mention in Renaming::new(&old, &new, others.iter()).mentions(text).into_iter().rev() {
            result.replace_range(mention.span, &mention.new);
        }
        result
    }

    #[test]
    fn keeps_each_spelling() {
        let text = "2021-02-01 a-2021_02_01-b index-20210201 x_20210201_y v2021-02-01";
        let wanted = "2021-03-05-2 a-2021_03_05_2-b index-20210305-2 x_20210305_2_y v2021-03-05-2";
        assert_eq!(renamed("2021-02-01", "2021-03-05-2", &[], text), wanted);
        assert_eq!(renamed("2021-03-05-2", "2021-02-01", &[], wanted), text);
    }

    #[test]
    fn never_touches_another_date() {
        assert_eq!(renamed("2022-10-1", "2022-11-1", &[], "2022-10-14 2022-10-1-dlq"), "2022-10-14 2022-11-1-dlq");
        assert_eq!(
            renamed("2022-10-14", "2023-01-01", &["2022-10-14-2"], "2022-10-14-2 2022-10-14 20221014_2 2022-10-14-dlq"),
            "2022-10-14-2 2023-01-01 20221014_2 2023-01-01-dlq"
        );
        assert_eq!(
            renamed("2022-10-14", "2023-01-01", &[], "2022-10-14a 12022-10-14 2022-08-31"),
            "2022-10-14a 12022-10-14 2022-08-31"
        );
        assert_eq!(
            renamed("blue", "green", &["blue-2"], "blue bluebird blue-2 my_blue"),
            "green bluebird blue-2 my_green"
        );
    }
}
