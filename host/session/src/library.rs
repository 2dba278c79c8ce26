//! The components that behaviours come from: names in the registry, code in the runtime.

use crate::unix_ms;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use trunkline_engine::Component;
use trunkline_runtime::{Behaviour, LoadError, Runtime};
use trunkline_store::{Store, StoreError};

/// What a call falls back to when its own component fails.
const STOCK: &str = "conversation";

/// Why a component cannot be used.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum LibraryError {
    #[error("there are no components in {0}: build them with `cargo xtask components`")]
    Empty(PathBuf),
    #[error("the component file {path} cannot be read ({cause})")]
    File { path: PathBuf, cause: std::io::Error },
    #[error("the component `{name}` is refused: {cause}")]
    Refused { name: String, cause: String },
    #[error("there is no component `{0}`")]
    Unknown(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A component that can decide, ready to run.
#[derive(Clone)]
pub(crate) struct Rung {
    pub(crate) component: Component,
    pub(crate) behaviour: Behaviour,
}

/// The components that behaviours come from. Cloning is cheap.
#[derive(Clone)]
pub struct Library(Arc<Inner>);

struct Inner {
    runtime: Arc<Runtime>,
    store: Store,
    ready: Mutex<HashMap<String, Behaviour>>,
    /// Digests that were marked good since the start.
    good: Mutex<HashSet<String>>,
    /// Names of what is not installed yet.
    expected: Mutex<Vec<String>>,
}

impl Library {
    /// An empty library: [`Library::install`] fills it.
    pub fn new(runtime: Runtime, store: Store) -> Self {
        let runtime = Arc::new(runtime);
        Self(Arc::new(Inner {
            runtime,
            store,
            ready: Mutex::default(),
            good: Mutex::default(),
            expected: Mutex::default(),
        }))
    }

    /// Names components that are not installed yet, and will be before any call: contracts may name them.
    pub fn expect(&self, names: impl IntoIterator<Item = String>) {
        self.0.expected.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
    }

    /// What contracts may name.
    pub(crate) async fn names(&self) -> trunkline_store::Result<Vec<String>> {
        let mut names = self.0.expected.lock().unwrap_or_else(PoisonError::into_inner).clone();
        names.extend(self.0.store.components().list().await?.into_iter().map(|component| component.name));
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// Admits every `*.wasm` of a folder under its file's name. What was live before becomes the last good version.
    ///
    /// # Errors
    /// A file cannot be read or is refused; the folder holds none.
    pub async fn install(&self, folder: &Path) -> Result<Vec<String>, LibraryError> {
        let at = |cause| LibraryError::File { path: folder.to_owned(), cause };
        let mut names = Vec::new();
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder).map_err(at)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "wasm"));
        files.sort();
        for path in files {
            let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let bytes = std::fs::read(&path).map_err(|cause| LibraryError::File { path, cause })?;
            if self.admit(&name, bytes).await? {
                names.push(name);
            }
        }
        if names.is_empty() { Err(LibraryError::Empty(folder.to_owned())) } else { Ok(names) }
    }

    /// Stores a behaviour and makes it live. False: it is no behaviour.
    async fn admit(&self, name: &str, bytes: Vec<u8>) -> Result<bool, LibraryError> {
        let refused = |cause: LoadError| LibraryError::Refused { name: name.to_owned(), cause: cause.to_string() };
        let component = self.0.runtime.load_async(bytes.clone()).await.map_err(refused)?;
        let Ok(behaviour) = component.behaviour() else { return Ok(false) };
        let digest = self.0.store.components().put_blob(bytes, unix_ms()).await?;
        let before = self.0.store.components().get(name).await?;
        if before.is_none_or(|before| before.live != digest) {
            self.0.store.components().release(name, digest.as_str(), unix_ms()).await?;
        }
        self.lock().insert(digest, behaviour);
        Ok(true)
    }

    /// Who decides for a new call: the live version, the last good one, the stock behaviour.
    pub(crate) async fn ladder(&self, name: &str) -> Result<Vec<Rung>, LibraryError> {
        self.ladder_from(name, &[]).await
    }

    /// As [`Library::ladder`], for a call that has run the components of `pinned` before, oldest first.
    pub(crate) async fn ladder_from(&self, name: &str, pinned: &[String]) -> Result<Vec<Rung>, LibraryError> {
        let known = self.0.store.components().get(name).await?;
        let stock = self.0.store.components().get(STOCK).await?.map(|stock| stock.live);
        let mut wanted: Vec<(String, &str)> = Vec::new();
        wanted.extend(pinned.iter().map(|digest| (digest.clone(), "start")));
        if let Some(known) = known {
            if pinned.is_empty() {
                wanted.push((known.live, "start"));
            }
            wanted.extend(known.last_good.map(|digest| (digest, "last-good")));
        }
        wanted.extend(stock.map(|digest| (digest, "stock")));
        let mut rungs: Vec<Rung> = Vec::new();
        for (digest, reason) in wanted {
            if rungs.iter().any(|rung| rung.component.digest == digest) {
                continue;
            }
            match self.behaviour(&digest).await {
                Ok(behaviour) => {
                    rungs.push(Rung { component: Component { digest, reason: reason.to_owned() }, behaviour });
                }
                // Without its own component a call does not begin; without one to fall back to it does.
                Err(error) if rungs.is_empty() => return Err(error),
                Err(error) => tracing::warn!(digest, %error, "a component to fall back to cannot be used"),
            }
        }
        if rungs.is_empty() { Err(LibraryError::Unknown(name.to_owned())) } else { Ok(rungs) }
    }

    /// The component of these calls has proved itself.
    pub(crate) async fn mark_good(&self, digest: &str) -> Result<(), StoreError> {
        let new = self.0.good.lock().unwrap_or_else(PoisonError::into_inner).insert(digest.to_owned());
        if new {
            let registry = self.0.store.components();
            for known in registry.list().await?.into_iter().filter(|known| known.live == digest) {
                registry.mark_good(known.name, digest, unix_ms()).await?;
            }
        }
        Ok(())
    }

    async fn behaviour(&self, digest: &str) -> Result<Behaviour, LibraryError> {
        if let Some(ready) = self.lock().get(digest) {
            return Ok(ready.clone());
        }
        let unknown = || LibraryError::Unknown(digest.to_owned());
        let bytes = self.0.store.components().blob(digest).await?.ok_or_else(unknown)?;
        let refused = |cause: LoadError| LibraryError::Refused { name: digest.to_owned(), cause: cause.to_string() };
        let component = self.0.runtime.load_async(bytes).await.map_err(refused)?;
        let behaviour = component.behaviour().map_err(refused)?;
        self.lock().insert(digest.to_owned(), behaviour.clone());
        Ok(behaviour)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Behaviour>> {
        self.0.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
