//! What every command stands on: built once, the costly parts only when they are asked for.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::aws::{Session, SessionOptions};
use crate::ci::build::Build;
use crate::clock::Clock;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::files;
use crate::git::Git;
use crate::pipeline::Namespace;
use crate::releases::{FileStore, Holder, Lock, Origin, Record, Store, TableStore};
use crate::settings::{ReleaseStore, Settings};
use crate::terraform::Interrupts;
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
    store: OnceCell<Store>,
    secrets: RefCell<BTreeMap<String, String>>,
    own_token: String,
    lock_token: String,
}

impl Context {
    /// A context; nothing is started for it.
    pub fn new(ui: Ui, settings: Settings, clock: Arc<dyn Clock>, environment: Environment, dry_run: bool) -> Self {
        let own_token = new_id(&*clock);
        let lock_token = environment
            .get(LOCK_TOKEN)
            .map_or_else(|| own_token.clone(), |inherited| format!("{inherited},{own_token}"));
        Self {
            ui,
            settings,
            clock,
            environment,
            dry_run,
            runtime: OnceCell::new(),
            session: OnceCell::new(),
            store: OnceCell::new(),
            secrets: RefCell::default(),
            own_token,
            lock_token,
        }
    }

    /// The user interface, when everything else is done.
    pub fn into_ui(self) -> Ui {
        self.ui
    }

    /// Runs a future to its end on this thread and the runtime's.
    pub fn wait<F: Future>(&self, future: F) -> Result<F::Output, Failure> {
        Ok(self.runtime()?.block_on(future))
    }

    fn runtime(&self) -> Result<&tokio::runtime::Runtime, Failure> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| Failure::failed(format!("the system gave no threads: {error}")))?;
        Ok(self.runtime.get_or_init(|| runtime))
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

    /// The text of a secret; `fetch` is asked for it once.
    pub fn secret(&self, name: &str, fetch: impl FnOnce() -> Result<String, Failure>) -> Result<String, Failure> {
        if let Some(text) = self.secrets.borrow().get(name) {
            return Ok(text.clone());
        }
        let text = fetch()?;
        self.secrets.borrow_mut().insert(name.to_owned(), text.clone());
        Ok(text)
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

    /// Where records, holds and locks are. Credentials of another account than the configured one are refused before a
    /// table is used.
    pub fn store(&self) -> Result<Store, Failure> {
        if let Some(store) = self.store.get() {
            return Ok(store.clone());
        }
        let settings = &self.settings;
        let store = match &settings.store {
            ReleaseStore::Unset | ReleaseStore::File => {
                let account = settings.account_id.as_deref();
                Store::File(FileStore::of_project(&self.environment, &settings.name, account)?)
            }
            ReleaseStore::DynamoDb { table } => {
                let session = self.session()?;
                if settings.account_id.is_some() {
                    self.wait(session.sts().check())??;
                }
                let (runtime, clock) = (self.runtime()?.handle().clone(), Arc::clone(&self.clock));
                Store::DynamoDb(TableStore::new(session.table(table), &settings.name, runtime, clock))
            }
        };
        Ok(self.store.get_or_init(|| store).clone())
    }

    /// User and machine, or who began the build and which one it is, as records name them.
    pub fn who(&self) -> String {
        if let Some(build) = self.build() {
            return match build.by {
                Some(by) => format!("{by} in {}", build.name),
                None => build.name,
            };
        }
        let user = self.environment.get("USER").or_else(|| self.environment.get("LOGNAME")).map(str::to_owned);
        let user = user.or_else(login_name).unwrap_or_else(|| "somebody".to_owned());
        let uname = rustix::system::uname();
        format!("{user}@{}", uname.nodename().to_string_lossy())
    }

    /// The build that this run is a part of.
    pub fn origin(&self) -> Option<Origin> {
        self.build().map(|build| Origin { name: build.name, url: build.url })
    }

    fn build(&self) -> Option<Build> {
        Build::of(|name| self.environment.get(name))
    }

    /// The record of a command that begins now; what it is about is still to be filled in.
    pub fn new_record(&self, command: &str, namespace: &Namespace) -> Record {
        Record {
            id: self.record_id(),
            command: command.to_owned(),
            namespace: namespace.to_string(),
            started: self.clock.now(),
            by: self.who(),
            origin: self.origin(),
            commit: self.git().head().ok(),
            source: None,
            reason: None,
            digests: std::collections::BTreeMap::new(),
            services: Vec::new(),
            allowed: Vec::new(),
            block_added: false,
            replaces: None,
            applying: false,
            finished: None,
            outcome: None,
        }
    }

    /// A name for a record: the time, by which records sort, and chance.
    pub fn record_id(&self) -> String {
        new_id(&*self.clock)
    }

    /// What a child of ours needs to work under our lock or our parents'.
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
            token: self.own_token.clone(),
        };
        let inherited = self.environment.get(LOCK_TOKEN);
        if self.environment.get("CI").is_some() && self.settings.store == ReleaseStore::Unset {
            self.ui.warn("[releases] store is not set: in CI, neither the lock nor the records are shared with others");
        }
        let waiting = |other: &Holder| self.ui.say(&format!("Waiting for {other} to be done with {namespace} …"));
        let lock = self.store()?.lock(namespace, &holder, inherited, patience, waiting)?;
        if let Some(give_back) = lock.giver_back() {
            let interrupts = Interrupts::of_process()
                .map_err(|error| Failure::failed(format!("the signals of this process cannot be watched: {error}")))?;
            interrupts.do_before_end(give_back);
        }
        Ok(lock)
    }
}

/// The name of the user that this process runs as, where the environment does not tell it. Where users are not in that
/// file, there is none.
fn login_name() -> Option<String> {
    let own = rustix::process::getuid().as_raw().to_string();
    let users = files::read_if_there(Path::new("/etc/passwd")).ok()??;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == own).then(|| name.to_owned())
    })
}

/// Two machines, and two processes of one, may ask in the same millisecond.
fn new_id(clock: &dyn Clock) -> String {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    // The standard library's only source of chance: a fresh hasher has random keys.
    let chance = RandomState::new().build_hasher().finish();
    format!("{}-{:08x}", clock.now().strftime("%Y%m%dT%H%M%S%.3fZ"), chance & 0xffff_ffff)
}
