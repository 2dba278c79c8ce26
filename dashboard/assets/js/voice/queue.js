/**
 * Audio that waits to be played, and marks between it: a mark is due when everything queued before it has left the
 * loudspeaker, or at once when the queue is cleared.
 */

/** Samples over which sound fades when it is cut off or runs dry: an abrupt end would click. */
const FADE = 96;

export class PlayQueue {
  /** `latency`: samples between being rendered and being heard. */
  constructor(latency = 0) {
    this.latency = latency;
    this.chunks = [];
    this.offset = 0;
    this.queued = 0;
    /** Samples rendered so far, silence included. */
    this.clock = 0;
    /** Marks behind audio: `{name, after}`, samples still to be rendered before them. */
    this.waiting = [];
    /** Marks whose audio was rendered, until it is heard: `{name, due}`. */
    this.rendered = [];
    this.last = 0;
    this.fade = 0;
  }

  /** Whether audio is waiting. */
  get playing() {
    return this.queued > 0;
  }

  push(samples) {
    if (!samples.length) return;
    this.chunks.push(samples);
    this.queued += samples.length;
  }

  mark(name) {
    if (this.queued === 0) this.rendered.push({ name, due: this.clock + this.latency });
    else this.waiting.push({ name, after: this.queued });
  }

  /** Drops everything; gives the names of all marks that were not heard yet, oldest first. */
  clear() {
    const names = [...this.rendered, ...this.waiting].map(({ name }) => name);
    if (this.queued > 0) this.fade = FADE;
    this.chunks = [];
    this.offset = 0;
    this.queued = 0;
    this.waiting = [];
    this.rendered = [];
    return names;
  }

  /** Fills `output`; gives the names of the marks that are due. */
  render(output) {
    let at = 0;
    while (at < output.length && this.chunks.length) {
      const chunk = this.chunks[0];
      const part = chunk.subarray(this.offset, this.offset + output.length - at);
      output.set(part, at);
      at += part.length;
      this.offset += part.length;
      if (this.offset === chunk.length) {
        this.chunks.shift();
        this.offset = 0;
      }
    }
    if (at > 0) {
      this.last = output[at - 1];
      this.fade = at < output.length ? FADE : 0;
      this.#passed(at);
    }
    for (; at < output.length; at += 1) {
      output[at] = this.fade > 0 ? (this.last * this.fade) / FADE : 0;
      this.fade = Math.max(0, this.fade - 1);
    }
    this.clock += output.length;
    return this.#due();
  }

  #passed(samples) {
    this.queued -= samples;
    for (const mark of this.waiting) mark.after -= samples;
    while (this.waiting.length && this.waiting[0].after <= 0) {
      const { name, after } = this.waiting.shift();
      this.rendered.push({ name, due: this.clock + samples + after + this.latency });
    }
  }

  #due() {
    const names = [];
    while (this.rendered.length && this.rendered[0].due <= this.clock) names.push(this.rendered.shift().name);
    return names;
  }
}
