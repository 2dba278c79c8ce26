//! The components that behaviours come from: names in the store, code in the runtime.
//!
//! Only names and digests are kept here. Code is in the runtime's memory as far as that reaches, and comes back from its
//! compiled cache when it is needed again: a component that nobody uses costs nothing.

use crate::kit::{Bound, tools_of};
use crate::unix_ms;
use serde_json::Value;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use trunkline_contract::{Fault, TenantId, agent, validate};
use trunkline_engine::{Component, Granted};
use trunkline_runtime::{Behaviour, Digest, Failure, LoadError, Runtime, Stage, Tool, World};
use trunkline_store::{ComponentKind, Named, Store, StoreError};

/// What a call falls back to when its own component fails.
const STOCK: &str = "conversation";
/// Longest description of a component by itself, bytes of JSON.
const MAX_MANIFEST: usize = 64 << 10;

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

/// Why what a tenant sent is not taken.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    /// It is refused, or does not compile.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It fails when it is asked what it is.
    #[error("the component fails when it is asked what it is: {0}")]
    Describe(Failure),
    /// What it says of itself is too long.
    #[error("what the component says of itself has more than {MAX_MANIFEST} bytes of JSON")]
    Manifest,
    /// It shows a schema that is none.
    #[error("`{at}` of what the component says of itself is no JSON Schema (2020-12): {why}")]
    Schema {
        /// A JSON pointer into its manifest.
        at: String,
        /// Why.
        why: String,
    },
}

/// A component that was admitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Admitted {
    /// SHA-256, lower-case hex.
    pub digest: String,
    /// What it is for.
    pub kind: ComponentKind,
    /// What it says of itself: an agent's manifest, or `tools`.
    pub manifest: Value,
}

/// What the contracts of a tenant may name.
#[derive(Clone, Debug)]
pub(crate) struct Catalogue {
    pub(crate) components: Vec<String>,
    pub(crate) tools: Vec<String>,
}

/// The components that behaviours come from. Cloning is cheap.
#[derive(Clone)]
pub struct Library(Arc<Inner>);

struct Inner {
    runtime: Arc<Runtime>,
    store: Store,
    /// Who has which digest that was marked good since the start.
    good: Mutex<HashSet<(TenantId, String)>>,
    /// Names of what is not installed yet.
    expected: Mutex<Vec<String>>,
}

impl Library {
    /// An empty library: [`Library::install`] fills it.
    pub fn new(runtime: Runtime, store: Store) -> Self {
        let runtime = Arc::new(runtime);
        Self(Arc::new(Inner { runtime, store, good: Mutex::default(), expected: Mutex::default() }))
    }

    /// Names components that are not installed yet, and will be before any call: contracts may name them.
    pub fn expect(&self, names: impl IntoIterator<Item = String>) {
        self.0.expected.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
    }

    /// What the contracts of a tenant may name.
    pub(crate) async fn catalogue(&self, tenant: TenantId) -> trunkline_store::Result<Catalogue> {
        let own = tools_of(&self.0.store.tenant(tenant).components().live_tools().await?);
        let mut tools: Vec<String> = Granted::BUILTIN.iter().map(|name| (*name).to_owned()).collect();
        tools.extend(own.iter().map(Bound::full_name));
        let mut names = self.0.expected.lock().unwrap_or_else(PoisonError::into_inner).clone();
        names.extend(self.0.store.components().list().await?.into_iter().map(|component| component.name));
        names.extend(self.0.store.tenant(tenant).components().names(ComponentKind::Agent).await?);
        names.sort_unstable();
        names.dedup();
        Ok(Catalogue { components: names, tools })
    }

