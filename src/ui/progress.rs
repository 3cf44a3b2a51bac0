//! Progress of long work: a line for each item on a terminal, plain lines elsewhere.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::paint;
use crate::progress::{Outcome, Progress};

/// The columns that an item's name fills at the least.
const NAME: usize = 32;
/// How often the elapsed time is drawn.
const TICK: Duration = Duration::from_millis(100);

/// The line that says how an item ended.
fn ending(item: &str, outcome: Outcome, what: &str) -> String {
    let mark = match outcome {
        Outcome::Done => paint::good("✓"),
        Outcome::Skipped => paint::faint("·"),
        Outcome::Failed => paint::bad("✗"),
    };
    format!("  {mark} {item:<NAME$}  {what}")
}

/// Plain lines on standard error: for logs and for `--verbose`.
pub struct Lines {
    quiet: bool,
    verbose: bool,
    coloured: bool,
}

impl Lines {
    /// Lines of that manner.
    pub fn new(quiet: bool, verbose: bool, coloured: bool) -> Self {
        Self { quiet, verbose, coloured }
    }

    fn line(&self, text: &str) {
        let mut err = std::io::stderr().lock();
        let _ = if self.coloured {
            writeln!(err, "{text}")
        } else {
            writeln!(err, "{}", anstream::adapter::strip_str(text))
        };
    }
}

impl Progress for Lines {
    fn started(&self, item: &str, what: &str) {
        if self.verbose {
            self.line(&format!("  … {item:<NAME$}  {what}"));
        }
    }

    fn changed(&self, item: &str, what: &str) {
        if self.verbose {
            self.line(&format!("  … {item:<NAME$}  {what}"));
        }
    }

    fn finished(&self, item: &str, outcome: Outcome, what: &str) {
        if !self.quiet || outcome == Outcome::Failed {
            self.line(&ending(item, outcome, what));
        }
    }

    fn dismissed(&self, _item: &str) {}

    fn note(&self, line: &str) {
        if !self.quiet {
            self.line(line);
        }
    }

    fn detail(&self, line: &str) {
        if self.verbose {
            self.line(&paint::faint(line));
        }
    }
}

/// Reads are not worth a line each: shows them while they last. Whoever asked tells what failed.
pub struct Reading(pub Arc<dyn Progress>);

impl Progress for Reading {
    fn started(&self, item: &str, what: &str) {
        self.0.started(item, what);
    }

    fn changed(&self, item: &str, what: &str) {
        self.0.changed(item, what);
    }

    fn finished(&self, item: &str, outcome: Outcome, what: &str) {
        let _ = (outcome, what);
        self.dismissed(item);
    }

    fn dismissed(&self, item: &str) {
        self.0.dismissed(item);
    }

    fn note(&self, line: &str) {
        self.0.note(line);
    }

    fn detail(&self, line: &str) {
        self.0.detail(line);
    }
}

/// Leaves a beginning that all names share out of them, the address of the one module that work goes on in, and makes
/// them all equally long.
pub struct Within {
    /// Who shows it.
    pub inner: Arc<dyn Progress>,
    /// The beginning, with the dot.
    pub prefix: String,
    /// The characters of the longest name without it.
    pub longest: usize,
}

impl Within {
    fn short(&self, item: &str) -> String {
        let width = self.longest;
        format!("{:<width$}", item.strip_prefix(&self.prefix).unwrap_or(item))
    }
}

impl Progress for Within {
    fn started(&self, item: &str, what: &str) {
        self.inner.started(&self.short(item), what);
    }

    fn changed(&self, item: &str, what: &str) {
        self.inner.changed(&self.short(item), what);
    }

    fn finished(&self, item: &str, outcome: Outcome, what: &str) {
        self.inner.finished(&self.short(item), outcome, what);
    }

    fn dismissed(&self, item: &str) {
        self.inner.dismissed(&self.short(item));
    }

    fn note(&self, line: &str) {
        self.inner.note(line);
    }

    fn detail(&self, line: &str) {
        self.inner.detail(line);
    }
}

/// Lines that are drawn over again while the work goes on, with the time that each item takes.
pub struct Live {
    coloured: bool,
    bars: MultiProgress,
    running: Mutex<BTreeMap<String, ProgressBar>>,
}

impl Live {
    /// Draws on standard error.
    pub fn new(coloured: bool) -> Self {
        Self { coloured, bars: MultiProgress::new(), running: Mutex::default() }
    }

    /// Has something else written to the terminal, above the lines that are drawn.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bars.suspend(write)
    }

    /// Takes away every line that is still drawn: nobody works any more.
    pub fn end(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, bar) in std::mem::take(&mut *running) {
            self.take_away(&bar);
        }
    }

    fn take_away(&self, bar: &ProgressBar) {
        bar.finish_and_clear();
        self.bars.remove(bar);
    }

    fn println(&self, text: &str) {
        let plain = anstream::adapter::strip_str(text).to_string();
        let _ = self.bars.println(if self.coloured { text } else { &plain });
    }

    fn bar(&self, item: &str) -> ProgressBar {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running
            .entry(item.to_owned())
            .or_insert_with(|| {
                let style = ProgressStyle::with_template("  {spinner} {prefix}  {msg} ({elapsed})")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner());
                let bar = self.bars.add(ProgressBar::new_spinner().with_style(style));
                bar.set_prefix(format!("{item:<NAME$}"));
                bar.enable_steady_tick(TICK);
                bar
            })
            .clone()
    }
}

impl Progress for Live {
    fn started(&self, item: &str, what: &str) {
        self.bar(item).set_message(what.to_owned());
    }

    fn changed(&self, item: &str, what: &str) {
        self.bar(item).set_message(what.to_owned());
    }

    fn dismissed(&self, item: &str) {
        let bar = self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(item);
        if let Some(bar) = bar {
            self.take_away(&bar);
        }
    }

    fn finished(&self, item: &str, outcome: Outcome, what: &str) {
        self.dismissed(item);
        self.println(&ending(item, outcome, what));
    }

    fn note(&self, line: &str) {
        self.println(line);
    }

    fn detail(&self, _line: &str) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Told(Mutex<Vec<String>>);

    impl Told {
        fn add(&self, text: String) {
            self.0.lock().expect("nobody panicked").push(text);
        }
    }

    impl Progress for Told {
        fn started(&self, item: &str, _what: &str) {
            self.add(format!("+{item}"));
        }

        fn changed(&self, _item: &str, _what: &str) {}

        fn finished(&self, item: &str, _outcome: Outcome, _what: &str) {
            self.add(format!("finished {item}"));
        }

        fn dismissed(&self, item: &str) {
            self.add(format!("-{item}"));
        }

        fn note(&self, _line: &str) {}

        fn detail(&self, _line: &str) {}
    }

    #[test]
    fn what_a_read_began_is_taken_away() {
        let told = Arc::new(Told::default());
        let reading = Reading(Arc::<Told>::clone(&told));
        let within =
            Within { inner: Arc::new(Reading(Arc::<Told>::clone(&told))), prefix: "m.".to_owned(), longest: 1 };
        reading.started("git", "fetching");
        reading.dismissed("git");
        reading.started("b", "reading");
        reading.finished("b", Outcome::Done, "read");
        within.started("m.c", "reading");
        within.dismissed("m.c");
        assert_eq!(*told.0.lock().expect("nobody panicked"), ["+git", "-git", "+b", "-b", "+c", "-c"]);
    }
}
