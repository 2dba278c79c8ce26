//! Lets providers speak and listen, to see whether they do: here, or at a server.

use crate::backend::Remote;
use crate::simulate::sound;
use anyhow::{Context as _, bail};
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use trunkline_contract::agent;
use trunkline_contract::speech::AudioFormat;
use trunkline_providers::{Heard, Providers, Spoken, SttRequest, TtsRequest};

/// What is said. Every recogniser of English knows these words.
const SENTENCE: &str = "What are your business hours?";
const LOCALE: &str = "en-US";
const RATE: u32 = 16_000;
const FORMAT: AudioFormat = AudioFormat::Pcm16 { hz: RATE };
/// How long a provider may take for the sentence. The first start of a program reads its model from disk.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who is tried.
pub(crate) enum Trial<'a> {
    Here(&'a Providers),
    There(&'a Remote),
}

/// What a synthesiser said.
pub(crate) struct Said {
    /// 16 kHz.
    samples: Vec<i16>,
    first_ms: u64,
}

/// How one provider did.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Tried {
    pub(crate) kind: &'static str,
    /// Provider, or provider/program.
    pub(crate) name: String,
    pub(crate) ok: bool,
    /// What happened.
    pub(crate) found: String,
}

/// Tries what is ready among `status` (in the shape of the interface); `only` names one provider.
pub(crate) async fn all(trial: &Trial<'_>, status: &Value, only: Option<&str>, voice: Option<&str>) -> Vec<Tried> {
    let mut tried = Vec::new();
    let mut sample: Option<Vec<i16>> = None;
    for (name, program) in ready(status, "tts", None) {
        let wanted = only.is_none_or(|only| only == name);
        if !wanted && sample.is_some() {
            continue;
        }
        let said = trial.say(name, program, voice.filter(|_| wanted)).await;
        if wanted {
            tried.push(told("tts", name, program, said.as_ref().map(Said::describe)));
        }
        sample = sample.or(said.ok().map(|said| said.samples));
    }
    for (name, program) in ready(status, "stt", only) {
        let heard = match &sample {
            Some(samples) => trial.hear(name, program, samples).await,
            None => Err(anyhow::anyhow!("there is nobody here who could say something to it")),
        };
        tried.push(told("stt", name, program, heard.as_ref().map(String::as_str).map(str::to_owned)));
    }
    tried
}

fn told(kind: &'static str, name: &str, program: Option<&str>, outcome: Result<String, &anyhow::Error>) -> Tried {
    let name = program.map_or_else(|| name.to_owned(), |program| format!("{name}/{program}"));
    match outcome {
        Ok(found) => Tried { kind, name, ok: true, found },
        Err(error) => Tried { kind, name, ok: false, found: format!("{error:#}") },
    }
}

/// What is ready of a kind: providers, and each of their programs.
fn ready<'v>(status: &'v Value, kind: &str, only: Option<&str>) -> Vec<(&'v str, Option<&'v str>)> {
    let ready = |item: &&Value| item["ready"] == true;
    let items = status["items"].as_array().into_iter().flatten();
    let items = items.filter(|item| item["kind"] == kind).filter(ready);
    let items = items.filter_map(|item| Some((item["name"].as_str()?, item)));
    let mut found = Vec::new();
    for (name, item) in items.filter(|(name, _)| only.is_none_or(|only| only == *name)) {
        match item["programs"].as_array() {
            Some(programs) => {
                let programs = programs.iter().filter(ready).filter_map(|program| program["name"].as_str());
                found.extend(programs.map(|program| (name, Some(program))));
            }
            None => found.push((name, None)),
        }
    }
    found
}

impl Said {
    fn describe(&self) -> String {
        let ms = self.samples.len() as u64 * 1_000 / u64::from(RATE);
        format!("said {}.{} s of speech, the first after {} ms", ms / 1_000, ms % 1_000 / 100, self.first_ms)
    }
}

impl Trial<'_> {
    async fn say(&self, name: &str, program: Option<&str>, voice: Option<&str>) -> anyhow::Result<Said> {
        let said = match self {
            Self::Here(providers) => timeout(PATIENCE, say_here(providers, name, program, voice)).await,
            Self::There(remote) => timeout(PATIENCE, say_there(remote, name, program, voice)).await,
        };
        let said = said.with_context(|| format!("it did not say anything within {} s", PATIENCE.as_secs()))??;
        if said.samples.iter().all(|sample| sample.unsigned_abs() < 256) {
            bail!("what it said cannot be heard");
        }
        Ok(said)
    }

    async fn hear(&self, name: &str, program: Option<&str>, samples: &[i16]) -> anyhow::Result<String> {
        let began = Instant::now();
        let heard = match self {
            Self::Here(providers) => timeout(PATIENCE, hear_here(providers, name, program, samples)).await,
            Self::There(remote) => timeout(PATIENCE, hear_there(remote, name, program, samples)).await,
        };
        let text = heard.with_context(|| format!("it did not answer within {} s", PATIENCE.as_secs()))??;
        judge(&text, began.elapsed())
    }
}

