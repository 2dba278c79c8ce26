//! A loaded component: its digest, its world and the linked code, ready to be instantiated.

use crate::admission::{Admission, World};
use crate::agent::{self, Behaviour};
use crate::failure::Failure;
use crate::runtime::Shared;
use crate::tool::{self, Tool};
use lru::LruCache;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Why a component was not loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// It was refused; the text is for its author.
    #[error(transparent)]
    Refused(#[from] Admission),
    /// It was admitted but did not compile.
    #[error("the component did not compile: {0}")]
    Compile(String),
    /// This machine could not compile it; it may be as good as any.
    #[error("the compiler of this host failed: {0}")]
    Compiler(String),
    /// It was asked for as what it is not.
    #[error("the component is {0:?}, not what it was asked for as")]
    WrongWorld(World),
    /// The process ends.
    #[error("the runtime is shutting down")]
    Closed,
}

/// SHA-256 of a component's bytes: its name everywhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Digest(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// The text is not a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 lower-case hexadecimal digits")]
pub struct InvalidDigest;

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let mut bytes = [0; 32];
        if text.len() != 64 || text.bytes().any(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(InvalidDigest);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| InvalidDigest)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| InvalidDigest)?;
        }
        Ok(Digest(bytes))
    }
}

/// A component that is ready to run. Cheap to clone.
#[derive(Clone)]
pub struct Component(pub(crate) Arc<Loaded>);

pub(crate) struct Loaded {
    pub(crate) shared: Arc<Shared>,
    pub(crate) digest: Digest,
    pub(crate) part: Part,
    size: usize,
}

pub(crate) enum Part {
    Agent(agent::Pre),
    Tool(tool::Pre),
}

impl Component {
    pub(crate) fn link(
        shared: &Arc<Shared>,
        digest: Digest,
        world: World,
        compiled: &wasmtime::component::Component,
    ) -> Result<Self, LoadError> {
        let misfit = |error: wasmtime::Error| Admission::Mismatch(format!("{error:#}"));
        let part = match world {
            World::Agent010 => Part::Agent(agent::link(&shared.agents, compiled).map_err(misfit)?),
            World::Tool010 => Part::Tool(tool::prepare(&shared.tools, compiled).map_err(misfit)?),
        };
        let image = compiled.image_range();
        let size = (image.end as usize).saturating_sub(image.start as usize);
        Ok(Component(Arc::new(Loaded { shared: Arc::clone(shared), digest, part, size })))
    }

    /// SHA-256 of its bytes.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// The contract that it fulfils.
    pub fn world(&self) -> World {
        match self.0.part {
            Part::Agent(_) => World::Agent010,
            Part::Tool(_) => World::Tool010,
        }
    }

    /// Its compiled code in memory, bytes.
    pub fn size(&self) -> usize {
        self.0.size
    }

    /// As an agent's behaviour.
    ///
    /// # Errors
    /// [`LoadError::WrongWorld`] when it is none.
    pub fn behaviour(&self) -> Result<Behaviour, LoadError> {
        match self.0.part {
            Part::Agent(_) => Ok(Behaviour::new(self.clone())),
            Part::Tool(_) => Err(LoadError::WrongWorld(self.world())),
        }
    }

    /// As a tool.
    ///
    /// # Errors
    /// [`LoadError::WrongWorld`] when it is none.
    pub fn tool(&self) -> Result<Tool, LoadError> {
        match self.0.part {
            Part::Tool(_) => Ok(Tool::new(self.clone())),
            Part::Agent(_) => Err(LoadError::WrongWorld(self.world())),
        }
    }
}

impl Component {
    /// What it says of itself when it is asked with no grants: an agent's manifest, or the list of its `tools`.
    ///
    /// # Errors
    /// A [`Failure`]; of kind `Guest` when what it says breaks the rules.
    pub async fn describe(&self) -> Result<Value, Failure> {
        match self.0.part {
            Part::Agent(_) => Behaviour::new(self.clone()).describe().await.map(|manifest| json!(manifest)),
            Part::Tool(_) => Tool::new(self.clone()).list().await.map(|tools| json!({"tools": tools})),
        }
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Component").field("digest", &self.0.digest).field("world", &self.world()).finish()
    }
}

/// Loaded components by last use, bounded by the bytes of their code.
pub(crate) struct Shelf {
    components: LruCache<Digest, Component>,
    bytes: usize,
    most: usize,
}

impl Shelf {
    pub(crate) fn new(most: usize) -> Self {
        Shelf { components: LruCache::unbounded(), bytes: 0, most }
    }

    pub(crate) fn get(&mut self, digest: &Digest) -> Option<Component> {
        self.components.get(digest).cloned()
    }

    /// The newest stays even when it alone is larger than the bound.
    pub(crate) fn put(&mut self, component: &Component) {
        self.bytes += component.size();
        if let Some(old) = self.components.put(component.digest(), component.clone()) {
            self.bytes = self.bytes.saturating_sub(old.size());
        }
        while self.bytes > self.most && self.components.len() > 1 {
            match self.components.pop_lru() {
                Some((_, old)) => self.bytes = self.bytes.saturating_sub(old.size()),
                None => break,
            }
        }
    }

    pub(crate) fn take(&mut self, digest: &Digest) {
        if let Some(old) = self.components.pop(digest) {
            self.bytes = self.bytes.saturating_sub(old.size());
        }
    }

    pub(crate) fn clear(&mut self) {
        self.components.clear();
        self.bytes = 0;
    }
}
