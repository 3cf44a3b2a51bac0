//! The ways in which a namespace is written in labels, names and strings.

use crate::hcl::Span;
use crate::pipeline::Namespace;

/// How a namespace is made into part of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// `2021-02-01-2`
    Plain,
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

const MANNERS: [Manner; 6] = [
    Manner::Plain,
    Manner::Underscored,
    Manner::Compact,
    Manner::CompactUnderscored,
    Manner::UnderscoredDate,
    Manner::Digits,
];

fn spell(namespace: &Namespace, manner: Manner) -> String {
    let whole = namespace.as_str();
    let Some((date, suffix)) = namespace.date() else {
        return match manner {
            Manner::Underscored => whole.replace('-', "_"),
            _ => whole.to_owned(),
        };
    };
    let compact = date.replace('-', "");
    match manner {
        Manner::Plain => whole.to_owned(),
        Manner::Underscored => whole.replace('-', "_"),
        Manner::Compact => format!("{compact}{suffix}"),
        Manner::CompactUnderscored => format!("{compact}{}", suffix.replace('-', "_")),
        Manner::UnderscoredDate => format!("{}{suffix}", date.replace('-', "_")),
        Manner::Digits => whole.replace('-', ""),
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
pub(super) struct Renaming<'a> {
    old: &'a Namespace,
    new: &'a Namespace,
    /// Spellings of other pipelines that hold a spelling of the old one.
    longer: Vec<String>,
}

impl<'a> Renaming<'a> {
    pub fn new<'b>(old: &'a Namespace, new: &'a Namespace, others: impl Iterator<Item = &'b Namespace>) -> Self {
        let bare_of = |namespace: &Namespace| namespace.as_str().replace(['-', '_'], "");
        let bare = bare_of(old);
        let spellings = MANNERS.map(|manner| spell(old, manner));
        let longer = others
            .filter(|other| *other != old && bare_of(other).contains(&bare))
            .flat_map(|other| MANNERS.map(|manner| spell(other, manner)))
            .filter(|other| spellings.iter().any(|spelling| other.len() > spelling.len() && other.contains(spelling)))
            .collect();
        Self { old, new, longer }
    }

    /// Whether the old namespace is a date, and no word.
    pub fn is_dated(&self) -> bool {
        self.old.date().is_some()
    }

    /// Each mention of the old namespace in `text`, in order.
    pub fn mentions(&self, text: &str) -> Vec<Mention> {
        let mut mentions: Vec<Mention> = Vec::new();
        for manner in MANNERS {
            let old = spell(self.old, manner);
            for (start, _) in text.match_indices(&old) {
                let span = start..start + old.len();
                let taken = mentions.iter().any(|other| other.span.start < span.end && span.start < other.span.end);
                if !taken && stands_apart(text, &span) && !self.is_another(text, &span) {
                    let new = spell(self.new, self.fitting(manner, text, &span));
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
        let alike = spell(self.old, Manner::Compact) == spell(self.old, Manner::CompactUnderscored);
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