/// How much of the sentence was understood.
fn judge(text: &str, took: Duration) -> anyhow::Result<String> {
    let words = |text: &str| -> HashSet<String> {
        let plain: String = text.to_lowercase().chars().filter(|c| c.is_alphanumeric() || c.is_whitespace()).collect();
        plain.split_whitespace().map(str::to_owned).collect()
    };
    let (said, heard) = (words(SENTENCE), words(text));
    let understood = said.intersection(&heard).count();
    if understood == 0 {
        bail!("it took \"{SENTENCE}\" for \"{text}\"");
    }
    Ok(format!("heard \"{text}\" ({understood} of {} words) in {} ms", said.len(), took.as_millis()))
}

fn settings<T: serde::de::DeserializeOwned>(name: &str, model: Option<&str>, voice: Option<&str>) -> anyhow::Result<T> {
    let mut settings = json!({"provider": name});
    if let Value::Object(fields) = &mut settings {
        fields.extend(model.map(|model| ("model".to_owned(), json!(model))));
        fields.extend(voice.map(|voice| ("voice".to_owned(), json!(voice))));
    }
    serde_json::from_value(settings).with_context(|| format!("there is no provider `{name}`"))
}

async fn say_here(
    providers: &Providers,
    name: &str,
    program: Option<&str>,
    voice: Option<&str>,
) -> anyhow::Result<Said> {
    let settings: agent::Tts = settings(name, program, voice)?;
    let tts = providers.tts(&settings, LOCALE)?;
    let spoken = Spoken::of(&*tts, TtsRequest::new(&settings, LOCALE, FORMAT), SENTENCE).await?;
    let samples = spoken.audio.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
    Ok(Said { samples, first_ms: spoken.first_audio_ms })
}

async fn say_there(remote: &Remote, name: &str, program: Option<&str>, voice: Option<&str>) -> anyhow::Result<Said> {
    let mut body = json!({"text": SENTENCE});
    if let Value::Object(fields) = &mut body {
        fields.extend(program.map(|model| ("model".to_owned(), json!(model))));
        fields.extend(voice.map(|voice| ("voice".to_owned(), json!(voice))));
    }
    let body = Bytes::from(serde_json::to_vec(&body)?);
    let (headers, wav) = remote.0.post_bytes(&["providers", "tts", name, "say"], &[], "application/json", body).await?;
    let first = headers.get("x-first-audio-ms").and_then(|ms| ms.to_str().ok()?.parse().ok());
    Ok(Said { samples: sound::clip(&wav)?.to_vec(), first_ms: first.unwrap_or_default() })
}

async fn hear_here(
    providers: &Providers,
    name: &str,
    program: Option<&str>,
    samples: &[i16],
) -> anyhow::Result<String> {
    let settings: agent::Stt = settings(name, program, None)?;
    let stt = providers.stt(&settings)?;
    let audio: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    Ok(Heard::of(&*stt, SttRequest::new(&settings, LOCALE, FORMAT), &audio).await?.text)
}

async fn hear_there(remote: &Remote, name: &str, program: Option<&str>, samples: &[i16]) -> anyhow::Result<String> {
    let mut wav = Vec::new();
    crate::simulate::wav::write(&mut wav, RATE, 1, samples)?;
    let mut query = vec![("locale", LOCALE.to_owned())];
    query.extend(program.map(|model| ("model", model.to_owned())));
    let path = ["providers", "stt", name, "hear"];
    let (_, answer) = remote.0.post_bytes(&path, &query, "audio/wav", wav.into()).await?;
    let answer: Value = serde_json::from_slice(&answer).context("the server's answer cannot be read")?;
    Ok(answer["text"].as_str().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_understood_is_counted_and_nothing_is_a_fault() {
        let took = Duration::from_millis(7);
        assert_eq!(
            judge("what are your busy hours", took).unwrap(),
            "heard \"what are your busy hours\" (4 of 5 words) in 7 ms"
        );
        assert!(judge("", took).unwrap_err().to_string().contains("for \"\""));
        assert!(judge("cucumber", took).is_err());
    }

    #[test]
    fn only_what_is_ready_is_tried() {
        let status = json!({"items": [
            {"kind": "tts", "name": "local", "ready": true, "programs": [
                {"name": "flite", "ready": true}, {"name": "espeak-ng", "ready": false},
            ]},
            {"kind": "tts", "name": "elevenlabs", "ready": true},
            {"kind": "stt", "name": "deepgram", "ready": false},
        ]});
        assert_eq!(ready(&status, "tts", None), [("local", Some("flite")), ("elevenlabs", None)]);
        assert_eq!(ready(&status, "tts", Some("elevenlabs")), [("elevenlabs", None)]);
        assert!(ready(&status, "stt", None).is_empty());
    }
}
