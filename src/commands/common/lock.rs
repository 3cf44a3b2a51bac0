//! How long a command waits for another one that works on the same pipeline.

use std::time::Duration;

use clap::Args;

/// The flag `--wait-lock`.
#[derive(Debug, Clone, Copy, Args)]
pub struct LockArguments {
    /// Wait this long for another command that works on the same pipeline: 90s, 10m
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_time)]
    pub wait_lock: Duration,
}

/// Reads `90s`, `10m` or `1h`; a bare number is seconds.
pub fn parse_time(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        other => return Err(format!("'{other}' is no unit of time: use s, m or h")),
    };
    let number: u64 = digits.parse().map_err(|_| format!("'{text}' is no time: use for instance 90s or 10m"))?;
    number.checked_mul(unit).map(Duration::from_secs).ok_or_else(|| format!("'{text}' is too long"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times() {
        assert_eq!(parse_time("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_time("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(parse_time("5"), Ok(Duration::from_secs(5)));
        assert!(parse_time("x").is_err() && parse_time("5d").is_err() && parse_time("99999999999999999999h").is_err());
    }
}
