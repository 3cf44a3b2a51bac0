//! Questions.

use std::io::{self, BufRead as _, Write as _};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use crate::terraform::Interrupts;

/// How often it is looked whether the user wants to stop.
const LOOK: Duration = Duration::from_millis(50);

/// What became of a question.
pub enum Answer {
    /// The line that was typed, without the white space around it.
    Typed(String),
    /// The input is at its end.
    None,
    /// Ctrl-C.
    Interrupted,
}

/// Asks on the terminal. Ctrl-C does not end the process here: whoever asked shall say what stands.
pub fn answer(text: &str, coloured: bool) -> Answer {
    let mut err = io::stderr().lock();
    let asked = if coloured { write!(err, "{text}") } else { write!(err, "{}", anstream::adapter::strip_str(text)) };
    if asked.and_then(|()| err.flush()).is_err() {
        return Answer::None;
    }
    let answer = match Interrupts::of_process() {
        Ok(interrupts) => {
            let _watch = interrupts.watch();
            typed(|| interrupts.pressed())
        }
        // Then Ctrl-C ends the process.
        Err(_) => typed(|| false),
    };
    if !matches!(answer, Answer::Typed(_)) {
        let _ = writeln!(err);
    }
    answer
}

/// The next line of the input. It is read aside: a read that has begun cannot be ended.
fn typed(stopped: impl Fn() -> bool) -> Answer {
    let (send, receive) = channel();
    let reader = std::thread::Builder::new().name("answer".into()).spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        // Nobody waits for it any more where the user wanted to stop.
        drop(send.send(matches!(read, Ok(1..)).then_some(line)));
    });
    if reader.is_err() {
        return Answer::None;
    }
    loop {
        match receive.recv_timeout(LOOK) {
            Ok(Some(line)) => return Answer::Typed(line.trim().to_owned()),
            Ok(None) | Err(RecvTimeoutError::Disconnected) => return Answer::None,
            Err(RecvTimeoutError::Timeout) if stopped() => return Answer::Interrupted,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}
