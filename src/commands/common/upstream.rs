//! Whether the checkout is as new as its upstream branch.

use crate::context::Context;
use crate::failure::Failure;
use crate::git::GitError;
use crate::ui::counted;

/// Refuses to work on an estate that somebody else has changed upstream.
///
/// `fetch`: ask the remote first. A fetch writes into the repository, which a dry run leaves alone.
pub fn refuse_behind(context: &Context, fetch: bool) -> Result<(), Failure> {
    let git = context.git();
    if fetch && !context.dry_run {
        let progress = context.ui.reading();
        progress.started("git", "fetching");
        let fetched = git.fetch_upstream();
        progress.dismissed("git");
        if let Err(error) = fetched
            && !matches!(error, GitError::NoRepository { .. } | GitError::NotFound)
        {
            context.ui.warn(&format!("{error}; the checkout is compared with what was fetched last"));
        }
    }
    match git.commits_behind() {
        Ok(Some(behind @ 1..)) => {
            let commits = counted(behind, "commit");
            let folder = context.settings.terraform_dir.display();
            Err(Failure::refused(format!("the upstream branch has {commits} for {folder} that this checkout lacks"))
                .hint("pull first, or use --allow-behind if you know them"))
        }
        Ok(_) | Err(GitError::NoRepository { .. }) => Ok(()),
        Err(GitError::NotFound) => {
            context.ui.warn("git was not found: nothing is known of the upstream branch");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}
