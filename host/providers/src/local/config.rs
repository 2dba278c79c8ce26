//! The section `[providers.local]`.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Programs on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LocalConfig {
    /// Processes that work at a time, of all calls; 1-1,000.
    pub max_processes: usize,
    /// Listening processes that are kept ready while there are calls, because they take long to start; 0-16.
    pub warm: usize,
    /// More programs that speak, by name.
    pub tts: BTreeMap<String, TtsProgram>,
    /// More programs that listen, by name.
    pub stt: BTreeMap<String, SttProgram>,
}

impl Default for LocalConfig {
    fn default() -> Self {
        Self { max_processes: 32, warm: 2, tts: BTreeMap::new(), stt: BTreeMap::new() }
    }
}

/// A program that speaks. It gets one text and gives its audio, 16-bit mono PCM, on standard output or in `{out}`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TtsProgram {
    /// Program and arguments. `{text}`: the text, which otherwise comes on standard input; `{voice}`; `{speed}`: 0.5-2;
    /// `{out}`: a file to be written.
    pub command: Vec<String>,
    /// Hz of raw PCM; none: the audio is WAV and says so itself.
    #[serde(default)]
    pub rate: Option<u32>,
    /// The voice of those who name none.
    #[serde(default)]
    pub voice: Option<String>,
    /// Voices for people to choose from.
    #[serde(default)]
    pub voices: Vec<String>,
}

/// A program that listens. It gets one utterance and prints what was said: every line that is not blank is text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SttProgram {
    /// Program and arguments. `{wav}`: a file with the utterance; without it, raw PCM comes on standard input while it is
    /// spoken. `{language}`: BCP 47.
    pub command: Vec<String>,
    /// Hz of the 16-bit mono PCM that it wants.
    #[serde(default = "wideband")]
    pub rate: u32,
}

fn wideband() -> u32 {
    16_000
}
