//! Between the audio of calls and the 16-bit PCM of programs.

use super::error;
use crate::error::{ErrorKind, ProviderError};
use trunkline_audio::g711;
use trunkline_audio::resample::{Rate, Resampler};
use trunkline_contract::speech::AudioFormat;

fn hz(format: AudioFormat) -> u32 {
    match format {
        AudioFormat::Mulaw8k => 8_000,
        AudioFormat::Pcm16 { hz } => hz,
    }
}

fn resampler(from: u32, to: u32) -> Result<Resampler, ProviderError> {
    let unusable = |cause| error(ErrorKind::InvalidRequest, format!("audio of {from} Hz to {to} Hz: {cause}"));
    let (from, to) = (Rate::try_from(from).map_err(unusable)?, Rate::try_from(to).map_err(unusable)?);
    Resampler::new(from, to).map_err(unusable)
}

/// Audio of a program for a call.
pub(super) struct ForCall {
    format: AudioFormat,
    resampler: Resampler,
    /// Half of a sample that is not whole yet.
    odd: Option<u8>,
}

impl ForCall {
    pub(super) fn new(rate: u32, format: AudioFormat) -> Result<Self, ProviderError> {
        Ok(Self { format, resampler: resampler(rate, hz(format))?, odd: None })
    }

    pub(super) fn push(&mut self, pcm: &[u8]) -> Result<Vec<u8>, ProviderError> {
        let mut samples = Vec::with_capacity(pcm.len() / 2 + 1);
        let mut rest = pcm;
        if let (Some(low), Some((high, later))) = (self.odd, pcm.split_first()) {
            samples.push(i16::from_le_bytes([low, *high]));
            self.odd = None;
            rest = later;
        }
        let (pairs, odd) = rest.as_chunks();
        samples.extend(pairs.iter().map(|pair| i16::from_le_bytes(*pair)));
        self.odd = odd.first().copied().or(self.odd);
        let mut out = Vec::new();
        self.resampler.push(&samples, &mut out).map_err(|cause| broken(&cause))?;
        Ok(self.encode(&out))
    }

    pub(super) fn finish(&mut self) -> Result<Vec<u8>, ProviderError> {
        let mut out = Vec::new();
        self.resampler.flush(&mut out).map_err(|cause| broken(&cause))?;
        Ok(self.encode(&out))
    }

    fn encode(&self, samples: &[i16]) -> Vec<u8> {
        match self.format {
            AudioFormat::Mulaw8k => g711::encode(samples),
            AudioFormat::Pcm16 { .. } => samples.iter().flat_map(|sample| sample.to_le_bytes()).collect(),
        }
    }
}

/// Audio of a call for a program.
///
/// A recogniser of wideband speech that is not told of telephones takes the silence of the upper half of the band for
/// another sound. Doubling each sample instead of filtering puts the mirror image of the lower half there, which is better
/// than nothing.
pub(super) struct ForProgram {
    format: AudioFormat,
    /// None: doubled.
    resampler: Option<Resampler>,
}

impl ForProgram {
    pub(super) fn new(format: AudioFormat, rate: u32, doubles: bool) -> Result<Self, ProviderError> {
        let doubled = doubles && (hz(format), rate) == (8_000, 16_000);
        let resampler = if doubled { None } else { Some(resampler(hz(format), rate)?) };
        Ok(Self { format, resampler })
    }

    pub(super) fn push(&mut self, audio: &[u8]) -> Result<Vec<u8>, ProviderError> {
        let samples = decode(self.format, audio);
        let mut out = Vec::with_capacity(samples.len() * 2);
        match &mut self.resampler {
            Some(resampler) => resampler.push(&samples, &mut out).map_err(|cause| broken(&cause))?,
            None => out.extend(samples.iter().flat_map(|sample| [*sample; 2])),
        }
        Ok(out.iter().flat_map(|sample| sample.to_le_bytes()).collect())
    }
}

/// Samples of a call's audio.
pub(super) fn decode(format: AudioFormat, audio: &[u8]) -> Vec<i16> {
    match format {
        AudioFormat::Mulaw8k => g711::decode(audio),
        AudioFormat::Pcm16 { .. } => audio.as_chunks().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect(),
    }
}

fn broken(cause: &trunkline_audio::resample::ResampleError) -> ProviderError {
    error(ErrorKind::Unavailable, format!("audio cannot be converted: {cause}"))
}
