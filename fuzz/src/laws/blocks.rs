//! A pipeline that is a module block: adding it touches nothing else, and removing it gives the first bytes back.

use super::source::{Source, any_text};
use super::written::{Habits, Writer};
use super::{after, name};
use crate::hcl::items;
use crate::layout::module_blocks::{Added, Addition, ModuleBlocks, Origin, Place};
use crate::layout::{LayoutError, Rules, SourceFile};
use crate::pipeline::Namespace;

const TEMPLATE: &str = "module \"p_{namespace}\" {\n  source    = \"./stack\"\n  namespace = \"{namespace}\"\n}\n";

fn rules() -> Rules {
    Rules::new(Some("./stack"), "namespace", "p_{namespace}", "main.tf", None).expect("rules")
}

/// Adds a pipeline to a file of generated blocks, and removes it again.
pub fn blocks(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let (old, older) = (name("2022-08-31"), name("2022-05-01"));
    let new = name(source.one_of(&["2022-10-14", "2022-08-31-2", "2022-08-3", "2023-01-01-shadow", "2022-08-31a"]));
    let place = match source.below(6) {
        0 => Place::After(&old),
        1 => Place::Before(&old),
        2 => Place::Instead(&old),
        3 => Place::After(&older),
        _ => Place::End,
    };
    let origin = match source.below(5) {
        0 => Origin::Template { name: "template.tf", text: TEMPLATE },
        1 => Origin::Sibling(&older),
        2 => Origin::Newest,
        _ => Origin::Sibling(&old),
    };
    let (text, crlf) = estate(&mut source);
    let rules = rules();
    let files = [SourceFile::new("main.tf", text.as_str())];
    let Ok(read) = ModuleBlocks::read(&files, &rules) else { return };
    let addition = Addition { namespace: &new, origin, label: None, changes: &[], place, file: None };
    let block = match read.add(&addition) {
        Ok(Added::New(block)) => block,
        Err(LayoutError::Check { what, .. }) => panic!("{what}\n{text}"),
        Ok(Added::Exists { .. }) | Err(_) => return,
    };
    let Some(added) = after(&block.edits) else { panic!("one file") };
    if crlf {
        assert_eq!(added.matches('\n').count(), added.matches("\r\n").count(), "{added:?}");
    }
    assert_eq!(added.ends_with('\n'), text.ends_with('\n'), "the end of the file\n{text}\n---\n{added}");
    assert_eq!(added.starts_with('\u{feff}'), text.starts_with('\u{feff}'));
    let files = [SourceFile::new("main.tf", added)];
    let again = ModuleBlocks::read(&files, &rules).expect("it is read again");
    assert!(again.estate().find(&new).is_some(), "{added}");
    let replaced = matches!(place, Place::Instead(_));
    assert_eq!(again.estate().find(&old).is_some(), !replaced, "{added}");
    if replaced {
        return;
    }
    assert!(matches!(again.add(&addition), Ok(Added::Exists { differing, .. }) if differing.is_empty()));
    others_are_the_same(&text, added, &block.pipeline.label);
    let removed = match again.remove(&new) {
        Ok(edits) => edits,
        Err(error) => panic!("back: {error}\n{added}"),
    };
    let Some(back) = after(&removed) else { panic!("back: one file\n{added}") };
    assert!(
        back == text || !is_known(&text, added, &place),
        "back gives other bytes\n--- before\n{text}\n--- after\n{added}\n--- back\n{back}"
    );
    // A ruler may have been put between two pipelines, or have been there.
    let lines = |text: &str| -> Vec<String> {
        lines(text).into_iter().filter(|line| !line.starts_with("# --")).map(str::to_owned).collect()
    };
    assert_eq!(
        lines(back),
        lines(&text),
        "back gives other lines\n--- before\n{text}\n--- after\n{added}\n--- back\n{back}"
    );
    retire(&text, &read, &old);
}

/// What was removed leaves everything else.
fn retire(text: &str, read: &ModuleBlocks<'_>, old: &Namespace) {
    let Ok(edits) = read.remove(old) else { return };
    let Some(left) = after(&edits) else { return };
    let old = &text[read.estate().find(old).expect("it is there").span.clone()];
    let wanted: Vec<String> = words_of_items(text).into_iter().filter(|item| item != old).collect();
    assert_eq!(words_of_items(left), wanted, "removed\n{text}\n---\n{left}");
}

fn words_of_items(text: &str) -> Vec<String> {
    items(text).expect("HCL").iter().map(|item| text[item.span()].to_owned()).collect()
}

fn others_are_the_same(before: &str, after: &str, label: &str) {
    let mut others = words_of_items(after);
    let own = others
        .iter()
        .position(|item| item.contains(&format!("\"{label}\" {{")) || item.contains(&format!("\"{label}\"{{")))
        .expect("the new block");
    others.remove(own);
    assert_eq!(words_of_items(before), others, "{after}");
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect()
}

/// Whether the gaps around the new block tell how wide the first one was: siblings are parted as they are, and blank
/// lines at the end of a file or with spaces in them are not written anew.
fn is_known(before: &str, _after: &str, place: &Place<'_>) -> bool {
    let ends = before.trim_end_matches(['\r', '\n', ' ', '\t']);
    matches!(place, Place::End | Place::After(_))
        && !before.contains("# --")
        && before[ends.len()..].matches('\n').count() < 2
}

fn estate(source: &mut Source<'_>) -> (String, bool) {
    let habits = Habits::new(source);
    let any = if source.once_in(8) { any_text(source) } else { String::new() };
    let mut writer = Writer { source, habits };
    let between = |writer: &mut Writer<'_, '_>| {
        let gaps = ["\n", "\n", "\n", "", "\n\n\n", "\n# ---- 2022-08-31 ----\n\n", "\n# ------\n\n"];
        if writer.source.once_in(4) { writer.others(2) } else { writer.source.one_of(&gaps).to_owned() }
    };
    let pipeline = |writer: &mut Writer<'_, '_>, date: &str| {
        let fixed = ["source = \"./stack\"".to_owned(), format!("namespace = \"{date}\"")];
        writer.block(&format!("p_{date}"), &fixed)
    };
    let mut text = writer.others(2);
    text.push_str(&pipeline(&mut writer, "2022-05-01"));
    text.push_str(&between(&mut writer));
    text.push_str(&pipeline(&mut writer, "2022-08-31"));
    if writer.source.once_in(3) {
        text.push_str(&between(&mut writer));
        text.push_str(&pipeline(&mut writer, "2021-02-03"));
    }
    text.push_str(&writer.others(2));
    text.push_str(&any);
    (habits.finish(&text), habits.crlf && any.is_empty())
}
