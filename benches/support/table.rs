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
        Self::new(case, size(ours), theirs.map(size), ratio)
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

/// Whether everything that was wanted is so.
pub fn all_met(rows: &[Row]) -> bool {
    rows.iter().flat_map(|row| &row.wishes).all(|(_, met)| *met)
}

/// A size as it is shown.
#[allow(clippy::cast_precision_loss, reason = "sizes are shown with two or three digits")]
pub fn size(bytes: u64) -> String {
    if bytes < 100_000 { format!("{:.0} kB", bytes as f64 / 1e3) } else { format!("{:.1} MB", bytes as f64 / 1e6) }
}

fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 0.1 { format!("{:.1} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}

/// Prints the table. Where there is nobody to compare with, two columns are left out.
#[allow(clippy::print_stdout, reason = "a bench prints what it found")]
pub fn print(title: &str, theirs: Option<&str>, rows: &[Row]) {
    let head = ["case", "pipelinectl", theirs.unwrap_or_default(), "ratio", "wanted", ""];
    let lines: Vec<[String; 6]> = std::iter::once(head.map(str::to_owned)).chain(rows.iter().flat_map(lines)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 6] = std::array::from_fn(width);
    println!("\n{title}\n");
    for line in &lines {
        let mut shown = format!("  {:<1$}  {2:>3$}", line[0], widths[0], line[1], widths[1]);
        if theirs.is_some() {
            shown.push_str(&format!("  {:>1$}  {2:>3$}", line[2], widths[2], line[3], widths[3]));
        }
        shown.push_str(&format!("  {:<1$}  {2}", line[4], widths[4], line[5]));
        println!("{}", shown.trim_end());
    }
}

fn lines(row: &Row) -> Vec<[String; 6]> {
    let verdict = |met: bool| if met { "met" } else { "MISSED" }.to_owned();
    let mut wishes = row.wishes.iter().map(|(wish, met)| (wish.clone(), verdict(*met)));
    let (wish, met) = wishes.next().unwrap_or_default();
    let first = [row.case.clone(), row.ours.clone(), row.theirs.clone(), row.ratio.clone(), wish, met];
    let further = |(wish, met)| [String::new(), String::new(), String::new(), String::new(), wish, met];
    std::iter::once(first).chain(wishes.map(further)).collect()
}
