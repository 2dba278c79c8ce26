//! What a schema cannot say: sections that belong together, tools and components that exist, and what is allowed but should
//! be looked at.
//!
//! The rules look at the document and not at the types, so that each of them works as long as the parts that it is about
//! have the right shape, whatever is wrong beside them.

mod output;
mod texts;
mod warnings;

use super::{Fault, Sound, hint, listed};
use crate::agent::{Behaviour, Endpointing};
use std::collections::HashSet;

/// Every fault and warning of a whole contract.
pub(super) fn of_whole(sound: &Sound<'_>, tools: &[&str], components: &[&str]) -> Vec<Fault> {
    let mut faults = Vec::new();
    speech(sound, &mut faults);
    texts::variables(sound, &mut faults);
    granted(sound, tools, &mut faults);
    component(sound, components, &mut faults);
    providers(sound, &mut faults);
    let usual = Endpointing::default();
    endpointing(sound, Some(usual.min_ms.into()), Some(usual.max_ms.into()), &mut faults);
    output::fields(sound, &mut faults);
    output::of_whole(sound, &mut faults);
    warnings::warnings(sound, &mut faults);
    // What is wrong already is not told again.
    faults.retain(|fault| sound.is(&fault.pointer));
    faults
}

/// Every fault of a part of a contract: what can be seen without the rest.
pub(super) fn of_part(sound: &Sound<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    texts::braces(sound, &mut faults);
    endpointing(sound, None, None, &mut faults);
    output::fields(sound, &mut faults);
    faults.retain(|fault| sound.is(&fault.pointer));
    faults
}

fn is_voice(sound: &Sound<'_>) -> bool {
    sound.text_or("/type", "voice") == Some("voice")
}

fn speech(sound: &Sound<'_>, faults: &mut Vec<Fault>) {
    for (at, message) in [
        ("/stt", "a voice agent needs `stt` (allowed providers: deepgram, local)"),
        ("/tts", "a voice agent needs `tts` (allowed providers: elevenlabs, local)"),
    ] {
        if is_voice(sound) && sound.lacks(at) {
            faults.push(Fault::error(at, "missing", message));
        }
    }
}

fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let (allowed, near) = (listed(known.iter().copied()), hint(name, known.iter().copied()));
    format!("there is no {what} `{name}` (allowed: {allowed}){near}")
}

fn granted(sound: &Sound<'_>, tools: &[&str], faults: &mut Vec<Fault>) {
    let mut before = HashSet::new();
    for (index, name) in sound.items("/tools") {
        let at = format!("/tools/{index}");
        let Some(name) = name.as_str() else { continue };
        if !tools.contains(&name) {
            faults.push(Fault::error(at, "unknown-tool", unknown("tool", name, tools)));
        } else if !before.insert(name.rsplit('.').next().unwrap_or(name)) {
            let message = format!("a tool that the model would know by the name of `{name}` is granted already");
            faults.push(Fault::error(at, "duplicate", message));
        }
    }
}

/// The component that decides, when it is named rightly.
fn component_of<'a>(sound: &Sound<'a>, usual: &'a Behaviour) -> Option<&'a str> {
    sound.text_or("/behaviour/component", &usual.component)
}

fn component(sound: &Sound<'_>, components: &[&str], faults: &mut Vec<Fault>) {
    let usual = Behaviour::default();
    let Some(component) = component_of(sound, &usual) else { return };
    if !components.contains(&component) {
        let message = unknown("component", component, components);
        faults.push(Fault::error("/behaviour/component", "unknown-component", message));
    }
    if component == usual.component && sound.lacks("/llm") {
        faults.push(Fault::error("/llm", "missing", "the behaviour `conversation` generates: it needs `llm`"));
    }
}

fn providers(sound: &Sound<'_>, faults: &mut Vec<Fault>) {
    for (section, provider, needs) in [("/llm", "openai", "model"), ("/tts", "elevenlabs", "voice")] {
        let at = format!("{section}/{needs}");
        if sound.text(&format!("{section}/provider")) == Some(provider) && sound.lacks(&at) {
            faults.push(Fault::error(at, "missing", format!("the provider `{provider}` needs `{needs}`")));
        }
    }
}

/// `least` and `most` count where the document says nothing.
fn endpointing(sound: &Sound<'_>, least: Option<u64>, most: Option<u64>, faults: &mut Vec<Fault>) {
    let bound = |name: &str, usual: Option<u64>| {
        let at = format!("/turn/endpointing/{name}");
        if sound.lacks(&at) { usual } else { sound.get(&at)?.as_u64() }
    };
    if let (Some(least), Some(most)) = (bound("min_ms", least), bound("max_ms", most))
        && least > most
    {
        let message = format!("{least} is more than max_ms ({most})");
        faults.push(Fault::error("/turn/endpointing/min_ms", "range", message));
    }
}
