//! Versions of terraform and tofu.

use std::fmt;
use std::str::FromStr;

/// The oldest version that will do.
pub const OLDEST: Version = Version { major: 1, minor: 5, patch: 0 };

/// A version of terraform or tofu; what follows the third number is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Version {
    /// First number.
    pub major: u64,
    /// Second number.
    pub minor: u64,
    /// Third number.
    pub patch: u64,
}

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no version")]
pub struct VersionError(pub String);

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || VersionError(text.to_owned());
        let numbers = text.strip_prefix('v').unwrap_or(text).split(['-', '+']).next().unwrap_or_default();
        let mut numbers = numbers.split('.').map(str::parse);
        let mut next = || numbers.next().and_then(Result::ok).ok_or_else(wrong);
        Ok(Self { major: next()?, minor: next()?, patch: next()? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_terraform_and_tofu_say() {
        for (text, new_enough) in [("1.4.7", false), ("1.5.0", true), ("v1.11.4", true), ("1.15.0-alpha2", true)] {
            assert_eq!(text.parse::<Version>().expect(text) >= OLDEST, new_enough, "{text}");
        }
        assert!("1.5".parse::<Version>().is_err());
        assert!("hello".parse::<Version>().is_err());
    }
}