    /// Whether the host has a component of this name, which no tenant can have then.
    ///
    /// # Errors
    /// The store's.
    pub async fn is_ours(&self, name: &str) -> trunkline_store::Result<bool> {
        let expected = self.0.expected.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|known| known == name);
        Ok(expected || self.0.store.components().get(name).await?.is_some())
    }

    /// What keeps a call from running the behaviour that a contract names.
    pub(crate) async fn faults_of(
        &self,
        tenant: TenantId,
        wanted: &agent::Behaviour,
    ) -> trunkline_store::Result<Vec<Fault>> {
        let (name, release) = (wanted.component.as_str(), wanted.release);
        let named = self.0.store.tenant(tenant).components().named(name, release).await?;
        let fault = |at, message| vec![Fault::error(at, "unknown", message)];
        Ok(match (named, release) {
            (Some(Named { manifest: Some(manifest), .. }), _) => settings(&manifest, wanted),
            (Some(_), Some(release)) => fault("/behaviour/release", format!("`{name}` has no release {release}")),
            (Some(_), None) => {
                fault("/behaviour/component", format!("`{name}` has no live release: promote one first"))
            }
            (None, Some(_)) => fault("/behaviour/release", format!("`{name}` comes with the host and has no releases")),
            (None, None) => Vec::new(),
        })
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
        if component.world() != World::Agent010 {
            return Ok(false);
        }
        let digest = self.0.store.components().put_blob(bytes, unix_ms()).await?;
        let before = self.0.store.components().get(name).await?;
        if before.is_none_or(|before| before.live != digest) {
            self.0.store.components().release(name, digest.as_str(), unix_ms()).await?;
        }
        Ok(true)
    }

    /// Takes what a tenant sent as far as it can be used: admission, compilation, and what it says of itself when it is
    /// asked without any grant. Nothing is kept but compiled code.
    ///
    /// # Errors
    /// It is refused.
    pub async fn examine(
        &self,
        bytes: impl Into<Arc<[u8]>>,
        stage: impl Fn(Stage) + Send + Sync,
    ) -> Result<Admitted, AdmitError> {
        let component = self.0.runtime.admit(bytes, false, stage).await?;
        let described = component.describe().await.map_err(AdmitError::Describe).and_then(sound);
        let manifest = match described {
            Ok(manifest) => manifest,
            Err(error) => {
                self.discard(&component.digest().to_string()).await;
                return Err(error);
            }
        };
        let agent = component.world() == World::Agent010;
        let kind = if agent { ComponentKind::Agent } else { ComponentKind::Tool };
        Ok(Admitted { digest: component.digest().to_string(), kind, manifest })
    }

    /// Removes the compiled code of what was admitted and then not kept.
    pub async fn discard(&self, digest: &str) {
        // Somebody else may have the same.
        if let Ok(false) = self.0.store.components().has_blob(digest).await {
            self.forget(&[digest.to_owned()]);
        }
    }

    /// Removes the compiled code of components whose bytes are gone.
    pub fn forget(&self, digests: &[String]) {
        digests.iter().filter_map(|digest| digest.parse().ok()).for_each(|digest| self.0.runtime.forget(&digest));
    }

    /// Who decides for a new call of a tenant: the release that is asked for or the live one, the last good one, the stock
    /// behaviour.
    pub(crate) async fn ladder(
        &self,
        tenant: TenantId,
        wanted: &agent::Behaviour,
    ) -> Result<Vec<Component>, LibraryError> {
        self.ladder_from(tenant, wanted, &[]).await
    }

    /// As [`Library::ladder`], for a call that has run the components of `pinned` before, oldest first.
    pub(crate) async fn ladder_from(
        &self,
        tenant: TenantId,
        wanted: &agent::Behaviour,
        pinned: &[String],
    ) -> Result<Vec<Component>, LibraryError> {
        let name = wanted.component.as_str();
        let (live, last_good) = match self.0.store.tenant(tenant).components().named(name, wanted.release).await? {
            Some(own) => (own.digest, own.last_good),
            None => match self.0.store.components().get(name).await? {
                Some(known) => (Some(known.live), known.last_good),
                None => (None, None),
            },
        };
        let stock = self.0.store.components().get(STOCK).await?.map(|stock| stock.live);
        let mut rungs: Vec<(String, &str)> = pinned.iter().map(|digest| (digest.clone(), "start")).collect();
        if pinned.is_empty() {
            let unknown = || LibraryError::Unknown(name.to_owned());
            rungs.push((live.ok_or_else(unknown)?, "start"));
        }
        rungs.extend(last_good.map(|digest| (digest, "last-good")));
        rungs.extend(stock.map(|digest| (digest, "stock")));
        let mut ladder: Vec<Component> = Vec::new();
        for (digest, reason) in rungs {
            if ladder.iter().all(|known| known.digest != digest) {
                ladder.push(Component { digest, reason: reason.to_owned() });
            }
        }
        // Without its own component a call does not begin; one that has begun goes on with what there is.
        loop {
            let first = ladder.first().ok_or_else(|| LibraryError::Unknown(name.to_owned()))?;
            match self.behaviour(&first.digest).await {
                Ok(_) => return Ok(ladder),
                Err(error) if pinned.is_empty() => return Err(error),
                Err(error) => {
                    tracing::warn!(digest = first.digest, %error, "a component that a call began with is gone");
                    ladder.remove(0);
                }
            }
        }
    }

    /// The component of these calls has proved itself.
    pub(crate) async fn mark_good(&self, tenant: TenantId, digest: &str) -> Result<(), StoreError> {
        let mark = (tenant, digest.to_owned());
        let known = self.0.good.lock().unwrap_or_else(PoisonError::into_inner).contains(&mark);
        if known {
            return Ok(());
        }
        let registry = self.0.store.components();
        let ours: Vec<_> = registry.list().await?.into_iter().filter(|known| known.live == digest).collect();
        let theirs = self.0.store.tenant(tenant).components().mark_good(digest).await?;
        // A draft that was tried counts when it is live and works.
        let live = theirs || !ours.is_empty();
        for known in ours {
            registry.mark_good(known.name, digest, unix_ms()).await?;
        }
        if live {
            self.0.good.lock().unwrap_or_else(PoisonError::into_inner).insert(mark);
        }
        Ok(())
    }

    /// The behaviour of a digest.
    pub(crate) async fn behaviour(&self, digest: &str) -> Result<Behaviour, LibraryError> {
        self.component(digest).await?.behaviour().map_err(|cause| refused(digest, &cause))
    }

    /// The tools of a digest.
    pub(crate) async fn tool(&self, digest: &str) -> Result<Tool, LibraryError> {
        self.component(digest).await?.tool().map_err(|cause| refused(digest, &cause))
    }

    /// A component: from memory, from the compiled cache, or compiled again.
    async fn component(&self, digest: &str) -> Result<trunkline_runtime::Component, LibraryError> {
        let unknown = || LibraryError::Unknown(digest.to_owned());
        let known: Digest = digest.parse().map_err(|_| unknown())?;
        if let Some(component) = self.0.runtime.loaded_async(known).await {
            return Ok(component);
        }
        let bytes = self.0.store.components().blob(digest).await?.ok_or_else(unknown)?;
        self.0.runtime.admit(bytes, true, |_| ()).await.map_err(|cause| refused(digest, &cause))
    }
}

