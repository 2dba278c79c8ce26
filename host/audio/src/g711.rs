//! G.711 mu-law: the telephone network's eight bits to and from linear PCM.
//!
//! Decoding is a table look-up; encoding finds the segment from the leading zeros, which needs no 64 KiB table in the
//! cache of a core that serves hundreds of calls. Encoding follows the decision values of ITU-T G.711.

#[cfg(test)]
mod tests;

/// The mu-law byte that stands for silence (positive zero).
pub const SILENCE: u8 = 0xFF;

/// What is added before the logarithmic segments begin, so that each one starts at a power of two.
const BIAS: i32 = 132;

/// The largest magnitude that mu-law can express before clipping, with 16-bit samples.
const CLIP: i32 = 32_635;

static DECODED: [i16; 256] = decode_table();

static DECODED_UNIT: [f32; 256] = unit_table();

/// Decodes one mu-law byte to a 16-bit linear sample (-32124..=32124).
#[inline]
#[must_use]
pub fn decode_sample(code: u8) -> i16 {
    DECODED[code as usize]
}

/// Decodes one mu-law byte to a linear sample in -1.0..1.0.
#[inline]
#[must_use]
pub(crate) fn decode_unit(code: u8) -> f32 {
    DECODED_UNIT[code as usize]
}

/// Encodes one 16-bit linear sample to a mu-law byte; louder than 32635 is clipped.
#[inline]
#[must_use]
pub fn encode_sample(sample: i16) -> u8 {
    let value = i32::from(sample);
    let sign: u8 = if value < 0 { 0x80 } else { 0 };
    let biased = (value.abs().min(CLIP) + BIAS) as u32;
    // `biased` lies in 132..=32767, so its highest bit is 7..=14 and the segment 0..=7.
    let segment = 24 - biased.leading_zeros();
    let mantissa = (biased >> (segment + 3)) & 0x0F;
    !(sign | ((segment as u8) << 4) | mantissa as u8)
}

/// Decodes mu-law bytes and appends the samples to `out`.
pub fn decode_into(codes: &[u8], out: &mut Vec<i16>) {
    out.extend(codes.iter().map(|&code| decode_sample(code)));
}

/// Encodes 16-bit samples and appends the mu-law bytes to `out`.
pub fn encode_into(samples: &[i16], out: &mut Vec<u8>) {
    out.extend(samples.iter().map(|&sample| encode_sample(sample)));
}

/// Decodes mu-law bytes to 16-bit samples, one for each byte.
#[must_use]
pub fn decode(codes: &[u8]) -> Vec<i16> {
    let mut out = Vec::with_capacity(codes.len());
    decode_into(codes, &mut out);
    out
}

/// Encodes 16-bit samples to mu-law, one byte for each sample.
#[must_use]
pub fn encode(samples: &[i16]) -> Vec<u8> {
    let mut out = Vec::with_capacity(samples.len());
    encode_into(samples, &mut out);
    out
}

const fn decode_table() -> [i16; 256] {
    let mut table = [0i16; 256];
    let mut code = 0;
    while code < 256 {
        let bits = !(code as u8);
        let segment = (bits >> 4) & 0x07;
        let mantissa = (bits & 0x0F) as i32;
        let magnitude = (((mantissa << 3) + BIAS) << segment) - BIAS;
        table[code] = if bits & 0x80 != 0 { -magnitude as i16 } else { magnitude as i16 };
        code += 1;
    }
    table
}

const fn unit_table() -> [f32; 256] {
    let whole = decode_table();
    let mut table = [0f32; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = whole[code] as f32 / 32_768.0;
        code += 1;
    }
    table
}
