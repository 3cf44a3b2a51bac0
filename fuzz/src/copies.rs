//! Copies of a pipeline: one block more, everything else as it was, and a second time nothing.

use crate::layout::module_blocks::{Added, Addition, ModuleBlocks, Origin, Place};
use crate::layout::{Edit, LayoutError, Rules, SourceFile};
use crate::pipeline::Namespace;
use crate::source::{Source, any_text, block};

/// Adds a pipeline to a file of generated blocks and any text.
pub fn copies(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let name = |text: &str| text.parse::<Namespace>().expect("a namespace");
    let (old, older) = (name("2022-08-31"), name("2022-05-01"));
    let new = name(source.one_of(&["2022-10-14", "2022-08-31-2", "2022-08-3", "2023-01-01-shadow"]));
    let place = match source.below(4) {
        0 => Place::End,
        1 => Place::After(&old),
        2 => Place::Before(&old),
        _ => Place::Instead(&old),
    };
    let crlf = source.below(4) == 0;
    let between = source.one_of(&["\n", "", "\n\n\n", "\n# ---- 2022-08-31 ----\n\n", "\n# ------\n\n"]);
    let (one, two) = (block(&mut source, "p_2022-05-01"), block(&mut source, "p_2022-08-31"));
    let mut text = format!("{one}{between}{two}");
    if source.below(3) == 0 {
        text.push_str(&any_text(&mut source));
    }
    if crlf {
        text = text.replace('\n', "\r\n");
    }
    let rules = Rules::new(None, "namespace", "p_{namespace}", "main.tf", None).expect("rules");
    let files = [SourceFile::new("main.tf", text.as_str())];
    let Ok(read) = ModuleBlocks::read(&files, &rules) else { return };
    let from = if source.below(2) == 0 { &old } else { &older };
    let addition =
        Addition { namespace: &new, origin: Origin::Sibling(from), label: None, changes: &[], place, file: None };
    let block = match read.add(&addition) {
        Ok(Added::New(block)) => block,
        Err(LayoutError::Check { what, .. }) => panic!("{what}\n{text}"),
        Ok(Added::Exists { .. }) | Err(_) => return,
    };
    let [Edit::Write { after, .. }] = block.edits.as_slice() else { panic!("one file") };
    let files = [SourceFile::new("main.tf", after.as_str())];
    let read = ModuleBlocks::read(&files, &rules).expect("it is read again");
    assert!(read.estate().find(&new).is_some(), "{after}");
    assert_eq!(read.estate().find(&old).is_some(), !matches!(place, Place::Instead(_)), "{after}");
    if !matches!(place, Place::Instead(_)) {
        assert!(matches!(read.add(&addition), Ok(Added::Exists { differing, .. }) if differing.is_empty()));
    }
}
