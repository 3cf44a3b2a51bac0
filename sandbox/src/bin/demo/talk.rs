//! What the demo itself says, told apart from what it runs.

use std::io::{IsTerminal, Write};

/// One line of the demo's.
pub fn say(line: &str) {
    let terminal = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    for line in line.lines() {
        if terminal {
            print(&format!("\x1b[36mdemo │\x1b[0m {line}"));
        } else {
            print(&format!("demo │ {line}"));
        }
    }
}

/// A line as it is. Nobody reading any more is no reason to stop: there is still something to take away.
pub fn print(line: &str) {
    let mut stdout = std::io::stdout();
    let _ = writeln!(stdout, "{line}");
    let _ = stdout.flush();
}
