//! `[live]`: where the live pipeline is named, or how else it is known.

use std::path::PathBuf;

use regex_lite::{Regex, RegexBuilder};
use serde::Deserialize;

use super::file::ConfigurationError;

/// How the live pipeline is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LiveMode {
    /// It is named in one or several files.
    #[default]
    Pointer,
    /// It is the newest pipeline of the estate.
    Newest,
    /// Every pipeline of the estate is live.
    All,
}

/// `[live]` as it stands in the file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LiveTable {
    /// How the live pipeline is known.
    pub mode: LiveMode,
    /// The file that names it, where it is one.
    pub file: Option<PathBuf>,
    /// The keys that lead to the name in a YAML file.
    pub key: Option<String>,
    /// The regular expression that finds the name in a file of any language.
    pub pattern: Option<String>,
    /// `[[live.place]]`: the files that name it, where they are several.
    pub place: Vec<PlaceTable>,
}

/// `[[live.place]]` as it stands in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceTable {
    /// The file, below the project's folder.
    pub file: PathBuf,
    /// The keys that lead to the name in a YAML file: `env.LIVE_PIPELINE`.
    pub key: Option<String>,
    /// The regular expression that finds the name in a file of any language; its one group is the name.
    pub pattern: Option<String>,
}

/// How the live pipeline is known, and where it is named.
#[derive(Debug, Clone)]
pub struct Live {
    /// How it is known.
    pub mode: LiveMode,
    /// Where it is named; empty where it is named nowhere.
    pub places: Vec<LivePlace>,
}

/// A place that names the live pipeline.
#[derive(Debug, Clone)]
pub struct LivePlace {
    /// The file, below the project's folder.
    pub file: PathBuf,
    /// How the name is found in it.
    pub at: LiveKey,
}

/// How the name is found in its file.
#[derive(Debug, Clone)]
pub enum LiveKey {
    /// The keys that lead to it in a YAML file, the outermost first.
    Keys(Vec<String>),
    /// A regular expression with one group.
    Pattern(Regex),
}

impl LiveTable {
    /// Understands the table; `wrong` makes an error about a key of the configuration file.
    pub fn resolve(self, wrong: &dyn Fn(&str, String) -> ConfigurationError) -> Result<Live, ConfigurationError> {
        let Self { mode, file, key, pattern, place } = self;
        let mut tables: Vec<(&str, PlaceTable)> = place.into_iter().map(|place| ("live.place", place)).collect();
        match file {
            Some(file) => tables.insert(0, ("live", PlaceTable { file, key, pattern })),
            None if key.is_some() || pattern.is_some() => {
                return Err(wrong("live", "file is missing: the file that names the live pipeline".to_owned()));
            }
            None => {}
        }
        match mode {
            LiveMode::Pointer if tables.is_empty() => {
                Err(wrong("live", "file is missing: the file that names the live pipeline".to_owned()))
            }
            LiveMode::Newest | LiveMode::All if !tables.is_empty() => {
                let name = if mode == LiveMode::Newest { "newest" } else { "all" };
                Err(wrong(
                    "live.mode",
                    format!("with mode '{name}' no file names the live pipeline: leave out file and place"),
                ))
            }
            _ => {
                let places = tables.into_iter().map(|(table, place)| place.resolve(table, wrong));
                Ok(Live { mode, places: places.collect::<Result<_, _>>()? })
            }
        }
    }
}

impl PlaceTable {
    fn resolve(
        self,
        table: &str,
        wrong: &dyn Fn(&str, String) -> ConfigurationError,
    ) -> Result<LivePlace, ConfigurationError> {
        let wrong = |key: &str, message: String| wrong(&format!("{table}{key}"), message);
        let at = match (self.key, self.pattern) {
            (Some(key), None) => {
                LiveKey::Keys(keys(&key).map_err(|reason| wrong(".key", format!("'{key}' {reason}")))?)
            }
            (None, Some(pattern)) => LiveKey::Pattern(regex(&pattern).map_err(|reason| wrong(".pattern", reason))?),
            (None, None) => {
                let file = self.file.display();
                return Err(wrong("", format!("what is the name's place in {file}? give its key or a pattern")));
            }
            (Some(_), Some(_)) => return Err(wrong(".pattern", "give either a key or a pattern, not both".to_owned())),
        };
        Ok(LivePlace { file: self.file, at })
    }
}

/// Splits `env.LIVE_PIPELINE`; a key with a dot in it stands in double quotes.
fn keys(path: &str) -> Result<Vec<String>, &'static str> {
    let (mut keys, mut key, mut quoted) = (Vec::new(), String::new(), false);
    for character in path.chars() {
        match character {
            '"' => quoted = !quoted,
            '.' if !quoted => keys.push(std::mem::take(&mut key)),
            '[' | ']' | '*' if !quoted => return Err("leads into a list; only keys of mappings are followed"),
            _ => key.push(character),
        }
    }
    keys.push(key);
    if quoted || keys.iter().any(String::is_empty) {
        return Err("is no path of keys such as env.LIVE_PIPELINE");
    }
    Ok(keys)
}

fn regex(pattern: &str) -> Result<Regex, String> {
    let regex = RegexBuilder::new(pattern)
        .multi_line(true)
        .crlf(true)
        .build()
        .map_err(|error| format!("'{pattern}' is no regular expression: {error}"))?;
    // The whole match counts as a group of its own.
    match regex.captures_len() - 1 {
        1 => Ok(regex),
        groups => Err(format!("'{pattern}' has {groups} groups; exactly one, the name, is needed: \"(.*)\"")),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn live(text: &str) -> Result<Live, String> {
        let table: LiveTable = toml::from_str(text).expect("TOML");
        let wrong = |key: &str, message: String| ConfigurationError::of_value(Path::new("x.toml"), text, key, &message);
        table.resolve(&wrong).map_err(|error| error.message)
    }

    #[test]
    fn reads_one_place_several_and_none() {
        let one = live("file = 'a.yml'\nkey = 'env.\"A.B\".C'").expect("valid");
        assert!(matches!(&one.places[0].at, LiveKey::Keys(keys) if *keys == ["env", "A.B", "C"]));
        let two =
            live("[[place]]\nfile = 'a.yml'\nkey = 'x'\n[[place]]\nfile = 'b.scala'\npattern = 'val x = \"(.*)\"'");
        assert_eq!(two.expect("valid").places.len(), 2);
        assert_eq!(live("mode = 'newest'").expect("valid").mode, LiveMode::Newest);
    }

    #[test]
    fn refuses_what_cannot_be() {
        for (text, words) in [
            ("", "live: file is missing"),
            ("key = 'x'", "live: file is missing"),
            ("file = 'a'", "live: what is the name's place in a?"),
            ("file = 'a'\nkey = 'b'\npattern = '(c)'", "live.pattern: give either"),
            ("file = 'a'\nkey = 'steps[0].env.X'", "live.key: 'steps[0].env.X' leads into a list"),
            ("file = 'a'\nkey = 'env..X'", "live.key: 'env..X' is no path"),
            ("file = 'a'\npattern = '('", "live.pattern: '(' is no regular expression"),
            ("file = 'a'\npattern = 'x'", "live.pattern: 'x' has 0 groups"),
            ("file = 'a'\npattern = '(x)(y)'", "live.pattern: '(x)(y)' has 2 groups"),
            ("mode = 'all'\nfile = 'a'\nkey = 'x'", "live.mode: with mode 'all' no file"),
        ] {
            let message = live(text).expect_err("refused");
            assert!(message.starts_with(words), "{text}: {message}");
        }
    }
}
