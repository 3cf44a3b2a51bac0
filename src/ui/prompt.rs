//! Questions.

use std::io::{self, BufRead as _, Write as _};

use super::paint;

/// Asks on the terminal; only `y` and `yes` mean yes. An end of input means no.
pub fn yes(question: &str, coloured: bool) -> bool {
    let text = format!("{} [y/N] ", paint::strong(question));
    let mut err = io::stderr().lock();
    let asked = if coloured { write!(err, "{text}") } else { write!(err, "{}", anstream::adapter::strip_str(&text)) };
    if asked.and_then(|()| err.flush()).is_err() {
        return false;
    }
    let mut answer = String::new();
    if !matches!(io::stdin().lock().read_line(&mut answer), Ok(1..)) {
        let _ = writeln!(err);
        return false;
    }
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}
