//! A pipeline whose block is no longer there.

use super::estate;
use crate::context::Context;
use crate::files;
use crate::git::Git;
use crate::layout::Layout;
use crate::pipeline::{Namespace, Pipeline};

/// The pipeline as it was at the commit that is checked out, else on the main branch.
pub fn former(context: &Context, layout: &Layout, namespace: &Namespace) -> Option<Pipeline> {
    let root = files::real_path(&context.settings.root()).ok()?;
    let git = Git::new(&root, context.ui.progress());
    let top = files::real_path(&git.top().ok()?).ok()?;
    let folder = root.strip_prefix(&top).ok()?;
    ["HEAD", context.settings.images.main_branch.as_str()].into_iter().find_map(|revision| {
        let commit = git.commit(revision).ok()?;
        let files = estate::files_at(&context.settings, layout, &git, &commit, folder).ok()?;
        layout.read(&files).ok()?.estate().find(namespace).cloned()
    })
}
