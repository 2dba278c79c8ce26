//! The voices: a synthetic one whose alignment is exact and that costs next to nothing, and a real synthesiser.

use std::f32::consts::TAU;
use std::process::Stdio;

use serde::{Deserialize, Serialize};
use tokio::process::Command;
use trunkline_audio::g711;

/// Who speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Voice {
    /// A buzz with a formant for each letter, silence for everything else; the same every time.
    #[default]
    Synthetic,
    /// The program `flite`; 8 kHz only, times proportional to characters.
    Flite,
}

/// Formats of audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `ulaw_8000`.
    Mulaw,
    /// `pcm_` and Hz.
    Pcm(u32),
}

impl Format {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "ulaw_8000" => Some(Format::Mulaw),
            _ => match text.strip_prefix("pcm_")?.parse() {
                Ok(hz @ (8_000 | 16_000 | 22_050 | 24_000 | 44_100 | 48_000)) => Some(Format::Pcm(hz)),
                _ => None,
            },
        }
    }

    fn hz(self) -> u32 {
        match self {
            Format::Mulaw => 8_000,
            Format::Pcm(hz) => hz,
        }
    }

    /// Where a time lies, in bytes.
    pub fn bytes(self, ms: u64) -> usize {
        let samples = ms * u64::from(self.hz()) / 1_000;
        usize::try_from(if self == Format::Mulaw { samples } else { samples * 2 }).unwrap_or(usize::MAX)
    }

    fn encode(self, samples: &[i16], out: &mut Vec<u8>) {
        match self {
            Format::Mulaw => g711::encode_into(samples, out),
            Format::Pcm(_) => out.extend(samples.iter().flat_map(|sample| sample.to_le_bytes())),
        }
    }
}

/// Speech: audio, and each character with its begin and end in ms.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Speech {
    /// In the format asked for.
    pub audio: Vec<u8>,
    /// Characters in the order of the text.
    pub characters: Vec<(char, u64, u64)>,
}

/// Speaks `text`.
pub(super) async fn speak(voice: Voice, format: Format, char_ms: u64, text: &str) -> anyhow::Result<Speech> {
    match voice {
        Voice::Synthetic => Ok(synthetic(format, char_ms, text)),
        Voice::Flite => flite(format, text).await,
    }
}

fn synthetic(format: Format, char_ms: u64, text: &str) -> Speech {
    let mut speech = Speech::default();
    let mut at = 0;
    for c in text.chars() {
        let before = speech.audio.len();
        format.encode(&buzz(c, char_ms, format.hz()), &mut speech.audio);
        // Rates that do not divide evenly must not drift.
        let wanted = format.bytes(at + char_ms);
        speech.audio.resize(wanted.max(before), if format == Format::Mulaw { 0xff } else { 0 });
        speech.characters.push((c, at, at + char_ms));
        at += char_ms;
    }
    speech
}

/// A letter: pulses of a voice through one resonance that depends on the letter.
fn buzz(c: char, ms: u64, hz: u32) -> Vec<i16> {
    let count = usize::try_from(ms * u64::from(hz) / 1_000).unwrap_or(0);
    if !c.is_alphanumeric() {
        return vec![0; count];
    }
    let rate = hz as f32;
    let formant = 400.0 + (u32::from(c.to_ascii_lowercase()) % 26) as f32 * 70.0;
    let (radius, angle) = (0.96_f32, TAU * formant / rate);
    let (a1, a2) = (2.0 * radius * angle.cos(), -radius * radius);
    let period = (rate / 120.0) as usize;
    let (mut y1, mut y2) = (0.0_f32, 0.0_f32);
    let wave = (0..count).map(|i| {
        let pulse = if i % period.max(1) == 0 { 4_000.0 } else { 0.0 };
        let y = pulse + a1 * y1 + a2 * y2;
        (y2, y1) = (y1, y);
        y.clamp(-20_000.0, 20_000.0) as i16
    });
    wave.collect()
}

async fn flite(format: Format, text: &str) -> anyhow::Result<Speech> {
    anyhow::ensure!(format.hz() == 8_000, "flite speaks at 8 kHz only");
    let file = tempfile::Builder::new().suffix(".wav").tempfile()?;
    let mut flite = Command::new("flite");
    flite.args(["-voice", "kal", "-o"]).arg(file.path()).arg("-t").arg(text);
    let done = flite.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().await?;
    anyhow::ensure!(done.success(), "flite failed");
    let wav = tokio::fs::read(file.path()).await?;
    // The header of what flite writes is always this long.
    let samples: Vec<i16> =
        wav.get(44..).unwrap_or_default().as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
    let mut audio = Vec::with_capacity(samples.len() * 2);
    format.encode(&samples, &mut audio);
    let (all, total) = (text.chars().count().max(1) as u64, samples.len() as u64 / 8);
    let spread = |(i, c): (usize, char)| (c, total * i as u64 / all, total * (i as u64 + 1) / all);
    Ok(Speech { audio, characters: text.chars().enumerate().map(spread).collect() })
}
