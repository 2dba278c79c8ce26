//! A call comes in: whose it is, whether there is room, and the task that will lead it.

use crate::admission::{Admission, Place};
use crate::clock::CallClock;
use crate::contracts::Resolved;
use crate::driver::{Driver, Mail};
use crate::resolve::{now_s, plan, token_expiry_s};
use crate::sessions::{SessionError, Sessions, lease_end};
use crate::unix_ms;
use rand::Rng;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use trunkline_contract::template::render;
use trunkline_contract::{Agent, AgentId, CallId, SessionId, TenantId};
use trunkline_engine::{Call as Engine, Control};
use trunkline_store::{
    AgentVersion, Call, CallState, CallUpdate, Calling, NewCall, NewLease, StoreError, Tenant, TenantStatus,
    new_call_id,
};
use trunkline_twilio::Verified;
use trunkline_twilio::form::{StatusCallback, VoiceWebhook};
use trunkline_twilio::token::{CallClaims, NONCE_BYTES, mint};

/// How an incoming call is answered.
#[derive(Debug)]
pub enum Answer {
    /// Open a media stream with this token.
    Stream {
        /// The call.
        call: CallId,
        /// Good once, for a minute.
        token: String,
    },
    /// There is no room.
    Busy {
        /// What to say; nothing: the busy tone.
        line: Option<String>,
    },
    /// Nobody answers this number.
    Nobody,
}

/// What follows a media stream.
#[derive(Debug)]
pub enum After {
    /// The call is over.
    HangUp,
    /// It goes on: open a stream again.
    Stream {
        /// A new token.
        token: String,
    },
    /// There is no such call of this carrier.
    Unknown,
}

/// What became of a call that was to be made.
pub(crate) enum Begun {
    New(Call),
    /// The carrier told of it before.
    Known(Call),
    /// It was made, but its agent cannot lead it.
    Unable {
        why: String,
    },
}

impl Sessions {
    /// A call comes in. The same call told twice gets the same answer and is one call.
    ///
    /// # Errors
    /// The store, the agent's contract or its component cannot be used.
    pub async fn incoming(&self, webhook: &Verified<VoiceWebhook>) -> Result<Answer, SessionError> {
        let store = &self.0.store;
        let Some(owner) = store.number_owner(webhook.to.as_str()).await? else { return Ok(Answer::Nobody) };
        let account = store.account(webhook.account_sid.as_str()).await?;
        if account.is_none_or(|account| account.tenant != owner.tenant) {
            return Ok(Answer::Nobody);
        }
        let tenant = store.tenant(owner.tenant);
        if let Some(known) = tenant.calls().by_carrier_sid(webhook.call_sid.as_str()).await? {
            return self.same_answer(&known);
        }
        let Some(served) = self.0.contracts.served(owner.tenant, owner.agent).await? else { return Ok(Answer::Nobody) };
        if served.tenant.status == TenantStatus::Suspended {
            return Ok(Answer::Nobody);
        }
        let id = new_call_id();
        let caller = Some(webhook.from.clone()).filter(|from| from.starts_with('+'));
        let who = Calling { caller: caller.as_deref(), user: None, call: &id.to_string() };
        let resolved = served.choose(who)?;
        let agent = &resolved.agent;
        let Ok(place) = self.enter(&served.tenant, &self.0.admission).await else { return Ok(busy(agent)) };
        let new = NewCall {
            id,
            caller,
            callee: Some(webhook.to.clone()),
            carrier_call_sid: Some(webhook.call_sid.clone()),
            account_sid: Some(webhook.account_sid.clone()),
            ..self.new_call(&resolved.version, "phone-inbound", None)
        };
        match self.begin(place, owner.tenant, new, agent).await? {
            Begun::New(call) | Begun::Known(call) => self.same_answer(&call),
            Begun::Unable { .. } => Ok(busy(agent)),
        }
    }

