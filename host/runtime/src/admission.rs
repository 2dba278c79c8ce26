//! Whether a component may be loaded at all, decided before any of it is compiled or run.

mod shape;
mod world;

pub use world::World;

use crate::config::Admit;
use wasmtime::Engine;

/// Why a component was refused; each says what its author can do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Admission {
    /// Larger than an upload may be.
    #[error("the component has {bytes} bytes, {most} are allowed")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// Compiled code instead of WebAssembly: never accepted from outside.
    #[error("this is compiled code; upload the WebAssembly component that it was made from")]
    Precompiled,
    /// A core module.
    #[error("this is a core module, not a component; build for wasm32-wasip2 or use wasm-component-ld")]
    NotAComponent,
    /// Broken, or it uses a proposal that is switched off (memory64, threads, exceptions, GC, async).
    #[error("not a valid component: {0}")]
    Invalid(String),
    /// Made of more parts than allowed.
    #[error("the component has {found} {what}, {most} are allowed")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        found: u64,
        /// The limit.
        most: u64,
    },
    /// Imports something that its world does not offer.
    #[error("the component imports `{0}`, which is not offered to it")]
    UnknownImport(String),
    /// Exports neither a behaviour nor a tool.
    #[error("the component exports neither trunkline:agent/behaviour nor trunkline:tool/tools")]
    NoWorld,
    /// Exports a behaviour and a tool.
    #[error("the component exports both trunkline:agent/behaviour and trunkline:tool/tools; make it two components")]
    TwoWorlds,
    /// Of a version that this host does not know.
    #[error("the component was built for `{0}`; this host knows version 0.1.0")]
    UnknownVersion(String),
    /// An import or export has another type than its name promises.
    #[error("the component does not fit its world: {0}")]
    Mismatch(String),
}

impl Admission {
    /// The kind of refusal in a word that stays the same.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::Precompiled => "precompiled",
            Self::NotAComponent => "not-a-component",
            Self::Invalid(_) => "invalid-component",
            Self::TooMany { .. } => "too-many",
            Self::UnknownImport(_) => "import",
            Self::NoWorld => "no-world",
            Self::TwoWorlds => "two-worlds",
            Self::UnknownVersion(_) => "unknown-version",
            Self::Mismatch(_) => "mismatch",
        }
    }
}

/// Checks bytes from outside.
pub(crate) fn check(engine: &Engine, admit: &Admit, bytes: &[u8]) -> Result<World, Admission> {
    if bytes.len() > admit.bytes {
        return Err(Admission::TooLarge { bytes: bytes.len(), most: admit.bytes });
    }
    if Engine::detect_precompiled(bytes).is_some() {
        return Err(Admission::Precompiled);
    }
    let names = shape::walk(engine, admit, bytes)?;
    World::of(names.imports.iter().map(String::as_str), names.exports.iter().map(String::as_str))
}

/// Checks what can be counted only when nested components were resolved.
pub(crate) fn check_compiled(
    component: &wasmtime::component::Component,
    admit: &Admit,
    memory: usize,
) -> Result<(), Admission> {
    let Some(needs) = component.resources_required() else {
        return Err(Admission::Mismatch("it imports core modules".to_owned()));
    };
    let at_most = |what, found: u64, most: u64| {
        if found > most { Err(Admission::TooMany { what, found, most }) } else { Ok(()) }
    };
    at_most("linear memories", needs.num_memories.into(), admit.memories.into())?;
    at_most("tables", needs.num_tables.into(), admit.tables.into())?;
    // wasmtime counts pages.
    let initial = needs.max_initial_memory_size.unwrap_or(0).saturating_mul(64 << 10);
    at_most("bytes of initial memory", initial, memory as u64)?;
    at_most("elements of an initial table", needs.max_initial_table_size.unwrap_or(0), admit.table_elements)
}
