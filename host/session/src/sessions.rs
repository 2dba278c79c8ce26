//! The calls that this host leads.

use crate::admission::{Admission, Place};
use crate::clock::unix_ms;
use crate::contracts::{Above, Contracts, Proposed, Resolved};
use crate::driver::{Driver, Mail};
use crate::feed::{Feed, Feeds};
use crate::library::{Catalogue, Library, LibraryError};
use crate::line::Line;
use crate::metrics::Metrics;
use crate::prices::Prices;
use crate::setup::Setup;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc};
use tokio_util::task::TaskTracker;
use trunkline_contract::event::ToolInfo;
use trunkline_contract::layers::{Effective, Layer};
use trunkline_contract::validate::{self, Checked};
use trunkline_contract::{AgentId, CallId, Fault, SessionId, TenantId};
use trunkline_engine::{Control, Granted};
use trunkline_knowledge::{Knowledge, Limits};
use trunkline_providers::Providers;
use trunkline_store::{Store, StoreError};
use trunkline_tools::HttpClient;
use trunkline_twilio::token::{TokenError, TokenKey};

/// Messages that wait for a call's task at most; whoever comes when it is full waits.
const MAILBOX: usize = 16;

/// How a host leads calls.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// Names this host in leases; the same after a restart.
    pub host: String,
    /// Calls at a time.
    pub max_calls: usize,
    /// Calls at a time of one tenant.
    pub max_calls_per_tenant: usize,
    /// Signs call tokens.
    pub token_key: TokenKey,
    /// What calls cost.
    pub prices: Prices,
    /// Sends what tools of tenants ask for; its policy is that for their addresses.
    pub outgoing: HttpClient,
}

/// Why something about calls could not be done.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum SessionError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Library(#[from] LibraryError),
    #[error("the call token cannot be made: {0}")]
    Token(#[from] TokenError),
    #[error("the agent cannot take the call: {0}")]
    Agent(String),
    #[error("there is no such {0}")]
    Missing(&'static str),
    #[error("there is no room for another call (limit: {0})")]
    NoRoom(&'static str),
    #[error("the tenant is suspended")]
    Suspended,
    #[error("it is over")]
    Over,
    #[error("the call is not led by this host at this moment: try again when it goes on")]
    Elsewhere,
    #[error("it is being answered: wait for the answer first")]
    Busy,
}

/// A live call as others see it.
#[derive(Clone)]
pub(crate) struct Handle {
    pub(crate) mailbox: mpsc::Sender<Mail>,
    /// The media socket was closed for good: what follows the stream is the end.
    pub(crate) over: Arc<AtomicBool>,
    pub(crate) feeds: Feeds,
    pub(crate) line: Line,
}

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) library: Library,
    pub(crate) contracts: Contracts,
    pub(crate) setup: Setup,
    pub(crate) providers: Providers,
    pub(crate) knowledge: Knowledge,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) config: SessionConfig,
    pub(crate) admission: Admission,
    /// Conversations in writing have places of their own: they keep nobody from telephoning.
    pub(crate) threads: Admission,
    live: Mutex<HashMap<CallId, Handle>>,
    draining: AtomicBool,
    tasks: TaskTracker,
}

/// The calls that this host leads. Cloning is cheap.
#[derive(Clone)]
pub struct Sessions(pub(crate) Arc<Inner>);

impl Sessions {
    /// A host without calls.
    pub fn new(store: Store, library: Library, providers: Providers, config: SessionConfig) -> Self {
        let metrics = Arc::new(Metrics::default());
        Self(Arc::new(Inner {
            knowledge: Knowledge::new(store.clone(), Limits::default()),
            contracts: Contracts::new(store.clone(), Arc::clone(&metrics)),
            setup: Setup::default(),
            store,
            library,
            providers,
            metrics,
            admission: Admission::new(config.max_calls, config.max_calls_per_tenant),
            threads: Admission::new(config.max_calls, config.max_calls_per_tenant),
            config,
            live: Mutex::default(),
            draining: AtomicBool::new(false),
            tasks: TaskTracker::new(),
        }))
    }

