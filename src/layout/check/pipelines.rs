//! What is wrong with pipelines themselves: their namespaces, labels, names and states.

use std::collections::HashMap;

use crate::hcl::{Locals, elements, literal_string, object_inside};
use crate::pipeline::{Namespace, Pipeline};

use super::super::directories::Directories;
use super::super::spelling::readings;
use super::super::{Layout, Reading, Rules, SourceFile};
use super::module::locals_of;
use super::things::things;
use super::{Findings, Looked};

pub(super) fn findings<'a>(
    looked: &Looked<'_>,
    files: &'a [SourceFile],
    reading: &Reading<'_>,
    findings: &mut Findings<'a>,
) {
    let mut locals = match reading {
        Reading::MapEntries(..) => locals_of(files.iter()),
        Reading::ModuleBlocks(..) | Reading::Directories(..) => Locals::new(),
    };
    let mut seen: HashMap<&Namespace, &Pipeline> = HashMap::new();
    for pipeline in &reading.estate().pipelines {
        let Some(file) = files.iter().find(|file| file.path == pipeline.file) else { continue };
        let (namespace, start) = (&pipeline.namespace, pipeline.span.start);
        if let Some(first) = seen.get(namespace) {
            let (address, path, line) = (first.address(), &first.file, first.line);
            findings.add(file, start, format!("{namespace} is already {address} ({path}:{line})"));
        }
        seen.entry(namespace).or_insert(pipeline);
        for message in names(looked, &pipeline.label, namespace) {
            findings.add(file, start, message);
        }
        match reading {
            Reading::MapEntries(..) => entry(file, pipeline, looked.layout.rules(), &mut locals, findings),
            Reading::Directories(_, directories) => folder(files, pipeline, directories, looked, findings),
            Reading::ModuleBlocks(..) => {}
        }
    }
    for unclear in &reading.estate().unclear {
        let Some(file) = files.iter().find(|file| file.path == unclear.file) else { continue };
        if !file.is_json() {
            let what = match looked.layout {
                Layout::ModuleBlocks(_) => format!("module.{}", unclear.label),
                Layout::MapEntries(_) => format!("the entry {}", unclear.label),
                Layout::Directories(_) => format!("the folder {}", unclear.label),
            };
            findings.add_at(file, unclear.line, format!("{what} is not clear: {}", unclear.reason));
            continue;
        }
        // It is not edited, but that is no mistake.
        let Some(namespace) = &unclear.namespace else { continue };
        let module = things(file).unwrap_or_default().into_iter();
        let mut module = module.filter(|thing| thing.kind == "module" && thing.labels == [unclear.label.as_str()]);
        let start = module.next().map_or(0, |module| module.start);
        if let Some(first) = seen.get(namespace) {
            let (address, path, line) = (first.address(), &first.file, first.line);
            findings.add(file, start, format!("{namespace} is already {address} ({path}:{line})"));
        }
        for message in names(looked, &unclear.label, namespace) {
            findings.add(file, start, message);
        }
    }
}

/// What is wrong with the label and with the names that are made from the namespace.
fn names(looked: &Looked<'_>, label: &str, namespace: &Namespace) -> Vec<String> {
    let of_label = self::label(looked.layout, label, namespace);
    of_label.into_iter().chain(looked.names.iter().filter_map(|limit| limit.refuse(namespace))).collect()
}

/// Where the label names another day than the pipeline.
fn label(layout: &Layout, label: &str, namespace: &Namespace) -> Option<String> {
    let rules = layout.rules();
    let dated = dated(namespace)?;
    let (labelled, same) = if let Some(labelled) = rules.namespace_in(label) {
        let other = self::dated(&labelled);
        (labelled.to_string(), other.is_none_or(|other| other == dated))
    } else {
        // A label of another form: the one date in it should be the pipeline's all the same.
        let date = date_in(label)?;
        let same = dated.starts_with(&date);
        (date, same)
    };
    if same {
        return None;
    }
    match layout {
        Layout::ModuleBlocks(rules) => {
            Some(format!("the label names {labelled}, but '{}' is {namespace}", rules.namespace_attribute()))
        }
        Layout::Directories(_) => Some(format!("the label names {labelled}, but the folder {namespace}")),
        Layout::MapEntries(_) => None,
    }
}

