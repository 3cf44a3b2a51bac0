//! Ctrl-C while terraform runs.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::folder;

/// Knows whether the user wants to stop. While somebody watches, a signal is only noted; at rest it ends the
/// process as it would without us.
#[derive(Debug, Clone, Default)]
pub struct Interrupts {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    pressed: AtomicBool,
    watchers: AtomicUsize,
    before_end: Mutex<Vec<Box<dyn Fn() + Send>>>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("State")
            .field("pressed", &self.pressed)
            .field("watchers", &self.watchers)
            .finish_non_exhaustive()
    }
}

/// Signals are noted, not obeyed, as long as this lives.
#[derive(Debug)]
pub struct Watch {
    state: Arc<State>,
}

impl Interrupts {
    /// Those of this process: Ctrl-C, and the polite signals by which a CI job or a closed terminal ends it. At rest the
    /// private folders are taken away before the process ends.
    pub fn of_process() -> io::Result<Self> {
        static ALL: Mutex<Option<Interrupts>> = Mutex::new(None);
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(all) = &*all {
            return Ok(all.clone());
        }
        let interrupts = Self::default();
        let told = interrupts.clone();
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                told.press();
                if told.state.watchers.load(Ordering::SeqCst) == 0 {
                    folder::remove_all();
                    for act in &*told.before_end() {
                        act();
                    }
                    // it cannot fail for these three
                    drop(emulate_default_handler(signal));
                }
            }
        })?;
        *all = Some(interrupts.clone());
        Ok(interrupts)
    }

    /// Those that only [`Interrupts::press`] makes, for tests.
    pub fn by_hand() -> Self {
        Self::default()
    }

    /// Has `act` done when a signal ends the process at rest: what others would otherwise wait for, such as a lock.
    pub fn do_before_end(&self, act: impl Fn() + Send + 'static) {
        self.before_end().push(Box::new(act));
    }

    fn before_end(&self) -> MutexGuard<'_, Vec<Box<dyn Fn() + Send>>> {
        self.state.before_end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As if the user had pressed Ctrl-C.
    pub fn press(&self) {
        self.state.pressed.store(true, Ordering::SeqCst);
    }

    /// Whether the user has pressed Ctrl-C since somebody began to watch.
    pub fn pressed(&self) -> bool {
        self.state.pressed.load(Ordering::SeqCst)
    }

    /// From now on signals are noted only.
    pub fn watch(&self) -> Watch {
        if self.state.watchers.fetch_add(1, Ordering::SeqCst) == 0 {
            self.state.pressed.store(false, Ordering::SeqCst);
        }
        Watch { state: Arc::clone(&self.state) }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.state.watchers.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_outermost_watch_forgets() {
        let interrupts = Interrupts::by_hand();
        let outer = interrupts.watch();
        interrupts.press();
        let inner = interrupts.watch();
        assert!(interrupts.pressed());
        drop(inner);
        assert_eq!(interrupts.state.watchers.load(Ordering::SeqCst), 1);
        drop(outer);
        assert_eq!(interrupts.state.watchers.load(Ordering::SeqCst), 0);
        let _again = interrupts.watch();
        assert!(!interrupts.pressed());
    }
}
