//! Listening processes that are started ahead: loading a model takes longer than an answer may.

use super::child::Process;
use super::program::Hearer;
use crate::error::ProviderError;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Without calls, what is ready is given up after this.
const KEEP: Duration = Duration::from_secs(120);

/// Processes that wait for an utterance, by program and arguments. Cloning gives another handle to the same.
#[derive(Clone)]
pub(super) struct Pool {
    want: usize,
    ready: Arc<Mutex<HashMap<Call, Shelf>>>,
}

/// A program and its arguments.
type Call = (PathBuf, Vec<String>);

#[derive(Default)]
struct Shelf {
    processes: Vec<Process>,
    /// Grows with every use.
    uses: u64,
}

impl Pool {
    pub(super) fn new(want: usize) -> Self {
        Self { want, ready: Arc::default() }
    }

    /// A process that waits for audio; another one is started in its place.
    pub(super) fn take(&self, hearer: &Hearer) -> Result<Process, ProviderError> {
        let ready = self.on_shelf(hearer, |shelf| {
            shelf.uses += 1;
            while let Some(mut process) = shelf.processes.pop() {
                if process.is_alive() {
                    return Some(process);
                }
            }
            None
        });
        let process = match ready {
            Some(process) => process,
            None => hearer.start()?,
        };
        self.warm(hearer);
        Ok(process)
    }

    /// Starts what is missing, and gives it up again when nobody needs it for long.
    pub(super) fn warm(&self, hearer: &Hearer) {
        let uses = self.on_shelf(hearer, |shelf| {
            while shelf.processes.len() < self.want
                && let Ok(process) = hearer.start()
            {
                shelf.processes.push(process);
            }
            shelf.uses
        });
        let (pool, hearer) = (self.clone(), hearer.clone());
        tokio::spawn(async move {
            tokio::time::sleep(KEEP).await;
            pool.on_shelf(&hearer, |shelf| {
                if shelf.uses == uses {
                    shelf.processes.clear();
                }
            });
        });
    }

    fn on_shelf<T>(&self, hearer: &Hearer, act: impl FnOnce(&mut Shelf) -> T) -> T {
        // Every change leaves the map whole.
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        act(ready.entry((hearer.program.clone(), hearer.args.clone())).or_default())
    }
}
