//! The runtime as a whole: what is started once, and the way of a component into it.

use crate::admission::{self, Admission, World};
use crate::agent;
use crate::cache::{self, Cache};
use crate::compiler::Compiler;
use crate::component::{Component, Digest, LoadError, Shelf};
use crate::config::{Config, Limits};
use crate::engine::{self, Allocation, Ticker};
use crate::guest::Guest;
use crate::guests::Guests;
use crate::tool;
use crate::wasi;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::Linker;

/// Why the runtime did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// wasmtime refused the settings.
    #[error("the WebAssembly engine did not start: {0}")]
    Engine(String),
    /// No threads.
    #[error("the threads for components did not start: {0}")]
    Threads(#[source] std::io::Error),
    /// The compiled cache cannot be used.
    #[error("the folder for compiled components cannot be used: {0}")]
    Cache(#[source] std::io::Error),
}

/// What every component needs while it runs.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) guests: Guests,
    pub(crate) limits: Limits,
    pub(crate) agents: Linker<Guest<()>>,
    pub(crate) tools: Linker<Guest<tool::Host>>,
    _ticker: Ticker,
}

/// Loads and runs components. One for each process; share it with an `Arc`.
pub struct Runtime {
    shared: Arc<Shared>,
    cache: Option<Cache>,
    shelf: Mutex<Shelf>,
    allocation: Allocation,
    compiler: Option<Compiler>,
    /// One at a time: it takes all cores that calls can spare.
    compiling: Semaphore,
    /// The same for what calls wait for.
    urgent: Semaphore,
}

/// How far the admission of a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// What it is made of is looked at.
    Checking,
    /// Others are compiled first.
    Waiting,
    /// It is compiled.
    Compiling,
}

impl Stage {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Checking => "checking",
            Self::Waiting => "waiting",
            Self::Compiling => "compiling",
        }
    }
}

impl Runtime {
    /// Starts engine, ticker and guest threads.
    ///
    /// # Errors
    /// When the machine does not give what it needs. Short address space is no error: it is logged, and components run
    /// without a pool.
    pub fn new(config: &Config) -> Result<Self, StartError> {
        let said = |error: wasmtime::Error| StartError::Engine(format!("{error:#}"));
        let (engine, allocation) = engine::start(config).map_err(said)?;
        let mut agents = Linker::new(&engine);
        wasi::link(&mut agents).map_err(said)?;
        let mut tools = Linker::new(&engine);
        wasi::link(&mut tools).map_err(said)?;
        tool::link(&mut tools).map_err(said)?;
        let cache = config
            .cache_dir
            .as_deref()
            .map(|folder| Cache::open(&engine, folder, config.mac_key, &config.limits.admit))
            .transpose()
            .map_err(StartError::Cache)?;
        let guests = Guests::start(config.guest_threads, config.max_instances).map_err(StartError::Threads)?;
        let ticker = Ticker::start(engine.clone()).map_err(StartError::Threads)?;
        let shared = Arc::new(Shared { engine, guests, limits: config.limits, agents, tools, _ticker: ticker });
        Ok(Runtime {
            shared,
            cache,
            shelf: Mutex::new(Shelf::new(config.loaded_bytes)),
            allocation,
            compiler: config.compiler.clone(),
            compiling: Semaphore::new(1),
            urgent: Semaphore::new(1),
        })
    }

    /// Loads a component: from memory, from the compiled cache, or by admission and compilation.
    ///
    /// Blocks for as long as compiling takes (milliseconds to tens of seconds): use [`Runtime::load_async`] on an async
    /// thread.
    ///
    /// # Errors
    /// When the component is refused or does not compile.
    pub fn load(&self, bytes: &[u8]) -> Result<Component, LoadError> {
        let digest = Digest::of(bytes);
        if let Some(component) = self.loaded(&digest) {
            return Ok(component);
        }
        let world = self.check(bytes)?;
        let said = |error: wasmtime::Error| LoadError::Compile(format!("{error:#}"));
        let compiled = wasmtime::component::Component::new(&self.shared.engine, bytes).map_err(said)?;
        let component = self.take(digest, world, &compiled)?;
        if let Some(cache) = &self.cache {
            cache.store(&digest, &compiled.serialize().map_err(said)?);
        }
        Ok(component)
    }

    /// Checks a component without compiling it.
    ///
    /// # Errors
    /// It is refused.
    pub fn check(&self, bytes: &[u8]) -> Result<World, Admission> {
        admission::check(&self.shared.engine, &self.shared.limits.admit, bytes)
    }

    /// Makes a component of compiled code, when it fits its world, and keeps it in memory.
    fn take(
        &self,
        digest: Digest,
        world: World,
        compiled: &wasmtime::component::Component,
    ) -> Result<Component, LoadError> {
        let memory = match world {
            World::Agent010 => self.shared.limits.agent.memory,
            World::Tool010 => self.shared.limits.tool.memory,
        };
        admission::check_compiled(compiled, &self.shared.limits.admit, memory)?;
        let component = Component::link(&self.shared, digest, world, compiled)?;
        self.shelf().put(&component);
        Ok(component)
    }