    /// The documents that agents answer from.
    pub fn knowledge(&self) -> &Knowledge {
        &self.0.knowledge
    }

    /// What this host counts.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// No new calls are taken.
    pub fn draining(&self) -> bool {
        self.0.draining.load(Ordering::Relaxed)
    }

    /// Calls that are live here.
    pub fn live_calls(&self) -> usize {
        self.lock().len()
    }

    /// Checks the contract of a tenant's agent, with what its layers contribute, against what this host has.
    ///
    /// # Errors
    /// There is no such tenant, or the store cannot be read.
    pub async fn validate(
        &self,
        tenant: TenantId,
        document: &Value,
    ) -> Result<Result<Checked, Vec<Fault>>, SessionError> {
        self.validate_with(tenant, document, None).await
    }

    /// Names of the tools that agents can be granted.
    pub fn tools(&self) -> &'static [&'static str] {
        Granted::BUILTIN
    }

    /// The tools that are built in.
    pub fn built_in() -> Vec<ToolInfo> {
        Granted::BUILTIN.iter().filter_map(|name| Granted::builtin(name)).map(|tool| tool.info).collect()
    }

    /// What a document of a tenant's agent becomes with its layers; a fault: they lead nowhere.
    ///
    /// # Errors
    /// There is no such tenant, or the store cannot be read.
    pub async fn merged(&self, tenant: TenantId, document: &Value) -> Result<Result<Effective, Fault>, SessionError> {
        Ok(self.0.contracts.above(tenant).await?.effective(document, None))
    }

    /// As [`Sessions::validate`], with what a session overrides.
    ///
    /// # Errors
    /// There is no such tenant, or the store cannot be read.
    pub async fn validate_with(
        &self,
        tenant: TenantId,
        document: &Value,
        session: Option<&Value>,
    ) -> Result<Result<Checked, Vec<Fault>>, SessionError> {
        let above = self.0.contracts.above(tenant).await?;
        let found = match checked(&above, document, session, &self.0.library.catalogue(tenant).await?) {
            Ok(checked) => checked,
            Err(faults) => return Ok(Err(faults)),
        };
        let faults = self.0.library.faults_of(tenant, &found.agent.behaviour).await?;
        Ok(if faults.is_empty() { Ok(found) } else { Err(faults) })
    }

    /// The components that behaviours come from.
    pub fn library(&self) -> &Library {
        &self.0.library
    }

    /// What is wrong with a template of a tenant: in itself, and with what it extends.
    ///
    /// # Errors
    /// There is no such tenant, or the store cannot be read.
    pub async fn check_template(
        &self,
        tenant: TenantId,
        name: &str,
        document: &Value,
    ) -> Result<Vec<Fault>, SessionError> {
        let mut faults = validate::partial(document);
        let above = self.0.contracts.above(tenant).await?.with(Proposed::Template(name, Some(document)));
        faults.extend(above.templates(document).err());
        Ok(faults)
    }

    /// The contract that is in force for a version of an agent, and the layer of each value; with the session's overrides.
    ///
    /// # Errors
    /// No such agent, version or session; the contract cannot be resolved.
    pub async fn effective(
        &self,
        tenant: TenantId,
        agent: AgentId,
        version: Option<u32>,
        session: Option<SessionId>,
    ) -> Result<Resolved, SessionError> {
        let store = self.0.store.tenant(tenant);
        let session = match session {
            Some(id) => Some(store.agent_sessions().get(id).await?.ok_or(SessionError::Missing("session"))?),
            None => None,
        };
        let found = match version {
            Some(version) => store.agents().get(agent, version).await?,
            None => store.agents().latest(agent).await?,
        };
        let found = found.ok_or(SessionError::Missing("agent"))?;
        self.0.contracts.resolve(tenant, &found, session.as_ref()).await
    }

    /// Takes no new calls, lets the live ones come to their end, and ends what is left after `limit`.
    pub async fn drain(&self, limit: Duration) {
        self.0.draining.store(true, Ordering::Relaxed);
        self.0.tasks.close();
        let live: Vec<Handle> = self.lock().values().cloned().collect();
        for handle in live.into_iter().filter(|handle| handle.line == Line::Text) {
            // What rests can be read again by the next run.
            handle.mailbox.send(Mail::Leave).await.ok();
        }
        tracing::info!(calls = self.live_calls(), limit_s = limit.as_secs(), "draining");
        if tokio::time::timeout(limit, self.0.tasks.wait()).await.is_ok() {
            return;
        }
        let handles: Vec<Handle> = self.lock().values().cloned().collect();
        for handle in handles {
            let end = Control::HangUp { reason: "drained".to_owned() };
            // A call that ends at this moment needs no telling.
            let _ = handle.mailbox.send(Mail::Control(end)).await;
        }
        let _ = tokio::time::timeout(Duration::from_secs(5), self.0.tasks.wait()).await;
    }

    pub(crate) fn handle(&self, call: CallId) -> Option<Handle> {
        self.lock().get(&call).cloned()
    }

    /// A call's mailbox and handle, known to others from now on. None: the call is live already.
    pub(crate) fn register(&self, call: CallId, line: Line) -> Option<(Handle, mpsc::Receiver<Mail>)> {
        let (mailbox, mail) = mpsc::channel(MAILBOX);
        let handle = Handle { mailbox, over: Arc::new(AtomicBool::new(false)), feeds: Feeds::new(), line };
        let mut live = self.lock();
        if live.contains_key(&call) {
            return None;
        }
        live.insert(call, handle.clone());
        Some((handle, mail))
    }

    /// The call is no longer live; of no effect when somebody else leads it by now.
    pub(crate) fn unregister(&self, call: CallId, handle: &Handle) {
        let mut live = self.lock();
        if live.get(&call).is_some_and(|known| known.mailbox.same_channel(&handle.mailbox)) {
            live.remove(&call);
        }
    }

    /// News of a live call, as they come.
    pub fn watch(&self, call: CallId) -> Option<broadcast::Receiver<Feed>> {
        self.handle(call).map(|handle| handle.feeds.watch())
    }

    /// Runs a call to its end.
    pub(crate) fn spawn(&self, call: CallId, place: Place, handle: Handle, driver: Driver) {
        let sessions = self.clone();
        self.0.metrics.live.inc();
        self.0.tasks.spawn(async move {
            // A task of its own: a panic loses one call, and this one cleans up after it.
            let reason = match tokio::spawn(driver.run()).await {
                Ok(reason) => reason,
                Err(error) => {
                    tracing::error!(%call, %error, "a call's task failed; the carrier may come back for it");
                    "crashed".to_owned()
                }
            };
            sessions.unregister(call, &handle);
            drop(place);
            sessions.0.metrics.live.dec();
            sessions.0.metrics.end(&reason);
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<CallId, Handle>> {
        // The map stays whole when a holder panics: every change is a single call.
        self.0.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Checks a document with what its layers contribute.
pub(crate) fn checked(
    above: &Above,
    document: &Value,
    session: Option<&Value>,
    catalogue: &Catalogue,
) -> Result<Checked, Vec<Fault>> {
    let effective = above.effective(document, session).map_err(|fault| vec![fault])?;
    let components: Vec<&str> = catalogue.components.iter().map(String::as_str).collect();
    let tools: Vec<&str> = catalogue.tools.iter().map(String::as_str).collect();
    validate::agent(&effective.document, &tools, &components)
        .map_err(|faults| faults.into_iter().map(|fault| with_origin(fault, &effective)).collect())
}

/// Says of a fault in what another layer contributes whose it is.
fn with_origin(fault: Fault, effective: &Effective) -> Fault {
    match effective.origin.get(&fault.pointer) {
        None | Some(Layer::Agent | Layer::Default) => fault,
        Some(layer) => {
            let message = format!("{} (it comes from {})", fault.message, String::from(layer.clone()));
            Fault { message, ..fault }
        }
    }
}

/// When a lease that is taken or renewed now ends, and how long it lasts, ms.
pub(crate) const LEASE_MS: u64 = 30_000;

pub(crate) fn lease_end() -> u64 {
    unix_ms() + LEASE_MS
}
