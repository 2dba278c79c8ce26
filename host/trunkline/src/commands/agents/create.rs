//! A new agent: from a file, from another agent, or from answers to a few questions.

use super::super::Context;
use super::{changed, edit, read, refused};
use crate::backend::{Backend, Intent};
use crate::cli::NewAgent;
use crate::commands::providers;
use crate::output::{Out, Tone, clean};
use anyhow::{Context as _, bail};
use rustyline::DefaultEditor;
use serde_json::{Map, Value, json};
use std::io::IsTerminal;
use std::process::ExitCode;

/// What an agent is told that nobody instructs.
const INSTRUCTIONS: &str =
    "You answer for {{ name }}. Be friendly and brief, and say so when you do not know something.";

/// What ships, to begin with.
const SHIPPED: [(&str, &str); 2] = [
    ("receptionist", include_str!("../../../../../agents/receptionist.json")),
    ("survey", include_str!("../../../../../agents/survey.json")),
];

pub(super) async fn run(context: &Context<'_>, new: NewAgent) -> anyhow::Result<ExitCode> {
    let out = context.out;
    let backend = context.backend(Intent::Write).await?;
    let named = new.file.clone().unwrap_or_else(|| "the new agent".into());
    let asking = new.file.is_none() && !out.json && std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let document = match &new.file {
        Some(file) => read(file)?,
        None => compose(context, &backend, &new, asking).await?,
    };
    let made = match refused(backend.create_agent(&document).await)? {
        Ok(made) => made,
        Err(faults) if asking => {
            out.failure(&faults.into());
            return Box::pin(edit::new(out, &backend, &document)).await;
        }
        Err(faults) => return super::report(out, &named, &faults.faults, Some(&faults.detail)),
    };
    let made = if new.default { backend.set_default(super::id_of(&made)?).await? } else { made };
    let code = changed(out, &named, Ok(made.clone()))?;
    if asking {
        let name = made["document"]["name"].as_str().unwrap_or_default();
        out.aside(&format!("talk to it with `trunkline chat {:?}`", clean(name)));
    }
    Ok(code)
}

/// The contract that was described, with questions about the rest when there is somebody to ask.
async fn compose(context: &Context<'_>, backend: &Backend, new: &NewAgent, asking: bool) -> anyhow::Result<Value> {
    let mut draft = match &new.from {
        Some(name) => template(backend, name).await?,
        None => json!({"prompt": {}}),
    };
    if new.from.is_some()
        && let Value::Object(fields) = &mut draft
    {
        // A copy of the same name could not be told from what it was copied from.
        fields.remove("name");
    }
    given(&mut draft, new)?;
    let known = providers::status(context, backend).await?;
    if asking {
        Questions { out: context.out, editor: DefaultEditor::new()?, known: &known }.ask(&mut draft, new)?;
    } else {
        complete(&draft, &known)?;
    }
    if draft["prompt"]["instructions"].is_null() {
        draft["prompt"]["instructions"] = INSTRUCTIONS.into();
        draft["context"]["name"] = draft["name"].clone();
    }
    Ok(draft)
}

/// The agent of this name, else what ships under it.
async fn template(backend: &Backend, name: &str) -> anyhow::Result<Value> {
    let unknown = match backend.agent_id(name).await {
        Ok(id) => return Ok(backend.agent(id).await?["document"].take()),
        Err(error) => error,
    };
    let shipped = SHIPPED.iter().find(|(shipped, _)| shipped.eq_ignore_ascii_case(name));
    let names = SHIPPED.map(|(shipped, _)| shipped).join(", ");
    let (_, text) = shipped.ok_or(unknown).with_context(|| {
        format!("`{name}` is nothing to begin with (allowed: {names}, and the agents that there are)")
    })?;
    serde_json::from_str(text).context("an agent that ships is no JSON")
}

/// Everything that the command line says.
fn given(draft: &mut Value, new: &NewAgent) -> anyhow::Result<()> {
    let texts =
        [("/name", &new.name), ("/prompt/greeting", &new.greeting), ("/prompt/instructions", &new.instructions)];
    for (at, text) in texts {
        if let Some(text) = text {
            put(draft, at, json!(text));
        }
    }
    for (part, choice) in [("llm", &new.llm), ("stt", &new.stt), ("tts", &new.tts)] {
        if let Some(choice) = choice {
            put(draft, &format!("/{part}"), provider(choice));
        }
    }
    if let Some(voice) = &new.voice {
        put(draft, "/tts/voice", json!(voice));
    }
    for fact in &new.know {
        let (name, value) = fact.split_once('=').with_context(|| {
            format!("`{fact}` says nothing about anything: write it as NAME=VALUE, such as hours=\"9 to 5\"")
        })?;
        draft["context"][name.trim()] = json!(value.trim());
    }
    Ok(())
}

/// Sets a field, making the objects around it.
fn put(draft: &mut Value, at: &str, value: Value) {
    let mut place = draft;
    for name in at.split('/').skip(1) {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        place = &mut place[name];
    }
    *place = value;
}

fn provider(choice: &str) -> Value {
    match choice.split_once('/') {
        Some((provider, model)) => json!({"provider": provider, "model": model}),
        None => json!({"provider": choice}),
    }
}

