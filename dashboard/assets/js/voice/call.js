/**
 * A browser call: the media socket and the audio that goes through it, and the way back after the socket was lost.
 *
 * Events: `state` (`{state, reason}`; states: connecting, live, reconnecting, ended; reasons: over, hung-up, taken-over,
 * refused, lost, busy), and those of `CallAudio` except `frame` and `played`.
 */

import { incoming, Outgoing } from "./messages.js";
import { request } from "../http.js";

/** What the host closes the socket with when there is nothing to come back to. */
const FINAL = { 1000: "over", 1008: "refused", 4001: "taken-over" };
/** How long a call is kept by the host when it does not say, ms. */
const KEPT_MS = 10_000;
const PAUSES_MS = [0, 250, 500, 1_000, 1_500];
/** Bytes that wait for a network that takes none; about one and about five seconds of audio. */
const SKIP_BYTES = 48_000;
const STALLED_BYTES = 240_000;
/** How long the host may take to close after `stop`, ms. */
const GOODBYE_MS = 2_000;

export class VoiceCall extends EventTarget {
  #socket = null;
  #out = null;
  #state = "connecting";
  #leaving = false;
  #connection = 0;
  #wake = null;
  #lock = null;

  constructor(audio) {
    super();
    this.audio = audio;
    this.id = null;
    audio.addEventListener("frame", ({ detail }) => this.#frame(detail));
    audio.addEventListener("played", ({ detail }) => this.#played(detail));
    for (const type of ["level", "playing", "suspended", "microphone"]) {
      audio.addEventListener(type, ({ detail }) => this.dispatchEvent(new CustomEvent(type, { detail })));
    }
    addEventListener("pagehide", this.#leave);
    addEventListener("online", this.#hurry);
    addEventListener("offline", this.#offline);
    document.addEventListener("visibilitychange", this.#visible);
  }

  get state() {
    return this.#state;
  }

  /** Makes a call with an agent and connects. */
  async begin(agent) {
    const made = await request("POST", "/web-calls", { body: { agent } });
    this.id = made.call;
    this.path = made.media_path;
    this.kept = made.reconnect_ms ?? KEPT_MS;
    await this.#first(made.token);
  }

  /** Takes over a call that is under way, here or elsewhere. */
  async join(call) {
    this.id = call;
    this.path = `/api/v1/web-calls/${call}/media`;
    this.kept = KEPT_MS;
    await this.#first(await this.#token());
  }

  async #first(token) {
    // Hung up before there was anything to hang up.
    if (this.#state === "ended") return void this.#hangUpElsewhere();
    const code = await this.#connect(token);
    if (this.#state === "ended") return void this.#hangUpElsewhere();
    if (code === null) this.#enter("live");
    else if (FINAL[code]) this.#end(FINAL[code]);
    else if (code === 1013) this.#end("busy");
    else await this.#return();
    return void this.#keepAwake();
  }

  async #token(signal) {
    const { token } = await request("POST", `/web-calls/${this.id}/token`, { signal });
    return token;
  }

  /** Opens the socket and introduces itself; null when it is open, otherwise the code that it was closed with. */
  #connect(token) {
    const url = new URL(this.path, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    const out = new Outgoing(this.id, token);
    this.#connection += 1;
    // What was queued for the lost connection will come again from where it was heard to.
    if (this.#connection > 1) this.audio.clear();
    return new Promise((resolve) => {
      socket.onopen = () => {
        this.#socket = socket;
        this.#out = out;
        socket.send(out.connected());
        socket.send(out.start());
        resolve(null);
      };
      socket.onmessage = ({ data }) => this.#take(incoming(data));
      socket.onclose = ({ code }) => {
        resolve(code);
        if (this.#socket === socket) this.#closed(code);
      };
    });
  }

  #take(message) {
    if (message?.audio) this.audio.play(message.audio);
    else if (message?.mark !== undefined) this.audio.mark({ name: message.mark, connection: this.#connection });
    else if (message?.clear) this.audio.clear();
  }

  #frame(frame) {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > STALLED_BYTES) this.#abandon();
    else if (socket.bufferedAmount > SKIP_BYTES) this.#out.skip();
    else socket.send(this.#out.media(frame));
  }

  #played(marks) {
    for (const { name, connection } of marks) {
      if (connection === this.#connection) this.#send((out) => out.mark(name));
    }
  }

  #send(make) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(make(this.#out));
  }

  /** A key of the telephone: 0-9, *, #. */
  press(digit) {
    this.#send((out) => out.dtmf(digit));
  }

  /** Ends the call. */
  hangUp() {
    if (this.#state === "ended") return;
    this.#leaving = true;
    this.audio.clear();
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) {
      this.#end("hung-up");
      if (this.id) this.#hangUpElsewhere();
      return;
    }
    this.#send((out) => out.stop());
    setTimeout(() => this.#end("hung-up"), GOODBYE_MS);
  }

  /** Ends a call to which there is no socket. */
  #hangUpElsewhere() {
    this.#socket?.close(1000);
    request("POST", `/calls/${this.id}/hangup`).catch(() => {});
  }

  #closed(code) {
    this.#socket = null;
    if (this.#leaving) this.#end("hung-up");
    else if (FINAL[code]) this.#end(FINAL[code]);
    else this.#return();
  }

  /** The network takes nothing any more: waiting for the socket to notice would take minutes. */
  #abandon() {
    const socket = this.#socket;
    this.#socket = null;
    socket.close();
    this.#return();
  }

  async #return() {
    this.#enter("reconnecting");
    const until = performance.now() + this.kept;
    for (let attempt = 0; performance.now() < until && !this.#leaving; attempt += 1) {
      await this.#pause(PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)]);
      if (this.#leaving || this.#state === "ended") return;
      const left = Math.max(1, until - performance.now());
      let token;
      try {
        token = await this.#token(AbortSignal.timeout(left));
      } catch (problem) {
        if (problem.status === 409 || problem.status === 404) return void this.#end("over");
        if (problem.status === 401 || problem.status === 403) return void this.#end("refused");
        continue;
      }
      const code = await this.#connect(token);
      if (code === null) return void this.#enter("live");
      if (FINAL[code]) return void this.#end(FINAL[code]);
    }
    if (!this.#leaving) this.#end("lost");
  }

  /** Waits, but not longer than until the network is back. */
  #pause(length) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, length);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #hurry = () => this.#wake?.();

  /** A host of this machine is reached without any network. */
  #offline = () => {
    if (this.#socket && !/^(localhost|127\.|\[::1\])/.test(location.hostname)) this.#abandon();
  };

  #leave = () => {
    this.#leaving = true;
    this.#send((out) => out.stop());
    this.#socket?.close(1000);
  };

  #visible = () => {
    if (document.visibilityState !== "visible") return;
    this.audio.resume();
    this.#keepAwake();
  };

  /** A telephone that falls asleep would take the microphone away. */
  async #keepAwake() {
    if (this.#state === "ended" || this.#lock?.released === false) return;
    this.#lock = await navigator.wakeLock?.request("screen").catch(() => null);
    if (this.#state === "ended") this.#lock?.release();
  }

  #enter(state, reason = null) {
    this.#state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: { state, reason } }));
  }

  /** Gives up a call that never began. */
  drop() {
    this.#end(null);
  }

  #end(reason) {
    if (this.#state === "ended") return;
    const socket = this.#socket;
    this.#socket = null;
    if (socket?.readyState === WebSocket.OPEN) socket.close(1000);
    removeEventListener("pagehide", this.#leave);
    removeEventListener("online", this.#hurry);
    removeEventListener("offline", this.#offline);
    document.removeEventListener("visibilitychange", this.#visible);
    this.#lock?.release().catch(() => {});
    this.audio.close();
    this.#enter("ended", reason);
  }
}
