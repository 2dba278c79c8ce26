//! WAV files: PCM of any width and floats, as people and programs write them.
//!
//! Lengths in headers are believed only as far as there are bytes: what is written while it is being made has none.

use anyhow::{Context as _, bail, ensure};
use std::io::{self, Write};

const PCM: u16 = 1;
const FLOAT: u16 = 3;
/// The real format stands in the first bytes of an extension.
const EXTENSIBLE: u16 = 0xfffe;
/// Bytes of the header that [`write()`] makes.
const HEADER: u32 = 44;

/// A file's sound.
#[derive(Debug, PartialEq)]
pub(crate) struct Wav {
    /// Samples per second and channel.
    pub(crate) rate: u32,
    /// All channels as one, -1 to 1.
    pub(crate) mono: Vec<f32>,
}

struct Format {
    kind: u16,
    channels: usize,
    rate: u32,
    bytes: usize,
}

/// Reads a file's bytes.
///
/// # Errors
/// It is no WAV file, or its samples are of a kind that is not known.
pub(crate) fn read(bytes: &[u8]) -> anyhow::Result<Wav> {
    let rest = bytes.strip_prefix(b"RIFF").and_then(|rest| rest.get(4..)).and_then(|rest| rest.strip_prefix(b"WAVE"));
    let mut rest = rest.context("it is no WAV file")?;
    let mut format = None;
    while let Some((name, length, body)) = chunk(rest) {
        let content = body.get(..length).unwrap_or(body);
        match name {
            b"fmt " => format = Some(read_format(content)?),
            b"data" => return samples(format.as_ref().context("its samples come before their format")?, content),
            _ => {}
        }
        // Chunks begin at even places.
        rest = body.get(length.saturating_add(length % 2)..).unwrap_or_default();
    }
    bail!("it has no samples")
}

fn chunk(bytes: &[u8]) -> Option<(&[u8; 4], usize, &[u8])> {
    let (name, rest) = bytes.split_first_chunk::<4>()?;
    let (length, body) = rest.split_first_chunk::<4>()?;
    Some((name, u32::from_le_bytes(*length) as usize, body))
}

fn read_format(bytes: &[u8]) -> anyhow::Result<Format> {
    let short = |at: usize| bytes.get(at..at + 2).and_then(|two| two.try_into().ok()).map(u16::from_le_bytes);
    let long = |at: usize| bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_le_bytes);
    let (Some(kind), Some(channels), Some(rate), Some(bits)) = (short(0), short(2), long(4), short(14)) else {
        bail!("its header is cut off");
    };
    let kind = if kind == EXTENSIBLE { short(24).context("its header is cut off")? } else { kind };
    ensure!((1..=16).contains(&channels), "it has {channels} channels (allowed: 1 to 16)");
    ensure!((1_000..=384_000).contains(&rate), "it has {rate} samples a second (allowed: 1000 to 384000)");
    match (kind, bits) {
        (PCM, 8 | 16 | 24 | 32) | (FLOAT, 32) => {}
        (PCM | FLOAT, _) => bail!("its samples have {bits} bits (allowed: 8, 16, 24, 32, or floats of 32)"),
        _ => bail!(
            "its samples are compressed (format {kind}): make it PCM, for example with `sox in.wav -e signed out.wav`"
        ),
    }
    Ok(Format { kind, channels: usize::from(channels), rate, bytes: usize::from(bits / 8) })
}

fn samples(format: &Format, bytes: &[u8]) -> anyhow::Result<Wav> {
    let frames = bytes.chunks_exact(format.bytes * format.channels);
    let mix = |frame: &[u8]| {
        let sum: f32 = frame.chunks_exact(format.bytes).map(|sample| unit(format.kind, sample)).sum();
        sum / format.channels as f32
    };
    Ok(Wav { rate: format.rate, mono: frames.map(mix).collect() })
}

