//! Folders: `tests/fixtures/<command>/<case>/in` becomes `out`, byte for byte, and stays so.
//!
//! `command` has the words after `pipelinectl`, as a shell reads them. `code`, where it is, has the exit code, else it is
//! 0. A command that only looks has no `out`: its files stay as they are, and `stdout` has what it says of them. Where `terraform fmt` has nothing to say of the files before, it has nothing to say of them afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sandbox::Terraform;

use crate::support::Run;

type Folder = BTreeMap<PathBuf, Entry>;

/// A file: what is in it, and whether it can be run; or a link, and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    File { runs: bool, bytes: Vec<u8> },
    Link(PathBuf),
}

/// Every file below the folder.
fn read(folder: &Path) -> Folder {
    let mut files = Folder::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(folder).expect("below").to_owned();
            let found = fs::symlink_metadata(&path).expect("there");
            if found.is_symlink() {
                files.insert(name, Entry::Link(fs::read_link(&path).expect("a link")));
            } else if found.is_dir() {
                open.push(path);
            } else {
                let runs = found.permissions().mode() & 0o100 != 0;
                files.insert(name, Entry::File { runs, bytes: fs::read(&path).expect("readable") });
            }
        }
    }
    files
}

fn write(folder: &Path, files: &Folder) {
    for (name, entry) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        match entry {
            Entry::Link(target) => std::os::unix::fs::symlink(target, path).expect("a link"),
            Entry::File { runs, bytes } => {
                fs::write(&path, bytes).expect("writable");
                let mode = if *runs { 0o755 } else { 0o644 };
                fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
            }
        }
    }
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn is_formatted(folder: &Path) -> bool {
    let terraform = Terraform::find().expect("terraform");
    let mut command = terraform.command(folder);
    command.args(["fmt", "-check", "-recursive"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().expect("terraform runs").success()
}

fn run(folder: &Path, words: &str) -> Run {
    let home = tempfile::tempdir().expect("a folder");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exec \"$0\" {words}"), env!("CARGO_BIN_EXE_pipelinectl")]);
    command.env_clear().env("HOME", home.path()).current_dir(folder).stdin(Stdio::null());
    command.output().expect("it runs").into()
}

/// What is wrong with the files, in words.
fn difference(found: &Folder, expected: &Folder) -> Option<String> {
    let names: Vec<_> = found.keys().chain(expected.keys()).collect();
    let wrong = names.into_iter().find(|name| found.get(*name) != expected.get(*name))?;
    let text = |folder: &Folder| {
        folder.get(wrong).map_or("(no such file)".to_owned(), |entry| match entry {
            Entry::Link(target) => format!("(leads to {})", target.display()),
            Entry::File { runs, bytes } => {
                let runs = if *runs { "(can be run) " } else { "" };
                format!("{runs}{}", String::from_utf8_lossy(bytes).escape_debug())
            }
        })
    };
    let lines = |text: String| text.replace("\\n", "\\n\n");
    Some(format!("{}\n--- found\n{}\n--- expected\n{}", wrong.display(), lines(text(found)), lines(text(expected))))
}

fn case(folder: &Path) -> Result<(), String> {
    let input = read(&folder.join("in"));
    let said = fs::read_to_string(folder.join("stdout")).ok();
    let output = if said.is_some() { input.clone() } else { read(&folder.join("out")) };
    let words = fs::read_to_string(folder.join("command")).expect("the case has a command");
    let code = fs::read_to_string(folder.join("code")).map_or(0, |text| text.trim().parse().expect("a number"));
    let work = tempfile::tempdir().expect("a folder");
    write(work.path(), &input);
    let was_formatted = is_formatted(work.path());
    for which in ["first", "second"] {
        let run = run(work.path(), words.trim());
        if run.code != code || run.err.contains("panicked") {
            return Err(format!("{which} run: exit code {}, not {code}\n{}{}", run.code, run.out, run.err));
        }
        if let Some(said) = said.as_ref().filter(|said| **said != run.out) {
            return Err(format!("{which} run: it says\n{}--- expected\n{said}--- stderr\n{}", run.out, run.err));
        }
        if let Some(difference) = difference(&read(work.path()), &output) {
            return Err(format!("{which} run: {difference}\n{}", run.err));
        }
        if which == "second" && code == 0 && input != output && !run.err.contains("Nothing to do") {
            return Err(format!("second run: it does not say that there is nothing to do\n{}{}", run.out, run.err));
        }
    }
    if was_formatted && !is_formatted(work.path()) {
        return Err("what was formatted is not any more".to_owned());
    }
    Ok(())
}

#[test]
fn every_folder_becomes_what_is_expected_and_stays_so() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let cases: Vec<PathBuf> = folders(&root).iter().flat_map(|command| folders(command)).collect();
    assert!(cases.len() >= 20, "the cases were found: {cases:?}");
    let name = |path: &Path| path.strip_prefix(&root).expect("below").display().to_string();
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|folder| case(folder).err().map(|wrong| format!("{}: {wrong}", name(folder))))
        .collect();
    assert!(wrong.is_empty(), "{} of {} cases\n\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
}
