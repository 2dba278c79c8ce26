//! What a browser's microphone hears: speech and silence in a file.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::speech::{Voice, microphone};

/// Samples a millisecond.
const PER_MS: usize = 16;
const RATE: u32 = 16_000;
/// Bytes of a WAV header of plain PCM.
const HEADER: u32 = 36;

/// One stretch of what is heard.
#[derive(Debug, Clone, Copy)]
pub enum Heard {
    /// Nothing, ms.
    Silence(usize),
    /// A sentence.
    Speech(&'static str),
}

/// Writes a WAV file in `folder`: stretches one after the other, 16 kHz, 16 bits, mono.
pub fn microphone_file(folder: &Path, stretches: &[Heard]) -> Result<PathBuf> {
    let mut samples: Vec<i16> = Vec::new();
    for stretch in stretches {
        match stretch {
            Heard::Silence(ms) => samples.resize(samples.len() + ms * PER_MS, 0),
            Heard::Speech(text) => samples.extend(microphone(Voice::Flite("rms"), text)?),
        }
    }
    let length = u32::try_from(samples.len() * 2)?;
    let mut bytes = Vec::new();
    bytes.extend(b"RIFF");
    bytes.extend((HEADER + length).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16u32.to_le_bytes());
    bytes.extend(1u16.to_le_bytes());
    bytes.extend(1u16.to_le_bytes());
    bytes.extend(RATE.to_le_bytes());
    bytes.extend((RATE * 2).to_le_bytes());
    bytes.extend(2u16.to_le_bytes());
    bytes.extend(16u16.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(length.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    let path = folder.join("microphone.wav");
    std::fs::write(&path, bytes)?;
    Ok(path)
}
