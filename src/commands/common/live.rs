//! Which pipeline is live, and where that is said.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::estate;
use crate::ci::live_pointer::{self, Found, LivePointerError, Locator};
use crate::context::Context;
use crate::failure::Failure;
use crate::files::{self, FileError};
use crate::pipeline::{Estate, Namespace};
use crate::settings::{FILE_NAME, LiveKey, LiveMode, LivePlace, Settings};

/// What is said of the live pipeline, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveText {
    /// The value.
    pub text: String,
    /// The file, relative to the project's folder.
    pub file: PathBuf,
    /// Its line, from 1.
    pub line: usize,
    /// Its column, from 1.
    pub column: usize,
}

/// A file that names the live pipeline, as it was read.
pub struct Pointer<'a> {
    /// What the configuration says of it.
    pub place: &'a LivePlace,
    /// The whole file.
    pub text: String,
    /// The value and its place.
    pub found: Found,
}

impl Pointer<'_> {
    /// The file and the place in it: `.buildkite/pipeline.yml:5:18`.
    pub fn at(&self) -> String {
        format!("{}:{}:{}", self.place.file.display(), self.found.line, self.found.column)
    }

    /// How the value is found in the file.
    pub fn locator(&self) -> Locator {
        locator(&self.place.at)
    }
}

fn locator(key: &LiveKey) -> Locator {
    match key {
        LiveKey::Keys(keys) => Locator::Keys(keys.clone()),
        LiveKey::Pattern(pattern) => Locator::Pattern(pattern.clone()),
    }
}

/// Why a place cannot be read.
enum Unreadable {
    File(FileError),
    Value(LivePointerError),
}

impl From<Unreadable> for Failure {
    fn from(reason: Unreadable) -> Self {
        match reason {
            Unreadable::File(error) => error.into(),
            Unreadable::Value(error) => error.into(),
        }
    }
}

fn read<'a>(settings: &Settings, place: &'a LivePlace) -> Result<Pointer<'a>, Unreadable> {
    let text = files::read(&settings.directory.join(&place.file)).map_err(Unreadable::File)?;
    pointer(place, text).map_err(Unreadable::Value)
}

/// The pointer in the text of its file, which may be as it was at a commit.
pub fn pointer(place: &LivePlace, text: String) -> Result<Pointer<'_>, LivePointerError> {
    let found = live_pointer::find(&place.file.to_string_lossy(), &text, &locator(&place.at))?;
    Ok(Pointer { place, text, found })
}

fn places(settings: &Settings) -> &[LivePlace] {
    settings.live.as_ref().map(|live| live.places.as_slice()).unwrap_or_default()
}

/// Every place that names the live pipeline, as its file says it now.
pub fn pointers(settings: &Settings) -> Result<Vec<Pointer<'_>>, Failure> {
    places(settings).iter().map(|place| Ok(read(settings, place)?)).collect()
}

/// Something wrong with a place: its file, line, column, and what.
pub struct Finding {
    /// The file, relative to the project's folder.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// What is wrong with the places that name the live pipeline; they should agree on one that is in the estate.
pub fn findings(settings: &Settings, estate: &Estate) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut first: Option<(String, String)> = None;
    for place in places(settings) {
        let file = place.file.display().to_string();
        let mut add = |line, column, message| findings.push(Finding { file: file.clone(), line, column, message });
        match read(settings, place) {
            Err(Unreadable::Value(error)) => add(error.line, error.column, error.problem.to_string()),
            Err(Unreadable::File(FileError::Read { source, .. })) if source.kind() == ErrorKind::NotFound => {
                add(1, 1, "there is no such file, and [live] names it".to_owned());
            }
            Err(Unreadable::File(FileError::Read { source, .. })) => add(1, 1, format!("cannot be read: {source}")),
            Err(Unreadable::File(error)) => add(1, 1, error.to_string()),
            Ok(pointer) => {
                let (at, Found { value, line, column, .. }) = (pointer.at(), pointer.found);
                match &first {
                    _ if value.is_empty() => add(line, column, "no live pipeline is named here".to_owned()),
                    Some((name, other)) if *name != value => {
                        add(line, column, format!("the live pipeline is {value} here, but {name} in {other}"));
                    }
                    Some(_) => {}
                    None if estate.pipelines.iter().any(|pipeline| pipeline.namespace.as_str() == value) => {}
                    None => add(line, column, format!("the live pipeline is {value}, which is not in the estate")),
                }
                if !value.is_empty() {
                    first.get_or_insert((value, at));
                }
            }
        }
    }
    findings
}

/// Refuses places that name different pipelines.
pub fn agreed(pointers: &[Pointer<'_>]) -> Result<(), Failure> {
    let Some(first) = pointers.first() else { return Ok(()) };
    if pointers.iter().all(|pointer| pointer.found.value == first.found.value) {
        return Ok(());
    }
    let lines: Vec<String> =
        pointers.iter().map(|pointer| format!("  {}: {}", pointer.at(), pointer.found.value)).collect();
    Err(Failure::usage(format!("the places that name the live pipeline do not agree:\n{}", lines.join("\n")))
        .hint("'pipelinectl live <NS>' writes the same into all of them"))
}

/// What is said to be live; none where nothing is configured, and where every pipeline is.
pub fn live_text(settings: &Settings) -> Result<Option<LiveText>, Failure> {
    match settings.live.as_ref().map(|live| live.mode) {
        None | Some(LiveMode::All) => Ok(None),
        Some(LiveMode::Newest) => Ok(estate::of(settings)?.newest().map(|newest| LiveText {
            text: newest.namespace.to_string(),
            file: PathBuf::from(&newest.file),
            line: newest.line,
            column: 1,
        })),
        Some(LiveMode::Pointer) => {
            let pointers = pointers(settings)?;
            agreed(&pointers)?;
            Ok(pointers.into_iter().next().map(|pointer| LiveText {
                text: pointer.found.value,
                file: pointer.place.file.clone(),
                line: pointer.found.line,
                column: pointer.found.column,
            }))
        }
    }
}

/// The live pipeline; an error where it is not configured, named wrongly, or not just one.
pub fn live(settings: &Settings) -> Result<Namespace, Failure> {
    match live_text(settings)? {
        Some(found) => Ok(found.text.parse::<Namespace>()?),
        None => Err(match settings.live.as_ref().map(|live| live.mode) {
            Some(LiveMode::All) => Failure::usage("every pipeline is live, so 'live' does not name one")
                .hint(format!("name the pipeline; [live] mode in {FILE_NAME} is \"all\"")),
            Some(_) => Failure::usage("there is no pipeline yet that could be live"),
            None => {
                Failure::usage("nothing says which pipeline is live").hint(format!("configure [live] in {FILE_NAME}"))
            }
        }),
    }
}

/// The pipelines that a deployment to `live` is for, the newest first: all of them where every one is live.
pub fn live_namespaces(context: &Context) -> Result<Vec<Namespace>, Failure> {
    let settings = &context.settings;
    if settings.live.as_ref().map(|live| live.mode) == Some(LiveMode::All) {
        let estate = estate::read(context)?;
        return Ok(estate.newest_first().into_iter().map(|pipeline| pipeline.namespace.clone()).collect());
    }
    Ok(vec![live(settings)?])
}
