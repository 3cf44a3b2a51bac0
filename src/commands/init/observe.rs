//! What the repository says of its pipelines.

use crate::ci::discover::{Key, Seen, commit_tag, is_of_build, is_test, live};
use crate::context::Context;
use crate::failure::Failure;
use crate::files;
use crate::hcl::{Item, Items, items, label_text};
use crate::layout::SourceFile;
use crate::layout::discover::{Proposal, Services, discover, known_at, services};

/// Folders that hold what others wrote.
const FOREIGN: [&str; 6] = ["node_modules", "target", "vendor", "venv", "dist", "build"];

/// All that was found.
pub struct Found {
    /// The name that all clones of the repository have in common.
    pub name: Option<String>,
    /// The estate.
    pub estate: Proposal,
    /// A template of new blocks.
    pub template: Option<String>,
    /// The services.
    pub services: Services,
    /// The region of the provider.
    pub region: Option<String>,
    /// An account that a provider or backend names, and where.
    pub account: Option<(String, String)>,
    /// A script that runs terraform, relative to the root.
    pub program: Option<String>,
    /// A file with the backend's arguments, beside the root's files.
    pub backend: Option<String>,
    /// The scheme of commit tags.
    pub commit_tag: Option<Seen>,
    /// The branch that images are built from.
    pub main_branch: String,
    /// The places that name a pipeline; the first is likeliest to be the live one.
    pub live: Vec<(Seen, Option<Key>)>,
}

impl Found {
    /// What should be looked at.
    pub fn unsure(&self) -> Vec<String> {
        super::text::text(self)
            .lines()
            .filter_map(|line| line.split_once("unsure: ").map(|(_, what)| what.to_owned()))
            .collect()
    }
}

/// Reads the files that git does not ignore, or all but hidden folders and what others wrote.
pub fn observe(context: &Context) -> Result<Found, Failure> {
    let directory = &context.settings.directory;
    let git = crate::git::Git::new(directory, context.ui.progress());
    let mut known = git.files().unwrap_or_default();
    // What is new may not have been added yet.
    known.extend(git.untracked().unwrap_or_default());
    known.sort();
    known.dedup();
    let paths = if known.is_empty() { files::paths_below_but(directory, &FOREIGN)? } else { known };
    let read = |path: &String| files::read(&directory.join(path)).ok().map(|text| SourceFile::new(path.clone(), text));
    let terraform: Vec<SourceFile> = paths.iter().filter(|path| is_terraform(path)).filter_map(read).collect();
    let Some(estate) = discover(&terraform) else {
        return Err(Failure::failed(format!(
            "nothing in the Terraform files below {} looks like pipelines",
            directory.display()
        ))
        .hint("they are told by a date in the label or in an argument of a module, in the key of a map, or in a folder's name")
        .hint("write pipelinectl.toml by hand: the README shows one"));
    };
    let services = services(&terraform, &estate);
    let build: Vec<SourceFile> = paths.iter().filter(|path| is_of_build(path)).filter_map(read).collect();
    let texts = || build.iter().map(|file| (file.path.as_str(), file.text.as_str()));
    let names: Vec<String> = estate.namespaces.iter().map(ToString::to_string).collect();
    let is_other = |path: &&String| is_code(path) && !is_of_build(path);
    let code: Vec<SourceFile> = paths.iter().filter(is_other).filter_map(read).collect();
    let code = code.iter().map(|file| (file.path.as_str(), file.text.as_str()));
    let mut live = live(texts().chain(code).filter(|(path, _)| !is_test(path)), &names);
    live.sort_by_key(|(seen, key)| {
        let speaks = matches!(key, Some(Key::Keys(key) | Key::Pattern(key)) if key.to_lowercase().contains("live"));
        (key.is_none(), !speaks, matches!(key, Some(Key::Pattern(_))), seen.file.clone(), seen.line)
    });
    let main_branch = ["origin/main", "origin/master"].into_iter().find(|name| git.commit(name).is_ok());
    Ok(Found {
        name: git.origin().ok().flatten().as_deref().and_then(name_of),
        template: template(&terraform),
        region: region(&terraform, &estate),
        account: account(&terraform, &estate),
        program: script(&paths, &estate, directory),
        backend: backend(&paths, &estate),
        commit_tag: commit_tag(texts()),
        main_branch: main_branch.unwrap_or("origin/main").to_owned(),
        services,
        estate,
        live,
    })
}

