//! Tools in flight: every request gets exactly one answer, whatever happens to the turn that asked.
//!
//! A tool that changes something outside is recorded before it runs and carries an idempotency key, so that after a crash
//! it is reported as `unknown` and never run again by itself.

use crate::history::PENDING;
use crate::{Call, Command, Granted, Runner, ToolOutcome};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use trunkline_contract::action::{AnswerTool, CallTool};
use trunkline_contract::chat::ToolCall;
use trunkline_contract::event::{Event, ToolRequest, ToolResult};
use trunkline_contract::log::Entry;
use trunkline_contract::{EffectId, Ms};

/// Who asked for a tool.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// The generation's job, while it waits for the answer.
    pub(crate) job: Option<u32>,
    /// The behaviour's `call-tool`.
    pub(crate) effect: Option<EffectId>,
    /// Where the answer stands in the history.
    pub(crate) slot: Option<u32>,
    pub(crate) generation: String,
}

#[derive(Debug)]
struct Running {
    asked: Asked,
    name: String,
    /// The behaviour answers, nobody runs it.
    behaviour_answers: bool,
    cancellable: bool,
    key: Option<String>,
    deadline: Option<Ms>,
    /// Somebody outside of the engine runs it.
    sent: bool,
    /// The behaviour that would be told has gone.
    disowned: bool,
}

/// A behaviour that was asked for a tool's answer has this long, ms.
const ASK_MS: Ms = 30_000;

/// All requests without an answer.
#[derive(Debug, Default)]
pub(crate) struct ToolDesk {
    running: BTreeMap<String, Running>,
    next: u64,
}

impl ToolDesk {
    pub(crate) fn open_for(&self, job: u32) -> bool {
        self.running.values().any(|request| request.asked.job == Some(job))
    }

    /// Something runs that the caller may be waiting for.
    pub(crate) fn busy(&self) -> bool {
        !self.running.is_empty()
    }

    pub(crate) fn deadline(&self) -> Option<Ms> {
        self.running.values().filter_map(|request| request.deadline).min()
    }

    /// Whoever asked is gone: the answers are for the history alone.
    pub(crate) fn disown(&mut self) {
        for request in self.running.values_mut() {
            (request.asked.effect, request.asked.job, request.disowned) = (None, None, true);
        }
    }

    pub(crate) fn restore(&mut self, next: u64) {
        self.next = next;
    }

    fn id(&mut self) -> String {
        self.next += 1;
        format!("tool-{}", self.next)
    }
}

impl Call {
    /// The model asked for a tool; `tool` is the grant, if there is one that it may see.
    pub(crate) fn tool_requested(&mut self, asked: Asked, call: ToolCall, tool: Option<Granted>, ask: bool) {
        let request_id = self.tools.id();
        let args = serde_json::from_str::<Value>(if call.arguments.trim().is_empty() { "{}" } else { &call.arguments });
        let running = Running {
            asked: asked.clone(),
            name: call.name.clone(),
            behaviour_answers: ask,
            cancellable: true,
            key: None,
            deadline: ask.then_some(self.now + ASK_MS),
            sent: false,
            disowned: false,
        };
        self.tools.running.insert(request_id.clone(), running);
        match (tool, args) {
            (None, _) => {
                self.answer(&request_id, "denied", json!({"error": format!("there is no tool `{}`", call.name)}));
            }
            (_, Err(error)) => {
                self.answer(&request_id, "failed", json!({"error": format!("the arguments are not JSON: {error}")}));
            }
            (Some(_), Ok(args)) if ask => {
                let origin = "behaviour".to_owned();
                let generation_id = asked.generation;
                self.enqueue(Event::ToolRequested(ToolRequest {
                    request_id,
                    generation_id,
                    origin,
                    name: call.name,
                    args,
                }));
            }
            (Some(tool), Ok(args)) => self.run_tool(&request_id, &tool, args),
        }
    }

    /// A behaviour asked for a tool.
    pub(crate) fn call_tool(&mut self, effect: EffectId, call: CallTool) {
        let Some(tool) = self.config.tools.iter().find(|tool| tool.info.name == call.name).cloned() else {
            self.deny(effect, "call-tool", "not-granted", &format!("the agent has no tool `{}`", call.name));
            return;
        };
        let request_id = self.tools.id();
        let running = Running {
            asked: Asked { effect: Some(effect), ..Asked::default() },
            name: call.name,
            behaviour_answers: false,
            cancellable: true,
            key: None,
            deadline: None,
            sent: false,
            disowned: false,
        };
        self.tools.running.insert(request_id.clone(), running);
        self.run_tool(&request_id, &tool, call.args);
    }

