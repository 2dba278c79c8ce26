//! Calls that lost their host go on: adopted from the log by whoever holds the lease.

use crate::admission::Place;
use crate::clock::CallClock;
use crate::driver::Driver;
use crate::line::Line;
use crate::resolve::plan;
use crate::sessions::{LEASE_MS, SessionError, Sessions};
use crate::unix_ms;
use trunkline_contract::log::Row;
use trunkline_engine::{Call as Engine, Recovered, ResumeError};
use trunkline_store::{Call, CallState, CallUpdate, EventLog, StoreError};

/// Rows read at a time.
const PAGE: usize = 2_000;

impl Sessions {
    /// Adopts the calls that this host led when it died. Those whose carrier does not come back end by themselves.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn recover(&self) -> Result<usize, SessionError> {
        let lost = self.0.store.leases_of(self.0.config.host.as_str()).await?;
        let mut adopted = 0;
        for (tenant, id) in lost {
            let Some(call) = self.0.store.tenant(tenant).calls().get(id).await? else { continue };
            if Line::of(&call.channel) == Line::Text {
                // Nobody waits on a line: it is read again when somebody writes.
                continue;
            }
            match self.adopt(&call, "host-restart", None).await {
                Ok(()) => adopted += 1,
                Err(error) => tracing::error!(call = %id, %error, "a call could not be adopted"),
            }
        }
        Ok(adopted)
    }

    /// Leads a call that is not live here, from its log; with `place`, only within the limits of new calls.
    ///
    /// In a task of its own: whoever asked may go away in the middle, and nobody would take back that the call is live.
    pub(crate) async fn adopt(
        &self,
        call: &Call,
        reason: &'static str,
        place: Option<Place>,
    ) -> Result<(), SessionError> {
        let (sessions, call) = (self.clone(), call.clone());
        let adopting = tokio::spawn(async move { sessions.lead(&call, reason, place).await });
        adopting.await.unwrap_or_else(|error| Err(SessionError::Agent(format!("its log cannot be read: {error}"))))
    }

    async fn lead(&self, call: &Call, reason: &'static str, place: Option<Place>) -> Result<(), SessionError> {
        // Whoever registers first adopts; the other finds the call live.
        let Some((handle, mail)) = self.register(call.id, Line::of(&call.channel)) else { return Ok(()) };
        match self.prepare(call, reason, handle.clone(), mail).await {
            Ok(Some(driver)) => {
                let admission = if handle.line == Line::Text { &self.0.threads } else { &self.0.admission };
                let place = place.unwrap_or_else(|| admission.enter_again(call.tenant));
                self.0.metrics.resumed.inc();
                self.spawn(call.id, place, handle, driver);
                tracing::info!(call = %call.id, reason, "adopted a call");
                Ok(())
            }
            Ok(None) => {
                self.unregister(call.id, &handle);
                Err(StoreError::CallEnded.into())
            }
            Err(error) => {
                self.unregister(call.id, &handle);
                Err(error)
            }
        }
    }

    async fn prepare(
        &self,
        call: &Call,
        reason: &'static str,
        handle: crate::sessions::Handle,
        mail: tokio::sync::mpsc::Receiver<crate::driver::Mail>,
    ) -> Result<Option<Driver>, SessionError> {
        let tenant = self.0.store.tenant(call.tenant);
        let lease = tenant.calls().lease_acquire(call.id, self.0.config.host.as_str(), unix_ms(), LEASE_MS).await?;
        let version = tenant.agents().get(call.agent_id, call.agent_version).await?;
        let version = version.ok_or_else(|| SessionError::Agent("its version is gone".to_owned()))?;
        let session = match call.session_id {
            Some(session) => tenant.agent_sessions().get(session).await?,
            None => None,
        };
        let agent = self.0.contracts.resolve(call.tenant, &version, session.as_ref()).await?.agent;
        let log = tenant.log();
        let rows = all_rows(&log, call).await?;
        let digests = rows.iter().filter_map(|row| row.component.clone()).collect::<Vec<_>>();
        let components = self.0.library.ladder_from(call.tenant, &agent.behaviour, &digests).await?;
        let kit = self.kit(call.tenant, &agent).await?;
        let documents = self.0.knowledge.of_agent(call.tenant, call.agent_id);
        let plan = plan(&agent, call, components, kit, &self.0.providers, &documents);
        let plan = plan.map_err(|error| SessionError::Agent(error.to_string()))?;
        let state = log.state(call.id).await?.map(|state| state.bytes).unwrap_or_default();
        let clock = CallClock::since(call.started_at_ms);
        let recovered = Recovered { rows, state };
        let engine = match Engine::resume(plan.engine.clone(), recovered, clock.now(), reason) {
            Ok(engine) => engine,
            Err(ResumeError::Ended { reason }) => {
                // The end was logged, but the call's record was not told.
                let update = CallUpdate {
                    state: Some(CallState::Ended),
                    ended_at_ms: Some(unix_ms()),
                    end_reason: Some(reason),
                    ..CallUpdate::default()
                };
                tenant.calls().update(call.id, update).await?;
                return Ok(None);
            }
            Err(error @ ResumeError::Gap { .. }) => return Err(SessionError::Agent(error.to_string())),
        };
        let call = Call { fencing: lease.fencing, ..call.clone() };
        Ok(Some(Driver::new(self.clone(), &call, engine, plan, clock, handle, mail)))
    }
}

async fn all_rows(log: &EventLog, call: &Call) -> Result<Vec<Row>, StoreError> {
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let from = rows.last().map_or(1, |row| row.seq + 1);
        let page = log.rows(call.id, from, PAGE).await?;
        let last = page.len() < PAGE;
        rows.extend(page);
        if last {
            return Ok(rows);
        }
    }
}