/// One sample as a fraction of full scale.
fn unit(kind: u16, sample: &[u8]) -> f32 {
    match *sample {
        [a] => (f32::from(a) - 128.0) / 128.0,
        [a, b] => f32::from(i16::from_le_bytes([a, b])) / 32_768.0,
        [a, b, c] => i32::from_le_bytes([0, a, b, c]) as f32 / 2_147_483_648.0,
        [a, b, c, d] if kind == FLOAT => {
            let value = f32::from_le_bytes([a, b, c, d]);
            if value.is_finite() { value.clamp(-1.0, 1.0) } else { 0.0 }
        }
        [a, b, c, d] => i32::from_le_bytes([a, b, c, d]) as f32 / 2_147_483_648.0,
        _ => 0.0,
    }
}

/// Writes frames of 16-bit samples, all channels of a moment together.
///
/// # Errors
/// The writer's.
pub(crate) fn write(mut to: impl Write, rate: u32, channels: u16, samples: &[i16]) -> io::Result<()> {
    let bytes = u32::try_from(samples.len() * 2).unwrap_or(u32::MAX - HEADER);
    let frame = channels * 2;
    to.write_all(b"RIFF")?;
    to.write_all(&(bytes + HEADER - 8).to_le_bytes())?;
    to.write_all(b"WAVEfmt \x10\0\0\0")?;
    to.write_all(&PCM.to_le_bytes())?;
    to.write_all(&channels.to_le_bytes())?;
    to.write_all(&rate.to_le_bytes())?;
    to.write_all(&(rate * u32::from(frame)).to_le_bytes())?;
    to.write_all(&frame.to_le_bytes())?;
    to.write_all(&16_u16.to_le_bytes())?;
    to.write_all(b"data")?;
    to.write_all(&bytes.to_le_bytes())?;
    samples.iter().try_for_each(|sample| to.write_all(&sample.to_le_bytes()))?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(kind: u16, channels: u16, bits: u16, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"RIFF\xff\xff\xff\xffWAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        bytes.extend(kind.to_le_bytes());
        bytes.extend(channels.to_le_bytes());
        bytes.extend(8_000_u32.to_le_bytes());
        bytes.extend([0; 6]);
        bytes.extend(bits.to_le_bytes());
        bytes.extend(b"data\xff\xff\xff\xff");
        bytes.extend(data);
        bytes
    }

    #[test]
    fn every_width_is_read_and_channels_become_one() {
        let half_float = 0.5_f32.to_le_bytes();
        let table: [(u16, u16, u16, &[u8]); 6] = [
            (PCM, 1, 8, &[192]),
            (PCM, 1, 16, &[0, 64]),
            (PCM, 2, 16, &[0, 64, 0, 64]),
            (PCM, 1, 24, &[0, 0, 64]),
            (PCM, 1, 32, &[0, 0, 0, 64]),
            (FLOAT, 1, 32, &half_float),
        ];
        for (kind, channels, bits, data) in table {
            let wav = read(&file(kind, channels, bits, data)).unwrap();
            assert_eq!(wav, Wav { rate: 8_000, mono: vec![0.5] }, "{bits} bits, {channels} channels");
        }
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let said = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        assert_eq!(said(b"hello"), "it is no WAV file");
        assert_eq!(said(b"RIFF\0\0\0\0WAVE"), "it has no samples");
        assert_eq!(said(b"RIFF\0\0\0\0WAVEdata\x02\0\0\0ab"), "its samples come before their format");
        assert!(said(&file(7, 1, 8, &[0])).contains("compressed (format 7)"));
        assert!(said(&file(PCM, 1, 12, &[0])).contains("12 bits"));
        assert!(said(&file(PCM, 0, 16, &[0])).contains("0 channels"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(samples: Vec<i16>) {
            let mut bytes = Vec::new();
            write(&mut bytes, 16_000, 1, &samples).unwrap();
            let wav = read(&bytes).unwrap();
            prop_assert_eq!(wav.rate, 16_000);
            let again: Vec<i16> = wav.mono.iter().map(|sample| (sample * 32_768.0) as i16).collect();
            prop_assert_eq!(again, samples);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>, data: Vec<u8>, bits: u16, at in 0_usize..60, with: u8) {
            let _ = read(&bytes);
            let mut nearly = file(PCM, 2, bits % 40, &data);
            let place = at % nearly.len();
            nearly[place] = with;
            let _ = read(&nearly);
        }
    }
}
