//! The tools that run for one call: each in a future of its own, dropped when nobody waits for it any more.

use crate::kit::{self, Bound, Caller};
use crate::library::Library;
use futures::future::{AbortHandle, Abortable, BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use serde_json::{Value, json};
use std::collections::HashMap;
use trunkline_engine::ToolOutcome;
use trunkline_store::TenantStore;
use trunkline_tools::HttpClient;

type Done = Option<(String, ToolOutcome)>;

/// The tools that run for one call.
pub(crate) struct Toolbox {
    library: Library,
    http: HttpClient,
    tenant: TenantStore,
    bound: HashMap<String, Bound>,
    running: FuturesUnordered<BoxFuture<'static, Done>>,
    handles: HashMap<String, AbortHandle>,
    /// What begins when a row of the log is durable.
    waiting: Vec<(u64, BoxFuture<'static, Done>)>,
    committed: u64,
}

/// What is asked for.
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) args: Value,
    pub(crate) caller: Caller,
    /// Not before this row is durable.
    pub(crate) after_seq: Option<u64>,
}

impl Toolbox {
    pub(crate) fn new(library: Library, http: HttpClient, tenant: TenantStore, bound: HashMap<String, Bound>) -> Self {
        Self {
            library,
            http,
            tenant,
            bound,
            running: FuturesUnordered::new(),
            handles: HashMap::new(),
            waiting: Vec::new(),
            committed: 0,
        }
    }

    /// Another agent's tools from now on; what runs comes to its end.
    pub(crate) fn succeed(&mut self, bound: HashMap<String, Bound>) {
        self.bound = bound;
    }

    pub(crate) fn run(&mut self, request: Request) {
        let Request { id, name, args, caller, after_seq } = request;
        let (library, http, tenant) = (self.library.clone(), self.http.clone(), self.tenant.clone());
        let bound = self.bound.get(&name).cloned();
        let done = id.clone();
        let work = async move {
            let Some(bound) = bound else { return (done, failed(&format!("there is no tool `{name}`"))) };
            match kit::run(library, http, tenant, bound, args, caller).await {
                Ok((outcome, _)) => (done, told(outcome.status, outcome.value)),
                Err(error) => {
                    tracing::error!(%error, tool = name, "the component of a tool cannot be used");
                    (done, failed("the tool cannot be used"))
                }
            }
        };
        let (handle, registration) = AbortHandle::new_pair();
        self.handles.insert(id, handle);
        let work = Abortable::new(work, registration).map(Result::ok).boxed();
        match after_seq {
            Some(seq) if seq > self.committed => self.waiting.push((seq, work)),
            _ => self.running.push(work),
        }
    }

    /// Nobody waits for it any more.
    pub(crate) fn cancel(&mut self, id: &str) {
        if let Some(handle) = self.handles.remove(id) {
            handle.abort();
        }
    }

    /// The log is durable up to this row.
    pub(crate) fn committed(&mut self, seq: u64) {
        self.committed = self.committed.max(seq);
        for (after, work) in std::mem::take(&mut self.waiting) {
            if after <= self.committed {
                self.running.push(work);
            } else {
                self.waiting.push((after, work));
            }
        }
    }

    /// The next one that is done; never ends while none runs. Cancel-safe.
    pub(crate) async fn next(&mut self) -> (String, ToolOutcome) {
        loop {
            match self.running.next().await {
                Some(Some((id, outcome))) => {
                    self.handles.remove(&id);
                    return (id, outcome);
                }
                Some(None) => {}
                None => std::future::pending().await,
            }
        }
    }
}

fn failed(error: &str) -> ToolOutcome {
    ToolOutcome { status: "failed".to_owned(), value: json!({"error": error}) }
}

/// In the words of the contract with behaviours.
fn told(status: &str, value: Value) -> ToolOutcome {
    let status = match status {
        "ok" | "denied" => status,
        _ => "failed",
    };
    ToolOutcome { status: status.to_owned(), value }
}
