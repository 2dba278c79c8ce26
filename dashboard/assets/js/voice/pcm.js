/**
 * Samples as they travel: signed 16-bit little-endian PCM, in base64 and in WAV files.
 */

/** Samples of -1..1 to 16 bits; what is louder is clipped. */
export function toInt16(samples) {
  const out = new Int16Array(samples.length);
  for (let at = 0; at < samples.length; at += 1) {
    const value = Math.max(-1, Math.min(1, samples[at]));
    out[at] = Math.round(value * (value < 0 ? 32_768 : 32_767));
  }
  return out;
}

/** 16-bit samples to -1..1. */
export function toFloat(samples) {
  const out = new Float32Array(samples.length);
  for (let at = 0; at < samples.length; at += 1) out[at] = samples[at] / 32_768;
  return out;
}

/** 16-bit samples as base64 of little-endian bytes. */
export function encode(samples) {
  const bytes = new Uint8Array(samples.length * 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < samples.length; at += 1) view.setInt16(at * 2, samples[at], true);
  let text = "";
  // Arguments of one call are limited.
  for (let at = 0; at < bytes.length; at += 4_096) text += String.fromCharCode(...bytes.subarray(at, at + 4_096));
  return btoa(text);
}

/** The reverse of `encode`; an odd last byte is dropped. Throws when the text is not base64. */
export function decode(text) {
  const bytes = atob(text);
  const out = new Int16Array(bytes.length >> 1);
  for (let at = 0; at < out.length; at += 1) {
    const value = bytes.charCodeAt(2 * at) | (bytes.charCodeAt(2 * at + 1) << 8);
    out[at] = value;
  }
  return out;
}

/** Loudness of samples of -1..1 on a scale of 0 to 1, where 0 is -60 dB of full scale or less. */
export function level(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const db = 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-12);
  return Math.max(0, Math.min(1, 1 + db / 60));
}

/** A WAV file, mono, of 16-bit samples. */
export function wav(samples, rate) {
  const view = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const text = (at, letters) => [...letters].forEach((letter, n) => view.setUint8(at + n, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + samples.length * 2, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, samples.length * 2, true);
  for (let at = 0; at < samples.length; at += 1) view.setInt16(44 + at * 2, samples[at], true);
  return new Blob([view], { type: "audio/wav" });
}
