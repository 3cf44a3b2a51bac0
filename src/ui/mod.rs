//! The only writer to the terminal. Standard output is the result; standard error is the talk.

pub mod catalogue;
pub mod diff;
pub mod paint;
pub mod plan;
pub mod progress;
pub mod prompt;
pub mod refusals;
pub mod table;
pub mod tags;

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::progress::Progress;
use progress::{Lines, Live, Reading, Within};
use prompt::Answer;

/// A number of things: `1 pipeline`, `2 pipelines`.
pub fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// How the program talks in this run.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about the two streams")]
pub struct Ui {
    json: bool,
    quiet: bool,
    verbose: bool,
    yes: bool,
    out_is_coloured: bool,
    talk_is_coloured: bool,
    interactive: bool,
    width: usize,
    progress: Arc<dyn Progress>,
    live: Option<Arc<Live>>,
    interrupted: AtomicBool,
}

/// What the command line says of the talk.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Manner {
    /// The result is one JSON document.
    pub json: bool,
    /// `--quiet`
    pub quiet: bool,
    /// `--verbose`
    pub verbose: bool,
    /// `--yes`
    pub yes: bool,
    /// Colour on standard output.
    pub colour_out: bool,
    /// Colour on standard error.
    pub colour_talk: bool,
}

impl Ui {
    /// A user interface of that manner, on the terminal that there is.
    pub fn new(manner: Manner) -> Self {
        let talk_is_terminal = io::stderr().is_terminal();
        let is_live = talk_is_terminal && !manner.quiet && !manner.verbose;
        let live = is_live.then(|| Arc::new(Live::new(manner.colour_talk)));
        let progress: Arc<dyn Progress> = match &live {
            Some(live) => Arc::<Live>::clone(live),
            None => Arc::new(Lines::new(manner.quiet, manner.verbose, manner.colour_talk)),
        };
        let width = rustix::termios::tcgetwinsize(io::stderr()).map_or(0, |size| usize::from(size.ws_col));
        Self {
            json: manner.json,
            quiet: manner.quiet,
            verbose: manner.verbose,
            yes: manner.yes,
            out_is_coloured: manner.colour_out && !manner.json,
            talk_is_coloured: manner.colour_talk,
            interactive: io::stdin().is_terminal() && talk_is_terminal,
            width: if width < 40 { 120 } else { width },
            progress,
            live,
            interrupted: AtomicBool::new(false),
        }
    }

    /// Writes while no line of progress is drawn where it writes.
    fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.live {
            Some(live) => live.aside(write),
            None => write(),
        }
    }

    /// Nobody works any more, whatever is still drawn: before a question, and at the end.
    fn end_progress(&self) {
        if let Some(live) = &self.live {
            live.end();
        }
    }

    /// Whether the result is one JSON document.
    pub fn wants_json(&self) -> bool {
        self.json
    }

    /// Whether nothing is to be left out.
    pub fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Where long work tells what it does.
    pub fn progress(&self) -> Arc<dyn Progress> {
        Arc::clone(&self.progress)
    }

    /// The same for reads, which are not worth a line each.
    pub fn reading(&self) -> Arc<dyn Progress> {
        Arc::new(Reading(self.progress()))
    }

    /// The same for work of which the names are known: `prefix` is left out of them, the `longest` says how wide they are.
    pub fn progress_within(&self, prefix: &str, longest: usize) -> Arc<dyn Progress> {
        Arc::new(Within { inner: self.progress(), prefix: prefix.to_owned(), longest })
    }

    /// Columns of the terminal; 120 where there is none.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Prints text of the result. A reader that went away is no failure: what changes something goes on.
    pub fn result(&self, text: &str) {
        self.aside(|| {
            let mut out = io::stdout().lock();
            let _ = if self.out_is_coloured {
                out.write_all(text.as_bytes())
            } else {
                out.write_all(anstream::adapter::strip_str(text).to_string().as_bytes())
            };
            let _ = out.flush();
        });
    }

    /// Shows what a command is about to do or has done: as a part of the result, or, where the result is one JSON
    /// document, on standard error.
    pub fn show(&self, text: &str) {
        if self.json { self.say(text.trim_end_matches('\n')) } else { self.result(text) }
    }

    /// Prints the report: its JSON, or what `text` makes of it.
    pub fn report<T: Serialize>(&self, report: &T, text: impl FnOnce(&T) -> String) {
        if self.json {
            match serde_json::to_string_pretty(report) {
                Ok(json) => self.result(&format!("{json}\n")),
                Err(error) => self.say(&format!("the report cannot be written as JSON: {error}")),
            }
        } else {
            self.result(&text(report));
        }
    }

    /// Says something on standard error, unless the user wants less talk. The text gets a newline.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            self.talk(text);
        }
    }

    /// Says what to do next.
    pub fn next(&self, text: &str) {
        self.say(&format!("{}: {text}", paint::hint("next")));
    }

    /// Warns. Quiet runs are warned too.
    pub fn warn(&self, text: &str) {
        self.talk(&format!("{}: {text}", paint::warning("warning")));
    }

    /// Says what failed, and each hint in a line of its own.
    pub fn fail(&self, message: &str, hints: &[String]) {
        self.end_progress();
        let mut text = format!("{}: {message}", paint::error("error"));
        for hint in hints {
            text.push_str(&format!("\n{}: {hint}", paint::hint("hint")));
        }
        self.talk(&text);
    }

    fn talk(&self, text: &str) {
        self.aside(|| {
            let mut err = io::stderr().lock();
            let _ = if self.talk_is_coloured {
                writeln!(err, "{text}")
            } else {
                writeln!(err, "{}", anstream::adapter::strip_str(text))
            };
        });
    }

    /// Whether a question can be asked or is answered already.
    pub fn can_ask(&self) -> bool {
        self.yes || self.interactive
    }

    /// Whether somebody is there to type something.
    pub fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Asks to type `word`; nothing on the command line answers that.
    pub fn confirm_by_typing(&self, question: &str, word: &str) -> bool {
        self.interactive
            && self
                .noted(|| prompt::answer(&format!("{} ", paint::strong(question)), self.talk_is_coloured))
                .is_some_and(|answer| answer == word)
    }

    /// Whether every question is answered beforehand.
    pub fn says_yes(&self) -> bool {
        self.yes
    }

    /// Asks a question that wants yes or no; `--yes` answers it.
    pub fn confirm(&self, question: &str) -> bool {
        if self.yes {
            return true;
        }
        self.interactive
            && self
                .noted(|| prompt::answer(&format!("{} [y/N] ", paint::strong(question)), self.talk_is_coloured))
                .is_some_and(|answer| matches!(answer.to_lowercase().as_str(), "y" | "yes"))
    }

    /// The answer to a question. That there is none because of Ctrl-C is remembered.
    fn noted(&self, ask: impl FnOnce() -> Answer) -> Option<String> {
        self.end_progress();
        match ask() {
            Answer::Typed(text) => Some(text),
            Answer::None => None,
            Answer::Interrupted => {
                self.interrupted.store(true, Ordering::Relaxed);
                None
            }
        }
    }

    /// Whether the user pressed Ctrl-C at a question: to whoever asked, that is as good as no.
    pub fn was_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}
