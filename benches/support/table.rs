//! The table at the end of a bench: ours, theirs, the ratio, and what was wanted.

use std::time::Duration;

/// One line of the table, and one more for each further wish.
#[derive(Debug, Clone, Default)]
pub struct Row {
    case: String,
    ours: String,
    theirs: String,
    ratio: String,
    wishes: Vec<(String, bool)>,
}

impl Row {
    /// Two times; without theirs there is no ratio.
    pub fn times(case: &str, ours: Duration, theirs: Option<Duration>) -> Self {
        let ratio = theirs.map(|theirs| theirs.as_secs_f64() / ours.as_secs_f64());
        Self::new(case, time(ours), theirs.map(time), ratio)
    }

    /// Two sizes in bytes; without theirs there is no ratio.
    #[allow(clippy::cast_precision_loss, reason = "sizes are shown with two or three digits")]
    pub fn sizes(case: &str, ours: u64, theirs: Option<u64>) -> Self {
        let ratio = theirs.map(|theirs| theirs as f64 / ours as f64);
        Self::new(case, megabytes(ours), theirs.map(megabytes), ratio)
    }

    fn new(case: &str, ours: String, theirs: Option<String>, ratio: Option<f64>) -> Self {
        let theirs = theirs.unwrap_or_else(|| "-".into());
        let ratio = ratio.map_or_else(|| "-".into(), |ratio| format!("{ratio:.1} x"));
        Self { case: case.into(), ours, theirs, ratio, wishes: Vec::new() }
    }

    /// What was wanted, and whether it is so.
    #[must_use]
    pub fn wanted(mut self, wish: impl Into<String>, met: bool) -> Self {
        self.wishes.push((wish.into(), met));
        self
    }
}

/// A size as it is shown.
#[allow(clippy::cast_precision_loss, reason = "sizes are shown with two or three digits")]
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 0.1 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}

/// Prints the table.
#[allow(clippy::print_stdout, reason = "a bench prints what it found")]
pub fn print(title: &str, ours: &str, theirs: &str, rows: &[Row]) {
    let mut lines = vec![["case", ours, theirs, "ratio", "wanted", ""].map(str::to_owned)];
    for row in rows {
        let mut front = [&row.case, &row.ours, &row.theirs, &row.ratio].map(Clone::clone);
        for (wish, met) in &row.wishes {
            let [case, ours, theirs, ratio] = std::mem::take(&mut front);
            lines.push([case, ours, theirs, ratio, wish.clone(), if *met { "met" } else { "MISSED" }.into()]);
        }
        if row.wishes.is_empty() {
            let [case, ours, theirs, ratio] = front;
            lines.push([case, ours, theirs, ratio, String::new(), String::new()]);
        }
    }
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 6] = std::array::from_fn(width);
    println!("\n{title}\n");
    for [case, ours, theirs, ratio, wanted, verdict] in &lines {
        let line = format!(
            "{case:<0$}  {ours:>1$}  {theirs:>2$}  {ratio:>3$}  {wanted:<4$}  {verdict}",
            widths[0], widths[1], widths[2], widths[3], widths[4]
        );
        println!("  {}", line.trim_end());
    }
}