    /// Makes a call and the task that leads it.
    pub(crate) async fn begin(
        &self,
        place: Place,
        tenant: TenantId,
        new: NewCall,
        agent: &Agent,
    ) -> Result<Begun, SessionError> {
        let components = self.0.library.ladder(tenant, &agent.behaviour).await?;
        let made = self.0.store.tenant(tenant).calls().create_or_get(new).await?;
        let call = made.call;
        if !made.new {
            return Ok(Begun::Known(call));
        }
        let kit = self.kit(tenant, agent).await?;
        let documents = self.0.knowledge.of_agent(call.tenant, call.agent_id);
        let plan = plan(agent, &call, components, kit, &self.0.providers, &documents);
        let plan = match plan {
            Ok(plan) => plan,
            Err(error) => return self.cannot_take(call, error.to_string()).await,
        };
        let Some((handle, mail)) = self.register(call.id, plan.line) else { return Ok(Begun::Known(call)) };
        let engine = Engine::new(plan.engine.clone());
        let clock = CallClock::since(call.started_at_ms);
        let driver = Driver::new(self.clone(), &call, engine, plan, clock, handle.clone(), mail);
        self.0.metrics.started.inc();
        self.spawn(call.id, place, handle, driver);
        let channel = &call.channel;
        tracing::info!(call = %call.id, %tenant, agent = %call.agent_id, channel, "a call came in");
        Ok(Begun::New(call))
    }

    /// Who answers somebody who comes without a carrier: as the agent is served, or as their session has it.
    pub(crate) async fn answerer(
        &self,
        tenant: TenantId,
        id: AgentId,
        session: Option<SessionId>,
    ) -> Result<(Tenant, Arc<Resolved>), SessionError> {
        let served = self.0.contracts.served(tenant, id).await?.ok_or(SessionError::Missing("agent"))?;
        if served.tenant.status == TenantStatus::Suspended {
            return Err(SessionError::Suspended);
        }
        let Some(session) = session else {
            let who = Calling { caller: None, user: None, call: &new_call_id().to_string() };
            return Ok((served.tenant.clone(), served.choose(who)?));
        };
        let store = self.0.store.tenant(tenant);
        let session = store.agent_sessions().get(session).await?.filter(|session| session.agent_id == id);
        let session = session.ok_or(SessionError::Missing("session"))?;
        if !store.agent_sessions().touch(session.id, unix_ms()).await? {
            return Err(SessionError::Over);
        }
        let version = store.agents().get(id, session.agent_version).await?.ok_or(SessionError::Missing("agent"))?;
        let resolved = self.0.contracts.resolve(tenant, &version, Some(&session)).await?;
        Ok((served.tenant.clone(), Arc::new(resolved)))
    }

    /// A place for a call of this tenant, if it has room and means for one.
    pub(crate) async fn enter(&self, tenant: &Tenant, admission: &Admission) -> Result<Place, SessionError> {
        let limits = &tenant.limits;
        let room = if self.draining() {
            Err("draining")
        } else if self.is_spent(tenant).await? {
            Err("spend-cap")
        } else {
            admission.enter(tenant.id, limits.max_calls.map(|most| most as usize))
        };
        room.map_err(|limit| {
            self.0.metrics.refuse(limit);
            tracing::warn!(tenant = %tenant.id, limit, "refused a call: no room");
            SessionError::NoRoom(limit)
        })
    }

    /// Whether the tenant has spent what it may in this month.
    async fn is_spent(&self, tenant: &Tenant) -> Result<bool, SessionError> {
        let Some(cap) = tenant.limits.spend_cap_usd else { return Ok(false) };
        let spent = self.0.store.tenant(tenant.id).spent_this_month(unix_ms()).await?;
        Ok(Duration::from_micros(spent).as_secs_f64() >= cap)
    }

    /// The record of a call that no carrier carries.
    pub(crate) fn new_call(&self, version: &AgentVersion, channel: &str, session_id: Option<SessionId>) -> NewCall {
        // 63 bits: the database's integers are signed.
        let seed = rand::rng().random::<u64>() >> 1;
        let lease = Some(NewLease { owner: self.0.config.host.clone(), expires_ms: lease_end() });
        NewCall { lease, session_id, ..NewCall::new(version.agent_id, version.version, channel, unix_ms(), seed) }
    }

