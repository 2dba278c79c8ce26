//! The host's events as the guest's; counts the bytes that the guest will be handed.

use super::types as wit;
use serde_json::Value;
use trunkline_contract::event as host;

/// Counts what passes through it.
struct Sizer<'a>(&'a mut usize);

impl Sizer<'_> {
    fn text(&mut self, text: String) -> String {
        *self.0 = self.0.saturating_add(text.len());
        text
    }

    fn maybe(&mut self, text: Option<String>) -> Option<String> {
        text.map(|text| self.text(text))
    }

    fn json(&mut self, value: &Value) -> String {
        self.text(value.to_string())
    }
}

#[allow(clippy::needless_pass_by_value, reason = "texts move from the host's event into the guest's")]
pub(super) fn event(event: host::Event, size: &mut usize) -> wit::Event {
    let mut to = Sizer(size);
    match event {
        host::Event::Started(call) => wit::Event::Started(to.call(*call)),
        host::Event::Resumed(resumption) => {
            let host::Resumption { reason, call } = *resumption;
            wit::Event::Resumed(wit::Resumption { reason: to.text(reason), call: to.call(call) })
        }
        host::Event::Configured(call) => wit::Event::Configured(to.call(*call)),
        host::Event::UserTurn(turn) => wit::Event::UserTurn(wit::Turn {
            number: turn.number,
            text: to.text(turn.text),
            confidence: turn.confidence,
            language: to.maybe(turn.language),
            source: to.text(turn.source),
            start_ms: turn.start_ms,
            end_ms: turn.end_ms,
        }),
        host::Event::Digits(digits) => {
            wit::Event::Digits(wit::Digits { digits: to.text(digits.digits), reason: to.text(digits.reason) })
        }
        host::Event::Silence(silence) => {
            wit::Event::Silence(wit::Silence { count: silence.count, silent_ms: silence.silent_ms })
        }
        host::Event::Said(said) => wit::Event::Said(wit::Said { effect: said.effect, heard: to.text(said.heard) }),
        host::Event::Interrupted(interruption) => wit::Event::Interrupted(wit::Interruption {
            effect: interruption.effect,
            heard: to.text(interruption.heard),
        }),
        host::Event::Generated(generation) => wit::Event::Generated(to.generation(generation)),
        host::Event::ToolRequested(request) => wit::Event::ToolRequested(wit::ToolRequest {
            request_id: to.text(request.request_id),
            generation_id: to.text(request.generation_id),
            origin: to.text(request.origin),
            name: to.text(request.name),
            args: to.json(&request.args),
        }),
        host::Event::ToolFinished(result) => wit::Event::ToolFinished(wit::ToolResult {
            request_id: to.text(result.request_id),
            effect: result.effect,
            name: to.text(result.name),
            status: to.text(result.status),
            value: to.json(&result.value),
        }),
        host::Event::EffectDone(done) => wit::Event::EffectDone(wit::EffectResult {
            effect: done.effect,
            status: to.text(done.status),
            value: to.json(&done.value),
        }),
        host::Event::Timer { effect } => wit::Event::Timer(effect),
        host::Event::ContextChanged(context) => wit::Event::ContextChanged(to.json(&context)),
        host::Event::Voicemail(voicemail) => {
            wit::Event::Voicemail(wit::Voicemail { outcome: to.text(voicemail.outcome) })
        }
        host::Event::Transferred(result) => {
            wit::Event::Transferred(wit::TransferResult { effect: result.effect, status: to.text(result.status) })
        }
        host::Event::Control(control) => {
            wit::Event::Control(wit::Control { kind: to.text(control.kind), payload: to.json(&control.payload) })
        }
        host::Event::Failed(failure) => wit::Event::Failed(wit::Fault {
            effect: failure.effect,
            part: to.text(failure.part),
            code: to.text(failure.code),
            message: to.text(failure.message),
            retryable: failure.retryable,
        }),
        host::Event::Denied(denial) => wit::Event::Denied(wit::Denial {
            effect: denial.effect,
            action: to.text(denial.action),
            rule: to.text(denial.rule),
            message: to.text(denial.message),
        }),
        host::Event::Swapped { from } => wit::Event::Swapped(to.text(from)),
        host::Event::Custom(custom) => {
            wit::Event::Custom(wit::Custom { name: to.text(custom.name), payload: to.json(&custom.payload) })
        }
        host::Event::Ended(ended) => {
            wit::Event::Ended(wit::EndReason { reason: to.text(ended.reason), duration_ms: ended.duration_ms })
        }
    }
}

impl Sizer<'_> {
    fn call(&mut self, call: host::CallInfo) -> wit::CallInfo {
        wit::CallInfo {
            call_id: self.text(call.call_id),
            channel: self.text(call.channel),
            caller: self.maybe(call.caller),
            callee: self.maybe(call.callee),
            locale: self.text(call.locale),
            utc_offset_minutes: call.utc_offset_minutes,
            speech_mode: self.text(call.speech_mode),
            agent_id: self.text(call.agent_id),
            agent_version: self.text(call.agent_version),
            greeting: self.maybe(call.greeting),
            settings: self.json(&call.settings),
            settings_version: self.text(call.settings_version),
            context: self.json(&call.context),
            handoff: call.handoff.as_ref().map(|handoff| self.json(handoff)),
            tools: call.tools.into_iter().map(|tool| self.tool(tool)).collect(),
        }
    }

    fn tool(&mut self, tool: host::ToolInfo) -> wit::ToolInfo {
        wit::ToolInfo {
            name: self.text(tool.name),
            description: self.text(tool.description),
            input_schema: self.json(&tool.input_schema),
        }
    }

    fn generation(&mut self, generation: host::Generation) -> wit::Generation {
        wit::Generation {
            generation_id: self.text(generation.generation_id),
            effect: generation.effect,
            text: self.text(generation.text),
            heard: self.text(generation.heard),
            output: generation.output.as_ref().map(|output| self.json(output)),
            usage: wit::Usage {
                input_tokens: generation.usage.input_tokens,
                output_tokens: generation.usage.output_tokens,
                cached_tokens: generation.usage.cached_tokens,
            },
            cost_micros: generation.cost_micros,
            finish_reason: self.text(generation.finish_reason),
        }
    }
}
