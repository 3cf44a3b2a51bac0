//! A pipeline that is a folder: the copy says its own namespace where the sibling said its, and nothing else differs.

use super::name;
use super::source::Source;
use super::written::{Habits, Writer};
use crate::hcl::items;
use crate::layout::DirectoryRules;
use crate::layout::directories::Directories;
use crate::layout::module_blocks::{Added, Addition, Origin, Place};
use crate::layout::{Edit, FolderFile, LayoutError, Rules, SourceFile};
use crate::pipeline::Namespace;

fn text(file: &FolderFile) -> &str {
    file.text().expect("text")
}

fn sources(folder: &str, files: &[FolderFile]) -> Vec<SourceFile> {
    let tf = files.iter().filter(|file| file.path.ends_with(".tf"));
    tf.map(|file| SourceFile::new(format!("infra/{folder}/{}", file.path), text(file))).collect()
}

fn copy(rules: &DirectoryRules, from: &Namespace, to: &Namespace, files: &[FolderFile]) -> Option<Vec<FolderFile>> {
    let sources = sources(from.as_str(), files);
    let read = Directories::read(&sources, rules).ok()?;
    let addition =
        Addition { namespace: to, origin: Origin::Newest, label: None, changes: &[], place: Place::End, file: None };
    let block = match read.add(&addition, files) {
        Ok(Added::New(block)) => block,
        Err(LayoutError::Check { what, .. }) => panic!("{what}"),
        Ok(Added::Exists { .. }) => panic!("it is new"),
        Err(_) => return None,
    };
    let prefix = format!("infra/{to}/");
    let file = |edit: Edit| match edit {
        Edit::Create { path, bytes, mode } => {
            let path = path.strip_prefix(&prefix).unwrap_or_else(|| panic!("{path} is not in {prefix}")).to_owned();
            FolderFile { path, bytes, mode }
        }
        other => panic!("{other:?}"),
    };
    Some(block.edits.into_iter().map(file).collect())
}

/// Copies a folder of generated files, and the copy back.
pub fn folders(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let old = name("2022-08-31");
    let new = name(source.one_of(&["2022-10-14", "2023-05-05", "2022-08-30"]));
    let files = folder(&mut source);
    let rules = DirectoryRules {
        rules: Rules::new(None, "pipeline_date", "p_{namespace}", "main.tf", Some(r"\d{4}-\d{2}-\d{2}[\w-]*"))
            .expect("rules"),
        below: "infra/".to_owned(),
        directory: "{namespace}".parse().expect("a pattern"),
        rename: if source.once_in(2) { vec!["a".into()] } else { Vec::new() },
        keep: Vec::new(),
        backend: Vec::new(),
    };
    let Some(copied) = copy(&rules, &old, &new, &files) else { return };
    let kept: Vec<&FolderFile> = files.iter().filter(|file| file.path != "terraform.tfstate").collect();
    assert_eq!(copied.len(), kept.len(), "each file but the state");
    for (before, after) in kept.iter().zip(&copied) {
        assert_eq!((&before.path, before.mode), (&after.path, after.mode));
        only_the_name(text(before), text(after), new.as_str());
        if after.path.ends_with(".tf") {
            let count = items(text(before)).map(|items| items.len());
            assert_eq!(items(text(after)).map(|items| items.len()), count, "{}", text(after));
        }
    }
    // With the same rules the way back leads to the same places.
    let Some(back) = copy(&rules, &new, &old, &copied) else { panic!("back: it is refused") };
    for (before, after) in kept.iter().zip(&back) {
        assert_eq!(text(before), text(after), "{} is another after two copies", before.path);
    }
}

/// Where they differ, the one has the old name and the other the new.
fn only_the_name(before: &str, after: &str, new: &str) {
    let spellings = |name: &str| [name.to_owned(), name.replace('-', "_"), name.replace('-', "")];
    let mut plain = after.to_owned();
    for (old, new) in spellings("2022-08-31").iter().zip(spellings(new)) {
        plain = plain.replace(&new, old);
    }
    assert_eq!(plain, before, "more than the name differs\n{after}");
}

fn folder(source: &mut Source<'_>) -> Vec<FolderFile> {
    let habits = Habits::new(source);
    let mut writer = Writer { source, habits };
    let fixed = ["source = \"../stack\"".to_owned(), "pipeline_date = local.date".to_owned()];
    let label = writer.source.one_of(&["pipeline", "p_2022-08-31", "p_2022_08_31", "p_20220831"]);
    let main = format!("{}{}{}", writer.others(2), writer.block(label, &fixed), writer.others(2));
    let config = format!(
        "# Of 2022-08-31.\nlocals {{\n  date = \"2022-08-31\"\n  other = \"{}\"\n  index_date = \"2022-08-31\"\n}}\nterraform {{\n  backend \"s3\" {{\n    key = \"p/{}.tfstate\"\n  }}\n}}\noutput \"o\" {{\n  value = module.{label}.x\n}}\n",
        writer.source.one_of(&["x-2022-08-31", "2021-01-01", "20220831", "2022-08-31-2"]),
        writer.source.one_of(&["2022-08-31", "2022_08_31"]),
    );
    let variables = "pipeline_date = \"2022-08-31\"\nother = \"2022-08-31\"\n";
    let file = |path: &str, text: String, mode| FolderFile { path: path.to_owned(), bytes: text.into_bytes(), mode };
    vec![
        file(".terraform.lock.hcl", "# 2022-08-31\n".to_owned(), 0o644),
        file("config.tf", habits.finish(&config), 0o640),
        file("main.tf", habits.finish(&main), 0o644),
        file("run.sh", "#!/bin/sh\nterraform \"$@\" # 2022-08-31\n".to_owned(), 0o755),
        file("terraform.tfstate", "{}".to_owned(), 0o644),
        file("terraform.tfvars", habits.finish(variables), 0o644),
    ]
}
