//! Variables of an environment file: one agent, and the keys of its providers.

use super::reading::{Pair, Reading};
use super::writing::Writing;
use crate::validate::{Fault, listed, short};
use serde_json::{Map, Number, Value, json};

const WORDS: &[Pair] = &[
    ("/AGENT_NAME", "/name"),
    ("/SYSTEM_PROMPT", "/prompt/instructions"),
    ("/AGENT_INSTRUCTIONS", "/prompt/instructions"),
    ("/GREETING", "/prompt/greeting"),
    ("/GREETING_MESSAGE", "/prompt/greeting"),
    ("/AGENT_GREETING", "/prompt/greeting"),
    ("/AGENT_LOCALE", "/locale"),
];
const LLM: &[Pair] = &[
    ("/LLM_PROVIDER", "/llm/provider"),
    ("/LLM_MODEL", "/llm/model"),
    ("/LLM_TEMPERATURE", "/llm/temperature"),
    ("/LLM_MAX_TOKENS", "/llm/max_tokens"),
    ("/LLM_BASE_URL", "/llm/base_url"),
];
const STT: &[Pair] =
    &[("/STT_PROVIDER", "/stt/provider"), ("/STT_MODEL", "/stt/model"), ("/STT_LANGUAGE", "/stt/language")];
const TTS: &[Pair] = &[
    ("/TTS_PROVIDER", "/tts/provider"),
    ("/TTS_VOICE", "/tts/voice"),
    ("/TTS_VOICE_ID", "/tts/voice"),
    ("/TTS_MODEL", "/tts/model"),
    ("/TTS_SPEED", "/tts/speed"),
    ("/TTS_STABILITY", "/tts/stability"),
    ("/TTS_SIMILARITY_BOOST", "/tts/similarity_boost"),
];
/// Variables that are numbers.
const NUMBERS: &[&str] = &["LLM_TEMPERATURE", "LLM_MAX_TOKENS", "TTS_SPEED", "TTS_STABILITY", "TTS_SIMILARITY_BOOST"];
const UNNAMED: &str = "Default agent";

/// Whether something may be the name of a variable.
pub(super) fn is_name(name: &str) -> bool {
    let first = name.chars().next().is_some_and(|first| first.is_ascii_uppercase() || first == '_');
    first && name.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
}

/// The variables with their numbers as such; what is none stays a text, to be refused at its place.
pub(super) fn typed(members: &Map<String, Value>) -> Map<String, Value> {
    let number = |text: &str| serde_json::from_str::<Number>(text.trim()).ok();
    let typed = |(name, value): (&String, &Value)| {
        let number = value.as_str().filter(|_| NUMBERS.contains(&name.as_str())).and_then(number);
        (name.clone(), number.map_or_else(|| value.clone(), Value::Number))
    };
    members.iter().map(typed).collect()
}

/// Whether anything is said of an agent.
pub(super) fn check(members: &Map<String, Value>) -> Result<(), Fault> {
    let known = [WORDS, LLM, STT, TTS].concat();
    let names = || known.iter().map(|(from, _)| from.trim_start_matches('/'));
    if names().any(|name| members.contains_key(name)) {
        return Ok(());
    }
    let message = format!("these variables describe no agent (known: {})", listed(names()));
    Err(Fault::error("", "env", message))
}

pub(super) fn read(reading: &mut Reading<'_>) {
    let variables = reading.get("").and_then(Value::as_object).into_iter().flatten();
    for (name, value) in variables {
        let at = format!("/{name}");
        if value == "" {
            reading.drop(&at, "it is empty");
        }
    }
    reading.copy(WORDS);
    reading.section("llm", LLM);
    reading.section("stt", STT);
    reading.section("tts", TTS);
    if reading.get("/AGENT_NAME").is_none() {
        reading.add("/name", json!(UNNAMED), "the variables name no agent (`AGENT_NAME`)");
    }
    let known = [WORDS, LLM, STT, TTS].concat();
    let variables = reading.get("").and_then(Value::as_object).into_iter().flatten();
    for (name, _) in variables {
        let at = format!("/{name}");
        if known.iter().all(|(from, _)| *from != at) {
            reading.drop(&at, "it is no setting of an agent");
        }
    }
}

