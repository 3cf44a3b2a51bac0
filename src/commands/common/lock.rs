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

/// Nobody waits longer than a day, and a time without bounds cannot be added to the clock.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Reads `90s`, `10m` or `1h`; a bare number is seconds. No more than 24 hours.
pub fn parse_time(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        other => return Err(format!("'{other}' is no unit of time: use s, m or h")),
    };
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(format!("'{text}' is no time: use for instance 90s or 10m"));
    }
    let seconds = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    let time = seconds.map(Duration::from_secs).filter(|time| *time <= LONGEST);
    time.ok_or_else(|| format!("'{text}' is too long: at most 24h"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times() {
        assert_eq!(parse_time("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_time("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(parse_time("5"), Ok(Duration::from_secs(5)));
        assert!(parse_time("x").is_err() && parse_time("5d").is_err() && parse_time("").is_err());
        assert!(parse_time("-5s").is_err() && parse_time("1.5h").is_err());
    }

    #[test]
    fn a_time_is_a_day_at_most() {
        assert_eq!(parse_time("24h"), Ok(Duration::from_secs(86_400)));
        for text in ["25h", "86401", "9999999999999999999s", "99999999999999999999h"] {
            assert_eq!(parse_time(text), Err(format!("'{text}' is too long: at most 24h")));
        }
    }
}