    /// The call was made but nobody can lead it: its record says why.
    async fn cannot_take(&self, call: Call, why: String) -> Result<Begun, SessionError> {
        tracing::error!(call = %call.id, why, "an agent cannot take its call");
        let update = CallUpdate {
            state: Some(CallState::Ended),
            ended_at_ms: Some(unix_ms()),
            end_reason: Some("failed".to_owned()),
            ..CallUpdate::default()
        };
        self.0.store.tenant(call.tenant).calls().update(call.id, update).await?;
        Ok(Begun::Unable { why })
    }

    /// The answer to a call's first webhook: made of the call alone, so that it is the same each time.
    fn same_answer(&self, call: &Call) -> Result<Answer, SessionError> {
        let nonce = *call.id.0.as_bytes();
        let token = self.token(call, nonce, token_expiry_s(call.started_at_ms))?;
        Ok(Answer::Stream { call: call.id, token })
    }

    pub(crate) fn token(
        &self,
        call: &Call,
        nonce: [u8; NONCE_BYTES],
        expires_at_s: u64,
    ) -> Result<String, SessionError> {
        let claims = CallClaims {
            call_id: call.id.to_string(),
            call_sid: call.carrier_call_sid.clone().unwrap_or_else(|| call.id.to_string()),
            account_sid: call.account_sid.clone().unwrap_or_else(|| crate::web::ACCOUNT.to_owned()),
            tenant: call.tenant.to_string(),
            expires_at_s,
            nonce,
        };
        Ok(mint(&self.0.config.token_key, &claims)?)
    }

    /// The media stream of a call has ended: what is next?
    ///
    /// # Errors
    /// The store, the agent's contract or its component cannot be used.
    pub async fn after(&self, id: CallId, webhook: &Verified<VoiceWebhook>) -> Result<After, SessionError> {
        let Some(tenant) = self.0.store.call_owner(id).await? else { return Ok(After::Unknown) };
        let Some(call) = self.0.store.tenant(tenant).calls().get(id).await? else { return Ok(After::Unknown) };
        let same = |ours: &Option<String>, theirs: &str| ours.as_deref() == Some(theirs);
        if !same(&call.carrier_call_sid, &webhook.call_sid) || !same(&call.account_sid, &webhook.account_sid) {
            return Ok(After::Unknown);
        }
        if call.state == CallState::Ended {
            return Ok(After::HangUp);
        }
        if webhook.call_status.is_final() {
            self.caller_gone(&call).await?;
            return Ok(After::HangUp);
        }
        match self.handle(id) {
            Some(handle) if handle.over.load(Ordering::Acquire) => return Ok(After::HangUp),
            Some(_) => {}
            None => match self.adopt(&call, "host-restart", None).await {
                Ok(()) => {}
                Err(SessionError::Store(StoreError::CallEnded)) => return Ok(After::HangUp),
                Err(error) => return Err(error),
            },
        }
        let nonce = rand::rng().random();
        Ok(After::Stream { token: self.token(&call, nonce, token_expiry_s(now_s() * 1_000))? })
    }

    /// The carrier reports how a call goes on.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn status(&self, status: &Verified<StatusCallback>) -> Result<(), SessionError> {
        if !status.call_status.is_final() {
            return Ok(());
        }
        let Some(account) = self.0.store.account(status.account_sid.as_str()).await? else { return Ok(()) };
        let tenant = self.0.store.tenant(account.tenant);
        match tenant.calls().by_carrier_sid(status.call_sid.as_str()).await? {
            Some(call) if call.state != CallState::Ended => self.caller_gone(&call).await,
            Some(_) | None => Ok(()),
        }
    }

    /// The carrier says that a call is over.
    async fn caller_gone(&self, call: &Call) -> Result<(), SessionError> {
        if self.handle(call.id).is_none() {
            self.adopt(call, "host-restart", None).await?;
        }
        if let Some(handle) = self.handle(call.id) {
            let end = Control::HangUp { reason: "caller-hangup".to_owned() };
            // A call that ends at this moment needs no telling.
            let _ = handle.mailbox.send(Mail::Control(end)).await;
        }
        Ok(())
    }
}

fn busy(agent: &Agent) -> Answer {
    Answer::Busy { line: render(&agent.prompt.busy, &agent.context).ok() }
}