pub(super) fn write(writing: &mut Writing<'_>) {
    let said: Vec<Pair> = WORDS.iter().copied().filter(|(_, from)| writing.says(from)).collect();
    writing.copy(&said);
    writing.section("llm", LLM);
    writing.section("stt", STT);
    writing.section("tts", TTS);
}

/// Reads lines of `NAME=value`: `#` begins a comment, `export` may stand before, values may be quoted. Between single
/// quotes everything is literal; between double quotes `\n`, `\r`, `\t`, `\"`, `\\` and `\$` are escapes and the text may
/// go over several lines. Nothing is substituted: a value is what stands there. Of two of a name the latter counts.
pub(super) fn parse(text: &str) -> Result<Map<String, Value>, Fault> {
    let mut members = Map::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let line_of = |rest: &str| text.get(..text.len() - rest.len()).unwrap_or_default().matches('\n').count() + 1;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(members);
        }
        if rest.starts_with('#') {
            rest = rest.split_once('\n').map_or("", |(_, behind)| behind);
            continue;
        }
        let fault = |what: &str| {
            let line = line_of(rest);
            Fault::error("", "env", format!("line {line}: {what}"))
        };
        let line = rest.lines().next().unwrap_or_default();
        let Some((name, _)) = line.split_once('=') else {
            return Err(fault(&format!("`{}` is no variable: write it as NAME=value", short(line))));
        };
        let behind = rest.get(name.len() + 1..).unwrap_or_default();
        let name = name.trim();
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        if !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        {
            return Err(fault(&format!("`{}` is no name of a variable", short(name))));
        }
        let (value, behind) = value(behind).ok_or_else(|| fault(&format!("the quote of `{name}` is not closed")))?;
        let (more, next) = behind.split_once('\n').unwrap_or((behind, ""));
        let more = more.trim();
        if !more.is_empty() && !more.starts_with('#') {
            return Err(fault(&format!("`{}` stands behind the value of `{name}`", short(more))));
        }
        members.insert(name.to_owned(), value.into());
        rest = next;
    }
}

/// A value and what stands behind it.
fn value(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start_matches([' ', '\t']);
    if let Some(quoted) = text.strip_prefix('\'') {
        return quoted.split_once('\'').map(|(value, behind)| (value.to_owned(), behind));
    }
    let Some(quoted) = text.strip_prefix('"') else {
        let line = text.split(['\n', '\r']).next().unwrap_or_default();
        let value = match line.starts_with('#') {
            true => "",
            false => line.split_once(" #").map_or(line, |(value, _)| value),
        };
        return Some((value.trim().to_owned(), text.get(line.len()..).unwrap_or_default()));
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    loop {
        match letters.next()? {
            (_, '"') => return Some((value, letters.as_str())),
            (_, '\\') => match letters.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                same @ ('"' | '\\' | '$') => value.push(same),
                other => value.extend(['\\', other]),
            },
            (_, other) => value.push(other),
        }
    }
}

/// Writes variables, one a line.
pub(super) fn text(members: &Map<String, Value>) -> String {
    let line = |(name, value): (&String, &Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./:@%+,".contains(letter);
        let written = if !value.is_empty() && value.chars().all(plain) {
            value
        } else if !value.contains(['\'', '\n', '\r']) {
            format!("'{value}'")
        } else {
            let escaped = value.replace('\\', r"\\").replace('"', "\\\"").replace('$', r"\$");
            format!("\"{}\"", escaped.replace('\n', r"\n").replace('\r', r"\r").replace('\t', r"\t"))
        };
        format!("{name}={written}\n")
    };
    members.iter().map(line).collect()
}
