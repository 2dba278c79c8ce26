/**
 * The messages of a browser call's media socket.
 */

import { decode, encode } from "./pcm.js";

/** Audio of one frame, ms. */
const FRAME_MS = 20;

/** Makes the messages of one connection; numbers and timestamps count from its start. */
export class Outgoing {
  #sequence = 0;
  #chunk = 0;
  #stream = streamId();

  constructor(call, token) {
    this.call = call;
    this.token = token;
  }

  connected() {
    return text({ event: "connected", protocol: "Call", version: "1.0.0" });
  }

  start() {
    const mediaFormat = { encoding: "audio/x-l16", sampleRate: 16_000, channels: 1 };
    const start = {
      streamSid: this.#stream,
      accountSid: "web",
      callSid: this.call,
      tracks: ["inbound"],
      customParameters: { token: this.token },
      mediaFormat,
    };
    return this.#message("start", { start });
  }

  /** A frame of 16-bit samples. */
  media(frame) {
    const timestamp = String(this.#chunk * FRAME_MS);
    this.#chunk += 1;
    return this.#message("media", {
      media: { track: "inbound", chunk: String(this.#chunk), timestamp, payload: encode(frame) },
    });
  }

  /** A frame was not sent: time went on all the same. */
  skip() {
    this.#chunk += 1;
  }

  mark(name) {
    return this.#message("mark", { mark: { name } });
  }

  dtmf(digit) {
    return this.#message("dtmf", { dtmf: { track: "inbound_track", digit } });
  }

  stop() {
    return this.#message("stop", { stop: { accountSid: "web", callSid: this.call } });
  }

  #message(event, body) {
    this.#sequence += 1;
    return text({ event, sequenceNumber: String(this.#sequence), streamSid: this.#stream, ...body });
  }
}

/** What the host says: `{audio}`, `{mark}` or `{clear: true}`; null for anything else. */
export function incoming(data) {
  try {
    const message = JSON.parse(data);
    if (message.event === "media") return { audio: decode(message.media.payload) };
    if (message.event === "mark" && typeof message.mark.name === "string") return { mark: message.mark.name };
    if (message.event === "clear") return { clear: true };
  } catch {
    // Not of this protocol: to play on is better than to end the call.
  }
  return null;
}

function text(message) {
  return JSON.stringify(message);
}

function streamId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `web-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
