/**
 * Plays 16 kHz audio on the audio thread and reports marks when they were heard.
 */

import { PlayQueue } from "./queue.js";
import { Resampler } from "./resampler.js";
import { toFloat } from "./pcm.js";

const RATE = 16_000;

class Player extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.queue = new PlayQueue(Math.round((processorOptions.latency ?? 0) * sampleRate));
    this.resampler = new Resampler(RATE, sampleRate);
    this.playing = false;
    this.port.onmessage = ({ data }) => this.take(data);
  }

  take({ audio, mark, clear, latency }) {
    if (audio) this.queue.push(this.resampler.process(toFloat(audio)));
    if (mark !== undefined) this.queue.mark(mark);
    if (latency !== undefined) this.queue.latency = Math.round(latency * sampleRate);
    if (clear) {
      this.resampler = new Resampler(RATE, sampleRate);
      this.report(this.queue.clear());
    }
  }

  process(inputs, [[output]]) {
    this.report(this.queue.render(output));
    if (this.queue.playing !== this.playing) {
      this.playing = this.queue.playing;
      this.port.postMessage({ playing: this.playing });
    }
    return true;
  }

  report(names) {
    if (names.length) this.port.postMessage({ played: names });
  }
}

registerProcessor("trunkline-player", Player);
