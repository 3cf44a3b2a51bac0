//! The known name that is most like a mistyped one.

/// The candidate with the fewest changes of one character to `wanted`, if it takes at most half of its length.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (distance(wanted, candidate), candidate))
        .filter(|(distance, candidate)| *distance * 2 <= candidate.chars().count().max(wanted.chars().count()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance, in characters.
pub fn distance(ours: &str, theirs: &str) -> usize {
    let theirs: Vec<char> = theirs.chars().collect();
    let mut row: Vec<usize> = (0..=theirs.len()).collect();
    for (i, a) in ours.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in theirs.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[theirs.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_mistyped_name() {
        assert_eq!(nearest("regoin", ["profile", "region"]), Some("region"));
        assert_eq!(nearest("xyz", ["profile", "region"]), None);
        assert_eq!((distance("", "abc"), distance("abc", "abd")), (3, 1));
    }
}