/// Without anybody to ask, everything must be said.
fn complete(draft: &Value, known: &Value) -> anyhow::Result<()> {
    let mut missing = Vec::new();
    if draft["name"].is_null() {
        missing.push("--name".to_owned());
    }
    for part in ["llm", "stt", "tts"] {
        if draft[part].is_null() {
            let ready: Vec<&str> = providers::of_kind(known, part).filter(|p| p.ready).map(|p| p.name).collect();
            let ready =
                if ready.is_empty() { "none is ready".to_owned() } else { format!("ready: {}", ready.join(", ")) };
            missing.push(format!("--{part} ({ready})"));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    bail!("there is nobody to ask for what is missing: give {}, or a whole contract with --file", missing.join(", "));
}

struct Questions<'a> {
    out: &'a Out,
    editor: DefaultEditor,
    known: &'a Value,
}

impl Questions<'_> {
    fn ask(&mut self, draft: &mut Value, new: &NewAgent) -> anyhow::Result<()> {
        self.out.aside("Enter takes what is proposed, Ctrl-C stops. Everything can be changed later.");
        if draft["name"].is_null() {
            let name = self.text("What is it called?", "Receptionist")?;
            put(draft, "/name", json!(name));
        }
        if new.greeting.is_none() {
            let name = draft["name"].as_str().unwrap_or_default();
            let usual = format!("Hello, this is {name}. How can I help you?");
            let proposed = draft["prompt"]["greeting"].as_str().map_or(usual, str::to_owned);
            let greeting = self.text("What are its first words?", &proposed)?;
            put(draft, "/prompt/greeting", json!(greeting));
        }
        if new.know.is_empty() {
            self.facts(draft)?;
        }
        for (part, question) in [("llm", "Who thinks?"), ("stt", "Who listens?"), ("tts", "Who speaks?")] {
            if draft[part].is_null() {
                let choice = self.provider(part, question)?;
                put(draft, &format!("/{part}"), choice);
            }
        }
        if new.voice.is_none() && draft["tts"]["voice"].is_null() {
            self.voice(draft)?;
        }
        Ok(())
    }

    fn text(&mut self, question: &str, proposed: &str) -> anyhow::Result<String> {
        loop {
            self.out.aside(&self.out.paint_aside(Tone::Heading, question));
            let answer = self.editor.readline_with_initial("> ", (proposed, ""))?;
            if !answer.trim().is_empty() {
                return Ok(answer.trim().to_owned());
            }
        }
    }

    fn facts(&mut self, draft: &mut Value) -> anyhow::Result<()> {
        let question = "What should it know? One thing a line, such as `opening hours: 9 to 5`; an empty line ends.";
        self.out.aside(&self.out.paint_aside(Tone::Heading, question));
        loop {
            let line = self.editor.readline("> ")?;
            if line.trim().is_empty() {
                return Ok(());
            }
            match line.split_once(':').or_else(|| line.split_once('=')) {
                Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => {
                    draft["context"][name.trim()] = json!(value.trim());
                }
                _ => self.out.aside("write a name, a colon and what is to be known of it"),
            }
        }
    }

    fn provider(&mut self, part: &str, question: &str) -> anyhow::Result<Value> {
        let all: Vec<_> = providers::of_kind(self.known, part).collect();
        for provider in &all {
            let state = match (provider.ready, provider.problem) {
                (true, _) => self.out.paint_aside(Tone::Good, "ready"),
                (false, problem) => self.out.paint_aside(Tone::Quiet, &clean(problem.unwrap_or("not ready"))),
            };
            self.out.aside(&format!("  {:<12} {state}", provider.name));
        }
        let first = all.iter().find(|provider| provider.ready).or(all.first());
        let proposed = first.map_or("", |provider| provider.name).to_owned();
        loop {
            let answer = self.text(&format!("{question} (provider, or provider/model)"), &proposed)?;
            let choice = provider(&answer);
            if all.iter().any(|provider| choice["provider"] == provider.name) {
                return Ok(choice);
            }
            let names: Vec<&str> = all.iter().map(|provider| provider.name).collect();
            self.out.aside(&format!("`{}` is none of {}", clean(&answer), names.join(", ")));
        }
    }

    fn voice(&mut self, draft: &mut Value) -> anyhow::Result<()> {
        let named = draft["tts"]["provider"].as_str().unwrap_or_default();
        let voices = providers::voices(self.known, named);
        if voices.is_empty() && named == "local" {
            return Ok(());
        }
        if !voices.is_empty() {
            self.out.aside(&format!("  {}", clean(&voices.join(", "))));
        }
        let voice = self.text("With which voice?", voices.first().copied().unwrap_or_default())?;
        put(draft, "/tts/voice", json!(voice));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_become_a_contract() {
        let new = NewAgent {
            name: Some("Front desk".into()),
            greeting: Some("Hello!".into()),
            know: vec!["hours=9 to 5".into()],
            llm: Some("openai/gpt-4o-mini".into()),
            tts: Some("local".into()),
            voice: Some("slt".into()),
            ..NewAgent::default()
        };
        let mut draft = json!({"prompt": {}});
        given(&mut draft, &new).unwrap();
        let expected = json!({
            "name": "Front desk",
            "prompt": {"greeting": "Hello!"},
            "context": {"hours": "9 to 5"},
            "llm": {"provider": "openai", "model": "gpt-4o-mini"},
            "tts": {"provider": "local", "voice": "slt"},
        });
        assert_eq!(draft, expected);
        let wrong = NewAgent { know: vec!["hours".into()], ..NewAgent::default() };
        assert!(given(&mut draft, &wrong).unwrap_err().to_string().contains("NAME=VALUE"));
    }

    #[test]
    fn what_is_missing_is_listed_with_what_is_ready() {
        let known = json!({"items": [
            {"name": "local", "kind": "stt", "ready": true},
            {"name": "deepgram", "kind": "stt", "ready": false, "problem": "no key"},
        ]});
        let error = complete(&json!({"llm": {}}), &known).unwrap_err().to_string();
        assert!(error.contains("--name, --stt (ready: local), --tts (none is ready)"), "{error}");
    }
}
