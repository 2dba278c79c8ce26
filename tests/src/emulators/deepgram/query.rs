//! What a connection asks for in its address; anything undocumented is refused.

use super::super::server::random_hex;

/// What matters here of the query.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) request_id: String,
    pub(super) mulaw: bool,
    pub(super) hz: u32,
    pub(super) interims: bool,
    pub(super) vad_events: bool,
    /// ms.
    pub(super) endpointing: Option<u64>,
    /// ms.
    pub(super) utterance_end: Option<u64>,
    pub(super) multilingual: bool,
}

const FLAGS: [&str; 12] = [
    "multichannel",
    "interim_results",
    "vad_events",
    "smart_format",
    "punctuate",
    "numerals",
    "profanity_filter",
    "detect_entities",
    "diarize",
    "dictation",
    "mip_opt_out",
    "filler_words",
];
const TEXTS: [&str; 14] = [
    "model",
    "language",
    "language_hint",
    "keyterm",
    "keywords",
    "redact",
    "diarize_model",
    "replace",
    "search",
    "tag",
    "extra",
    "callback",
    "callback_method",
    "version",
];

pub(super) fn parse(query: &[(String, String)]) -> Result<Asked, String> {
    for (name, value) in query {
        check(name, value)?;
    }
    let get = |name: &str| query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let flag = |name: &str| get(name) == Some("true");
    if get("model").is_none_or(str::is_empty) {
        return Err("A model is required.".into());
    }
    let keyterms = get("keyterm").is_some();
    if keyterms && !get("model").is_some_and(|model| model.starts_with("nova-3")) {
        return Err("Keyterms are only supported by nova-3 models.".into());
    }
    let encoding = get("encoding").ok_or("Raw audio needs an encoding.")?;
    let mulaw = match encoding {
        "mulaw" => true,
        "linear16" => false,
        other => return Err(format!("This emulator does not decode `{other}`.")),
    };
    let hz = get("sample_rate").ok_or("Raw audio needs a sample rate.")?.parse().unwrap_or(0);
    let utterance_end = get("utterance_end_ms").and_then(|value| value.parse().ok());
    if utterance_end.is_some() && !flag("interim_results") {
        return Err("utterance_end_ms needs interim_results=true.".into());
    }
    let endpointing = match get("endpointing") {
        None => Some(10),
        Some("false") => None,
        Some(value) => value.parse().ok().or(Some(10)),
    };
    Ok(Asked {
        request_id: random_hex(16),
        mulaw,
        hz,
        interims: flag("interim_results"),
        vad_events: flag("vad_events"),
        endpointing,
        utterance_end,
        multilingual: get("language") == Some("multi"),
    })
}

fn check(name: &str, value: &str) -> Result<(), String> {
    let refused = || Err(format!("The value `{value}` of `{name}` is invalid."));
    let number = |least: u64, most: u64| match value.parse::<u64>() {
        Ok(n) if (least..=most).contains(&n) => Ok(()),
        _ => refused(),
    };
    match name {
        _ if FLAGS.contains(&name) => match value {
            "true" | "false" => Ok(()),
            _ => refused(),
        },
        _ if TEXTS.contains(&name) => {
            if value.is_empty() {
                refused()
            } else {
                Ok(())
            }
        }
        "encoding" => Ok(()),
        "sample_rate" => number(8_000, 48_000),
        "channels" => number(1, 1),
        "endpointing" if matches!(value, "true" | "false") => Ok(()),
        "endpointing" => number(0, 10_000),
        "utterance_end_ms" => number(1_000, 5_000),
        _ => Err(format!("The parameter `{name}` is unknown.")),
    }
}