/// The one date in a text, in whichever spelling.
fn date_in(text: &str) -> Option<String> {
    let starts = text
        .char_indices()
        .filter(|(at, first)| first.is_ascii_digit() && !text[..*at].ends_with(|before: char| before.is_ascii_digit()));
    let date = |start: usize| -> Option<String> {
        let long = text.get(start..start + 10).into_iter();
        let short = text.get(start..start + 8).into_iter();
        let ends = |length: usize| !text[start + length..].starts_with(|after: char| after.is_ascii_digit());
        let parts = long.map(|part| (part, 10)).chain(short.map(|part| (part, 8)));
        let mut dates = parts.filter(|(_, length)| ends(*length)).flat_map(|(part, _)| readings(part));
        dates.find(|date| {
            date.parse::<Namespace>().is_ok_and(|date| date.date().is_some_and(|(_, more)| more.is_empty()))
        })
    };
    let mut dates = starts.filter_map(|(start, _)| date(start));
    let first = dates.next()?;
    dates.next().is_none().then_some(first)
}

/// In one spelling, when it is a date.
fn dated(namespace: &Namespace) -> Option<String> {
    let mut readings = readings(namespace.as_str()).into_iter().filter_map(|reading| reading.parse::<Namespace>().ok());
    readings.find(|reading| reading.date().is_some()).map(|reading| reading.as_str().replace('_', "-"))
}

/// Where the entry of a map is given another namespace than its key.
fn entry<'a>(
    file: &'a SourceFile,
    pipeline: &Pipeline,
    rules: &Rules,
    locals: &mut Locals<'_>,
    findings: &mut Findings<'a>,
) {
    let text = &file.text;
    let of_entry = elements(text, pipeline.span.clone()).unwrap_or_default();
    let Some(inside) = of_entry.first().and_then(|element| object_inside(text, &element.value)) else { return };
    for element in elements(text, inside).unwrap_or_default() {
        let key = &text[element.key.clone()];
        if literal_string(key).unwrap_or(key) != rules.namespace_attribute() {
            continue;
        }
        let said = locals.evaluate_string(&text[element.value]).ok().and_then(|said| said.parse::<Namespace>().ok());
        if let (Some(said), Some(key)) = (said, dated(&pipeline.namespace))
            && self::dated(&said).is_some_and(|said| said != key)
        {
            let message = format!("the key is {}, but '{}' is {said}", pipeline.namespace, rules.namespace_attribute());
            findings.add(file, element.key.start, message);
        }
    }
}

/// What is wrong with a folder beside its files.
fn folder<'a>(
    files: &'a [SourceFile],
    pipeline: &Pipeline,
    directories: &Directories<'_>,
    looked: &Looked<'_>,
    findings: &mut Findings<'a>,
) {
    let namespace = &pipeline.namespace;
    let find = |path: &str| files.iter().find(|file| file.path == path);
    if let Some((said, path, offset)) = directories.says(namespace).filter(|(said, ..)| said != namespace.as_str())
        && let Some(file) = find(&path)
    {
        let attribute = looked.layout.rules().namespace_attribute();
        findings.add(file, offset, format!("the folder names {namespace}, but '{attribute}' is {said}"));
    }
    if let Some((other, path, line)) = directories.shares_state(namespace)
        && let Some(file) = find(&path)
    {
        findings.add_at(file, line, format!("the state of {namespace} is kept where that of {other} is"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_one_date_in_a_label() {
        for (label, date) in [
            ("catalogue_pipeline_20200720", Some("2020-07-20")),
            ("catalogue_pipeline_2020-07-20-shadow", Some("2020-07-20")),
            ("p_2020_07_20a", Some("2020-07-20")),
            ("p_2020-07-20_2020-08-01", None),
            ("p_120200720", None),
            ("p_2020-13-20", None),
            ("v1", None),
            ("", None),
        ] {
            assert_eq!(date_in(label).as_deref(), date, "{label}");
        }
    }
}
