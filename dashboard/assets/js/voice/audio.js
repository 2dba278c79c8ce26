/**
 * Microphone and loudspeaker of a call: devices, the audio thread's two workers, volume and loudness.
 *
 * Events: `frame` (20 ms of the microphone, Int16Array), `level` (0-1), `played` (marks that were heard), `playing`
 * (boolean), `suspended` (boolean), `microphone` (a device took the place of one that was lost; null: none is left).
 */

import { recall, remember } from "../settings.js";

const RATE = 16_000;
/** Between two looks at how long sound takes to the loudspeaker, ms; it changes with the device. */
const LATENCY_LOOK_MS = 1_000;

/** Why there is no microphone: `insecure`, `denied`, `missing`, `busy`, `unsupported`. */
export class AudioProblem extends Error {
  constructor(kind, cause) {
    super(kind, { cause });
    this.name = "AudioProblem";
    this.kind = kind;
  }
}

export class CallAudio extends EventTarget {
  #context = null;
  #stream = null;
  #source = null;
  #capture = null;
  #player = null;
  #gain = null;
  #timer = null;
  #muted = false;
  #closed = false;

  /** Asks for the microphone and starts both workers; `speaker` false: listens only. */
  async open({ speaker = true } = {}) {
    this.#stream = await microphone(recall("microphone"));
    try {
      await this.#start(speaker);
    } catch (error) {
      await this.close();
      throw error instanceof AudioProblem ? error : new AudioProblem("unsupported", error);
    }
  }

  async #start(speaker) {
    this.#context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    try {
      this.#source = this.#context.createMediaStreamSource(this.#stream);
    } catch {
      // Some browsers join only a device and a context of the same rate: then the workers convert.
      await this.#context.close();
      this.#context = new AudioContext({ latencyHint: "interactive" });
      this.#source = this.#context.createMediaStreamSource(this.#stream);
    }
    const worklet = this.#context.audioWorklet;
    if (!worklet) throw new AudioProblem("insecure");
    const folder = new URL(".", import.meta.url);
    await Promise.all(["capture", "player"].map((name) => worklet.addModule(new URL(`${name}.worklet.js`, folder))));
    const mono = { channelCount: 1, channelCountMode: "explicit", channelInterpretation: "speakers" };
    this.#capture = new AudioWorkletNode(this.#context, "trunkline-capture", {
      ...mono,
      numberOfInputs: 1,
      numberOfOutputs: 0,
    });
    this.#capture.port.onmessage = ({ data }) => {
      this.#tell("frame", data.frame);
      this.#tell("level", this.#muted ? 0 : data.level);
    };
    this.#source.connect(this.#capture);
    if (speaker) this.#speak(mono);
    this.#context.addEventListener("statechange", () => this.#tell("suspended", this.#context.state !== "running"));
    this.#watch();
    await this.#context.resume();
    this.#tell("suspended", this.#context.state !== "running");
  }

  #speak(mono) {
    const processorOptions = { latency: this.#latency() };
    this.#player = new AudioWorkletNode(this.#context, "trunkline-player", {
      ...mono,
      numberOfInputs: 0,
      outputChannelCount: [1],
      processorOptions,
    });
    this.#player.port.onmessage = ({ data }) => {
      if (data.played) this.#tell("played", data.played);
      if (data.playing !== undefined) this.#tell("playing", data.playing);
    };
    this.#gain = this.#context.createGain();
    this.#gain.gain.value = Number(recall("volume", "1"));
    this.#player.connect(this.#gain).connect(this.#context.destination);
    const output = recall("speaker");
    if (output) this.#context.setSinkId?.(output).catch(() => remember("speaker", null));
    this.#timer = setInterval(() => this.#player.port.postMessage({ latency: this.#latency() }), LATENCY_LOOK_MS);
  }

  #latency() {
    return this.#context.outputLatency || this.#context.baseLatency || 0;
  }

  /** A microphone that is pulled out is replaced by the system's next one. */
  #watch() {
    const [track] = this.#stream.getAudioTracks();
    track.enabled = !this.#muted;
    track.addEventListener("ended", async () => {
      if (this.#closed) return;
      try {
        await this.useMicrophone(null);
        this.#tell("microphone", this.#stream.getAudioTracks()[0].label);
      } catch {
        this.#tell("microphone", null);
      }
    });
  }

  /** Takes another microphone; null: the system's. */
  async useMicrophone(id) {
    const next = await microphone(id);
    for (const track of this.#stream.getTracks()) track.stop();
    this.#source.disconnect();
    this.#stream = next;
    this.#source = this.#context.createMediaStreamSource(next);
    this.#source.connect(this.#capture);
    remember("microphone", id);
    this.#watch();
  }

  /** Takes another loudspeaker, where the browser can choose one. */
  async useSpeaker(id) {
    await this.#context.setSinkId(id ?? "");
    remember("speaker", id);
  }

  get canChooseSpeaker() {
    return typeof this.#context?.setSinkId === "function";
  }

  get microphoneId() {
    return this.#stream?.getAudioTracks()[0]?.getSettings().deviceId ?? null;
  }

  /** 0-1. */
  set volume(value) {
    remember("volume", String(value));
    this.#gain?.gain.setTargetAtTime(value, this.#context.currentTime, 0.02);
  }

  get volume() {
    return Number(recall("volume", "1"));
  }

  /** Silence is sent while muted. */
  set muted(on) {
    this.#muted = on;
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = !on;
  }

  get muted() {
    return this.#muted;
  }

  /** Queues 16-bit samples. */
  play(audio) {
    this.#player.port.postMessage({ audio }, [audio.buffer]);
  }

  /** Queues a mark behind what is queued. */
  mark(mark) {
    this.#player.port.postMessage({ mark });
  }

  /** Drops what is queued; its marks come back at once. */
  clear() {
    this.#player.port.postMessage({ clear: true });
  }

  /** Starts again what the browser has paused. */
  async resume() {
    await this.#context?.resume();
  }

  async close() {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    if (this.#context && this.#context.state !== "closed") await this.#context.close().catch(() => {});
  }

  #tell(type, detail) {
    if (!this.#closed) this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** The devices of a kind, `audioinput` or `audiooutput`; they have names once the microphone was allowed. */
export async function devices(kind) {
  const all = await navigator.mediaDevices.enumerateDevices();
  return all.filter((device) => device.kind === kind && device.deviceId !== "");
}

async function microphone(id) {
  if (!globalThis.isSecureContext || !navigator.mediaDevices?.getUserMedia) throw new AudioProblem("insecure");
  const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: id ? { ...wanted, deviceId: { exact: id } } : wanted });
  } catch (error) {
    if (id && (error.name === "OverconstrainedError" || error.name === "NotFoundError")) return microphone(null);
    const kinds = {
      NotAllowedError: "denied",
      SecurityError: "denied",
      NotFoundError: "missing",
      NotReadableError: "busy",
      AbortError: "busy",
    };
    throw new AudioProblem(kinds[error.name] ?? "unsupported", error);
  }
}
