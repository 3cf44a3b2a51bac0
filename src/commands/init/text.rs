//! The text of `pipelinectl.toml`.

use super::observe::Found;
use crate::ci::discover::Key;
use crate::layout::Layout;
use crate::layout::discover::{DATED, Service, Setting};
use crate::pipeline::service::EcsTarget;

/// The whole file. What is unsure has a comment that says so.
pub fn text(found: &Found) -> String {
    let mut lines = Lines::default();
    lines.plain("# How pipelinectl finds its way in this repository; written by 'pipelinectl init'.");
    project(&mut lines, found);
    pipeline(&mut lines, found);
    aws(&mut lines, found);
    terraform(&mut lines, found);
    images(&mut lines, found);
    services(&mut lines, found);
    live(&mut lines, found);
    lines.plain("");
    lines.plain("# [releases]");
    lines.plain("# store = \"dynamodb\"   # for a team and CI: locks and records that all share");
    lines.plain("# table = \"pipelinectl-releases\"");
    lines.0
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn plain(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn table(&mut self, name: &str) {
        self.0.push_str(&format!("\n[{name}]\n"));
    }

    fn set(&mut self, key: &str, value: &str, unsure: Option<&str>) {
        self.unsure(unsure);
        self.plain(&format!("{key} = {value}"));
    }

    fn unsure(&mut self, what: Option<&str>) {
        if let Some(what) = what {
            self.plain(&format!("# unsure: {what}"));
        }
    }
}

fn quoted(text: &str) -> String {
    // A literal string needs no escapes ("TOML v1.0.0", strings).
    if text.contains(['"', '\\']) && !text.contains('\'') {
        format!("'{text}'")
    } else {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

fn project(lines: &mut Lines, found: &Found) {
    lines.table("project");
    match &found.name {
        Some(name) => lines.set("name", &quoted(name), None),
        None => lines.plain("# name = \"pipelines\"   # records are kept under it; default: the folder's name"),
    }
    let folder = if found.estate.terraform_dir.is_empty() { "." } else { &found.estate.terraform_dir };
    lines.set("terraform_dir", &quoted(folder), None);
    let layout = match found.estate.layout {
        Layout::ModuleBlocks(_) => "module-blocks",
        Layout::MapEntries(_) => "map-entries",
        Layout::Directories(_) => "directories",
    };
    for what in &found.estate.unsure {
        lines.unsure(Some(what));
    }
    lines.set("layout", &quoted(layout), None);
}

fn pipeline(lines: &mut Lines, found: &Found) {
    lines.table("pipeline");
    for (key, value, unsure) in &found.estate.keys {
        let value = match value {
            Setting::Text(text) => quoted(text),
            Setting::List(texts) => list(texts),
        };
        // What cannot be right as it is must not be taken.
        let is_left_out = matches!(*key, "addresses" | "rename") && unsure.is_some();
        lines.set(&format!("{}{key}", if is_left_out { "# " } else { "" }), &value, unsure.as_deref());
    }
    if let Some(template) = found.template.as_ref().filter(|_| matches!(found.estate.layout, Layout::ModuleBlocks(_))) {
        lines.set("template", &quoted(template), None);
    }
    if found.estate.dated {
        lines.set("namespace_pattern", &format!("'{DATED}'"), None);
    }
}

fn aws(lines: &mut Lines, found: &Found) {
    if found.region.is_none() && found.account.is_none() {
        return;
    }
    lines.table("aws");
    if let Some(region) = &found.region {
        lines.set("region", &quoted(region), None);
    }
    if let Some((account, place)) = &found.account {
        lines.unsure(Some(&format!("{place} names this account; with it, credentials of another are refused")));
        lines.plain(&format!("# account_id = {}", quoted(account)));
    }
}

fn terraform(lines: &mut Lines, found: &Found) {
    if found.program.is_none() && found.backend.is_none() {
        return;
    }
    lines.table("terraform");
    if let Some(program) = &found.program {
        lines.set("program", &quoted(program), None);
    }
    if let Some(backend) = &found.backend {
        lines.set("init_args", &list(&[format!("-backend-config={backend}")]), None);
    }
}

fn images(lines: &mut Lines, found: &Found) {
    lines.table("images");
    let (tag, unsure) = match &found.services.pipeline_tag {
        Some(tag) => (tag.as_str(), None),
        None => ("{namespace}", Some("no image says which tag it has")),
    };
    lines.set("pipeline_tag", &quoted(tag), unsure);
    match &found.commit_tag {
        Some(seen) => {
            lines.plain(&format!("# as {}:{} tags", seen.file, seen.line));
            lines.set("commit_tag", &quoted(&seen.text), None);
        }
        None => lines.set(
            "commit_tag",
            &quoted("ref.{commit}"),
            Some("nothing was found that tags an image with its commit"),
        ),
    }
    lines.set("main_branch", &quoted(&found.main_branch), None);
}

fn services(lines: &mut Lines, found: &Found) {
    for what in &found.services.unsure {
        lines.plain("");
        lines.unsure(Some(what));
    }
    if found.services.services.is_empty() {
        lines.plain("");
        lines.unsure(Some("no aws_ecr_repository was found; name each service and its repository"));
        lines.plain("# [[service]]");
        lines.plain("# name = \"ingestor\"");
        lines.plain("# repository = \"team/ingestor\"");
        lines.plain("# lambda = \"{namespace}-ingestor\"");
    }
    for service in &found.services.services {
        lines.plain("");
        self::service(lines, service);
    }
}

fn service(lines: &mut Lines, service: &Service) {
    lines.unsure(service.unsure.as_deref());
    lines.plain("[[service]]");
    lines.set("name", &quoted(&service.name), None);
    lines.set("repository", &quoted(&service.repository), None);
    match service.lambda.as_slice() {
        [] => {}
        [one] => lines.set("lambda", &quoted(one), None),
        many => lines.set("lambda", &list(many), None),
    }
    let table = |target: &EcsTarget| {
        format!("{{ cluster = {}, service = {} }}", quoted(&target.cluster), quoted(&target.service))
    };
    match service.ecs.as_slice() {
        [] => {}
        [one] => lines.set("ecs", &table(one), None),
        many => lines.set("ecs", &format!("[{}]", many.iter().map(table).collect::<Vec<_>>().join(", ")), None),
    }
}

fn live(lines: &mut Lines, found: &Found) {
    let Some(((seen, Some(key)), others)) = found.live.split_first() else {
        lines.plain("");
        lines.unsure(Some("nothing names the live pipeline; it may be: mode = \"newest\""));
        for (seen, _) in &found.live {
            lines.unsure(Some(&format!("{}:{} names {}; is that it?", seen.file, seen.line, seen.text)));
        }
        lines.plain("# [live]");
        lines.plain("# file = \".buildkite/pipeline.yml\"");
        lines.plain("# key = \"env.LIVE_PIPELINE\"");
        return;
    };
    lines.table("live");
    let speaks = matches!(key, Key::Keys(key) | Key::Pattern(key) if key.to_lowercase().contains("live"));
    let unsure = (!speaks).then(|| format!("{}:{} names {}", seen.file, seen.line, seen.text));
    lines.set("file", &quoted(&seen.file), unsure.as_deref());
    let (name, value) = located(key);
    lines.set(name, &quoted(value), None);
    for (seen, key) in others {
        lines.plain("");
        lines.unsure(Some(&format!("{}:{} names {}, too", seen.file, seen.line, seen.text)));
        if let Some((name, value)) = key.as_ref().map(located) {
            lines.plain("# [[live.place]]");
            lines.plain(&format!("# file = {}", quoted(&seen.file)));
            lines.plain(&format!("# {name} = {}", quoted(value)));
        }
    }
}

fn located(key: &Key) -> (&'static str, &str) {
    match key {
        Key::Keys(keys) => ("key", keys),
        Key::Pattern(pattern) => ("pattern", pattern),
    }
}