fn is_terraform(path: &str) -> bool {
    let hidden = path.split('/').any(|part| part.starts_with('.') || FOREIGN.contains(&part));
    path.strip_suffix(".tf").is_some() && !hidden
}

fn is_code(path: &str) -> bool {
    const ENDINGS: [&str; 8] = [".scala", ".kt", ".java", ".py", ".ts", ".js", ".go", ".rb"];
    ENDINGS.iter().any(|ending| path.strip_suffix(ending).is_some())
        && !path.split('/').any(|part| FOREIGN.contains(&part))
}

/// The last part of a repository's URL.
fn name_of(url: &str) -> Option<String> {
    let last = url.trim_end_matches('/').rsplit(['/', ':']).next()?;
    let name = last.strip_suffix(".git").unwrap_or(last);
    // A path may be the URL, and say where from instead of what.
    (!matches!(name, "" | "." | "..")).then(|| name.to_owned())
}

/// A file with placeholders below `templates`.
fn template(files: &[SourceFile]) -> Option<String> {
    let is = |file: &&SourceFile| file.text.contains("{{namespace}}") && file.path.contains("template");
    files.iter().find(is).map(|file| file.path.clone())
}

/// The files of the estate's root, or of the newest pipeline's.
fn root_files<'a>(files: &'a [SourceFile], estate: &'a Proposal) -> impl Iterator<Item = &'a SourceFile> {
    let folder = root(estate);
    files.iter().filter(move |file| file.path.rsplit_once('/').map_or("", |(folder, _)| folder) == folder)
}

fn root(estate: &Proposal) -> String {
    match (&estate.layout, estate.namespaces.first()) {
        (crate::layout::Layout::Directories(rules), Some(newest)) => rules.folder_of(newest),
        _ => estate.terraform_dir.clone(),
    }
}

fn region(files: &[SourceFile], estate: &Proposal) -> Option<String> {
    let own = root_files(files, estate);
    own.chain(files).find_map(|file| {
        items(&file.text).ok()?.into_iter().find_map(|item| {
            let Item::Block(block) = item else { return None };
            let is_aws = block.labels.first().is_some_and(|label| label_text(&file.text, label) == "aws");
            if &file.text[block.kind.clone()] != "provider" || !is_aws {
                return None;
            }
            Items::new(&file.text, block.body).map_while(Result::ok).find_map(|item| match item {
                Item::Attribute(attribute) if &file.text[attribute.name.clone()] == "region" => {
                    known_at(files, file).evaluate_string(&file.text[attribute.value]).ok()
                }
                _ => None,
            })
        })
    })
}

/// The account of the first role that the root names.
fn account(files: &[SourceFile], estate: &Proposal) -> Option<(String, String)> {
    root_files(files, estate).find_map(|file| {
        file.text.match_indices("arn:aws:iam::").find_map(|(at, found)| {
            let account = file.text.get(at + found.len()..at + found.len() + 12)?;
            let is_account = account.bytes().all(|byte| byte.is_ascii_digit());
            let line = file.text[..at].matches('\n').count() + 1;
            is_account.then(|| (account.to_owned(), format!("{}:{line}", file.path)))
        })
    })
}

/// A script in the root that hands its arguments to terraform.
fn script(paths: &[String], estate: &Proposal, directory: &std::path::Path) -> Option<String> {
    let folder = root(estate);
    let inside = |path: &&String| path.rsplit_once('/').map_or("", |(folder, _)| folder) == folder;
    paths.iter().filter(inside).find_map(|path| {
        let text = path.strip_suffix(".sh").and_then(|_| files::read(&directory.join(path)).ok())?;
        let runs = text.lines().any(|line| line.contains("terraform") && line.contains("\"$@\""));
        runs.then(|| format!("./{}", path.rsplit('/').next().unwrap_or(path)))
    })
}

fn backend(paths: &[String], estate: &Proposal) -> Option<String> {
    let folder = root(estate);
    let inside = |path: &&String| path.rsplit_once('/').map_or("", |(folder, _)| folder) == folder;
    let name = |path: &String| path.rsplit('/').next().unwrap_or(path).to_owned();
    let is = |name: &String| {
        name.strip_suffix(".tfbackend").is_some()
            || (name.starts_with("backend") && name.strip_suffix(".hcl").is_some())
    };
    paths.iter().filter(inside).map(name).find(is)
}