    /// As [`Runtime::load`] for what a tenant sent: it is compiled by [`Config::compiler`], one component at a time; one that
    /// is `urgent`, because a call waits for it, waits only for such. `stage` is told how far it is.
    ///
    /// # Errors
    /// As [`Runtime::load`]; [`LoadError::Compiler`] when this machine is at fault.
    pub async fn admit(
        self: &Arc<Self>,
        bytes: impl Into<Arc<[u8]>>,
        urgent: bool,
        stage: impl Fn(Stage) + Send + Sync,
    ) -> Result<Component, LoadError> {
        let bytes = bytes.into();
        let Some(compiler) = &self.compiler else { return self.load_async(bytes).await };
        stage(Stage::Checking);
        let (runtime, checked) = (Arc::clone(self), Arc::clone(&bytes));
        // Not beside the guests: what calls wait for is read there.
        let known = tokio::task::spawn_blocking(move || {
            let digest = Digest::of(&checked);
            match runtime.loaded(&digest) {
                Some(component) => Ok(Ok(component)),
                None => runtime.check(&checked).map(|world| Err((digest, world))),
            }
        });
        let (digest, world) = match known.await.map_err(|_| LoadError::Closed)?? {
            Ok(component) => return Ok(component),
            Err(unknown) => unknown,
        };
        stage(Stage::Waiting);
        let turns = if urgent { &self.urgent } else { &self.compiling };
        let _turn = turns.acquire().await.map_err(|_| LoadError::Closed)?;
        // Somebody else may have sent the same, and been first.
        if let Some(component) = self.shelf().get(&digest) {
            return Ok(component);
        }
        stage(Stage::Compiling);
        let code = compiler.compile(&bytes, self.allocation).await?;
        let runtime = Arc::clone(self);
        let taken = tokio::task::spawn_blocking(move || {
            let misfit = |error: wasmtime::Error| LoadError::Compiler(format!("{error:#}"));
            let compiled = cache::own(&runtime.shared.engine, &code).map_err(misfit)?;
            let component = runtime.take(digest, world, &compiled)?;
            if let Some(cache) = &runtime.cache {
                cache.store(&digest, &code);
            }
            Ok(component)
        });
        taken.await.map_err(|_| LoadError::Closed)?
    }

    /// Forgets a component, its compiled code on disk too. Whoever holds it can go on using it.
    pub fn forget(&self, digest: &Digest) {
        self.shelf().take(digest);
        if let Some(cache) = &self.cache {
            cache.remove(digest);
        }
    }

    /// As [`Runtime::load`], on a thread of the runtime's own.
    ///
    /// # Errors
    /// As [`Runtime::load`]; [`LoadError::Closed`] while the process ends.
    pub async fn load_async(self: &Arc<Self>, bytes: impl Into<Arc<[u8]>>) -> Result<Component, LoadError> {
        let (runtime, bytes) = (Arc::clone(self), bytes.into());
        self.shared.guests.block(move || runtime.load(&bytes)).await.map_err(|_| LoadError::Closed)?
    }

    /// A component that was loaded before, from memory or from the compiled cache, without its bytes.
    ///
    /// Blocks for as long as reading the file takes (under a millisecond for 1 MiB of code).
    pub fn loaded(&self, digest: &Digest) -> Option<Component> {
        if let Some(component) = self.shelf().get(digest) {
            return Some(component);
        }
        let compiled = self.cache.as_ref()?.load(&self.shared.engine, digest)?;
        let kind = compiled.component_type();
        let engine = &self.shared.engine;
        let imports = kind.imports(engine).map(|(name, _)| name);
        let world = World::of(imports, kind.exports(engine).map(|(name, _)| name)).ok()?;
        let component = Component::link(&self.shared, *digest, world, &compiled).ok()?;
        self.shelf().put(&component);
        Some(component)
    }

    /// As [`Runtime::loaded`]; what is not in memory is read on a thread of the runtime's own.
    pub async fn loaded_async(self: &Arc<Self>, digest: Digest) -> Option<Component> {
        let found = self.shelf().get(&digest);
        if found.is_some() {
            return found;
        }
        let runtime = Arc::clone(self);
        self.shared.guests.block(move || runtime.loaded(&digest)).await.ok().flatten()
    }

    /// Whether guests run in reserved slots; `false` where address space is short.
    pub fn is_pooled(&self) -> bool {
        self.allocation == Allocation::Pooled
    }

    /// Forgets what is kept in memory; components that somebody holds stay usable.
    pub fn unload_all(&self) {
        self.shelf().clear();
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Checks and compiles a component for a host with these settings; `on_demand` when its guests have no reserved slots. What
/// it returns is code, and belongs into the compiled cache only through the host's key.
///
/// # Errors
/// When the component is refused or does not compile.
pub fn compile(config: &Config, on_demand: bool, bytes: &[u8]) -> Result<Vec<u8>, LoadError> {
    let said = |error: wasmtime::Error| LoadError::Compile(format!("{error:#}"));
    let mut settings = engine::settings(config, if on_demand { Allocation::OnDemand } else { Allocation::Pooled });
    settings.allocation_strategy(wasmtime::InstanceAllocationStrategy::OnDemand);
    let engine = Engine::new(&settings).map_err(said)?;
    admission::check(&engine, &config.limits.admit, bytes)?;
    engine.precompile_component(bytes).map_err(said)
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime").field("allocation", &self.allocation).finish_non_exhaustive()
    }
}

const _: fn() = || {
    fn shareable<T: Send + Sync>() {}
    shareable::<Runtime>();
    shareable::<agent::Behaviour>();
};
