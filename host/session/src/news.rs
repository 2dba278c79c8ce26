//! What webhooks are told of a call that has ended.

use serde_json::{Map, Value, json};
use trunkline_contract::agent::{Agent, WebhookEvent};
use trunkline_store::{Call, Emit};

/// The events: that it has ended, and its result, if it has one. Hidden fields stay here.
pub(crate) fn news(call: &Call, agent: &Agent, reason: &str, result: &Map<String, Value>, now_ms: u64) -> Vec<Emit> {
    let about = json!({
        "call_id": call.id,
        "agent_id": call.agent_id,
        "agent_version": call.agent_version,
        "agent": agent.name,
        "channel": call.channel,
        "direction": call.direction,
        "caller": call.caller,
        "callee": call.callee,
        "session_id": call.session_id,
        "started_at_ms": call.started_at_ms,
        "ended_at_ms": now_ms,
        "end_reason": reason,
    });
    let emit = |event, data| Emit { event, data, in_contract: agent.webhooks.clone(), now_ms };
    let mut news = vec![emit(WebhookEvent::CallEnded, about)];
    let shown = result.iter().filter(|(name, _)| !agent.output_schema.is_hidden(name));
    let shown: Map<String, Value> = shown.map(|(name, value)| (name.clone(), value.clone())).collect();
    if !shown.is_empty() {
        let data = json!({"call_id": call.id, "agent_id": call.agent_id, "result": shown});
        news.push(emit(WebhookEvent::CallResult, data));
    }
    news
}