    fn run_tool(&mut self, request_id: &str, tool: &Granted, args: Value) {
        let Runner::External { write, cancellable, timeout_ms } = tool.runner else {
            self.run_builtin(request_id, tool.runner, &args);
            return;
        };
        let key = format!("{}:{request_id}", self.config.call.call_id);
        let effect = self.tools.running.get(request_id).and_then(|running| running.asked.effect);
        let after_seq = write.then(|| {
            self.append_urgent(Entry::EffectIntent {
                idempotency_key: key.clone(),
                what: "tool".to_owned(),
                detail: json!({"request_id": request_id, "name": tool.info.name, "effect": effect}),
            })
        });
        let deadline = self.now + Ms::from(timeout_ms);
        let Some(running) = self.tools.running.get_mut(request_id) else { return };
        running.cancellable = cancellable;
        running.key = write.then(|| key.clone());
        running.deadline = Some(deadline);
        running.sent = true;
        let name = tool.info.name.clone();
        let request_id = request_id.to_owned();
        self.out.push(Command::RunTool { request_id, name, args, idempotency_key: key, after_seq, effect });
    }

    pub(crate) fn tool_done(&mut self, request_id: &str, outcome: ToolOutcome) {
        self.answer(request_id, &outcome.status, outcome.value);
    }

    /// The behaviour answers a request of the model.
    pub(crate) fn answer_tool(&mut self, effect: EffectId, answer: AnswerTool) {
        match self.tools.running.get(&answer.request_id) {
            Some(request) if request.behaviour_answers => {
                let status = if answer.status == "ok" { "ok" } else { "failed" };
                self.answer(&answer.request_id, status, answer.value);
            }
            Some(_) | None => {
                let message = format!("no request `{}` waits for an answer", answer.request_id);
                self.deny(effect, "answer-tool", "invalid", &message);
            }
        }
    }

    /// The one place where a request ends: log, history, behaviour, and the generation that waits.
    pub(crate) fn answer(&mut self, request_id: &str, status: &str, value: Value) {
        let Some(request) = self.tools.running.remove(request_id) else { return };
        if let Some(key) = request.key {
            let (status, value) = (status.to_owned(), value.clone());
            self.append(Entry::EffectOutcome { idempotency_key: key, status, value });
        }
        self.record_answer(request.asked.slot, status, &value);
        if !request.behaviour_answers && !request.disowned {
            self.enqueue(Event::ToolFinished(ToolResult {
                request_id: request_id.to_owned(),
                effect: request.asked.effect,
                name: request.name,
                status: status.to_owned(),
                value,
            }));
        }
        if let Some(job) = request.asked.job {
            self.generation_goes_on(job);
        }
        self.ending.outlasted(self.now);
    }

    fn record_answer(&mut self, slot: Option<u32>, status: &str, value: &Value) {
        let Some(index) = slot else { return };
        let content = match status {
            "ok" => value.to_string(),
            status => json!({"status": status, "result": value}).to_string(),
        };
        if let Some(message) = self.history.set_text(index, &content) {
            self.append(Entry::message(index, message));
        }
    }

    /// The turn that asked was interrupted: what may be dropped is dropped, the rest reports when it is done.
    pub(crate) fn interrupt_tools(&mut self, job: u32) {
        let mine: Vec<(String, bool)> = self
            .tools
            .running
            .iter()
            .filter(|(_, request)| request.asked.job == Some(job))
            .map(|(id, request)| (id.clone(), request.cancellable))
            .collect();
        for (id, cancellable) in mine {
            if cancellable {
                self.drop_tool(&id);
            } else if let Some(request) = self.tools.running.get_mut(&id) {
                request.asked.job = None;
                let slot = request.asked.slot;
                if let Some(index) = slot
                    && let Some(message) = self.history.set_text(index, PENDING)
                {
                    self.append(Entry::message(index, message));
                }
            }
        }
    }

    fn drop_tool(&mut self, id: &str) {
        if self.tools.running.get(id).is_some_and(|request| request.sent) {
            self.out.push(Command::CancelTool { request_id: id.to_owned() });
        }
        self.answer(id, "cancelled", Value::Null);
    }

    pub(crate) fn cancel_tool_of(&mut self, effect: EffectId) {
        let of = |(id, request): (&String, &Running)| (request.asked.effect == Some(effect)).then(|| id.clone());
        let ids: Vec<String> = self.tools.running.iter().filter_map(of).collect();
        for id in ids {
            self.drop_tool(&id);
        }
    }

    /// The call is over: what may be dropped gets its answer now, the rest when it is done.
    pub(crate) fn stop_tools(&mut self) {
        let droppable = |(id, request): (&String, &Running)| request.cancellable.then(|| id.clone());
        let ids: Vec<String> = self.tools.running.iter().filter_map(droppable).collect();
        for id in ids {
            self.drop_tool(&id);
        }
    }

    pub(crate) fn tools_due(&mut self) {
        let late = |(id, request): (&String, &Running)| {
            request.deadline.is_some_and(|at| at <= self.now).then(|| (id.clone(), request.sent, request.key.is_some()))
        };
        let late: Vec<(String, bool, bool)> = self.tools.running.iter().filter_map(late).collect();
        for (id, sent, write) in late {
            if sent {
                self.out.push(Command::CancelTool { request_id: id.clone() });
            }
            // A write that gave no answer may have happened.
            let status = if write { "unknown" } else { "failed" };
            self.answer(&id, status, json!({"error": "the tool gave no answer in time"}));
        }
    }
}
