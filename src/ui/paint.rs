//! Colours. They never carry the meaning alone.

use anstyle::{AnsiColor, Style};

fn painted(style: Style, text: &str) -> String {
    format!("{}{text}{}", style.render(), style.render_reset())
}

/// Something that is added or went well.
pub fn good(text: &str) -> String {
    painted(AnsiColor::Green.on_default(), text)
}

/// Something that is removed or went wrong.
pub fn bad(text: &str) -> String {
    painted(AnsiColor::Red.on_default(), text)
}

/// Something that changes.
pub fn changed(text: &str) -> String {
    painted(AnsiColor::Yellow.on_default(), text)
}

/// A place in a file, a name.
pub fn place(text: &str) -> String {
    painted(AnsiColor::Cyan.on_default(), text)
}

/// A heading.
pub fn strong(text: &str) -> String {
    painted(Style::new().bold(), text)
}

/// Something of less weight.
pub fn faint(text: &str) -> String {
    painted(Style::new().dimmed(), text)
}

/// The word `error`.
pub fn error(text: &str) -> String {
    painted(AnsiColor::Red.on_default().bold(), text)
}

/// The word `warning`.
pub fn warning(text: &str) -> String {
    painted(AnsiColor::Yellow.on_default().bold(), text)
}

/// The word `hint`.
pub fn hint(text: &str) -> String {
    painted(AnsiColor::Cyan.on_default().bold(), text)
}
