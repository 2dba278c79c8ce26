//! Tools: one call in, one JSON value out, in a store that is used once. What a tool reaches outside is what its caller
//! hands it as a [`ToolHost`].

mod host;
mod v0_1_0;

pub(crate) use host::Host;
pub use host::{FetchError, FetchRequest, FetchResponse, FetchSecret, HostAnswer, KvError, LogLevel, ToolHost};
pub(crate) use v0_1_0::link;

use crate::component::{Component, Digest, Part};
use crate::config::Budget;
use crate::failure::{Failure, FailureKind, Stats};
use crate::guest::{self, Guest};
use crate::meter::Meter;
use crate::wasi::{Source, Wasi};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use wasmtime::Store;
use wasmtime::component::Linker;

/// Linked code of a tool.
pub(crate) type Pre = v0_1_0::ToolPre<Guest<Host>>;

pub(crate) fn prepare(
    linker: &Linker<Guest<Host>>,
    component: &wasmtime::component::Component,
) -> wasmtime::Result<Pre> {
    v0_1_0::ToolPre::new(linker.instantiate_pre(component)?)
}

/// Whether a tool changes something outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolEffect {
    /// It does not: it may be repeated and cancelled.
    Read,
    /// It does: recorded before it is sent, never repeated by the host.
    Write,
}

/// One tool of a component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Unique in the component; 1-64 characters of `a-z A-Z 0-9 _ -`.
    pub name: String,
    /// What the language model reads.
    pub description: String,
    /// JSON Schema of the arguments.
    pub input_schema: Value,
    /// JSON Schema of the result.
    pub output_schema: Option<Value>,
    /// 1-10,000 ms.
    pub timeout_ms: u32,
    /// Whether it changes something.
    pub effect: ToolEffect,
    /// A second call with the same key has no second effect.
    pub idempotent: bool,
    /// May be dropped when the caller interrupts.
    pub cancellable: bool,
}

/// On whose behalf a tool is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The call.
    pub call_id: String,
    /// The tenant.
    pub tenant: String,
    /// The same when the host repeats this call.
    pub idempotency_key: String,
    /// BCP 47.
    pub locale: String,
    /// Minutes east of UTC.
    pub utc_offset_minutes: i32,
    /// Shorter than the limit of the host, when the tool's spec says so.
    pub timeout: Option<Duration>,
}

/// Why a tool gave no result, in its own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "documented in wit/tool")]
pub enum ToolFailure {
    #[error("invalid arguments: {0}")]
    InvalidArgs(String),
    #[error("unavailable: {0}")]
    Unavailable(String),
    #[error("denied: {0}")]
    Denied(String),
    #[error("internal: {0}")]
    Internal(String),
}

/// What a tool answered.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolAnswer {
    /// Its result or failure: data for the model, never instructions.
    pub result: Result<Value, ToolFailure>,
    /// What it wrote to stdout and stderr, cut at 16 KiB.
    pub notes: String,
    /// What it cost.
    pub stats: Stats,
}

/// A component's tools. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Tool {
    component: Component,
}

impl Tool {
    pub(crate) fn new(component: Component) -> Self {
        Tool { component }
    }

    /// SHA-256 of the component.
    pub fn digest(&self) -> Digest {
        self.component.digest()
    }

    /// Which tools it has. Asked for once, when it is uploaded, with no grants.
    ///
    /// # Errors
    /// A [`Failure`]; of kind `Guest` when a spec breaks its rules.
    pub async fn list(&self) -> Result<Vec<ToolSpec>, Failure> {
        let seat = Seat::new(&self.component, Arc::new(host::Nothing));
        let wall = self.budget().wall;
        self.component.0.shared.guests.run(wall, Box::pin(async move { (seat.list().await, ()) })).await?
    }

    /// Calls one of its tools. Arguments must have been checked against its schema.
    ///
    /// Dropping the future ends the guest and what it waits for.
    ///
    /// # Errors
    /// A [`Failure`] when the guest broke off or a limit.
    pub async fn call(
        &self,
        name: &str,
        args: &Value,
        invocation: Invocation,
        host: Arc<dyn ToolHost>,
    ) -> Result<ToolAnswer, Failure> {
        let budget = self.budget();
        let args = args.to_string();
        if args.len() > budget.input {
            let message = format!("the arguments have {} bytes, {} are allowed", args.len(), budget.input);
            return Err(Failure::new(FailureKind::InputTooLarge, message));
        }
        let wall = invocation.timeout.map_or(budget.wall, |timeout| timeout.min(budget.wall));
        let seat = Seat::new(&self.component, host);
        let name = name.to_owned();
        let run = Box::pin(async move { (seat.call(name, args, invocation).await, ()) });
        self.component.0.shared.guests.run(wall, run).await?
    }

    fn budget(&self) -> &Budget {
        &self.component.0.shared.limits.tool
    }
}

/// The store of one call.
struct Seat {
    component: Component,
    store: Store<Guest<Host>>,
    meter: Arc<Meter>,
    budget: Budget,
}

impl Seat {
    fn new(component: &Component, host: Arc<dyn ToolHost>) -> Self {
        let shared = &component.0.shared;
        let budget = shared.limits.tool;
        let wasi = Wasi::new(Source::System, budget.resources, budget.notes);
        let mut store = guest::store(&shared.engine, &budget, shared.limits.admit, wasi, Host::new(host, &budget));
        let meter = Arc::new(Meter::new(budget.cpu));
        guest::watch(&mut store, &meter);
        Seat { component: component.clone(), store, meter, budget }
    }

    async fn list(mut self) -> Result<Vec<ToolSpec>, Failure> {
        let meter = Arc::clone(&self.meter);
        let specs = meter
            .measure(async {
                let tool = self.instance().await?;
                tool.trunkline_tool_tools().call_list_tools(&mut self.store).await
            })
            .await;
        specs.map_err(|error| self.failed(&error)).and_then(v0_1_0::specs)
    }

    async fn call(mut self, name: String, args: String, invocation: Invocation) -> Result<ToolAnswer, Failure> {
        let meter = Arc::clone(&self.meter);
        let context = v0_1_0::invocation(invocation);
        let result = meter
            .measure(async {
                let tool = self.instance().await?;
                tool.trunkline_tool_tools().call_call(&mut self.store, &name, &args, &context).await
            })
            .await;
        let result = result.map_err(|error| self.failed(&error))?;
        let stats = guest::stats(&self.store, &self.meter);
        let result = v0_1_0::result(result, self.budget.output).map_err(|failure| Failure { stats, ..failure })?;
        Ok(ToolAnswer { result, notes: self.store.data_mut().wasi.take_notes(), stats })
    }

    async fn instance(&mut self) -> wasmtime::Result<v0_1_0::Tool> {
        let Part::Tool(pre) = &self.component.0.part else { wasmtime::bail!("not a tool") };
        pre.instantiate_async(&mut self.store).await
    }

    fn failed(&mut self, error: &wasmtime::Error) -> Failure {
        let stats = guest::stats(&self.store, &self.meter);
        let notes = self.store.data_mut().wasi.take_notes();
        Failure { notes, stats, ..Failure::of(error, self.budget.cpu) }
    }
}
