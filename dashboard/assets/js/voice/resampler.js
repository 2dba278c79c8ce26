/**
 * Streaming conversion between sample rates: a polyphase low-pass filter (windowed sinc, Kaiser), exact for any two whole
 * rates. Pieces of any length in, the same samples out as for the whole at once.
 */

/** Zero crossings of the sinc on each side at the lower of both rates; more is steeper and costs more. */
const CROSSINGS = 16;
/** Shape of the window: about 80 dB of attenuation. */
const BETA = 8;
/** Where the pass band ends, of the lower rate's half. */
const PASS = 0.92;

export class Resampler {
  constructor(from, to) {
    const divisor = gcd(from, to);
    this.up = to / divisor;
    this.down = from / divisor;
    this.same = this.up === this.down;
    const narrow = Math.min(1, to / from);
    const half = Math.ceil(CROSSINGS / narrow);
    this.taps = 2 * half;
    this.table = this.same ? null : phases(this.up, this.taps, half, PASS * narrow);
    // The filter looks `half` samples back and ahead: silence comes first.
    this.input = new Float32Array(this.taps);
    this.length = half - 1;
    this.phase = 0;
    this.at = 0;
  }

  /** Takes samples, gives those that are due. */
  process(samples) {
    if (this.same) return samples.slice();
    this.#append(samples);
    const due = Math.max(0, Math.ceil(((this.length - this.taps + 1 - this.at) * this.up - this.phase) / this.down));
    const output = new Float32Array(due);
    const { input, table, taps } = this;
    for (let n = 0; n < due; n += 1) {
      let sum = 0;
      const row = this.phase * taps;
      for (let tap = 0; tap < taps; tap += 1) sum += input[this.at + tap] * table[row + tap];
      output[n] = sum;
      this.phase += this.down;
      this.at += Math.floor(this.phase / this.up);
      this.phase %= this.up;
    }
    this.#forget();
    return output;
  }

  #append(samples) {
    const needed = this.length + samples.length;
    if (needed > this.input.length) {
      const larger = new Float32Array(Math.max(needed, 2 * this.input.length));
      larger.set(this.input.subarray(0, this.length));
      this.input = larger;
    }
    this.input.set(samples, this.length);
    this.length = needed;
  }

  #forget() {
    const passed = Math.min(this.at, this.length);
    this.input.copyWithin(0, passed, this.length);
    this.length -= passed;
    this.at -= passed;
  }
}

function phases(up, taps, half, cutoff) {
  const table = new Float32Array(up * taps);
  for (let phase = 0; phase < up; phase += 1) {
    let sum = 0;
    for (let tap = 0; tap < taps; tap += 1) {
      const x = tap - (half - 1) - phase / up;
      const value = cutoff * sinc(cutoff * x) * kaiser(x / half);
      table[phase * taps + tap] = value;
      sum += value;
    }
    // Each phase passes a constant unchanged, so that none of them is louder than the others.
    for (let tap = 0; tap < taps; tap += 1) table[phase * taps + tap] /= sum;
  }
  return table;
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x) {
  return Math.abs(x) >= 1 ? 0 : bessel(BETA * Math.sqrt(1 - x * x)) / bessel(BETA);
}

/** Modified Bessel function of the first kind, order zero. */
function bessel(x) {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-10; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function gcd(a, b) {
  return b === 0 ? a : gcd(b, a % b);
}
