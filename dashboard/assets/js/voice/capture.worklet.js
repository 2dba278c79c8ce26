/**
 * Cuts what the microphone hears into frames of 20 ms at 16 kHz, on the audio thread.
 */

import { Resampler } from "./resampler.js";
import { level, toInt16 } from "./pcm.js";

const RATE = 16_000;
const FRAME = RATE / 50;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, RATE);
    this.frame = new Float32Array(FRAME);
    this.filled = 0;
  }

  process([[input]]) {
    // Without a source there is no channel: silence is sent, so that the other side's clock goes on.
    this.add(this.resampler.process(input ?? new Float32Array(128)));
    return true;
  }

  add(samples) {
    let at = 0;
    while (at < samples.length) {
      const part = samples.subarray(at, at + FRAME - this.filled);
      this.frame.set(part, this.filled);
      this.filled += part.length;
      at += part.length;
      if (this.filled < FRAME) return;
      const frame = toInt16(this.frame);
      this.port.postMessage({ frame, level: level(this.frame) }, [frame.buffer]);
      this.filled = 0;
    }
  }
}

registerProcessor("trunkline-capture", Capture);
