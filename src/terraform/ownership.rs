//! Whether a physical name belongs to a pipeline.

use crate::pipeline::Namespace;

/// Whether one of the `names` carries a spelling of `namespace`, one that is not part of a longer known namespace:
/// `2022-08-31-2-topic` belongs to `2022-08-31-2`, not to `2022-08-31`.
pub fn carries(names: &[String], namespace: &Namespace, known: &[Namespace]) -> bool {
    let ours = namespace.spellings();
    let mut longer: Vec<String> = known
        .iter()
        .filter(|other| *other != namespace)
        .flat_map(Namespace::spellings)
        .filter(|theirs| !ours.contains(theirs) && ours.iter().any(|spelling| theirs.contains(spelling.as_str())))
        .collect();
    longer.sort_by_key(|spelling| std::cmp::Reverse(spelling.len()));
    names.iter().any(|name| namespace.is_named_in(&without(name, &longer)))
}

/// The text, each of the `words` in it (whole, not the beginning of a longer number or word) replaced.
fn without(text: &str, words: &[String]) -> String {
    words.iter().fold(text.to_owned(), |text, word| {
        let mut kept = String::with_capacity(text.len());
        let mut from = 0;
        for (start, found) in text.match_indices(word.as_str()) {
            let end = start + found.len();
            let whole = !text[end..].starts_with(char::is_alphanumeric);
            kept.push_str(&text[from..start]);
            kept.push_str(if whole { "?" } else { found });
            from = end;
        }
        kept.push_str(&text[from..]);
        kept
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_known_namespace_wins() {
        let namespace = |text: &str| text.parse::<Namespace>().expect("a namespace");
        let known = ["2022-08-31", "2022-08-31-2", "2022-10-14"].map(namespace);
        let carried = |name: &str, by: &str| carries(&[name.to_owned()], &namespace(by), &known);
        assert!(carried("2022-08-31-topic", "2022-08-31"));
        assert!(carried("arn:aws:sns:eu-west-1:1:concepts-20220831", "2022-08-31"));
        assert!(!carried("2022-08-31-2-topic", "2022-08-31"));
        assert!(!carried("x_2022_08_31_2", "2022-08-31"));
        assert!(carried("2022-08-31-2-topic", "2022-08-31-2"));
        assert!(carried("2022-08-31-20-topic", "2022-08-31"), "no such namespace is known: the 20 is something else");
        assert!(carried("2022-08-31-2-to-2022-08-31", "2022-08-31"));
        assert!(!carried("shared-topic", "2022-08-31"));
    }
}
