//! What a schema cannot say: sections that belong together, templates and their variables, tools and components that exist,
//! and what is allowed but should be looked at.

use super::{Fault, nearest};
use crate::agent::{Agent, AgentType, LlmProvider, TtsProvider};
use crate::template::{self, TemplateError};
use serde_json::{Map, Value};

/// Models that give their answer as a whole: the caller waits for all of it. By the beginning of their names.
const NOT_STREAMING: &[&str] = &["o1-pro", "o3-pro"];
/// ElevenLabs' models that its streaming socket, which gives 8 kHz mu-law, does not take.
const NOT_TELEPHONE: &[&str] = &["eleven_v3"];

/// Every fault and warning.
pub(super) fn faults(agent: &Agent, tools: &[&str], components: &[&str]) -> Vec<Fault> {
    let mut faults = Vec::new();
    speech(agent, &mut faults);
    texts(agent, &mut faults);
    names(agent, tools, components, &mut faults);
    providers(agent, &mut faults);
    output(agent, &mut faults);
    warnings(agent, &mut faults);
    faults
}

fn speech(agent: &Agent, faults: &mut Vec<Fault>) {
    if agent.agent_type != AgentType::Voice {
        return;
    }
    if agent.stt.is_none() {
        let message = "a voice agent needs `stt` (allowed providers: deepgram, local)";
        faults.push(Fault::error("/stt", "missing", message));
    }
    if agent.tts.is_none() {
        let message = "a voice agent needs `tts` (allowed providers: elevenlabs, local)";
        faults.push(Fault::error("/tts", "missing", message));
    }
}

/// The context as the instructions see it: with the answers so far, under `output`.
fn with_output(agent: &Agent) -> Map<String, Value> {
    let mut context = agent.context.clone();
    if !agent.output_schema.is_empty() && !context.contains_key("output") {
        let fields = agent.output_schema.fields.iter().map(|field| (field.name.clone(), Value::Null));
        context.insert("output".to_owned(), Value::Object(fields.collect()));
    }
    context
}

fn texts(agent: &Agent, faults: &mut Vec<Fault>) {
    let whole = with_output(agent);
    let told = [
        ("/prompt/instructions", Some(&agent.prompt.instructions)),
        ("/identity/character_role", Some(&agent.identity.character_role)),
        ("/identity/mission", Some(&agent.identity.mission)),
        ("/identity/interaction_style", Some(&agent.identity.interaction_style)),
    ];
    let said = [
        ("/prompt/greeting", agent.prompt.greeting.as_ref()),
        ("/prompt/fallback", Some(&agent.prompt.fallback)),
        ("/prompt/busy", Some(&agent.prompt.busy)),
        ("/prompt/goodbye", Some(&agent.prompt.goodbye)),
    ];
    let all =
        told.map(|(at, text)| (at, text, &whole)).into_iter().chain(said.map(|(at, text)| (at, text, &agent.context)));
    for (pointer, text, context) in all {
        if let Some(Err(error)) = text.map(|text| template::render(text, context)) {
            faults.push(Fault::error(pointer, "template", explain(&error, agent)));
        }
    }
}

fn explain(error: &TemplateError, agent: &Agent) -> String {
    match error {
        TemplateError::Unknown { name, .. } => match name.strip_prefix("output.") {
            Some(field) if agent.output_schema.fields.iter().any(|known| known.name == field) => {
                format!("`{name}`: only instructions and identity know the answers so far")
            }
            Some(field) => {
                let known: Vec<&str> = agent.output_schema.fields.iter().map(|field| field.name.as_str()).collect();
                format!("`{name}`: `output_schema` has no field `{field}` (known: {})", known.join(", "))
            }
            None => error.to_string(),
        },
        TemplateError::Unclosed { .. } => error.to_string(),
    }
}

