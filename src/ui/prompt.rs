//! Questions.

use std::io::{self, BufRead as _, Write as _};

use super::paint;

/// Asks on the terminal; only `y` and `yes` mean yes. An end of input means no.
pub fn yes(question: &str, coloured: bool) -> bool {
    let answer = answer(&format!("{} [y/N] ", paint::strong(question)), coloured);
    answer.is_some_and(|answer| matches!(answer.to_lowercase().as_str(), "y" | "yes"))
}

/// Asks on the terminal for exactly this word.
pub fn word(question: &str, word: &str, coloured: bool) -> bool {
    answer(&format!("{} ", paint::strong(question)), coloured).is_some_and(|answer| answer == word)
}

/// The line that is typed, without the white space around it; none at the end of the input.
fn answer(text: &str, coloured: bool) -> Option<String> {
    let mut err = io::stderr().lock();
    let asked = if coloured { write!(err, "{text}") } else { write!(err, "{}", anstream::adapter::strip_str(text)) };
    if asked.and_then(|()| err.flush()).is_err() {
        return None;
    }
    let mut answer = String::new();
    if !matches!(io::stdin().lock().read_line(&mut answer), Ok(1..)) {
        let _ = writeln!(err);
        return None;
    }
    Some(answer.trim().to_owned())
}
