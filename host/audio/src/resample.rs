//! Conversion between the sample rates of telephones and speech providers, one stateful resampler per direction.
//!
//! State is what keeps chunk borders free of clicks: samples that do not fill a block wait for the next push, the
//! filter's start-up delay is cut off once, and a flush gives the rest, so that the count of samples is exact.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};

#[cfg(test)]
mod tests;

/// A sample rate that this host converts from and to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rate {
    /// 8000 Hz, the telephone network.
    Hz8000,
    /// 16000 Hz, speech recognition and voice activity.
    Hz16000,
    /// 22050 Hz, speech synthesis on small machines.
    Hz22050,
    /// 24000 Hz, speech synthesis and realtime models.
    Hz24000,
    /// 48000 Hz, browsers.
    Hz48000,
}

impl Rate {
    /// Samples per second.
    #[must_use]
    pub const fn hz(self) -> u32 {
        match self {
            Self::Hz8000 => 8_000,
            Self::Hz16000 => 16_000,
            Self::Hz22050 => 22_050,
            Self::Hz24000 => 24_000,
            Self::Hz48000 => 48_000,
        }
    }

    /// Samples in one block of the filter: 10 ms, or 20 where 10 are no whole number.
    const fn block(self) -> usize {
        let hz = self.hz() as usize;
        if hz.is_multiple_of(100) { hz / 100 } else { hz / 50 }
    }

    /// Whole samples per millisecond.
    #[must_use]
    pub const fn per_ms(self) -> usize {
        self.hz() as usize / 1_000
    }
}

impl TryFrom<u32> for Rate {
    type Error = ResampleError;

    fn try_from(hz: u32) -> Result<Self, ResampleError> {
        match hz {
            8_000 => Ok(Self::Hz8000),
            16_000 => Ok(Self::Hz16000),
            22_050 => Ok(Self::Hz22050),
            24_000 => Ok(Self::Hz24000),
            48_000 => Ok(Self::Hz48000),
            other => Err(ResampleError::UnsupportedRate(other)),
        }
    }
}

/// Why a conversion could not be made.
#[derive(Debug, thiserror::Error, Clone, PartialEq)]
#[non_exhaustive]
pub enum ResampleError {
    /// The rate is none of 8000, 16000, 22050, 24000 and 48000 Hz: ask the peer for one of these.
    #[error("a sample rate of {0} Hz is not supported; use 8000, 16000, 22050, 24000 or 48000")]
    UnsupportedRate(u32),
    /// The filter could not be built; nothing was converted.
    #[error("the resampler could not be built: {0}")]
    Build(String),
    /// The filter refused a block; this stream must start again with a new resampler.
    #[error("the resampler refused a block: {0}")]
    Convert(#[from] rubato::ResampleError),
}

/// Length of one filter block. Its filter delays by half of it; 20 ms frames always fill whole blocks.
const BLOCK_MS: usize = 10;

/// Converts one mono stream from one rate to another.
///
/// Output follows input by [`Resampler::DELAY_MS`], plus what does not yet fill a block of 10 ms: frames of 10 or 20 ms
/// never wait. Steady pushes allocate nothing beyond what `out` needs.
pub struct Resampler {
    filter: Option<Filter>,
    from: Rate,
    to: Rate,
    samples_in: u64,
    samples_out: u64,
}

impl Resampler {
    /// How far the output is behind the input, in milliseconds, when every push fills whole blocks.
    pub const DELAY_MS: usize = BLOCK_MS / 2;

    /// A resampler at the start of a stream. Equal rates pass samples through without delay.
    ///
    /// # Errors
    /// [`ResampleError::Build`] when the filter library rejects its parameters.
    pub fn new(from: Rate, to: Rate) -> Result<Self, ResampleError> {
        let filter = if from == to { None } else { Some(Filter::new(from, to)?) };
        Ok(Self { filter, from, to, samples_in: 0, samples_out: 0 })
    }

    /// The rate of what is pushed.
    #[must_use]
    pub const fn from(&self) -> Rate {
        self.from
    }

    /// The rate of what comes out.
    #[must_use]
    pub const fn to(&self) -> Rate {
        self.to
    }

    /// Converts `input`, of any length, and appends what is ready to `out`.
    ///
    /// # Errors
    /// [`ResampleError::Convert`] when the filter library rejects a block.
    pub fn push(&mut self, input: &[i16], out: &mut Vec<i16>) -> Result<(), ResampleError> {
        self.samples_in += input.len() as u64;
        let before = out.len();
        match &mut self.filter {
            None => out.extend_from_slice(input),
            Some(filter) => filter.push(input, to_unit, |block| {
                out.extend(block.iter().map(|&sample| to_sample(sample)));
            })?,
        }
        self.samples_out += (out.len() - before) as u64;
        Ok(())
    }