fn names(agent: &Agent, tools: &[&str], components: &[&str], faults: &mut Vec<Fault>) {
    let unknown = |what: &str, name: &str, known: &[&str]| {
        let near =
            nearest(name, known.iter().copied()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        format!("there is no {what} `{name}` (allowed: {}){near}", known.join(", "))
    };
    for (index, name) in agent.tools.iter().enumerate() {
        let at = format!("/tools/{index}");
        if !tools.contains(&name.as_str()) {
            faults.push(Fault::error(at, "unknown-tool", unknown("tool", name, tools)));
        } else if agent.tools.iter().take(index).any(|before| before == name) {
            faults.push(Fault::error(at, "duplicate", format!("`{name}` is granted already")));
        }
    }
    let component = agent.behaviour.component.as_str();
    if !components.contains(&component) {
        faults.push(Fault::error(
            "/behaviour/component",
            "unknown-component",
            unknown("component", component, components),
        ));
    }
}

fn providers(agent: &Agent, faults: &mut Vec<Fault>) {
    if let Some(llm) = &agent.llm
        && llm.provider == LlmProvider::Openai
        && llm.model.is_none()
    {
        faults.push(Fault::error("/llm/model", "missing", "the provider `openai` needs `model`"));
    }
    if let Some(tts) = &agent.tts
        && tts.provider == TtsProvider::Elevenlabs
        && tts.voice.is_none()
    {
        faults.push(Fault::error("/tts/voice", "missing", "the provider `elevenlabs` needs `voice`"));
    }
    let endpointing = &agent.turn.endpointing;
    if endpointing.min_ms > endpointing.max_ms {
        let message = format!("{} is more than max_ms ({})", endpointing.min_ms, endpointing.max_ms);
        faults.push(Fault::error("/turn/endpointing/min_ms", "range", message));
    }
    if agent.llm.is_none() && agent.behaviour.component == "conversation" {
        faults.push(Fault::error("/llm", "missing", "the behaviour `conversation` generates: it needs `llm`"));
    }
}

fn output(agent: &Agent, faults: &mut Vec<Fault>) {
    let schema = &agent.output_schema;
    faults.extend(schema.faults("/output_schema"));
    if schema.is_empty() {
        return;
    }
    if agent.agent_type == AgentType::Voice && schema.spoken().is_none() {
        let message = "a voice agent has to say something: one `str` field needs `use_in_tts`";
        faults.push(Fault::error("/output_schema/fields", "spoken", message));
    }
    if agent.llm.as_ref().is_some_and(|llm| llm.provider == LlmProvider::Builtin) {
        let message = "the provider `builtin` gives no structured answers: `output_schema` needs a language model";
        faults.push(Fault::error("/output_schema", "unsupported", message));
    }
}

fn warnings(agent: &Agent, faults: &mut Vec<Fault>) {
    let mut warn = |at: &str, code: &str, message: String| faults.push(Fault::warning(at, code, message));
    if agent.prompt.instructions.trim().is_empty() && agent.llm.is_some() {
        warn("/prompt/instructions", "empty", "the model gets no instructions".to_owned());
    }
    let of = |names: &[&str], model: &Option<String>| {
        model.clone().filter(|model| names.iter().any(|name| model.starts_with(name)))
    };
    if let Some(model) = agent.llm.as_ref().and_then(|llm| of(NOT_STREAMING, &llm.model)) {
        warn(
            "/llm/model",
            "not-streaming",
            format!("`{model}` does not stream: the caller waits for its whole answer"),
        );
    }
    let spoken = agent.agent_type == AgentType::Voice;
    if let Some(model) = agent.tts.as_ref().filter(|_| spoken).and_then(|tts| of(NOT_TELEPHONE, &tts.model)) {
        let message = format!("`{model}` does not give 8 kHz as it speaks: telephones will hear it late or not at all");
        warn("/tts/model", "not-telephone", message);
    }
    if agent.realtime.is_some() {
        let message = "this host runs agents through `stt`, `llm` and `tts`: `realtime` is kept, and not used";
        warn("/realtime", "not-active", message.to_owned());
    }
    if agent.memory.enabled {
        warn(
            "/memory/enabled",
            "not-active",
            "this host remembers nothing from one conversation to the next".to_owned(),
        );
    }
    if agent.tracing.enabled {
        warn("/tracing/enabled", "not-active", "this host sends no traces".to_owned());
    }
}
