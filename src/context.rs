//! What every command stands on: built once, the costly parts only when they are asked for.

use std::cell::OnceCell;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::aws::{Session, SessionOptions};
use crate::clock::Clock;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::files;
use crate::git::Git;
use crate::pipeline::Namespace;
use crate::releases::{FileStore, Holder, Lock};
use crate::settings::Settings;
use crate::ui::Ui;

/// The variable by which a child of ours, `pipelinectl tag` in a local-exec, learns that we hold the lock for it.
pub const LOCK_TOKEN: &str = "PIPELINECTL_LOCK_TOKEN";

/// The context of one run.
pub struct Context {
    /// Talks to the user.
    pub ui: Ui,
    /// What is configured.
    pub settings: Settings,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// What the process was started with.
    pub environment: Environment,
    /// `--dry-run`: show, and do not act.
    pub dry_run: bool,
    runtime: OnceCell<tokio::runtime::Runtime>,
    session: OnceCell<Session>,
    lock_token: String,
}

impl Context {
    /// A context; nothing is started for it.
    pub fn new(ui: Ui, settings: Settings, clock: Arc<dyn Clock>, environment: Environment, dry_run: bool) -> Self {
        let lock_token = environment.get(LOCK_TOKEN).map_or_else(|| new_id(&*clock), str::to_owned);
        Self {
            ui,
            settings,
            clock,
            environment,
            dry_run,
            runtime: OnceCell::new(),
            session: OnceCell::new(),
            lock_token,
        }
    }

    /// The user interface, when everything else is done.
    pub fn into_ui(self) -> Ui {
        self.ui
    }

    /// Runs a future to its end on this thread and the runtime's.
    pub fn wait<F: Future>(&self, future: F) -> Result<F::Output, Failure> {
        if self.runtime.get().is_none() {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .map_err(|error| Failure::failed(format!("the system gave no threads: {error}")))?;
            let _ = self.runtime.set(runtime);
        }
        match self.runtime.get() {
            Some(runtime) => Ok(runtime.block_on(future)),
            None => Err(Failure::failed("the system gave no threads")),
        }
    }

    /// The session for all calls to AWS. It is configured at the first use; no request is sent for that.
    pub fn session(&self) -> Result<&Session, Failure> {
        if let Some(session) = self.session.get() {
            return Ok(session);
        }
        let text = |value: &Option<crate::settings::Sourced<String>>| value.as_ref().map(|value| value.value.clone());
        let mut options = SessionOptions::new(self.ui.progress());
        options.region = text(&self.settings.region);
        options.profile = text(&self.settings.profile);
        options.role_arn = text(&self.settings.role_arn);
        options.account_id.clone_from(&self.settings.account_id);
        if let Some(bundle) = self.environment.get("AWS_CA_BUNDLE") {
            options.certificates = Some(files::read_bytes(Path::new(bundle))?);
        }
        let session = self.wait(Session::new(options))??;
        Ok(self.session.get_or_init(|| session))
    }

    /// The repository of the estate. The root may be a link, or lie in another repository than the project's folder: git
    /// is asked where it really is.
    pub fn git(&self) -> Git {
        let root = files::real_path(&self.settings.root()).unwrap_or_else(|_| self.settings.directory.clone());
        Git::new(&root, self.ui.progress())
    }

    /// The repository of the images' commits.
    pub fn images_git(&self) -> Git {
        let directory = &self.settings.directory;
        let folder = self.settings.images.git.as_ref().map_or_else(|| directory.clone(), |git| directory.join(git));
        Git::new(&folder, self.ui.progress())
    }

    /// Where records and locks are.
    pub fn store(&self) -> Result<FileStore, Failure> {
        let account = self.settings.account_id.as_deref();
        Ok(FileStore::of_project(&self.environment, &self.settings.name, account)?)
    }

    /// User and machine, as records name them.
    pub fn who(&self) -> String {
        let user = self.environment.get("USER").or_else(|| self.environment.get("LOGNAME")).unwrap_or("somebody");
        let uname = rustix::system::uname();
        format!("{user}@{}", uname.nodename().to_string_lossy())
    }

    /// A name for a record: the time and the process.
    pub fn record_id(&self) -> String {
        new_id(&*self.clock)
    }

    /// What a child of ours needs to work under our lock; our parent's own where we are a child.
    pub fn lock_token(&self) -> &str {
        &self.lock_token
    }

    /// Takes the lock of a pipeline, waiting for at most `patience`.
    pub fn lock(&self, namespace: &Namespace, command: &str, patience: Duration) -> Result<Lock, Failure> {
        let holder = Holder {
            by: self.who(),
            process: std::process::id(),
            command: format!("{command} {namespace}"),
            since: self.clock.now(),
            token: self.lock_token.clone(),
        };
        let inherited = self.environment.get(LOCK_TOKEN);
        if self.environment.get("CI").is_some() && !self.settings.store_is_set {
            self.ui.warn("[releases] store is not set: in CI, neither the lock nor the records are shared with others");
        }
        let waiting = |other: &Holder| self.ui.say(&format!("Waiting for {other} to be done with {namespace} …"));
        Ok(self.store()?.lock(namespace, &holder, inherited, patience, waiting)?)
    }
}

fn new_id(clock: &dyn Clock) -> String {
    format!("{}-{}", clock.now().strftime("%Y%m%dT%H%M%SZ"), std::process::id())
}
