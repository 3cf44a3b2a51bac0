//! A new pipeline: its folder from that of a sibling.

use crate::hcl::{
    Around, Change, EditError, Expressions, Splice, line_end, line_of, line_start, splice, splice_aligned,
};
use crate::pipeline::{Namespace, Pipeline};

use super::super::module_blocks::change::{Copied, change, located};
use super::super::module_blocks::{Added, Addition, NewBlock, Origin, Place};
use super::super::spelling::Renaming;
use super::super::{Edit, LayoutError, SourceFile};
use super::copy::{is_left_behind, leads_to};
use super::moved::Moved;
use super::naming::{Names, labels, rename};
use super::{Directories, FolderFile};

impl Directories<'_> {
    /// The folder that a new pipeline is copied from, relative to the project's; none where the pipeline is there.
    pub fn folder_to_copy(&self, addition: &Addition<'_>) -> Result<Option<String>, LayoutError> {
        if self.estate.find(addition.namespace).is_some() {
            return Ok(None);
        }
        Ok(Some(self.sibling(addition)?.to_owned()))
    }

    /// Works out the edits that add a pipeline, and checks them. `folder` is what belongs to a copy of
    /// [`Self::folder_to_copy`]. Nothing is written.
    pub fn add(&self, addition: &Addition<'_>, folder: &[FolderFile]) -> Result<Added, LayoutError> {
        if let Some(pipeline) = self.estate.find(addition.namespace) {
            return Ok(Added::Exists { pipeline: pipeline.clone(), differing: self.differing(pipeline, addition)? });
        }
        self.rules.rules.namespace(addition.namespace.as_str()).map_err(|reason| LayoutError::Namespace { reason })?;
        for (flag, given) in [
            ("--label", addition.label.is_some()),
            ("--file", addition.file.is_some()),
            ("--after, --before and --replace", addition.place != Place::End),
        ] {
            if given {
                return Err(LayoutError::NotInLayout { what: flag, layout: "directories" });
            }
        }
        let from = self.sibling(addition)?;
        let sibling = self.folders.iter().find(|folder| folder.path == from).map(|folder| &folder.namespace);
        let sibling = sibling.ok_or(LayoutError::NoSibling)?;
        let mut notes = Vec::new();
        let mut copy = self.copied(addition.namespace, sibling, from, folder, &mut notes)?;
        self.change_module(addition, from, &mut copy, &mut notes)?;
        let pipeline = self.checked(addition.namespace, from, &copy)?;
        let create = |file: FolderFile| Edit::Create { path: file.path, bytes: file.bytes, mode: file.mode };
        let edits = copy.into_iter().map(create).collect();
        Ok(Added::New(NewBlock { edits, pipeline, from: Some(sibling.clone()), notes }))
    }

    fn sibling(&self, addition: &Addition<'_>) -> Result<&str, LayoutError> {
        let namespace = match addition.origin {
            Origin::Template { .. } => {
                return Err(LayoutError::NotInLayout {
                    what: "a template (a new folder is a copy of a sibling's)",
                    layout: "directories",
                });
            }
            Origin::Sibling(namespace) => namespace,
            Origin::Newest => &self.estate.newest().ok_or(LayoutError::NoSibling)?.namespace,
        };
        Ok(&self.folder(namespace)?.path)
    }

    /// The files of the new folder, their paths relative to the project's.
    fn copied(
        &self,
        namespace: &Namespace,
        sibling: &Namespace,
        from: &str,
        folder: &[FolderFile],
        notes: &mut Vec<String>,
    ) -> Result<Vec<FolderFile>, LayoutError> {
        let others = self.estate.pipelines.iter().map(|pipeline| &pipeline.namespace);
        let renaming = Renaming::new(sibling, namespace, others);
        let to = self.rules.folder_of(namespace);
        let wanted = || folder.iter().filter(|file| !is_left_behind(&file.path));
        let syntax = |file: &FolderFile| {
            let path = format!("{from}/{}", file.path);
            move |error| LayoutError::Syntax { path, error }
        };
        let mut modules = Vec::new();
        for file in wanted().filter(|file| is_configuration(file)) {
            modules.extend(labels(file.text().unwrap_or_default(), &renaming).map_err(syntax(file))?);
        }
        let moved = Moved::of(folder, &renaming);
        let (mut copy, mut stays) = (Vec::new(), false);
        for file in wanted() {
            let path = format!("{to}/{}", moved.path(&file.path, &renaming));
            let Some(text) = file.text().filter(|_| !leads_to(file.mode)) else {
                copy.push(FolderFile { path, ..file.clone() });
                continue;
            };
            let names = Names { renaming: &renaming, modules: &modules, moved: &moved };
            let renamed = rename(&file.path, text, self.rules, &names).map_err(syntax(file))?;
            stays |= is_configuration(file) && !renamed.kept.is_empty();
            for (line, text) in renamed.kept {
                notes.push(format!("{from}/{}:{line}: '{text}' stays as it is", file.path));
            }
            let text = if renamed.splices.is_empty() {
                text.to_owned()
            } else {
                splice_aligned(text, &renamed.splices).map_err(syntax(file))?
            };
            copy.push(FolderFile { path, bytes: text.into_bytes(), mode: file.mode });
        }
        if stays {
            notes.push(
                "where it should name the new pipeline, too, use --set, or rename = [\"NAME\"] below [pipeline]"
                    .to_owned(),
            );
        }
        Ok(copy)
    }

    /// Sets and unsets what the user asked for in the module block of the new folder.
    fn change_module(
        &self,
        addition: &Addition<'_>,
        from: &str,
        copy: &mut [FolderFile],
        notes: &mut Vec<String>,
    ) -> Result<(), LayoutError> {
        if addition.changes.is_empty() {
            return Ok(());
        }
        let files = self.sources(from, addition.namespace, copy);
        let read = Directories::read(&files, self.rules)?;
        let pipeline = read.estate.find(addition.namespace).filter(|pipeline| !pipeline.span.is_empty());
        let Some(pipeline) = pipeline else { return Err(LayoutError::NoModule { folder: from.to_owned() }) };
        let Some(file) = copy.iter_mut().find(|file| file.path == pipeline.file) else {
            return Err(LayoutError::NoModule { folder: from.to_owned() });
        };
        let whole = file.text().unwrap_or_default().to_owned();
        let lines = line_start(&whole, pipeline.span.start)..line_end(&whole, pipeline.span.end);
        let above = line_of(&whole, lines.start) - 1;
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let copied = Copied { from: None, path: format!("{from}/{name}"), above };
        let others: Vec<&str> =
            self.estate.newest_first().into_iter().take(50).filter_map(|one| self.module_of(one)).collect();
        let around = Around { siblings: &others, file: &whole, expressions: Expressions::Replace, ..Around::default() };
        let changed = change(&whole[lines.clone()], addition, &copied, &around, notes)?;
        file.bytes = splice(&whole, &[Splice::new(lines, changed)]).into_bytes();
        Ok(())
    }

    /// The module block of a pipeline.
    fn module_of(&self, pipeline: &Pipeline) -> Option<&str> {
        let file = self.files.iter().find(|file| file.path == pipeline.file)?;
        file.text.get(pipeline.span.clone()).filter(|block| !block.is_empty())
    }

    fn differing(&self, pipeline: &Pipeline, addition: &Addition<'_>) -> Result<Vec<Change>, LayoutError> {
        let Some(file) = self.files.iter().find(|file| file.path == pipeline.file) else { return Ok(Vec::new()) };
        if pipeline.span.is_empty() {
            return Ok(Vec::new());
        }
        let lines = &file.text[pipeline.span.clone()];
        let in_file = |error: EditError| located(error, &pipeline.file, pipeline.line - 1);
        let mut differing = Vec::new();
        let around = Around { expressions: Expressions::Replace, ..Around::default() };
        for change in addition.changes {
            if crate::hcl::change(lines, change, &around).map_err(in_file)? != lines {
                differing.push(change.clone());
            }
        }
        Ok(differing)
    }

    /// Checks that the new folder says the namespace and keeps its state where no other does.
    fn checked(&self, namespace: &Namespace, from: &str, copy: &[FolderFile]) -> Result<Pipeline, LayoutError> {
        let mut files = self.files.to_vec();
        files.extend(self.sources(from, namespace, copy));
        let read = Directories::read(&files, self.rules)?;
        let Some(pipeline) = read.estate.find(namespace) else {
            let reason = "there is no .tf file in its folder".to_owned();
            return Err(LayoutError::NotRecognised { namespace: namespace.clone(), reason });
        };
        if let Some((said, path, offset)) = read.says(namespace).filter(|(said, ..)| said != namespace.as_str()) {
            let text = files.iter().find(|file| file.path == path).map_or("", |file| file.text.as_str());
            let attribute = self.rules.rules.namespace_attribute();
            let reason = format!("its '{attribute}' ({path}:{}) is {said}", line_of(text, offset));
            return Err(LayoutError::NotRecognised { namespace: namespace.clone(), reason });
        }
        if let Some((other, path, line)) = read.shares_state(namespace) {
            return Err(LayoutError::SameState { namespace: namespace.clone(), other, path, line });
        }
        Ok(pipeline.clone())
    }

    /// What terraform will read in the new folder. A link leads to what its sibling reads.
    fn sources(&self, from: &str, namespace: &Namespace, copy: &[FolderFile]) -> Vec<SourceFile> {
        let to = self.rules.folder_of(namespace);
        let of_sibling = |path: &str| {
            let path = path.strip_prefix(&to)?;
            self.files.iter().find(|file| file.path.strip_prefix(from) == Some(path)).map(|file| file.text.clone())
        };
        let is_terraform = |path: &str| {
            let is_argument = |name: &str| path.strip_prefix(&to).and_then(|rest| rest.strip_prefix('/')) == Some(name);
            path.strip_suffix(".tf").is_some()
                || super::super::is_json(path)
                || self.rules.backend_files(namespace).any(|name| is_argument(&name))
        };
        let source = |file: &FolderFile| {
            let text = if leads_to(file.mode) { of_sibling(&file.path)? } else { file.text()?.to_owned() };
            Some(SourceFile::new(file.path.clone(), text))
        };
        copy.iter().filter(|file| is_terraform(&file.path)).filter_map(source).collect()
    }
}

fn is_configuration(file: &FolderFile) -> bool {
    file.path.strip_suffix(".tf").is_some() && !leads_to(file.mode)
}
