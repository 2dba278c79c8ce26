//! From a stored contract to what a call needs: the engine's configuration and the requests to the providers.

use crate::clock::unix_ms;
use crate::kit::{Bound, Kit};
use crate::line::Line;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use trunkline_contract::agent::{Agent, Llm, Status, Stt, SttProvider, Tts};
use trunkline_contract::event::CallInfo;
use trunkline_contract::instructions;
use trunkline_contract::template::render;
use trunkline_engine::{CallConfig, Component, Timeouts};
use trunkline_providers::{
    Documents, Llm as Model, ProviderError, Providers, Stt as Recogniser, SttRequest, Tts as Synthesiser, TtsRequest,
};
use trunkline_store::Call;

/// The agent cannot take a call.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanError {
    /// It was switched off.
    #[error("the agent is not active")]
    Inactive,
    /// One of its providers is not set up here.
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

/// What a call needs.
pub(crate) struct Plan {
    pub(crate) line: Line,
    pub(crate) engine: CallConfig,
    /// What [`Plan::stt`] was made of: an equal one hears on as it is.
    pub(crate) hears_with: Option<(Stt, String)>,
    pub(crate) stt: Option<(Arc<dyn Recogniser>, SttRequest)>,
    pub(crate) llm: Option<(Arc<dyn Model>, Llm)>,
    /// Tools that run outside of the engine, by the name that the model knows.
    pub(crate) bound: HashMap<String, Bound>,
    pub(crate) tts: Option<(Arc<dyn Synthesiser>, TtsRequest)>,
    /// The contract that all this was made of.
    pub(crate) agent: Arc<Agent>,
}

/// Makes the plan of a call. `components` begins with the agent's own.
pub(crate) fn plan(
    agent: &Agent,
    call: &Call,
    components: Vec<Component>,
    kit: Kit,
    providers: &Providers,
    documents: &Arc<dyn Documents>,
) -> Result<Plan, PlanError> {
    if agent.metadata.status != Status::Active {
        return Err(PlanError::Inactive);
    }
    let line = Line::of(&call.channel);
    let text = |template: &str| render(template, &agent.context).unwrap_or_else(|_| template.to_owned());
    let Kit { granted: tools, bound } = kit;
    let info = CallInfo {
        call_id: call.id.to_string(),
        channel: call.channel.clone(),
        caller: call.caller.clone(),
        callee: call.callee.clone(),
        locale: agent.locale.clone(),
        utc_offset_minutes: agent.utc_offset_minutes,
        speech_mode: line.speech_mode().to_owned(),
        agent_id: call.agent_id.to_string(),
        agent_version: call.agent_version.to_string(),
        greeting: agent.prompt.greeting.as_deref().map(text),
        settings: Value::Object(agent.behaviour.settings.clone()),
        settings_version: call.agent_version.to_string(),
        context: Value::Object(agent.context.clone()),
        handoff: None,
        tools: tools.iter().map(|tool| tool.info.clone()).collect(),
    };
    let engine = CallConfig {
        call: info,
        rules: agent.turn.clone(),
        limits: agent.limits.clone(),
        instructions: instructions::template(agent),
        fallback: text(&agent.prompt.fallback),
        goodbye: text(&agent.prompt.goodbye),
        can_generate: agent.llm.is_some(),
        output: agent.output_schema.clone(),
        thread_window: agent.memory.thread_window as usize,
        tools,
        components,
        playout: line.playout(),
        timeouts: timeouts(line, agent),
        seed: call.seed,
    };
    let stt = |stt: &Stt| Ok::<_, ProviderError>((providers.stt(stt)?, stt_request(stt, agent, line)));
    let tts = |tts: &Tts| {
        Ok::<_, ProviderError>((providers.tts(tts, &agent.locale)?, TtsRequest::new(tts, &agent.locale, line.format())))
    };
    let llm = |llm: &Llm| {
        Ok::<_, ProviderError>((
            providers.llm(llm, agent.knowledge.enabled.then(|| Arc::clone(documents)))?,
            llm.clone(),
        ))
    };
    Ok(Plan {
        engine,
        line,
        bound,
        agent: Arc::new(agent.clone()),
        hears_with: agent.stt.clone().map(|stt| (stt, agent.locale.clone())),
        stt: agent.stt.as_ref().filter(|_| line != Line::Text).map(stt).transpose()?,
        llm: agent.llm.as_ref().map(llm).transpose()?,
        tts: agent.tts.as_ref().filter(|_| line != Line::Text).map(tts).transpose()?,
    })
}

fn stt_request(stt: &Stt, agent: &Agent, line: Line) -> SttRequest {
    SttRequest {
        // The engine decides when a turn is over; the provider's own endpoint only makes words final sooner.
        utterance_end_ms: None,
        // Five frames of the carrier: what is left of them goes out when the caller pauses.
        batch_ms: 100,
        ..SttRequest::new(stt, &agent.locale, line.format())
    }
}

fn timeouts(line: Line, agent: &Agent) -> Timeouts {
    let defaults = Timeouts::default();
    let (llm, tts) = (agent.llm.as_ref(), agent.tts.as_ref());
    let slow = agent.stt.as_ref().is_some_and(|stt| stt.provider == SttProvider::Local);
    Timeouts {
        llm_stall: llm.map_or(defaults.llm_stall, |llm| u64::from(llm.timeout_ms)),
        tts_stall: tts.map_or(defaults.tts_stall, |tts| u64::from(tts.stall_ms) + AFTER_ADAPTER_MS),
        stt_stall: if slow { LOCAL_WORDS_MS } else { defaults.stt_stall },
        media_grace: line.grace_ms().unwrap_or(defaults.media_grace),
        ..defaults
    }
}

/// A program may take a good part of an utterance's length for its words, and utterances are cut at 13 s, ms.
const LOCAL_WORDS_MS: u64 = 8_000;

/// The adapter notices a silent synthesiser first, and then opens another connection; the engine's own watch is for an
/// adapter that does not, ms.
const AFTER_ADAPTER_MS: u64 = 500;

/// Until when a token that was made for a call is good, s of Unix time.
pub(crate) fn token_expiry_s(made_at_ms: u64) -> u64 {
    made_at_ms / 1_000 + TOKEN_LIFE_S
}

/// The carrier dials the media socket at once; a token need not live longer.
const TOKEN_LIFE_S: u64 = 60;

/// Now, s.
pub(crate) fn now_s() -> u64 {
    unix_ms() / 1_000
}
