//! Values in files of any language, found by a regular expression.

use std::ops::Range;

use regex_lite::Regex;

use super::error::Problem;

/// The group of the pattern, which must fit once.
pub fn find(text: &str, pattern: &Regex) -> Result<(String, Range<usize>), (usize, Problem)> {
    let name = pattern.as_str().to_owned();
    let mut fits = pattern.captures_iter(text).filter_map(|found| found.get(1));
    let Some(group) = fits.next() else { return Err((0, Problem::NoMatch { pattern: name })) };
    match fits.next() {
        Some(second) => Err((second.start(), Problem::SecondMatch { pattern: name })),
        None => Ok((group.as_str().to_owned(), group.range())),
    }
}