/// What a component says of itself, when it is not too long and its schemas are some.
fn sound(manifest: Value) -> Result<Value, AdmitError> {
    if manifest.to_string().len() > MAX_MANIFEST {
        return Err(AdmitError::Manifest);
    }
    let tools = manifest["tools"].as_array().map_or(0, Vec::len);
    let of_tools =
        (0..tools).flat_map(|at| ["input_schema", "output_schema"].map(|name| format!("/tools/{at}/{name}")));
    for at in std::iter::once("/settings_schema".to_owned()).chain(of_tools) {
        let Some(schema) = manifest.pointer(&at).filter(|schema| !schema.is_null()) else { continue };
        let faults = validate::against_schema(&Value::Null, schema);
        if let Some(fault) = faults.into_iter().find(|fault| fault.code == "invalid-schema") {
            return Err(AdmitError::Schema { at, why: fault.message });
        }
    }
    Ok(manifest)
}

/// Whether settings are what a behaviour says that it takes.
fn settings(manifest: &Value, wanted: &agent::Behaviour) -> Vec<Fault> {
    let faults = validate::against_schema(&Value::Object(wanted.settings.clone()), &manifest["settings_schema"]);
    let place = |fault: Fault| Fault { pointer: format!("/behaviour/settings{}", fault.pointer), ..fault };
    faults.into_iter().map(place).collect()
}

fn refused(digest: &str, cause: &LoadError) -> LibraryError {
    LibraryError::Refused { name: digest.to_owned(), cause: cause.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_component_says_of_itself_is_short_and_its_schemas_are_some() {
        let tool = |schema: Value| json!({"tools": [{"name": "t", "input_schema": schema, "output_schema": null}]});
        assert!(sound(tool(json!({"type": "object"}))).is_ok());
        let error = sound(tool(json!({"type": "thing"}))).unwrap_err().to_string();
        assert!(error.starts_with("`/tools/0/input_schema` of"), "{error}");
        assert!(sound(json!({"settings_schema": {"pattern": 7}})).is_err());
        let elsewhere = json!({"settings_schema": {"$ref": "https://example.com/schema.json"}});
        assert!(sound(elsewhere).is_err(), "nothing is fetched");
        let long = json!({"description": "x".repeat(MAX_MANIFEST)});
        assert!(matches!(sound(long), Err(AdmitError::Manifest)));
    }
}
