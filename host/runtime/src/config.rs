//! What the operator sets: how many guests at once, where compiled code is kept, and how much each may use.

use crate::compiler::Compiler;
use std::path::PathBuf;
use std::time::Duration;

/// Settings of the runtime.
#[derive(Clone, Debug)]
pub struct Config {
    /// Guests that run at the same time, 1-4,096. All sizes of the pool follow from it; a further guest waits for a place
    /// until its own wall time is over.
    pub max_instances: u32,
    /// Folder of the compiled cache, made with mode 0700. None: everything is compiled at each start.
    pub cache_dir: Option<PathBuf>,
    /// Key under which compiled code is signed. Whoever knows it and can write into `cache_dir` can run code in the host.
    pub mac_key: [u8; 32],
    /// Compiled components kept in memory, bytes of their images together; the rest is loaded from the cache when asked.
    pub loaded_bytes: usize,
    /// Bounds of one event, call or component.
    pub limits: Limits,
    /// Threads that guests run on, at least 1. They are apart from the caller's, so that a guest never delays audio.
    pub guest_threads: usize,
    /// What compiles the components of tenants. None: they are compiled in this process, which is for tests and tools.
    pub compiler: Option<Compiler>,
}

impl Config {
    /// The defaults with this key.
    pub fn new(mac_key: [u8; 32]) -> Self {
        Config {
            max_instances: 256,
            cache_dir: None,
            mac_key,
            loaded_bytes: 512 << 20,
            limits: Limits::default(),
            guest_threads: 2,
            compiler: None,
        }
    }
}

/// Bounds by what runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// One event of an agent.
    pub agent: Budget,
    /// One call of a tool.
    pub tool: Budget,
    /// What a component may be made of.
    pub admit: Admit,
}

/// What one event or call may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// CPU time while it is polled, start functions included. Checked every 5 ms.
    pub cpu: Duration,
    /// CPU past which a line is logged.
    pub warn_cpu: Duration,
    /// From the request to the answer, waiting included.
    pub wall: Duration,
    /// Linear memory, bytes, all memories together.
    pub memory: usize,
    /// Bytes that one call across the boundary may make the host allocate.
    pub hostcall_fuel: usize,
    /// Component-model handles alive at once.
    pub handles: usize,
    /// Host resources alive at once.
    pub resources: usize,
    /// Bytes of the input: an agent's event and state, a tool's arguments.
    pub input: usize,
    /// Bytes of the answer: an agent's actions together, a tool's result.
    pub output: usize,
    /// Bytes of an agent's state.
    pub state: usize,
    /// Actions in one answer.
    pub actions: usize,
    /// Bytes of stdout and stderr that are kept.
    pub notes: usize,
    /// Requests of one tool call.
    pub requests: u32,
    /// Bytes of one response's body.
    pub response: usize,
    /// Bytes of one response's headers.
    pub headers: usize,
}

/// What a component may be made of; a Python component needs 38 core instances, a JavaScript one 7,700 table elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Admit {
    /// Bytes of the component.
    pub bytes: usize,
    /// Core instances.
    pub core_instances: u32,
    /// Linear memories.
    pub memories: u32,
    /// Tables.
    pub tables: u32,
    /// Elements of one table.
    pub table_elements: u64,
    /// Functions of all modules together.
    pub functions: u32,
}

impl Default for Limits {
    fn default() -> Self {
        let agent = Budget {
            cpu: Duration::from_millis(50),
            warn_cpu: Duration::from_millis(5),
            wall: Duration::from_millis(100),
            memory: 32 << 20,
            hostcall_fuel: 1 << 20,
            handles: 1_000,
            resources: 64,
            input: 256 << 10,
            output: 64 << 10,
            state: 64 << 10,
            actions: 32,
            notes: 4 << 10,
            requests: 0,
            response: 0,
            headers: 0,
        };
        let tool = Budget {
            cpu: Duration::from_millis(500),
            warn_cpu: Duration::from_millis(100),
            wall: Duration::from_secs(10),
            memory: 64 << 20,
            hostcall_fuel: 4 << 20,
            input: 64 << 10,
            output: 256 << 10,
            notes: 16 << 10,
            requests: 16,
            response: 1 << 20,
            headers: 16 << 10,
            ..agent
        };
        let admit = Admit {
            bytes: 64 << 20,
            core_instances: 64,
            memories: 2,
            tables: 4,
            table_elements: 10_000,
            functions: 200_000,
        };
        Limits { agent, tool, admit }
    }
}
