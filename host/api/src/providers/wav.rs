//! Recordings as WAV: 16-bit mono PCM, short enough for one answer.

use crate::Problem;
use axum::http::{HeaderMap, StatusCode, header};
use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use std::io::Cursor;

/// Largest recording, bytes: a minute at 48 kHz, and its header.
pub(crate) const MAX_BYTES: usize = 6 * 1024 * 1024;
const MAX_S: u32 = 60;
const RATES: [u32; 4] = [8_000, 16_000, 24_000, 48_000];
const KINDS: [&str; 4] = ["audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"];

/// A recording.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Recording {
    pub(super) hz: u32,
    /// 16-bit little-endian, mono.
    pub(super) pcm: Vec<u8>,
}

/// Why a recording is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum WavError {
    #[error("the body is no WAV file: send 16-bit mono PCM as WAV")]
    NoWav,
    #[error("the audio has {channels} channel(s) of {bits} bits, allowed is mono PCM of 16 bits")]
    Format { channels: u16, bits: u16 },
    #[error("the audio has {0} Hz, allowed are 8000, 16000, 24000 and 48000")]
    Rate(u32),
    #[error("the audio is longer than {MAX_S} s")]
    TooLong,
    #[error("there is no audio in it")]
    Empty,
    #[error("the file is cut off: it has less audio than its header says")]
    CutOff,
}

impl WavError {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::NoWav => "no-wav",
            Self::Format { .. } => "format",
            Self::Rate(_) => "rate",
            Self::TooLong => "too-long",
            Self::Empty => "empty",
            Self::CutOff => "cut-off",
        }
    }
}

impl Recording {
    pub(super) fn ms(&self) -> u64 {
        self.pcm.len() as u64 / 2 * 1_000 / u64::from(self.hz.max(1))
    }
}

/// # Errors
/// The body calls itself something else.
pub(super) fn is_wav(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if KINDS.iter().any(|known| known.eq_ignore_ascii_case(kind)) {
        return Ok(());
    }
    let detail = "send the recording as audio/wav";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", detail))
}

/// Reads a whole file.
pub(super) fn read(bytes: &[u8]) -> Result<Recording, WavError> {
    let mut reader = WavReader::new(Cursor::new(bytes)).map_err(|_| WavError::NoWav)?;
    let WavSpec { channels, sample_rate: hz, bits_per_sample: bits, sample_format } = reader.spec();
    if channels != 1 || bits != 16 || sample_format != SampleFormat::Int {
        return Err(WavError::Format { channels, bits });
    }
    if !RATES.contains(&hz) {
        return Err(WavError::Rate(hz));
    }
    let samples = reader.len();
    if samples > hz.saturating_mul(MAX_S) {
        // A writer that did not know the length put the largest there: then it is the file that counts.
        return Err(if bytes.len() < MAX_BYTES && samples as usize > bytes.len() {
            WavError::CutOff
        } else {
            WavError::TooLong
        });
    }
    let mut pcm = Vec::with_capacity(bytes.len().min(samples as usize * 2));
    for sample in reader.samples::<i16>() {
        pcm.extend_from_slice(&sample.map_err(|_| WavError::CutOff)?.to_le_bytes());
    }
    if pcm.is_empty() { Err(WavError::Empty) } else { Ok(Recording { hz, pcm }) }
}

/// A whole file of 16-bit mono PCM; what could not be written is silence.
pub(super) fn write(hz: u32, pcm: &[u8]) -> Vec<u8> {
    let spec = WavSpec { channels: 1, sample_rate: hz, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut file = Cursor::new(Vec::with_capacity(pcm.len() + 44));
    // Memory takes everything, so nothing here fails.
    if let Ok(mut writer) = WavWriter::new(&mut file, spec) {
        for pair in pcm.as_chunks().0 {
            writer.write_sample(i16::from_le_bytes(*pair)).ok();
        }
        writer.finalize().ok();
    }
    file.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pcm(samples: usize) -> Vec<u8> {
        (0..samples).flat_map(|n| (n as i16).to_le_bytes()).collect()
    }

    #[test]
    fn what_is_written_comes_back() {
        for hz in RATES {
            let recording = read(&write(hz, &pcm(hz as usize / 2))).unwrap();
            assert_eq!((recording.hz, recording.ms(), recording.pcm.len()), (hz, 500, hz as usize));
            assert_eq!(recording.pcm, pcm(hz as usize / 2));
        }
        let longest = write(48_000, &pcm(60 * 48_000));
        assert!(longest.len() <= MAX_BYTES);
        assert_eq!(read(&longest).unwrap().ms(), 60_000);
    }

    #[test]
    fn what_is_wrong_with_a_recording_is_named() {
        let good = write(16_000, &pcm(1_600));
        let changed = |at: usize, bytes: &[u8]| {
            let mut file = good.clone();
            file[at..at + bytes.len()].copy_from_slice(bytes);
            read(&file)
        };
        assert_eq!(read(b"ID3 an mp3"), Err(WavError::NoWav));
        assert_eq!(read(&[]), Err(WavError::NoWav));
        assert_eq!(read(&write(44_100, &pcm(10))), Err(WavError::Rate(44_100)));
        assert_eq!(read(&write(8_000, &[])), Err(WavError::Empty));
        assert_eq!(read(&write(8_000, &pcm(8_000 * 60 + 1))), Err(WavError::TooLong));
        assert_eq!(read(&good[..good.len() - 7]), Err(WavError::CutOff));
        assert_eq!(changed(40, &0xffff_fffe_u32.to_le_bytes()), Err(WavError::CutOff));
        let stereo =
            WavSpec { channels: 2, sample_rate: 16_000, bits_per_sample: 16, sample_format: SampleFormat::Int };
        let mut file = Cursor::new(Vec::new());
        WavWriter::new(&mut file, stereo).unwrap().finalize().unwrap();
        assert_eq!(read(&file.into_inner()), Err(WavError::Format { channels: 2, bits: 16 }));
        let float = WavSpec { channels: 1, bits_per_sample: 32, sample_format: SampleFormat::Float, ..stereo };
        let mut file = Cursor::new(Vec::new());
        WavWriter::new(&mut file, float).unwrap().finalize().unwrap();
        assert_eq!(read(&file.into_inner()), Err(WavError::Format { channels: 1, bits: 32 }));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn any_bytes_are_read_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..120),
            patches in prop::collection::vec((0..60_usize, any::<u8>()), 0..6),
            begin in 0..3_u8,
        ) {
            let mut file = match begin {
                0 => Vec::new(),
                1 => b"RIFF\x40\0\0\0WAVEfmt \x10\0\0\0".to_vec(),
                _ => write(16_000, &pcm(20)),
            };
            if begin < 2 {
                file.extend(bytes);
            }
            for (at, byte) in patches {
                if let Some(place) = file.get_mut(at) {
                    *place = byte;
                }
            }
            if let Ok(recording) = read(&file) {
                prop_assert!(recording.pcm.len() <= file.len());
            }
        }
    }
}