    /// Ends the stream: appends what the filter still holds, so that the whole output is the whole input's length times
    /// the ratio of the rates (rounded up), then starts afresh.
    ///
    /// # Errors
    /// [`ResampleError::Convert`] when the filter library rejects a block.
    pub fn flush(&mut self, out: &mut Vec<i16>) -> Result<(), ResampleError> {
        let due = (self.samples_in * u64::from(self.to.hz())).div_ceil(u64::from(self.from.hz()));
        let mut missing = usize::try_from(due.saturating_sub(self.samples_out)).unwrap_or(0);
        if let Some(filter) = &mut self.filter {
            while missing > 0 {
                filter.push(&[0i16], to_unit, |block| {
                    let ready = block.len().min(missing);
                    missing -= ready;
                    out.extend(block.iter().take(ready).map(|&sample| to_sample(sample)));
                })?;
            }
        }
        self.reset();
        Ok(())
    }

    /// Forgets the stream so far, without giving out what was held back.
    pub fn reset(&mut self) {
        self.samples_in = 0;
        self.samples_out = 0;
        if let Some(filter) = &mut self.filter {
            filter.reset();
        }
    }
}

/// The block filter with its waiting input, on floating-point samples.
pub(crate) struct Filter {
    fft: Fft<f32>,
    block_in: usize,
    waiting: Vec<f32>,
    block_out: Vec<f32>,
    to_skip: usize,
}

impl Filter {
    pub(crate) fn new(from: Rate, to: Rate) -> Result<Self, ResampleError> {
        let block_in = from.block();
        let fft = Fft::new_custom(
            from.hz() as usize,
            to.hz() as usize,
            block_in,
            1,
            1,
            WindowFunction::BlackmanHarris2,
            FixedSync::Both,
        )
        .map_err(|error| ResampleError::Build(error.to_string()))?;
        Ok(Self {
            block_in,
            waiting: Vec::with_capacity(block_in),
            block_out: vec![0.0; fft.output_frames_max()],
            to_skip: fft.output_delay(),
            fft,
        })
    }

    /// Feeds `input`, each sample made a fraction by `unit`, and hands every finished block to `ready`.
    pub(crate) fn push<T: Copy>(
        &mut self,
        input: &[T],
        unit: impl Fn(T) -> f32,
        mut ready: impl FnMut(&[f32]),
    ) -> Result<(), ResampleError> {
        let mut rest = input;
        while !rest.is_empty() {
            let room = self.block_in.saturating_sub(self.waiting.len());
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.waiting.extend(now.iter().map(|&sample| unit(sample)));
            rest = later;
            if self.waiting.len() == self.block_in {
                self.convert_block()?;
                let skipped = self.to_skip.min(self.block_out.len());
                self.to_skip -= skipped;
                ready(self.block_out.get(skipped..).unwrap_or_default());
            }
        }
        Ok(())
    }

    pub(crate) fn reset(&mut self) {
        self.fft.reset();
        self.waiting.clear();
        self.to_skip = self.fft.output_delay();
    }

    fn convert_block(&mut self) -> Result<(), ResampleError> {
        let (frames_in, frames_out) = (self.waiting.len(), self.block_out.len());
        let input = InterleavedSlice::new(self.waiting.as_slice(), 1, frames_in).map_err(sizes)?;
        let mut output = InterleavedSlice::new_mut(self.block_out.as_mut_slice(), 1, frames_out).map_err(sizes)?;
        self.fft.process_into_buffer(&input, &mut output, None)?;
        self.waiting.clear();
        Ok(())
    }
}

fn sizes(error: impl std::fmt::Display) -> ResampleError {
    ResampleError::Build(error.to_string())
}

#[inline]
pub(crate) fn to_unit(sample: i16) -> f32 {
    f32::from(sample) / 32_768.0
}

/// The nearest 16-bit sample; an overshoot of the filter clips instead of wrapping around.
#[inline]
pub(crate) fn to_sample(unit: f32) -> i16 {
    // Adding 1.5 * 2^23 leaves the rounded whole number in the low bits of the float. The compiler makes vector code of
    // it, where `round` is a call for each sample.
    const WHOLE: f32 = 12_582_912.0;
    ((unit * 32_768.0).clamp(-32_768.0, 32_767.0) + WHOLE).to_bits() as i16
}
