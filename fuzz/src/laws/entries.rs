//! A pipeline that is an entry of a map: adding it touches nothing else, and removing it gives the first bytes back.

use super::source::Source;
use super::written::{Habits, Writer};
use super::{after, name};
use crate::hcl::{Change, Element, elements, format, object_inside};
use crate::layout::changes::Blocks;
use crate::layout::map_entries::MapEntries;
use crate::layout::module_blocks::{Added, Addition, Origin, Place};
use crate::layout::{LayoutError, MapRules, Rules, SourceFile};
use crate::pipeline::Namespace;

const DATES: [&str; 5] = ["2021-02-01", "2021-03-02", "2022-05-01", "2022-08-31", "2022-08-31-2"];

/// Adds an entry to a generated map, changes it, and removes it again.
pub fn entries(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let new = name(source.one_of(&["2023-05-05", "2022-08-3", "2023-01-01-shadow", "2022-08-31a"]));
    let count = 1 + source.below(DATES.len());
    let near = name(DATES[source.below(count)]);
    let place = match source.below(4) {
        0 => Place::After(&near),
        1 => Place::Before(&near),
        _ => Place::End,
    };
    let origin = if source.once_in(2) { Origin::Sibling(&near) } else { Origin::Newest };
    let in_module = source.once_in(4);
    let (text, even) = estate(&mut source, count, in_module);
    let map = if in_module { "module.pipelines.pipelines" } else { "local.pipelines" };
    let rules = Rules::new(None, "namespace", "p_{namespace}", "main.tf", None).expect("rules");
    let rules =
        MapRules { rules, map: map.parse().expect("a map"), addresses: vec!["module.p[\"{namespace}\"]".to_owned()] };
    let files = [SourceFile::new("main.tf", text.as_str())];
    let Ok(read) = MapEntries::read(&files, &rules) else { return };
    let addition = Addition { namespace: &new, origin, label: None, changes: &[], place, file: None };
    let block = match read.add(&addition) {
        Ok(Added::New(block)) => block,
        Err(LayoutError::Check { what, .. }) => panic!("{what}\n{text}"),
        Ok(Added::Exists { .. }) | Err(_) => return,
    };
    let added = after(&block.edits).expect("one file");
    assert_eq!(added.ends_with('\n'), text.ends_with('\n'));
    assert_eq!(added.starts_with('\u{feff}'), text.starts_with('\u{feff}'));
    if text.matches('\n').count() == text.matches("\r\n").count() {
        assert_eq!(added.matches('\n').count(), added.matches("\r\n").count(), "{added:?}");
    }
    let files = [SourceFile::new("main.tf", added)];
    let again = MapEntries::read(&files, &rules).expect("it is read again");
    assert_eq!(again.estate().pipelines.len(), read.estate().pipelines.len() + 1, "{added}");
    assert!(matches!(again.add(&addition), Ok(Added::Exists { differing, .. }) if differing.is_empty()));
    let mut left = map_of(added);
    left.retain(|(key, _)| key.trim_matches(['(', ')', '"']) != new.as_str());
    assert_eq!(left, map_of(&text), "other entries\n{added}");
    changed(&again, added, &new);
    let removed = again.remove(&new).unwrap_or_else(|error| panic!("back: {error}\n{added}"));
    let back = after(&removed).expect("one file");
    if even && is_formatted(&text) {
        assert!(back == text, "back gives other bytes\n--- before\n{text}\n--- after\n{added}\n--- back\n{back}");
    }
    let lines = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.replace([' ', '\t', ','], "")).filter(|line| !line.is_empty()).collect()
    };
    assert_eq!(
        lines(back),
        lines(&text),
        "back gives other lines\n--- before\n{text}\n--- after\n{added}\n--- back\n{back}"
    );
}

fn is_formatted(text: &str) -> bool {
    let text = text.replace("\r\n", "\n");
    format(&text, 0).is_ok_and(|formatted| formatted == text)
}

/// A value set in the entry changes that alone.
fn changed(read: &MapEntries<'_>, text: &str, namespace: &Namespace) {
    let files = [SourceFile::new("main.tf", text)];
    let blocks = Blocks::read(&files).expect("HCL");
    let pipeline = read.estate().find(namespace).expect("it is there");
    let target = read.target(pipeline);
    let changes = [Change::set(&"zzz=1".parse().expect("a set"))];
    let Ok(made) = blocks.change(&target, &changes) else { return };
    let after = after(&made.edits).expect("one file");
    let (before, now) = (map_of(text), map_of(after));
    let differ = before.iter().zip(&now).filter(|(before, now)| before != now).count();
    assert!(before.len() == now.len() && differ == 1, "set in an entry\n{text}\n---\n{after}");
}

fn map_of(text: &str) -> Vec<(String, String)> {
    let start = text.find("pipelines = {").expect("the map") + "pipelines = ".len();
    let depth = crate::hcl::Lexer::new(text, start..text.len());
    let mut lexer = depth;
    let mut end = start;
    while let Some(Ok(token)) = lexer.next() {
        end = token.end;
        if lexer.depth() == 0 {
            break;
        }
    }
    let inside = object_inside(text, &(start..end)).expect("an object");
    let words = |element: &Element| {
        (text[element.key.clone()].to_owned(), super::leaves::words(&format!("{}\n", &text[element.value.clone()])))
    };
    elements(text, inside).expect("entries").iter().map(words).collect()
}

/// A map of entries, and whether they are all parted alike, so that what is put in is what is taken out.
fn estate(source: &mut Source<'_>, count: usize, in_module: bool) -> (String, bool) {
    let habits = Habits::new(source);
    let mut writer = Writer { source, habits };
    let mut text = writer.others(2);
    text.push_str(if in_module {
        "module \"pipelines\" {\n  source = \"./all\"\n\n  pipelines = {\n"
    } else {
        "locals {\n  pipelines = {\n"
    });
    let (commas, gap) = (writer.source.below(4), writer.source.below(3));
    let uneven = writer.source.once_in(4);
    for (index, date) in DATES[..count].iter().enumerate() {
        let value = match writer.source.below(6) {
            0 => "{}".to_owned(),
            1 => "{ a = 1, b = \"x\" }".to_owned(),
            _ => writer.map(2),
        };
        if writer.source.once_in(4) {
            text.push_str(&format!("    # of {date}\n"));
        }
        let key = if writer.source.once_in(6) { format!("(\"{date}\")") } else { format!("\"{date}\"") };
        text.push_str(&format!("    {key} = {value}"));
        let last = index + 1 == count;
        text.push_str(match commas {
            0 => ",",
            1 if !last => ",",
            _ => "",
        });
        text.push('\n');
        let blank = if uneven { writer.source.below(3) } else { usize::from(gap == 0) };
        if !last {
            text.push_str(&"\n".repeat(blank));
        }
    }
    text.push_str("  }\n}\n");
    text.push_str(&writer.others(2));
    (habits.finish(&text), !uneven)
}
